/* SPDX-License-Identifier: MIT */
/* The lines of main() of a case with operations; what they call is in runtime/tree.c. */
#include "repro_tree.h"

#include <stdio.h>

#include "../case/tree_text.h"
#include "repro_impl.h"
#include "runtime.h"

void repro_tree_fini(struct repro_tree *r)
{
	for (unsigned i = 0; i < TREE_MAX_CALLS; i++)
		wanted_fini(&r->call[i]);
}

bool repro_tree_can(const struct repro_tree *r)
{
	for (unsigned i = 0; i < r->n_steps; i++) {
		const struct tree_step *s = &r->t->step[i];

		if (s->op == TREE_SOCKET && r->t->sock[s->sock].route != ROUTE_DIRECT &&
		    r->t->sock[s->sock].route != ROUTE_PAIR)
			return false;
	}
	return true;
}

/* ---- programs ---- */

static void put_programs(const struct repro_tree *r, struct buf *out)
{
	for (unsigned i = 0; i < r->t->n_progs; i++) {
		const struct insn_record record = REPRO_RECORD(i);
		const struct insn_opts opts = {.hook = (enum hook)r->t->prog[i].hook,
					       .record = r->record ? &record : NULL,
					       .has_retval_helpers = r->has_retval_helpers};
		char name[8];

		snprintf(name, sizeof(name), "p%u", i + 1);
		buf_printf(out, "/* program %s", name);
		repro_put_program(&r->t->prog[i].prog, &opts, name, out);
	}
}

static void put_record(const struct repro_tree *r, struct buf *out)
{
	buf_puts(out, "\nstatic const char *const program_names[] = {");
	for (unsigned i = 0; i < r->t->n_progs; i++)
		buf_printf(out, "%s\"p%u\"", i ? ", " : "", i + 1);
	buf_printf(out, "};\nenum { SEEN_PROGS = %u, SEEN_BYTES = %u, SEEN_ORDER = 64 };\n", r->t->n_progs,
		   WANTED_SEEN);
	buf_puts(out, runtime_record);
	buf_puts(
		out,
		"\n/* The programs that ran, as check_list() knows them. */\n"
		"MAYBE_UNUSED static const unsigned *who_ran(void)\n{\n\tstatic unsigned who[SEEN_ORDER];\n\n"
		"\tfor (unsigned i = 0; i < record.runs && i < SEEN_ORDER; i++)\n"
		"\t\twho[i] = record.order[i] + 1u;\n\treturn who;\n}\n");
}

/* ---- steps ---- */

static const char *attach_type(unsigned hook)
{
	return hook == HOOK_GET ? "GET" : "SET";
}

/* The operation with what it names; a cgroup's number here is one more than in the case. */
static void put_op(const struct tree *t, const struct tree_step *s, struct buf *out)
{
	static const char *const names[TREE_OP_COUNT] = {
		[TREE_ATTACH] = "attach", [TREE_LINK] = "link",
		[TREE_UPDATE] = "update", [TREE_DETACH] = "detach",
		[TREE_QUERY] = "query",	  [TREE_LINK_DETACH] = "link_detach",
		[TREE_MKDIR] = "mkdir",	  [TREE_CLOSE_LINK] = "close_link",
		[TREE_RMDIR] = "rmdir",	  [TREE_MOVE] = "move"};
	bool on_link = s->op == TREE_LINK || s->op == TREE_UPDATE || s->op == TREE_LINK_DETACH ||
		       s->op == TREE_CLOSE_LINK;

	buf_printf(out, "\top_%s(&(struct op){.cg = %u", names[s->op], s->cg == TREE_NONE ? 0u : s->cg + 1u);
	if (s->op <= TREE_DETACH && s->prog != TREE_NONE)
		buf_printf(out, ", .prog = %u", s->prog + 1u);
	if (s->other != TREE_NONE)
		buf_printf(out, ", .other = %u", s->other + 1u);
	if (on_link)
		buf_printf(out, ", .link = %u", s->link + 1u);
	if (s->op == TREE_LINK)
		buf_printf(out, ", .type = %s", attach_type(t->prog[s->prog].hook));
	else if (s->op == TREE_ATTACH || s->op == TREE_DETACH || s->op == TREE_QUERY)
		buf_printf(out, ", .type = %s", attach_type(s->hook));
	if (s->flags)
		buf_printf(out, ", .flags = 0x%x", s->flags);
	if (s->anchor)
		buf_printf(out, ", .anchor = %s, .at = %u",
			   s->anchor == ANCHOR_PROG ? "BESIDE_PROG" : "BESIDE_LINK", s->at + 1u);
	if (s->revision)
		buf_printf(out, ", .revision = %u", s->revision);
	if (s->op == TREE_QUERY)
		buf_printf(out, ", .room = %u, .effective = %d, .array = %d", s->room, s->effective,
			   s->array);
	buf_puts(out, "});\n");
}

static void put_list(const char *what, const struct repro_step *w, const char *got, struct buf *out)
{
	buf_printf(out, "\tcheck_list(\"%s\", (const unsigned[]){", what);
	for (unsigned i = 0; i < w->n; i++)
		buf_printf(out, "%u, ", w->progs[i] + 1u);
	buf_printf(out, "0}, %u, %s);\n", w->n, got);
}

static void put_answer(const struct tree_step *s, const struct repro_step *w, struct buf *out)
{
	buf_printf(out, "\tcheck_number(\"count\", %u, answer.count);\n", w->count);
	buf_printf(out, "\tcheck_number(\"flags\", %u, answer.flags);\n", w->flags);
	if (w->has_revision)
		buf_printf(out, "\tcheck_number(\"revision\", %u, (int64_t)answer.revision);\n", w->revision);
	if (s->array && w->n)
		buf_printf(out,
			   "\tcheck_number(\"entries\", %u, answer.entries_differ ? -1 : "
			   "(int64_t)answer.entry);\n",
			   w->entry_flags);
	put_list("programs", w, "answer.prog, answer.n", out);
}

static void put_ret(const struct repro_step *w, struct buf *out)
{
	if (!w->known)
		buf_puts(out, "\tnot_compared(\"ret\");\n");
	else if (w->either)
		buf_printf(out, "\tcheck_either(%d, %d);\n", w->ret, w->other);
	else
		buf_printf(out, "\tcheck_ret(%d);\n", w->ret);
}

static void put_operation(const struct tree *t, const struct tree_step *s, struct buf *out)
{
	const struct tree_sock *k = &t->sock[s->sock];

	if (s->op == TREE_SOCKET)
		buf_printf(out, "\tsock[%u] = op_socket(%u, %d, %u, %u, %u);\n", s->sock,
			   k->cg == TREE_NONE ? 0u : k->cg + 1u, k->route == ROUTE_PAIR, k->family, k->type,
			   k->protocol);
	else if (s->op == TREE_CLOSE_SOCK)
		buf_printf(out, "\top_close_socket(&sock[%u]);\n", s->sock);
	else
		put_op(t, s, out);
}

static void put_step(const struct repro_tree *r, unsigned i, struct buf *out)
{
	const struct tree_step *s = &r->t->step[i];
	const struct repro_step *w = &r->step[i];
	struct buf text = {0};

	buf_puts(out, "\n");
	if (s->op == TREE_CALL) {
		repro_put_call(&r->t->call[s->call], &r->call[s->call], i + 1, out);
		if (r->record && w->known)
			put_list("programs that ran", w, "who_ran(), record.runs", out);
		return;
	}
	tree_print_step(r->t, s, &text);
	buf_printf(out, "\tsay_step(%u, ", i + 1);
	repro_put_string(buf_str(&text), out);
	buf_puts(out, ");\n");
	put_operation(r->t, s, out);
	put_ret(w, out);
	if (w->known && w->answers)
		put_answer(s, w, out);
	buf_fini(&text);
}

/* ---- the file ---- */

static void put_cgroups(const struct tree *t, struct buf *out)
{
	for (unsigned i = 0; i < t->n_cgroups; i++) {
		const struct tree_cgroup *c = &t->cgroup[i];

		buf_printf(out, "\tplace(%u, %u, '%c'); /* ", i + 1,
			   c->parent == TREE_NONE ? 0u : c->parent + 1u, c->name);
		tree_print_path(t, (uint8_t)i, out);
		buf_puts(out, " */\n");
		if (c->later)
			buf_printf(out, "\tlevel_late[%u] = 1;\n", i + 1);
	}
}

static void put_main(const struct repro_tree *r, bool groups, struct buf *out)
{
	buf_printf(out, "int main(void)\n{\n\tint sock[%u];\n\tvoid *val = NULL;\n\n", TREE_MAX_SOCKS);
	buf_puts(out, "\tplace_base();\n");
	put_cgroups(r->t, out);
	buf_puts(out, "\tstart();\n");
	if (r->record)
		buf_puts(out, "\trecord_open();\n");
	if (groups)
		buf_puts(out, "\tmany_groups();\n");
	for (unsigned i = 0; i < r->t->n_progs; i++)
		buf_printf(out, "\tload_as(%u, %s, p%u, N(p%u));\n", i + 1, attach_type(r->t->prog[i].hook),
			   i + 1, i + 1);
	buf_puts(out, "\tmemset(sock, 0xff, sizeof(sock));\n\t(void)val;\n");
	for (unsigned i = 0; i < r->n_steps; i++)
		put_step(r, i, out);
	buf_puts(out, "\n\treturn finish();\n}\n");
}

void repro_tree_print(const struct repro_tree *r, struct buf *out)
{
	const struct repro_opening opening = {r->title, r->text, r->origin, r->record};
	struct repro_uses uses = {.uring = false};

	repro_put_opening(&opening, out);
	repro_put_base(out);
	if (r->record)
		put_record(r, out);
	else
		buf_puts(out, runtime_norecord);
	for (unsigned i = 0; i < r->n_steps; i++)
		if (r->t->step[i].op == TREE_CALL)
			repro_use(&uses, &r->t->call[r->t->step[i].call]);
	repro_put_uses(&uses, out);
	buf_puts(out, runtime_tree);
	buf_puts(out, "\n/* ---- the case ---- */\n\n");
	put_programs(r, out);
	put_main(r, uses.groups, out);
}
