/* SPDX-License-Identifier: MIT */
/*
 * What the interpreter of oracle/isa is held against: a loop with one switch over opcodes, as uBPF's and most
 * others are built, that reads instructions as they stand in the file and pointers as they are. It leaves out
 * everything that costs: no access is checked, no instruction counted, nothing reported. It also leaves out
 * what the loop of bench_isa.c does not need: calls, atomics, byte swaps, signed division, sign extension.
 * For programs of bench_isa.c only: a wrong one would crash.
 */
#include <string.h>

#include "bench_isa.h"

#define D   reg[in->dst_reg]
#define S   reg[in->src_reg]
#define K   ((uint64_t)(int64_t)in->imm)
#define D32 ((uint32_t)D)

#define ALU(op, expr)                                                                                        \
	case BPF_ALU64 | (op) | BPF_K:                                                                       \
		b = K, a = D, D = (expr);                                                                    \
		break;                                                                                       \
	case BPF_ALU64 | (op) | BPF_X:                                                                       \
		b = S, a = D, D = (expr);                                                                    \
		break;                                                                                       \
	case BPF_ALU | (op) | BPF_K:                                                                         \
		b = (uint32_t)K, a = D32, D = (uint32_t)(expr);                                              \
		break;                                                                                       \
	case BPF_ALU | (op) | BPF_X:                                                                         \
		b = (uint32_t)S, a = D32, D = (uint32_t)(expr);                                              \
		break;

#define JUMP_IF(op, t, cmp)                                                                                  \
	case BPF_JMP | (op) | BPF_K:                                                                         \
		in += (t)D cmp(t) K ? in->off : 0;                                                           \
		break;                                                                                       \
	case BPF_JMP | (op) | BPF_X:                                                                         \
		in += (t)D cmp(t) S ? in->off : 0;                                                           \
		break;

#define ACCESS(size, type)                                                                                   \
	case BPF_LDX | BPF_MEM | (size): {                                                                   \
		type v;                                                                                      \
		memcpy(&v, (const uint8_t *)(uintptr_t)S + in->off, sizeof(v));                              \
		D = v;                                                                                       \
		break;                                                                                       \
	}                                                                                                    \
	case BPF_STX | BPF_MEM | (size): {                                                                   \
		type v = (type)S;                                                                            \
		memcpy((uint8_t *)(uintptr_t)D + in->off, &v, sizeof(v));                                    \
		break;                                                                                       \
	}                                                                                                    \
	case BPF_ST | BPF_MEM | (size): {                                                                    \
		type v = (type)K;                                                                            \
		memcpy((uint8_t *)(uintptr_t)D + in->off, &v, sizeof(v));                                    \
		break;                                                                                       \
	}

bool bench_plain_run(const struct bpf_insn *in, void *value, uint64_t *r0)
{
	_Alignas(8) uint8_t stack[512] = {0};
	uint64_t reg[11] = {[10] = (uintptr_t)(stack + sizeof(stack))}, a, b;

	for (;; in++) {
		switch (in->code) {
			ALU(BPF_ADD, a + b)
			ALU(BPF_SUB, a - b)
			ALU(BPF_MUL, a * b)
			ALU(BPF_DIV, b ? a / b : 0)
			ALU(BPF_OR, a | b)
			ALU(BPF_AND, a & b)
			ALU(BPF_MOD, b ? a % b : a)
			ALU(BPF_XOR, a ^ b)
			ALU(BPF_MOV, ((void)a, b))
		case BPF_ALU64 | BPF_LSH | BPF_K:
			D <<= in->imm & 63;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			D >>= in->imm & 63;
			break;
			ACCESS(BPF_B, uint8_t)
			ACCESS(BPF_H, uint16_t)
			ACCESS(BPF_W, uint32_t)
			ACCESS(BPF_DW, uint64_t)
			JUMP_IF(BPF_JEQ, uint64_t, ==)
			JUMP_IF(BPF_JNE, uint64_t, !=)
			JUMP_IF(BPF_JGT, uint64_t, >)
			JUMP_IF(BPF_JGE, uint64_t, >=)
			JUMP_IF(BPF_JLT, uint64_t, <)
			JUMP_IF(BPF_JLE, uint64_t, <=)
			JUMP_IF(BPF_JSGT, int64_t, >)
			JUMP_IF(BPF_JSLT, int64_t, <)
		case BPF_JMP | BPF_JA:
			in += in->off;
			break;
		case BPF_LD | BPF_IMM | BPF_DW: /* a map's value, or a number */
			D = in->src_reg ? (uintptr_t)value
					: (uint64_t)(uint32_t)in[1].imm << 32 | (uint32_t)in->imm;
			in++;
			break;
		case BPF_JMP | BPF_EXIT:
			*r0 = reg[0];
			return true;
		default:
			return false;
		}
	}
}
