/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a program for the interpreter: 8 bytes an instruction, the first byte picks hook and window,
 * whether to mend, and whether to print. It must never touch what it was not given (the sanitizers watch) and
 * must always end. Bytes that are no legal program are made one where that is cheap: registers that exist,
 * jumps that land, an exit at the end; so that most inputs reach the loop. What is refused or faults must be
 * said in words. Needs no root.
 */
#include <stdlib.h>
#include <string.h>

#include "oracle/isa/disasm.h"
#include "oracle/isa/interp.h"
#include "stats.h"

#define MAX_INSNS 256
#define BUDGET	  2000

/* Bits of the first byte; bit 0: hook, bits 1 to 5: window. */
#define MENDED	0x40
#define PRINTED 0x86 /* all of them: program and fault as text, which takes as long as all the rest */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct isa_map_def defs[] = {
	{.name = ".data",
	 .type = BPF_MAP_TYPE_ARRAY,
	 .key_size = 4,
	 .value_size = 40,
	 .max_entries = 1,
	 .inner = -1},
	{.name = "array",
	 .type = BPF_MAP_TYPE_ARRAY,
	 .key_size = 4,
	 .value_size = 12,
	 .max_entries = 5,
	 .inner = -1},
	{.name = "hash",
	 .type = BPF_MAP_TYPE_HASH,
	 .key_size = 6,
	 .value_size = 9,
	 .max_entries = 3,
	 .inner = -1},
	{.name = "lru",
	 .type = BPF_MAP_TYPE_LRU_HASH,
	 .key_size = 4,
	 .value_size = 4,
	 .max_entries = 2,
	 .inner = -1},
	{.name = "queue", .type = BPF_MAP_TYPE_QUEUE, .value_size = 8, .max_entries = 3, .inner = -1},
	{.name = "ring", .type = 27, .max_entries = 4096, .inner = -1},
	{.name = "perf",
	 .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	 .key_size = 4,
	 .value_size = 4,
	 .max_entries = 2,
	 .inner = -1},
	{.name = "sk", .type = 24, .key_size = 4, .value_size = 16, .inner = -1},
	{.name = "cgroup", .type = BPF_MAP_TYPE_CGROUP_STORAGE, .key_size = 8, .value_size = 8, .inner = -1},
	{.name = "progs",
	 .type = BPF_MAP_TYPE_PROG_ARRAY,
	 .key_size = 4,
	 .value_size = 4,
	 .max_entries = 2,
	 .inner = -1},
	{.name = "maps",
	 .type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	 .key_size = 4,
	 .value_size = 4,
	 .max_entries = 2,
	 .inner = 2},
	{.name = ".rodata",
	 .type = BPF_MAP_TYPE_ARRAY,
	 .key_size = 4,
	 .value_size = 24,
	 .max_entries = 1,
	 .inner = -1,
	 .initial = "n %d %s %llx\n",
	 .n_initial = 14,
	 .read_only = true},
};
#define MAPS (sizeof(defs) / sizeof(defs[0]))

static int option(void *owner, uint64_t socket, int level, int optname, void *value, int n)
{
	memset(value, level ^ optname, (size_t)n);
	return 0;
}

static size_t swallowed;

static void swallow(void *owner, unsigned map, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		swallowed += ((const uint8_t *)data)[i];
}

static void swallow_text(void *owner, const char *text, size_t n)
{
	swallow(owner, 0, text, n);
}

/* Bends an instruction of random bytes towards a legal one. */
static void mend(struct bpf_insn *in, size_t i, size_t n)
{
	const struct isa_form_row *row;

	in->dst_reg = in->dst_reg % 11;
	in->src_reg = in->src_reg % 11;
	row = &isa_forms[in->code % ISA_FORMS];
	if (in->code == ISA_CODE_WIDE || (row->code == ISA_CODE_WIDE && i + 2 >= n))
		return;
	in->code = row->code;
	if (row->dst >= 0)
		in->dst_reg = row->dst & 15;
	if (row->src >= 0)
		in->src_reg = row->src & 15;
	if (row->dst == REG_W && in->dst_reg == 10)
		in->dst_reg = 0;
	if (row->src == REG_W && in->src_reg == 10)
		in->src_reg = 0;
	if (row->off >= 0)
		in->off = row->off;
	if (row->imm >= 0)
		in->imm = row->imm;
	if (row->off == JUMP)
		in->off = (int16_t)((size_t)(uint16_t)in->off % n - i - 1);
	if (row->imm == JUMP)
		in->imm = (int)((size_t)(uint32_t)in->imm % n - i - 1);
	if (row->imm == SHIFT)
		in->imm &= 31;
	if (row->imm == NONZERO && !in->imm)
		in->imm = 3;
	if (row->code == 0x85 && row->src == 0)
		in->imm = in->imm & 0xff;
	if (row->code == ISA_CODE_WIDE && row->src >= 5)
		in->imm = in->imm & 15;
	if (row->off == ANY)
		in->off = in->off % 64;
}

static void settle(struct isa_maps *maps, struct isa_vm *vm, const struct isa_code *const *program)
{
	uint32_t key = 1;

	isa_maps_reset(maps);
	isa_map_set_prog(maps, 9, 1, 0);
	isa_map_set_inner(maps, 10, &key, 2);
	isa_vm_programs(vm, program, 1);
	isa_vm_budget(vm, BUDGET);
}

static void run(struct isa_vm *vm, const struct isa_code *code, uint8_t first)
{
	uint32_t window = first >> 1 & 31;
	uint8_t *bytes = malloc(window ? window : 1); /* of its own, so that the sanitizer sees every byte */
	struct isa_sockopt ctx = {.hook = first & 1 ? ISA_SETSOCKOPT : ISA_GETSOCKOPT,
				  .level = 6,
				  .optname = 13,
				  .optlen = (int32_t)window,
				  .window = window,
				  .optval = bytes,
				  .socket = 3,
				  .cgroup = 4};
	struct buf out = {0};
	enum isa_end end;
	uint64_t r0;

	if (!bytes)
		return;
	memset(bytes, 0x5a, window);
	end = isa_run(vm, code, &ctx, &r0);
	if (isa_vm_executed(vm) > BUDGET || (end == ISA_ENDED) != (isa_vm_fault(vm)->kind == FAULT_NONE) ||
	    (end == ISA_ENDED) != !isa_vm_fault(vm)->text[0])
		abort();
	if ((first & PRINTED) == PRINTED) {
		isa_fault_print(&out, vm, NULL, NULL);
		if ((end == ISA_ENDED) != (out.n == 0))
			abort();
	}
	buf_fini(&out);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct isa_maps maps;
	static struct isa_vm *vm;
	static const struct isa_host host = {
		.getsockopt = option, .output = swallow, .trace = swallow_text, .is_tcp = true};
	struct bpf_insn insn[MAX_INSNS + 1];
	struct isa_problem problem;
	const struct isa_code *program[1];
	struct isa_code *code;
	struct buf out = {0};
	char err[200];
	size_t n;

	if (!vm) {
		isa_maps_init(&maps, 0);
		for (size_t i = 0; i < MAPS; i++)
			if (isa_maps_add(&maps, &defs[i], err, sizeof(err)) != (int)i)
				abort();
		vm = isa_vm_new(&maps, &host);
	}
	stats_execution();
	if (size < 9) {
		stats_refuse(REFUSED_TOO_SHORT);
		return -1;
	}
	n = (size - 1) / 8 < MAX_INSNS ? (size - 1) / 8 : MAX_INSNS;
	memcpy(insn, data + 1, n * sizeof(*insn));
	insn[n++] = (struct bpf_insn){.code = 0x95};
	for (size_t i = 0; data[0] & MENDED && i + 1 < n; i++) {
		mend(&insn[i], i, n);
		if (insn[i].code == ISA_CODE_WIDE && i + 2 < n) {
			insn[i + 1].code = 0;
			insn[i + 1].dst_reg = insn[i + 1].src_reg = 0;
			insn[i + 1].off = 0;
			insn[i + 1].imm = insn[i].src_reg == 6 ? insn[i + 1].imm & 31 : 0;
			i++;
		}
	}
	if ((data[0] & PRINTED) == PRINTED) {
		isa_disasm_all(&out, insn, n);
		buf_fini(&out);
	}
	code = isa_code_new(insn, n, &problem);
	if (!code) {
		if (!problem.text[0] || problem.insn >= n)
			abort();
		stats_refuse(REFUSED_MALFORMED);
		return 0;
	}
	fuzz_stats.cases++;
	program[0] = code;
	settle(&maps, vm, program);
	run(vm, code, data[0]);
	isa_code_free(code);
	return 0;
}
