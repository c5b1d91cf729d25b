/* SPDX-License-Identifier: MIT */
#include "column_case.h"

#include <stdlib.h>
#include <string.h>

#include "column_json.h"

/* Hex digits and pairs of dots; anything else is no bytes at all. */
static void take_bytes(struct column_bytes *b, struct json_object *o)
{
	const char *hex = record_text(o, "optval");

	b->from = record_count(o, "optval_from");
	if (*hex && !hex[strspn(hex, "0123456789abcdef.")] && !(strlen(hex) & 1))
		b->hex = strdup(hex);
}

static void take_programs(struct column_side *side, struct json_object *rows)
{
	size_t n = json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;

	if (n > COLUMN_PROGRAMS)
		n = COLUMN_PROGRAMS;
	side->program = n ? calloc(n, sizeof(*side->program)) : NULL;
	for (size_t i = 0; side->program && i < n; i++) {
		struct column_program *p = &side->program[side->n_programs++];
		struct json_object *row = json_object_array_get_idx(rows, i);

		record_take(p->name, sizeof(p->name), row, "program");
		p->level = record_maybe(row, "level");
		p->optname = record_maybe(row, "optname");
		p->optlen = record_maybe(row, "optlen");
		p->retval = record_maybe(row, "retval");
		p->size = record_maybe(row, "size");
		take_bytes(&p->optval, row);
	}
}

static struct column_side *take_side(struct json_object *o)
{
	struct column_side *side = json_object_is_type(o, json_type_object) ? calloc(1, sizeof(*side)) : NULL;

	if (!side)
		return NULL;
	side->ret = record_maybe(o, "ret");
	side->optlen = record_maybe(o, "optlen");
	side->runs = record_maybe(o, "runs");
	take_bytes(&side->optval, o);
	take_programs(side, record_member(o, "programs"));
	return side;
}

static void side_free(struct column_side *side)
{
	if (!side)
		return;
	for (unsigned i = 0; i < side->n_programs; i++)
		free(side->program[i].optval.hex);
	free(side->program);
	free(side->optval.hex);
	free(side);
}

void finding_details(struct column_finding *f, struct json_object *o)
{
	f->path = record_long(o, "path");
	f->index = record_count(o, "index");
	f->why = record_long(o, "why");
	record_take(f->kind, sizeof(f->kind), o, "option_class");
	f->call = record_maybe(o, "call");
	f->program = record_maybe(o, "program");
	f->offset = record_maybe(o, "offset");
	f->want_value = record_maybe(o, "want_value");
	f->got_value = record_maybe(o, "got_value");
	f->reruns = record_maybe(o, "reruns");
	f->failed = record_maybe(o, "failed");
	f->state = json_object_get_boolean(record_member(o, "state"));
	f->want = take_side(record_member(o, "want"));
	f->got = take_side(record_member(o, "got"));
}

void finding_details_fini(struct column_finding *f)
{
	free(f->path);
	free(f->why);
	side_free(f->want);
	side_free(f->got);
}

static size_t length(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static void case_fini(struct column_case *k)
{
	free(k->path);
	free(k->why);
	free(k->clauses);
}

void case_keep(struct column *c, struct json_object *o, unsigned clause, int finding, unsigned command)
{
	struct column_case k = {.index = record_count(o, "index"),
				.path = record_long(o, "path"),
				.why = record_long(o, "why"),
				.clauses = record_words(o, "clauses", false),
				.command = command,
				.clause = clause,
				.finding = finding};
	size_t bytes = sizeof(k) + length(k.path) + length(k.why) + length(k.clauses);
	struct column_case *grown = c->cases;

	record_take(k.verdict, sizeof(k.verdict), o, "verdict");
	if (c->n_cases == COLUMN_CASES || c->kept + bytes > COLUMN_BYTES)
		grown = NULL;
	else if (!(c->n_cases & (c->n_cases - 1))) /* full at each power of two */
		grown = realloc(c->cases, (c->n_cases ? 2 * c->n_cases : 1) * sizeof(k));
	if (!grown) {
		c->more_cases++;
		case_fini(&k);
		return;
	}
	c->cases = grown;
	c->kept += bytes;
	c->cases[c->n_cases++] = k;
}

void cases_fini(struct column *c)
{
	for (size_t i = 0; i < c->n_cases; i++)
		case_fini(&c->cases[i]);
	free(c->cases);
}
