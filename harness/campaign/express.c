/* SPDX-License-Identifier: MIT */
#include "express.h"

#define MAX_ERRNO 4095

/* A store that lies in no window. */
static const struct act no_effect = {.op = ACT_BYTES, .n = 1, .off = 65535};

static void rewrite(struct act *a, enum hook hook, enum trait_helper helper)
{
	if (helper == HELPER_RANGE) {
		if (hook == HOOK_SET && a->op == ACT_SET_RETVAL && (a->val > 0 || a->val < -MAX_ERRNO))
			a->val = a->val > 0 ? -(a->val & 0xff) : -MAX_ERRNO;
		return;
	}
	if (hook == HOOK_GET && a->op == ACT_SET_RETVAL)
		a->op = ACT_RETVAL;
	else if (hook == HOOK_SET && (a->op == ACT_SET_RETVAL || a->op == ACT_KEEP_RETVAL))
		*a = no_effect;
	else if (hook == HOOK_SET && a->op == ACT_IF && a->field == FIELD_RETVAL)
		a->field = FIELD_SIZE;
}

void express(struct tcase *tc, const struct profile *p)
{
	if (p->traits.helper == HELPER_ANY)
		return;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++) {
				struct prog *prog = &tc->level[l].slot[h][s].prog;

				for (unsigned i = 0; i < prog->n; i++)
					rewrite(&prog->act[i], (enum hook)h,
						(enum trait_helper)p->traits.helper);
			}
}
