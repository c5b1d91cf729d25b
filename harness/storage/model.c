/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>

const struct storage_prog_info storage_progs[STORAGE_PROGS] = {
	[GET_APART] = {"get_apart", HOOK_GET, false, true},
	[GET_APART_TOO] = {"get_apart_too", HOOK_GET, false, false},
	[GET_SHARED] = {"get_shared", HOOK_GET, true, false},
	[SET_APART] = {"set_apart", HOOK_SET, false, true},
	[SET_SHARED] = {"set_shared", HOOK_SET, true, false},
};

/* clang-format off */
const struct storage_rule storage_rules[] = {
	{"STORAGE.PLACE", "A program has the cgroup storage of the cgroup that it is attached to, whatever the socket's is.",
	 "kernel/bpf/cgroup.c compute_effective_progs(), bpf_cgroup_storages_assign()"},
	{"STORAGE.PROGS", "Programs of one hook on one cgroup that use the same map have one storage.",
	 "kernel/bpf/cgroup.c bpf_cgroup_storages_alloc() (5.9)"},
	{"STORAGE.DETACH", "Detaching leaves the storage: a program that is attached again goes on counting.",
	 "kernel/bpf/cgroup.c cgroup_bpf_release() frees it (5.9)"},
	{"STORAGE.APART", "With a key of cgroup and attach type each hook has a storage of its own.",
	 "kernel/bpf/local_storage.c bpf_cgroup_storage_key_cmp()"},
	{"STORAGE.SHARED", "With a key of the cgroup alone both hooks have one.",
	 "kernel/bpf/local_storage.c attach_type_isolated() (5.9)"},
	{"STORAGE.SOCK", "Socket storage is the socket's, whichever program, hook or cgroup counts.",
	 "net/core/bpf_sk_storage.c bpf_sk_storage_get()"},
	{"STORAGE.CLONE", "With BPF_F_CLONE a socket made by a listener begins with a copy of the listener's.",
	 "net/core/bpf_sk_storage.c bpf_sk_storage_clone()"},
	{"STORAGE.OWN", "Without BPF_F_CLONE it begins without.", "net/core/bpf_sk_storage.c bpf_sk_storage_clone()"},
	{"STORAGE.DELETE", "Storage that user space deletes begins again at 0.",
	 "net/core/bpf_sk_storage.c bpf_fd_sk_storage_delete_elem()"},
};
/* clang-format on */
const unsigned storage_rule_count = sizeof(storage_rules) / sizeof(storage_rules[0]);

void storage_model_begin(struct storage_model *m, uint8_t wrong)
{
	memset(m, 0, sizeof(*m));
	m->wrong = wrong;
	for (uint8_t i = 0; i < STORAGE_CGROUPS; i++)
		m->sock[i] = (struct storage_sock){.open = true, .cg = i};
}

/* ---- counting ---- */

static uint64_t *cg_counter(struct storage_model *m, unsigned cg, const struct storage_prog_info *p,
			    bool create)
{
	unsigned hook = p->hook;

	if (p->shared) {
		if (m->wrong != STORAGE_WRONG_SHARED)
			hook = 0;
		m->has_shared[cg] |= create;
		return &m->shared[cg][hook];
	}
	m->has_apart[cg][hook] |= create;
	return &m->apart[cg][m->wrong == STORAGE_WRONG_APART ? 0 : hook];
}

uint64_t storage_of_cgroup(const struct storage_model *m, bool shared, unsigned cg, unsigned hook)
{
	return shared ? m->shared[cg][0] : m->apart[cg][hook];
}

/* One program runs for a socket and adds its two bytes. */
static void run(struct storage_model *m, struct storage_step *s, unsigned cg, unsigned prog)
{
	const struct storage_prog_info *p = &storage_progs[prog];
	struct storage_sock *k = &m->sock[s->sock];
	unsigned of = m->wrong == STORAGE_WRONG_PLACE ? k->cg : cg;
	uint64_t *n = cg_counter(m, of, p, false);

	++*n;
	k->has[p->cloned] = true;
	k->n[p->cloned]++;
	m->runs++;
	s->bytes[2 * s->n] = (uint8_t)*n;
	s->bytes[2 * s->n + 1] = (uint8_t)k->n[p->cloned];
	s->n++;
}

static void call(struct storage_model *m, struct storage_step *s)
{
	for (unsigned cg = m->sock[s->sock].cg + 1; cg-- > 0;) /* bottom-up */
		for (unsigned i = 0; i < m->n[cg][s->hook]; i++)
			run(m, s, cg, m->prog[cg][s->hook][i]);
}

/* ---- what comes next ---- */

/* A program of the hook that is not on the cgroup. */
static bool pick_absent(const struct storage_model *m, struct rng *r, unsigned cg, unsigned hook,
			uint8_t *out)
{
	uint8_t there[STORAGE_PROGS] = {0}, free[STORAGE_PROGS];
	unsigned n = 0;

	for (unsigned i = 0; i < m->n[cg][hook]; i++)
		there[m->prog[cg][hook][i]] = 1;
	for (unsigned p = 0; p < STORAGE_PROGS; p++)
		if (storage_progs[p].hook == hook && !there[p])
			free[n++] = (uint8_t)p;
	if (!n)
		return false;
	*out = free[rng_below(r, n)];
	return true;
}

/* Two programs on a cgroup for getsockopt, one for setsockopt: there is room for so many pairs of bytes. */
static bool change(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	unsigned hook = rng_below(r, HOOK_COUNT), most = hook == HOOK_GET ? 2 : 1, i;

	s->cg = (uint8_t)rng_below(r, STORAGE_CGROUPS);
	s->hook = (uint8_t)hook;
	uint8_t *n = &m->n[s->cg][hook], *list = m->prog[s->cg][hook];

	if (*n && (*n == most || rng_chance(r, 1, 2))) {
		i = rng_below(r, *n);
		s->op = ST_DETACH;
		s->prog = list[i];
		memmove(list + i, list + i + 1, (size_t)*n - i - 1);
		--*n;
		if (m->wrong == STORAGE_WRONG_DETACH)
			*cg_counter(m, s->cg, &storage_progs[s->prog], false) = 0;
		return true;
	}
	if (!pick_absent(m, r, s->cg, hook, &s->prog))
		return false;
	s->op = rng_chance(r, 1, 2) ? ST_LINK : ST_ATTACH;
	list[(*n)++] = s->prog;
	cg_counter(m, s->cg, &storage_progs[s->prog], true);
	return true;
}

static void accept_one(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k = &m->sock[s->sock], *from;

	s->op = ST_ACCEPT;
	s->from = (uint8_t)rng_below(r, STORAGE_CGROUPS);
	from = &m->sock[s->from];
	*k = (struct storage_sock){.open = true, .cg = from->cg};
	for (unsigned c = 0; c < 2; c++)
		if (c ? m->wrong != STORAGE_WRONG_CLONE : m->wrong == STORAGE_WRONG_OWN) {
			k->has[c] = from->has[c];
			k->n[c] = from->n[c];
		}
}

static void birth(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	if (rng_chance(r, 1, 2)) {
		accept_one(m, r, s);
		return;
	}
	s->op = ST_MAKE;
	s->cg = (uint8_t)rng_below(r, STORAGE_CGROUPS);
	m->sock[s->sock] = (struct storage_sock){.open = true, .cg = s->cg};
}

static void delete_one(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k = &m->sock[s->sock];

	s->op = ST_DELETE;
	s->cloned = k->has[0] && k->has[1] ? rng_chance(r, 1, 2) : k->has[1];
	k->has[s->cloned] = false;
	if (m->wrong != STORAGE_WRONG_DELETE)
		k->n[s->cloned] = 0;
}

void storage_next(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k;

	memset(s, 0, sizeof(*s));
	if (rng_chance(r, 1, 5) && change(m, r, s))
		return;
	s->sock = (uint8_t)rng_below(r, STORAGE_SOCKS);
	k = &m->sock[s->sock];
	if (!k->open) {
		birth(m, r, s);
	} else if (s->sock >= STORAGE_CGROUPS && rng_chance(r, 1, 10)) {
		s->op = ST_CLOSE;
		*k = (struct storage_sock){.open = false};
	} else if ((k->has[0] || k->has[1]) && rng_chance(r, 1, 16)) {
		delete_one(m, r, s);
	} else {
		s->op = ST_CALL;
		s->hook = (uint8_t)rng_below(r, HOOK_COUNT);
		call(m, s);
	}
}
