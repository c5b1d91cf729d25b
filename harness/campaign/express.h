/* SPDX-License-Identifier: MIT */
/*
 * Generated cases use bpf_set_retval freely. On a kernel without that helper (before 5.18), or with a
 * verifier that bounds its value (7.2), most of them could not be loaded; there the action is put in other
 * words, or replaced by one without effect, so that a seed means nearly the same cases everywhere.
 */
#ifndef EXPRESS_H
#define EXPRESS_H

#include "../../oracle/profiles.h"
#include "../case/tcase.h"

/* Rewrites what kernels of the profile cannot load. Does nothing for most profiles. */
void express(struct tcase *tc, const struct profile *p);

#endif
