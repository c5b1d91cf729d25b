/* SPDX-License-Identifier: MIT */
#include "debver.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* '~' sorts before the end of the part, the end before letters, letters before everything else. */
static int order(const char *s, const char *end)
{
	if (s == end || digit(*s))
		return 0;
	if (*s == '~')
		return -1;
	if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
		return (unsigned char)*s;
	return (unsigned char)*s + 256;
}

/* One part, upstream version or revision: text and numbers in turn (dpkg, lib/dpkg/version.c verrevcmp). */
static int part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		int first = 0;

		while ((a < a_end && !digit(*a)) || (b < b_end && !digit(*b))) {
			int oa = order(a, a_end), ob = order(b, b_end);

			if (oa != ob)
				return oa - ob;
			a++;
			b++;
		}
		while (a < a_end && *a == '0')
			a++;
		while (b < b_end && *b == '0')
			b++;
		while (a < a_end && b < b_end && digit(*a) && digit(*b)) {
			if (!first)
				first = *a - *b;
			a++;
			b++;
		}
		if (a < a_end && digit(*a))
			return 1;
		if (b < b_end && digit(*b))
			return -1;
		if (first)
			return first;
	}
	return 0;
}

static unsigned long split(const char **s, const char **revision)
{
	const char *colon = strchr(*s, ':'), *dash;
	unsigned long epoch = 0;

	if (colon) {
		epoch = strtoul(*s, NULL, 10);
		*s = colon + 1;
	}
	dash = strrchr(*s, '-');
	*revision = dash ? dash : *s + strlen(*s);
	return epoch;
}

int debver_compare(const char *a, const char *b)
{
	const char *ra, *rb;
	unsigned long ea = split(&a, &ra), eb = split(&b, &rb);
	int r;

	if (ea != eb)
		return ea < eb ? -1 : 1;
	r = part(a, ra, b, rb);
	if (r)
		return r;
	ra += *ra == '-';
	rb += *rb == '-';
	return part(ra, ra + strlen(ra), rb, rb + strlen(rb));
}

bool debver_valid(const char *s)
{
	return digit(*s) &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~:-") == strlen(s);
}
