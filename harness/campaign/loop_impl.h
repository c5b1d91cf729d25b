/* SPDX-License-Identifier: MIT */
/* Inside of the loop only: loop.c, raced.c. */
#ifndef LOOP_IMPL_H
#define LOOP_IMPL_H

#include "loop.h"

/* One call of the case: the twin's, then the hooked one. The want stays in the oracle until the next plan. */
struct step {
	struct plan plan;
	const struct tc_call *call;
	const struct want *want;
	struct outcome got;
	struct diff diff;
};

/*
 * A call whose optlen another thread changes meanwhile (MEANWHILE_RACING), RACED_TURNS times: each time what
 * comes must be what one of the moments gives. False with the difference to a call that nobody disturbed, or
 * if the backend failed. tc is as before afterwards.
 */
bool raced_step(struct loop *lp, struct tcase *tc, unsigned i, struct step *st);

#endif
