/* SPDX-License-Identifier: MIT */
/*
 * How fast the interpreter is: a loop of arithmetic, a checked load and store in a map's value and a load
 * from the stack, 11 instructions a round, every check on. Time is that of the processor, the best and the
 * median of many short runs.
 */
#include "bench_isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../oracle/isa/interp.h"

#define ROUNDS 50000
#define RUNS   41

#define I(c, d, s, o, i)                                                                                     \
	{                                                                                                    \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                          \
	}

static const struct bpf_insn loop[] = {
	I(0x18, 2, 6, 0, 0),	    I(0, 0, 0, 0, 0), /* r2 = map[0][0] */
	I(0xb7, 0, 0, 0, 0),			      /* r0 = 0 */
	I(0xb7, 3, 0, 0, 0),			      /* r3 = 0 */
	I(0xbf, 4, 3, 0, 0),			      /* again: r4 = r3 */
	I(0x57, 4, 0, 0, 0xf8),			      /* r4 &= 0xf8 */
	I(0x0f, 4, 2, 0, 0),			      /* r4 += r2 */
	I(0x79, 5, 4, 0, 0),			      /* r5 = *(u64 *)(r4 +0) */
	I(0x0f, 5, 3, 0, 0),			      /* r5 += r3 */
	I(0x7b, 4, 5, 0, 0),			      /* *(u64 *)(r4 +0) = r5 */
	I(0xaf, 0, 5, 0, 0),			      /* r0 ^= r5 */
	I(0x61, 5, 10, -8, 0),			      /* r5 = *(u32 *)(r10 -8) */
	I(0x0c, 0, 5, 0, 0),			      /* w0 += w5 */
	I(0x07, 3, 0, 0, 1),			      /* r3 += 1 */
	I(0xa5, 3, 0, -11, ROUNDS),		      /* if r3 < ROUNDS goto again */
	I(0x95, 0, 0, 0, 0),
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of an instruction in each run, sorted. */
static bool measure(struct isa_vm *vm, const struct isa_code *code, double ns[RUNS])
{
	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT};
	uint64_t r0;

	for (unsigned i = 0; i < RUNS; i++) {
		double start = cpu_ns();

		if (isa_run(vm, code, &ctx, &r0) != ISA_ENDED || isa_vm_executed(vm) != 11 * ROUNDS + 4)
			return false;
		ns[i] = (cpu_ns() - start) / (11 * ROUNDS + 4);
	}
	qsort(ns, RUNS, sizeof(*ns), by_value);
	return true;
}

bool bench_isa(bool json)
{
	static const struct isa_map_def def = {.name = ".bss",
					       .type = BPF_MAP_TYPE_ARRAY,
					       .key_size = 4,
					       .value_size = 256,
					       .max_entries = 1,
					       .inner = -1};
	struct isa_maps maps;
	struct isa_vm *vm = NULL;
	struct isa_code *code = NULL;
	struct isa_problem problem;
	double ns[RUNS];
	char err[200];
	bool ok = false;

	isa_maps_init(&maps, 0);
	if (isa_maps_add(&maps, &def, err, sizeof(err)) == 0) {
		vm = isa_vm_new(&maps, NULL);
		code = isa_code_new(loop, sizeof(loop) / sizeof(loop[0]), &problem);
		ok = vm && code && measure(vm, code, ns);
	}
	if (ok && json)
		printf("{\"type\":\"bench\",\"row\":\"isa\",\"insns_per_second\":%.0f,\"ns_quartiles\":[%.3f,"
		       "%.3f,%.3f]}\n",
		       1e9 / ns[RUNS / 2], ns[RUNS / 4], ns[RUNS / 2], ns[RUNS - RUNS / 4 - 1]);
	else if (ok)
		printf("BPF interpreter (arithmetic, checked loads and stores): %.0f million instructions/s "
		       "(floor 150)\n",
		       1e3 / ns[RUNS / 2]);
	isa_code_free(code);
	isa_vm_free(vm);
	isa_maps_fini(&maps);
	return ok;
}
