/* SPDX-License-Identifier: MIT */
/* The hookdiff command. Everything is in cli/: read cli/opts.h next. */
#include "cli/opts.h"

#ifdef HD_GUEST
#include <unistd.h>

#include "guest/guest.h"
#endif

int main(int argc, char **argv)
{
#ifdef HD_GUEST
	if (getpid() == 1)
		return guest_main();
#endif
	return cli_main(argc, argv);
}
