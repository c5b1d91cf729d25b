/* SPDX-License-Identifier: MIT */
/*
 * Cases with operations: any bytes are a valid one (harness/case/tree_bin.h), its encoding is canonical, its
 * text parses back; and the attach model (oracle/tree.h) agrees with itself in every epoch. Needs no root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case/tree_bin.h"
#include "harness/case/tree_text.h"
#include "oracle/tree.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, const char *more)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_tree: %s%s\n", what, more ? more : "");
	abort();
}

static void forms(const struct tree *t)
{
	static struct tree again; /* large */
	static uint8_t bytes[TREE_BIN_MAX], same[TREE_BIN_MAX];
	size_t n = tree_bin_encode(t, bytes, sizeof(bytes));
	struct buf text = {0};
	struct diag d = {0};

	must(n >= TREE_BIN_MIN, "the case does not fit TREE_BIN_MAX", NULL);
	must(tree_bin_decode(bytes, n, &again), "its encoding does not decode", NULL);
	must(tree_equal(t, &again), "decode(encode(x)) is another case", NULL);
	must(tree_bin_encode(&again, same, sizeof(same)) == n && !memcmp(bytes, same, n),
	     "two encodings of one case", NULL);
	tree_print(t, NULL, &text);
	if (text.n <= CASE_TEXT_MAX) {
		if (tree_parse(buf_str(&text), text.n, "print", &again, NULL, &d))
			must(false, "what was printed does not parse: ", d.message);
		must(tree_equal(t, &again), "print and parse give another case:\n", buf_str(&text));
	}
	buf_fini(&text);
}

/* ---- the model against itself ---- */

/* What can be seen of the lists. */
struct state {
	unsigned nodes, dead, entries, revisions;
};

static struct state look(const struct tree_model *m)
{
	struct state s = {.nodes = m->n_nodes};

	for (unsigned i = 0; i < m->n_nodes; i++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			const struct tree_node *n = &m->node[i];

			must(n->n[h] <= TREE_CGROUP_PROGS, "a cgroup with more than 64 programs", NULL);
			must(!n->n[h] || n->flags[h] & TREE_F_MULTI || n->n[h] == 1,
			     "several programs without multi", NULL);
			must(n->n[h] || !n->flags[h], "a mode without a program", NULL);
			s.dead += h == 0 && n->dead;
			s.entries += n->n[h];
			s.revisions += n->revision[h];
		}
	return s;
}

/* By how much a step that succeeds may change the number of entries. */
static void changes(const struct tree_step *s, const struct tree_want *w, const struct state *a,
		    const struct state *b)
{
	int more = (int)b->entries - (int)a->entries;
	bool on_list = s->op <= TREE_CLOSE_LINK;

	if (w->refused)
		return;
	if (w->ret || s->op == TREE_CALL || s->op == TREE_QUERY || s->op == TREE_SOCKET ||
	    s->op == TREE_CLOSE_SOCK || s->op == TREE_MOVE) {
		must(!memcmp(a, b, sizeof(*a)), "a step that changes nothing changed the lists", NULL);
		return;
	}
	if (s->op == TREE_MKDIR)
		must(b->nodes == a->nodes + 1 && !more, "a mkdir", NULL);
	if (s->op == TREE_RMDIR)
		must(b->dead == a->dead + 1 && !more, "a rmdir", NULL);
	if (!on_list)
		return;
	must(more >= -1 && more <= 1, "a step changed more than one entry", NULL);
	must(s->op != TREE_LINK || more == 1, "a link that is no entry", NULL);
	must(s->op != TREE_UPDATE || !more, "an update that is one more entry", NULL);
	must(s->op != TREE_DETACH || more == -1, "a detach that took nothing away", NULL);
	must(!more || b->revisions == a->revisions + 1, "a change that is not counted", NULL);
}

/* What runs is what is attached to the cgroup and to those above, nothing twice as often as it is there. */
static void runs(const struct tree_model *m, uint8_t node, enum hook hook)
{
	static uint8_t progs[TREE_CHAIN];
	unsigned n = tree_effective(m, node, hook, progs), there[TREE_MAX_PROGS] = {0}, all = 0;

	for (uint8_t p = node; p != TREE_NONE; p = m->node[p].parent)
		for (unsigned i = 0; i < m->node[p].n[hook]; i++, all++)
			there[m->node[p].entry[hook][i].prog]++;
	must(n <= all && (n || !all), "more runs than is attached, or nothing", NULL);
	for (unsigned i = 0; i < n; i++)
		must(there[progs[i]]-- > 0, "a program runs that is not attached", NULL);
}

static void epoch(const struct tree *t, const struct attach_epoch *e)
{
	static struct tree_model m; /* large */
	static struct tree_want w;
	static struct tcase flat;

	tree_begin(&m, e, t);
	tcase_init(&flat);
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct state before = look(&m), after;
		const struct tree_step *s = &t->step[i];

		tree_next(&m, i, &w);
		after = look(&m);
		must(w.ret <= 0 && w.ret > -530, "a result that is no errno", NULL);
		must(s->op == TREE_CALL || w.clause, "a result without a clause", NULL);
		for (unsigned k = 0; k < w.n_hits; k++)
			must(tree_clause_holds(e, w.hits[k]) || w.hits[k] < C_CALLS,
			     "a clause that does not hold in the epoch: ", clause_info(w.hits[k])->name);
		changes(s, &w, &before, &after);
		if (s->op == TREE_CALL && tree_flat(t, &w, &t->call[s->call], &flat)) {
			const char *why = tcase_check(&flat);

			must(!why, "a flat case that is not valid: ", why);
		}
	}
	for (unsigned k = 0; k < m.n_nodes; k++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			runs(&m, (uint8_t)k, (enum hook)h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tree t; /* large */
	const char *wrong;

	stats_execution();
	if (!tree_bin_decode(data, size, &t)) {
		stats_refuse(REFUSED_TOO_SHORT);
		return 0;
	}
	wrong = tree_check(&t);
	must(!wrong, "decoded case is not valid: ", wrong);
	fuzz_stats.cases++;
	forms(&t);
	for (unsigned i = 0; i < attach_epoch_count(); i++)
		epoch(&t, attach_epoch_at(i));
	return 0;
}
