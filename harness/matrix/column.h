/* SPDX-License-Identifier: MIT */
/*
 * One kernel of a matrix: what its JSON lines say, read one by one as they are written. The lines are those
 * of report/jsonl.h, one run, sweep or fuzz after the other, between records that this folder writes (job.h):
 *
 * {"type":"matrix", "spec", "version", "argv":[], "commands":[[]]}
 *	the first line. version is hookdiff's own.
 * {"type":"image", "package", "release", "boot", "fetched"}
 *	the kernel to boot was found. package: version of the package, "" for a path.
 * {"type":"boot", "release", "version", "profile", "own_profile", "evidence", "seconds", "kvm"}
 *	its first word: uname -r and -v. profile is the one in use, own_profile the one of its release.
 * {"type":"message", "command", "text"}
 *	a line of a command's stderr, or one on its stdout that is no record.
 * {"type":"splat", "command", "text", "running"}
 *	the kernel complained (WARNING, BUG, oops) while the command ran.
 * {"type":"ended", "command", "exit", "seconds"}
 *	a command ended; exit below 0: by a signal.
 * {"type":"end", "end":"done"|"skip"|"failed", "why", "running", "console", "boot", "seconds", "peak_rss"}
 *	"source":"sweep"|"fuzz", "index" and "seed" say which generated case was running, if one was.
 *	The last line. A file without it is of a kernel that still runs, or whose process was killed.
 *
 * Any line may come from a kernel that is falling apart: what is no record is counted and passed over.
 */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "../case/model.h"
#include "../report/report.h"

#define COLUMN_COMMANDS 8
#define COLUMN_FINDINGS 256 /* kept with their text; more are counted only */
#define COLUMN_SPLATS	8
#define COLUMN_WAIVERS	256

enum column_end {
	COLUMN_RUNNING, /* no last line (yet) */
	COLUMN_DONE,
	COLUMN_SKIP,  /* this kernel cannot be had or booted here: why */
	COLUMN_ERROR, /* it came to a bad end: why */
};

/* One run, sweep or fuzz: its summary. */
struct column_command {
	char name[16];
	bool begun;  /* its record "run" was read */
	bool summed; /* its summary was read: the counts are complete */
	bool ended;  /* its exit is known */
	int exit;
	char verdict[16]; /* of the summary */
	uint64_t cases, calls, pass, fail, waived, skipped, inconclusive, error;
	double seconds; /* as seen from outside */
};

/* A case that did not pass and is worth naming. */
struct column_finding {
	unsigned clause; /* C_NONE: the case's own expectation */
	char verdict[16], hook[16], field[16];
	char *where; /* path, or "case 123 of the sweep"; owned */
	char *text;  /* the smallest case, in text form; NULL if it was not shrunk; owned */
	char *reproduce;
	unsigned rule; /* the clause that changes between the profile in use and the first of these */
	bool behaves_known;
	unsigned n_behaves;
	struct {
		const struct profile *profile;
		unsigned clause;
	} behaves[REPORT_BEHAVES];
};

struct column_clause {
	uint64_t calls, fail, waived;
	uint64_t failed_cases; /* case records that name it: what is known of a command without summary */
	uint64_t waived_cases;
	bool skipped; /* a case about it was skipped */
};

struct column {
	char spec[128], package[96], release[65], version[80];
	char label[24];		       /* for people, short: 6.12.117, host */
	const struct profile *profile; /* in use; NULL: not known */
	const struct profile *own;     /* by its release; NULL: none covers it */
	enum column_end end;
	char why[256], running[512];
	bool running_sweep, running_fuzz; /* a generated case: its number, and the generator's seed */
	uint64_t running_index, running_seed;
	char *running_file; /* where it was written; owned; NULL: nowhere */
	char *console;	    /* last lines; owned; NULL: none */
	double boot, seconds, fetch;
	uint64_t peak_rss;
	bool kvm;
	struct column_command command[COLUMN_COMMANDS];
	unsigned n_commands;
	struct column_clause clause[C_COUNT];
	uint64_t calls_on[HOOK_COUNT], ran_ok[HOOK_COUNT], control_bad; /* controls */
	struct column_finding *finding;					/* owned */
	unsigned n_findings, more_findings;
	char *splat[COLUMN_SPLATS]; /* owned */
	unsigned n_splats, more_splats;
	char said[200];				  /* the last line that a command had to say on stderr */
	char skip_why[256];			  /* why the first skipped case was skipped */
	uint64_t waiver_used[COLUMN_WAIVERS + 1]; /* by line of the file; the last: lines beyond */
	uint64_t strange;			  /* lines that are no record */
};

/* Empty but for the spec and what it says of the version. */
void column_init(struct column *c, const char *spec);
void column_fini(struct column *c);

/* Takes one line, without its newline. Never fails: a line that is no record is counted in `strange`. */
void column_line(struct column *c, const char *line, size_t n);

/* Reads the complete lines of a file from *offset on, and moves *offset past them. 0 or -errno. */
int column_read(struct column *c, const char *path, uint64_t *offset);

/* The file will not grow any more. A column without its last line came to a bad end; why may be NULL. */
void column_close(struct column *c, const char *why);

/* Orders columns by kernel version, oldest first. */
int column_order(const struct column *a, const struct column *b);

#endif
