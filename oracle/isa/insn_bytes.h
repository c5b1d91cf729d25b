/* SPDX-License-Identifier: MIT */
/* Instructions as they stand in an object, little endian whatever the machine; RFC 9669 section 3. */
#ifndef ISA_INSN_BYTES_H
#define ISA_INSN_BYTES_H

#include <linux/bpf.h>
#include <stdint.h>

#define INSN_BYTES  8u
#define OP_LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW) /* 16 bytes: the second half has opcode 0 */
#define OP_CALL	    (BPF_JMP | BPF_CALL)

static inline struct bpf_insn insn_from_bytes(const uint8_t *p)
{
	return (struct bpf_insn){
		.code = p[0],
		.dst_reg = p[1] & 0xf,
		.src_reg = p[1] >> 4,
		.off = (int16_t)(p[2] | p[3] << 8),
		.imm = (int32_t)(p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24),
	};
}

#endif
