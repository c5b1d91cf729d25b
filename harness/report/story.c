/* SPDX-License-Identifier: MIT */
#include "story.h"

#include <string.h>

#include "../base/names.h"
#include "../case/options.h"

#define HEX_ROW 16 /* bytes of a line of an optval */
#define HEX_MAX 8  /* lines of it */

static const char *rule_name(const struct column_finding *f)
{
	return f->clause ? clause_info(f->clause)->name : "expectation";
}

static void put_word(struct buf *out, const char *s)
{
	buf_puts(out, ".");
	if (!*s)
		buf_puts(out, "unknown");
	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			     (*s >= '0' && *s <= '9') || *s == '-' || *s == '_';

		buf_add(out, plain ? s : "_", 1);
	}
}

void story_key(struct buf *out, const struct column_finding *f)
{
	buf_puts(out, rule_name(f));
	put_word(out, f->hook);
	put_word(out, f->kind);
	put_word(out, f->field);
}

/* A result: its errno has a name. */
static void put_number(struct buf *out, struct column_number n, bool result)
{
	if (n.is == NUMBER_ABSENT)
		buf_puts(out, "-");
	else if (n.is == NUMBER_ANY)
		buf_puts(out, "anything");
	else
		buf_printf(out, "%lld", (long long)n.n);
	if (result && n.is == NUMBER_KNOWN && n.n < 0 && n.n > -4096 && errno_name((int)-n.n))
		buf_printf(out, " %s", errno_name((int)-n.n));
}

const char *story_hook(const struct column_finding *f)
{
	return f->hook[0] ? f->hook : "operation";
}

void story_line(struct buf *out, const struct column_finding *f)
{
	bool result = !strcmp(f->field, "ret");

	buf_printf(out, "%s %s", story_hook(f), f->field);
	if (f->want_value.is == NUMBER_KNOWN && f->got_value.is == NUMBER_KNOWN) {
		buf_puts(out, ": want ");
		put_number(out, f->want_value, result);
		buf_puts(out, ", got ");
		put_number(out, f->got_value, result);
	}
}

void story_title(struct buf *out, const struct column *c, const struct column_finding *f)
{
	buf_printf(out, "%s %s: %s %s%s, Linux %s", f->verdict, rule_name(f), story_hook(f), f->field,
		   f->state ? " of the state read back" : "", c->release);
}

void story_wrap(struct buf *out, const char *text, unsigned at, unsigned indent, unsigned width)
{
	bool first = true;

	while (*(text += strspn(text, " \n\t"))) {
		size_t n = strcspn(text, " \n\t"), columns = 0;

		for (size_t i = 0; i < n; i++)
			columns += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (!first && at + 1 + columns > width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_puts(out, " ");
			at++;
		}
		buf_add(out, text, n);
		at += (unsigned)columns;
		text += n;
		first = false;
	}
}

static void put_row(struct buf *out, const char *name, const char *text, unsigned width)
{
	buf_printf(out, "  %-8s", name);
	story_wrap(out, text, 10, 10, width);
	buf_puts(out, "\n");
}

static void put_pair(struct buf *out, const char *name, struct column_number want, struct column_number got,
		     bool result, bool differs)
{
	struct buf w = {0};

	if (want.is == NUMBER_ABSENT && got.is == NUMBER_ABSENT)
		return;
	put_number(&w, want, result);
	buf_printf(out, "    %-8s %-24s ", name, buf_str(&w));
	put_number(out, got, result);
	buf_puts(out, differs ? " <-- differs\n" : "\n");
	buf_fini(&w);
}

static void put_hex(struct buf *out, const char *side, const struct column_bytes *b)
{
	size_t n = b->hex ? strlen(b->hex) / 2 : 0;

	for (size_t i = 0; i < n && i < HEX_ROW * HEX_MAX; i++) {
		if (!(i % HEX_ROW))
			buf_printf(out, "%s    %s 0x%04llx ", i ? "\n" : "", side,
				   (unsigned long long)b->from + i);
		buf_printf(out, " %.2s", b->hex + 2 * i);
	}
	if (n)
		buf_puts(out, n > HEX_ROW * HEX_MAX ? " ...\n" : "\n");
}

static void put_seen(struct buf *out, const char *side, const struct column_program *p)
{
	struct buf b = {0};

	buf_printf(&b, "%s: ", p->name);
	if (p->level.is == NUMBER_KNOWN && p->optname.is == NUMBER_KNOWN) {
		level_print(&b, (int32_t)p->level.n);
		buf_puts(&b, " ");
		option_print(&b, (int32_t)p->level.n, (int32_t)p->optname.n);
	} else {
		buf_puts(&b, "any option");
	}
	buf_puts(&b, ", optlen ");
	put_number(&b, p->optlen, false);
	buf_puts(&b, ", retval ");
	put_number(&b, p->retval, true);
	buf_puts(&b, ", size ");
	put_number(&b, p->size, false);
	buf_printf(out, "    %-4s ", side);
	story_wrap(out, buf_str(&b), 9, 9, 72);
	buf_puts(out, "\n");
	buf_fini(&b);
}

static void put_sides(struct buf *out, const struct column_finding *f)
{
	static const struct column_side none;
	const struct column_side *w = f->want ? f->want : &none, *g = f->got ? f->got : &none;
	unsigned n = w->n_programs > g->n_programs ? w->n_programs : g->n_programs;

	buf_printf(out, "\n    %-8s %-24s got\n", "", "want");
	put_pair(out, "ret", w->ret, g->ret, true, !strcmp(f->field, "ret"));
	put_pair(out, "optlen", w->optlen, g->optlen, false, !strcmp(f->field, "optlen"));
	if (n)
		buf_puts(out, "\n  what each program saw\n");
	for (unsigned i = 0; i < n; i++) {
		if (i < w->n_programs)
			put_seen(out, "want", &w->program[i]);
		if (i < g->n_programs)
			put_seen(out, "got", &g->program[i]);
	}
	if (strcmp(f->field, "ret") && strcmp(f->field, "optlen") && (w->optval.hex || g->optval.hex)) {
		buf_puts(out, "\n  the user's memory after the call\n");
		put_hex(out, "want", &w->optval);
		put_hex(out, "got ", &g->optval);
	}
	buf_puts(out, "\n");
}

static void put_behaves(struct buf *out, const struct column *c, const struct column_finding *f,
			unsigned width)
{
	struct buf b = {0};

	if (!f->behaves_known)
		return;
	if (!f->n_behaves)
		buf_puts(&b, "no other kernel's profile");
	for (unsigned i = 0; i < f->n_behaves; i++)
		buf_printf(&b, "%s%s%s", i ? ", " : "", f->behaves[i].profile->name,
			   f->behaves[i].profile == c->own ? " (this kernel's own)" : "");
	if (f->n_behaves && f->behaves[0].clause)
		buf_printf(&b, "; on clause %s", clause_info(f->behaves[0].clause)->name);
	put_row(out, "like", buf_str(&b), width);
	buf_fini(&b);
}

void story_body(struct buf *out, const struct column *c, const struct column_finding *f, unsigned width)
{
	struct buf b = {0};

	if (f->clause) {
		put_row(out, "rule", clause_info(f->clause)->sentence, width);
		put_row(out, "source", clause_info(f->clause)->source, width);
	} else {
		put_row(out, "rule", "what the case says after `=`", width);
	}
	if (f->why)
		put_row(out, "note", f->why, width);
	if (f->where)
		put_row(out, "where", f->where, width);
	buf_printf(&b, "profile %s", c->profile ? c->profile->name : "unknown");
	if (f->call.is == NUMBER_KNOWN && f->call.n >= 0 && f->call.n < 1000)
		buf_printf(&b, ", call %lld", (long long)f->call.n + 1);
	if (f->cases > 1)
		buf_printf(&b, "; %llu cases with this key", (unsigned long long)f->cases);
	put_row(out, "held to", buf_str(&b), width);
	if (f->want || f->got)
		put_sides(out, f);
	if (f->want_value.is == NUMBER_KNOWN && f->got_value.is == NUMBER_KNOWN && strcmp(f->field, "ret") &&
	    strcmp(f->field, "optlen")) {
		buf_reset(&b);
		buf_puts(&b, f->field);
		if (f->offset.is == NUMBER_KNOWN)
			buf_printf(&b, " at byte %lld", (long long)f->offset.n);
		buf_printf(&b, ": want %lld, got %lld", (long long)f->want_value.n,
			   (long long)f->got_value.n);
		put_row(out, "differs", buf_str(&b), width);
	}
	if (f->reruns.is == NUMBER_KNOWN && f->reruns.n > 0 && f->failed.is == NUMBER_KNOWN)
		buf_printf(out, "  re-runs %lld of %lld failed on fresh sockets\n", (long long)f->failed.n,
			   (long long)f->reruns.n);
	put_behaves(out, c, f, width);
	buf_fini(&b);
}

void story_format(struct buf *out, const struct column *c, const struct column_finding *f)
{
	story_title(out, c, f);
	buf_puts(out, "\n");
	story_body(out, c, f, 100);
	if (f->reproduce)
		buf_printf(out, "  repeat  %s\n", f->reproduce);
	if (f->text)
		buf_printf(out, "\n%s%s", f->text, f->text[strlen(f->text) - 1] == '\n' ? "" : "\n");
}
