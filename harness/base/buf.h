/* SPDX-License-Identifier: MIT */
/*
 * Bytes out and bytes in: `struct buf` grows while text or binary is written to it, `struct cursor` reads
 * bytes that somebody else owns and can never leave them. Read next: diag.h, names.h.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A growable byte buffer. p is owned by the buffer and is NUL-terminated as soon as it is not NULL; the NUL
 * is not counted in n. Running out of memory sets `failed`, which sticks: later additions do nothing, so
 * that callers check once at the end.
 */
struct buf {
	char *p;
	size_t n;
	size_t cap;
	bool failed;
};

/* Makes *b empty without allocating. `struct buf b = { 0 }` does the same. */
void buf_init(struct buf *b);
/* Frees the bytes and makes *b empty again. */
void buf_fini(struct buf *b);
/* Forgets the content and `failed`, keeps the memory. */
void buf_reset(struct buf *b);

/* Appends n bytes (n may be 0, data may then be NULL). data must not point into *b. */
void buf_add(struct buf *b, const void *data, size_t n);
/* Appends a NUL-terminated string. */
void buf_puts(struct buf *b, const char *s);
/* Appends formatted text. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The content as a NUL-terminated string, "" if there is none. Valid until the next change of *b. */
const char *buf_str(const struct buf *b);

/* A read position in bytes owned by the caller. Reading past the end yields zeros and sets `over`. */
struct cursor {
	const uint8_t *p;
	const uint8_t *end;
	bool over;
};

static inline struct cursor cursor_make(const void *data, size_t n)
{
	const uint8_t *p = data;

	return (struct cursor){.p = p, .end = n ? p + n : p};
}

/* How many bytes are left. */
static inline size_t cursor_remaining(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* Little endian whatever the machine; a value that is cut off by the end has zeros for the missing bytes. */
static inline uint8_t cursor_u8(struct cursor *c)
{
	if (c->p == c->end) {
		c->over = true;
		return 0;
	}
	return *c->p++;
}

/* Copies n bytes to out; what is missing becomes zeros. */
static inline void cursor_bytes(struct cursor *c, void *out, size_t n)
{
	size_t have = cursor_remaining(c);

	if (have > n)
		have = n;
	if (have) {
		memcpy(out, c->p, have);
		c->p += have;
	}
	if (have < n) {
		memset((char *)out + have, 0, n - have);
		c->over = true;
	}
}

/* n is 2, 4 or 8. One look at the end for all the bytes, not one for each. */
static inline uint64_t cursor_number(struct cursor *c, size_t n)
{
	uint8_t b[8] = {0};

	if (cursor_remaining(c) < n) {
		cursor_bytes(c, b, n);
	} else {
		memcpy(b, c->p, n);
		c->p += n;
	}
	return b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_number(c, 2);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_number(c, 4);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	return cursor_number(c, 8);
}

#endif
