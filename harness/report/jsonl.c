/* SPDX-License-Identifier: MIT */
#include "jsonl.h"

#include <unistd.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../oracle/clauses.h"
#include "../case/options.h"
#include "summary.h"
#include "text.h"
#include "view.h"
#include "waivers.h"

#define HEX_MAX 256 /* bytes of one optval in a record */

struct jsonl {
	FILE *f;
	int err;
};

static struct jsonl *wrap(FILE *f)
{
	struct jsonl *j = f ? calloc(1, sizeof(*j)) : NULL;
	int err = f ? ENOMEM : errno;

	if (j) {
		j->f = f;
		return j;
	}
	if (f)
		fclose(f);
	errno = err;
	return NULL;
}

struct jsonl *jsonl_open(const char *path)
{
	return wrap(fopen(path, "we"));
}

struct jsonl *jsonl_stdout(void)
{
	int fd = dup(STDOUT_FILENO);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f && fd >= 0)
		close(fd);
	return wrap(f);
}

int jsonl_close(struct jsonl *j)
{
	int err;

	if (!j)
		return 0;
	err = j->err;
	if (fclose(j->f) && !err)
		err = -errno;
	free(j);
	return err;
}

/* Writes and frees the record. */
static int put(struct jsonl *j, struct json_object *record)
{
	const char *line = json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN |
									  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!j->err && !line)
		j->err = -ENOMEM;
	if (!j->err && (fprintf(j->f, "%s\n", line) < 0 || fflush(j->f)))
		j->err = errno ? -errno : -EIO;
	json_object_put(record);
	return j->err;
}

static void add_text(struct json_object *o, const char *key, const char *s)
{
	struct buf safe = {0};

	if (!s)
		return;
	text_safe(&safe, s, strlen(s));
	json_object_object_add(o, key, json_object_new_string(buf_str(&safe)));
	buf_fini(&safe);
}

static void add_int(struct json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

static void add_bytes(struct json_object *o, const char *key, const struct buf *hex)
{
	json_object_object_add(o, key, json_object_new_string(buf_str(hex)));
}

int jsonl_run(struct jsonl *j, const struct report_run *run)
{
	struct json_object *o = json_object_new_object(), *argv = json_object_new_array();
	char text[32];
	time_t start = (time_t)run->start;
	struct tm tm;

	add_text(o, "type", "run");
	add_text(o, "command", run->command);
	add_text(o, "version", run->version);
	add_text(o, "kernel", run->kernel);
	add_text(o, "uname_version", run->uname_version);
	add_text(o, "arch", run->arch);
	add_text(o, "profile", run->profile);
	add_int(o, "page_size", run->page_size);
	if (run->seed_given) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)run->seed);
		add_text(o, "seed", text);
	}
	if (gmtime_r(&start, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		add_text(o, "start", text);
	for (int i = 0; i < run->argc; i++) {
		struct buf safe = {0};

		text_safe(&safe, run->argv[i], strlen(run->argv[i]));
		json_object_array_add(argv, json_object_new_string(buf_str(&safe)));
		buf_fini(&safe);
	}
	json_object_object_add(o, "argv", argv);
	return put(j, o);
}

static void hex_byte(struct buf *hex, int byte)
{
	if (byte < 0)
		buf_puts(hex, "..");
	else
		buf_printf(hex, "%02x", (unsigned)byte);
}

/* Where a record's optval begins, so that the byte at issue is in it. */
static uint32_t hex_from(const struct diff *d, enum diff_field field)
{
	return d->field == field && d->offset >= HEX_MAX ? d->offset - HEX_MAX / 2 : 0;
}

static uint32_t hex_to(uint32_t from, uint32_t size)
{
	return size - from > HEX_MAX ? from + HEX_MAX : size;
}

/* One program's view: bytes come through `at`, so that want and got are written by the same lines. */
static struct json_object *seen_object(unsigned id, const struct want_seen *s, const struct hd_trace *t,
				       uint32_t from)
{
	struct json_object *o = json_object_new_object();
	struct buf text = {0};
	unsigned any = s ? s->any : 0;
	uint32_t size = s ? s->size : t->size, held = !s && size > HD_WINDOW ? HD_WINDOW : size;

	view_program(&text, id);
	add_text(o, "program", buf_str(&text));
	buf_reset(&text);
	if (any & SEEN_ANY_ARGS) {
		json_object_object_add(o, "level", NULL);
		json_object_object_add(o, "optname", NULL);
	} else {
		add_int(o, "level", s ? s->level : t->level);
		add_int(o, "optname", s ? s->optname : t->optname);
	}
	if (any & SEEN_ANY_OPTLEN)
		json_object_object_add(o, "optlen", NULL);
	else
		add_int(o, "optlen", s ? s->optlen : t->optlen);
	if (any & SEEN_ANY_RETVAL)
		json_object_object_add(o, "retval", NULL);
	else
		add_int(o, "retval", s ? s->retval : t->retval);
	if (any & SEEN_ANY_SIZE)
		json_object_object_add(o, "size", NULL);
	else
		add_int(o, "size", size);
	if (from > held)
		from = held;
	for (uint32_t i = from; i < hex_to(from, held); i++)
		hex_byte(&text, s ? view_want_seen(s, i) : t->bytes[i]);
	if (from)
		add_int(o, "optval_from", from);
	add_bytes(o, "optval", &text);
	buf_fini(&text);
	return o;
}

static struct json_object *want_object(const struct report_case *rc, const struct tc_call *c)
{
	const struct want *w = rc->want;
	struct json_object *o = json_object_new_object(), *programs = json_object_new_array();
	uint32_t size = view_mem_size(c), from = hex_from(rc->diff, DIFF_MEM);
	struct buf hex = {0};

	if (w->any & ANY_RET)
		json_object_object_add(o, "ret", NULL);
	else
		add_int(o, "ret", w->ret);
	if (tc_call_has_len(c)) {
		if (w->any & ANY_OPTLEN)
			json_object_object_add(o, "optlen", NULL);
		else
			add_int(o, "optlen", w->optlen);
	}
	for (uint32_t i = from; size && i < hex_to(from, size); i++)
		hex_byte(&hex, view_want_mem(c, w, i));
	if (from)
		add_int(o, "optval_from", from);
	add_bytes(o, "optval", &hex);
	buf_fini(&hex);
	for (unsigned k = 0; k < w->n_seen; k++)
		json_object_array_add(programs, seen_object(w->seen[k].id, &w->seen[k], NULL,
							    hex_from(rc->diff, DIFF_SEEN_BYTES)));
	json_object_object_add(o, "programs", programs);
	return o;
}

static struct json_object *got_object(const struct report_case *rc, const struct tc_call *c)
{
	const struct outcome *got = rc->got;
	struct json_object *o = json_object_new_object(), *programs = json_object_new_array();
	uint32_t size = view_mem_size(c), from = hex_from(rc->diff, DIFF_MEM);
	struct buf hex = {0};

	add_int(o, "ret", got->ret);
	if (tc_call_has_len(c))
		add_int(o, "optlen", got->optlen);
	for (uint32_t i = from; size && i < hex_to(from, size); i++)
		hex_byte(&hex, got->mem[i]);
	if (from)
		add_int(o, "optval_from", from);
	add_bytes(o, "optval", &hex);
	buf_fini(&hex);
	add_int(o, "runs", got->runs);
	for (unsigned k = 0; k < got->runs && k < HD_ORDER; k++) {
		if (got->order[k] / HD_PROGS == c->hook)
			json_object_array_add(programs, seen_object(got->order[k] % HD_PROGS, NULL,
								    &got->trace[got->order[k] % HD_PROGS],
								    hex_from(rc->diff, DIFF_SEEN_BYTES)));
	}
	json_object_object_add(o, "programs", programs);
	return o;
}

static struct json_object *behaves_array(const struct report_case *rc)
{
	struct json_object *rows = json_object_new_array();

	for (unsigned i = 0; i < rc->n_behaves; i++) {
		struct json_object *row = json_object_new_object();

		add_text(row, "profile", rc->behaves[i].profile);
		add_text(row, "clause", clause_info(rc->behaves[i].clause)->name);
		json_object_array_add(rows, row);
	}
	return rows;
}

static void add_difference(struct json_object *o, const struct report_case *rc)
{
	const struct tc_call *c = view_call(rc);
	const struct diff *d = rc->diff;
	const struct option_info *option =
		option_find(rc->tc->call[rc->call].level, rc->tc->call[rc->call].optname);

	if (d->clause != C_NONE && d->clause < C_COUNT)
		add_text(o, "clause", clause_info(d->clause)->name);
	add_text(o, "hook", view_hook(rc->tc->call[rc->call].hook));
	add_text(o, "option_class", opt_kind_name(option ? option->kind : OPT_NONE));
	add_int(o, "call", rc->call);
	json_object_object_add(o, "state", json_object_new_boolean(rc->state));
	add_text(o, "field", diff_field_name(d->field));
	if (d->program >= 0)
		add_int(o, "program", d->program);
	if (d->field == DIFF_MEM || d->field == DIFF_SEEN_BYTES || d->field == DIFF_EXPECT)
		add_int(o, "offset", d->offset);
	add_int(o, "want_value", d->want);
	add_int(o, "got_value", d->got);
	if (c) {
		json_object_object_add(o, "want", want_object(rc, c));
		json_object_object_add(o, "got", got_object(rc, c));
	}
	add_int(o, "reruns", rc->reruns);
	add_int(o, "failed", rc->failed);
	if (rc->rule)
		add_text(o, "rule", clause_info(rc->rule)->name);
	if (rc->behaves_known)
		json_object_object_add(o, "behaves_like", behaves_array(rc));
	add_text(o, "reproduce", rc->reproduce);
}

static void add_step(struct json_object *o, const struct report_case *rc)
{
	struct json_object *step = json_object_new_object();

	add_int(step, "number", rc->step->number);
	add_text(step, "text", rc->step->text);
	if (rc->step->clause)
		add_text(step, "clause", clause_info(rc->step->clause)->name);
	add_text(step, "field", rc->step->field);
	add_text(step, "want", rc->step->want);
	add_text(step, "got", rc->step->got);
	json_object_object_add(o, "step", step);
	add_int(o, "reruns", rc->reruns);
	add_int(o, "failed", rc->failed);
	add_text(o, "reproduce", rc->reproduce);
}

/* A text's words, as an array of strings. */
static void add_words(struct json_object *o, const char *key, const char *s)
{
	struct json_object *words;
	struct buf safe = {0};

	if (!s || !s[strspn(s, " ")])
		return;
	words = json_object_new_array();
	for (size_t n; *(s += strspn(s, " ")); s += n) {
		n = strcspn(s, " ");
		buf_reset(&safe);
		text_safe(&safe, s, n);
		json_object_array_add(words, json_object_new_string(buf_str(&safe)));
	}
	json_object_object_add(o, key, words);
	buf_fini(&safe);
}

int jsonl_case(struct jsonl *j, const struct report_case *rc)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "type", "case");
	add_text(o, "verdict", rc->verdict);
	add_text(o, "kernel", rc->kernel);
	if (rc->path)
		add_text(o, "path", rc->path);
	else
		json_object_object_add(o, "index", json_object_new_uint64(rc->index));
	add_text(o, "why", rc->why);
	add_words(o, "clauses", rc->clauses);
	if (rc->diff)
		add_difference(o, rc);
	if (rc->step)
		add_step(o, rc);
	add_text(o, "case", rc->text);
	return put(j, o);
}

static struct json_object *hook_object(const uint64_t n[HOOK_COUNT])
{
	struct json_object *o = json_object_new_object();

	for (unsigned h = 0; h < HOOK_COUNT; h++)
		add_int(o, view_hook(h), (int64_t)n[h]);
	return o;
}

static struct json_object *waiver_array(const struct waivers *w)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < w->n; i++) {
		const struct waiver *x = &w->row[i];
		struct json_object *row = json_object_new_object();

		add_int(row, "line", x->line);
		add_text(row, "clause", clause_info(x->clause)->name);
		if (x->hook != HOOK_COUNT)
			add_text(row, "hook", view_hook((unsigned)x->hook));
		add_text(row, "kernels", x->kernel);
		add_text(row, "reason", x->reason);
		add_text(row, "link", x->link);
		add_text(row, "owner", x->owner);
		if (x->expiry)
			add_int(row, "expiry", x->expiry);
		add_int(row, "used", (int64_t)x->used);
		json_object_array_add(rows, row);
	}
	return rows;
}

int jsonl_splat(struct jsonl *j, const char *kernel, const char *text, const char *running)
{
	struct json_object *o = json_object_new_object();
	struct buf title = {0};

	buf_add(&title, text, strcspn(text, "\n"));
	add_text(o, "type", "splat");
	add_text(o, "kernel", kernel);
	add_text(o, "title", buf_str(&title));
	add_text(o, "text", text);
	add_text(o, "running", running);
	buf_fini(&title);
	return put(j, o);
}

int jsonl_summary(struct jsonl *j, const struct report_totals *t, const struct clause_stat *stat,
		  const struct control_counts *controls)
{
	struct json_object *o = json_object_new_object(), *clauses = json_object_new_object();
	struct json_object *control = json_object_new_object();

	add_text(o, "type", "summary");
	add_text(o, "verdict", summary_verdict(t, controls));
	add_int(o, "exit", summary_exit(t, controls));
	add_int(o, "cases", (int64_t)t->cases);
	add_int(o, "calls", (int64_t)t->calls);
	add_int(o, "pass", (int64_t)t->pass);
	add_int(o, "fail", (int64_t)t->fail);
	add_int(o, "waived", (int64_t)t->waived);
	add_int(o, "skipped", (int64_t)t->skipped);
	add_int(o, "inconclusive", (int64_t)t->inconclusive);
	add_int(o, "error", (int64_t)t->error);
	add_int(o, "findings", (int64_t)t->findings);
	add_int(o, "splats", (int64_t)t->splats);
	add_int(o, "silent", (int64_t)t->silent);
	json_object_object_add(o, "seconds", json_object_new_double(t->seconds));
	json_object_object_add(control, "ran_ok", hook_object(controls->ran_ok));
	json_object_object_add(control, "ran_bad", hook_object(controls->ran_bad));
	json_object_object_add(control, "silent_ok", hook_object(controls->silent_ok));
	json_object_object_add(control, "silent_bad", hook_object(controls->silent_bad));
	json_object_object_add(o, "controls", control);
	for (unsigned c = 1; c < C_COUNT; c++) {
		struct json_object *row;

		if (!stat[c].hit && !stat[c].fail && !stat[c].waived && !stat[c].inconclusive)
			continue;
		row = json_object_new_object();
		add_int(row, "calls", (int64_t)stat[c].hit);
		add_int(row, "fail", (int64_t)stat[c].fail);
		add_int(row, "waived", (int64_t)stat[c].waived);
		add_int(row, "silent", (int64_t)stat[c].silent);
		add_int(row, "inconclusive", (int64_t)stat[c].inconclusive);
		json_object_object_add(clauses, clause_info(c)->name, row);
	}
	json_object_object_add(o, "clauses", clauses);
	if (t->waivers && t->waivers->n)
		json_object_object_add(o, "waivers", waiver_array(t->waivers));
	return put(j, o);
}

int jsonl_append_file(struct jsonl *j, const char *path)
{
	char bytes[16384];
	FILE *f;
	size_t n;

	if (j->err)
		return j->err;
	f = fopen(path, "re");
	if (!f)
		return j->err = -errno;
	while (!j->err && (n = fread(bytes, 1, sizeof(bytes), f)))
		if (fwrite(bytes, 1, n, j->f) != n)
			j->err = errno ? -errno : -EIO;
	if (!j->err && (ferror(f) || fflush(j->f)))
		j->err = errno ? -errno : -EIO;
	fclose(f);
	return j->err;
}
