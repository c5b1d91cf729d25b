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

void storage_model_begin(struct storage_model *m, uint8_t wrong, bool with_tasks)
{
	uint64_t said[STORAGE_CLAUSES];

	memcpy(said, m->said, sizeof(said));
	memset(m, 0, sizeof(*m));
	memcpy(m->said, said, sizeof(said));
	m->wrong = wrong;
	m->with_tasks = with_tasks;
	for (uint8_t i = 0; i < STORAGE_CGROUPS; i++)
		m->sock[i] = (struct storage_sock){.open = true, .cg = i};
}

/* ---- counting ---- */

static uint64_t *cg_counter(struct storage_model *m, unsigned cg, const struct storage_prog_info *p,
			    bool create)
{
	unsigned hook = p->hook;

	if (m->wrong == STORAGE_WRONG_PROGS && p == &storage_progs[GET_APART_TOO])
		return &m->too[cg];
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

static uint32_t clause(unsigned c, bool yes)
{
	return yes ? 1u << (c - C_OPERATIONS) : 0;
}

/* The storage of a program among those of its cgroup. */
static unsigned which(const struct storage_prog_info *p)
{
	return p->shared ? HOOK_COUNT : p->hook;
}

/* What has a say in the cgroup's counter of a program. */
static uint32_t behind_cgroup(const struct storage_model *m, unsigned cg, unsigned prog)
{
	const struct storage_prog_info *p = &storage_progs[prog];
	const uint8_t two = 1 << GET_APART | 1 << GET_APART_TOO;
	bool both = (m->had[cg] & two) == two && !p->shared && p->hook == HOOK_GET;

	return clause(C_STORAGE_PLACE, true) | clause(C_STORAGE_PROGS, both) |
	       clause(C_STORAGE_DETACH, m->detached[cg][which(p)]) |
	       clause(C_STORAGE_APART, !p->shared && m->has_apart[cg][!p->hook]) |
	       clause(C_STORAGE_SHARED, p->shared) | clause(C_STORAGE_REMOVED, m->removed && cg == 1) |
	       clause(C_STORAGE_SUM, true);
}

static uint32_t behind_socket(const struct storage_sock *k, bool cloned)
{
	return clause(C_STORAGE_SOCK, true) | clause(C_STORAGE_CLONE, cloned && k->accepted) |
	       clause(C_STORAGE_OWN, !cloned && k->accepted) | clause(C_STORAGE_DELETE, k->deleted[cloned]);
}

static void say(struct storage_model *m, uint32_t clauses)
{
	for (unsigned c = 0; c < STORAGE_CLAUSES; c++)
		m->said[c] += clauses >> c & 1;
}

/* One program runs for a socket and adds its two bytes. */
static void run(struct storage_model *m, struct storage_step *s, unsigned cg, unsigned prog)
{
	const struct storage_prog_info *p = &storage_progs[prog];
	struct storage_sock *k = &m->sock[s->sock];
	unsigned of = m->wrong == STORAGE_WRONG_PLACE ? k->cg : cg, at = 2u * s->n++;
	bool apart = m->wrong == STORAGE_WRONG_SOCK && p->hook == HOOK_SET;
	uint64_t *n = cg_counter(m, of, p, false), *of_sock = apart ? &k->set[p->cloned] : &k->n[p->cloned];

	*n += m->wrong != STORAGE_WRONG_SUM || m->runs % 100 != 99;
	k->has[p->cloned] = true;
	++*of_sock;
	m->runs++;
	s->bytes[at] = (uint8_t)*n;
	s->bytes[at + 1] = (uint8_t)*of_sock;
	s->clauses[at] = behind_cgroup(m, cg, prog);
	s->clauses[at + 1] = behind_socket(k, p->cloned);
	say(m, s->clauses[at] | s->clauses[at + 1]);
}

static void call(struct storage_model *m, struct storage_step *s)
{
	unsigned place = m->wrong == STORAGE_WRONG_TASK ? 1u + m->sock[s->sock].cg : m->task;

	if (m->with_tasks) {
		m->has_task[place] = true;
		m->of_task[place]++;
		say(m, clause(C_STORAGE_TASK, true));
	}
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

	s->cg = (uint8_t)rng_below(r, m->removed ? 1 : STORAGE_CGROUPS);
	s->hook = (uint8_t)hook;
	uint8_t *n = &m->n[s->cg][hook], *list = m->prog[s->cg][hook];

	if (*n && (*n == most || rng_chance(r, 1, 2))) {
		i = rng_below(r, *n);
		s->op = ST_DETACH;
		s->prog = list[i];
		memmove(list + i, list + i + 1, (size_t)*n - i - 1);
		--*n;
		m->detached[s->cg][which(&storage_progs[s->prog])] = true;
		if (m->wrong == STORAGE_WRONG_DETACH)
			*cg_counter(m, s->cg, &storage_progs[s->prog], false) = 0;
		return true;
	}
	if (!pick_absent(m, r, s->cg, hook, &s->prog))
		return false;
	s->op = rng_chance(r, 1, 2) ? ST_LINK : ST_ATTACH;
	list[(*n)++] = s->prog;
	m->had[s->cg] |= (uint8_t)(1u << s->prog);
	cg_counter(m, s->cg, &storage_progs[s->prog], true);
	return true;
}

static void accept_one(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k = &m->sock[s->sock], *from;

	s->op = ST_ACCEPT;
	s->from = (uint8_t)rng_below(r, STORAGE_CGROUPS);
	from = &m->sock[s->from];
	*k = (struct storage_sock){.open = true, .accepted = true, .cg = from->cg};
	for (unsigned c = 0; c < 2; c++)
		if (c ? m->wrong != STORAGE_WRONG_CLONE : m->wrong == STORAGE_WRONG_OWN) {
			k->has[c] = from->has[c];
			k->n[c] = from->n[c];
			k->set[c] = from->set[c];
		}
}

static void birth(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	if (rng_chance(r, 1, 2)) {
		accept_one(m, r, s);
		return;
	}
	s->op = ST_MAKE;
	s->cg = (uint8_t)rng_below(r, m->removed ? 1 : STORAGE_CGROUPS);
	m->sock[s->sock] = (struct storage_sock){.open = true, .cg = s->cg};
}

static void delete_one(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k = &m->sock[s->sock];

	s->op = ST_DELETE;
	s->cloned = k->has[0] && k->has[1] ? rng_chance(r, 1, 2) : k->has[1];
	k->has[s->cloned] = false;
	k->deleted[s->cloned] = true;
	k->set[s->cloned] = 0;
	if (m->wrong != STORAGE_WRONG_DELETE)
		k->n[s->cloned] = 0;
}

/* b goes, with what is attached to it; its listener stays. */
static void remove_b(struct storage_model *m, struct storage_step *s)
{
	s->op = ST_RMDIR;
	m->removed = true;
	if (m->wrong != STORAGE_WRONG_REMOVED)
		return;
	memset(m->apart[1], 0, sizeof(m->apart[1]));
	memset(m->shared[1], 0, sizeof(m->shared[1]));
}

void storage_next(struct storage_model *m, struct rng *r, struct storage_step *s)
{
	struct storage_sock *k;

	memset(s, 0, sizeof(*s));
	if (rng_chance(r, 1, 40)) {
		s->op = ST_ENTER;
		s->task = m->task = (uint8_t)rng_below(r, m->removed ? STORAGE_TASKS - 1 : STORAGE_TASKS);
		return;
	}
	if (!m->removed && m->task != 2 && rng_chance(r, 1, 600)) {
		remove_b(m, s);
		return;
	}
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
