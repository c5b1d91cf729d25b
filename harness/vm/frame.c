/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <stdio.h>
#include <string.h>

#define HEAD 9 /* serial and type */
#define TAIL 9 /* star and checksum */

static uint32_t checksum(const char *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619u;
	return h;
}

size_t frame_put(char *out, uint32_t serial, enum frame_type type, const void *payload, size_t n)
{
	const char *p = payload;
	size_t at = HEAD;
	char number[16];

	snprintf(number, sizeof(number), "%08x%c", serial, type);
	memcpy(out, number, HEAD);
	for (size_t i = 0; i < n && i < FRAME_MAX; i++) {
		if (p[i] == '\n' || p[i] == '\\')
			out[at++] = '\\';
		out[at++] = p[i] == '\n' ? 'n' : p[i];
	}
	snprintf(number, sizeof(number), "*%08x\n", checksum(out, at));
	memcpy(out + at, number, TAIL + 1);
	return at + TAIL + 1;
}

/* Eight hex digits as frame_put writes them. */
static bool read_hex(const char *p, uint32_t *value)
{
	static const char digits[] = "0123456789abcdef";

	*value = 0;
	for (unsigned i = 0; i < 8; i++) {
		const char *d = p[i] ? strchr(digits, p[i]) : NULL;

		if (!d)
			return false;
		*value = *value << 4 | (uint32_t)(d - digits);
	}
	return true;
}

/* Undoes the escapes in place. False if one is no escape of ours. */
static bool unescape(char *p, size_t *n)
{
	size_t to = 0;

	for (size_t i = 0; i < *n; i++) {
		if (p[i] == '\\') {
			if (++i == *n || (p[i] != 'n' && p[i] != '\\'))
				return false;
			p[to++] = p[i] == 'n' ? '\n' : '\\';
		} else {
			p[to++] = p[i];
		}
	}
	*n = to;
	p[to] = 0;
	return to <= FRAME_MAX;
}

/* Is r->line a frame, and the next one? */
static bool decode(struct frame_reader *r, struct frame *f)
{
	static const char types[] = {FRAME_HELLO,    FRAME_BEGIN, FRAME_OUT,  FRAME_ERR,  FRAME_PART_OUT,
				     FRAME_PART_ERR, FRAME_END,	  FRAME_BEAT, FRAME_FILE, FRAME_PULSE,
				     FRAME_SPLAT,    FRAME_FAIL,  FRAME_DONE};
	uint32_t serial, sum;
	size_t n = r->n;

	if (r->long_line || n < HEAD + TAIL || r->line[n - TAIL] != '*' || !read_hex(r->line, &serial) ||
	    !read_hex(r->line + n - TAIL + 1, &sum))
		return false;
	n -= TAIL;
	if (serial != r->serial || checksum(r->line, n) != sum || !memchr(types, r->line[8], sizeof(types)))
		return false;
	f->type = (enum frame_type)r->line[8];
	f->data = r->line + HEAD;
	f->n = n - HEAD;
	return unescape(r->line + HEAD, &f->n);
}

static void end_line(struct frame_reader *r, void (*fn)(void *arg, const struct frame *f), void *arg)
{
	struct frame f;

	if (decode(r, &f)) {
		r->serial++;
		r->frames++;
		fn(arg, &f);
	} else if (r->frames) { /* before the first frame a port may carry anything */
		r->damaged++;
	}
	r->n = 0;
	r->long_line = false;
}

void frame_feed(struct frame_reader *r, const void *bytes, size_t n,
		void (*fn)(void *arg, const struct frame *f), void *arg)
{
	const char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			end_line(r, fn, arg);
		else if (r->n < sizeof(r->line) - 1)
			r->line[r->n++] = p[i];
		else
			r->long_line = true;
	}
}
