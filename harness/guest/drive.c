/* SPDX-License-Identifier: MIT */
/*
 * hookdiff drive, the guest's side: the command's process becomes the driver. What it finds comes out while
 * it runs: inputs through a spool (mirror.h), counters through the pulse, the inputs that run through the
 * recorder (base/pulse.h, base/recorder.h: init has named both in the environment).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../case/safe.h"
#include "../cli/drive.h"
#include "../cli/session.h"
#include "mirror.h"

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
	char folder[256], text[3][600], seconds[64];
	char *argv[DRIVE_ARGS + 8];
	unsigned n = 0;
	int first = drive_settings(cli), err = make_folders(cli, folder, sizeof(folder));

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
	if (cli->unsafe)
		setenv(SAFE_ENV, "1", 1);
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
