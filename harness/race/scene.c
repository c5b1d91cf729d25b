/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <string.h>
#include <sys/socket.h>

/*
 * Calls: getsockopt of SO_RCVTIMEO, whose 16 bytes are zero, and setsockopt of SO_MARK to 0. A program writes
 * its mark to the first of four bytes that is still zero: afterwards the value is the list of the programs
 * that ran, in order.
 */
#define RCVTIMEO SO_RCVTIMEO

static const struct tc_call calls[HOOK_COUNT] = {
	[HOOK_GET] = {.hook = HOOK_GET,
		      .level = SOL_SOCKET,
		      .optname = RCVTIMEO,
		      .optlen = 16,
		      .buf = {.fill = TC_FILL, .size = 16}},
	[HOOK_SET] = {.hook = HOOK_SET,
		      .level = SOL_SOCKET,
		      .optname = SO_MARK,
		      .optlen = 4,
		      .buf = {.n_data = 4, .fill = TC_FILL, .size = 4}},
};

const struct tc_call *scene_call(enum hook hook)
{
	return &calls[hook];
}

/* Other options go through unchanged: SO_MARK is read while programs of getsockopt come and go. */
static void write_prog(struct tree_prog *p, unsigned hook, unsigned i)
{
	struct act *a = p->prog.act;

	memset(p, 0, sizeof(*p));
	p->hook = (uint8_t)hook;
	p->prog.ret = i != SCENE_PROGS - 1;
	*a++ = (struct act){
		.op = ACT_IF, .field = FIELD_OPTNAME, .cmp = CMP_NE, .n = 1, .val = calls[hook].optname};
	*a++ = (struct act){.op = ACT_RETURN, .val = 1};
	for (unsigned k = 0; k < SCENE_LOG; k++) {
		*a++ = (struct act){.op = ACT_IF, .field = FIELD_BYTE, .cmp = CMP_EQ, .n = 2, .off = k};
		*a++ = (struct act){.op = ACT_BYTES, .n = 1, .off = k, .val = scene_mark(i)};
		*a++ = (struct act){.op = ACT_RETURN, .val = (int32_t)p->prog.ret};
	}
	p->prog.n = (uint32_t)(a - p->prog.act);
}

/* ---- what comes next ---- */

static const struct tree_node *node_of(const struct scene_run *r, uint8_t cg)
{
	return &r->model.node[r->model.at[cg]];
}

static uint8_t any_prog(struct scene_run *r, unsigned hook, unsigned n)
{
	return (uint8_t)(hook * SCENE_PROGS + rng_below(&r->rng, n));
}

static void attach(struct scene_run *r, struct tree_step *s, uint8_t cg, unsigned hook, uint32_t flags)
{
	*s = tree_step(TREE_ATTACH);
	s->hook = (uint8_t)hook;
	s->cg = cg;
	s->flags = flags;
	s->prog = any_prog(r, hook, SCENE_PROGS);
}

/* A link that is not open: two for each hook and cgroup. TREE_NONE: both are. */
static uint8_t free_link(const struct scene_run *r, uint8_t cg, unsigned hook)
{
	for (uint8_t i = 0; i < 2; i++) {
		uint8_t link = (uint8_t)(cg * 4 + hook * 2 + i);

		if (!r->model.link[link].open)
			return link;
	}
	return TREE_NONE;
}

static bool link_prog(struct scene_run *r, struct tree_step *s, uint8_t cg, unsigned hook, unsigned n_progs)
{
	uint8_t link = free_link(r, cg, hook);

	if (link == TREE_NONE || !(r->model.epoch->has & NEED_LINKS))
		return false;
	*s = tree_step(TREE_LINK);
	s->hook = (uint8_t)hook;
	s->cg = cg;
	s->link = link;
	s->prog = any_prog(r, hook, n_progs);
	return true;
}

/* Takes away entry i of the cgroup's list. */
static void take_off(struct scene_run *r, struct tree_step *s, uint8_t cg, unsigned hook, unsigned i)
{
	const struct tree_entry *e = &node_of(r, cg)->entry[hook][i];

	if (e->link != TREE_NONE) {
		*s = tree_step(TREE_CLOSE_LINK);
		s->link = e->link;
		return;
	}
	*s = tree_step(TREE_DETACH);
	s->hook = (uint8_t)hook;
	s->cg = cg;
	s->prog = e->prog;
}

/* The only program of the hook comes and goes: the kernel's static key with it. */
static void propose_first(struct scene_run *r, struct tree_step *s)
{
	static const uint32_t modes[] = {0, TREE_F_OVERRIDE, TREE_F_MULTI};
	unsigned hook = rng_below(&r->rng, HOOK_COUNT);

	if (node_of(r, 0)->n[hook])
		take_off(r, s, 0, hook, 0);
	else if (!rng_chance(&r->rng, 1, 4) || !link_prog(r, s, 0, hook, SCENE_PROGS))
		attach(r, s, 0, hook, modes[rng_below(&r->rng, 3)]);
}

/* Another program takes the place of the attached one: BPF_F_REPLACE, or attaching again without MULTI. */
static void propose_replace(struct scene_run *r, struct tree_step *s)
{
	unsigned hook = rng_below(&r->rng, HOOK_COUNT);
	const struct tree_node *n = node_of(r, 0);

	attach(r, s, 0, hook, hook == HOOK_GET ? TREE_F_MULTI : TREE_F_OVERRIDE);
	if (!n->n[hook] || !(n->flags[hook] & TREE_F_MULTI))
		return;
	s->flags |= TREE_F_REPLACE;
	s->other = n->entry[hook][0].prog;
}

static void update(struct scene_run *r, struct tree_step *s, const struct tree_entry *e, unsigned hook)
{
	*s = tree_step(TREE_UPDATE);
	s->link = e->link;
	s->prog = any_prog(r, hook, SCENE_PROGS - 1);
	if (rng_chance(&r->rng, 1, 2))
		s->other = e->prog;
}

/* Two links of one cgroup, whose programs are exchanged one after the other; rarely a link goes and comes. */
static void propose_update(struct scene_run *r, struct tree_step *s)
{
	unsigned hook = rng_below(&r->rng, HOOK_COUNT), n = node_of(r, 0)->n[hook];

	if (n < 2)
		link_prog(r, s, 0, hook, SCENE_PROGS - 1);
	else if (rng_chance(&r->rng, 1, 64))
		take_off(r, s, 0, hook, rng_below(&r->rng, n));
	else
		update(r, s, &node_of(r, 0)->entry[hook][rng_below(&r->rng, n)], hook);
}

/* Two levels with up to two programs each, of links and the old way, beside each other. */
static void propose_multi(struct scene_run *r, struct tree_step *s)
{
	unsigned hook = rng_below(&r->rng, HOOK_COUNT);
	uint8_t cg = (uint8_t)rng_below(&r->rng, r->tree.n_cgroups);
	unsigned n;

	if (node_of(r, cg)->dead)
		cg = 0;
	n = node_of(r, cg)->n[hook];
	if (n && (n == 2 || rng_chance(&r->rng, 1, 3)))
		take_off(r, s, cg, hook, rng_below(&r->rng, n));
	else if (!rng_chance(&r->rng, 1, 2) || !link_prog(r, s, cg, hook, SCENE_PROGS))
		attach(r, s, cg, hook, TREE_F_MULTI);
}

/* The same, and after a while the lower cgroup is removed under its sockets. Its programs stay for them. */
static void propose_rmdir(struct scene_run *r, struct tree_step *s)
{
	if (r->done == r->rmdir_at) {
		*s = tree_step(TREE_RMDIR);
		s->cg = 1;
		return;
	}
	propose_multi(r, s);
}

/* clang-format off */
static const struct scene scenes[] = {
	{"first", "the only program of a hook comes and goes", 0, 1, 1, false, propose_first},
	{"replace", "another program takes the place of the attached one", NEED_REPLACE, 1, 1, false, propose_replace},
	{"update", "the programs of two links of a cgroup are exchanged", NEED_LINKS, 1, 1, true, propose_update},
	{"multi", "up to two programs on each of two cgroups come and go", 0, 2, 2, false, propose_multi},
	{"rmdir", "the same, and the lower cgroup is removed under its sockets", 0, 2, 2, false, propose_rmdir},
};
/* clang-format on */

const struct scene *scene_at(unsigned i)
{
	return i < sizeof(scenes) / sizeof(scenes[0]) ? &scenes[i] : NULL;
}

const struct scene *scene_find(const char *name)
{
	for (unsigned i = 0; scene_at(i); i++)
		if (!strcmp(scene_at(i)->name, name))
			return scene_at(i);
	return NULL;
}

void scene_begin(struct scene_run *r, const struct scene *scene, const struct attach_epoch *epoch,
		 uint64_t seed, uint64_t round)
{
	struct tree *t = &r->tree;
	struct tree_want w;

	memset(r, 0, sizeof(*r));
	r->scene = scene;
	rng_seed(&r->rng, seed, round);
	r->rmdir_at = 20 + rng_below(&r->rng, 400);
	t->n_cgroups = scene->n_cgroups;
	t->cgroup[0] = (struct tree_cgroup){.parent = TREE_NONE, .name = 'a'};
	t->cgroup[1] = (struct tree_cgroup){.parent = 0, .name = 'b'};
	t->n_progs = HOOK_COUNT * SCENE_PROGS;
	for (unsigned i = 0; i < t->n_progs; i++)
		write_prog(&t->prog[i], i / SCENE_PROGS, i % SCENE_PROGS);
	t->n_links = 4 * SCENE_PLACES;
	t->n_steps = 1;
	t->n_socks = scene->n_places;
	for (unsigned i = 0; i < t->n_socks; i++)
		t->sock[i] = (struct tree_sock){
			.cg = (uint8_t)(t->n_cgroups - 1 - i), .family = AF_INET, .type = SOCK_DGRAM};
	tree_begin(&r->model, epoch, t);
	for (unsigned i = 0; i < t->n_socks; i++) {
		t->step[0] = tree_step(TREE_SOCKET);
		t->step[0].sock = (uint8_t)i;
		tree_next(&r->model, 0, &w);
		r->node[i] = r->model.sock[i];
	}
}

void scene_next(struct scene_run *r, struct tree_want *w)
{
	r->scene->propose(r, &r->tree.step[0]);
	tree_next(&r->model, 0, w);
	r->done++;
}
