/* SPDX-License-Identifier: MIT */
/* The hookdiff command. Everything is in cli/: read cli/opts.h next. */
#include "cli/opts.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
