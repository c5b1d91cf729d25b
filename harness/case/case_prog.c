/* SPDX-License-Identifier: MIT */
/*
 * The programs of a case. If blocks, the only thing that nests, are kept on a stack whose height the number
 * of actions bounds.
 */
#include <string.h>

#include "case_parse.h"
#include "case_words.h"

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
	return lex_expected_at(p, t, "at most 16 actions in a program");
}

static int offset(struct parser *p, uint32_t *off)
{
	int ret = lex_want(p, "[");

	if (!ret)
		ret = parse_u32(p, "an offset", 0, 65535, off);
	return ret ? ret : lex_want(p, "]");
}

static int condition(struct parser *p, struct act *a)
{
	unsigned i = lex_at_one(p, case_field_words, FIELD_COUNT);
	uint32_t byte;
	int ret = 0;

	if (i == FIELD_COUNT)
		return lex_expected(p, "level, optname, optlen, retval, size or optval[N]");
	a->field = (uint8_t)i;
	lex_next(p);
	if (a->field == FIELD_BYTE)
		ret = offset(p, &a->off);
	if (ret)
		return ret;
	i = lex_at_one(p, case_cmp_words, CMP_COUNT);
	if (i == CMP_COUNT)
		return lex_expected(p, "'==', '!=', '<' or '>'");
	a->cmp = (uint8_t)i;
	lex_next(p);
	switch ((enum act_field)a->field) {
	case FIELD_LEVEL:
		return parse_level(p, &a->val);
	case FIELD_OPTNAME:
		return parse_option(p, NULL, &a->val);
	case FIELD_BYTE:
		ret = parse_u32(p, "a byte", 0, 255, &byte);
		a->val = (int32_t)byte;
		return ret;
	case FIELD_OPTLEN:
	case FIELD_RETVAL:
	case FIELD_SIZE:
	case FIELD_COUNT:
		break;
	}
	return parse_i32(p, "a number", &a->val);
}

/* `if COND && COND... {` */
static int if_head(struct parser *p, struct actions *l)
{
	int ret;

	do {
		struct tok t = p->tok;

		lex_next(p); /* if, && */
		ret = room(p, l, &t, ACT_MAX);
		if (!ret)
			ret = condition(p, new_act(l, ACT_IF));
		if (ret)
			return ret;
	} while (lex_at(p, "&&"));
	if (!lex_at(p, "{"))
		return lex_expected(p, "'&&' or '{'");
	lex_next(p);
	return 0;
}

static int optval_action(struct parser *p, struct actions *l)
{
	struct act *a = new_act(l, ACT_BYTES);
	int ret = offset(p, &a->off);

	if (!ret)
		ret = lex_want(p, "=");
	if (!ret)
		ret = parse_sized(p, &a->n, &a->val);
	if (!ret && !a->n)
		ret = lex_expected(p, "u8, u16 or i32");
	return ret;
}

static int simple_action(struct parser *p, enum hook hook, struct actions *l)
{
	struct tok t = p->tok;
	uint32_t result;
	int ret;

	ret = room(p, l, &t, tok_is(&t, "return") ? ACT_MAX + 1 : ACT_MAX);
	if (ret)
		return ret;
	if (hook == HOOK_GET && (tok_is(&t, "level") || tok_is(&t, "optname")))
		return lex_expected(p, "an action of getsockopt programs");
	lex_next(p);
	if (tok_is(&t, "optval"))
		return optval_action(p, l);
	if (tok_is(&t, "return")) {
		ret = parse_u32(p, "a result", 0, 2, &result);
		new_act(l, ACT_RETURN)->val = (int32_t)result;
		return ret;
	}
	if (tok_is(&t, "set_retval")) {
		ret = lex_want(p, "(");
		if (!ret)
			ret = parse_i32(p, "a result", &new_act(l, ACT_SET_RETVAL)->val);
		return ret ? ret : lex_want(p, ")");
	}
	ret = lex_want(p, "=");
	if (ret)
		return ret;
	if (tok_is(&t, "level"))
		return parse_level(p, &new_act(l, ACT_LEVEL)->val);
	if (tok_is(&t, "optname"))
		return parse_option(p, NULL, &new_act(l, ACT_OPTNAME)->val);
	if (tok_is(&t, "optlen"))
		return parse_i32(p, "a length", &new_act(l, ACT_OPTLEN)->val);
	/* retval */
	if (lex_skip(p, "retval")) {
		new_act(l, ACT_KEEP_RETVAL);
		return 0;
	}
	if (hook == HOOK_SET)
		return lex_expected(p, "retval (setsockopt programs write others with set_retval)");
	return parse_i32(p, "a result", &new_act(l, ACT_RETVAL)->val);
}

bool parse_at_hook(const struct parser *p)
{
	return lex_at_one(p, case_hook_words, HOOK_COUNT) < HOOK_COUNT;
}

static bool at_action(const struct parser *p)
{
	static const char *const words[] = {"level",  "optname", "optlen",    "optval",
					    "retval", "return",	 "set_retval"};

	const unsigned n = sizeof(words) / sizeof(words[0]);

	return lex_at_one(p, words, n) < n;
}

/* At the end of a program, with depth blocks open? */
static bool at_end(const struct parser *p, unsigned depth)
{
	return !depth && (lex_at(p, "}") || parse_at_hook(p));
}

/* The actions of a program, up to its end, which is not consumed: '}' or the hook word of the next one. */
int parse_actions(struct parser *p, enum hook hook, struct prog *out)
{
	struct actions l = {.n = 0};
	struct {
		unsigned first, end; /* its conditions are act[first..end) */
	} open[ACT_MAX + 2];
	unsigned depth = 0;
	unsigned last_end = 0; /* act[last_end - 1] is inside of a closed block */
	struct tok last = p->tok;
	int ret;

	while (!at_end(p, depth)) {
		if (depth && lex_skip(p, "}")) {
			depth--;
			for (unsigned i = open[depth].first; i < open[depth].end; i++)
				l.act[i].n = (uint8_t)(l.n - i - 1);
			last_end = l.n;
			continue;
		}
		last = p->tok;
		if (lex_at(p, "if")) {
			open[depth].first = l.n;
			ret = if_head(p, &l);
			if (ret)
				return ret;
			open[depth++].end = l.n;
			continue;
		}
		if (!at_action(p))
			return lex_expected(p, depth ? "an action or '}'" : "an action, a program or '}'");
		ret = simple_action(p, hook, &l);
		if (ret)
			return ret;
		if (!lex_skip(p, ";") && !lex_at(p, "}") && !at_end(p, depth))
			return lex_expected(p, "';' or '}'");
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

int parse_program(struct parser *p, struct tc_level *level)
{
	enum hook hook = (enum hook)lex_at_one(p, case_hook_words, HOOK_COUNT);
	unsigned mode;
	struct tok t = p->tok;
	struct tc_slot *slot;
	const char *why;

	if (level->n[hook] == TC_MAX_SLOTS)
		return lex_expected(p, hook == HOOK_SET ? "at most 4 setsockopt programs in a cgroup"
							: "at most 4 getsockopt programs in a cgroup");
	slot = &level->slot[hook][level->n[hook]++];
	slot->prog.ret = 1;
	lex_next(p);
	mode = lex_at_one(p, case_mode_words, MODE_COUNT);
	if (mode < MODE_COUNT) {
		slot->mode = (uint8_t)mode;
		lex_next(p);
	}
	if (!lex_skip(p, ":"))
		return lex_expected(p, "multi, override, none or ':'");
	why = tcase_check(p->tc);
	if (why)
		return lex_fail(p, &t, "a program that the kernel lets attach here", why);
	return parse_actions(p, hook, &slot->prog);
}
