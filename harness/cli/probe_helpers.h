/* SPDX-License-Identifier: MIT */
#ifndef PROBE_HELPERS_H
#define PROBE_HELPERS_H

#include "opts.h"

/*
 * Which helpers this kernel lets sockopt programs call, beside the table of oracle/isa/helpers.def. The exit
 * code: 0 the table is right for this kernel, 1 it is not, 2 the kernel cannot be asked.
 */
int probe_helpers(const struct cli *cli);

#endif
