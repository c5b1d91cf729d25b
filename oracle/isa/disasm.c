/* SPDX-License-Identifier: MIT */
#include "disasm.h"

#include <inttypes.h>

#include "check.h"
#include "helpers.h"

static void helper(struct buf *out, int id)
{
	const char *name = isa_helper_name(id);

	buf_printf(out, "%s#%d", name ? name : "unknown", id);
}

/* One letter of a row's text. */
static void part(struct buf *out, char c, const struct bpf_insn *in, int upper)
{
	switch (c) {
	case 'D':
	case 'd':
		buf_printf(out, "%c%u", c == 'D' ? 'r' : 'w', in->dst_reg);
		break;
	case 'S':
	case 's':
		buf_printf(out, "%c%u", c == 'S' ? 'r' : 'w', in->src_reg);
		break;
	case 'm':
	case 'n':
		buf_printf(out, "(r%u %+d)", c == 'm' ? in->dst_reg : in->src_reg, in->off);
		break;
	case 'i':
		buf_printf(out, "%d", in->imm);
		break;
	case 'x':
		buf_printf(out, "0x%x", (unsigned)in->imm);
		break;
	case 'o':
		buf_printf(out, "%d", upper);
		break;
	case 'q':
		buf_printf(out, "0x%" PRIx64, (uint64_t)(uint32_t)upper << 32 | (uint32_t)in->imm);
		break;
	case 'j':
		buf_printf(out, "pc%+d", in->off);
		break;
	case 'l':
		buf_printf(out, "pc%+d", in->imm);
		break;
	case 'h':
		helper(out, in->imm);
		break;
	default: /* %= of the modulo rows */
		buf_printf(out, "%%%c", c);
	}
}

void isa_disasm(struct buf *out, const struct bpf_insn *insn, size_t n, size_t at)
{
	const struct bpf_insn *in = &insn[at];
	struct isa_problem p;
	int form = isa_form_of(in, &p);
	int upper = form >= 0 && in->code == ISA_CODE_WIDE && at + 1 < n ? in[1].imm : 0;

	if (form < 0) {
		buf_printf(out, ".insn 0x%02x 0x%02x %d %d", in->code, in->src_reg << 4 | in->dst_reg,
			   in->off, in->imm);
		return;
	}
	for (const char *t = isa_forms[form].text; *t; t++) {
		if (*t == '%' && t[1])
			part(out, *++t, in, upper);
		else
			buf_add(out, t, 1);
	}
}

void isa_disasm_all(struct buf *out, const struct bpf_insn *insn, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%4zu: (%02x) ", i, insn[i].code);
		isa_disasm(out, insn, n, i);
		buf_puts(out, "\n");
		if (insn[i].code == ISA_CODE_WIDE)
			i++;
	}
}
