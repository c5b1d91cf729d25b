/* SPDX-License-Identifier: MIT */
/* Reading the objects for every profile, and giving their programs a place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mutate/boundary.h"
#include "check.h"
#include "lint.h"

static bool wanted(const struct check_input *in, const struct isa_prog *p)
{
	if (p->hook == ISA_PROG_OTHER)
		return false;
	return in->prog[0] ? !strcmp(in->prog, p->name) : p->autoload;
}

/* Gives the program the next slot of its level. */
static int add_place(struct check *k, unsigned input, uint32_t prog, char *err, size_t size)
{
	struct byte_object *b = &k->object[k->n_profiles - 1][input];
	const struct isa_prog *p = &b->object->progs[prog];
	unsigned hook = p->hook == ISA_PROG_SETSOCKOPT ? HOOK_SET : HOOK_GET, level = k->input[input].level,
		 slot = 0;
	struct check_place *place = &k->place[k->n_places];

	for (unsigned i = 0; i < k->n_places; i++)
		slot += k->place[i].hook == hook && k->place[i].level == level;
	if (slot == TC_MAX_SLOTS || k->n_places == TC_MAX_PROGS) {
		snprintf(err, size,
			 "%s: more than %u programs for one hook of a cgroup: name one as %s:PROGRAM",
			 k->input[input].path, TC_MAX_SLOTS, k->input[input].path);
		return -1;
	}
	*place = (struct check_place){.input = input,
				      .prog = prog,
				      .hook = (uint8_t)hook,
				      .level = (uint8_t)level,
				      .since = ISA_NEVER};
	if (b->code[prog])
		place->since = isa_code_since(
			b->code[prog], hook == HOOK_SET ? ISA_SETSOCKOPT : ISA_GETSOCKOPT, &place->since_at);
	else
		place->refused = b->problem[prog].text;
	k->n_places++;
	return 0;
}

static int add_places(struct check *k, unsigned input, char *err, size_t size)
{
	const struct isa_object *o = k->object[k->n_profiles - 1][input].object;
	unsigned before = k->n_places;

	for (uint32_t i = 0; i < o->n_progs; i++)
		if (wanted(&k->input[input], &o->progs[i]) && add_place(k, input, i, err, size))
			return -1;
	if (k->n_places > before)
		return 0;
	if (k->input[input].prog[0])
		snprintf(err, size, "%s: no sockopt program %s", k->input[input].path, k->input[input].prog);
	else
		snprintf(err, size, "%s: no program for cgroup/getsockopt or cgroup/setsockopt",
			 k->input[input].path);
	return -1;
}

static int open_profile(struct check *k, const struct profile *p, unsigned kernel, char *err, size_t size)
{
	unsigned at = k->n_profiles++;
	char why[400];

	k->profile[at] = p;
	k->kernel[at] = kernel;
	k->oracle[at] = oracle_new(p, PAGE);
	if (!k->oracle[at] || standin_init(&k->standin[at])) {
		snprintf(err, size, "out of memory");
		return -1;
	}
	for (unsigned i = 0; i < k->n_inputs; i++)
		if (byte_object_open(&k->object[at][i], k->input[i].bytes, k->input[i].n, kernel, why,
				     sizeof(why))) {
			snprintf(err, size, "%s: %s", k->input[i].path, why);
			return -1;
		}
	return 0;
}

unsigned check_kernels(struct check_kernel out[CHECK_PROFILES])
{
	unsigned n = 0, first, last;

	for (unsigned i = 0; i < profile_count() && n < CHECK_PROFILES; i++)
		if (profile_kernels(profile_at(i), &first, &last))
			out[n++] = (struct check_kernel){profile_at(i), last};
	return n;
}

int check_open(struct check *k, const struct check_kernel *kernels, unsigned n, char *err, size_t size)
{
	k->n_levels = 1;
	byte_chain_init(&k->chain);
	lint_watch(k);
	for (unsigned i = 0; i < n; i++)
		if (open_profile(k, kernels[i].profile, kernels[i].kernel, err, size))
			return -1;
	for (unsigned i = 0; i < k->n_inputs; i++) {
		if (add_places(k, i, err, size))
			return -1;
		k->n_levels = k->input[i].level > k->n_levels ? k->input[i].level : k->n_levels;
	}
	return 0;
}

void check_fini(struct check *k)
{
	for (unsigned p = 0; p < k->n_profiles; p++) {
		oracle_free(k->oracle[p]);
		standin_fini(&k->standin[p]);
		for (unsigned i = 0; i < k->n_inputs; i++)
			byte_object_fini(&k->object[p][i]);
	}
	for (unsigned i = 0; i < k->n_inputs; i++)
		free(k->input[i].bytes);
	for (unsigned i = 0; i < LINT_COUNT; i++)
		buf_fini(&k->find[i].detail);
	for (size_t i = 0; i < k->n_given; i++)
		free(k->given[i]);
	free(k->given);
}

static bool of_object(void *owner, size_t insn, struct isa_source *s)
{
	const struct isa_line *l;
	const void *const *pair = owner;

	l = isa_prog_line(pair[0], pair[1], (uint32_t)insn);
	if (!l)
		return false;
	*s = (struct isa_source){.file = l->file, .text = l->text, .line = (int)l->line};
	return true;
}

bool check_source(const struct check *k, const struct check_place *p, size_t insn, struct isa_source *s)
{
	const struct isa_object *o = k->object[k->n_profiles - 1][p->input].object;
	const void *pair[2] = {o, &o->progs[p->prog]};

	return of_object(pair, insn, s);
}
