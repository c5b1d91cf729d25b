/* SPDX-License-Identifier: MIT */
#include "afl.h"

#include <stdlib.h>
#include <string.h>

#include "../case/case_bin.h"
#include "../case/case_text.h"
#include "batch.h"
#include "shrink.h"
#include "text_edit.h"

/* An input that is trimmed, one question at a time. */
struct trim {
	uint8_t *cur, *cand; /* room for max bytes each */
	size_t n, cand_n, max;
	unsigned calls;
	bool dropping; /* whole cases, from the last on; then each is shrunk, from the first on */
	unsigned i;    /* the case that it is about; when dropping, it and those before it are left to try */
	struct shrinker *sh; /* of case i, or NULL */
};

struct mutator {
	struct rng r;
	bool text;
	enum edit_for where;
	uint8_t *out; /* room for cap bytes */
	size_t cap;
	struct trim t;
};

void *afl_custom_init(void *afl, unsigned seed)
{
	struct mutator *m = calloc(1, sizeof(*m));
	const char *what = getenv("HOOKDIFF_MUTATE"), *cases = getenv("HOOKDIFF_BATCH");

	if (!m)
		return NULL;
	if (cases)
		batch_cases((unsigned)strtoul(cases, NULL, 10));
	rng_seed(&m->r, seed, 0);
	m->where = what && !strcmp(what, "oracle") ? EDIT_ORACLE : EDIT_KERNEL;
	m->text = what && !strcmp(what, "text");
	return m;
}

static void trim_end(struct trim *t)
{
	shrink_close(t->sh);
	free(t->cur);
	free(t->cand);
	memset(t, 0, sizeof(*t));
}

void afl_custom_deinit(void *data)
{
	struct mutator *m = data;

	trim_end(&m->t);
	free(m->out);
	free(m);
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size)
{
	struct mutator *m = data;
	bool cross = add && add_size && rng_chance(&m->r, 1, 5);

	if (m->cap < max_size) {
		free(m->out);
		m->out = malloc(max_size);
		m->cap = m->out ? max_size : 0;
	}
	*out = m->out;
	if (!m->out)
		return 0;
	size = size < max_size ? size : max_size;
	if (cross && m->text)
		return text_cross(buf, size, add, add_size, m->out, max_size, &m->r);
	if (cross)
		return batch_cross(buf, size, add, add_size, m->out, max_size, m->where, &m->r);
	memcpy(m->out, buf, size);
	if (m->text)
		return text_mutate(m->out, size, max_size, NULL, &m->r);
	return batch_mutate(m->out, size, max_size, m->where, NULL, &m->r);
}

const char *afl_custom_describe(void *data, size_t max_len)
{
	const struct mutator *m = data;

	return max_len < 16 ? "" : m->text ? "text-edit" : "case-edit";
}

/* ---- trimming ---- */

/* Where case i is in t->cur; false: there is none. The only case of a text is all of it. */
static bool span(const struct mutator *m, unsigned i, size_t *from, size_t *to, unsigned *cases)
{
	size_t end[BATCH_MAX];

	*cases = 1;
	end[0] = m->t.n;
	if (!m->text)
		*cases = batch_split(m->t.cur, m->t.n, end);
	if (i >= *cases)
		return false;
	*from = i ? end[i - 1] : 0;
	*to = end[i];
	return true;
}

/* cand is cur with other bytes in place of cur[from .. to). False: it would be longer than the input was. */
static bool candidate(struct trim *t, size_t from, size_t to, const void *bytes, size_t n)
{
	size_t behind = t->n - to;

	if (from + n + behind > t->max || from + n + behind == 0)
		return false;
	memcpy(t->cand, t->cur, from);
	if (n)
		memcpy(t->cand + from, bytes, n);
	memcpy(t->cand + from + n, t->cur + to, behind);
	t->cand_n = from + n + behind;
	return true;
}

static bool write_case(struct mutator *m, const struct tcase *tc, size_t from, size_t to)
{
	static uint8_t bytes[CASE_BIN_MAX];
	struct buf text = {0};
	bool fits;

	if (!m->text)
		return candidate(&m->t, from, to, bytes, case_bin_encode(tc, bytes, sizeof(bytes)));
	tcase_print(tc, NULL, &text);
	fits = !text.failed && candidate(&m->t, from, to, text.p, text.n);
	buf_fini(&text);
	return fits;
}

static bool open_case(struct mutator *m, size_t from, size_t to)
{
	static struct tcase tc; /* large */
	const struct shrink_opts opts = {.max_calls = AFL_TRIM_CALLS};

	if (m->text) {
		if (tcase_parse((char *)m->t.cur, m->t.n, "", &tc, NULL, NULL))
			return false;
	} else {
		case_bin_take(m->t.cur + from, to - from, &tc);
	}
	m->t.sh = shrink_open(&tc, &opts, NULL);
	return m->t.sh != NULL;
}

static bool next_shrunk(struct mutator *m)
{
	struct trim *t = &m->t;
	const struct tcase *tc;
	size_t from, to;
	unsigned cases;

	for (; span(m, t->i, &from, &to, &cases); t->i++) {
		if (!t->sh && !open_case(m, from, to))
			continue;
		while ((tc = shrink_next(t->sh))) {
			if (write_case(m, tc, from, to))
				return true;
			shrink_tell(t->sh, false); /* AFL++ takes nothing that is longer than the input */
		}
		shrink_close(t->sh);
		t->sh = NULL;
	}
	return false;
}

/* Makes the next candidate; false: there is none, or too many were asked. */
static bool next_candidate(struct mutator *m)
{
	struct trim *t = &m->t;
	size_t from, to;
	unsigned cases;

	if (t->calls >= AFL_TRIM_CALLS)
		return false;
	while (t->dropping && t->i > 0 && span(m, t->i - 1, &from, &to, &cases) && cases > 1) {
		if (candidate(t, from, to, NULL, 0))
			return true;
		t->i--;
	}
	if (t->dropping) {
		t->dropping = false;
		t->i = 0;
	}
	return next_shrunk(m);
}

int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t size)
{
	struct mutator *m = data;
	struct trim *t = &m->t;
	size_t end[BATCH_MAX];

	trim_end(t);
	t->cur = malloc(size + 1);
	t->cand = malloc(size + 1);
	if (!t->cur || !t->cand)
		return -1;
	memcpy(t->cur, buf, size);
	t->n = t->max = size;
	t->dropping = true;
	t->i = m->text ? 1 : batch_split(buf, size, end);
	if (!m->text && t->i) /* what is behind the cases counts for nothing */
		t->n = end[t->i - 1];
	return next_candidate(m) ? AFL_TRIM_CALLS : 0;
}

size_t afl_custom_trim(void *data, uint8_t **out)
{
	struct mutator *m = data;

	*out = m->t.cand;
	return m->t.cand_n;
}

int32_t afl_custom_post_trim(void *data, uint8_t success)
{
	struct mutator *m = data;
	struct trim *t = &m->t;

	t->calls++;
	if (success) {
		memcpy(t->cur, t->cand, t->cand_n);
		t->n = t->cand_n;
	}
	if (t->dropping)
		t->i--;
	else
		shrink_tell(t->sh, success);
	return next_candidate(m) ? (int32_t)t->calls : AFL_TRIM_CALLS;
}
