/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdbool.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence that s[0..n) begins with and its character, or 0. RFC 3629. */
static size_t utf8_decode(const unsigned char *s, size_t n, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;
	uint32_t c;

	if (!len || len > n)
		return 0;
	c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return len;
}

static bool obeyed(uint32_t c)
{
	if (c == '\n' || c == '\t')
		return false;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e ||
	       c == 0x200f || /* left-to-right, right-to-left */
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069); /* lines, embeddings, isolates */
}

void text_safe(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	while (n) {
		uint32_t character = 0;
		size_t len = utf8_decode(p, n, &character);

		if (len && !obeyed(character)) {
			buf_add(out, p, len);
		} else {
			if (!len)
				len = 1;
			for (size_t i = 0; i < len; i++)
				buf_printf(out, "\\x%02x", p[i]);
		}
		p += len;
		n -= len;
	}
}

void text_count(struct buf *out, uint64_t n)
{
	if (n >= 1000) {
		text_count(out, n / 1000);
		buf_printf(out, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_printf(out, "%u", (unsigned)n);
	}
}

void text_seconds(struct buf *out, double seconds)
{
	uint64_t whole = (uint64_t)(seconds + 0.5);

	if (seconds < 59.95)
		buf_printf(out, "%.1f s", seconds);
	else if (whole < 3600)
		buf_printf(out, "%u min %u s", (unsigned)(whole / 60), (unsigned)(whole % 60));
	else
		buf_printf(out, "%llu h %u min", (unsigned long long)(whole / 3600),
			   (unsigned)(whole / 60 % 60));
}

void text_shell(struct buf *out, const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";

	if (*s && !s[strspn(s, plain)]) {
		buf_puts(out, s);
		return;
	}
	buf_puts(out, "'");
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(out, "'\\''");
		else
			buf_add(out, s, 1);
	}
	buf_puts(out, "'");
}
