/* SPDX-License-Identifier: MIT */
/*
 * The statements of a case and their order. The text form is: case_lex.c (tokens), case_value.c and
 * case_prog.c (what statements are made of), this file, and case_print.c for the way back. The parser is a
 * plain descent over at most one token of lookahead.
 */
#include "case_text.h"

#include <errno.h>
#include <stdio.h>

#include "../base/names.h"
#include "case_parse.h"
#include "case_words.h"

/* a, a/b, a/b/c ...: how many elements, 0 if it is no such path. *t: a token stretched over all of it. */
static unsigned path(struct parser *p, struct tok *t)
{
	unsigned n = 0;
	bool good = true;

	*t = p->tok;
	if (t->kind != TOK_WORD)
		return 0;
	for (;;) {
		good &= p->tok.kind == TOK_WORD && p->tok.n == 1 && n < TC_MAX_LEVELS &&
			p->tok.s[0] == 'a' + (int)n;
		n++;
		if (p->tok.kind != TOK_WORD)
			break;
		t->n = (size_t)(p->tok.s + p->tok.n - t->s);
		lex_next(p);
		if (!lex_at(p, "/"))
			break;
		t->n = (size_t)(p->tok.s + 1 - t->s);
		lex_next(p);
	}
	return good ? n : 0;
}

static int cgroup(struct parser *p)
{
	struct tcase *tc = p->tc;
	struct buf name = {0};
	char what[64];
	struct tok t;
	int ret;

	if (tc->n_levels == TC_MAX_LEVELS)
		return lex_expected(p, "at most 8 cgroups");
	lex_next(p);
	tcase_print_path(tc->n_levels + 1u, &name);
	snprintf(what, sizeof(what), "cgroup %s", buf_str(&name));
	buf_fini(&name);
	if (path(p, &t) != tc->n_levels + 1u)
		return lex_expected_at(p, &t, what);
	tc->n_levels++;
	if (!lex_skip(p, "{"))
		return 0;
	while (parse_at_hook(p)) {
		ret = parse_program(p, &tc->level[tc->n_levels - 1]);
		if (ret)
			return ret;
	}
	if (!lex_skip(p, "}"))
		return lex_expected(p, "a program (getsockopt or setsockopt) or '}'");
	return 0;
}

/* A number of 16 bits, by its name or not. */
int parse_named(struct parser *p, const char *what, const struct name *t1, const struct name *t2,
		uint16_t *out)
{
	int64_t v = 0;
	int ret = 0;

	if (p->tok.kind == TOK_WORD &&
	    (name_value(t1, p->tok.s, p->tok.n, &v) || (t2 && name_value(t2, p->tok.s, p->tok.n, &v))))
		lex_next(p);
	else
		ret = parse_number(p, what, 0, UINT16_MAX, &v);
	*out = (uint16_t)v;
	return ret;
}

int parse_next_sock(struct parser *p, unsigned n_socks)
{
	char what[32];

	snprintf(what, sizeof(what), "%s as the next socket",
		 n_socks < TC_MAX_SOCKS ? case_sock_words[n_socks] : "nothing");
	if (n_socks == TC_MAX_SOCKS || !lex_skip(p, case_sock_words[n_socks]))
		return lex_expected(p, what);
	return lex_want(p, "=");
}

int parse_sock_kind(struct parser *p, uint16_t *family, uint16_t *type, uint16_t *protocol)
{
	int ret = lex_want(p, "(");

	if (!ret)
		ret = parse_named(p, "an address family, AF_* or a number", names_family, NULL, family);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = parse_named(p, "a socket type, SOCK_* or a number", names_socktype, NULL, type);
	if (!ret && lex_skip(p, ","))
		ret = parse_named(p, "a protocol, IPPROTO_*, NETLINK_* or a number", names_protocol,
				  names_netlink, protocol);
	return ret ? ret : lex_want(p, ")");
}

/* `in a/b` or `outside` */
static int sock_level(struct parser *p, uint8_t *level)
{
	struct tok t;
	unsigned n;

	*level = TC_OUTSIDE;
	if (lex_skip(p, "outside"))
		return 0;
	if (!lex_skip(p, "in"))
		return lex_expected(p, "'in' or 'outside'");
	n = path(p, &t);
	if (!n || n > p->tc->n_levels)
		return lex_expected_at(p, &t, "one of the cgroups above");
	*level = (uint8_t)n;
	return 0;
}

static int sock(struct parser *p)
{
	struct tcase *tc = p->tc;
	struct tc_sock *s = &tc->sock[tc->n_socks];
	unsigned route;
	int ret = parse_next_sock(p, tc->n_socks);

	if (ret)
		return ret;
	route = lex_at_one(p, case_route_words, ROUTE_COUNT);
	if (route == ROUTE_COUNT)
		return lex_expected(p, "socket, socketpair, listening, connected or closed");
	s->route = (uint8_t)route;
	lex_next(p);
	ret = parse_sock_kind(p, &s->family, &s->type, &s->protocol);
	if (!ret)
		ret = sock_level(p, &s->level);
	tc->n_socks++;
	return ret;
}

static int buffer(struct parser *p, struct tc_buf *u)
{
	const char *start = p->tok.s;
	uint32_t fill;
	int ret;

	u->fill = TC_FILL;
	if (lex_skip(p, "NULL")) {
		u->place = BUF_NULL;
		return 0;
	}
	ret = parse_items(p, u->data, &u->n_data);
	if (ret)
		return ret;
	u->size = u->n_data;
	if (p->tok.s == start && lex_skip(p, "buf")) {
		ret = parse_u32(p, "a size", 0, TC_MAX_BUF, &u->size);
	} else if (lex_skip(p, "fill")) {
		ret = parse_u32(p, "a byte", 0, 255, &fill);
		u->fill = (uint8_t)fill;
		if (!ret)
			ret = lex_want(p, "size");
		if (!ret)
			ret = parse_u32(p, "a size", u->n_data, TC_MAX_BUF, &u->size);
	} else if (p->tok.s == start) {
		ret = lex_expected(p, "a buffer: NULL, i32, u16, u8, \"text\", hex, buf or fill");
	}
	if (ret)
		return ret;
	u->place = lex_skip(p, "readonly") ? BUF_READONLY : lex_skip(p, "edge") ? BUF_EDGE : BUF_PLAIN;
	return 0;
}

int parse_expected_ret(struct parser *p, struct tc_expect *e)
{
	const struct tok *t = &p->tok;
	int64_t v = 0;

	e->has_ret = !lex_skip(p, "?");
	if (!e->has_ret)
		return 0;
	if (lex_skip(p, "raw"))
		return parse_number(p, "a result", INT64_MIN, INT64_MAX, &e->ret);
	if (lex_skip(p, "-1")) {
		if (t->kind != TOK_WORD || !name_value(names_errno, t->s, t->n, &v))
			return lex_expected(p, "the name of an errno after -1");
		v = -v;
	} else if (t->kind != TOK_WORD || !number_parse(t->s, t->n, &v) || v < 0) {
		return lex_expected(p, "a result: a number from 0, '-1 ENAME', 'raw N' or '?'");
	}
	e->ret = v;
	lex_next(p);
	return 0;
}

/* `[ITEMS]`, no more of them than the buffer has room for. */
static int expected_bytes(struct parser *p, struct tc_expect *e, uint32_t room)
{
	char what[64], found[16];
	struct tok t = p->tok;
	int ret;

	lex_next(p); /* [ */
	ret = parse_items(p, e->bytes, &e->n_bytes);
	if (ret)
		return ret;
	if (!e->n_bytes)
		return lex_expected(p, "an item: i32, u16, u8, \"text\" or hex");
	if (!lex_at(p, "]"))
		return lex_expected(p, "an item or ']'");
	if (e->n_bytes > room) {
		snprintf(what, sizeof(what), "no more bytes than the buffer's %u", room);
		snprintf(found, sizeof(found), "%u", e->n_bytes);
		return lex_fail(p, &t, what, found);
	}
	lex_next(p);
	return 0;
}

static int expectation(struct parser *p, struct tc_call *c)
{
	struct tc_expect *e = &c->expect;
	int ret;

	lex_next(p); /* = */
	ret = parse_expected_ret(p, e);
	if (!ret && lex_at(p, "["))
		ret = expected_bytes(p, e, c->buf.size);
	if (ret || !lex_at(p, "optlen"))
		return ret;
	if (!tc_call_has_len(c))
		return lex_expected(p, "end of line (no optlen comes back from this call)");
	lex_next(p);
	e->has_optlen = true;
	return parse_i32(p, "a length", &e->optlen);
}

/* `via WORD`; some ways have no place for a pointer to optlen. */
static int via(struct parser *p, struct tc_call *c)
{
	unsigned v;

	lex_next(p); /* via */
	v = lex_at_one(p, case_via_words, VIA_COUNT);
	if (v == VIA_COUNT || v == VIA_SYSCALL)
		return lex_expected(p, "io_uring, compat or helper");
	if (!tc_via_has_pointer(v) && (c->optlen_null || c->optlen_ro || c->len_across || c->len_in))
		return lex_expected(p, "compat (io_uring and helpers take no optlen pointer)");
	c->via = (uint8_t)v;
	lex_next(p);
	return 0;
}

/* `NULL`, `torn`, or a number and where it lies: `readonly`, `across`, `at optval[N]`. */
static int user_optlen(struct parser *p, struct tc_call *c)
{
	struct tok t;
	uint32_t off;
	int ret;

	if (c->hook == HOOK_GET && lex_at(p, "torn"))
		c->len_across = true;
	c->optlen_null = c->hook == HOOK_GET && (lex_skip(p, "NULL") || lex_skip(p, "torn"));
	if (c->optlen_null)
		return 0;
	ret = parse_i32(p, "a length", &c->optlen);
	if (ret || c->hook != HOOK_GET)
		return ret;
	c->optlen_ro = lex_skip(p, "readonly");
	c->len_across = lex_skip(p, "across");
	if (c->optlen_ro || c->len_across || !lex_skip(p, "at"))
		return 0;
	ret = lex_want(p, "optval");
	if (!ret)
		ret = lex_want(p, "[");
	t = p->tok;
	if (!ret)
		ret = parse_u32(p, "an offset", 0, TC_MAX_DATA - 4, &off);
	if (!ret)
		ret = lex_want(p, "]");
	if (ret)
		return ret;
	c->len_in = true;
	c->len_off = (uint8_t)off;
	tc_len_settle(c);
	return c->len_in ? 0 : lex_expected_at(p, &t, "an offset of four bytes of a writable buffer");
}

/* `racing optlen N`, `held optlen N` or `held detach`: what another thread does during the call. */
static int meanwhile(struct parser *p, struct tc_call *c)
{
	struct tok t = p->tok;
	bool held = lex_at(p, "held");
	int ret;

	lex_next(p);
	c->meanwhile = held ? MEANWHILE_HELD : MEANWHILE_RACING;
	if (held && lex_skip(p, "detach")) {
		c->meanwhile = MEANWHILE_DETACH;
	} else {
		ret = lex_want(p, "optlen");
		if (!ret)
			ret = parse_i32(p, "a length", &c->len_next);
		if (ret)
			return ret;
	}
	return tc_meanwhile_fits(c) ? 0
				    : lex_expected_at(p, &t,
						      "no other thread (it needs a plain system call whose "
						      "optlen is 0 to the size of a plain buffer, at most "
						      "128; for optlen a getsockopt)");
}

int parse_call(struct parser *p)
{
	struct tcase *tc = p->tc;
	struct tc_call *c = &tc->call[tc->n_calls];
	unsigned s;
	int ret;

	if (tc->n_calls == TC_MAX_CALLS)
		return lex_expected(p, "at most 16 calls");
	c->hook = (uint8_t)lex_at_one(p, case_hook_words, HOOK_COUNT);
	lex_next(p);
	ret = lex_want(p, "(");
	if (ret)
		return ret;
	s = lex_at_one(p, case_sock_words, tc->n_socks);
	c->sock = (uint8_t)s;
	if (lex_at(p, "badfd"))
		c->sock = TC_SOCK_BAD;
	else if (s == tc->n_socks)
		return lex_expected(p, "a socket from above or badfd");
	lex_next(p);
	ret = lex_want(p, ",");
	if (!ret)
		ret = parse_level(p, &c->level);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = parse_option(p, &c->level, &c->optname);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = buffer(p, &c->buf);
	if (!ret)
		ret = lex_want(p, ",");
	if (!ret)
		ret = lex_want(p, "optlen");
	if (ret)
		return ret;
	ret = user_optlen(p, c);
	if (!ret)
		ret = lex_want(p, ")");
	if (!ret && lex_at(p, "via"))
		ret = via(p, c);
	if (!ret && (lex_at(p, "racing") || lex_at(p, "held")))
		ret = meanwhile(p, c);
	if (!ret && lex_at(p, "="))
		ret = expectation(p, c);
	tc->n_calls++;
	return ret;
}

static int statement(struct parser *p)
{
	struct tcase *tc = p->tc;
	unsigned name = lex_at_one(p, case_sock_words, TC_MAX_SOCKS);

	if (lex_at(p, "cgroup") && !tc->n_socks && !tc->n_calls)
		return cgroup(p);
	if (!tc->n_levels)
		return lex_expected(p, "cgroup a");
	if (parse_at_hook(p))
		return parse_call(p);
	if (name < TC_MAX_SOCKS && !tc->n_calls)
		return sock(p);
	return lex_expected(p, tc->n_calls   ? "getsockopt or setsockopt"
			       : tc->n_socks ? "a socket or a call"
					     : "a cgroup, a socket or a call");
}

int parse_begin(struct parser *p, const char *text, size_t len)
{
	if (len > CASE_TEXT_MAX) {
		diag_set(p->d, p->file, 0, 0, "expected at most %d bytes, found %zu", CASE_TEXT_MAX, len);
		return -EINVAL;
	}
	if (p->meta)
		*p->meta = (struct case_meta){0};
	lex_begin(p, text, len);
	return 0;
}

bool parse_at_statement(struct parser *p)
{
	while (p->tok.kind == TOK_EOL)
		lex_next(p);
	if (p->tok.kind == TOK_EOF)
		return false;
	p->begun = true;
	return true;
}

int parse_line_end(struct parser *p)
{
	if (p->tok.kind != TOK_EOL && p->tok.kind != TOK_EOF)
		return lex_expected(p, "end of line");
	return 0;
}

int tcase_parse(const char *text, size_t len, const char *filename, struct tcase *out, struct case_meta *meta,
		struct diag *d)
{
	struct parser p = {.file = filename, .tc = out, .meta = meta, .d = d};
	struct tok last;
	const char *why;
	int ret = parse_begin(&p, text, len);

	if (ret)
		return ret;
	tcase_init(out);
	out->n_levels = 0;
	last = p.tok;
	while (parse_at_statement(&p)) {
		last = p.tok;
		ret = statement(&p);
		if (!ret)
			ret = parse_line_end(&p);
		if (ret)
			return ret;
	}
	if (!out->n_levels)
		return lex_expected(&p, "cgroup a");
	why = tcase_check(out);
	if (why) /* the checks above should have said so, at a better place */
		return lex_fail(&p, &last, "a valid case", why);
	return 0;
}
