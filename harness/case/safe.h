/* SPDX-License-Identifier: MIT */
/* Which cases may run on a machine that somebody needs: see DESIGN's rules on safety and options.h host_safe.
 */
#ifndef SAFE_H
#define SAFE_H

#include "tcase.h"

/*
 * True if no call of the case, with whatever level and option its programs may make of it, names an option
 * that can hurt the host: a row of the option table that is not host_safe, or a number without a row at a
 * level of some protocol. A level that no protocol has is harmless. If false, *level and *optname are such an
 * option.
 */
bool tcase_host_safe(const struct tcase *tc, int32_t *level, int32_t *optname);

/* The same for one option. */
bool option_host_safe(int32_t level, int32_t optname);

/*
 * From now on there is nothing here that can be hurt: the machine is a guest that may die. All of the above
 * is then true, and generators and mutators take every option of the table. For this process and its
 * children.
 */
void safe_unlock(bool unlocked);
bool safe_unlocked(void);

/*
 * For programs that a guest runs and that are told nothing else: SAFE_ENV with 1 in the environment unlocks,
 * in a guest (recorder_guest()). False: it is there, and this is none; nothing is unlocked then.
 */
#define SAFE_ENV "HOOKDIFF_UNSAFE"
bool safe_join(void);

/* May generators and mutators take it? */
struct option_info;
bool option_usable(const struct option_info *o);

#endif
