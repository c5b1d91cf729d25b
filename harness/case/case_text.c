/* SPDX-License-Identifier: MIT */
/*
 * Printer first, then lexer and parser. The parser is a plain descent over at most one token of lookahead;
 * if blocks, the only thing that nests, are kept on a stack whose height the number of actions bounds.
 */
#include "case_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>

#include "../base/names.h"
#include "options.h"

static const char *const hook_words[] = {
	[HOOK_GET] = "getsockopt",
	[HOOK_SET] = "setsockopt",
};
static const char *const mode_words[] = {
	[MODE_MULTI] = "multi",
	[MODE_OVERRIDE] = "override",
	[MODE_NONE] = "none",
};
static const char *const field_words[] = {
	[FIELD_LEVEL] = "level",   [FIELD_OPTNAME] = "optname", [FIELD_OPTLEN] = "optlen",
	[FIELD_RETVAL] = "retval", [FIELD_SIZE] = "size",	[FIELD_BYTE] = "optval",
};
static const char *const cmp_words[] = {
	[CMP_EQ] = "==",
	[CMP_NE] = "!=",
	[CMP_LT] = "<",
	[CMP_GT] = ">",
};
static const char *const route_words[] = {
	[ROUTE_SOCKET] = "socket",
	[ROUTE_SOCKETPAIR] = "socketpair",
};
static const char sock_words[][2] = {"s", "t", "u", "v"};

#define FILL 0xa5 /* the fill byte of `buf N` */

/* ---- printing ---- */

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
	buf_puts(b, field_words[a->field]);
	if (a->field == FIELD_BYTE)
		buf_printf(b, "[%u]", a->off);
	buf_printf(b, " %s ", cmp_words[a->cmp]);
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

			buf_printf(b, "%s%s %s:", many ? "\t" : " ", hook_words[h], mode_words[slot->mode]);
			tcase_print_prog(&slot->prog, b);
			if (many)
				buf_puts(b, "\n");
		}
	}
	buf_puts(b, many ? "}\n" : " }\n");
}

void tcase_print_sock(const struct tcase *tc, unsigned sock, struct buf *b)
{
	const struct tc_sock *s = &tc->sock[sock];

	buf_printf(b, "%s = %s(", sock_words[sock], route_words[s->route]);
	name_print(b, names_family, s->family);
	buf_puts(b, ", ");
	name_print(b, names_socktype, s->type);
	buf_puts(b, ", ");
	if (s->family == AF_NETLINK)
		name_print(b, names_netlink, s->protocol);
	else if ((s->family == AF_INET || s->family == AF_INET6) && s->protocol)
		name_print(b, names_protocol, s->protocol);
	else
		number_print(b, s->protocol);
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
	if (!u->n_data && (!u->size || u->fill == FILL))
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
	buf_printf(b, "%s(%s, ", hook_words[c->hook],
		   c->sock == TC_SOCK_BAD ? "badfd" : sock_words[c->sock % TC_MAX_SOCKS]);
	level_print(b, c->level);
	buf_puts(b, ", ");
	option_print(b, c->level, c->optname);
	buf_puts(b, ", ");
	print_buf(&c->buf, b);
	if (c->optlen_null)
		buf_puts(b, ", optlen NULL)");
	else
		buf_printf(b, ", optlen %d)", c->optlen);
}

void tcase_print_ret(int64_t ret, struct buf *b)
{
	const char *name = ret < 0 && ret >= -4095 ? errno_name((int)-ret) : NULL;

	if (name)
		buf_printf(b, "-1 %s", name);
	else
		buf_printf(b, "%s%lld", ret < 0 ? "raw " : "", (long long)ret);
}

static void print_expect(const struct tc_expect *e, struct buf *b)
{
	if (!e->has_ret && !e->n_bytes && !e->has_optlen)
		return;
	buf_puts(b, " = ");
	if (e->has_ret)
		tcase_print_ret(e->ret, b);
	else
		buf_puts(b, "?");
	if (e->n_bytes) {
		buf_puts(b, " [");
		tcase_print_items(e->bytes, e->n_bytes, b);
		buf_puts(b, "]");
	}
	if (e->has_optlen)
		buf_printf(b, " optlen %d", e->optlen);
}

void tcase_print(const struct tcase *tc, const struct case_meta *meta, struct buf *b)
{
	if (meta && meta->title[0])
		buf_printf(b, "# %s\n", meta->title);
	if (meta && meta->clauses[0])
		buf_printf(b, "# clauses %s\n", meta->clauses);
	for (unsigned i = 0; i < tc->n_levels; i++)
		print_level(tc, i, b);
	for (unsigned i = 0; i < tc->n_socks; i++) {
		tcase_print_sock(tc, i, b);
		buf_puts(b, "\n");
	}
	for (unsigned i = 0; i < tc->n_calls; i++) {
		tcase_print_call(&tc->call[i], b);
		print_expect(&tc->call[i].expect, b);
		buf_puts(b, "\n");
	}
}

/* ---- tokens ---- */

enum tok_kind {
	TOK_WORD,   /* letters, digits and _, perhaps after a '-' */
	TOK_PUNCT,  /* one of ( ) { } [ ] , ; : / ? = < > == != && */
	TOK_STRING, /* with its quotes, escapes not looked at */
	TOK_EOL,
	TOK_EOF,
	TOK_BAD, /* a byte, or a string without its end, that starts no token */
};

struct tok {
	enum tok_kind kind;
	const char *s; /* in the text */
	size_t n;
	int line, col;
};

struct parser {
	const char *pos, *end;
	const char *line_start;
	const char *file;
	int line;
	unsigned braces; /* open { and (: line ends are blanks there */
	bool begun;	 /* a statement was seen: comments are no longer meta */
	struct tok tok;	 /* the current one, not yet consumed */
	struct tcase *tc;
	struct case_meta *meta;
	struct diag *d;
};

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Appends s[0..n) to a fixed field, a blank before it if the field holds something; trims, masks, cuts. */
static void meta_add(char *field, size_t size, const char *s, size_t n)
{
	size_t used = strlen(field);

	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	if (!n || used + 2 >= size)
		return;
	if (used)
		field[used++] = ' ';
	for (; n && used + 1 < size; s++, n--)
		field[used++] = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
	while (used && field[used - 1] == ' ')
		used--;
	field[used] = '\0';
}

static bool starts(const char *s, size_t n, const char *with)
{
	size_t w = strlen(with);

	return n >= w && !memcmp(s, with, w);
}

static void comment(struct parser *p, const char *s, size_t n)
{
	if (p->begun || !p->meta)
		return;
	while (n && (*s == ' ' || *s == '\t' || *s == '#'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	if (starts(s, n, "clauses") && (n == 7 || s[7] == ' ' || s[7] == '\t'))
		meta_add(p->meta->clauses, sizeof(p->meta->clauses), s + 7, n - 7);
	else if (!p->meta->title[0] && !starts(s, n, "SPDX-"))
		meta_add(p->meta->title, sizeof(p->meta->title), s, n);
}

static void skip_blanks(struct parser *p)
{
	while (p->pos < p->end) {
		char c = *p->pos;

		if (c == '#') {
			const char *nl = memchr(p->pos, '\n', (size_t)(p->end - p->pos));

			if (!nl)
				nl = p->end;
			comment(p, p->pos, (size_t)(nl - p->pos));
			p->pos = nl;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			p->pos++;
		} else if (c == '\n' && p->braces) {
			p->line_start = ++p->pos;
			p->line++;
		} else {
			break;
		}
	}
}

static void lex(struct parser *p)
{
	struct tok *t = &p->tok;
	const char *s;

	skip_blanks(p);
	s = p->pos;
	*t = (struct tok){.kind = TOK_EOF, .s = s, .line = p->line, .col = (int)(s - p->line_start) + 1};
	if (s == p->end)
		return;
	t->n = 1;
	if (*s == '\n') {
		t->kind = TOK_EOL;
		p->line++;
		p->line_start = s + 1;
	} else if (is_word_char(*s) || (*s == '-' && s + 1 < p->end && is_word_char(s[1]))) {
		t->kind = TOK_WORD;
		while (s + t->n < p->end && is_word_char(s[t->n]))
			t->n++;
	} else if (*s == '"') {
		t->kind = TOK_BAD;
		while (s + t->n < p->end && s[t->n] != '\n' && t->kind == TOK_BAD) {
			if (s[t->n] == '"')
				t->kind = TOK_STRING;
			else if (s[t->n] == '\\' && s + t->n + 1 < p->end && s[t->n + 1] != '\n')
				t->n++;
			t->n++;
		}
	} else if (s + 1 < p->end && (!memcmp(s, "==", 2) || !memcmp(s, "!=", 2) || !memcmp(s, "&&", 2))) {
		t->kind = TOK_PUNCT;
		t->n = 2;
	} else {
		t->kind = *s && strchr("(){}[],;:/?=<>", *s) ? TOK_PUNCT : TOK_BAD;
	}
	p->pos = s + t->n;
}

static bool is(const struct tok *t, const char *text)
{
	return (t->kind == TOK_WORD || t->kind == TOK_PUNCT) && t->n == strlen(text) &&
	       !memcmp(t->s, text, t->n);
}

static bool at(const struct parser *p, const char *text)
{
	return is(&p->tok, text);
}

/* Consumes the current token. */
static void next(struct parser *p)
{
	if (at(p, "{") || at(p, "("))
		p->braces++;
	else if ((at(p, "}") || at(p, ")")) && p->braces)
		p->braces--;
	lex(p);
}

/* ---- complaints: each returns -EINVAL ---- */

static int fail(struct parser *p, const struct tok *t, const char *what, const char *found)
{
	diag_set(p->d, p->file, t->line, t->col, "expected %s, found %s", what, found);
	return -EINVAL;
}

static int expected_at(struct parser *p, const struct tok *t, const char *what)
{
	char found[64];

	switch (t->kind) {
	case TOK_WORD:
	case TOK_PUNCT:
		snprintf(found, sizeof(found), "'%.*s'%s", t->n > 40 ? 40 : (int)t->n, t->s,
			 t->n > 40 ? "..." : "");
		break;
	case TOK_STRING:
		snprintf(found, sizeof(found), "a string");
		break;
	case TOK_EOL:
		snprintf(found, sizeof(found), "end of line");
		break;
	case TOK_EOF:
		snprintf(found, sizeof(found), "end of file");
		break;
	case TOK_BAD:
		if (*t->s == '"')
			snprintf(found, sizeof(found), "a string without its end");
		else if (*t->s > 0x20 && *t->s < 0x7f)
			snprintf(found, sizeof(found), "'%c'", *t->s);
		else
			snprintf(found, sizeof(found), "byte 0x%02x", (unsigned char)*t->s);
		break;
	}
	return fail(p, t, what, found);
}

static int expected(struct parser *p, const char *what)
{
	return expected_at(p, &p->tok, what);
}

static int want(struct parser *p, const char *text)
{
	char what[16];

	if (!at(p, text)) {
		snprintf(what, sizeof(what), "'%s'", text);
		return expected(p, what);
	}
	next(p);
	return 0;
}

/* ---- values ---- */

/* A number from lo to hi: digits, INT_MIN, INT_MAX or -ENAME. name: what it is, for the complaint. */
static int number(struct parser *p, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
	const struct tok *t = &p->tok;
	char what[96];
	int64_t v;

	snprintf(what, sizeof(what), "%s (%lld..%lld)", name, (long long)lo, (long long)hi);
	if (t->kind != TOK_WORD)
		return expected(p, what);
	if (is(t, "INT_MIN"))
		v = INT32_MIN;
	else if (is(t, "INT_MAX"))
		v = INT32_MAX;
	else if (t->n > 2 && t->s[0] == '-' && t->s[1] == 'E' &&
		 name_value(names_errno, t->s + 1, t->n - 1, &v))
		v = -v;
	else if (!number_parse(t->s, t->n, &v))
		return expected(p, what);
	if (v < lo || v > hi)
		return expected(p, what);
	*out = v;
	next(p);
	return 0;
}

/* 32 bits: negative, or positive up to 0xffffffff, of which the bits count. */
static int number32(struct parser *p, const char *name, int32_t *out)
{
	int64_t v;
	int ret = number(p, name, INT32_MIN, UINT32_MAX, &v);

	if (!ret)
		*out = (int32_t)(uint32_t)v;
	return ret;
}

static int named_level(struct parser *p, int32_t *level)
{
	if (p->tok.kind != TOK_WORD || !level_parse(p->tok.s, p->tok.n, level))
		return expected(p, "a level (SOL_IP, ... or a number)");
	next(p);
	return 0;
}

/* level NULL: inside of a program, where any option will do. */
static int named_option(struct parser *p, const int32_t *level, int32_t *optname)
{
	const struct tok *t = &p->tok;
	const char *name = level ? level_name(*level) : NULL;
	char what[64];

	if (t->kind == TOK_WORD &&
	    (level ? option_parse(*level, t->s, t->n, optname) : option_parse_any(t->s, t->n, optname))) {
		next(p);
		return 0;
	}
	snprintf(what, sizeof(what), "an option of %s or a number", name ? name : "any level");
	return expected(p, what);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int too_many(struct parser *p, const struct tok *t)
{
	return fail(p, t, "at most 128 bytes spelled out", "more");
}

static int string_item(struct parser *p, uint8_t data[TC_MAX_DATA], unsigned *n)
{
	struct tok t = p->tok;
	const char *s = t.s + 1, *end = t.s + t.n - 1;

	while (s < end) {
		struct tok here = {
			.kind = TOK_BAD, .s = s, .n = 1, .line = t.line, .col = t.col + (int)(s - t.s)};
		uint8_t c = (uint8_t)*s++;

		if (c == '\\' && end - s >= 3 && *s == 'x' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
			c = (uint8_t)(hex_digit(s[1]) << 4 | hex_digit(s[2]));
			s += 3;
		} else if (c == '\\' && s < end && (*s == '\\' || *s == '"')) {
			c = (uint8_t)*s++;
		} else if (c == '\\') {
			return fail(p, &here, "\\xNN, \\\\ or \\\"", "another escape");
		}
		if (*n == TC_MAX_DATA)
			return too_many(p, &here);
		data[(*n)++] = c;
	}
	next(p);
	return 0;
}

static int hex_item(struct parser *p, uint8_t data[TC_MAX_DATA], unsigned *n)
{
	const struct tok *t = &p->tok;
	bool ok = t->kind == TOK_WORD && t->n % 2 == 0;

	for (size_t i = 0; ok && i < t->n; i++)
		ok = hex_digit(t->s[i]) >= 0;
	if (!ok)
		return expected(p, "hex digits, two a byte");
	if (*n + t->n / 2 > TC_MAX_DATA)
		return too_many(p, t);
	for (size_t i = 0; i < t->n; i += 2)
		data[(*n)++] = (uint8_t)(hex_digit(t->s[i]) << 4 | hex_digit(t->s[i + 1]));
	next(p);
	return 0;
}

/* Zero or more items. */
static int items(struct parser *p, uint8_t data[TC_MAX_DATA], uint8_t *n_data)
{
	unsigned n = 0;
	int ret = 0;

	while (!ret) {
		struct tok t = p->tok;
		unsigned width = at(p, "u8") ? 1 : at(p, "u16") ? 2 : at(p, "i32") ? 4 : 0;
		int64_t v = 0;

		if (t.kind == TOK_STRING) {
			ret = string_item(p, data, &n);
		} else if (is(&t, "hex")) {
			next(p);
			ret = hex_item(p, data, &n);
		} else if (width) {
			next(p);
			ret = number(p,
				     width == 1	  ? "a byte"
				     : width == 2 ? "a u16"
						  : "an i32",
				     width == 4 ? INT32_MIN : 0,
				     width == 1	  ? UINT8_MAX
				     : width == 2 ? UINT16_MAX
						  : UINT32_MAX,
				     &v);
			if (!ret && n + width > TC_MAX_DATA)
				ret = too_many(p, &t);
			for (unsigned i = 0; !ret && i < width; i++)
				data[n++] = (uint8_t)(v >> 8 * i);
		} else {
			break;
		}
	}
	*n_data = (uint8_t)n;
	return ret;
}

/* ---- programs ---- */

/* One more than fits, because a final `return` becomes prog.ret and needs no room. */
struct actions {
	struct act act[ACT_MAX + 1];
	unsigned n;
};

static struct act *new_act(struct actions *l, enum act_op op)
{
	struct act *a = &l->act[l->n++];

	*a = (struct act){.op = op};
	return a;
}

/* Room for the action that starts at *t, the last of max? */
static int room(struct parser *p, const struct actions *l, const struct tok *t, unsigned max)
{
	if (l->n < max)
		return 0;
	return expected_at(p, t, "at most 16 actions in a program");
}

static int offset(struct parser *p, uint32_t *off)
{
	int64_t v = 0;
	int ret = want(p, "[");

	if (!ret)
		ret = number(p, "an offset", 0, 65535, &v);
	*off = (uint32_t)v;
	return ret ? ret : want(p, "]");
}

static int condition(struct parser *p, struct act *a)
{
	unsigned i;
	int64_t v = 0;
	int ret = 0;

	for (i = 0; i < FIELD_COUNT && !at(p, field_words[i]); i++)
		;
	if (i == FIELD_COUNT)
		return expected(p, "level, optname, optlen, retval, size or optval[N]");
	a->field = (uint8_t)i;
	next(p);
	if (a->field == FIELD_BYTE)
		ret = offset(p, &a->off);
	if (ret)
		return ret;
	for (i = 0; i < CMP_COUNT && !at(p, cmp_words[i]); i++)
		;
	if (i == CMP_COUNT)
		return expected(p, "'==', '!=', '<' or '>'");
	a->cmp = (uint8_t)i;
	next(p);
	switch ((enum act_field)a->field) {
	case FIELD_LEVEL:
		return named_level(p, &a->val);
	case FIELD_OPTNAME:
		return named_option(p, NULL, &a->val);
	case FIELD_BYTE:
		ret = number(p, "a byte", 0, 255, &v);
		a->val = (int32_t)v;
		return ret;
	case FIELD_OPTLEN:
	case FIELD_RETVAL:
	case FIELD_SIZE:
	case FIELD_COUNT:
		break;
	}
	return number32(p, "a number", &a->val);
}

/* `if COND && COND... {` */
static int if_head(struct parser *p, struct actions *l)
{
	int ret;

	do {
		struct tok t = p->tok;

		next(p); /* if, && */
		ret = room(p, l, &t, ACT_MAX);
		if (!ret)
			ret = condition(p, new_act(l, ACT_IF));
		if (ret)
			return ret;
	} while (at(p, "&&"));
	if (!at(p, "{"))
		return expected(p, "'&&' or '{'");
	next(p);
	return 0;
}

static int optval_action(struct parser *p, struct actions *l)
{
	struct act *a = new_act(l, ACT_BYTES);
	int64_t v = 0;
	int ret;

	ret = offset(p, &a->off);
	if (!ret)
		ret = want(p, "=");
	if (ret)
		return ret;
	a->n = at(p, "u8") ? 1 : at(p, "u16") ? 2 : at(p, "i32") ? 4 : 0;
	if (!a->n)
		return expected(p, "u8, u16 or i32");
	next(p);
	if (a->n == 4)
		return number32(p, "an i32", &a->val);
	ret = number(p, a->n == 1 ? "a byte" : "a u16", 0, a->n == 1 ? 255 : 65535, &v);
	a->val = (int32_t)v;
	return ret;
}

static int simple_action(struct parser *p, enum hook hook, struct actions *l)
{
	struct tok t = p->tok;
	int64_t v = 0;
	int ret;

	ret = room(p, l, &t, is(&t, "return") ? ACT_MAX + 1 : ACT_MAX);
	if (ret)
		return ret;
	if (hook == HOOK_GET && (is(&t, "level") || is(&t, "optname")))
		return expected(p, "an action of getsockopt programs");
	next(p);
	if (is(&t, "optval"))
		return optval_action(p, l);
	if (is(&t, "return")) {
		ret = number(p, "a result", 0, 1, &v);
		new_act(l, ACT_RETURN)->val = (int32_t)v;
		return ret;
	}
	if (is(&t, "set_retval")) {
		ret = want(p, "(");
		if (!ret)
			ret = number32(p, "a result", &new_act(l, ACT_SET_RETVAL)->val);
		return ret ? ret : want(p, ")");
	}
	ret = want(p, "=");
	if (ret)
		return ret;
	if (is(&t, "level"))
		return named_level(p, &new_act(l, ACT_LEVEL)->val);
	if (is(&t, "optname"))
		return named_option(p, NULL, &new_act(l, ACT_OPTNAME)->val);
	if (is(&t, "optlen"))
		return number32(p, "a length", &new_act(l, ACT_OPTLEN)->val);
	/* retval */
	if (at(p, "retval")) {
		next(p);
		new_act(l, ACT_KEEP_RETVAL);
		return 0;
	}
	if (hook == HOOK_SET)
		return expected(p, "retval (setsockopt programs write others with set_retval)");
	return number32(p, "a result", &new_act(l, ACT_RETVAL)->val);
}

static bool at_hook(const struct parser *p)
{
	return at(p, hook_words[HOOK_GET]) || at(p, hook_words[HOOK_SET]);
}

static bool at_action(const struct parser *p)
{
	static const char *const words[] = {"level",  "optname", "optlen",    "optval",
					    "retval", "return",	 "set_retval"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (at(p, words[i]))
			return true;
	return false;
}

/* The actions of a program, up to its end, which is not consumed: '}' or the hook word of the next one. */
static int actions(struct parser *p, enum hook hook, struct prog *out)
{
	struct actions l = {.n = 0};
	struct {
		unsigned first, end; /* its conditions are act[first..end) */
	} open[ACT_MAX + 2];
	unsigned depth = 0;
	unsigned last_end = 0; /* act[last_end - 1] is inside of a closed block */
	struct tok last = p->tok;
	int ret;

	for (;;) {
		if (at(p, "}") && depth) {
			depth--;
			for (unsigned i = open[depth].first; i < open[depth].end; i++)
				l.act[i].n = (uint8_t)(l.n - i - 1);
			last_end = l.n;
			next(p);
			continue;
		}
		if (at(p, "}") || (at_hook(p) && !depth))
			break;
		last = p->tok;
		if (at(p, "if")) {
			open[depth].first = l.n;
			ret = if_head(p, &l);
			if (ret)
				return ret;
			open[depth++].end = l.n;
			continue;
		}
		if (!at_action(p))
			return expected(p, depth ? "an action or '}'" : "an action, a program or '}'");
		ret = simple_action(p, hook, &l);
		if (ret)
			return ret;
		if (at(p, ";"))
			next(p);
		else if (!at(p, "}") && !(at_hook(p) && !depth))
			return expected(p, "';' or '}'");
	}
	out->ret = 1;
	if (l.n > last_end && l.act[l.n - 1].op == ACT_RETURN)
		out->ret = (uint32_t)l.act[--l.n].val;
	ret = room(p, &l, &last, ACT_MAX + 1);
	if (ret)
		return ret;
	out->n = l.n;
	memcpy(out->act, l.act, l.n * sizeof(l.act[0]));
	return 0;
}

static int program(struct parser *p, struct tc_level *level)
{
	enum hook hook = at(p, hook_words[HOOK_SET]) ? HOOK_SET : HOOK_GET;
	struct tok t = p->tok;
	struct tc_slot *slot;
	const char *why;

	if (level->n[hook] == TC_MAX_SLOTS)
		return expected(p, hook == HOOK_SET ? "at most 4 setsockopt programs in a cgroup"
						    : "at most 4 getsockopt programs in a cgroup");
	slot = &level->slot[hook][level->n[hook]++];
	slot->prog.ret = 1;
	next(p);
	for (unsigned i = 0; i < MODE_COUNT; i++) {
		if (!at(p, mode_words[i]))
			continue;
		slot->mode = (uint8_t)i;
		next(p);
		break;
	}
	if (!at(p, ":"))
		return expected(p, "multi, override, none or ':'");
	next(p);
	why = tcase_check(p->tc);
	if (why)
		return fail(p, &t, "a program that the kernel lets attach here", why);
	return actions(p, hook, &slot->prog);
}

/* ---- statements ---- */

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
		next(p);
		if (!at(p, "/"))
			break;
		t->n = (size_t)(p->tok.s + 1 - t->s);
		next(p);
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
		return expected(p, "at most 8 cgroups");
	next(p);
	tcase_print_path(tc->n_levels + 1u, &name);
	snprintf(what, sizeof(what), "cgroup %s", buf_str(&name));
	buf_fini(&name);
	if (path(p, &t) != tc->n_levels + 1u)
		return expected_at(p, &t, what);
	tc->n_levels++;
	if (!at(p, "{"))
		return 0;
	next(p);
	while (at_hook(p)) {
		ret = program(p, &tc->level[tc->n_levels - 1]);
		if (ret)
			return ret;
	}
	if (!at(p, "}"))
		return expected(p, "a program (getsockopt or setsockopt) or '}'");
	next(p);
	return 0;
}

static int named_number(struct parser *p, const char *what, const struct name *t1, const struct name *t2,
			uint16_t *out)
{
	int64_t v;

	if (p->tok.kind == TOK_WORD &&
	    (name_value(t1, p->tok.s, p->tok.n, &v) || (t2 && name_value(t2, p->tok.s, p->tok.n, &v)))) {
		next(p);
	} else {
		int ret = number(p, what, 0, UINT16_MAX, &v);

		if (ret)
			return ret;
	}
	*out = (uint16_t)v;
	return 0;
}

static int sock(struct parser *p, unsigned name)
{
	struct tcase *tc = p->tc;
	struct tc_sock *s = &tc->sock[tc->n_socks];
	char what[32];
	struct tok t;
	int ret;

	if (name != tc->n_socks) {
		snprintf(what, sizeof(what), "%s as the next socket",
			 tc->n_socks < TC_MAX_SOCKS ? sock_words[tc->n_socks] : "nothing");
		return expected(p, what);
	}
	next(p);
	ret = want(p, "=");
	if (ret)
		return ret;
	if (at(p, route_words[ROUTE_SOCKETPAIR]))
		s->route = ROUTE_SOCKETPAIR;
	else if (!at(p, route_words[ROUTE_SOCKET]))
		return expected(p, "socket or socketpair");
	next(p);
	ret = want(p, "(");
	if (!ret)
		ret = named_number(p, "an address family, AF_* or a number", names_family, NULL, &s->family);
	if (!ret)
		ret = want(p, ",");
	if (!ret)
		ret = named_number(p, "a socket type, SOCK_* or a number", names_socktype, NULL, &s->type);
	if (!ret && at(p, ",")) {
		next(p);
		ret = named_number(p, "a protocol, IPPROTO_*, NETLINK_* or a number", names_protocol,
				   names_netlink, &s->protocol);
	}
	if (!ret)
		ret = want(p, ")");
	if (ret)
		return ret;
	if (at(p, "outside")) {
		s->level = TC_OUTSIDE;
		next(p);
	} else if (at(p, "in")) {
		unsigned n;

		next(p);
		n = path(p, &t);
		if (!n || n > tc->n_levels)
			return expected_at(p, &t, "one of the cgroups above");
		s->level = (uint8_t)n;
	} else {
		return expected(p, "'in' or 'outside'");
	}
	tc->n_socks++;
	return 0;
}

static int buffer(struct parser *p, struct tc_buf *u)
{
	struct tok start = p->tok;
	int64_t v = 0;
	int ret;

	u->fill = FILL;
	if (at(p, "NULL")) {
		u->place = BUF_NULL;
		next(p);
		return 0;
	}
	ret = items(p, u->data, &u->n_data);
	if (ret)
		return ret;
	u->size = u->n_data;
	if (at(p, "buf") && p->tok.s == start.s) {
		next(p);
		ret = number(p, "a size", 0, TC_MAX_BUF, &v);
		u->size = (uint32_t)v;
	} else if (at(p, "fill")) {
		next(p);
		ret = number(p, "a byte", 0, 255, &v);
		u->fill = (uint8_t)v;
		if (!ret)
			ret = want(p, "size");
		if (!ret)
			ret = number(p, "a size", u->n_data, TC_MAX_BUF, &v);
		u->size = (uint32_t)v;
	} else if (p->tok.s == start.s) {
		return expected(p, "a buffer: NULL, i32, u16, u8, \"text\", hex, buf or fill");
	}
	if (ret)
		return ret;
	if (at(p, "readonly"))
		u->place = BUF_READONLY;
	else if (at(p, "edge"))
		u->place = BUF_EDGE;
	else
		return 0;
	next(p);
	return 0;
}

static int expectation(struct parser *p, struct tc_call *c)
{
	struct tc_expect *e = &c->expect;
	char what[64];
	struct tok t;
	int64_t v = 0;
	int ret = 0;

	next(p); /* = */
	e->has_ret = true;
	if (at(p, "?")) {
		e->has_ret = false;
		next(p);
	} else if (at(p, "raw")) {
		next(p);
		ret = number(p, "a result", INT64_MIN, INT64_MAX, &e->ret);
	} else if (at(p, "-1")) {
		next(p);
		if (p->tok.kind != TOK_WORD || !name_value(names_errno, p->tok.s, p->tok.n, &v))
			return expected(p, "the name of an errno after -1");
		e->ret = -v;
		next(p);
	} else if (p->tok.kind == TOK_WORD && number_parse(p->tok.s, p->tok.n, &v) && v >= 0) {
		e->ret = v;
		next(p);
	} else {
		ret = expected(p, "a result: a number from 0, '-1 ENAME', 'raw N' or '?'");
	}
	if (ret)
		return ret;
	if (at(p, "[")) {
		t = p->tok;
		next(p);
		ret = items(p, e->bytes, &e->n_bytes);
		if (ret)
			return ret;
		if (!e->n_bytes || !at(p, "]"))
			return expected(p, e->n_bytes ? "an item or ']'"
						      : "an item: i32, u16, u8, \"text\" or hex");
		if (e->n_bytes > c->buf.size) {
			char found[16];

			snprintf(what, sizeof(what), "no more bytes than the buffer's %u", c->buf.size);
			snprintf(found, sizeof(found), "%u", e->n_bytes);
			return fail(p, &t, what, found);
		}
		next(p);
	}
	if (at(p, "optlen")) {
		if (c->hook != HOOK_GET || c->optlen_null)
			return expected(p, "end of line (no optlen comes back from this call)");
		next(p);
		e->has_optlen = true;
		ret = number32(p, "a length", &e->optlen);
	}
	return ret;
}

static int call(struct parser *p)
{
	struct tcase *tc = p->tc;
	struct tc_call *c = &tc->call[tc->n_calls];
	unsigned s;
	int ret;

	if (tc->n_calls == TC_MAX_CALLS)
		return expected(p, "at most 16 calls");
	c->hook = at(p, hook_words[HOOK_SET]) ? HOOK_SET : HOOK_GET;
	next(p);
	ret = want(p, "(");
	if (ret)
		return ret;
	for (s = 0; s < tc->n_socks && !at(p, sock_words[s]); s++)
		;
	c->sock = (uint8_t)s;
	if (at(p, "badfd"))
		c->sock = TC_SOCK_BAD;
	else if (s == tc->n_socks)
		return expected(p, "a socket from above or badfd");
	next(p);
	ret = want(p, ",");
	if (!ret)
		ret = named_level(p, &c->level);
	if (!ret)
		ret = want(p, ",");
	if (!ret)
		ret = named_option(p, &c->level, &c->optname);
	if (!ret)
		ret = want(p, ",");
	if (!ret)
		ret = buffer(p, &c->buf);
	if (!ret)
		ret = want(p, ",");
	if (!ret)
		ret = want(p, "optlen");
	if (ret)
		return ret;
	if (at(p, "NULL") && c->hook == HOOK_GET) {
		c->optlen_null = true;
		next(p);
	} else {
		ret = number32(p, "a length", &c->optlen);
	}
	if (!ret)
		ret = want(p, ")");
	if (!ret && at(p, "="))
		ret = expectation(p, c);
	tc->n_calls++;
	return ret;
}

static int statement(struct parser *p)
{
	struct tcase *tc = p->tc;

	if (at(p, "cgroup") && !tc->n_socks && !tc->n_calls)
		return cgroup(p);
	if (!tc->n_levels)
		return expected(p, "cgroup a");
	if (at_hook(p))
		return call(p);
	for (unsigned i = 0; i < TC_MAX_SOCKS && !tc->n_calls; i++)
		if (at(p, sock_words[i]))
			return sock(p, i);
	return expected(p, tc->n_calls	 ? "getsockopt or setsockopt"
			   : tc->n_socks ? "a socket or a call"
					 : "a cgroup, a socket or a call");
}

int tcase_parse(const char *text, size_t len, const char *filename, struct tcase *out, struct case_meta *meta,
		struct diag *d)
{
	struct parser p = {
		.pos = text,
		.end = text + len,
		.line_start = text,
		.file = filename,
		.line = 1,
		.tc = out,
		.meta = meta,
		.d = d,
	};
	struct tok last;
	const char *why;
	int ret;

	if (len > CASE_TEXT_MAX) {
		diag_set(d, filename, 0, 0, "expected at most %d bytes, found %zu", CASE_TEXT_MAX, len);
		return -EINVAL;
	}
	if (meta)
		*meta = (struct case_meta){0};
	tcase_init(out);
	out->n_levels = 0;
	lex(&p);
	last = p.tok;
	while (p.tok.kind != TOK_EOF) {
		if (p.tok.kind == TOK_EOL) {
			next(&p);
			continue;
		}
		p.begun = true;
		last = p.tok;
		ret = statement(&p);
		if (ret)
			return ret;
		if (p.tok.kind != TOK_EOL && p.tok.kind != TOK_EOF)
			return expected(&p, "end of line");
	}
	if (!out->n_levels)
		return expected(&p, "cgroup a");
	why = tcase_check(out);
	if (why) /* the checks above should have said so, at a better place */
		return fail(&p, &last, "a valid case", why);
	return 0;
}
