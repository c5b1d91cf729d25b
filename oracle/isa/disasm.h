/* SPDX-License-Identifier: MIT */
/* Instructions as text, as the kernel and bpftool write them ("r1 = *(u32 *)(r6 +24)"). For reports and
 * failing tests. */
#ifndef ISA_DISASM_H
#define ISA_DISASM_H

#include <stddef.h>

#include "harness/base/buf.h"
#include "insn.h"

/* Appends the instruction at insn[at] of n, without a newline; an illegal one as ".insn 0x...". */
void isa_disasm(struct buf *out, const struct bpf_insn *insn, size_t n, size_t at);

/* Appends every instruction on its line: "  12: (b7) r0 = 1". */
void isa_disasm_all(struct buf *out, const struct bpf_insn *insn, size_t n);

#endif
