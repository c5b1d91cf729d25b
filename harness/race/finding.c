/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "../base/names.h"
#include "../case/tree_text.h"
#include "round_impl.h"

#define AROUND 4  /* operations that are shown before and after the range */
#define SHOWN  40 /* at most so many */

static void print_ret(struct buf *b, int64_t ret)
{
	const char *name = ret < 0 && ret >= -4095 ? errno_name((int)-ret) : NULL;

	if (name)
		buf_printf(b, "-%s", name);
	else
		buf_printf(b, "%lld", (long long)ret);
}

static void print_seen(struct buf *b, enum hook hook, const struct race_seen *s)
{
	print_ret(b, s->ret);
	if (hook == HOOK_GET)
		buf_printf(b, ", optlen %d, bytes", s->optlen);
	else
		buf_puts(b, s->untouched ? ", mark as before" : ", mark");
	for (unsigned i = 0; !s->untouched && i < (hook == HOOK_GET ? EXPECT_BYTES : 4u); i++)
		buf_printf(b, " %02x", s->bytes[i]);
}

static void print_head(struct buf *b, const struct round *r)
{
	buf_printf(b, "scene %s, seed %llu, round %llu\n", r->run->scene->name,
		   (unsigned long long)r->o->seed, (unsigned long long)r->o->round);
}

static void print_states(struct buf *b, const struct round *r, uint32_t from, uint32_t to, uint32_t lo,
			 uint32_t hi)
{
	if (to - from > SHOWN)
		from = to - SHOWN;
	for (uint32_t k = from; k <= to; k++) {
		buf_printf(b, "  %c %5u  ", k >= lo && k <= hi ? '*' : ' ', k);
		if (k)
			tree_print_step(&r->run->tree, &r->state[k].step, b);
		else
			buf_puts(b, "nothing is attached");
		if (k && (r->state[k].want || r->state[k].got)) {
			buf_puts(b, "  (");
			print_ret(b, r->state[k].got);
			buf_puts(b, ")");
		}
		buf_puts(b, "\n");
	}
}

static void hand_over(struct round *r, struct buf *b)
{
	pthread_mutex_lock(&r->lock);
	if (r->o->finding)
		r->o->finding(r->o->arg, buf_str(b));
	pthread_mutex_unlock(&r->lock);
	buf_fini(b);
	if (r->o->stop_at_finding)
		atomic_store(&r->stop, true);
}

void finding_call(struct round *r, const struct observed *o)
{
	const struct tree_sock *k = &r->run->tree.sock[o->place];
	uint32_t last = atomic_load(&r->done), to = o->hi + AROUND < last ? o->hi + AROUND : o->hi;
	uint16_t shown[SHOWN];
	unsigned n = 0;
	struct buf b = {0};

	print_head(&b, r);
	buf_printf(&b, "call %llu of thread %u, %ssockopt on a socket of ", (unsigned long long)o->number,
		   o->caller, o->hook == HOOK_GET ? "get" : "set");
	tree_print_path(&r->run->tree, k->cg, &b);
	buf_printf(&b, ", gave\n    ");
	print_seen(&b, o->hook, &o->seen);
	buf_printf(&b, "\nallowed by what was attached while it ran (states %u to %u, marked *):\n", o->lo,
		   o->hi);
	for (uint32_t s = o->lo; s <= o->hi && n < SHOWN; s++) {
		uint16_t x = r->state[s].expect[o->place][o->hook];
		unsigned i = 0;

		while (i < n && shown[i] != x)
			i++;
		if (i < n)
			continue;
		shown[n++] = x;
		buf_puts(&b, "    ");
		print_seen(&b, o->hook, &r->expect->entry[x].seen);
		buf_puts(&b, "    by ");
		tree_print_progs(r->expect->entry[x].chain.prog, r->expect->entry[x].chain.n, &b);
		buf_puts(&b, "\n");
	}
	buf_puts(&b, "operations around it:\n");
	print_states(&b, r, o->lo > AROUND ? o->lo - AROUND : 0, to, o->lo, o->hi);
	hand_over(r, &b);
}

void finding_step(struct round *r, uint32_t k)
{
	struct buf b = {0};

	print_head(&b, r);
	buf_printf(&b, "operation %u gave ", k);
	print_ret(&b, r->state[k].got);
	buf_puts(&b, ", allowed is ");
	print_ret(&b, r->state[k].want);
	buf_puts(&b, "\noperations before it:\n");
	print_states(&b, r, k > AROUND ? k - AROUND : 0, k, k, k);
	hand_over(r, &b);
}
