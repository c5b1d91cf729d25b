/* SPDX-License-Identifier: MIT */
/*
 * Operations without an answer of interest (load, end) wait for the next one that has one, so that a case
 * whose calls are known ahead is one line and its reply. Whatever comes back is read by case_json.c; what is
 * not as docs/backend.md says is one sentence in b.error, and after it nothing is asked of the process again.
 */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../case/options.h"
#include "case_json.h"
#include "child.h"
#include "line.h"
#include "server.h"

#define MAX_OPS	 (TC_MAX_CALLS + 8)
#define GRACE_MS 5000 /* that the process may take to leave */

enum op { OP_HELLO, OP_BEGIN, OP_LOAD, OP_CALL, OP_END, OP_CONTROLS, OP_CLOSE };

struct client {
	struct backend b; /* first: the two are cast into each other */
	struct child child;
	struct line_io io;
	struct json_tokener *tok;
	int timeout_ms;
	uint64_t id;
	struct buf tx, ahead; /* the line that is being put together; calls that come behind its begin */
	unsigned n_ops, n_ahead;
	struct {
		enum op op;
		const struct tc_call *call;
		bool handler;
	} op[MAX_OPS], next[TC_MAX_CALLS];
	const struct tcase *tc;	   /* of the last begin or load */
	unsigned n_results, taken; /* results of calls that the loop has not asked for yet */
	struct {
		const struct tc_call *call;
		struct call_result r;
	} result[TC_MAX_CALLS];
	struct control_counts counts;
};

static struct client *of(struct backend *b)
{
	return (struct client *)b;
}

static int fail(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The process cannot be used any more. */
static int fail(struct client *c, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(c->b.error, sizeof(c->b.error), "the backend's line %llu: %s", (unsigned long long)c->id,
		 why);
	c->b.gone = true;
	return -EIO;
}

/* Why there is no answer. */
static int no_answer(struct client *c, int got)
{
	char how[32];

	child_wait(&c->child, got == -ETIMEDOUT ? 0 : 1000);
	child_describe(&c->child, how, sizeof(how));
	if (got == -ETIMEDOUT)
		return fail(c, "expected an answer within %d s, found none (the command: %s)",
			    c->timeout_ms / 1000, how);
	if (got == -EMSGSIZE)
		return fail(c, "expected at most %u bytes, found no end of the line", LINE_LONGEST);
	if (got && got != -EPIPE)
		return fail(c, "expected an answer, found %s", strerror(-got));
	return fail(c, "expected an answer, found the end of its output (the command: %s)", how);
}

static void add_op(struct client *c, enum op op, const struct tc_call *call, bool handler)
{
	if (!c->n_ops)
		buf_printf(&c->tx, "{\"id\":%llu,\"ops\":[", (unsigned long long)++c->id);
	else
		buf_puts(&c->tx, ",");
	assert(c->n_ops < MAX_OPS);
	c->op[c->n_ops].op = op;
	c->op[c->n_ops].call = call;
	c->op[c->n_ops++].handler = handler;
}

static void put_call_op(struct buf *out, const struct tc_call *call, unsigned i, const struct plan *p)
{
	buf_printf(out, "{\"op\":\"call\",\"call\":%u", i);
	if (p && p->called) {
		buf_puts(out, ",\"handler\":");
		plan_json_put(out, call, p);
	}
	buf_puts(out, "}");
}

/* ---- replies ---- */

static bool get_controls(struct client *c, const struct jin *in, struct json_object *o)
{
	static const char *const names[HOOK_COUNT] = {[HOOK_GET] = "get", [HOOK_SET] = "set"};
	struct jin at = {.up = in, .key = "controls"};
	const int64_t most = (int64_t)1 << 53;
	struct json_object *all, *one;

	if (!jin_object(in, o, "controls", &all))
		return false;
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		struct jin hook = {.up = &at, .key = names[h]};
		int64_t ran_ok, ran_bad, silent_ok, silent_bad;

		if (!jin_object(&at, all, names[h], &one) ||
		    !jin_int(&hook, one, "ran_ok", 0, most, &ran_ok) ||
		    !jin_int(&hook, one, "ran_bad", 0, most, &ran_bad) ||
		    !jin_int(&hook, one, "silent_ok", 0, most, &silent_ok) ||
		    !jin_int(&hook, one, "silent_bad", 0, most, &silent_bad))
			return false;
		c->counts.ran_ok[h] = (uint64_t)ran_ok;
		c->counts.ran_bad[h] = (uint64_t)ran_bad;
		c->counts.silent_ok[h] = (uint64_t)silent_ok;
		c->counts.silent_bad[h] = (uint64_t)silent_bad;
	}
	return true;
}

static bool get_hello(struct client *c, const struct jin *in, struct json_object *o)
{
	struct jin at = {.up = in, .key = "page_size"};
	int64_t protocol, page;
	char name[65];

	if (!jin_int(in, o, "protocol", WIRE_PROTOCOL, WIRE_PROTOCOL, &protocol) ||
	    !jin_text(in, o, "name", name, sizeof(name)) ||
	    !jin_text(in, o, "release", c->b.release, sizeof(c->b.release)) ||
	    !jin_text(in, o, "version", c->b.version, sizeof(c->b.version)) ||
	    !jin_text(in, o, "arch", c->b.arch, sizeof(c->b.arch)) ||
	    !jin_int(in, o, "page_size", 4096, 65536, &page))
		return false;
	c->b.page_size = (uint32_t)page;
	return page & (page - 1) ? jin_fail(&at, "a power of two", json_object_object_get(o, "page_size"))
				 : true;
}

static bool get_reply(struct client *c, const struct jin *in, struct json_object *o, unsigned i)
{
	bool is_new;

	switch (c->op[i].op) {
	case OP_HELLO:
		return get_hello(c, in, o);
	case OP_BEGIN:
		if (!jin_bool(in, o, "new", &is_new))
			return false;
		c->b.births += is_new;
		return true;
	case OP_CALL:
		c->result[c->n_results].call = c->op[i].call;
		return result_json_get(in, o, c->op[i].call, c->op[i].handler, c->b.page_size,
				       &c->result[c->n_results++].r);
	case OP_CONTROLS:
	case OP_CLOSE:
		return get_controls(c, in, o);
	case OP_LOAD:
	case OP_END:
		break;
	}
	return true;
}

/* The words of a reply that says skip or error. 0 if it says neither. */
static int refusal(struct client *c, const struct jin *in, struct json_object *o)
{
	if (jin_has(o, "skip"))
		return jin_text(in, o, "skip", c->b.error, sizeof(c->b.error)) ? -EOPNOTSUPP : -EBADMSG;
	if (jin_has(o, "error"))
		return jin_text(in, o, "error", c->b.error, sizeof(c->b.error)) ? -EIO : -EBADMSG;
	return 0;
}

static int get_replies(struct client *c, const struct jin *root, struct json_object *o)
{
	struct jin replies = {.up = root, .key = "replies"};
	struct json_object *list;
	int64_t id;
	unsigned n;

	if (jin_has(o, "error")) {
		char why[128];

		if (!jin_text(root, o, "error", why, sizeof(why)))
			return -EBADMSG;
		snprintf(root->err, JIN_ERR, "it refused ours: %s", why);
		return -EBADMSG;
	}
	if (!jin_int(root, o, "id", (int64_t)c->id, (int64_t)c->id, &id) ||
	    !jin_array(root, o, "replies", c->n_ops, &list, &n))
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++) {
		struct jin el = {.up = &replies, .index = i};
		struct json_object *reply = json_object_array_get_idx(list, i);
		int err = refusal(c, &el, reply);

		if (err == -EOPNOTSUPP && c->op[i].op != OP_BEGIN && c->op[i].op != OP_HELLO) {
			jin_refuse(&el, "expected skip only as the answer to hello or begin");
			err = -EBADMSG;
		}
		if (err)
			return err;
		if (!get_reply(c, &el, reply, i))
			return -EBADMSG;
	}
	if (n == c->n_ops)
		return 0;
	snprintf(root->err, JIN_ERR, "replies: expected %u, found %u", c->n_ops, n);
	return -EBADMSG;
}

/* Sends the line and reads its answer. 0, -EOPNOTSUPP (skip), or another -errno; the words are in b.error. */
static int ask(struct client *c)
{
	char err[JIN_ERR] = "";
	struct jin root = {.err = err};
	struct json_object *o;
	const char *line = NULL;
	size_t n = 0;
	int got;

	if (!c->n_ops || c->b.gone)
		return c->b.gone ? -EIO : 0;
	buf_puts(&c->tx, "]}\n");
	got = line_write(&c->io, c->timeout_ms, &c->tx);
	if (!got)
		got = line_read(&c->io, c->timeout_ms, &line, &n);
	c->n_results = c->taken = 0;
	if (got != 1) {
		got = no_answer(c, got);
	} else {
		o = jin_line(c->tok, line, n, err);
		got = o ? get_replies(c, &root, o) : -EBADMSG;
		json_object_put(o);
		if (got == -EBADMSG)
			got = fail(c, "%s", err);
	}
	c->n_ops = 0;
	buf_reset(&c->tx);
	return got;
}

/* ---- struct backend_ops ---- */

static void w_ahead(struct backend *b, const struct tcase *tc, unsigned call, const struct plan *p)
{
	struct client *c = of(b);

	if (!call) {
		c->n_ahead = 0;
		buf_reset(&c->ahead);
	}
	buf_puts(&c->ahead, ",");
	put_call_op(&c->ahead, &tc->call[call], call, p);
	c->next[c->n_ahead].op = OP_CALL;
	c->next[c->n_ahead].call = &tc->call[call];
	c->next[c->n_ahead++].handler = p->called;
}

static int w_begin(struct backend *b, const struct tcase *tc, bool fresh)
{
	struct client *c = of(b);
	unsigned n_ahead = c->n_ahead;

	c->n_ahead = 0;
	if (c->b.gone)
		return -EIO;
	b->failed = false;
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].meanwhile) {
			snprintf(b->error, sizeof(b->error),
				 "the protocol has no words for what another thread does during a call");
			return -EOPNOTSUPP;
		}
	c->tc = tc;
	add_op(c, OP_BEGIN, NULL, false);
	buf_printf(&c->tx, "{\"op\":\"begin\",\"fresh\":%s,\"case\":", fresh ? "true" : "false");
	case_json_put(&c->tx, tc);
	buf_puts(&c->tx, "}");
	if (n_ahead)
		buf_add(&c->tx, c->ahead.p, c->ahead.n);
	for (unsigned i = 0; i < n_ahead; i++)
		c->op[c->n_ops++] = c->next[i];
	return ask(c);
}

static void w_load(struct backend *b, const struct tcase *tc)
{
	struct client *c = of(b);

	c->tc = tc;
	add_op(c, OP_LOAD, NULL, false);
	buf_puts(&c->tx, "{\"op\":\"load\",\"case\":");
	case_json_put(&c->tx, tc);
	buf_puts(&c->tx, "}");
}

/* The result of the call: it came with the begin, or is asked for now, with the twin's if there is a plan. */
static struct call_result *result_of(struct client *c, const struct tc_call *call, const struct plan *p)
{
	if (c->taken < c->n_results && c->result[c->taken].call == call &&
	    (!p || c->result[c->taken].r.has_handler))
		return &c->result[c->taken].r;
	add_op(c, OP_CALL, call, p != NULL);
	put_call_op(&c->tx, call, (unsigned)(call - c->tc->call), p);
	if (c->b.failed || ask(c) || !c->n_results) {
		c->b.failed = true; /* what follows is never compared, but it must be readable */
		c->n_ops = 0;
		buf_reset(&c->tx);
		c->n_results = 1;
		c->taken = 0;
		memset(&c->result[0], 0, sizeof(c->result[0]));
		c->result[0].call = call;
		c->result[0].r.has_handler = true;
		c->result[0].r.hr.mem = c->result[0].r.twin;
		c->result[0].r.got = (struct outcome){.mem = c->result[0].r.hooked,
						      .order = c->result[0].r.order,
						      .trace = c->result[0].r.trace};
	}
	return &c->result[0].r;
}

static void w_handler(struct backend *b, const struct tc_call *call, const struct plan *p,
		      struct handler_result *hr)
{
	const struct option_info *opt = option_find(p->level, p->optname);

	*hr = result_of(of(b), call, p)->hr;
	hr->is_volatile = call->hook == HOOK_GET && opt && opt->is_volatile;
}

static void w_call(struct backend *b, const struct tc_call *call, struct outcome *got)
{
	struct client *c = of(b);

	*got = result_of(c, call, NULL)->got;
	c->taken++;
}

static void w_end(struct backend *b, bool irregular)
{
	struct client *c = of(b);

	c->n_results = c->taken = 0;
	if (c->b.gone)
		return;
	add_op(c, OP_END, NULL, false);
	buf_printf(&c->tx, "{\"op\":\"end\",\"irregular\":%s}", irregular ? "true" : "false");
}

static const struct control_counts *w_controls(const struct backend *b)
{
	struct client *c = of((struct backend *)b);

	if (!c->b.gone) {
		add_op(c, OP_CONTROLS, NULL, false);
		buf_puts(&c->tx, "{\"op\":\"controls\"}");
		ask(c);
	}
	return &c->counts;
}

static void w_close(struct backend *b, struct control_counts *final)
{
	struct client *c = of(b);

	if (!c->b.gone) {
		memset(&c->counts, 0, sizeof(c->counts));
		add_op(c, OP_CLOSE, NULL, false);
		buf_puts(&c->tx, "{\"op\":\"close\"}");
		if (ask(c)) {
			fprintf(stderr, "hookdiff: %s\n", b->error);
			memset(&c->counts, 0, sizeof(c->counts));
		}
	} else {
		memset(&c->counts, 0, sizeof(c->counts)); /* nothing proves what an unknown process did */
	}
	if (final)
		*final = c->counts;
	child_close(&c->child, c->b.gone ? 0 : GRACE_MS);
	json_tokener_free(c->tok);
	line_fini(&c->io);
	buf_fini(&c->tx);
	buf_fini(&c->ahead);
	free(c);
}

static const struct backend_ops wire_ops = {
	.name = "wire",
	.ahead = w_ahead,
	.begin = w_begin,
	.load = w_load,
	.handler = w_handler,
	.call = w_call,
	.end = w_end,
	.controls = w_controls,
	.close = w_close,
};

static int hello(struct client *c, unsigned reuse)
{
	add_op(c, OP_HELLO, NULL, false);
	buf_printf(&c->tx, "{\"op\":\"hello\",\"protocols\":[%d]", WIRE_PROTOCOL);
	if (reuse)
		buf_printf(&c->tx, ",\"reuse\":%u", reuse);
	buf_puts(&c->tx, "}");
	return ask(c);
}

struct backend *wire_open(const struct wire_opts *opts, char *err, size_t size)
{
	struct client *c = calloc(1, sizeof(*c));
	int ret;

	if (c)
		c->tok = json_tokener_new();
	if (!c || !c->tok) {
		free(c);
		snprintf(err, size, "out of memory");
		return NULL;
	}
	c->b.ops = &wire_ops;
	c->b.command = opts->command;
	c->timeout_ms = (int)(opts->timeout < 1000000 ? opts->timeout : 1000000) * 1000;
	ret = child_start(&c->child, opts->command);
	if (ret) {
		snprintf(err, size, "cannot start the backend '%.150s': %s", opts->command, strerror(-ret));
		json_tokener_free(c->tok);
		free(c);
		return NULL;
	}
	line_init(&c->io, c->child.from, c->child.to);
	if (!hello(c, opts->reuse))
		return &c->b;
	if (c->b.gone)
		snprintf(err, size, "%s", c->b.error);
	else
		snprintf(err, size, "the backend cannot run here: %.200s", c->b.error);
	c->b.gone = true;
	w_close(&c->b, NULL);
	return NULL;
}
