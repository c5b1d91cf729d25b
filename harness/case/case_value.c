/* SPDX-License-Identifier: MIT */
/* The values of a case: numbers, names, bytes. */
#include <stdio.h>

#include "../base/names.h"
#include "case_parse.h"
#include "options.h"

int parse_number(struct parser *p, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
	const struct tok *t = &p->tok;
	char what[96];
	int64_t v;

	*out = 0;
	snprintf(what, sizeof(what), "%s (%lld..%lld)", name, (long long)lo, (long long)hi);
	if (t->kind != TOK_WORD)
		return lex_expected(p, what);
	if (tok_is(t, "INT_MIN"))
		v = INT32_MIN;
	else if (tok_is(t, "INT_MAX"))
		v = INT32_MAX;
	else if (t->n > 2 && t->s[0] == '-' && t->s[1] == 'E' &&
		 name_value(names_errno, t->s + 1, t->n - 1, &v))
		v = -v;
	else if (!number_parse(t->s, t->n, &v))
		return lex_expected(p, what);
	if (v < lo || v > hi)
		return lex_expected(p, what);
	*out = v;
	lex_next(p);
	return 0;
}

int parse_u32(struct parser *p, const char *name, uint32_t lo, uint32_t hi, uint32_t *out)
{
	int64_t v;
	int ret = parse_number(p, name, lo, hi, &v);

	*out = (uint32_t)v;
	return ret;
}

int parse_i32(struct parser *p, const char *name, int32_t *out)
{
	int64_t v;
	int ret = parse_number(p, name, INT32_MIN, UINT32_MAX, &v);

	*out = (int32_t)(uint32_t)v;
	return ret;
}

int parse_sized(struct parser *p, uint8_t *width, int32_t *out)
{
	uint32_t v = 0;
	int ret = 0;

	*width = lex_skip(p, "u8") ? 1 : lex_skip(p, "u16") ? 2 : lex_skip(p, "i32") ? 4 : 0;
	if (*width == 4)
		return parse_i32(p, "an i32", out);
	if (*width)
		ret = parse_u32(p, *width == 1 ? "a byte" : "a u16", 0, *width == 1 ? UINT8_MAX : UINT16_MAX,
				&v);
	*out = (int32_t)v;
	return ret;
}

int parse_level(struct parser *p, int32_t *level)
{
	if (p->tok.kind != TOK_WORD || !level_parse(p->tok.s, p->tok.n, level))
		return lex_expected(p, "a level (SOL_IP, ... or a number)");
	lex_next(p);
	return 0;
}

int parse_option(struct parser *p, const int32_t *level, int32_t *optname)
{
	const struct tok *t = &p->tok;
	const char *name = level ? level_name(*level) : NULL;
	char what[64];

	if (t->kind == TOK_WORD &&
	    (level ? option_parse(*level, t->s, t->n, optname) : option_parse_any(t->s, t->n, optname))) {
		lex_next(p);
		return 0;
	}
	snprintf(what, sizeof(what), "an option of %s or a number", name ? name : "any level");
	return lex_expected(p, what);
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
	return lex_fail(p, t, "at most 128 bytes spelled out", "more");
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
			return lex_fail(p, &here, "\\xNN, \\\\ or \\\"", "another escape");
		}
		if (*n == TC_MAX_DATA)
			return too_many(p, &here);
		data[(*n)++] = c;
	}
	lex_next(p);
	return 0;
}

static int hex_item(struct parser *p, uint8_t data[TC_MAX_DATA], unsigned *n)
{
	const struct tok *t = &p->tok;
	bool ok = t->kind == TOK_WORD && t->n % 2 == 0;

	for (size_t i = 0; ok && i < t->n; i++)
		ok = hex_digit(t->s[i]) >= 0;
	if (!ok)
		return lex_expected(p, "hex digits, two a byte");
	if (*n + t->n / 2 > TC_MAX_DATA)
		return too_many(p, t);
	for (size_t i = 0; i < t->n; i += 2)
		data[(*n)++] = (uint8_t)(hex_digit(t->s[i]) << 4 | hex_digit(t->s[i + 1]));
	lex_next(p);
	return 0;
}

static int sized_item(struct parser *p, uint8_t data[TC_MAX_DATA], unsigned *n, uint8_t *width)
{
	struct tok t = p->tok;
	int32_t v;
	int ret = parse_sized(p, width, &v);

	if (!ret && *n + *width > TC_MAX_DATA)
		ret = too_many(p, &t);
	for (unsigned i = 0; !ret && i < *width; i++)
		data[(*n)++] = (uint8_t)((uint32_t)v >> 8 * i);
	return ret;
}

int parse_items(struct parser *p, uint8_t data[TC_MAX_DATA], uint8_t *n_data)
{
	unsigned n = 0;
	int ret = 0;

	while (!ret) {
		uint8_t width = 0;

		if (p->tok.kind == TOK_STRING) {
			ret = string_item(p, data, &n);
		} else if (lex_skip(p, "hex")) {
			ret = hex_item(p, data, &n);
		} else {
			ret = sized_item(p, data, &n, &width);
			if (!width)
				break;
		}
	}
	*n_data = (uint8_t)n;
	return ret;
}
