/* SPDX-License-Identifier: MIT */
/*
 * Two ways to say what is allowed, side by side: the oracle on action lists, and the same pipeline with the
 * programs as BPF instructions in the interpreter of oracle/isa. The instructions are (a) the straight-line
 * programs of harness/emit/insn.c and (b) progs/interp.bpf.o as the kernel gets it, fed through its map.
 * Everything in struct want is compared but the clauses that had a say (a store of the same bytes cannot be
 * seen in instructions), and of (b) what the program wrote down.
 */
#ifndef TWO_ORACLES_H
#define TWO_ORACLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "harness/emit/insn.h"
#include "harness/profiles/standin.h"
#include "oracle/byte/byte.h"
#include "oracle/profiles.h"
#include "progs/shared.h"

/* One profile: the two oracles, and the instructions. */
struct pair {
	const struct profile *profile;
	unsigned kernel;
	struct oracle *list, *byte;
	struct byte_chain chain;
	struct byte_object straight[HOOK_COUNT][TC_MAX_PROGS];
	struct byte_object interp;
	struct oracle_engine tell; /* for (b): tells the program who it is before it runs */
	uint32_t prog[HOOK_COUNT], rodata, bss;
	struct standin standin;
	uint64_t calls, runs, lost;
};

static uint32_t map_named(const struct isa_object *o, const char *name)
{
	for (uint32_t i = 0; i < o->n_maps; i++)
		if (!strcmp(o->maps[i].name, name))
			return i;
	fail_msg("interp.bpf.o has no %s", name);
	return 0;
}

static uint8_t *value(struct pair *p, uint32_t map)
{
	uint32_t zero = 0;

	return isa_map_at(&p->interp.maps, map, isa_map_lookup(&p->interp.maps, map, &zero));
}

static char fault[240]; /* why the last program had no result */

static void ran(void *owner, const struct byte_run *r)
{
	(void)owner;
	snprintf(fault, sizeof(fault), "%s", r->text);
}

static int tell_and_run(void *owner, struct oracle_entry *e)
{
	struct pair *p = owner;
	uint32_t id = e->id;

	memcpy(value(p, p->rodata), &id, sizeof(id));
	return p->chain.engine.run(p->chain.engine.owner, e);
}

static void open_interp(struct pair *p)
{
	/* hd_id, may_return_2, has_retval_helpers, has_probe_read, clamp_set_retval, trace_by_run */
	static const uint8_t constants[9] = {0, 0, 0, 0, 0, 1, 1, 0, 0};
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(HD_BUILD_DIR "/skel/interp.bpf.o", "r");
	char err[300];
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	/* it writes down what it saw with a helper of 5.8 */
	if (byte_object_open(&p->interp, bytes, n,
			     p->kernel < ISA_KERNEL(5, 8) ? ISA_KERNEL(5, 8) : p->kernel, err, sizeof(err)))
		fail_msg("interp.bpf.o: %s", err);
	p->rodata = map_named(p->interp.object, ".rodata");
	p->bss = map_named(p->interp.object, ".bss");
	assert_int_equal(p->interp.object->maps[p->rodata].value_size, sizeof(constants));
	assert_memory_equal(value(p, p->rodata), constants, sizeof(constants));
	value(p, p->rodata)[5] = p->profile->traits.helper != HELPER_NONE;
	value(p, p->rodata)[7] = p->profile->traits.helper == HELPER_RANGE;
	assert_true(p->interp.object->maps[p->bss].value_size == sizeof(struct hd_shared));
	p->prog[HOOK_GET] =
		(uint32_t)(isa_prog_find(p->interp.object, "interp_get") - p->interp.object->progs);
	p->prog[HOOK_SET] =
		(uint32_t)(isa_prog_find(p->interp.object, "interp_set") - p->interp.object->progs);
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		if (!p->interp.code[p->prog[h]])
			fail_msg("interp.bpf.o: %s", p->interp.problem[p->prog[h]].text);
	p->tell = (struct oracle_engine){.run = tell_and_run, .owner = p};
}

static void open_pair(struct pair *p, const struct profile *profile)
{
	unsigned first;

	memset(p, 0, sizeof(*p));
	p->profile = profile;
	assert_true(profile_kernels(profile, &first, &p->kernel));
	p->list = oracle_new(profile, 4096);
	p->byte = oracle_new(profile, 4096);
	assert_true(p->list && p->byte);
	assert_int_equal(standin_init(&p->standin), 0);
	open_interp(p);
}

static void close_pair(struct pair *p)
{
	oracle_free(p->list);
	oracle_free(p->byte);
	standin_fini(&p->standin);
	byte_object_fini(&p->interp);
}

static bool has(const struct tcase *tc, unsigned h, unsigned id)
{
	return id / TC_MAX_SLOTS < tc->n_levels && id % TC_MAX_SLOTS < tc->level[id / TC_MAX_SLOTS].n[h];
}

/* Puts the case's programs into the chain, as straight-line instructions or as copies of the interpreter. */
static void put_programs(struct pair *p, const struct tcase *tc, bool interp)
{
	struct hd_shared *hd = (struct hd_shared *)(void *)value(p, p->bss);
	static struct insn_list list; /* large */
	char err[200];

	byte_chain_init(&p->chain);
	p->chain.ran = ran;
	hd->runs = 0;
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		for (unsigned id = 0; id < TC_MAX_PROGS; id++) {
			const struct insn_opts opts = {.hook = (enum hook)h,
						       .has_retval_helpers =
							       p->profile->traits.helper != HELPER_NONE};

			if (!has(tc, h, id))
				continue;
			if (interp) {
				hd->prog[h][id] = *tcase_prog(tc, (enum hook)h, id);
				byte_chain_put(&p->chain, (enum hook)h, id, &p->interp, p->prog[h]);
				continue;
			}
			insn_translate(tcase_prog(tc, (enum hook)h, id), &opts, &list);
			if (byte_object_from(&p->straight[h][id], list.insn, list.n, p->kernel, err,
					     sizeof(err)))
				fail_msg("%s", err);
			byte_chain_put(&p->chain, (enum hook)h, id, &p->straight[h][id], 0);
		}
	oracle_use_engine(p->byte, interp ? &p->tell : &p->chain.engine);
}

static void drop_programs(struct pair *p, const struct tcase *tc, bool interp)
{
	for (unsigned h = 0; h < HOOK_COUNT && !interp; h++)
		for (unsigned id = 0; id < TC_MAX_PROGS; id++)
			if (has(tc, h, id))
				byte_object_fini(&p->straight[h][id]);
}

static const char *differ_plan(const struct plan *a, const struct plan *b)
{
	if (a->called != b->called || a->unsure != b->unsure || a->kernel_buf != b->kernel_buf)
		return "whether and how the handler is called";
	if (a->called && (a->level != b->level || a->optname != b->optname || a->optlen != b->optlen))
		return "the handler's arguments";
	if (a->called && a->kernel_buf && a->optlen > 0 && memcmp(a->bytes, b->bytes, (size_t)a->optlen))
		return "the handler's bytes";
	return NULL;
}

static const char *differ_seen(const struct want_seen *a, const struct want_seen *b)
{
	if (a->id != b->id || a->any != b->any || a->level != b->level || a->optname != b->optname ||
	    a->optlen != b->optlen || a->retval != b->retval || a->size != b->size)
		return "what a program sees";
	if (memcmp(a->bytes, b->bytes, a->size))
		return "the bytes that a program sees";
	return memcmp(&a->c_args, &b->c_args, 6) ? "the clauses of what a program sees" : NULL;
}

/* The same memory, or (where an oracle makes it) the same bytes of it. */
static bool same_base(const struct tc_call *c, const struct want *a, const struct want *b)
{
	return a->base == b->base || (a->base && b->base && !memcmp(a->base, b->base, c->buf.size));
}

static const char *differ_want(const struct tc_call *c, const struct want *a, const struct want *b)
{
	const char *why = NULL;

	if (a->lost != b->lost)
		return "whether anything can be said";
	if (a->any != b->any || a->ret != b->ret || a->optlen != b->optlen)
		return "the result";
	if (a->n_out != b->n_out || (a->n_out && memcmp(a->out, b->out, a->n_out)) || !same_base(c, a, b))
		return "the user's memory";
	if (a->refused != b->refused || a->left != b->left)
		return "what the chain leaves";
	if (a->c_ret != b->c_ret || a->c_optlen != b->c_optlen || a->c_out != b->c_out ||
	    a->c_base != b->c_base || a->c_runs != b->c_runs || a->c_order != b->c_order)
		return "the clause behind the result";
	if (a->n_seen != b->n_seen)
		return "how many programs run";
	for (unsigned i = 0; i < a->n_seen && !why; i++)
		why = differ_seen(&a->seen[i], &b->seen[i]);
	return why;
}

/* What the interpreter program wrote down is what the oracle says it must see. */
static const char *differ_trace(struct pair *p, unsigned hook, const struct want *w)
{
	const struct hd_shared *hd = (const struct hd_shared *)(void *)value(p, p->bss);

	for (unsigned i = 0; i < w->n_seen; i++) {
		const struct want_seen *s = &w->seen[i];
		const struct hd_trace *t = &hd->trace[hook][s->id];

		if (t->level != s->level || t->optname != s->optname || t->optlen != s->optlen ||
		    t->size != s->size || (!(s->any & SEEN_ANY_RETVAL) && t->retval != s->retval))
			return "what the program wrote down";
		if (memcmp(t->bytes, s->bytes, s->size < HD_WINDOW ? s->size : HD_WINDOW))
			return "the bytes that the program wrote down";
	}
	return NULL;
}

static void complain(const struct pair *p, const struct tcase *tc, unsigned call, const char *why,
		     bool interp)
{
	struct buf b = {0};

	tcase_print(tc, NULL, &b);
	fail_msg("%s, profile %s, call %u, %s: the two differ in %s %s", buf_str(&b), p->profile->name,
		 call + 1, interp ? "interp.bpf.o" : "straight-line instructions", why, fault);
}

#endif
