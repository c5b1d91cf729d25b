/* SPDX-License-Identifier: MIT */
/* Ways for a guest to end badly, so that the host's side can be tested with any kernel. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/recorder.h"
#include "../cli/opts.h"
#include "../exec/splat.h"
#include "stuck.h"

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		return EXIT_UNSURE;
	}
	close(fd);
	return EXIT_AGREE;
}

static int panic(void)
{
	return write_to("/proc/sysrq-trigger", "c");
}

static int hang(void)
{
	for (;;)
		pause();
	return EXIT_UNSURE;
}

static int oom(void)
{
	for (;;)
		memset(malloc(1 << 20), 1, 1 << 20);
	return EXIT_UNSURE;
}

static int flood(void)
{
	for (;;)
		puts("selftest selftest selftest selftest selftest selftest selftest selftest selftest "
		     "selftest");
	return EXIT_UNSURE;
}

static int console(void)
{
	for (;;)
		write_to("/dev/console",
			 "Oop\x1b[31m\xff selftest selftest selftest selftest selftest selftest\r");
	return EXIT_UNSURE;
}

static int long_line(void)
{
	for (;;)
		fputs("selftest ", stdout);
	return EXIT_UNSURE;
}

static int splat(void)
{
	struct splats s;
	int code = splats_open(&s, NULL);

	if (!code)
		code = write_to("/dev/kmsg", "WARNING: CPU: 0 PID: 1 at selftest\n");
	if (!code && splats_poll(&s))
		splat_tell("selftest splat", &s);
	return code ? EXIT_UNSURE : EXIT_DIVERGENCE;
}

static int killed(void)
{
	raise(SIGKILL);
	return EXIT_AGREE;
}

static int streams(void)
{
	puts("out \\ \x1b[1m\xff.");
	fputs("err without newline", stderr);
	return 42;
}

/* What is said of a process that waits, before the silence that ends a guest. */
static int stuck(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	usleep(300000); /* until it waits */
	stuck_tell();
	kill(pid, SIGKILL);
	return EXIT_AGREE;
}

int cmd_selftest(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} ways[] = {
		{"panic", panic},     {"hang", hang},	   {"oom", oom},     {"flood", flood},
		{"console", console}, {"line", long_line}, {"splat", splat}, {"killed", killed},
		{"streams", streams}, {"stuck", stuck},
	};
	char what[64];

	snprintf(what, sizeof(what), "selftest %.40s", cli->args[0]);
	recorder_begin(RECORDER_PATHS, 0);
	recorder_file(what);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, cli->args[0]))
			return ways[i].run();
	return cli_usage("selftest: no such way");
}
