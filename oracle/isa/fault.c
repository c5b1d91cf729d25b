/* SPDX-License-Identifier: MIT */
/* A fault as text for people. */
#include <inttypes.h>

#include "disasm.h"
#include "vm.h"

static void place(struct buf *out, const struct isa_code *code, size_t insn, isa_source_fn *source,
		  void *owner)
{
	struct isa_source s = {0};

	buf_printf(out, "insn %zu: ", insn);
	isa_disasm(out, code->insn, code->n, insn);
	if (source && source(owner, insn, &s) && s.file) {
		buf_printf(out, "   ; %s:%d", s.file, s.line);
		if (s.text)
			buf_printf(out, "  %s", s.text);
	}
	buf_puts(out, "\n");
}

void isa_fault_print(struct buf *out, const struct isa_vm *vm, isa_source_fn *source, void *owner)
{
	const struct isa_fault *f = &vm->fault;
	char text[100];

	if (f->kind == FAULT_NONE || !f->code)
		return;
	buf_printf(out, "%s\n  at ", f->text);
	place(out, f->code, f->insn, source, owner);
	for (unsigned i = f->depth; i-- > 0;) {
		if (f->caller[i] >= f->code->n)
			continue;
		buf_puts(out, "  called at ");
		place(out, f->code, f->caller[i], source, owner);
	}
	for (unsigned i = 0; i < 11; i++) {
		isa_addr_print(&vm->mem, f->reg[i], text, sizeof(text));
		if (!f->reg[i])
			text[0] = '0', text[1] = '\0';
		buf_printf(out, "%sr%u=%s", i % 6 ? " " : i ? "\n  " : "  ", i, text);
	}
	buf_puts(out, "\n");
}
