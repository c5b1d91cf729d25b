/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/files.h"
#include "../wire/json_in.h"

#define FORMAT 1

const char *const bisect_verdict_names[BISECT_VERDICTS] = {
	[BISECT_UNTESTED] = "untested", [BISECT_GOOD] = "good", [BISECT_BAD] = "bad", [BISECT_SKIP] = "skip"};

/* Every text of a question: one row serves reading, writing and comparing. */
#define TEXT(f)                                                                                              \
	{                                                                                                    \
#f, offsetof(struct bisect_question, f), sizeof(((struct bisect_question *)0)->f)            \
	}
static const struct {
	const char *key;
	size_t at, size;
} texts[] = {TEXT(mode), TEXT(good),	TEXT(bad),     TEXT(judge),
	     TEXT(what), TEXT(content), TEXT(profile), TEXT(way)};

#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void put_text(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "\"%s\":", key);
	json_put_text(b, value);
	buf_puts(b, ",");
}

static void put_point(struct buf *b, const struct bisect_point *p)
{
	buf_puts(b, "{");
	put_text(b, "name", p->name);
	put_text(b, "verdict", bisect_verdict_names[p->answer.verdict]);
	put_text(b, "why", p->why);
	put_text(b, "release", p->release);
	put_text(b, "version", p->version);
	put_text(b, "evidence", p->evidence);
	buf_printf(b, "\"runs\":%u,\"failed\":%u,\"silent\":%u,\"tests\":%u,\"ms\":%.0f}", p->answer.runs,
		   p->answer.failed, p->answer.silent, p->tests, p->seconds * 1000);
}

int state_write(const struct bisect_state *s, const char *path)
{
	struct buf b = {0};
	int ret;

	buf_printf(&b, "{\"type\":\"bisect\",\"format\":%d,\n\"question\":{", FORMAT);
	for (size_t i = 0; i < N_TEXTS; i++)
		put_text(&b, texts[i].key, (const char *)&s->question + texts[i].at);
	buf_printf(&b, "\"runs\":%u},\n", s->question.runs);
	put_text(&b, "profile", s->profile);
	put_text(&b, "good_feature", s->good_feature);
	buf_printf(&b, "\"tests\":%u,\"skips\":%u,\"ms\":%.0f,\n\"points\":[", s->tests, s->skips,
		   s->seconds * 1000);
	for (unsigned i = 0; i < s->n; i++) {
		buf_puts(&b, i ? ",\n" : "\n");
		put_point(&b, &s->point[i]);
	}
	buf_puts(&b, "\n]}");
	ret = b.failed ? -ENOMEM : file_write(path, buf_str(&b), b.n);
	buf_fini(&b);
	return ret;
}

static bool get_count(const struct jin *in, struct json_object *o, const char *key, unsigned *value)
{
	int64_t v;

	if (!jin_int(in, o, key, 0, 1000000000, &v))
		return false;
	*value = (unsigned)v;
	return true;
}

static bool get_seconds(const struct jin *in, struct json_object *o, double *value)
{
	int64_t v;

	if (!jin_int(in, o, "ms", 0, 1ll << 52, &v))
		return false;
	*value = (double)v / 1000;
	return true;
}

static bool get_question(const struct jin *root, struct json_object *o, struct bisect_question *q)
{
	struct jin in = {.up = root, .key = "question"};
	struct json_object *m;

	if (!jin_object(root, o, "question", &m))
		return false;
	for (size_t i = 0; i < N_TEXTS; i++)
		if (!jin_text(&in, m, texts[i].key, (char *)q + texts[i].at, texts[i].size))
			return false;
	return get_count(&in, m, "runs", &q->runs);
}

static bool get_point(const struct jin *in, struct json_object *o, struct bisect_point *p)
{
	struct bisect_answer *a = &p->answer;
	unsigned verdict;
	bool fits = false;

	if (!jin_text(in, o, "name", p->name, sizeof(p->name)) ||
	    !jin_word(in, o, "verdict", bisect_verdict_names, BISECT_VERDICTS, &verdict) ||
	    !jin_text(in, o, "why", p->why, sizeof(p->why)) ||
	    !jin_text(in, o, "release", p->release, sizeof(p->release)) ||
	    !jin_text(in, o, "version", p->version, sizeof(p->version)) ||
	    !jin_text(in, o, "evidence", p->evidence, sizeof(p->evidence)) ||
	    !get_count(in, o, "runs", &a->runs) || !get_count(in, o, "failed", &a->failed) ||
	    !get_count(in, o, "silent", &a->silent) || !get_count(in, o, "tests", &p->tests) ||
	    !get_seconds(in, o, &p->seconds))
		return false;
	a->verdict = (enum bisect_verdict)verdict;
	switch (a->verdict) {
	case BISECT_UNTESTED:
	case BISECT_SKIP:
		fits = !a->runs && !a->failed;
		break;
	case BISECT_GOOD:
		fits = a->runs && !a->failed;
		break;
	case BISECT_BAD:
		fits = a->failed && a->failed <= a->runs;
		break;
	case BISECT_VERDICTS:
		break;
	}
	return fits || jin_refuse(in, "the verdict does not fit the runs");
}

static bool get_state(const struct jin *root, struct json_object *o, struct bisect_state *s)
{
	static const char *const types[] = {"bisect"};
	struct json_object *points;
	unsigned word;
	int64_t format;

	if (!jin_word(root, o, "type", types, 1, &word) ||
	    !jin_int(root, o, "format", FORMAT, FORMAT, &format) || !get_question(root, o, &s->question) ||
	    !jin_text(root, o, "profile", s->profile, sizeof(s->profile)) ||
	    !jin_text(root, o, "good_feature", s->good_feature, sizeof(s->good_feature)) ||
	    !get_count(root, o, "tests", &s->tests) || !get_count(root, o, "skips", &s->skips) ||
	    !get_seconds(root, o, &s->seconds))
		return false;
	s->point = calloc(BISECT_VERSIONS, sizeof(*s->point));
	if (!s->point)
		return jin_refuse(root, "out of memory");
	if (!jin_array(root, o, "points", BISECT_VERSIONS, &points, &s->n))
		return false;
	for (unsigned i = 0; i < s->n; i++) {
		struct jin list = {.up = root, .key = "points"}, at = {.up = &list, .index = i};

		if (!get_point(&at, json_object_array_get_idx(points, i), &s->point[i]))
			return false;
	}
	if (s->n < 2)
		return jin_refuse(root, "points: expected two versions at least");
	return s->question.runs || jin_refuse(root, "question.runs: expected 1 at least, found 0");
}

int state_read(struct bisect_state *s, const char *path, char *why, size_t n)
{
	struct buf text = {0};
	char err[JIN_ERR] = "";
	struct jin root = {.err = err};
	struct json_tokener *tok = NULL;
	struct json_object *o = NULL;
	int ret;

	memset(s, 0, sizeof(*s));
	ret = file_read(path, &text);
	if (ret) {
		snprintf(why, n, "%s: %s", path, strerror(-ret));
		goto out;
	}
	tok = json_tokener_new_ex(8);
	if (!tok) {
		ret = -ENOMEM;
		goto out;
	}
	o = jin_line(tok, buf_str(&text), text.n, err);
	if (!o || !get_state(&root, o, s)) {
		snprintf(why, n, "%s: %s", path, err);
		ret = -EBADMSG;
	}
out:
	json_object_put(o);
	if (tok)
		json_tokener_free(tok);
	buf_fini(&text);
	return ret;
}

const char *state_differs(const struct bisect_question *want, const struct bisect_question *found,
			  char want_text[80], char found_text[80])
{
	for (size_t i = 0; i < N_TEXTS; i++) {
		const char *a = (const char *)want + texts[i].at, *b = (const char *)found + texts[i].at;

		if (!strcmp(a, b))
			continue;
		snprintf(want_text, 80, "%s", a);
		snprintf(found_text, 80, "%s", b);
		return texts[i].key;
	}
	if (want->runs == found->runs)
		return NULL;
	snprintf(want_text, 80, "%u", want->runs);
	snprintf(found_text, 80, "%u", found->runs);
	return "runs";
}

unsigned state_retry(struct bisect_state *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		if (s->point[i].answer.verdict == BISECT_SKIP) {
			s->point[i].answer = (struct bisect_answer){0};
			n++;
		}
	return n;
}

void state_fini(struct bisect_state *s)
{
	free(s->point);
	memset(s, 0, sizeof(*s));
}
