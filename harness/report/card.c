/* SPDX-License-Identifier: MIT */
#include "card.h"

#include "../../oracle/clauses.h"
#include "../case/case_text.h"
#include "../case/options.h"
#include "text.h"
#include "view.h"

#define ROW	  16 /* bytes of a row of a hex pane */
#define ROWS_MAX  6  /* rows of a pane that are shown */
#define NO_OFFSET UINT32_MAX

static void put_safe(struct buf *out, const char *s)
{
	text_safe(out, s, strlen(s));
}

void card_title(struct buf *out, const struct report_case *rc)
{
	const struct diff *d = rc->diff;

	buf_printf(out, "%s: %s %s%s, Linux ", d->clause ? clause_info(d->clause)->name : "expectation",
		   view_hook(rc->tc->call[rc->call].hook), diff_field_name(d->field),
		   rc->state ? " of the state read back" : "");
	put_safe(out, rc->kernel);
}

/* Text of several lines, each with four blanks before it. */
static void put_indented(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_puts(out, n ? "    " : "");
		text_safe(out, text, n);
		buf_puts(out, "\n");
		text += n;
		text += *text == '\n';
	}
}

/* Both sides of some memory; a byte is -1 where any will do, or where a side has none. */
struct pane {
	uint32_t size;
	int (*want)(const struct pane *p, uint32_t off);
	int (*got)(const struct pane *p, uint32_t off);
	const struct tc_call *c;
	const struct want *w;
	const struct outcome *o;
	const struct want_seen *s;
	const struct hd_trace *t;
};

static bool row_differs(const struct pane *p, uint32_t row)
{
	for (uint32_t i = row; i < row + ROW && i < p->size; i++)
		if (p->want(p, i) >= 0 && p->want(p, i) != p->got(p, i))
			return true;
	return false;
}

static void put_row(struct buf *out, const struct pane *p, uint32_t row,
		    int (*side)(const struct pane *, uint32_t))
{
	for (uint32_t i = row; i < row + ROW && i < p->size; i++) {
		int byte = side(p, i);

		if (i > row)
			buf_puts(out, " ");
		if (byte >= 0)
			buf_printf(out, "%02x", (unsigned)byte);
		else
			buf_puts(out, "..");
	}
}

/*
 *     0x0010  00 01 02 ..   00 01 03 ..
 *                   ^^            ^^
 * Only rows near a difference, and the first one; `mark` is the offset of the first differing byte.
 */
static void put_pane(struct buf *out, const struct pane *p, uint32_t mark)
{
	uint32_t shown = 0;
	bool gap = false;

	for (uint32_t row = 0; row < p->size; row += ROW) {
		bool near = !row || row_differs(p, row) || (row >= ROW && row_differs(p, row - ROW)) ||
			    (row + ROW < p->size && row_differs(p, row + ROW));

		if (!near || (shown >= ROWS_MAX && !(mark >= row && mark < row + ROW))) {
			gap = true;
			continue;
		}
		if (gap)
			buf_puts(out, "    ...\n");
		gap = false;
		shown++;
		buf_printf(out, "    0x%04x  ", row);
		put_row(out, p, row, p->want);
		buf_printf(out, "%*s   ", row + ROW > p->size ? (int)(3 * (row + ROW - p->size)) : 0, "");
		put_row(out, p, row, p->got);
		buf_puts(out, "\n");
		if (mark >= row && mark < row + ROW)
			buf_printf(out, "            %*s^^%*s^^\n", (int)(3 * (mark - row)), "", 3 * ROW, "");
	}
	if (gap)
		buf_puts(out, "    ...\n");
}

static int mem_want(const struct pane *p, uint32_t off)
{
	return view_want_mem(p->c, p->w, off);
}

static int mem_got(const struct pane *p, uint32_t off)
{
	return p->o->mem[off];
}

static int seen_want(const struct pane *p, uint32_t off)
{
	return off < p->s->size ? view_want_seen(p->s, off) : -1;
}

static int seen_got(const struct pane *p, uint32_t off)
{
	return off < p->t->size && off < HD_WINDOW ? p->t->bytes[off] : -1;
}

/* One line of both sides; the one that differs first is marked. */
static void put_pair(struct buf *out, const char *name, const struct buf *want, const struct buf *got,
		     bool differs)
{
	buf_printf(out, "    %-8s %-24s %s%s\n", name, buf_str(want), buf_str(got),
		   differs ? " <-- differs" : "");
}

static void put_result(struct buf *out, const struct report_case *rc, const struct tc_call *c)
{
	const struct want *w = rc->want;
	struct buf want = {0}, got = {0};

	buf_printf(out, "    %-8s %-24s %s\n", "", "want", "got");
	if (w->any & ANY_RET)
		buf_puts(&want, "anything");
	else
		tcase_print_ret(w->ret, &want);
	tcase_print_ret(rc->got->ret, &got);
	put_pair(out, "ret", &want, &got, rc->diff->field == DIFF_RET);
	if (tc_call_has_len(c)) {
		buf_reset(&want);
		buf_reset(&got);
		if (w->any & ANY_OPTLEN)
			buf_puts(&want, "anything");
		else
			buf_printf(&want, "%d", w->optlen);
		buf_printf(&got, "%d", rc->got->optlen);
		put_pair(out, "optlen", &want, &got, rc->diff->field == DIFF_OPTLEN);
	}
	buf_reset(&want);
	buf_reset(&got);
	buf_printf(&want, "%u%s", w->n_seen, w->any & ANY_SEEN_TAIL ? " or more" : "");
	buf_printf(&got, "%u", rc->got->runs);
	put_pair(out, "programs", &want, &got, rc->diff->field == DIFF_RUNS);
	buf_fini(&want);
	buf_fini(&got);
}

static void put_memory(struct buf *out, const struct report_case *rc, const struct tc_call *c)
{
	bool differs = rc->diff->field == DIFF_MEM;
	struct pane p = {.size = view_mem_size(c),
			 .want = mem_want,
			 .got = mem_got,
			 .c = c,
			 .w = rc->want,
			 .o = rc->got};

	if (!p.size || !p.o->mem)
		return;
	buf_printf(out, "\n  the user's memory after the call (optval%s): want, got\n",
		   c->buf.place == BUF_EDGE ? "" : " and the bytes past it");
	put_pane(out, &p, differs ? rc->diff->offset : NO_OFFSET);
}

/* What a program saw, in one line. NULL want: all of it comes from the trace. */
static void put_seen(struct buf *out, const struct want_seen *s, const struct hd_trace *t)
{
	unsigned any = s ? s->any : 0;

	buf_puts(out, "level ");
	if (any & SEEN_ANY_ARGS)
		buf_puts(out, "any, optname any");
	else {
		level_print(out, s ? s->level : t->level);
		buf_puts(out, ", optname ");
		option_print(out, s ? s->level : t->level, s ? s->optname : t->optname);
	}
	if (any & SEEN_ANY_OPTLEN)
		buf_puts(out, ", optlen any");
	else
		buf_printf(out, ", optlen %d", s ? s->optlen : t->optlen);
	if (any & SEEN_ANY_RETVAL)
		buf_puts(out, ", retval any");
	else
		buf_printf(out, ", retval %d", s ? s->retval : t->retval);
	if (any & SEEN_ANY_SIZE)
		buf_puts(out, ", size any");
	else
		buf_printf(out, ", size %u", s ? s->size : t->size);
}

static void put_program(struct buf *out, const struct report_case *rc, const struct tc_call *c, unsigned k)
{
	const struct want_seen *s = k < rc->want->n_seen ? &rc->want->seen[k] : NULL;
	bool ran = k < rc->got->runs && k < HD_ORDER;
	unsigned id = ran ? rc->got->order[k] : 0;
	const struct hd_trace *t = ran && id / HD_PROGS == c->hook ? &rc->got->trace[id % HD_PROGS] : NULL;
	bool differs = rc->diff->program == (int)k;
	struct buf name = {0};

	if (s)
		view_program(&name, s->id);
	buf_printf(out, "    %u. want %-12s ", k + 1, s ? buf_str(&name) : "no program");
	if (s)
		put_seen(out, s, NULL);
	buf_puts(out, "\n");
	buf_reset(&name);
	if (ran)
		view_program(&name, id % HD_PROGS);
	buf_printf(out, "       got  %-12s ", ran ? buf_str(&name) : "no program");
	if (t)
		put_seen(out, NULL, t);
	else if (ran)
		buf_puts(out, "on the other hook");
	buf_printf(out, "%s\n", differs ? " <-- differs" : "");
	buf_fini(&name);
	if (s && t && differs && rc->diff->field == DIFF_SEEN_BYTES) {
		struct pane p = {.want = seen_want, .got = seen_got, .s = s, .t = t};

		p.size = s->size > t->size ? s->size : t->size;
		buf_puts(out, "    its optval: want, got\n");
		put_pane(out, &p, rc->diff->offset);
	}
}

static void put_programs(struct buf *out, const struct report_case *rc, const struct tc_call *c)
{
	unsigned n = rc->want->n_seen;

	if (rc->got->runs > n)
		n = rc->got->runs < HD_ORDER ? rc->got->runs : HD_ORDER;
	if (n)
		buf_puts(out, "\n  programs in the order of the chain, and what each saw\n");
	for (unsigned k = 0; k < n; k++)
		put_program(out, rc, c, k);
}

/* "behaves like profile v6.5 on HOOK.BADFD.LENGTH, and like v6.4, v5.18": never adopted, only said. */
static void put_behaves(struct buf *out, const struct report_case *rc)
{
	if (!rc->behaves_known)
		return;
	if (!rc->n_behaves) {
		buf_puts(out, "  behaves like no other kernel's profile\n");
		return;
	}
	buf_printf(out, "  behaves like profile %s on %s", rc->behaves[0].profile,
		   clause_info(rc->behaves[0].clause)->name);
	for (unsigned i = 1; i < rc->n_behaves; i++)
		buf_printf(out, "%s%s", i == 1 ? ", and like " : ", ", rc->behaves[i].profile);
	buf_puts(out, "\n");
	if (rc->rule && rc->rule != rc->diff->clause)
		buf_printf(out, "  the rule that changes between the two is %s\n",
			   clause_info(rc->rule)->name);
}

/* why: NULL, or a note */
static void put_rule(struct buf *out, unsigned clause, const char *why)
{
	if (clause)
		buf_printf(out, "  rule    %s\n  source  %s\n", clause_info(clause)->sentence,
			   clause_info(clause)->source);
	else
		buf_puts(out, "  rule    what the case says after `=`\n");
	if (!why)
		return;
	buf_puts(out, "  note    ");
	put_safe(out, why);
	buf_puts(out, "\n");
}

void card_format(struct buf *out, const struct report_case *rc)
{
	const struct tc_call *c = view_call(rc), *in_case = &rc->tc->call[rc->call];
	const struct diff *d = rc->diff;
	struct buf call = {0};

	buf_printf(out, "%s ", rc->verdict);
	card_title(out, rc);
	buf_puts(out, "\n");
	put_rule(out, d->clause, rc->why);
	if (rc->text) {
		buf_puts(out, "\n  case\n");
		put_indented(out, rc->text);
	}

	tcase_print_call(in_case, &call);
	buf_printf(out, "\n  call %u  ", rc->call + 1);
	put_safe(out, buf_str(&call));
	buf_puts(out, "\n");
	if (rc->state) {
		buf_puts(out, "  The difference shows in the socket's state after it");
		if (rc->at) {
			buf_reset(&call);
			tcase_print_call(rc->at, &call);
			buf_puts(out, ": ");
			put_safe(out, buf_str(&call));
		}
		buf_puts(out, "\n");
	}
	buf_fini(&call);
	if (c) {
		put_result(out, rc, c);
		put_programs(out, rc, c);
		put_memory(out, rc, c);
	}
	if (d->field == DIFF_EXPECT || !c)
		buf_printf(out, "    %s: want %lld, got %lld\n", diff_field_name(d->field),
			   (long long)d->want, (long long)d->got);

	buf_puts(out, "\n");
	if (rc->reruns)
		buf_printf(out, "  re-runs on fresh sockets: %u of %u failed\n", rc->failed, rc->reruns);
	else
		buf_puts(out, "  not run again\n");
	put_behaves(out, rc);
	if (rc->reproduce) {
		buf_puts(out, "  reproduce: ");
		put_safe(out, rc->reproduce);
		buf_puts(out, "\n");
	}
}

void card_format_step(struct buf *out, const struct report_case *rc)
{
	const struct report_step *s = rc->step;

	buf_printf(out, "%s %s on Linux %s: %s of step %u differs\n", rc->verdict,
		   s->clause ? clause_info(s->clause)->name : "an expectation", rc->kernel, s->field,
		   s->number);
	put_rule(out, s->clause, rc->why);
	buf_puts(out, "\n  case\n");
	put_indented(out, rc->text);
	buf_printf(out, "\n  step %u  ", s->number);
	put_safe(out, s->text);
	buf_puts(out, "\n    want  ");
	put_safe(out, s->want);
	buf_puts(out, "\n    got   ");
	put_safe(out, s->got);
	buf_printf(out, "\n\n  re-runs on fresh sockets: %u of %u failed\n", rc->failed, rc->reruns);
	buf_puts(out, "  reproduce: ");
	put_safe(out, rc->reproduce);
	buf_puts(out, "\n");
}
