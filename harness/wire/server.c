/* SPDX-License-Identifier: MIT */
/*
 * One function an operation, in a table. An operation that cannot be understood ends the line with an error;
 * one that cannot be done (skip, error) is answered, and the rest of the line is left undone.
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_json.h"
#include "line.h"

#define OPS_MAX 256 /* operations of one line */

struct server {
	const struct wire_host *host;
	struct line_io io;
	struct json_tokener *tok;
	struct backend *b; /* NULL before hello and after close */
	bool began, closed;
	struct tcase tc, next; /* of the case; while a line is read */
	uint8_t bytes[PLAN_BYTES];
	struct buf tx;
};

/* What becomes of the rest of the line. */
enum done { DONE, STOP, REFUSED };

typedef enum done operation(struct server *s, const struct jin *in, struct json_object *o);

static enum done say(struct server *s, const char *what, const char *why)
{
	buf_printf(&s->tx, "{\"%s\":", what);
	json_put_text(&s->tx, why);
	buf_puts(&s->tx, "}");
	return STOP;
}

static enum done refuse(const struct jin *in, const char *sentence)
{
	jin_refuse(in, sentence);
	return REFUSED;
}

/* Is protocol 1 among those that the client speaks? */
static bool speaks(const struct jin *in, struct json_object *o)
{
	struct jin at = {.up = in, .key = "protocols"};
	struct json_object *list = json_object_object_get(o, "protocols");

	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
	     i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) == WIRE_PROTOCOL)
			return true;
	}
	return jin_fail(&at, "a list with 1 in it", list);
}

static enum done op_hello(struct server *s, const struct jin *in, struct json_object *o)
{
	char err[JIN_ERR] = "";
	int64_t reuse = 0;

	if (s->b)
		return refuse(in, "a second hello");
	if (!speaks(in, o) || (jin_has(o, "reuse") && !jin_int(in, o, "reuse", 1, 1000000, &reuse)))
		return REFUSED;
	s->b = s->host->open(s->host->arg, (unsigned)reuse, err, sizeof(err));
	if (!s->b)
		return say(s, "skip", err);
	buf_printf(&s->tx, "{\"protocol\":%d,\"name\":", WIRE_PROTOCOL);
	json_put_text(&s->tx, s->host->name);
	buf_puts(&s->tx, ",\"release\":");
	json_put_text(&s->tx, s->b->release);
	buf_puts(&s->tx, ",\"version\":");
	json_put_text(&s->tx, s->b->version);
	buf_puts(&s->tx, ",\"arch\":");
	json_put_text(&s->tx, s->b->arch);
	buf_printf(&s->tx, ",\"page_size\":%u}", s->b->page_size);
	return DONE;
}

static bool get_case(struct server *s, const struct jin *in, struct json_object *o)
{
	struct jin at = {.up = in, .key = "case"};
	struct json_object *v;

	return jin_object(in, o, "case", &v) && case_json_get(&at, v, &s->next);
}

/* A begin or close that comes before the end of a case ends it. */
static void end_case(struct server *s, bool irregular)
{
	if (s->began)
		s->b->ops->end(s->b, irregular);
	s->began = false;
}

static enum done op_begin(struct server *s, const struct jin *in, struct json_object *o)
{
	uint64_t births = s->b->births;
	bool fresh;
	int err;

	if (!get_case(s, in, o) || !jin_bool(in, o, "fresh", &fresh))
		return REFUSED;
	end_case(s, true);
	s->tc = s->next;
	err = s->b->ops->begin(s->b, &s->tc, fresh);
	if (err)
		return say(s, err == -EOPNOTSUPP ? "skip" : "error", s->b->error);
	s->began = true;
	buf_printf(&s->tx, "{\"new\":%s}", s->b->births == births ? "false" : "true");
	return DONE;
}

/* Are cgroups, modes and sockets the same, whatever the programs do? */
static bool same_topology(const struct tcase *a, const struct tcase *b)
{
	if (a->n_levels != b->n_levels || a->n_socks != b->n_socks)
		return false;
	for (unsigned l = 0; l < a->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			if (a->level[l].n[h] != b->level[l].n[h] ||
			    (a->level[l].n[h] && a->level[l].slot[h][0].mode != b->level[l].slot[h][0].mode))
				return false;
	for (unsigned i = 0; i < a->n_socks; i++)
		if (memcmp(&a->sock[i], &b->sock[i], sizeof(a->sock[i])))
			return false;
	return true;
}

static enum done op_load(struct server *s, const struct jin *in, struct json_object *o)
{
	if (!s->began)
		return refuse(in, "a load without a begin");
	if (!get_case(s, in, o))
		return REFUSED;
	if (!same_topology(&s->tc, &s->next))
		return refuse(in, "expected the cgroups, modes and sockets of the case that began");
	s->tc = s->next;
	s->b->ops->load(s->b, &s->tc);
	buf_puts(&s->tx, "{}");
	return DONE;
}

static enum done op_call(struct server *s, const struct jin *in, struct json_object *o)
{
	struct jin at = {.up = in, .key = "handler"};
	const struct tc_call *c;
	struct handler_result hr;
	struct outcome got;
	struct json_object *v;
	struct plan plan;
	int64_t i;

	if (!s->began)
		return refuse(in, "a call without a begin");
	if (!jin_int(in, o, "call", 0, (int64_t)s->tc.n_calls - 1, &i))
		return REFUSED;
	c = &s->tc.call[i];
	buf_puts(&s->tx, "{");
	if (jin_has(o, "handler")) {
		if (!jin_object(in, o, "handler", &v) || !plan_json_get(&at, v, c, &plan, s->bytes))
			return REFUSED;
		s->b->ops->handler(s->b, c, &plan, &hr);
		buf_puts(&s->tx, "\"handler\":{");
		handler_json_put(&s->tx, c, &hr, s->b->page_size);
		buf_puts(&s->tx, "},");
	}
	s->b->ops->call(s->b, c, &got);
	if (s->b->failed) { /* a member that says so after those that mean nothing */
		buf_puts(&s->tx, "\"error\":");
		json_put_text(&s->tx, s->b->error);
		buf_puts(&s->tx, "}");
		return STOP;
	}
	outcome_json_put(&s->tx, c, &got, s->b->page_size);
	buf_puts(&s->tx, "}");
	return DONE;
}

static enum done op_end(struct server *s, const struct jin *in, struct json_object *o)
{
	bool irregular;

	if (!s->began)
		return refuse(in, "an end without a begin");
	if (!jin_bool(in, o, "irregular", &irregular))
		return REFUSED;
	end_case(s, irregular);
	buf_puts(&s->tx, "{}");
	return DONE;
}

static void put_controls(struct server *s, const struct control_counts *c)
{
	static const char *const names[HOOK_COUNT] = {[HOOK_GET] = "get", [HOOK_SET] = "set"};

	buf_puts(&s->tx, "{\"controls\":{");
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		buf_printf(
			&s->tx,
			"%s\"%s\":{\"ran_ok\":%llu,\"ran_bad\":%llu,\"silent_ok\":%llu,\"silent_bad\":%llu}",
			h ? "," : "", names[h], (unsigned long long)c->ran_ok[h],
			(unsigned long long)c->ran_bad[h], (unsigned long long)c->silent_ok[h],
			(unsigned long long)c->silent_bad[h]);
	buf_puts(&s->tx, "}}");
}

static enum done op_controls(struct server *s, const struct jin *in, struct json_object *o)
{
	put_controls(s, s->b->ops->controls(s->b));
	return DONE;
}

static enum done op_close(struct server *s, const struct jin *in, struct json_object *o)
{
	struct control_counts final;

	end_case(s, true);
	s->b->ops->close(s->b, &final);
	s->b = NULL;
	s->closed = true;
	put_controls(s, &final);
	return STOP;
}

static const struct {
	const char *name;
	operation *run;
} operations[] = {
	{"hello", op_hello}, {"begin", op_begin},	{"load", op_load},   {"call", op_call},
	{"end", op_end},     {"controls", op_controls}, {"close", op_close},
};
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static enum done one(struct server *s, const struct jin *in, struct json_object *o)
{
	const char *names[N_OPERATIONS];
	unsigned which;

	for (size_t i = 0; i < N_OPERATIONS; i++)
		names[i] = operations[i].name;
	if (!jin_word(in, o, "op", names, N_OPERATIONS, &which))
		return REFUSED;
	if (!s->b && operations[which].run != op_hello)
		return refuse(in, "expected a hello first");
	return operations[which].run(s, in, o);
}

/* Answers one line into s->tx. False if it was refused. */
static bool answer(struct server *s, const char *line, size_t n)
{
	char err[JIN_ERR] = "";
	struct jin root = {.err = err}, ops = {.up = &root, .key = "ops"};
	struct json_object *o = jin_line(s->tok, line, n, err), *list;
	enum done done = REFUSED;
	unsigned n_ops = 0;
	int64_t id = -1;

	if (o && jin_int(&root, o, "id", 0, INT64_MAX, &id) &&
	    jin_array(&root, o, "ops", OPS_MAX, &list, &n_ops)) {
		done = DONE;
		buf_printf(&s->tx, "{\"id\":%lld,\"replies\":[", (long long)id);
	}
	for (unsigned i = 0; done == DONE && i < n_ops; i++) {
		struct jin el = {.up = &ops, .index = i};

		if (i)
			buf_puts(&s->tx, ",");
		done = one(s, &el, json_object_array_get_idx(list, i));
	}
	json_object_put(o);
	if (done != REFUSED) {
		buf_puts(&s->tx, "]}\n");
		return true;
	}
	buf_reset(&s->tx);
	if (id < 0)
		buf_puts(&s->tx, "{\"id\":null,\"error\":");
	else
		buf_printf(&s->tx, "{\"id\":%lld,\"error\":", (long long)id);
	json_put_text(&s->tx, err);
	buf_puts(&s->tx, "}\n");
	return false;
}

static int serve(struct server *s)
{
	bool refused = false;
	int err = 0;

	while (!s->closed) {
		const char *line;
		size_t n;
		int got = line_read(&s->io, -1, &line, &n);

		buf_reset(&s->tx);
		if (got == -EMSGSIZE) {
			buf_printf(&s->tx,
				   "{\"id\":null,\"error\":\"expected a line of at most %u bytes\"}\n",
				   LINE_LONGEST);
			line_write(&s->io, -1, &s->tx);
		}
		if (got <= 0)
			return got ? got : refused ? -EBADMSG : 0;
		if (!answer(s, line, n))
			refused = true;
		err = line_write(&s->io, -1, &s->tx);
		if (err)
			return err;
	}
	return refused ? -EBADMSG : 0;
}

int wire_serve(int in, int out, const struct wire_host *host)
{
	struct server *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		return err;
	s->host = host;
	s->tok = json_tokener_new();
	line_init(&s->io, in, out);
	s->io.interruptible = true;
	if (s->tok)
		err = serve(s);
	if (s->b)
		s->b->ops->close(s->b, NULL);
	if (s->tok)
		json_tokener_free(s->tok);
	line_fini(&s->io);
	buf_fini(&s->tx);
	free(s);
	return err;
}
