/* SPDX-License-Identifier: MIT */
/*
 * One kernel of a matrix from its name to the last verdict: finds the image, boots it, runs the commands in
 * that one boot, and writes every line that they print to a file (column.h), each complete on disk before the
 * next begins. The kernel "host" is this machine's: the same commands as child processes, and so is a
 * backend. One call is one process's work: to run several at once, fork (fleet.h).
 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stdint.h>

struct job {
	const char *spec;    /* image.h, or "host" */
	const char *file;    /* where the lines go */
	const char *cases;   /* case file or folder; NULL: no `run` */
	unsigned thin;	     /* of the sweep; 0: no `sweep` */
	uint64_t seconds;    /* of `fuzz`; 0: no limit */
	uint64_t fuzz_cases; /* of `fuzz`; both 0: no `fuzz` */
	uint64_t seed;
	const char *profile; /* name, or NULL: by the release */
	const char *waivers; /* file, or NULL */
	unsigned repeat;     /* times of `run`; 0: once */
	bool no_waivers;     /* not even those of the default file */
	const char *feature; /* name: `probe` for it; NULL: none */
	const char *backend; /* instead of a kernel: `run` against this command, here; spec is only a name */
	uint64_t patience;   /* seconds for an answer of it; 0: the default */
	const char *out;     /* folder for findings of the host */
	const char *version; /* hookdiff's own, for the first record */
	int argc;	     /* the command line, for the first record */
	char **argv;
};

enum { JOB_WRITTEN = 0, JOB_NOT_WRITTEN = 3 };

/* Returns JOB_WRITTEN if the file is whole, however it went; else JOB_NOT_WRITTEN (a full disk). */
int job_run(const struct job *job);

#endif
