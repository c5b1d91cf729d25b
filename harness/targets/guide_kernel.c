/* SPDX-License-Identifier: MIT */
#include "guide_kernel.h"

#include "counters.h"
#include "guide.h"

#define KERNEL_COUNTERS 32768u /* steps share them by hash */

DEFINE_COUNTERS(KERNEL_COUNTERS)

/* Addresses of blocks differ in their low bits, and little in their high ones. */
static uint32_t mix(uint64_t pc)
{
	return (uint32_t)((pc * 0x9e3779b97f4a7c15u) >> 32);
}

void guide_kernel(const uint64_t *pcs, unsigned n)
{
	uint32_t last = 0;

	if (!guide_is_on())
		return;
	for (unsigned i = 0; i < n; i++) {
		uint32_t here = mix(pcs[i]);

		*counter((here ^ last) % KERNEL_COUNTERS) = 1;
		last = here >> 1; /* A to B is not B to A */
	}
}

unsigned guide_kernel_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < KERNEL_COUNTERS; i++)
		n += *counter(i) != 0;
	return n;
}
