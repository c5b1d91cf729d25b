/* SPDX-License-Identifier: MIT */
/*
 * The loop, the measure that makes it end, and the memory of what was tried. Which smaller cases there are to
 * try is shrink_tactics.c's to know.
 */
#include "shrink.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../case/options.h"
#include "shrink_tactics.h"

#define REMEMBERED 16384 /* candidates; a power of two */

/* ---- the measure ---- */

enum measure {
	M_EXPECT,
	M_CALLS,
	M_SLOTS,
	M_SOCKS,
	M_LEVELS,
	M_ACTS,
	M_RET,	      /* returns of 0, and twice those of 2 */
	M_MODE,	      /* programs that are not attached multi */
	M_SOCK,	      /* parts of sockets that are not AF_INET, SOCK_STREAM, 0, socket(2) */
	M_SOCK_LEVEL, /* levels between sockets and the leaf */
	M_SOCK_USE,   /* calls on others than the first socket */
	M_PLACE,      /* buffers that are not plain, optlen pointers that are NULL */
	M_DATA_LEN,
	M_SIZE,
	M_OPTLEN,
	M_DATA, /* bytes that are not 0 */
	M_FILL,
	M_OPTION,
	M_VALUE,
	M_OFF,
	M_COUNT,
};

static uint64_t magnitude(int32_t v)
{
	return (uint64_t)(v < 0 ? -(int64_t)v : v);
}

static uint64_t rank_optlen(const struct tc_call *c)
{
	if (c->optlen_null || (c->optlen >= 0 && (uint32_t)c->optlen == c->buf.size))
		return 0;
	return c->optlen == 4 ? 1 : c->optlen == 0 ? 2 : c->optlen == 1 ? 3 : 4 + magnitude(c->optlen);
}

static unsigned rank_option(const struct tc_call *c)
{
	if (c->level == SOL_IP && c->optname == IP_TOS)
		return 0;
	if (c->level == SOL_SOCKET && c->optname == SO_PRIORITY)
		return 1;
	return option_find(c->level, c->optname) ? 2 : level_name(c->level) ? 3 : 4;
}

static uint64_t rank_value(const struct tcase *tc, int32_t v)
{
	if (v == 0 || v == 1)
		return (uint64_t)v;
	if (v == -1)
		return 2;
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (!tc->call[i].optlen_null && tc->call[i].optlen == v)
			return 3;
	return 4 + magnitude(v);
}

static unsigned rank_ret(int32_t ret)
{
	return ret == 1 ? 0 : ret == 0 ? 1 : 2;
}

static void measure_prog(const struct tcase *tc, const struct tc_slot *s, uint64_t m[M_COUNT])
{
	m[M_SLOTS]++;
	m[M_ACTS] += s->prog.n;
	m[M_RET] += rank_ret((int32_t)s->prog.ret);
	m[M_MODE] += s->mode != MODE_MULTI;
	for (unsigned i = 0; i < s->prog.n; i++) {
		const struct act *a = &s->prog.act[i];

		m[M_RET] += a->op == ACT_RETURN ? rank_ret(a->val) : 0;
		m[M_VALUE] += shrink_has_val(a) ? rank_value(tc, a->val) : 0;
		m[M_OFF] += shrink_has_off(a) ? a->off : 0;
	}
}

static void measure_call(const struct tc_call *c, uint64_t m[M_COUNT])
{
	const struct tc_buf *b = &c->buf;

	m[M_EXPECT] += c->expect.has_ret + c->expect.has_optlen + c->expect.n_bytes;
	m[M_SOCK_USE] += c->sock;
	m[M_PLACE] += b->place +
		      (c->optlen_null || c->optlen_ro || c->len_across || c->len_in ? BUF_PLACE_COUNT : 0) +
		      c->via + (c->meanwhile ? BUF_PLACE_COUNT : 0);
	m[M_DATA_LEN] += b->n_data;
	m[M_SIZE] += b->size;
	m[M_OPTLEN] += rank_optlen(c);
	for (unsigned i = 0; i < b->n_data; i++)
		m[M_DATA] += b->data[i] != 0;
	m[M_FILL] += b->size > b->n_data && b->fill != TC_FILL;
	m[M_OPTION] += rank_option(c);
}

static void measure(const struct tcase *tc, uint64_t m[M_COUNT])
{
	memset(m, 0, M_COUNT * sizeof(m[0]));
	m[M_CALLS] = tc->n_calls;
	m[M_SOCKS] = tc->n_socks;
	m[M_LEVELS] = tc->n_levels;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				measure_prog(tc, &tc->level[l].slot[h][s], m);
	for (unsigned i = 0; i < tc->n_socks; i++) {
		const struct tc_sock *s = &tc->sock[i];

		m[M_SOCK] += (s->route != ROUTE_SOCKET) + (s->family != AF_INET) + (s->type != SOCK_STREAM) +
			     (s->protocol != 0);
		m[M_SOCK_LEVEL] += (unsigned)(tc->n_levels - s->level);
	}
	for (unsigned i = 0; i < tc->n_calls; i++)
		measure_call(&tc->call[i], m);
}

static bool simpler(const uint64_t a[M_COUNT], const uint64_t b[M_COUNT])
{
	for (unsigned i = 0; i < M_COUNT; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* ---- what was tried: a hash of every part that counts ---- */

static void mix(uint64_t *h, uint64_t v)
{
	*h = (*h ^ v) * 0x9e3779b97f4a7c15ull;
	*h ^= *h >> 29;
}

static void hash_prog(const struct tc_slot *s, uint64_t *h)
{
	mix(h, s->mode | s->prog.n << 8 | s->prog.ret << 16);
	for (unsigned i = 0; i < s->prog.n; i++) {
		const struct act *a = &s->prog.act[i];

		mix(h, a->op | a->field << 8 | a->cmp << 16 | (uint64_t)a->n << 24 | (uint64_t)a->off << 32);
		mix(h, (uint32_t)a->val);
	}
}

static void hash_call(const struct tc_call *c, uint64_t *h)
{
	const struct tc_expect *e = &c->expect;

	mix(h, c->hook | c->sock << 8 | c->optlen_null << 16 | (uint64_t)(uint32_t)c->optlen << 32);
	mix(h, (uint64_t)c->meanwhile << 32 | (uint32_t)(c->meanwhile ? c->len_next : 0));
	mix(h, (uint32_t)c->level | (uint64_t)(uint32_t)c->optname << 32);
	mix(h, (uint64_t)c->optlen_ro << 62 | (uint64_t)c->via << 24 | (uint64_t)c->len_across << 26 |
		       (uint64_t)(c->len_in ? c->len_off + 1u : 0) << 54 | c->buf.place | c->buf.n_data << 8 |
		       c->buf.fill << 16 | (uint64_t)c->buf.size << 32);
	for (unsigned i = 0; i < c->buf.n_data; i++)
		mix(h, c->buf.data[i]);
	mix(h, e->has_ret | e->has_optlen << 1 | e->n_bytes << 8 | (uint64_t)(uint32_t)e->optlen << 32);
	mix(h, (uint64_t)e->ret);
}

static uint64_t hash_case(const struct tcase *tc)
{
	uint64_t h = tc->n_levels | tc->n_socks << 8 | tc->n_calls << 16;

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned k = 0; k < HOOK_COUNT; k++) {
			mix(&h, tc->level[l].n[k]);
			for (unsigned s = 0; s < tc->level[l].n[k]; s++)
				hash_prog(&tc->level[l].slot[k][s], &h);
		}
	for (unsigned i = 0; i < tc->n_socks; i++) {
		const struct tc_sock *s = &tc->sock[i];

		mix(&h, s->route | s->level << 8 | s->family << 16 | (uint64_t)s->type << 32 |
				(uint64_t)s->protocol << 48);
	}
	for (unsigned i = 0; i < tc->n_calls; i++)
		hash_call(&tc->call[i], &h);
	return h ? h : 1;
}

/* ---- the loop, one question at a time ---- */

struct shrinker {
	unsigned max_calls, max_ms, n, k, calls;
	void (*progress)(const struct tcase *tc, const char *name, unsigned calls, void *arg);
	void *arg;
	struct timespec start;
	bool spent;		   /* the calls or the time are used up */
	unsigned tactic, i;	   /* what comes next */
	unsigned run, yes;	   /* answers so far about cand */
	bool asking;		   /* cand is worth a call, and not decided */
	uint64_t measure[M_COUNT]; /* of cur */
	uint64_t cand_measure[M_COUNT];
	struct tcase cur, cand;
	uint64_t tried[REMEMBERED]; /* by the hash's low bits; a later one replaces an earlier */
};

static bool in_budget(struct shrinker *sh)
{
	struct timespec now;
	int64_t ms = 0;

	if (sh->max_ms) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms = (int64_t)(now.tv_sec - sh->start.tv_sec) * 1000 +
		     (now.tv_nsec - sh->start.tv_nsec) / 1000000;
	}
	sh->spent |= sh->calls >= sh->max_calls || (sh->max_ms && ms >= sh->max_ms);
	return !sh->spent;
}

/* Is cand worth a call? */
static bool worth_asking(struct shrinker *sh)
{
	uint64_t h;

	for (unsigned i = 0; i < sh->cand.n_calls; i++)
		tc_len_settle(&sh->cand.call[i]);
	if (tcase_check(&sh->cand))
		return false;
	measure(&sh->cand, sh->cand_measure);
	if (!simpler(sh->cand_measure, sh->measure))
		return false;
	h = hash_case(&sh->cand);
	if (sh->tried[h % REMEMBERED] == h)
		return false;
	sh->tried[h % REMEMBERED] = h;
	return true;
}

/* The next candidate of the tactics, in order; false if there is no more. */
static bool propose(struct shrinker *sh)
{
	for (; sh->tactic < shrink_n_tactics; sh->tactic++, sh->i = 0)
		for (;;) {
			enum made made;

			sh->cand = sh->cur;
			made = shrink_tactics[sh->tactic].make(&sh->cand, sh->i++);
			if (made == MADE_END)
				break;
			if (made == MADE && worth_asking(sh))
				return true;
		}
	return false;
}

const struct tcase *shrink_next(struct shrinker *sh)
{
	if (!sh->asking) {
		if (!propose(sh))
			return NULL;
		sh->asking = true;
		sh->run = sh->yes = 0;
	}
	return in_budget(sh) ? &sh->cand : NULL;
}

void shrink_tell(struct shrinker *sh, bool still)
{
	if (!sh->asking)
		return;
	sh->calls++;
	sh->run++;
	sh->yes += still;
	if (sh->yes < sh->k) { /* k of n: go on while k can be reached */
		sh->asking = sh->yes + sh->n - sh->run >= sh->k;
		return;
	}
	sh->asking = false;
	sh->cur = sh->cand;
	memcpy(sh->measure, sh->cand_measure, sizeof(sh->measure));
	if (sh->progress)
		sh->progress(&sh->cur, shrink_tactics[sh->tactic].name, sh->calls, sh->arg);
	sh->tactic = sh->i = 0; /* again from the biggest cut on */
}

const struct tcase *shrink_best(const struct shrinker *sh)
{
	return &sh->cur;
}

struct shrinker *shrink_open(const struct tcase *tc, const struct shrink_opts *opts, void *arg)
{
	static const struct shrink_opts none;
	struct shrinker *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return NULL;
	if (!opts)
		opts = &none;
	sh->max_calls = opts->max_calls ? opts->max_calls : SHRINK_CALLS;
	sh->max_ms = opts->max_ms;
	sh->n = opts->n ? opts->n : 1;
	sh->k = opts->k < 1 ? 1 : opts->k > sh->n ? sh->n : opts->k;
	sh->progress = opts->progress;
	sh->arg = arg;
	clock_gettime(CLOCK_MONOTONIC, &sh->start);
	sh->cur = *tc;
	measure(&sh->cur, sh->measure);
	return sh;
}

void shrink_close(struct shrinker *sh)
{
	free(sh);
}

unsigned shrink(struct tcase *tc, bool (*still)(const struct tcase *tc, void *arg), void *arg,
		const struct shrink_opts *opts)
{
	struct shrinker *sh = shrink_open(tc, opts, arg);
	const struct tcase *cand;
	unsigned calls;

	if (!sh)
		return 0;
	while ((cand = shrink_next(sh)))
		shrink_tell(sh, still(cand, arg));
	*tc = sh->cur;
	calls = sh->calls;
	shrink_close(sh);
	return calls;
}
