/* SPDX-License-Identifier: MIT */
#include "selftest.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "../case/case_text.h"
#include "../case/options.h"
#include "insn.h"

#define ROW_BYTES 64 /* of set_optval and get_optval */
#define ROW_INSNS 64

static const struct insn_style style = {"offsetof(struct bpf_sockopt, %s)", "BPF_FUNC_%s"};

struct row {
	const struct repro *r;
	unsigned level, hook; /* of the only program */
	struct insn_list insns;
	const struct repro_call *set, *get; /* NULL: none */
	const char *error;		    /* its .error, NULL: OK */
	struct buf *out;
	unsigned left_out;
};

/* A line of what the row does not say. */
__attribute__((format(printf, 2, 3))) static void leave_out(struct row *row, const char *fmt, ...)
{
	va_list ap;

	buf_puts(row->out, row->left_out++ ? " * - " : "/*\n * This row leaves out:\n * - ");
	va_start(ap, fmt);
	buf_vprintf(row->out, fmt, ap);
	va_end(ap);
	buf_puts(row->out, "\n");
}

static bool none(struct buf *out, const char *why)
{
	buf_printf(out, "/* No row of prog_tests/sockopt.c can say this case: %s. repro.c can. */\n", why);
	return false;
}

/* NULL, or why the programs of the case do not fit. */
static const char *find_program(struct row *row)
{
	const struct tcase *tc = row->r->tc;
	struct insn_opts opts;
	unsigned n = 0;

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			if (tc->level[l].n[h]) {
				n += tc->level[l].n[h];
				row->level = l;
				row->hook = h;
			}
	if (n != 1)
		return n ? "it has several programs, a row has one" : "it has no program";
	opts = (struct insn_opts){.hook = (enum hook)row->hook};
	insn_translate(&tc->level[row->level].slot[row->hook][0].prog, &opts, &row->insns);
	return row->insns.n > ROW_INSNS ? "its program has more than 64 instructions" : NULL;
}

static const char *check_socket(const struct row *row, const struct repro_call *c)
{
	const struct tc_sock *s;

	if (c->call->sock == TC_SOCK_BAD)
		return "a call on a bad descriptor";
	s = &row->r->tc->sock[c->call->sock];
	if (s->family != AF_INET || s->type != SOCK_STREAM || s->protocol || s->route != ROUTE_SOCKET)
		return "its socket is not socket(AF_INET, SOCK_STREAM, 0)";
	return s->level < row->level + 1u ? "the socket is made outside of the program's cgroup" : NULL;
}

/* The last call, and if that is a getsockopt, the last setsockopt before it on the same socket. */
static void pick_calls(struct row *row)
{
	const struct repro *r = row->r;
	const struct repro_call *last = &r->call[r->n_calls - 1];

	if (last->call->hook == HOOK_SET) {
		row->set = last;
		return;
	}
	row->get = last;
	for (unsigned i = r->n_calls - 1; i-- > 0 && !row->set;)
		if (r->call[i].call->hook == HOOK_SET && r->call[i].call->sock == last->call->sock)
			row->set = &r->call[i];
}

static const char *check_set(struct row *row)
{
	const struct tc_call *c = row->set->call;
	const struct wanted *w = &row->set->want;

	if (c->buf.place != BUF_PLAIN)
		return "its optval is a bad pointer, read-only or at the end of its memory";
	if (c->optlen < 1 || c->optlen > ROW_BYTES || (uint32_t)c->optlen > c->buf.size)
		return "its setsockopt has no 1..64 bytes";
	if (!w->has_ret)
		return "it is not known what its setsockopt must return";
	if (w->ret && w->ret != -EPERM && w->ret != -EFAULT)
		return "its setsockopt returns neither 0, EPERM nor EFAULT";
	if (w->ret)
		row->error = w->ret == -EPERM ? "EPERM_SETSOCKOPT" : "EFAULT_SETSOCKOPT";
	return NULL;
}

static const char *check_get(struct row *row)
{
	static uint8_t image[ROW_BYTES];
	const struct tc_call *c = row->get->call;
	const struct wanted *w = &row->get->want;

	if (c->buf.place != BUF_PLAIN || c->optlen_null)
		return "its optval or optlen is a bad pointer, read-only or at the end of its memory";
	if (c->optlen < 1 || (uint32_t)c->optlen > c->buf.size)
		return "its getsockopt asks for no byte, or for more than its buffer has";
	if (row->get->quiet && row->hook == HOOK_GET)
		return "the state is read back without the program";
	if (!w->has_ret)
		return "it is not known what its getsockopt must return";
	if (w->ret == -EPERM || w->ret == -EFAULT || w->ret == -EOPNOTSUPP) {
		row->error = w->ret == -EPERM	 ? "EPERM_GETSOCKOPT"
			     : w->ret == -EFAULT ? "EFAULT_GETSOCKOPT"
						 : "EOPNOTSUPP_GETSOCKOPT";
		return NULL;
	}
	if (w->ret)
		return "its getsockopt returns neither 0, EPERM, EFAULT nor EOPNOTSUPP";
	if (!w->has_optlen || w->optlen < 1 || w->optlen > ROW_BYTES)
		return "its getsockopt gives no known 1..64 bytes";
	if (!w->mem || memchr(w->mask, 1, (size_t)w->optlen))
		return "it is not known which bytes its getsockopt must give";
	tc_buf_image(&c->buf, image, (uint32_t)w->optlen);
	for (int32_t i = 0; i < w->optlen; i++)
		if (image[i] == w->mem[i])
			return "bytes of its buffer stay as they were, and a row does not know those";
	return NULL;
}

static bool goes(const struct row *row, enum call_via via)
{
	return (row->set && row->set->call->via == via) || (row->get && row->get->call->via == via);
}

/* What the row does not look at although the case does. */
static void name_gaps(struct row *row)
{
	const struct repro *r = row->r;
	unsigned used = (row->set != NULL) + (row->get != NULL);

	if (r->n_calls > used)
		leave_out(row, "%u of the case's %u calls", r->n_calls - used, r->n_calls);
	if (r->record)
		leave_out(row, "what the program sees: the difference is there, and a row cannot show it");
	if (row->get && row->get->want.ret && row->get->want.has_optlen)
		leave_out(row, "the buffer and optlen after a getsockopt that fails");
	if (row->get && (row->get->call->len_in || row->get->call->len_across))
		leave_out(row, "where the user's optlen lies");
	if ((row->get && row->get->call->meanwhile) || (row->set && row->set->call->meanwhile))
		leave_out(row, "what another thread does during the call");
	if (goes(row, VIA_URING))
		leave_out(row, "that the call goes through io_uring (newer tables: .io_uring_support)");
	if (goes(row, VIA_COMPAT))
		leave_out(row, "that the call is a 32-bit task's");
	if (goes(row, VIA_HELPER))
		leave_out(row, "that the call is made by a program");
	if (row->left_out)
		buf_puts(row->out, " */\n");
}

static void put_bytes(struct buf *out, const uint8_t *p, int32_t n)
{
	buf_puts(out, "{ ");
	for (int32_t i = 0; i < n; i++)
		buf_printf(out, "%s0x%02x", i ? ", " : "", p[i]);
	buf_puts(out, " }");
}

static void put_option(struct buf *out, const char *prefix, const struct tc_call *c)
{
	buf_printf(out, "\n\t.%s_level = ", prefix);
	level_print(out, c->level);
	buf_printf(out, ",\n\t.%s_optname = ", prefix);
	option_print(out, c->level, c->optname);
	buf_puts(out, ",\n");
}

static void put_row(const struct row *row)
{
	static uint8_t image[ROW_BYTES];
	const char *type = row->hook == HOOK_GET ? "BPF_CGROUP_GETSOCKOPT" : "BPF_CGROUP_SETSOCKOPT";
	struct buf *out = row->out;

	buf_printf(out, "{\n\t.descr = \"%ssockopt: ", row->hook == HOOK_GET ? "get" : "set");
	for (const char *s = row->r->title; *s; s++)
		buf_printf(out, "%c", *s < 0x20 || *s > 0x7e || *s == '"' || *s == '\\' ? ' ' : *s);
	buf_puts(out, "\",\n\t.insns = {\n");
	repro_insn_lines(&row->r->tc->level[row->level].slot[row->hook][0].prog, &row->insns, &style, "\t\t",
			 out);
	buf_printf(out, "\t},\n\t.attach_type = %s,\n\t.expected_attach_type = %s,\n", type, type);
	if (row->set) {
		put_option(out, "set", row->set->call);
		tc_buf_image(&row->set->call->buf, image, (uint32_t)row->set->call->optlen);
		buf_puts(out, "\t.set_optval = ");
		put_bytes(out, image, row->set->call->optlen);
		buf_printf(out, ",\n\t.set_optlen = %d,\n", row->set->call->optlen);
	}
	if (row->get) {
		const struct wanted *w = &row->get->want;

		put_option(out, "get", row->get->call);
		if (!w->ret) {
			buf_puts(out, "\t.get_optval = ");
			put_bytes(out, w->mem, w->optlen);
			buf_puts(out, ",\n");
		}
		buf_printf(out, "\t.get_optlen = %d,\n", row->get->call->optlen);
		if (!w->ret && w->optlen != row->get->call->optlen)
			buf_printf(out, "\t.get_optlen_ret = %d,\n", w->optlen);
	}
	if (row->error)
		buf_printf(out, "\n\t.error = %s,\n", row->error);
	buf_puts(out, "},\n");
}

bool selftest_print(const struct repro *r, struct buf *out)
{
	struct row row = {.r = r, .out = out};
	const char *why = r->n_calls ? find_program(&row) : "it makes no call";

	if (!why) {
		pick_calls(&row);
		why = check_socket(&row, row.set ? row.set : row.get);
	}
	if (!why && row.set)
		why = check_set(&row);
	if (!why && row.get && row.error)
		why = "its setsockopt fails, and a row ends there";
	if (!why && row.get)
		why = check_get(&row);
	if (why)
		return none(out, why);
	name_gaps(&row);
	put_row(&row);
	return !row.left_out;
}
