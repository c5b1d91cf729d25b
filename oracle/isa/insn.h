/* SPDX-License-Identifier: MIT */
/*
 * The instructions of eBPF (RFC 9669) as forms: one row of insn.def each. `struct bpf_insn` is the kernel's
 * (two registers in one byte, off, imm); the parts of the format that old headers lack stand here as numbers.
 * Read next: check.h (is a program legal), interp.h (run it), disasm.h (show it).
 */
#ifndef ISA_INSN_H
#define ISA_INSN_H

#include <stdint.h>
#include <linux/bpf.h>

enum isa_form {
#define FORM(name, code, dst, src, off, imm, since, text) ISA_##name,
#include "insn.def"
	ISA_FORMS,
	ISA_SECOND_SLOT = ISA_FORMS, /* the other half of a 64-bit immediate */
};

/* A kernel version for comparing: ISA_KERNEL(5, 18). */
#define ISA_KERNEL(major, minor) ((unsigned)(major) << 8 | (unsigned)(minor))
/* The first kernel that has the program type. */
#define ISA_KERNEL_FIRST ISA_KERNEL(5, 3)

enum isa_reg_rule { REG_R = -1, REG_W = -2 };
enum isa_field_rule { ANY = -1, JUMP = -2, SHIFT = -3, NONZERO = -4 };

struct isa_form_row {
	const char *name;
	uint8_t code;
	int8_t dst, src;  /* enum isa_reg_rule, or the value that the field must have */
	int16_t off, imm; /* enum isa_field_rule, or the value that the field must have */
	uint16_t since;	  /* ISA_KERNEL(), 0: any */
	const char *text;
};

extern const struct isa_form_row isa_forms[ISA_FORMS];

/* What the second field of LD_* may hold besides the kernel's names (linux/bpf.h of 5.14). */
#define ISA_PSEUDO_FUNC	     4
#define ISA_PSEUDO_MAP	     5
#define ISA_PSEUDO_MAP_VALUE 6

#define ISA_CODE_WIDE 0x18 /* the opcode of two slots */

/* The helper number that libbpf puts in place of an instruction whose CO-RE relocation found nothing
 * (bpf_core_poison_insn). Running it is a fault; a program that asks first does not get there. */
#define ISA_POISON 0xbad2310

/* Maps of one program, or sections of data; of an object that is read too. */
#define ISA_MAX_MAPS 1024u

#endif
