/* SPDX-License-Identifier: MIT */
/* What both sides of hookdiff drive (cmd_drive.c, guest/drive.c) must read in the same way. */
#ifndef DRIVE_H
#define DRIVE_H

#include <string.h>

#include "opts.h"

/* NAME=VALUE in front of the driver, as env(1) takes them: how many. */
static inline int drive_settings(const struct cli *cli)
{
	int n = 0;

	while (n < cli->n_args - 1 && strchr(cli->args[n], '='))
		n++;
	return n;
}

#endif
