/* SPDX-License-Identifier: MIT */
/*
 * hookdiff drive, the host's side: sends a libFuzzer driver with the libraries that it is linked with into a
 * guest, where guest/drive.c becomes it, and says what came of it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../case/safe.h"
#include "../kernels/run.h"
#include "../report/text.h"
#include "drive.h"
#include "in_vm.h"
#include "session.h"

#define KNOWN	     "HOOKDIFF_KNOWN=" /* the setting whose value is a folder here */
#define GUEST_MEMORY 512	       /* MiB: a fuzzer and its corpus */
#define SILENCE                                                                                              \
	120 /* seconds: loading programs for a long chain takes a busy machine with KASAN a minute           \
	     */

/* Settings and options of the driver are no files. */
static size_t operand_length(const char *operand)
{
	return *operand == '-' || strchr(operand, '=') ? 0 : strlen(operand);
}

/*
 * The shared libraries of the driver and what loads them, each at its place in the guest: lines of ldd like
 * "libc.so.6 => /lib/libc.so.6 (0x...)" and "/lib64/ld-linux.so.2 (0x...)". lines is cut up.
 */
static int add_libraries(struct cli *cli, const char *driver, char *lines)
{
	char *save, *next;

	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/'), *end = path ? strstr(path, " (0x") : NULL;

		if (strstr(line, "not found"))
			return cli_usage("drive: %s: a library is missing here: %s", driver, line);
		if (!end)
			continue; /* the vdso */
		*end = 0;
		if (cli->also.n == CLI_LIST_MAX)
			return cli_usage("drive: %s: expected at most %d shared libraries", driver,
					 CLI_LIST_MAX);
		next = strdup(path);
		if (!next)
			return EXIT_UNSURE;
		cli->also.item[cli->also.n++] = next;
	}
	return 0;
}

/* What the guest must have beside the driver: the folder of known findings, and a shell for libFuzzer's
 * merge. */
static int add_known(struct cli *cli)
{
	const char *file[2] = {access("/bin/sh", X_OK) ? NULL : "/bin/sh", NULL};

	for (int i = 0; i < drive_settings(cli); i++)
		if (!strncmp(cli->args[i], KNOWN, strlen(KNOWN)) &&
		    !access(cli->args[i] + strlen(KNOWN), R_OK))
			file[1] = cli->known = cli->args[i] + strlen(KNOWN);
	for (unsigned i = 0; i < 2; i++) {
		if (!file[i])
			continue;
		cli->also.item[cli->also.n] = strdup(file[i]);
		if (!cli->also.item[cli->also.n++])
			return EXIT_UNSURE;
	}
	return 0;
}

/* Folders below the run's findings/. */
static unsigned count_findings(const struct cli *cli)
{
	char path[700];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/findings", cli->here);
	d = *cli->here ? opendir(path) : NULL;
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* code: of the guest's command, which is that of the driver. */
static int report(const struct cli *cli, int code, double seconds)
{
	const struct pulse_counts *p = &cli->pulsed;
	unsigned n = count_findings(cli);
	struct buf b = {0};

	if (n)
		code = EXIT_DIVERGENCE;
	else if (code || !p->cases)
		code = EXIT_UNSURE;
	buf_printf(&b, "%s: ", n ? "FAIL" : code ? "ERROR" : "PASS");
	text_count(&b, p->cases);
	buf_puts(&b, " cases in ");
	text_count(&b, p->execs);
	buf_printf(&b, " inputs, %.0f cases/s, %u finding%s", seconds > 0 ? (double)p->cases / seconds : 0, n,
		   n == 1 ? "" : "s");
	if (*cli->here)
		buf_printf(&b, ": %s", cli->here);
	puts(buf_str(&b));
	buf_fini(&b);
	return code;
}

int cmd_drive(struct cli *cli)
{
	const char *driver = cli->args[drive_settings(cli)], *const ldd[] = {"ldd", driver, NULL};
	double begun = clock_now();
	struct buf lines = {0};
	int code;

	if (!session_unsafe(cli, "drive"))
		return EXIT_USAGE;
	if (!in_vm(cli))
		return cli_usage("drive: expected --kernel NAME; on this machine run %s itself", driver);
	for (int i = 0; i < drive_settings(cli); i++) /* this side must know, too */
		if (!strncmp(cli->args[i], SAFE_ENV "=", sizeof(SAFE_ENV)))
			return cli_usage("drive: expected --unsafe instead of %s", cli->args[i]);
	if (operand_length(driver) == 0)
		return cli_usage("drive: expected a driver, found the option '%s' (hookdiff drive --help)",
				 driver);
	if (access(driver, X_OK))
		return cli_usage("drive: %s: %s; ./quickstart drivers makes drivers", driver,
				 strerror(errno));
	code = add_known(cli);
	run_program(ldd, &lines); /* of a static one it says so, and no path */
	if (!code)
		code = add_libraries(cli, driver, lines.n ? lines.p : (char[]){""});
	buf_fini(&lines);
	cli->path_length = operand_length;
	cli->memory = GUEST_MEMORY;
	cli->silence = SILENCE;
	if (!code) {
		code = in_vm_run(cli);
		code = report(cli, code, clock_now() - begun);
	}
	while (cli->also.n)
		free((char *)cli->also.item[--cli->also.n]);
	return code;
}
