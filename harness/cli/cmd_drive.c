/* SPDX-License-Identifier: MIT */
/*
 * hookdiff drive: a libFuzzer driver inside a guest. The host sends it and the libraries that it is linked
 * with; in the guest it becomes the command's process, and what it finds comes out while it runs: inputs
 * through a spool (guest/mirror.h), counters through the pulse, the input that runs through the recorder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/buf.h"
#include "in_vm.h"
#include "session.h"

/* NAME=VALUE in front of the driver, as env(1) takes them: how many. */
static int settings(const struct cli *cli)
{
	int n = 0;

	while (n < cli->n_args - 1 && strchr(cli->args[n], '='))
		n++;
	return n;
}

#ifdef HD_GUEST
#include "../guest/mirror.h"

enum { DRIVE_ARGS = 128 };

/* OUT/drive-TIME and what is in it. */
static int make_folders(const struct cli *cli, char *folder, size_t size)
{
	static const char *const below[] = {MIRROR_SPOOL, "findings", "artifacts"};
	char path[600];
	int err = session_folder(cli->out, "drive", time(NULL), folder, size);

	for (size_t i = 0; !err && i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, below[i]);
		err = mkdir(path, 0755) ? -errno : 0;
	}
	return err;
}

/* Folders and files behind the driver's name are told after its options: the first folder is written to. */
int cmd_drive(struct cli *cli)
{
	char folder[256], text[3][600], seconds[64], cwd[512];
	char *argv[DRIVE_ARGS + 8];
	unsigned n = 0;
	int first = settings(cli),
	    err = getcwd(cwd, sizeof(cwd)) ? make_folders(cli, folder, sizeof(folder)) : -errno;

	if (err) {
		fprintf(stderr, "hookdiff: drive: cannot make %s: %s\n", cli->out, strerror(-err));
		return EXIT_UNSURE;
	}
	if (cli->n_args > DRIVE_ARGS)
		return cli_usage("drive: expected at most %d operands, found %d", DRIVE_ARGS, cli->n_args);
	if (strcmp(cli->profile, "auto"))
		setenv("HOOKDIFF_PROFILE", cli->profile, 1);
	if (!access(cli->waivers, R_OK))
		setenv("HOOKDIFF_WAIVERS", cli->waivers, 1);
	snprintf(text[0], sizeof(text[0]), "%s/findings", folder);
	setenv("HOOKDIFF_FINDINGS", text[0], 1);
	snprintf(text[1], sizeof(text[1]), "-artifact_prefix=%s/artifacts/", folder);
	snprintf(text[2], sizeof(text[2]), "%s/" MIRROR_SPOOL, folder);
	snprintf(seconds, sizeof(seconds), "-max_total_time=%llu", (unsigned long long)cli->seconds);
	for (int i = 0; i < first; i++)
		putenv(cli->args[i]);
	argv[n++] = cli->args[first];
	argv[n++] = text[1];
	argv[n++] = "-reload=0"; /* of the spool, which others empty */
	if (cli->seconds)
		argv[n++] = seconds;
	for (int pass = 0; pass < 2; pass++) {
		if (pass)
			argv[n++] = text[2];
		for (int i = first + 1; i < cli->n_args; i++)
			if ((cli->args[i][0] != '-') == pass)
				argv[n++] = cli->args[i];
	}
	argv[n] = NULL;
	fflush(NULL);
	execv(argv[0], argv);
	fprintf(stderr, "hookdiff: drive: %s: %s\n", argv[0], strerror(errno));
	return EXIT_UNSURE;
}
#else
#include <dirent.h>

#include "../base/clock.h"
#include "../kernels/run.h"
#include "../report/text.h"

#define KNOWN	     "HOOKDIFF_KNOWN=" /* the setting whose value is a folder here */
#define GUEST_MEMORY 512	       /* MiB: a fuzzer and its corpus */

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

	for (int i = 0; i < settings(cli); i++)
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
	const char *driver = cli->args[settings(cli)], *const ldd[] = {"ldd", driver, NULL};
	double begun = clock_now();
	struct buf lines = {0};
	int code;

	if (!in_vm(cli))
		return cli_usage("drive: expected --kernel NAME; on this machine run %s itself", driver);
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
	if (!code) {
		code = in_vm_run(cli);
		code = report(cli, code, clock_now() - begun);
	}
	while (cli->also.n)
		free((char *)cli->also.item[--cli->also.n]);
	return code;
}
#endif
