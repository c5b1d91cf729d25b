/* SPDX-License-Identifier: MIT */
/*
 * The model of a case: one chain of nested cgroups with programs on the two hooks, sockets, and a sequence of
 * getsockopt and setsockopt calls. `struct tcase` is flat, owns no memory and can be copied with `=`; the
 * fast path never allocates. Read next: case_text.h (what people write), case_bin.h (what fuzzers write),
 * options.h (names of levels and options), outcome.h (what came of a call).
 */
#ifndef TCASE_H
#define TCASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "act.h"

#define TC_MAX_LEVELS 8
#define TC_MAX_SLOTS  4 /* programs of one level on one hook */
#define TC_MAX_PROGS  (TC_MAX_LEVELS * TC_MAX_SLOTS)
#define TC_MAX_SOCKS  4
#define TC_MAX_CALLS  16
#define TC_MAX_DATA   128	/* bytes of a user buffer that a case spells out; the rest is the fill byte */
#define TC_MAX_BUF    (1 << 17) /* largest user buffer */
#define TC_PAST	      64	/* canary bytes past the buffer that are always compared */
#define TC_FILL	      0xa5	/* the fill byte where nothing else is said */
#define TC_SOCK_BAD   0xff	/* a call's socket: a descriptor that is not open */
#define TC_OUTSIDE    0		/* a socket's level: made outside the case's cgroups; 1 is the top level */

enum hook { HOOK_GET, HOOK_SET, HOOK_COUNT };

/* How a program is attached; all programs of one level and hook have the same mode (kernel: cgroup flags). */
enum attach_mode { MODE_MULTI, MODE_OVERRIDE, MODE_NONE, MODE_COUNT };

struct tc_slot {
	uint8_t mode; /* enum attach_mode */
	struct prog prog;
};

/* The order of slots is the order of attachment; levels are attached top-down before any socket is made. */
struct tc_level {
	uint8_t n[HOOK_COUNT];
	struct tc_slot slot[HOOK_COUNT][TC_MAX_SLOTS];
};

/* How a socket is made, and in which state calls find it. */
enum sock_route {
	ROUTE_SOCKET,	  /* socket(2), and nothing else */
	ROUTE_SOCKETPAIR, /* the first end of socketpair(2) */
	ROUTE_LISTENING,  /* listen(2) */
	ROUTE_CONNECTED,  /* connect(2) to another socket of the same kind, which is kept */
	ROUTE_CLOSED,	  /* the same, and the other end will send no more */
	ROUTE_COUNT,
};

struct tc_sock {
	uint8_t route;	 /* enum sock_route */
	uint8_t level;	 /* TC_OUTSIDE or 1..n_levels: the cgroup in which it is made */
	uint16_t family; /* AF_* */
	uint16_t type;	 /* SOCK_* */
	uint16_t protocol;
};

enum buf_place {
	BUF_PLAIN,    /* writable memory, canaries past its end */
	BUF_NULL,     /* optval is a NULL pointer */
	BUF_READONLY, /* the page is mapped without write permission */
	BUF_EDGE,     /* the byte after the buffer is not mapped */
	BUF_PLACE_COUNT,
};

/* The user's buffer: data[0..n_data), then `fill` up to `size`, then (not BUF_EDGE) canary bytes. */
struct tc_buf {
	uint8_t place; /* enum buf_place */
	uint8_t n_data;
	uint8_t fill;
	uint32_t size; /* 0..TC_MAX_BUF, at least n_data; 0 for BUF_NULL */
	uint8_t data[TC_MAX_DATA];
};

/* What the author of a case says must come out; an absent part is whatever the oracle says. */
struct tc_expect {
	bool has_ret, has_optlen;
	uint8_t n_bytes; /* leading bytes of the user's buffer after the call */
	int64_t ret;	 /* raw value of the result register: -errno, or what a program made it */
	int32_t optlen;	 /* the user's optlen after a getsockopt */
	uint8_t bytes[TC_MAX_DATA];
};

/* How a call enters the kernel. */
enum call_via {
	VIA_SYSCALL,
	VIA_URING,  /* io_uring's socket command (Linux 6.7): no optlen pointer, the result is the new optlen
		     */
	VIA_COMPAT, /* the system call of 32-bit tasks (int 0x80 on x86-64), which goes past both hooks */
	VIA_HELPER, /* bpf_setsockopt or bpf_getsockopt, called by a setsockopt program on its socket */
	VIA_COUNT,
};

/* What another thread does during a call. "Held": while the kernel waits for the page of optval. */
enum call_meanwhile {
	MEANWHILE_NOTHING,
	MEANWHILE_RACING, /* writes len_next to the user's optlen, at any moment */
	MEANWHILE_HELD, /* writes it when the kernel first reaches for optval, which waits until it is done */
	MEANWHILE_DETACH, /* takes the call's hook's programs off all cgroups of the case then; they come back
			   */
	MEANWHILE_COUNT,
};

struct tc_call {
	uint8_t hook;	  /* enum hook */
	uint8_t via;	  /* enum call_via */
	uint8_t sock;	  /* index in sock[], or TC_SOCK_BAD */
	bool optlen_null; /* getsockopt, not through io_uring: the kernel cannot read optlen; NULL, or
			     len_across */
	bool optlen_ro;	  /* the same: it points to memory that the kernel can read and not write */
	/*
	 * The four bytes lie two and two on both sides of a page's end. With optlen_ro the second page alone
	 * cannot be written, with optlen_null it is not mapped.
	 */
	bool len_across;
	bool len_in;	   /* they are those of the buffer's data from len_off on (tc_len_settle()) */
	uint8_t len_off;   /* at most TC_MAX_DATA - 4 */
	uint8_t meanwhile; /* enum call_meanwhile */
	int32_t len_next;  /* MEANWHILE_RACING, MEANWHILE_HELD */
	int32_t level;
	int32_t optname;
	int32_t optlen; /* setsockopt: the argument; getsockopt: *optlen before the call */
	struct tc_buf buf;
	struct tc_expect expect;
};

struct tcase {
	uint8_t n_levels; /* 1..TC_MAX_LEVELS; level[0] is the top, cgroup a; level[1] is a/b, ... */
	uint8_t n_socks;
	uint8_t n_calls;
	struct tc_level level[TC_MAX_LEVELS];
	struct tc_sock sock[TC_MAX_SOCKS];
	struct tc_call call[TC_MAX_CALLS];
};

/* Does a getsockopt by this way take a pointer to optlen? */
static inline bool tc_via_has_pointer(unsigned via)
{
	return via != VIA_URING && via != VIA_HELPER;
}

/* Is there a user's optlen that the call may write? */
static inline bool tc_call_has_len(const struct tc_call *c)
{
	return c->hook == HOOK_GET && tc_via_has_pointer(c->via) && !c->optlen_null;
}

/*
 * May another thread do that during the call? It is a system call on a socket with a plain buffer of 1 to
 * TC_MAX_DATA bytes, all of whose optlen bytes lie in it; where optlen changes, it lies apart and is
 * readable.
 */
bool tc_meanwhile_fits(const struct tc_call *c);

/* Puts an optlen that lies inside of the buffer there; where it does not fit it lies apart again. Takes out a
 * thread that does not fit. */
void tc_len_settle(struct tc_call *c);

/*
 * Can a program's helper make this call? The value is memory of the kernel, of a length that the verifier
 * knows to be 1 to TC_MAX_DATA, and all of it lies in the buffer. Where it cannot, nothing is said.
 */
static inline bool tc_helper_fits(const struct tc_call *c)
{
	return c->sock != TC_SOCK_BAD && c->buf.place == BUF_PLAIN && c->optlen >= 1 &&
	       (uint32_t)c->optlen <= c->buf.size && c->buf.size <= TC_MAX_DATA;
}

/* Makes *tc the smallest valid case: one level, no program, no socket, no call. */
void tcase_init(struct tcase *tc);

/*
 * Checks what no parser can: references, limits, nesting of ACT_IF, hook-only actions, and attach modes that
 * the kernel accepts top-down (one mode per level and hook; only MULTI holds several programs; nothing below
 * NONE). Returns NULL if the case is valid, else a static sentence that says what is wrong.
 */
const char *tcase_check(const struct tcase *tc);

/* The same for one call of a case with n_socks sockets. */
const char *tc_call_check(const struct tc_call *c, unsigned n_socks);

/* True if some program of the case may return 2 (act.h): no kernel can run it. */
bool tcase_returns_2(const struct tcase *tc);
bool prog_returns_2(const struct prog *p);

/* True if the two cases mean the same: equal in every part that is in use. */
bool tcase_equal(const struct tcase *a, const struct tcase *b);
bool tc_call_equal(const struct tc_call *a, const struct tc_call *b);
bool prog_equal(const struct prog *a, const struct prog *b);
bool act_equal(const struct act *a, const struct act *b);

/* The same for the action list of a program: NULL or what is wrong. hook decides which actions are legal. */
const char *prog_check(const struct prog *p, enum hook hook);

/*
 * One byte of a user buffer before the call, at any offset from its start: spelled-out data, fill, then
 * canary. The canary depends on the offset so that a shifted copy shows.
 */
static inline uint8_t tc_canary(uint32_t off)
{
	/*
	 * The square makes the difference of two places depend on where they are, so that no shift
	 * by 1..32895 goes unseen over TC_PAST bytes; the last term covers shifts by multiples of 256.
	 */
	return (uint8_t)(off * (off * 3 + 7) + (off >> 8) * 13 + 0x31);
}
/* Writes the first n bytes of the user's memory (buffer and canaries) as they are before the call. */
void tc_buf_image(const struct tc_buf *b, uint8_t *out, uint32_t n);

/* How many bytes of the user's memory, from the buffer's start on, the kernel can read, or write. */
uint32_t tc_buf_reach(const struct tc_buf *b, bool write);

/* Four bytes as every machine that hookdiff runs on keeps an int. */
static inline void tc_put_word(uint8_t *at, int32_t v)
{
	__builtin_memcpy(at, &v, sizeof(v));
}

static inline int32_t tc_word(const uint8_t *at)
{
	int32_t v;

	__builtin_memcpy(&v, at, sizeof(v));
	return v;
}

/* Sixteen bytes at once: most values and windows are no longer, and their lengths are random. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));

static inline bytes16 bytes16_load(const uint8_t *p)
{
	bytes16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/* 0xff in the first n bytes, 0 in the others. */
static inline bytes16 bytes16_mask(uint32_t n)
{
	extern const uint8_t tc_mask[32];

	return bytes16_load(tc_mask + 16 - (n < 16 ? n : 16));
}

static inline bool bytes16_zero(bytes16 v)
{
	uint64_t w[2];

	__builtin_memcpy(w, &v, sizeof(w));
	return !(w[0] | w[1]);
}

/* What differs in the first n bytes, in the place of each; n may be more than 16. */
static inline bytes16 bytes16_differ(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	return (bytes16_load(a) ^ bytes16_load(b)) & bytes16_mask(n);
}

/* Are the TC_PAST canaries from `off` on intact? */
static inline bool tc_canaries_intact(const uint8_t *mem, uint32_t off)
{
	extern const uint8_t tc_canaries[256];
	bytes16 differ = {0};
	uint8_t changed = 0;

	if (off <= sizeof(tc_canaries) - TC_PAST) {
		for (uint32_t i = off; i < off + TC_PAST; i += 16)
			differ |= bytes16_load(mem + i) ^ bytes16_load(tc_canaries + i);
		return bytes16_zero(differ);
	}
	for (uint32_t i = off; i < off + TC_PAST; i++)
		changed |= (uint8_t)(mem[i] ^ tc_canary(i));
	return !changed;
}

/* The first 16 bytes of tc_buf_image(). */
static inline bytes16 tc_buf_head(const struct tc_buf *b)
{
	extern const uint8_t tc_canaries[256];
	bytes16 data = bytes16_mask(b->n_data), buf = bytes16_mask(b->size), v;

	v = (bytes16_load(b->data) & data) | (b->fill & ~data);
	return (v & buf) | (bytes16_load(tc_canaries) & ~buf);
}

/*
 * The programs that run for a socket made in `level`, in the order of the kernel's rules for this static
 * chain: bottom-up over MULTI levels, attach order inside one; OVERRIDE and NONE contribute only if nothing
 * below does. ids[] receives level * TC_MAX_SLOTS + slot; returns how many (0 for TC_OUTSIDE). Source:
 * kernel/bpf/cgroup.c compute_effective_progs() (5.3 on; before BPF_F_PREORDER entries, 6.15).
 */
unsigned tcase_effective(const struct tcase *tc, unsigned level, enum hook hook, uint8_t ids[TC_MAX_PROGS]);

static inline const struct prog *tcase_prog(const struct tcase *tc, enum hook hook, unsigned id)
{
	return &tc->level[id / TC_MAX_SLOTS].slot[hook][id % TC_MAX_SLOTS].prog;
}

#endif
