/* SPDX-License-Identifier: MIT */
/*
 * How fast the interpreter is: a loop of arithmetic, a checked load and store in a map's value and a load
 * from the stack, 11 instructions a round, every check on; beside it the same loop in an interpreter without
 * any check (bench_plain.c). Time is that of the processor, median and quartiles of many short runs, of both
 * in turn.
 */
#include "bench_isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../oracle/isa/interp.h"

#define ROUNDS 50000
#define RUNS   41
#define VALUE  256 /* bytes of the map */

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

#define INSNS (11 * ROUNDS + 4)

struct contest {
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_code *code;
	double checked[RUNS], plain[RUNS]; /* nanoseconds of an instruction, sorted */
};

/* Both runs of a round begin with the same bytes in the map and must end with the same result. */
static bool measure(struct contest *c)
{
	struct isa_sockopt ctx = {.hook = ISA_SETSOCKOPT};
	uint8_t value[VALUE];
	uint64_t r0, other;

	for (unsigned i = 0; i < RUNS; i++) {
		double start = cpu_ns();

		memset(value, 0, sizeof(value));
		isa_maps_reset(&c->maps);
		if (isa_run(c->vm, c->code, &ctx, &r0) != ISA_ENDED || isa_vm_executed(c->vm) != INSNS)
			return false;
		c->checked[i] = (cpu_ns() - start) / INSNS;
		start = cpu_ns();
		if (!bench_plain_run(loop, value, &other) || r0 != other)
			return false;
		c->plain[i] = (cpu_ns() - start) / INSNS;
	}
	qsort(c->checked, RUNS, sizeof(*c->checked), by_value);
	qsort(c->plain, RUNS, sizeof(*c->plain), by_value);
	return true;
}

static void print(const double ns[RUNS], const char *row, const char *what, const char *note, bool json)
{
	if (json)
		printf("{\"type\":\"bench\",\"row\":\"%s\",\"insns_per_second\":%.0f,\"ns_quartiles\":[%.3f,"
		       "%.3f,%.3f]}\n",
		       row, 1e9 / ns[RUNS / 2], ns[RUNS / 4], ns[RUNS / 2], ns[RUNS - RUNS / 4 - 1]);
	else
		printf("%s: %.0f million instructions/s%s\n", what, 1e3 / ns[RUNS / 2], note);
}

bool bench_isa(bool json)
{
	static const struct isa_map_def def = {.name = ".bss",
					       .type = BPF_MAP_TYPE_ARRAY,
					       .key_size = 4,
					       .value_size = VALUE,
					       .max_entries = 1,
					       .inner = -1};
	struct contest c = {0};
	struct isa_problem problem;
	char err[200];
	bool ok = false;

	isa_maps_init(&c.maps, 0);
	if (isa_maps_add(&c.maps, &def, err, sizeof(err)) == 0) {
		c.vm = isa_vm_new(&c.maps, NULL);
		c.code = isa_code_new(loop, sizeof(loop) / sizeof(loop[0]), &problem);
		ok = c.vm && c.code && measure(&c);
	}
	if (ok) {
		print(c.checked, "isa", "BPF interpreter (arithmetic, checked loads and stores)",
		      " (floor 150)", json);
		print(c.plain, "isa_plain", "the same loop in one switch, nothing checked", "", json);
	}
	isa_code_free(c.code);
	isa_vm_free(c.vm);
	isa_maps_fini(&c.maps);
	return ok;
}
