/* SPDX-License-Identifier: MIT */
/* What each side of a difference allows, in words. */
#include "contrast_in.h"

#include <stdio.h>
#include <string.h>

#include "../case/case_text.h"
#include "oracle/clauses.h"

static void print_bytes(struct buf *b, const uint8_t *p, uint32_t n)
{
	if (!n)
		buf_puts(b, "no bytes");
	for (uint32_t i = 0; i < n && i < 16; i++)
		buf_printf(b, "%s%02x", i && i % 4 == 0 ? " " : "", p[i]);
	if (n > 16)
		buf_printf(b, " and %u more", n - 16);
}

static void program(struct buf *b, const struct want_seen *s)
{
	tcase_print_path(s->id / TC_MAX_SLOTS + 1u, b);
	buf_printf(b, " program %u", s->id % TC_MAX_SLOTS + 1);
}

static void handler_words(struct contrast *x, const struct side *s, struct buf *b)
{
	const struct plan *p = &s->plan;

	if (!p->called) {
		buf_puts(b, "the handler does not run");
		return;
	}
	buf_puts(b, "the handler gets ");
	level_print(b, p->level);
	buf_puts(b, ", ");
	option_print(b, p->level, p->optname);
	if (x->c->hook == HOOK_GET) {
		buf_puts(b, clause_has(&s->w->hits, C_GET_BEFORE) ? " after the programs"
								  : " before the programs");
		return;
	}
	buf_printf(b, ", optlen %d", p->optlen);
	buf_puts(b, p->kernel_buf ? ", " : ", the user's buffer");
	if (p->kernel_buf)
		print_bytes(b, p->bytes, (uint32_t)p->optlen);
}

static void words(struct contrast *x, const struct side *s, enum contrast_part part, int which, char *out,
		  size_t size)
{
	const struct want *w = s->w;
	static const struct want_seen none; /* never asked for: a part of what is seen names its program */
	const struct want_seen *seen = which >= 0 && which < w->n_seen ? &w->seen[which] : &none;
	struct buf b = {0};

	if (part <= PART_SEEN_BYTES && seen != &none)
		program(&b, seen);
	switch (part) {
	case PART_ORDER:
		buf_printf(&b, " is number %d to run", which + 1);
		break;
	case PART_SEEN_ARGS:
		buf_puts(&b, " sees ");
		level_print(&b, seen->level);
		buf_puts(&b, ", ");
		option_print(&b, seen->level, seen->optname);
		break;
	case PART_SEEN_OPTLEN:
		buf_printf(&b, " sees optlen %d", seen->optlen);
		break;
	case PART_SEEN_SIZE:
		buf_printf(&b, " has %u bytes of optval", seen->size);
		break;
	case PART_SEEN_RETVAL:
		buf_printf(&b, " sees retval %d", seen->retval);
		break;
	case PART_SEEN_BYTES:
		buf_puts(&b, " sees optval ");
		print_bytes(&b, seen->bytes, seen->size);
		break;
	case PART_RUNS:
		if (w->n_seen)
			buf_printf(&b, "%u program%s", w->n_seen, w->n_seen == 1 ? " runs" : "s run");
		else
			buf_puts(&b, "no program runs");
		break;
	case PART_HANDLER:
		handler_words(x, s, &b);
		break;
	case PART_RET:
		buf_puts(&b, "the call returns ");
		tcase_print_ret(w->ret, &b);
		break;
	case PART_OPTLEN:
		buf_printf(&b, "the user's optlen becomes %d", w->optlen);
		break;
	case PART_MEM:
		buf_puts(&b, "the user's buffer becomes");
		for (uint32_t i = 0; i < x->c->buf.size && i < 16; i++) {
			int v = contrast_user_byte(x, w, i);

			buf_puts(&b, i % 4 ? "" : " ");
			if (v < 0)
				buf_puts(&b, "??");
			else
				buf_printf(&b, "%02x", (unsigned)v);
		}
		if (x->c->buf.size > 16)
			buf_printf(&b, " and %u more", x->c->buf.size - 16);
		break;
	case PART_COUNT:
		break;
	}
	snprintf(out, size, "%s", buf_str(&b));
	buf_fini(&b);
}

static void add_row(struct contrast *x, enum contrast_part part, int which, struct contrast_key key,
		    void *arg)
{
	struct contrast_find *f = arg;
	struct contrast_row *r = &f->row[f->n_rows];

	if (f->n_rows == CONTRAST_ROWS ||
	    (key.silent && !f->key.silent)) /* beside a difference that is noise */
		return;
	*r = (struct contrast_row){.part = part, .key = key};
	if (key.silent != SILENT_A)
		words(x, &x->s[0], part, which, r->a, sizeof(r->a));
	if (key.silent != SILENT_B)
		words(x, &x->s[1], part, which, r->b, sizeof(r->b));
	f->n_rows++;
}

void contrast_describe(struct contrast *x, struct contrast_find *f)
{
	const struct side *s;
	struct buf b = {0};

	contrast_begin(x, &f->tc, f->handler);
	for (unsigned i = 0; i <= f->call; i++)
		contrast_both(x, &f->tc, i);
	x->visit = add_row;
	x->arg = f;
	f->n_rows = 0;
	contrast_walk(x);
	s = x->s[0].plan.called ? &x->s[0] : &x->s[1];
	if (x->c->hook != HOOK_GET || !s->plan.called)
		return;
	tcase_print_ret(s->hr.ret, &b);
	if (!s->hr.ret) {
		uint32_t n = s->hr.optlen < 0 ? 0 : (uint32_t)s->hr.optlen;

		buf_printf(&b, ", optlen %d, ", s->hr.optlen);
		print_bytes(&b, s->hr.mem, n < x->c->buf.size ? n : x->c->buf.size);
	}
	snprintf(f->answer, sizeof(f->answer), "%s", buf_str(&b));
	buf_fini(&b);
}
