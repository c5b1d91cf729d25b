/* SPDX-License-Identifier: MIT */
#include "text_edit.h"

#include <string.h>

#include "../case/case_text.h"

static struct tcase one, two; /* large */

/* Prints into data[0..max); 0 if it does not fit. */
static size_t print(const struct tcase *tc, const struct case_meta *meta, uint8_t *data, size_t max)
{
	struct buf b = {0};
	size_t n = 0;

	tcase_print(tc, meta, &b);
	if (!b.failed && b.n <= max) {
		n = b.n;
		memcpy(data, buf_str(&b), n);
	}
	buf_fini(&b);
	return n;
}

size_t text_mutate(uint8_t *data, size_t n, size_t max, batch_bytes *bytes, struct rng *r)
{
	struct case_meta meta;
	size_t made;

	if (rng_chance(r, 1, 2) && !tcase_parse((const char *)data, n, "", &one, &meta, NULL)) {
		edit_case(&one, NULL, EDIT_ORACLE, r);
		made = print(&one, &meta, data, max);
		if (made)
			return made;
	}
	return bytes ? bytes(data, n, max) : batch_few_bytes(data, n, max, r);
}

size_t text_cross(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, uint8_t *out, size_t max,
		  struct rng *r)
{
	size_t head = rng_below(r, (uint32_t)na + 1), tail = rng_below(r, (uint32_t)nb + 1), n;
	struct case_meta meta;

	if (!tcase_parse((const char *)a, na, "", &one, &meta, NULL) &&
	    !tcase_parse((const char *)b, nb, "", &two, NULL, NULL)) {
		edit_cross(&one, &two, EDIT_ORACLE, r);
		n = print(&one, &meta, out, max);
		if (n)
			return n;
	}
	head = head < max ? head : max;
	n = nb - tail < max - head ? nb - tail : max - head;
	memmove(out, a, head);
	memcpy(out + head, b + tail, n);
	return head + n;
}
