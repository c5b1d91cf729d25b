/* SPDX-License-Identifier: MIT */
#include "guide.h"

#include <stdlib.h>
#include <string.h>

#include "../campaign/loop.h"
#include "counters.h"

DEFINE_COUNTERS(SIT_COUNTERS)

bool guide_is_on(void)
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

	if (!guide_is_on())
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
