/* SPDX-License-Identifier: MIT */
/* hookdiff backend: this machine's kernel behind the protocol of docs/backend.md, on stdin and stdout. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../exec/kernel.h"
#include "../exec/probe.h"
#include "../wire/server.h"
#include "opts.h"
#include "version.h"

static struct backend *open_kernel(void *arg, unsigned reuse, char *err, size_t size)
{
	struct kernel_opts opts = {.reuse = reuse, .own_netns = true};

	if (!probe_can_run(err, size))
		return NULL;
	return kernel_open(&opts, err, size);
}

static void on_signal(int sig)
{
	(void)sig; /* reading ends with EINTR, and the server closes the kernel */
}

int cmd_backend(struct cli *cli)
{
	static const struct wire_host host = {.name = "hookdiff " HD_VERSION, .open = open_kernel};
	struct sigaction act = {.sa_handler = on_signal};
	int err;

	if (isatty(STDIN_FILENO))
		return cli_usage("backend: expected a hookdiff on standard input (docs/backend.md), found a "
				 "terminal");
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	err = wire_serve(STDIN_FILENO, STDOUT_FILENO, &host);
	if (!err)
		return EXIT_AGREE;
	fprintf(stderr, "hookdiff: backend: %s\n",
		err == -EBADMSG ? "the client wrote a line that is not of the protocol" : strerror(-err));
	return EXIT_UNSURE;
}
