/* SPDX-License-Identifier: MIT */
#include "guide.h"

#include <stdlib.h>
#include <string.h>

#include "../campaign/loop.h"

#ifdef __AFL_COMPILER
/*
 * AFL++'s runtime hands out places of the coverage map to guards like those that the compiler puts at edges.
 * The map's address changes once the fuzzer is attached. It is named in assembly because AFL++'s compiler
 * declares a variable of that name in each file, and renames ours.
 */
#if UINTPTR_MAX > UINT32_MAX
#define WORD ".quad"
#else
#define WORD ".long"
#endif
__asm__(".pushsection .data.rel, \"aw\"\n"
	".balign 8\n"
	"hd_afl_map: " WORD " __afl_area_ptr\n"
	".popsection\n");
extern uint8_t **hd_afl_map;
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

static uint32_t place[SIT_COUNTERS];

/* 2: with the guards of the compiler, and before the runtime (3) looks how large the map must be. */
__attribute__((constructor(2))) static void reserve(void)
{
	__sanitizer_cov_trace_pc_guard_init(place, place + SIT_COUNTERS);
}

static uint8_t *counter(unsigned i)
{
	return *hd_afl_map + place[i];
}
#else
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[SIT_COUNTERS];

static uint8_t *counter(unsigned i)
{
	return &counters[i];
}
#endif

static bool is_on(void)
{
	static int on = -1;

	if (on < 0) {
		const char *s = getenv("HOOKDIFF_GUIDE");

		on = !s || strcmp(s, "0");
	}
	return on;
}

void guide_call(const struct tc_call *c, const struct want *w, uint32_t page_size)
{
	uint16_t at[SIT_AT_ONCE];
	unsigned n;

	if (!is_on())
		return;
	n = situation_counters(w, situation_of(c, w, page_size), at);
	for (unsigned i = 0; i < n; i++)
		*counter(at[i]) = 1; /* not counted up: that it was there is news, how often is not */
}

void guide_observe(const struct tcase *tc, unsigned call, const struct plan *plan,
		   const struct handler_result *hr, const struct want *w, void *arg)
{
	const struct loop *lp = arg;

	guide_call(&tc->call[call], w, lp->page_size);
}

unsigned guide_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SIT_COUNTERS; i++)
		n += *counter(i) != 0;
	return n;
}
