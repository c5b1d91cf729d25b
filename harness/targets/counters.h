/* SPDX-License-Identifier: MIT */
/*
 * Counters that an engine takes for coverage. DEFINE_COUNTERS(N) makes counter(i) for i < N in the file that
 * says it: libFuzzer finds them in a section, AFL++ gives them places in its map. Each costs every execution
 * a little, whether it is used or not: only the targets that have a use for a file of them link it.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

#ifdef __AFL_COMPILER
/*
 * AFL++'s runtime hands out places of the coverage map to guards like those that the compiler puts at edges.
 * The map's address changes once the fuzzer is attached. It is named in assembly because AFL++'s compiler
 * declares a variable of that name in each file, and renames ours. The constructor is number 2: with the
 * guards of the compiler, and before the runtime (3) looks how large the map must be.
 */
#if UINTPTR_MAX > UINT32_MAX
#define COUNTERS_WORD ".quad"
#else
#define COUNTERS_WORD ".long"
#endif
__asm__(".pushsection .data.rel, \"aw\"\n"
	".balign 8\n"
	"hd_afl_map: " COUNTERS_WORD " __afl_area_ptr\n"
	".popsection\n");
extern uint8_t **hd_afl_map;
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

#define DEFINE_COUNTERS(n)                                                                                   \
	static uint32_t counter_place[n];                                                                    \
	__attribute__((constructor(2))) static void reserve_counters(void)                                   \
	{                                                                                                    \
		__sanitizer_cov_trace_pc_guard_init(counter_place, counter_place + (n));                     \
	}                                                                                                    \
	static uint8_t *counter(unsigned i)                                                                  \
	{                                                                                                    \
		return *hd_afl_map + counter_place[i];                                                       \
	}
#else
#define DEFINE_COUNTERS(n)                                                                                   \
	__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[n];             \
	static uint8_t *counter(unsigned i)                                                                  \
	{                                                                                                    \
		return &counters[i];                                                                         \
	}
#endif

#endif
