/* SPDX-License-Identifier: MIT */
/* A case as text. What is printed here parses back to the same case (case_text.c). */
#include <sys/socket.h>

#include "../base/names.h"
#include "case_text.h"
#include "case_words.h"
#include "options.h"

const char *const case_hook_words[HOOK_COUNT] = {
	[HOOK_GET] = "getsockopt",
	[HOOK_SET] = "setsockopt",
};
const char *const case_mode_words[MODE_COUNT] = {
	[MODE_MULTI] = "multi",
	[MODE_OVERRIDE] = "override",
	[MODE_NONE] = "none",
};
const char *const case_field_words[FIELD_COUNT] = {
	[FIELD_LEVEL] = "level",   [FIELD_OPTNAME] = "optname", [FIELD_OPTLEN] = "optlen",
	[FIELD_RETVAL] = "retval", [FIELD_SIZE] = "size",	[FIELD_BYTE] = "optval",
};
const char *const case_cmp_words[CMP_COUNT] = {
	[CMP_EQ] = "==",
	[CMP_NE] = "!=",
	[CMP_LT] = "<",
	[CMP_GT] = ">",
};
const char *const case_route_words[ROUTE_COUNT] = {
	[ROUTE_SOCKET] = "socket",	 [ROUTE_SOCKETPAIR] = "socketpair", [ROUTE_LISTENING] = "listening",
	[ROUTE_CONNECTED] = "connected", [ROUTE_CLOSED] = "closed",
};
const char *const case_via_words[VIA_COUNT] = {
	[VIA_SYSCALL] = "",
	[VIA_URING] = "io_uring",
	[VIA_COMPAT] = "compat",
	[VIA_HELPER] = "helper",
};
const char *const case_sock_words[TC_MAX_SOCKS] = {"s", "t", "u", "v"};

void tcase_print_path(unsigned level, struct buf *b)
{
	if (level == TC_OUTSIDE)
		buf_puts(b, "outside");
	for (unsigned i = 0; i < level; i++)
		buf_printf(b, "%s%c", i ? "/" : "", 'a' + (int)i);
}

/* Values that may be an errno: -EPERM. */
static void print_retval(int32_t v, struct buf *b)
{
	const char *name = v < 0 && v >= -4095 ? errno_name(-v) : NULL;

	if (name)
		buf_printf(b, "-%s", name);
	else
		buf_printf(b, "%d", v);
}

/* The level that is known to hold at some place of a program: option names are looked up there. */
struct known {
	bool yes;
	int32_t level;
};

static void print_optname(const struct known *known, int32_t optname, struct buf *b)
{
	if (known->yes)
		option_print(b, known->level, optname);
	else
		number_print(b, optname);
}

static void print_cond(const struct act *a, const struct known *known, struct buf *b)
{
	buf_puts(b, case_field_words[a->field]);
	if (a->field == FIELD_BYTE)
		buf_printf(b, "[%u]", a->off);
	buf_printf(b, " %s ", case_cmp_words[a->cmp]);
	if (a->field == FIELD_LEVEL)
		level_print(b, a->val);
	else if (a->field == FIELD_OPTNAME)
		print_optname(known, a->val, b);
	else if (a->field == FIELD_RETVAL)
		print_retval(a->val, b);
	else
		buf_printf(b, "%d", a->val);
}

static void print_simple(const struct act *a, struct known *known, struct buf *b)
{
	switch ((enum act_op)a->op) {
	case ACT_LEVEL:
		buf_puts(b, "level = ");
		level_print(b, a->val);
		*known = (struct known){true, a->val};
		break;
	case ACT_OPTNAME:
		buf_puts(b, "optname = ");
		print_optname(known, a->val, b);
		break;
	case ACT_OPTLEN:
		buf_printf(b, "optlen = %d", a->val);
		break;
	case ACT_BYTES:
		buf_printf(b, "optval[%u] = %s %d", a->off,
			   a->n == 1   ? "u8"
			   : a->n == 2 ? "u16"
				       : "i32",
			   a->val);
		break;
	case ACT_RETVAL:
		buf_puts(b, "retval = ");
		print_retval(a->val, b);
		break;
	case ACT_SET_RETVAL:
		buf_puts(b, "set_retval(");
		print_retval(a->val, b);
		buf_puts(b, ")");
		break;
	case ACT_KEEP_RETVAL:
		buf_puts(b, "retval = retval");
		break;
	case ACT_RETURN:
		buf_printf(b, "return %d", a->val);
		break;
	case ACT_NONE:
	case ACT_IF:
	case ACT_OP_COUNT:
		break;
	}
}

void tcase_print_act(const struct act *a, struct buf *b)
{
	struct known known = {0};

	if (a->op == ACT_IF) {
		buf_puts(b, "if ");
		print_cond(a, &known, b);
	} else {
		print_simple(a, &known, b);
	}
}

/*
 * An if whose block ends where the block of the if right inside it ends is the same as `&&`, and prints so.
 * The last `return` is prog.ret, not an action; it is always printed, so that a list that ends in ACT_RETURN
 * parses back to the same list.
 */
void tcase_print_prog(const struct prog *p, struct buf *b)
{
	uint32_t end[ACT_MAX + 1];
	struct known known[ACT_MAX + 1] = {{0}};
	unsigned depth = 0;
	const char *sep = " ";

	for (uint32_t i = 0; i < p->n; i++) {
		const struct act *a = &p->act[i];

		buf_puts(b, sep);
		if (a->op != ACT_IF) {
			print_simple(a, &known[depth], b);
			sep = "; ";
		} else {
			uint32_t e = i + 1 + a->n;

			buf_puts(b, "if ");
			known[depth + 1] = known[depth];
			for (;; a = &p->act[++i]) {
				print_cond(a, &known[depth + 1], b);
				if (a->field == FIELD_LEVEL && a->cmp == CMP_EQ)
					known[depth + 1] = (struct known){true, a->val};
				if (i + 1 >= e || p->act[i + 1].op != ACT_IF || i + 2 + p->act[i + 1].n != e)
					break;
				buf_puts(b, " && ");
			}
			buf_puts(b, " {");
			end[++depth] = e;
			sep = " ";
		}
		for (; depth && end[depth] <= i + 1; depth--) {
			buf_puts(b, " }");
			sep = " ";
		}
	}
	buf_printf(b, "%sreturn %u", sep, p->ret);
}

static void print_level(const struct tcase *tc, unsigned i, struct buf *b)
{
	const struct tc_level *l = &tc->level[i];
	bool many = l->n[HOOK_GET] + l->n[HOOK_SET] > 1;

	buf_puts(b, "cgroup ");
	tcase_print_path(i + 1, b);
	if (l->n[HOOK_GET] + l->n[HOOK_SET] == 0) {
		buf_puts(b, "\n");
		return;
	}
	buf_puts(b, many ? " {\n" : " {");
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		for (unsigned s = 0; s < l->n[h]; s++) {
			const struct tc_slot *slot = &l->slot[h][s];

			buf_printf(b, "%s%s %s:", many ? "\t" : " ", case_hook_words[h],
				   case_mode_words[slot->mode]);
			tcase_print_prog(&slot->prog, b);
			if (many)
				buf_puts(b, "\n");
		}
	}
	buf_puts(b, many ? "}\n" : " }\n");
}

void tcase_print_sock_kind(uint16_t family, uint16_t type, uint16_t protocol, struct buf *b)
{
	name_print(b, names_family, family);
	buf_puts(b, ", ");
	name_print(b, names_socktype, type);
	buf_puts(b, ", ");
	if (family == AF_NETLINK)
		name_print(b, names_netlink, protocol);
	else if ((family == AF_INET || family == AF_INET6) && protocol)
		name_print(b, names_protocol, protocol);
	else
		number_print(b, protocol);
}

void tcase_print_sock(const struct tcase *tc, unsigned sock, struct buf *b)
{
	const struct tc_sock *s = &tc->sock[sock];

	buf_printf(b, "%s = %s(", case_sock_words[sock], case_route_words[s->route]);
	tcase_print_sock_kind(s->family, s->type, s->protocol, b);
	buf_puts(b, s->level == TC_OUTSIDE ? ") " : ") in ");
	tcase_print_path(s->level, b);
}

void tcase_print_items(const uint8_t *data, size_t n, struct buf *b)
{
	bool text = n > 2;

	for (size_t i = 0; i < n; i++)
		text &= data[i] >= 0x20 && data[i] < 0x7f;
	if (text) {
		buf_puts(b, "\"");
		for (size_t i = 0; i < n; i++)
			buf_printf(b, "%s%c", data[i] == '"' || data[i] == '\\' ? "\\" : "", data[i]);
		buf_puts(b, "\"");
	} else if (n == 1) {
		buf_printf(b, "u8 %u", data[0]);
	} else if (n == 2) {
		buf_printf(b, "u16 %u", data[0] | data[1] << 8);
	} else if (n == 4) {
		buf_printf(b, "i32 %d",
			   (int32_t)(data[0] | data[1] << 8 | data[2] << 16 | (uint32_t)data[3] << 24));
	} else if (n) {
		buf_puts(b, "hex ");
		for (size_t i = 0; i < n; i++)
			buf_printf(b, "%02x", data[i]);
	}
}

static void print_buf(const struct tc_buf *u, struct buf *b)
{
	if (u->place == BUF_NULL) {
		buf_puts(b, "NULL");
		return;
	}
	tcase_print_items(u->data, u->n_data, b);
	if (!u->n_data && (!u->size || u->fill == TC_FILL))
		buf_printf(b, "buf %u", u->size);
	else if (u->size > u->n_data)
		buf_printf(b, "%sfill 0x%02x size %u", u->n_data ? " " : "", u->fill, u->size);
	if (u->place == BUF_READONLY)
		buf_puts(b, " readonly");
	else if (u->place == BUF_EDGE)
		buf_puts(b, " edge");
}

void tcase_print_call(const struct tc_call *c, struct buf *b)
{
	buf_printf(b, "%s(%s, ", case_hook_words[c->hook],
		   c->sock == TC_SOCK_BAD ? "badfd" : case_sock_words[c->sock % TC_MAX_SOCKS]);
	level_print(b, c->level);
	buf_puts(b, ", ");
	option_print(b, c->level, c->optname);
	buf_puts(b, ", ");
	print_buf(&c->buf, b);
	if (c->optlen_null)
		buf_puts(b, c->len_across ? ", optlen torn" : ", optlen NULL");
	else
		buf_printf(b, ", optlen %d%s%s", c->optlen, c->optlen_ro ? " readonly" : "",
			   c->len_across ? " across" : "");
	if (c->len_in)
		buf_printf(b, " at optval[%u]", c->len_off);
	buf_puts(b, ")");
	if (c->via != VIA_SYSCALL)
		buf_printf(b, " via %s", case_via_words[c->via]);
	if (c->meanwhile == MEANWHILE_DETACH)
		buf_puts(b, " held detach");
	else if (c->meanwhile)
		buf_printf(b, " %s optlen %d", c->meanwhile == MEANWHILE_HELD ? "held" : "racing",
			   c->len_next);
}

void tcase_print_ret(int64_t ret, struct buf *b)
{
	const char *name = ret < 0 && ret >= -4095 ? errno_name((int)-ret) : NULL;

	if (name)
		buf_printf(b, "-1 %s", name);
	else
		buf_printf(b, "%s%lld", ret < 0 ? "raw " : "", (long long)ret);
}

void tcase_print_result(bool has_ret, int64_t ret, struct buf *b)
{
	buf_puts(b, "= ");
	if (has_ret)
		tcase_print_ret(ret, b);
	else
		buf_puts(b, "?");
}

void tcase_print_answer(const struct tc_expect *e, struct buf *b)
{
	tcase_print_result(e->has_ret, e->ret, b);
	if (e->n_bytes) {
		buf_puts(b, " [");
		tcase_print_items(e->bytes, e->n_bytes, b);
		buf_puts(b, "]");
	}
	if (e->has_optlen)
		buf_printf(b, " optlen %d", e->optlen);
}

void tcase_print_expect(const struct tc_expect *e, struct buf *b)
{
	if (!e->has_ret && !e->n_bytes && !e->has_optlen)
		return;
	buf_puts(b, " ");
	tcase_print_answer(e, b);
}

void tcase_print_meta(const struct case_meta *meta, struct buf *b)
{
	if (meta && meta->title[0])
		buf_printf(b, "# %s\n", meta->title);
	if (meta && meta->clauses[0])
		buf_printf(b, "# clauses %s\n", meta->clauses);
	if (meta && meta->profiles[0])
		buf_printf(b, "# profiles %s\n", meta->profiles);
	if (meta && meta->needs[0])
		buf_printf(b, "# needs %s\n", meta->needs);
}

void tcase_print(const struct tcase *tc, const struct case_meta *meta, struct buf *b)
{
	tcase_print_meta(meta, b);
	for (unsigned i = 0; i < tc->n_levels; i++)
		print_level(tc, i, b);
	for (unsigned i = 0; i < tc->n_socks; i++) {
		tcase_print_sock(tc, i, b);
		buf_puts(b, "\n");
	}
	for (unsigned i = 0; i < tc->n_calls; i++) {
		tcase_print_call(&tc->call[i], b);
		tcase_print_expect(&tc->call[i].expect, b);
		buf_puts(b, "\n");
	}
}
