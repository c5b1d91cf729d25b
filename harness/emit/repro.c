/* SPDX-License-Identifier: MIT */
/*
 * What every reproducer has in common is in runtime/ as C, and is put before what is printed here: the
 * program arrays, and a main() of one line for each step.
 */
#include "repro.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/names.h"
#include "../case/case_text.h"
#include "repro_impl.h"
#include "runtime.h"

#define SOL_SOCKET_PEERGROUPS 59 /* SO_PEERGROUPS, asm-generic */
#define LINE		      16 /* bytes of a line of hex */

static const struct insn_style style = {"CTX_%s", "FN_%s"};

void repro_fini(struct repro *r)
{
	for (unsigned i = 0; i < r->n_calls; i++)
		wanted_fini(&r->call[i].want);
}

void repro_comment(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		bool splits = i && ((text[i - 1] == '*' && c == '/') || (text[i - 1] == '/' && c == '*') ||
				    (text[i - 1] == '?' && c == '?'));

		if (splits)
			buf_puts(out, " ");
		buf_printf(out, "%c",
			   c == '\t'		     ? ' '
			   : c < 0x20 || c == 0x7f   ? '?'
			   : c == '\\' && i + 1 == n ? '.'
						     : c);
	}
}

/* Lines of text, each as a line of a comment. */
static void comment_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_puts(out, n ? " *     " : " *");
		repro_comment(out, text, n);
		buf_puts(out, "\n");
		text += n + (text[n] == '\n');
	}
}

/* A C string of any text. */
void repro_put_string(const char *s, struct buf *out)
{
	buf_puts(out, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c >= 0x7f)
			buf_printf(out, "\\%03o", c);
		else if (c == '"' || c == '\\' || c == '?')
			buf_printf(out, "\\%c", c);
		else
			buf_printf(out, "%c", c);
	}
	buf_puts(out, "\"");
}

/* Bytes as C strings, a line for each LINE of them. */
static void put_bytes(struct buf *out, const uint8_t *p, size_t n, const char *indent)
{
	if (!n)
		buf_puts(out, "\"\"");
	for (size_t i = 0; i < n; i++) {
		if (i % LINE == 0)
			buf_printf(out, "%s%s\"", n > LINE ? "\n" : "", n > LINE ? indent : "");
		buf_printf(out, "\\x%02x", p[i]);
		if (i % LINE == LINE - 1 || i + 1 == n)
			buf_puts(out, "\"");
	}
}

/* ---- programs ---- */

static const char *hook_word(unsigned hook)
{
	return hook == HOOK_GET ? "get" : "set";
}

/* "a_b_set_1" */
static void program_name(struct buf *out, unsigned level, unsigned hook, unsigned slot)
{
	for (unsigned l = 0; l <= level; l++)
		buf_printf(out, "%c_", 'a' + (int)l);
	buf_printf(out, "%s_%u", hook_word(hook), slot + 1);
}

static void act_comment(const struct prog *p, int from, const char *indent, struct buf *out)
{
	struct buf text = {0};

	if (from == INSN_RECORD)
		buf_puts(&text, "write down what is seen");
	else if (from == INSN_PROLOGUE)
		buf_puts(&text, "r6 = ctx");
	else if (from == INSN_END)
		buf_printf(&text, "return %u", p->ret);
	else
		tcase_print_act(&p->act[from], &text);
	buf_printf(out, "%s/* ", indent);
	repro_comment(out, buf_str(&text), text.n);
	buf_puts(out, " */\n");
	buf_fini(&text);
}

void repro_insn_lines(const struct prog *p, const struct insn_list *l, const struct insn_style *names,
		      const char *indent, struct buf *out)
{
	struct buf line = {0};

	for (unsigned i = 0; i < l->n; i++) {
		bool exit = l->insn[i].code == (BPF_JMP | BPF_EXIT);

		if ((!i || l->from[i] != l->from[i - 1]) &&
		    !(exit && l->from[i] == INSN_END && l->n > 1 && i && l->from[i - 1] != INSN_END))
			act_comment(p, l->from[i], indent, out);
		buf_reset(&line);
		insn_print(&l->insn[i], names, &line);
		if (line.n)
			buf_printf(out, "%s%s,\n", indent, buf_str(&line));
	}
	buf_fini(&line);
}

/* Walks the programs in the order in which they are attached. */
struct place {
	unsigned level, hook, slot;
};

static bool next_place(const struct tcase *tc, struct place *at)
{
	for (at->slot++; at->level < tc->n_levels; at->level++, at->hook = at->slot = 0)
		for (; at->hook < HOOK_COUNT; at->hook++, at->slot = 0)
			if (at->slot < tc->level[at->level].n[at->hook])
				return true;
	return false;
}

#define FIRST_PLACE ((struct place){.slot = (unsigned)-1})

/* The number of a program among all of the case, as the recording counts them. */
static unsigned place_index(const struct tcase *tc, unsigned hook, unsigned id)
{
	struct place at = FIRST_PLACE;
	unsigned i = 0;

	for (; next_place(tc, &at); i++)
		if (at.hook == hook && at.level == id / TC_MAX_SLOTS && at.slot == id % TC_MAX_SLOTS)
			break;
	return i;
}

void repro_put_program(const struct prog *p, const struct insn_opts *opts, const char *name, struct buf *out)
{
	struct insn_list l;
	struct buf text = {0};

	insn_translate(p, opts, &l);
	tcase_print_prog(p, &text);
	buf_printf(out, ", %ssockopt:", hook_word(opts->hook));
	repro_comment(out, buf_str(&text), text.n);
	buf_printf(out, " */\nstatic struct bpf_insn %s[] = {\n", name);
	repro_insn_lines(p, &l, &style, "\t", out);
	buf_puts(out, "};\n\n");
	buf_fini(&text);
}

static void put_program(const struct repro *r, const struct tcase *tc, struct place at, unsigned index,
			struct buf *out)
{
	const struct insn_record record = REPRO_RECORD(index);
	const struct insn_opts opts = {.hook = (enum hook)at.hook,
				       .record = r && r->record ? &record : NULL,
				       .has_retval_helpers = r && r->has_retval_helpers};
	struct buf name = {0};

	program_name(&name, at.level, at.hook, at.slot);
	buf_puts(out, "/* cgroup ");
	tcase_print_path(at.level + 1, out);
	repro_put_program(&tc->level[at.level].slot[at.hook][at.slot].prog, &opts, buf_str(&name), out);
	buf_fini(&name);
}

static void put_programs(const struct repro *r, const struct tcase *tc, struct buf *out)
{
	struct place at = FIRST_PLACE;

	for (unsigned i = 0; next_place(tc, &at); i++)
		put_program(r, tc, at, i, out);
}

void repro_print_insns(const struct tcase *tc, struct buf *out)
{
	put_programs(NULL, tc, out);
}

/* What record.c needs to know before it. */
static void put_record(const struct tcase *tc, struct buf *out)
{
	struct place at = FIRST_PLACE;
	unsigned n = 0;

	buf_puts(out, "\nstatic const char *const program_names[] = {");
	for (; next_place(tc, &at); n++) {
		buf_printf(out, "%s\"", n ? ", " : "");
		tcase_print_path(at.level + 1, out);
		buf_printf(out, " %ssockopt program %u\"", hook_word(at.hook), at.slot + 1);
	}
	buf_printf(out, "};\nenum { SEEN_PROGS = %u, SEEN_BYTES = %u, SEEN_ORDER = 64 };\n", n, WANTED_SEEN);
	buf_puts(out, runtime_record);
}

static void put_attach(const struct tcase *tc, struct buf *out)
{
	static const char *const modes[MODE_COUNT] = {"MULTI", "OVERRIDE", "NONE"};
	struct place at = FIRST_PLACE;

	while (next_place(tc, &at)) {
		struct buf name = {0};

		program_name(&name, at.level, at.hook, at.slot);
		buf_printf(out, "\tattach(%u, %s, %s, %s, N(%s)); /* to ", at.level + 1,
			   at.hook == HOOK_GET ? "GET" : "SET",
			   modes[tc->level[at.level].slot[at.hook][at.slot].mode], buf_str(&name),
			   buf_str(&name));
		tcase_print_path(at.level + 1, out);
		buf_puts(out, " */\n");
		buf_fini(&name);
	}
}

/* ---- sockets and calls ---- */

static void put_socket(const struct tcase *tc, unsigned i, struct buf *out)
{
	static const char *const makers[ROUTE_COUNT] = {"make_socket", "make_pair", "make_listening",
							"make_connected", "make_closed"};
	const struct tc_sock *s = &tc->sock[i];
	struct buf text = {0};

	tcase_print_sock(tc, i, &text);
	buf_printf(out, "\tsock[%u] = %s(%u, %u, %u, %u); /* ", i, makers[s->route], s->level, s->family,
		   s->type, s->protocol);
	repro_comment(out, buf_str(&text), strcspn(buf_str(&text), "\n"));
	buf_puts(out, " */\n");
	buf_fini(&text);
}

static void put_buffer(const struct tc_buf *b, struct buf *out)
{
	static const char *const places[BUF_PLACE_COUNT] = {"PLAIN", "NULL_POINTER", "READ_ONLY", "EDGE"};

	buf_printf(out, "\tval = buffer(%s, ", places[b->place]);
	if (b->n_data)
		put_bytes(out, b->data, b->n_data, "\t\t");
	else
		buf_puts(out, "NULL");
	buf_printf(out, ", %u, 0x%02x, %u);\n", b->n_data, b->fill, b->size);
}

/* Length of the run of bytes at off that are alike in how they differ from what was there before. */
static uint32_t run_length(const struct wanted *w, const uint8_t *before, uint32_t off, bool *same_byte)
{
	uint32_t n = off, fill;

	while (n < w->n && !w->mask[n] == !w->mask[off] && (w->mask[off] || w->mem[n] != before[n]))
		n++;
	for (fill = off; fill < n && w->mem[fill] == w->mem[off]; fill++)
		;
	*same_byte = fill - off >= 2 * LINE;
	if (*same_byte)
		return fill - off;
	for (fill = off; fill + 2 * LINE < n; fill++) { /* up to a long run of one byte */
		uint32_t k = 1;

		while (k < 2 * LINE && w->mem[fill + k] == w->mem[fill])
			k++;
		if (k == 2 * LINE)
			return fill - off;
	}
	return n - off;
}

/* How the memory must differ from what it was before the call. */
static void put_want_mem(const struct tc_call *c, const struct wanted *w, struct buf *out)
{
	static uint8_t before[TC_MAX_BUF + TC_PAST];
	uint32_t n;

	tc_buf_image(&c->buf, before, w->n);
	for (uint32_t off = 0; off < w->n; off += n) {
		bool same_byte;

		n = 1;
		if (!w->mask[off] && w->mem[off] == before[off])
			continue;
		n = run_length(w, before, off, &same_byte);
		if (w->mask[off]) {
			buf_printf(out, "\twant_any(%u, %u);\n", off, n);
		} else if (same_byte) {
			buf_printf(out, "\twant_fill(%u, 0x%02x, %u);\n", off, w->mem[off], n);
		} else {
			buf_printf(out, "\twant_bytes(%u, ", off);
			put_bytes(out, w->mem + off, n, "\t\t");
			buf_printf(out, ", %u);\n", n);
		}
	}
}

/* The pointer to optlen, as an expression. */
static void put_len(const struct tc_call *c, struct buf *out)
{
	if (c->hook == HOOK_SET || (c->optlen_null && !c->len_across))
		buf_puts(out, "NULL");
	else if (c->len_in)
		buf_printf(out, "put_len_in(%u, %d)", c->len_off, c->optlen);
	else if (c->len_across)
		buf_printf(out, "put_len_across(%s, %d)",
			   c->optlen_null ? "'t'"
			   : c->optlen_ro ? "'r'"
					  : "0",
			   c->optlen);
	else
		buf_printf(out, "put_len%s(%d)", c->optlen_ro ? "_readonly" : "", c->optlen);
}

static void put_call(const struct tc_call *c, struct buf *out)
{
	static const char *const ways[VIA_COUNT] = {
		[VIA_URING] = "uring", [VIA_COMPAT] = "compat", [VIA_HELPER] = "helper"};
	struct buf fd = {0};

	if (c->sock == TC_SOCK_BAD)
		buf_puts(&fd, "BAD_FD");
	else
		buf_printf(&fd, "sock[%u]", c->sock);
	if (c->meanwhile == MEANWHILE_RACING)
		buf_printf(out, "\t/* not here: meanwhile another thread sets optlen to %d */\n",
			   c->len_next);
	if (c->meanwhile >= MEANWHILE_HELD) {
		buf_printf(out, "\tcall_held(%d, %s, %d, %d, %d, %d, %s);\n", c->hook == HOOK_GET,
			   buf_str(&fd), c->level, c->optname, c->optlen,
			   c->meanwhile == MEANWHILE_HELD ? c->len_next : 0,
			   c->meanwhile == MEANWHILE_HELD ? "0"
			   : c->hook == HOOK_GET	  ? "GET"
							  : "SET");
	} else if (c->via != VIA_SYSCALL) {
		buf_printf(out, "\tcall_%s(%d, %s, %d, %d, val, %d", ways[c->via], c->hook == HOOK_GET,
			   buf_str(&fd), c->level, c->optname, c->optlen);
		if (c->via == VIA_COMPAT) {
			buf_puts(out, ", ");
			put_len(c, out);
		}
		buf_puts(out, ");\n");
	} else if (c->hook == HOOK_SET) {
		buf_printf(out, "\tcall_set(%s, %d, %d, val, %d);\n", buf_str(&fd), c->level, c->optname,
			   c->optlen);
	} else {
		buf_printf(out, "\tcall_get(%s, %d, %d, val, ", buf_str(&fd), c->level, c->optname);
		put_len(c, out);
		buf_puts(out, ");\n");
	}
	buf_fini(&fd);
}

static bool all_masked(const struct wanted *w)
{
	return !w->n || !memchr(w->mask, 0, w->n);
}

static void put_seen(const struct repro *r, const struct tc_call *c, const struct wanted *w, struct buf *out)
{
	buf_printf(out, "\tcheck_runs(%u, %d);\n", w->n_seen, w->more);
	for (unsigned k = 0; k < w->n_seen; k++) {
		const struct wanted_seen *s = &w->seen[k];

		buf_printf(
			out,
			"\tcheck_seen(%u, %u, %u, &(struct seen){.level = %d, .optname = %d, .optlen = %d, "
			".retval = %d, .size = %u}, ",
			k, place_index(r->tc, c->hook, s->id), s->any, s->level, s->optname, s->optlen,
			s->retval, s->size);
		put_bytes(out, s->bytes, s->n, "\t\t");
		if (memchr(s->mask, 1, s->n)) {
			buf_puts(out, ", ");
			put_bytes(out, s->mask, s->n, "\t\t");
		} else {
			buf_puts(out, ", NULL");
		}
		buf_printf(out, ", %u);\n", s->n);
	}
}

static void put_checks(const struct tc_call *c, const struct wanted *w, struct buf *out)
{
	if (w->has_ret && w->ret == INT64_MIN)
		buf_puts(out, "\tcheck_ret(INT64_MIN);\n");
	else if (w->has_ret)
		buf_printf(out, "\tcheck_ret(%lld);\n", (long long)w->ret);
	else
		buf_puts(out, "\tnot_compared(\"ret\");\n");
	if (w->has_optlen)
		buf_printf(out, "\tcheck_optlen(%d);\n", w->optlen);
	else if (tc_call_has_len(c))
		buf_puts(out, "\tnot_compared(\"optlen\");\n");
	if (c->buf.place != BUF_NULL)
		buf_puts(out, all_masked(w) ? "\tnot_compared(\"optval\");\n" : "\tcheck_mem();\n");
}

void repro_put_call(const struct tc_call *c, const struct wanted *w, unsigned nr, struct buf *out)
{
	struct buf text = {0};

	tcase_print_call(c, &text);
	put_buffer(&c->buf, out);
	put_want_mem(c, w, out);
	put_call(c, out);
	buf_printf(out, "\tsay_call(%u, ", nr);
	repro_put_string(buf_str(&text), out);
	buf_puts(out, ");\n");
	put_checks(c, w, out);
	buf_fini(&text);
}

static void put_step(const struct repro *r, unsigned i, struct buf *out)
{
	const struct repro_call *rc = &r->call[i];

	if (rc->quiet)
		buf_puts(out, "\n\t/* The state that the calls above left: read by programs that do nothing. "
			      "*/\n\tquiet();");
	buf_puts(out, "\n");
	repro_put_call(rc->call, &rc->want, i + 1, out);
	if (r->record && rc->want.has_seen)
		put_seen(r, rc->call, &rc->want, out);
}

/* ---- the file ---- */

void repro_use(struct repro_uses *u, const struct tc_call *c)
{
	u->uring |= c->via == VIA_URING;
	u->compat |= c->via == VIA_COMPAT;
	u->helper |= c->via == VIA_HELPER;
	u->held |= c->meanwhile >= MEANWHILE_HELD;
	u->groups |= c->level == SOL_SOCKET && c->optname == SOL_SOCKET_PEERGROUPS;
}

void repro_put_uses(const struct repro_uses *u, struct buf *out)
{
	if (u->uring)
		buf_puts(out, runtime_uring);
	if (u->compat)
		buf_puts(out, runtime_compat);
	if (u->helper)
		buf_puts(out, runtime_helper);
	if (u->held)
		buf_puts(out, runtime_held);
	if (u->groups)
		buf_puts(out, runtime_groups);
}

static bool has_states(const struct tcase *tc)
{
	for (unsigned i = 0; i < tc->n_socks; i++)
		if (tc->sock[i].route > ROUTE_SOCKETPAIR)
			return true;
	return false;
}

void repro_put_opening(const struct repro_opening *r, struct buf *out)
{
	buf_puts(out, "/*\n * ");
	repro_comment(out, r->title, strlen(r->title));
	buf_puts(out, "\n *\n");
	if (r->text) {
		comment_lines(out, r->text);
		buf_puts(out, " *\n");
	}
	buf_puts(out, " * Wants: ");
	repro_comment(out, r->origin, strlen(r->origin));
	buf_puts(out, "\n * Needs root, a cgroup2 mount and a kernel with CONFIG_CGROUP_BPF. Everything that "
		      "it makes is gone when\n"
		      " * it ends.   cc -o repro repro.c && ./repro\n"
		      " * Exit 0: got is want. 1: it differs. 2: it could not run here.\n");
	if (r->record)
		buf_puts(out, " * The programs also write down what they see, which needs Linux 5.8.\n");
	buf_puts(out, " */\n");
}

static void put_errno_names(struct buf *out)
{
	unsigned on_line = 0;

	buf_puts(out, "static const char *const errno_names[] = {");
	for (int e = 1; e <= 530; e++) {
		const char *name = errno_name(e);

		if (name)
			buf_printf(out, "%s[%d] = \"%s\",", on_line++ % 6 ? " " : "\n\t", e, name);
	}
	buf_puts(out, "\n};\n");
}

void repro_put_base(struct buf *out)
{
	static const char mark[] = "/* @errno_names@ */\n";
	const char *at = strstr(runtime_base, mark);

	buf_add(out, runtime_base, (size_t)(at - runtime_base));
	put_errno_names(out);
	buf_puts(out, at + strlen(mark));
}

void repro_print(const struct repro *r, struct buf *out)
{
	const struct repro_opening opening = {r->title, r->text, r->origin, r->record};
	struct repro_uses uses = {.uring = false};

	repro_put_opening(&opening, out);
	repro_put_base(out);
	for (unsigned i = 0; i < r->n_calls; i++)
		repro_use(&uses, r->call[i].call);
	if (r->record)
		put_record(r->tc, out);
	else
		buf_puts(out, runtime_norecord);
	repro_put_uses(&uses, out);
	if (has_states(r->tc))
		buf_puts(out, runtime_states);
	buf_puts(out, "\n/* ---- the case ---- */\n\n");
	put_programs(r, r->tc, out);
	buf_printf(out, "int main(void)\n{\n\tint sock[%u];\n\tvoid *val;\n\n", TC_MAX_SOCKS);
	buf_printf(out, "\tbegin(%u);\n", r->tc->n_levels);
	if (r->record)
		buf_puts(out, "\trecord_open();\n");
	if (uses.groups)
		buf_puts(out, "\tmany_groups();\n");
	put_attach(r->tc, out);
	for (unsigned i = 0; i < r->tc->n_socks; i++)
		put_socket(r->tc, i, out);
	buf_puts(out, "\t(void)sock;\n\tval = NULL;\n\t(void)val;\n");
	for (unsigned i = 0; i < r->n_calls; i++)
		put_step(r, i, out);
	buf_puts(out, "\n\treturn finish();\n}\n");
}
