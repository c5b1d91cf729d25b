/* SPDX-License-Identifier: MIT */
/*
 * The edits, batches of cases, text, and AFL++'s entry points: on random cases, on the generator's and on the
 * corpus, every mutation is a valid case, another one, and the same for the same random bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <fts.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/recorder.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/case/safe.h"
#include "harness/mutate/afl.h"
#include "harness/mutate/gen.h"
#include "harness/mutate/shrink.h"
#include "harness/mutate/text_edit.h"

#define CORPUS_MAX 2000

static struct tcase *corpus; /* owned */
static unsigned n_corpus;
static struct gen gen;

/* ---- cases to start from ---- */

static char *slurp(const char *path, size_t *n)
{
	static char text[CASE_TEXT_MAX];
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	*n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return text;
}

static int open_corpus(void **state)
{
	char *const roots[] = {HD_SOURCE_DIR "/corpus", NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	corpus = calloc(CORPUS_MAX, sizeof(*corpus));
	if (!fts || !corpus)
		return -1;
	while ((e = fts_read(fts)) && n_corpus < CORPUS_MAX) {
		size_t n;
		char *text;

		if (e->fts_info != FTS_F || e->fts_namelen < 5 ||
		    strcmp(e->fts_name + e->fts_namelen - 5, ".case"))
			continue;
		text = slurp(e->fts_path, &n);
		n_corpus += !tcase_parse(text, n, e->fts_path, &corpus[n_corpus], NULL, NULL);
	}
	fts_close(fts);
	gen_init(&gen, 5);
	return n_corpus > 100 ? 0 : -1;
}

static int close_corpus(void **state)
{
	free(corpus);
	return 0;
}

/* Any bytes, mostly small ones: they are indices and counts. */
static void random_case(struct rng *r, struct tcase *tc)
{
	uint8_t data[400];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(rng_u32(r) >> 24 >> rng_below(r, 8));
	case_bin_decode(data, 3 + rng_below(r, sizeof(data) - 2), tc);
}

static void any_case(struct rng *r, struct tcase *tc)
{
	switch (rng_below(r, 3)) {
	case 0:
		random_case(r, tc);
		break;
	case 1:
		gen_case(&gen, rng_u32(r), tc);
		break;
	default:
		*tc = corpus[rng_below(r, n_corpus)];
	}
}

static unsigned long count(unsigned long full)
{
	const char *s = getenv("HD_RANDOM");

	if (s)
		return strtoul(s, NULL, 0);
	return getenv("HOOKDIFF_TEST_QUICK") ? full / 10 : full;
}

static void fail_case(const char *what, const struct tcase *tc, unsigned long k)
{
	struct buf b = {0};

	if (!tcase_check(tc))
		tcase_print(tc, NULL, &b);
	fprintf(stderr, "stream %lu\n%s", k, buf_str(&b));
	buf_fini(&b);
	fail_msg("%s: %s", what, tcase_check(tc) ? tcase_check(tc) : "");
}

/* Valid, and what it is in bytes comes back. */
static void check_case(const char *what, const struct tcase *tc, unsigned long k)
{
	static uint8_t bytes[CASE_BIN_MAX];
	static struct tcase again;
	size_t n;

	if (tcase_check(tc))
		fail_case(what, tc, k);
	n = case_bin_encode(tc, bytes, sizeof(bytes));
	if (!n || case_bin_take(bytes, n, &again) != n || !tcase_equal(tc, &again))
		fail_case(what, tc, k);
	for (unsigned c = 0; c < tc->n_calls; c++)
		if (tc->call[c].expect.has_ret || tc->call[c].expect.has_optlen || tc->call[c].expect.n_bytes)
			fail_case("the result expects something", tc, k);
}

/* ---- edits ---- */

static void every_edit(void **state)
{
	static struct tcase was, tc, other, again;
	unsigned long total = count(600000), tried[80] = {0}, done[80] = {0};
	unsigned n = edit_count();

	assert_in_range(n, 1, 80);
	for (unsigned long k = 0; k < total; k++) {
		unsigned i = (unsigned)(k % n);
		struct rng r, same;
		bool with;

		rng_seed(&r, 11, k);
		any_case(&r, &was);
		any_case(&r, &other);
		with = rng_chance(&r, 7, 8);
		tc = again = was;
		same = r;
		tried[i]++;
		if (!edit_apply(i, &tc, with ? &other : NULL, &r)) {
			if (!tcase_equal(&tc, &was))
				fail_case(edit_name(i), &tc, k);
			continue;
		}
		done[i]++;
		check_case(edit_name(i), &tc, k);
		if (tcase_equal(&tc, &was))
			fail_msg("'%s' left the case as it was (stream %lu)", edit_name(i), k);
		edit_apply(i, &again, with ? &other : NULL, &same);
		if (!tcase_equal(&tc, &again) || memcmp(&r, &same, sizeof(r)))
			fail_msg("'%s' made another case of the same bits (stream %lu)", edit_name(i), k);
	}
	for (unsigned i = 0; i < n; i++) {
		printf("%-30s applied to %5.1f %% of %lu cases\n", edit_name(i),
		       100.0 * (double)done[i] / (double)tried[i], tried[i]);
		if (done[i] * 20 < tried[i])
			fail_msg("'%s' is starved", edit_name(i));
	}
}

static bool runs_programs(const struct tcase *tc)
{
	uint8_t ids[TC_MAX_PROGS];

	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].sock < tc->n_socks && tc->sock[tc->call[i].sock].level &&
		    tcase_effective(tc, tc->sock[tc->call[i].sock].level, (enum hook)tc->call[i].hook, ids))
			return true;
	return false;
}

/* Levels, programs and modes of a row of topologies[]. */
static bool usual_chain(const struct tcase *tc)
{
	static struct tcase t;

	for (unsigned i = 0; i < TOPOLOGIES; i++) {
		bool same;

		topology_apply(&topologies[i], &t);
		same = t.n_levels == tc->n_levels;
		for (unsigned l = 0; same && l < t.n_levels; l++)
			for (unsigned h = 0; h < HOOK_COUNT; h++)
				same &= t.level[l].n[h] == tc->level[l].n[h] &&
					(!t.level[l].n[h] ||
					 t.level[l].slot[h][0].mode == tc->level[l].slot[h][0].mode);
		if (same)
			return true;
	}
	return false;
}

/* What tame promises; whether programs run is counted. */
static void check_tame(const struct tcase *tc, enum edit_for where, unsigned long k, unsigned long *idle)
{
	int32_t level, optname;

	check_case("tamed", tc, k);
	if (!tc->n_calls || !tc->n_socks)
		fail_case("no call or no socket", tc, k);
	if (!tcase_host_safe(tc, &level, &optname))
		fail_case("an option that can hurt", tc, k);
	if (where == EDIT_KERNEL && tcase_returns_2(tc))
		fail_case("a program returns 2", tc, k);
	*idle += !runs_programs(tc);
}

/* In a guest the same edits leave in what can hurt, and take sockets that only a guest has. */
static void unlocked_edits(void **state)
{
	static struct tcase tc;
	unsigned long total = count(60000), hurting = 0, guests = 0;

	for (unsigned long k = 0; k < total; k++) {
		int32_t level, optname;
		struct rng r;

		rng_seed(&r, 13, k);
		any_case(&r, &tc);
		safe_unlock(true);
		edit_case(&tc, NULL, EDIT_KERNEL, &r);
		safe_unlock(false);
		check_case("unlocked", &tc, k);
		hurting += !tcase_host_safe(&tc, &level, &optname);
		for (unsigned s = 0; s < tc.n_socks; s++)
			for (unsigned i = SOCK_ROWS; i < SOCK_ROWS + SOCK_GUEST; i++)
				guests += tc.sock[s].family == sock_rows[i].sock.family &&
					  tc.sock[s].type == sock_rows[i].sock.type &&
					  tc.sock[s].protocol == sock_rows[i].sock.protocol &&
					  tc.sock[s].route == sock_rows[i].sock.route;
	}
	printf("%lu edited cases for a guest: %lu could hurt, %lu sockets of its own\n", total, hurting,
	       guests);
	assert_true(hurting > total / 8 && guests > total / 20);
}

/* What unlocks in a guest is, on a machine that is none, an error. */
static void environment_unlocks_no_host(void **state)
{
	char path[] = "/tmp/hookdiff-recorder-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	unsetenv(SAFE_ENV);
	assert_true(safe_join());
	setenv(SAFE_ENV, "0", 1);
	assert_true(safe_join());
	setenv(SAFE_ENV, "1", 1);
	unsetenv(RECORDER_ENV);
	assert_false(safe_join());
	setenv(RECORDER_ENV, path, 1);
	assert_int_equal(recorder_make(path), 0); /* as a guest has it, but process 1 is none of ours */
	assert_false(safe_join());
	assert_false(safe_unlocked());
	unlink(path);
	unsetenv(RECORDER_ENV);
	unsetenv(SAFE_ENV);
}

static void whole_edits(void **state)
{
	static struct tcase was, tc, other, again;
	unsigned long total = count(300000), idle = 0, unchanged = 0, twos = 0, own[2] = {0};

	for (unsigned long k = 0; k < total; k++) {
		enum edit_for where = k % 2 ? EDIT_KERNEL : EDIT_ORACLE;
		void (*edit)(struct tcase *, const struct tcase *, enum edit_for, struct rng *) =
			k % 4 < 3 ? edit_case : edit_cross;
		struct rng r, same;

		rng_seed(&r, 12, k);
		any_case(&r, &tc);
		edit_tame(&tc, where, &r);
		check_tame(&tc, where, k, &(unsigned long){0});
		any_case(&r, &other);
		was = again = tc;
		same = r;
		edit(&tc, k % 8 ? &other : NULL, where, &r);
		edit(&again, k % 8 ? &other : NULL, where, &same);
		assert_true(tcase_equal(&tc, &again));
		check_tame(&tc, where, k, &idle);
		unchanged += tcase_equal(&tc, &was);
		twos += tcase_returns_2(&tc);
		own[where] += !usual_chain(&tc);
	}
	printf("%lu edited cases: %lu unchanged, no program runs in %lu, %lu return 2\n", total, unchanged,
	       idle, twos);
	printf("chains of their own: %lu for the oracle, %lu for a kernel\n", own[EDIT_ORACLE],
	       own[EDIT_KERNEL]);
	assert_true(own[EDIT_ORACLE] > total / 16 && own[EDIT_KERNEL] > total / 2000 &&
		    own[EDIT_KERNEL] < total / 50);
	assert_true(unchanged * 100 < total && idle * 100 < total);
	assert_true(twos > total / 1000 && twos < total / 4); /* the oracle's share of them */
}

/* ---- batches ---- */

/* Every case decodes and encodes to the bytes that it is; nothing is behind the last. */
static unsigned check_batch(const uint8_t *data, size_t n, enum edit_for where, unsigned long k)
{
	static uint8_t bytes[CASE_BIN_MAX];
	static struct tcase tc;
	size_t end[BATCH_MAX], from = 0;
	unsigned cases = batch_split(data, n, end);

	if (!cases || end[cases - 1] != n)
		fail_msg("%zu bytes hold %u cases that end elsewhere (stream %lu)", n, cases, k);
	for (unsigned i = 0; i < cases; from = end[i++]) {
		case_bin_take(data + from, end[i] - from, &tc);
		if (case_bin_encode(&tc, bytes, sizeof(bytes)) != end[i] - from ||
		    memcmp(bytes, data + from, end[i] - from))
			fail_case("not canonical", &tc, k);
		check_tame(&tc, where, k, &(unsigned long){0});
	}
	return cases;
}

/* A chain of mutations, with a limit that changes; each with guard bytes behind the limit. */
static void batches(void **state)
{
	static uint8_t data[9000], other[9000], out[9000], same[9000];
	unsigned long total = count(400000), sizes[BATCH_MAX + 1] = {0}, still = 0;
	size_t n = 0, n_other = 0;

	for (unsigned long k = 0; k < total; k++) {
		size_t max, max2, made, twice;
		struct rng r, again;

		rng_seed(&r, 13, k);
		max = rng_chance(&r, 1, 64) ? rng_below(&r, 64) : 60 + rng_below(&r, 6000);
		if (n > max || k % 500 == 0)
			n = 0;
		again = r;
		memcpy(out, data, n);
		memset(out + max, 0x5a, 64);
		if (k % 5) {
			made = batch_mutate(out, n, max, EDIT_KERNEL, NULL, &r);
			memcpy(same, data, n);
			twice = batch_mutate(same, n, max, EDIT_KERNEL, NULL, &again);
		} else {
			made = batch_cross(data, n, other, n_other, out, max, EDIT_KERNEL, &r);
			twice = batch_cross(data, n, other, n_other, same, max, EDIT_KERNEL, &again);
		}
		if (made > max || (max >= CASE_BIN_MIN && !made))
			fail_msg("%zu bytes of at most %zu (stream %lu)", made, max, k);
		for (max2 = max; max2 < max + 64; max2++)
			assert_int_equal(out[max2], 0x5a);
		assert_int_equal(made, twice);
		assert_memory_equal(out, same, made);
		if (made > CASE_BIN_MIN)
			sizes[check_batch(out, made, EDIT_KERNEL, k)]++;
		still += made == n && !memcmp(out, data, n);
		if (k % 7 == 0) {
			memcpy(other, data, n);
			n_other = n;
		}
		memcpy(data, out, made);
		n = made;
	}
	printf("%lu mutated batches, %lu unchanged; by number of cases:", total, still);
	for (unsigned i = 1; i <= BATCH_MAX; i++)
		printf(" %lu", sizes[i]);
	printf("\n");
	assert_true(still * 100 < total);
	assert_true(sizes[1] && sizes[2] && sizes[8] && sizes[BATCH_MAX]);
}

/* Told how many cases an input is to have, mutations keep to it, but for a few that changed bytes. */
static void batches_of(void **state)
{
	static uint8_t data[9000], other[9000];
	static const unsigned told[] = {1, 3, 8, BATCH_MAX};
	size_t end[BATCH_MAX], n_other = 0;

	for (unsigned i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		unsigned exact = 0, total = 4000;
		size_t n = 0;

		batch_cases(told[i]);
		for (unsigned k = 0; k < total; k++) {
			struct rng r;
			unsigned cases;

			rng_seed(&r, 16, k);
			if (k % 5 || !n_other) {
				n = batch_mutate(data, n, 6000, EDIT_ORACLE, NULL, &r);
			} else {
				static uint8_t out[9000];

				n = batch_cross(data, n, other, n_other, out, 6000, EDIT_ORACLE, &r);
				memcpy(data, out, n);
			}
			cases = batch_split(data, n, end);
			assert_in_range(cases, 1, told[i]);
			exact += cases == told[i];
			if (k % 7 == 0) {
				memcpy(other, data, n);
				n_other = n;
			}
		}
		printf("%u cases: %u of %u\n", told[i], exact, total);
		assert_true(exact * 100 >= total * 90);
	}
	batch_cases(0);
}

/* Any bytes: cut short, with something behind, never mind what they mean. */
static void repairs(void **state)
{
	uint8_t data[600];

	for (unsigned long k = 0; k < count(100000); k++) {
		struct rng r;
		size_t n, max, made;

		rng_seed(&r, 14, k);
		n = rng_below(&r, 300);
		max = n + rng_below(&r, 300);
		for (size_t i = 0; i < n; i++)
			data[i] = (uint8_t)(rng_u32(&r) >> 24 >> rng_below(&r, 8));
		made = k % 2 ? batch_mutate(data, n, max, EDIT_KERNEL, NULL, &r)
			     : batch_repair(data, n, max, EDIT_KERNEL, &r);
		assert_true(made <= max);
		if (k % 2 == 0 && made > CASE_BIN_MIN)
			check_batch(data, made, EDIT_KERNEL, k);
	}
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void speed(void **state)
{
	static uint8_t data[4096];

	for (unsigned cases = 1; cases <= BATCH_MAX; cases *= 4) {
		uint8_t start[4096];
		unsigned long total = count(100000);
		size_t n = 0;
		struct rng r;
		double t;

		rng_seed(&r, 15, cases);
		for (unsigned i = 0; i < cases; i++) {
			struct tcase tc;

			gen_case(&gen, i, &tc);
			n += case_bin_encode(&tc, start + n, sizeof(start) - n);
		}
		t = cpu_seconds();
		for (unsigned long k = 0; k < total; k++) {
			memcpy(data, start, n);
			batch_mutate(data, n, sizeof(data), EDIT_KERNEL, NULL, &r);
		}
		t = cpu_seconds() - t;
		printf("%2u cases, %4zu bytes: %.0f mutations a second of one core\n", cases, n,
		       (double)total / t);
	}
}

/* ---- text ---- */

static void texts(void **state)
{
	unsigned long total = count(40000), parse = 0;

	for (unsigned long k = 0; k < total; k++) {
		static struct tcase tc, other;
		uint8_t data[8192 + 16], out[8192 + 16];
		struct buf a = {0}, b = {0};
		size_t max, n;
		struct rng r;

		rng_seed(&r, 16, k);
		any_case(&r, &tc);
		any_case(&r, &other);
		tcase_print(&tc, NULL, &a);
		tcase_print(&other, NULL, &b);
		max = k % 16 ? 8192 : rng_below(&r, 200);
		n = a.n < max ? a.n : max;
		memcpy(data, a.p, n);
		memset(data + max, 0x5a, 16);
		memset(out + max, 0x5a, 16);
		n = text_mutate(data, n, max, NULL, &r);
		assert_true(n <= max && data[max] == 0x5a);
		parse += !tcase_parse((char *)data, n, "", &tc, NULL, NULL);
		n = text_cross((uint8_t *)a.p, a.n, (uint8_t *)b.p, b.n, out, max, &r);
		assert_true(n <= max && out[max] == 0x5a);
		buf_fini(&a);
		buf_fini(&b);
	}
	printf("%lu of %lu mutated texts parse\n", parse, total);
	assert_true(parse * 4 > total && parse * 8 < total * 7);
}

/* ---- AFL++ ---- */

/* Predicates as an engine has them: of the bytes. */
static bool bypass(const struct tcase *tc, void *arg)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_SET]; s++) {
			const struct prog *p = &tc->level[l].slot[HOOK_SET][s].prog;

			for (unsigned i = 0; i < p->n; i++)
				if (p->act[i].op == ACT_OPTLEN && p->act[i].val == -1 && tc->n_calls)
					return true;
		}
	return false;
}

static bool large_get(const struct tcase *tc, void *arg)
{
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc_call_has_len(&tc->call[i]) && tc->call[i].optlen > 4000)
			return true;
	return false;
}

static bool override(const struct tcase *tc, void *arg)
{
	for (unsigned l = 1; l < tc->n_levels; l++)
		if (tc->level[l].n[HOOK_GET] && tc->level[l].slot[HOOK_GET][0].mode == MODE_OVERRIDE &&
		    tc->level[0].n[HOOK_GET])
			return true;
	return false;
}

typedef bool predicate(const struct tcase *tc, void *arg);

static bool some_case(const uint8_t *data, size_t n, predicate *p)
{
	static struct tcase tc;
	size_t end[BATCH_MAX], from = 0;
	unsigned cases = batch_split(data, n, end);

	for (unsigned i = 0; i < cases; from = end[i++]) {
		case_bin_take(data + from, end[i] - from, &tc);
		if (p(&tc, NULL))
			return true;
	}
	return false;
}

/* As trim_case_custom of afl-fuzz does. Returns the size of the smallest input, which replaces data. */
static size_t afl_trim(void *m, uint8_t *data, size_t n, predicate *p)
{
	int32_t at = 0, end = afl_custom_init_trim(m, data, n);
	size_t best = n;

	assert_true(end >= 0);
	while (at < end) {
		uint8_t *cand = NULL;
		size_t len = afl_custom_trim(m, &cand);
		bool holds;

		assert_true(cand && len > 0 && len <= n);
		holds = some_case(cand, len, p);
		if (holds) {
			memcpy(data, cand, len);
			best = len;
		}
		at = afl_custom_post_trim(m, holds);
		assert_true(at > 0);
	}
	return best;
}

static void trims(void **state)
{
	static predicate *const predicates[] = {bypass, large_get, override};
	static struct tcase start, small, got;
	static uint8_t data[2 * CASE_BIN_MAX];
	void *m = afl_custom_init(NULL, 1);
	unsigned runs = 0;

	for (unsigned long k = 0; runs < 300; k++) {
		predicate *p = predicates[k % 3];
		struct shrink_opts opts = {.max_calls = AFL_TRIM_CALLS};
		size_t n;
		struct rng r;

		rng_seed(&r, 17, k);
		any_case(&r, &start);
		edit_tame(&start, EDIT_KERNEL, &r);
		if (!p(&start, NULL))
			continue;
		runs++;
		small = start;
		shrink(&small, p, NULL, &opts);
		n = case_bin_encode(&start, data, sizeof(data));
		n = afl_trim(m, data, n, p);
		case_bin_take(data, n, &got);
		if (!tcase_equal(&got, &small)) {
			struct buf b = {0};

			tcase_print(&small, NULL, &b);
			fprintf(stderr, "shrink:\n%s", buf_str(&b));
			buf_fini(&b);
			fail_case("trimming ends elsewhere", &got, k);
		}
	}
	afl_custom_deinit(m);
}

/* Of several cases those go that are not needed, wherever they are. */
static void trims_batches(void **state)
{
	static struct tcase tc, small, got;
	static uint8_t data[2 * CASE_BIN_MAX];
	void *m = afl_custom_init(NULL, 1);
	unsigned runs = 0;

	for (unsigned long k = 0; runs < 60; k++) {
		struct shrink_opts opts = {.max_calls = AFL_TRIM_CALLS};
		unsigned others = 1 + k % 4, place = (unsigned)(k % (others + 1)), after = 0;
		size_t n = 0;
		struct rng r;

		rng_seed(&r, 18, k);
		any_case(&r, &small);
		if (!bypass(&small, NULL))
			continue;
		for (unsigned i = 0; i <= others; i++) {
			if (i == place) {
				n += case_bin_encode(&small, data + n, sizeof(data) - n);
				continue;
			}
			do {
				gen_case(&gen, rng_u32(&r), &tc);
			} while (bypass(&tc, NULL));
			n += case_bin_encode(&tc, data + n, sizeof(data) - n);
			after++;
		}
		runs++;
		shrink(&small, bypass, NULL, &opts);
		n = afl_trim(m, data, n, bypass);
		assert_int_equal(case_bin_take(data, n, &got), n);
		assert_true(tcase_equal(&got, &small));
		assert_int_equal(after, others);
	}
	afl_custom_deinit(m);
}

static void afl_fuzzes(void **state)
{
	static const char *const modes[] = {"kernel", "oracle", "text"};
	static struct tcase tc;
	uint8_t in[1000], add[1000], *out;

	for (unsigned i = 0; i < 3; i++) {
		void *m, *twin;

		setenv("HOOKDIFF_MUTATE", modes[i], 1);
		m = afl_custom_init(NULL, 7);
		twin = afl_custom_init(NULL, 7);
		assert_true(strlen(afl_custom_describe(m, 100)) > 0);
		for (unsigned k = 0; k < 20000; k++) {
			size_t n, max = 40 + k % 960, size, add_size;
			uint8_t *same;

			gen_case(&gen, k, &tc);
			size = case_bin_encode(&tc, in, sizeof(in));
			gen_case(&gen, k + 1, &tc);
			add_size = case_bin_encode(&tc, add, sizeof(add));
			n = afl_custom_fuzz(m, in, size, &out, k % 3 ? add : NULL, k % 3 ? add_size : 0, max);
			assert_true(n <= max && (n || i == 2));
			assert_int_equal(n, afl_custom_fuzz(twin, in, size, &same, k % 3 ? add : NULL,
							    k % 3 ? add_size : 0, max));
			assert_memory_equal(out, same, n);
			if (i < 2 && n > CASE_BIN_MIN)
				check_batch(out, n, i ? EDIT_ORACLE : EDIT_KERNEL, k);
		}
		afl_custom_deinit(m);
		afl_custom_deinit(twin);
	}
	unsetenv("HOOKDIFF_MUTATE");
}

/* A text is trimmed to the text of its smallest case. */
static void trims_text(void **state)
{
	static const char text[] = "# a title\ncgroup a { setsockopt multi: optlen = -1; return 1 }\n"
				   "s = socket(AF_INET, SOCK_STREAM) in a\n"
				   "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) = 0\n"
				   "getsockopt(s, SOL_IP, IP_TOS, buf 4, optlen 4)\n";
	uint8_t *cand = NULL;
	int32_t at = 0, end;
	size_t n = 0;
	void *m;

	setenv("HOOKDIFF_MUTATE", "text", 1);
	m = afl_custom_init(NULL, 7);
	unsetenv("HOOKDIFF_MUTATE");
	end = afl_custom_init_trim(m, (uint8_t *)text, strlen(text));
	assert_true(end > 0);
	while (at < end) {
		n = afl_custom_trim(m, &cand);
		at = afl_custom_post_trim(m, 1);
	}
	assert_true(n > 0 && n < 30);
	assert_int_equal(afl_custom_init_trim(m, (uint8_t *)"no case", 7), 0);
	afl_custom_deinit(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_edit),
		cmocka_unit_test(unlocked_edits),
		cmocka_unit_test(environment_unlocks_no_host),
		cmocka_unit_test(whole_edits),
		cmocka_unit_test(batches),
		cmocka_unit_test(repairs),
		cmocka_unit_test(batches_of),
		cmocka_unit_test(texts),
		cmocka_unit_test(trims),
		cmocka_unit_test(trims_batches),
		cmocka_unit_test(trims_text),
		cmocka_unit_test(afl_fuzzes),
		cmocka_unit_test(speed),
	};

	return cmocka_run_group_tests(tests, open_corpus, close_corpus);
}
