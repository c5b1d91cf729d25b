/* SPDX-License-Identifier: MIT */
/* hookdiff kernel build, and what else takes its options. */
#ifndef KERNEL_BUILD_H
#define KERNEL_BUILD_H

#include "../build/build.h"
#include "opts.h"

int kernel_build(struct cli *cli);

/* --arch, --kcov, --kasan, --config and --patch. EXIT_AGREE, or EXIT_USAGE after one line on stderr. */
int kernel_recipe(const struct cli *cli, struct build_recipe *r);

#endif
