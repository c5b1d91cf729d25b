/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V(major, minor) ISA_KERNEL(major, minor)

const struct isa_form_row isa_forms[ISA_FORMS] = {
#define FORM(name, code, dst, src, off, imm, since, text)                                                    \
	[ISA_##name] = {#name, code, dst, src, off, imm, since, text},
#include "insn.def"
};

/* The first row from `from` on with that opcode, or -1. */
static int row_of(uint8_t code, int from)
{
	static const uint8_t codes[ISA_FORMS] = {
#define FORM(name, code, dst, src, off, imm, since, text) [ISA_##name] = (code),
#include "insn.def"
	};
	const uint8_t *at = memchr(codes + from, code, (size_t)(ISA_FORMS - from));

	return at ? (int)(at - codes) : -1;
}

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == ISA_CODE_WIDE;
}

static int wrong(char *text, size_t size, int at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* at; the text is left out where nobody reads it. */
static int wrong(char *text, size_t size, int at, const char *format, ...)
{
	va_list ap;

	if (!text)
		return at;
	va_start(ap, format);
	vsnprintf(text, size, format, ap);
	va_end(ap);
	return at;
}

#define SUITS 5

/* How many of the fields suit the row, from the most telling one on; *text (or NULL) says what is wrong with
 * the first one that does not. SUITS: all. */
static int suits(const struct isa_form_row *row, const struct bpf_insn *in, char *text, size_t size)
{
	bool is64 = (row->code & 7) == BPF_ALU64;
	int regs[2] = {in->src_reg, in->dst_reg}, rules[2] = {row->src, row->dst};

	if (row->off >= 0 && in->off != row->off)
		return wrong(text, size, 0, "offset %d where %d must stand", in->off, row->off);
	if (row->imm >= 0 && in->imm != row->imm)
		return wrong(text, size, 1, "immediate %d where %d must stand", in->imm, row->imm);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "destination" : "source";

		if (rules[i] >= 0 && regs[i] != rules[i])
			return wrong(text, size, 2 + i, "%s field %d where %d must stand", name, regs[i],
				     rules[i]);
		if (rules[i] < 0 && regs[i] > 10)
			return wrong(text, size, 2 + i, "there is no register r%d (%s)", regs[i], name);
		if (rules[i] == REG_W && regs[i] == 10)
			return wrong(text, size, 2 + i, "the frame pointer r10 cannot be written");
	}
	if (row->imm == NONZERO && !in->imm)
		return wrong(text, size, 4, "division by the constant 0");
	if (row->imm == SHIFT && (in->imm < 0 || in->imm >= (is64 ? 64 : 32)))
		return wrong(text, size, 4, "shift by %d of %d bits", in->imm, is64 ? 64 : 32);
	return SUITS;
}

/* Opcodes that exist, but not for this program type. */
static const char *known_elsewhere(uint8_t code)
{
	switch (code) {
	case 0x20:
	case 0x28:
	case 0x30:
	case 0x40:
	case 0x48:
	case 0x50:
		return "packet access by BPF_ABS and BPF_IND is for socket filters only";
	case 0xe5:
		return "may_goto (6.9) is not in RFC 9669 and not modelled";
	}
	return NULL;
}

int isa_form_of(const struct bpf_insn *insn, struct isa_problem *p)
{
	const char *other = known_elsewhere(insn->code);
	int best = -1, most = -1;
	char text[100];

	for (int f = row_of(insn->code, 0); f >= 0; f = row_of(insn->code, f + 1)) {
		int fit = suits(&isa_forms[f], insn, NULL, 0);

		if (fit == SUITS)
			return f;
		if (fit > most) {
			most = fit;
			best = f;
		}
	}
	if (best >= 0) {
		suits(&isa_forms[best], insn, text, sizeof(text));
		snprintf(p->text, sizeof(p->text), "opcode 0x%02x: %s", insn->code, text);
	}
	if (insn->code == 0x85 && insn->src_reg == 2)
		snprintf(p->text, sizeof(p->text),
			 "calls of kernel functions (kfunc, BTF id %d) are not modelled", insn->imm);
	else if (best < 0)
		snprintf(p->text, sizeof(p->text), "opcode 0x%02x: %s", insn->code,
			 other ? other : "there is no such instruction");
	return -1;
}

static bool refuse(struct isa_problem *p, size_t insn, const char *text)
{
	p->insn = insn;
	snprintf(p->text, sizeof(p->text), "%s", text);
	return false;
}

static bool forms(const struct bpf_insn *insn, size_t n, uint8_t *form, struct isa_problem *p)
{
	static const struct bpf_insn zero;

	for (size_t i = 0; i < n; i++) {
		int f = isa_form_of(&insn[i], p);
		struct bpf_insn second;

		if (f < 0) {
			p->insn = i;
			return false;
		}
		form[i] = (uint8_t)f;
		if (!is_wide(&insn[i]))
			continue;
		if (i + 1 == n)
			return refuse(p, i, "the second half of a 64-bit immediate is missing");
		second = insn[i + 1];
		if (f != ISA_LD_MAP && f != ISA_LD_FUNC)
			second.imm = 0; /* the upper half, or the offset in the map's value */
		if (memcmp(&second, &zero, sizeof(zero)) != 0)
			return refuse(p, i,
				      "the second half of a 64-bit immediate has fields that must be zero");
		form[++i] = ISA_SECOND_SLOT;
	}
	return true;
}

/* How far the jump goes; false if there is none in the form. */
static bool distance(const struct bpf_insn *insn, uint8_t form, int64_t *to)
{
	if (form >= ISA_FORMS)
		return false;
	*to = isa_forms[form].imm == JUMP ? insn->imm : insn->off;
	return isa_forms[form].imm == JUMP || isa_forms[form].off == JUMP;
}

static bool ends_path(uint8_t form)
{
	return form == ISA_EXIT || form == ISA_JA || form == ISA_GOTOL;
}

/* Jumps land on instructions; functions begin where calls and function pointers say. */
static bool targets(const struct bpf_insn *insn, size_t n, const uint8_t *form, bool *func,
		    struct isa_problem *p)
{
	int64_t to;

	memset(func, 0, n * sizeof(*func));
	func[0] = true;
	for (size_t i = 0; i < n; i++) {
		if (!distance(&insn[i], form[i], &to))
			continue;
		to += (int64_t)i + 1;
		if (to < 0 || to >= (int64_t)n)
			return refuse(p, i, "jump out of the program");
		if (form[to] == ISA_SECOND_SLOT)
			return refuse(p, i, "jump into the middle of a 64-bit immediate");
		if (form[i] == ISA_CALL_LOCAL || form[i] == ISA_LD_FUNC)
			func[to] = true;
	}
	return true;
}

/* No function is left by a jump or at its end. */
static bool functions(const struct bpf_insn *insn, size_t n, const uint8_t *form, const bool *func,
		      struct isa_problem *p)
{
	size_t start = 0, end = 0;
	int64_t to;

	for (size_t i = 0; i < n; i++) {
		if (i == end) {
			start = i;
			for (end = i + 1; end < n && !func[end]; end++)
				;
		}
		if (i + 1 == end && !ends_path(form[i]))
			return refuse(p, i, "the last instruction of a function is neither exit nor a jump");
		if (!distance(&insn[i], form[i], &to) || form[i] == ISA_CALL_LOCAL || form[i] == ISA_LD_FUNC)
			continue;
		to += (int64_t)i + 1;
		if (to < (int64_t)start || to >= (int64_t)end)
			return refuse(p, i, "jump into another function");
	}
	return true;
}

/* Walks everything that can be reached from the first instruction. seen[] and work[] hold n entries. */
static void walk(const struct bpf_insn *insn, const uint8_t *form, bool *seen, size_t *work)
{
	size_t todo = 0;
	int64_t to;

	seen[0] = true;
	work[todo++] = 0;
	while (todo) {
		size_t i = work[--todo], next[2];
		unsigned ways = 0;

		if (!ends_path(form[i]))
			next[ways++] = i + (is_wide(&insn[i]) ? 2 : 1);
		if (distance(&insn[i], form[i], &to))
			next[ways++] = (size_t)((int64_t)i + 1 + to);
		while (ways--) {
			if (!seen[next[ways]]) {
				seen[next[ways]] = true;
				work[todo++] = next[ways];
			}
		}
	}
}

static bool reachable(const struct bpf_insn *insn, size_t n, const uint8_t *form, struct isa_problem *p)
{
	bool *seen = calloc(n, sizeof(*seen));
	size_t *work = calloc(n, sizeof(*work)), i;

	if (!seen || !work) {
		free(seen);
		free(work);
		return refuse(p, 0, "out of memory");
	}
	walk(insn, form, seen, work);
	for (i = 0; i < n && (seen[i] || form[i] == ISA_SECOND_SLOT); i++)
		;
	free(seen);
	free(work);
	return i == n || refuse(p, i, "this instruction cannot be reached");
}

bool isa_check(const struct bpf_insn *insn, size_t n, uint8_t *form, bool *func, struct isa_problem *p)
{
	bool *own = func ? NULL : calloc(n ? n : 1, sizeof(*own)), ok;

	if (!func && !own)
		return refuse(p, 0, "out of memory");
	if (!func)
		func = own;
	if (n == 0)
		ok = refuse(p, 0, "a program without instructions");
	else if (n > ISA_MAX_INSNS)
		ok = refuse(p, 0, "a program of more than 1000000 instructions");
	else
		ok = forms(insn, n, form, p) && targets(insn, n, form, func, p) &&
		     functions(insn, n, form, func, p) && reachable(insn, n, form, p);
	free(own);
	return ok;
}

unsigned isa_since(const uint8_t *form, size_t n, size_t *at)
{
	unsigned since = ISA_KERNEL_FIRST;

	*at = 0;
	for (size_t i = 0; i < n; i++) {
		if (form[i] < ISA_FORMS && isa_forms[form[i]].since > since) {
			since = isa_forms[form[i]].since;
			*at = i;
		}
	}
	return since;
}
