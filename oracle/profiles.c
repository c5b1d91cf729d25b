/* SPDX-License-Identifier: MIT */
/*
 * The profiles, one row each. A kernel row lists only what differs from zero: the first value of every trait
 * is what current kernels do, so the newest kernel's row is empty on purpose.
 */
#include "profiles.h"

#include <stdio.h>
#include <string.h>

#include "clauses.h"

static const struct profile table[] = {
	{
		.name = "v6.7",
		.what = "Linux 6.7 to 7.0: descriptor looked up first, long lengths ignored (6.5), any "
			"retval (5.18)",
		.in = IN_KERNEL,
	},
	{
		.name = "doc",
		.what = "Documentation/bpf/prog_cgroup_sockopt.rst as published, taken literally; silent "
			"where it is silent",
		.in = IN_DOC,
		.traits =
			{
				.after_reject = REJECT_FREE,
				.reject = REJECT_EPERM,
				.set_negative = NEGATIVE_CALLED,
				.set_fault = FAULT_FREE,
				.set_window = WINDOW_FREE,
				.set_bound = BOUND_USER,
				.set_zero = ZERO_LITERAL,
				.set_large = LARGE_ORIGINAL,
				.set_retval = SET_RETVAL_FREE,
				.get_negative = GET_NEGATIVE_CALLED,
				.get_fault = FAULT_FREE,
				.get_window = WINDOW_FREE,
				.get_error_window = ERROR_FREE,
				.get_bound = GET_BOUND_RAISED,
				.get_below = BELOW_FREE,
				.get_zero = ZERO_LITERAL,
				.get_large = LARGE_ORIGINAL,
				.get_retval = GET_RETVAL_ORIGINAL,
				.get_negative_ret = NEGATIVE_COPIES,
				.get_null = NULL_FREE,
				.badfd = FAULT_FREE,
			},
	},
};

unsigned profile_count(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct profile *profile_at(unsigned i)
{
	return &table[i];
}

const struct profile *profile_find(const char *name)
{
	for (unsigned i = 0; i < profile_count(); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

const struct profile *profile_for_release(const char *release)
{
	unsigned major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return NULL;
	/* 7.1 answers some calls before the hook (getsockopt_iter), which no row describes yet. */
	return (major == 6 && minor >= 7) || (major == 7 && minor == 0) ? &table[0] : NULL;
}
