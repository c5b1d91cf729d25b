/* SPDX-License-Identifier: MIT */
/*
 * Mappings and images. arena_put is on the hot path, twice a call: fixed-size copies where the size allows,
 * the same bytes as tc_buf_image() (tests/test_exec.c compares the two).
 */
#include "arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD	   65536 /* at least a page anywhere */
#define KBUF_SIZE  (65536 + 4096)
#define LEN_CANARY 0x5ca1ab1eu
/*
 * The most that a getsockopt may have written past a buffer whose optlen says that there is room: no handler
 * answers with more, and a megabyte optlen must not cost a megabyte of repair.
 */
#define MAX_ANSWER 16384

/* The span: which of its boundaries an optlen across a page's end lies on, and what stands beside it. */
enum { SPAN_PLAIN = 1, SPAN_TORN = 3, SPAN_READONLY = 5, SPAN_PAGES = 6 };
#define SPAN_BESIDE 16
#define SPAN_CANARY 0x6b

static const uint8_t *canary_image(void)
{
	static uint8_t *image;

	if (!image) {
		image = malloc(ARENA_SIZE);
		for (uint32_t i = 0; image && i < ARENA_SIZE; i++)
			image[i] = tc_canary(i);
	}
	return image;
}

#ifndef MAP_32BIT /* x86-64 only */
#define MAP_32BIT 0
#endif

/* Where a 32-bit task can reach it, if there is room. */
static void *map_low(size_t size, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *p = mmap(NULL, size, prot, flags | MAP_32BIT, -1, 0);

	if (p == MAP_FAILED)
		p = mmap(NULL, size, prot, flags, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static uint8_t *reserve(size_t size)
{
	return map_low(size + GUARD, PROT_NONE);
}

int arena_init(struct arena *a)
{
	int fd, ret = -ENOMEM;

	memset(a, 0, sizeof(*a));
	a->canary = canary_image();
	a->kbuf = map_low(KBUF_SIZE, PROT_READ | PROT_WRITE);
	a->len = map_low(sizeof(*a->len), PROT_READ | PROT_WRITE);
	a->rw = reserve(ARENA_SIZE);
	a->ro = reserve(ARENA_SIZE);
	a->edge_map = reserve(TC_MAX_BUF);
	a->page = (uint32_t)sysconf(_SC_PAGESIZE);
	a->span = map_low((SPAN_PAGES + 1) * (size_t)a->page, PROT_READ | PROT_WRITE);
	if (!a->canary || !a->kbuf || !a->len || !a->rw || !a->ro || !a->edge_map || !a->span)
		goto out;
	a->edge_end = a->edge_map + TC_MAX_BUF;
	fd = memfd_create("hookdiff", MFD_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		goto out;
	}
	if (ftruncate(fd, ARENA_SIZE) ||
	    mmap(a->rw, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mmap(a->ro, ARENA_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED ||
	    mprotect(a->edge_map, TC_MAX_BUF, PROT_READ | PROT_WRITE) ||
	    mprotect(a->span + SPAN_TORN * (size_t)a->page, a->page, PROT_NONE) ||
	    mprotect(a->span + SPAN_PAGES * (size_t)a->page, a->page, PROT_NONE))
		ret = -errno;
	else
		ret = 0;
	close(fd);
	if (ret)
		goto out;
	memcpy(a->rw, a->canary, ARENA_SIZE);
	for (int i = 0; i < 2; i++)
		a->len->before[i] = a->len->after[i] = LEN_CANARY;
out:
	if (ret)
		arena_fini(a);
	return ret;
}

bool arena_is_low(const struct arena *a)
{
	const uint8_t *const at[] = {a->rw, a->ro, a->edge_map, a->kbuf, a->span, (const uint8_t *)a->len};
	uint64_t high = 0;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		high |= ((uintptr_t)at[i] + ARENA_SIZE) >> 32;
	return !high;
}

void arena_fini(struct arena *a)
{
	if (a->rw)
		munmap(a->rw, ARENA_SIZE + GUARD);
	if (a->ro)
		munmap(a->ro, ARENA_SIZE + GUARD);
	if (a->edge_map)
		munmap(a->edge_map, TC_MAX_BUF + GUARD);
	if (a->kbuf)
		munmap(a->kbuf, KBUF_SIZE);
	if (a->span)
		munmap(a->span, (SPAN_PAGES + 1) * (size_t)a->page);
	if (a->len)
		munmap(a->len, sizeof(*a->len));
	memset(a, 0, sizeof(*a));
}

/* data, then fill; may write up to 16 bytes past size, where canaries go next */
static inline void put_head(const struct tc_buf *b, uint8_t *out)
{
	if (b->size <= 16) {
		memset(out, b->fill, 16);
		if (b->n_data == 4)
			memcpy(out, b->data, 4);
		else
			memcpy(out, b->data, b->n_data);
		return;
	}
	memcpy(out, b->data, b->n_data);
	memset(out + b->n_data, b->fill, b->size - b->n_data);
}

static struct arena_buf put_plain(struct arena *a, const struct tc_call *c)
{
	const struct tc_buf *b = &c->buf;
	uint32_t size = b->size;

	put_head(b, a->rw);
	memcpy(a->rw + size, a->canary + size, TC_PAST);
	if (a->dirty > size + TC_PAST)
		memcpy(a->rw + size + TC_PAST, a->canary + size + TC_PAST, a->dirty - size - TC_PAST);
	a->dirty = size;
	if (b->place == BUF_READONLY)
		return (struct arena_buf){a->ro, a->rw};
	if (c->hook == HOOK_GET && c->optlen > (int32_t)size) { /* the kernel believes in more room */
		uint32_t most = c->optlen < MAX_ANSWER ? c->optlen : MAX_ANSWER;

		if (most > size)
			a->dirty = most;
	}
	return (struct arena_buf){a->rw, a->rw};
}

struct arena_buf arena_put(struct arena *a, const struct tc_call *c)
{
	const struct tc_buf *b = &c->buf;
	uint8_t *at;

	switch (b->place) {
	case BUF_NULL:
		return (struct arena_buf){NULL, NULL};
	case BUF_EDGE:
		at = a->edge_end - b->size;
		memcpy(at, b->data, b->n_data);
		memset(at + b->n_data, b->fill, b->size - b->n_data);
		return (struct arena_buf){at, at};
	default:
		return put_plain(a, c);
	}
}

void *arena_put_kernel(struct arena *a, const uint8_t *bytes, uint32_t n)
{
	if (n > 65536)
		n = 65536;
	memcpy(a->kbuf, bytes, n);
	memset(a->kbuf + n, 0, 16); /* the hook's buffer is never shorter than 16 bytes */
	return a->kbuf;
}

static uint8_t *span_at(const struct arena *a, const struct tc_call *c)
{
	unsigned page = c->optlen_null ? SPAN_TORN : c->optlen_ro ? SPAN_READONLY : SPAN_PLAIN;

	return a->span + page * (size_t)a->page - 2;
}

static int32_t *put_across(struct arena *a, const struct tc_call *c)
{
	uint8_t *at = span_at(a, c), *second = at + 2;

	if (c->optlen_ro)
		mprotect(second, a->page, PROT_READ | PROT_WRITE);
	memset(at - SPAN_BESIDE, SPAN_CANARY, SPAN_BESIDE);
	memcpy(at, &c->optlen, c->optlen_null ? 2 : 4);
	if (!c->optlen_null)
		memset(at + 4, SPAN_CANARY, SPAN_BESIDE);
	if (c->optlen_ro)
		mprotect(second, a->page, PROT_READ);
	a->spanned = true;
	return (int32_t *)(void *)at;
}

static bool span_stray(const struct arena *a, const struct tc_call *c)
{
	const uint8_t *at = span_at(a, c);
	bool stray = false;

	for (int i = 0; i < SPAN_BESIDE; i++)
		stray |= at[i - SPAN_BESIDE] != SPAN_CANARY || (!c->optlen_null && at[4 + i] != SPAN_CANARY);
	return stray;
}

int32_t *arena_put_len(struct arena *a, const struct tc_call *c, const struct arena_buf *buf)
{
	a->len->len = c->optlen;
	if (__builtin_expect(c->len_across, 0))
		return put_across(a, c);
	if (__builtin_expect(c->len_in, 0))
		return (int32_t *)(void *)((uint8_t *)buf->user + c->len_off);
	if (__builtin_expect(c->optlen_ro, 0)) { /* where no buffer and no canary that counts reaches */
		memcpy(a->rw + ARENA_SIZE - TC_PAST, &c->optlen, sizeof(c->optlen));
		return (int32_t *)(void *)(a->ro + ARENA_SIZE - TC_PAST);
	}
	return c->optlen_null ? NULL : &a->len->len;
}

int32_t arena_len(const struct arena *a, const struct tc_call *c, const struct arena_buf *buf)
{
	if (__builtin_expect(c->len_in, 0))
		return tc_word(buf->mem + c->len_off);
	if (__builtin_expect(c->len_across, 0)) {
		int32_t word =
			c->optlen; /* of one that is not mapped as a whole only the first half can change */

		memcpy(&word, span_at(a, c), c->optlen_null ? 2 : 4);
		return word;
	}
	return a->len->len;
}

bool arena_len_stray(struct arena *a, const struct tc_call *c)
{
	bool stray = __builtin_expect(a->spanned, 0) && span_stray(a, c);

	a->spanned = false;

	for (int i = 0; i < 2; i++) {
		stray |= a->len->before[i] != LEN_CANARY || a->len->after[i] != LEN_CANARY;
		a->len->before[i] = a->len->after[i] = LEN_CANARY;
	}
	return stray;
}
