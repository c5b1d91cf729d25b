/* SPDX-License-Identifier: MIT */
/*
 * One kernel of a matrix: what its JSON lines say, read one by one as they are written. The lines are those
 * of report/jsonl.h, one run, sweep or fuzz after the other, between records of harness/matrix (job.h):
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
 * Any line may come from a kernel that is falling apart: what is no record is counted and passed over. What
 *is kept of the others has limits, and what is beyond them is counted; every text that is kept was made safe
 *to print (text.h).
 */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "../case/model.h"
#include "report.h"
#include "waivers.h"

#define COLUMN_COMMANDS 8
#define COLUMN_FINDINGS 1024 /* kept with their text; more are counted only */
#define COLUMN_SPLATS	8
#define COLUMN_CASES	100000	    /* kept one by one; more are counted only */
#define COLUMN_BYTES	(16u << 20) /* of text of cases and findings that are kept */
#define COLUMN_PROGRAMS 32	    /* of one side of a call */
#define COLUMN_WAIVERS	WAIVERS_MAX

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
	double seconds;	    /* as seen from outside */
	double own_seconds; /* as its summary says */
	uint64_t findings, silent;
	char start[24], seed[24]; /* "": not known, no seed */
	char *argv;		  /* its command line as a shell would take it; owned; may be NULL */
};

/* A number of a record that may be null. */
struct column_number {
	enum { NUMBER_ABSENT, NUMBER_ANY, NUMBER_KNOWN } is; /* ANY: every value will do */
	int64_t n;
};

/* Bytes of a record: hex digits, ".." for one that may be anything; owned; NULL: none. */
struct column_bytes {
	char *hex;
	uint64_t from; /* offset of the first */
};

/* What one program had to see, or saw. */
struct column_program {
	char name[64]; /* "a/b program 2" */
	struct column_number level, optname, optlen, retval, size;
	struct column_bytes optval;
};

/* One side of the call at issue: what is wanted, or what was got. */
struct column_side {
	struct column_number ret, optlen, runs;
	struct column_bytes optval;
	struct column_program *program; /* owned */
	unsigned n_programs;
};

/* A case that did not pass and is worth naming. */
struct column_finding {
	unsigned clause; /* C_NONE: the case's own expectation */
	char verdict[16], hook[16], field[16];
	char *where; /* path, or "case 123 of the sweep"; owned */
	char *path;  /* of its file; NULL: generated, and index is its number; owned */
	uint64_t index;
	char *why;				    /* of a waiver, or a remark; owned; may be NULL */
	unsigned command;			    /* number of the command in its column */
	uint64_t cases;				    /* case records with the same key, this one among them */
	char kind[16];				    /* class of the option: int, large ... ; "": not known */
	struct column_number call, program, offset; /* from 0 */
	struct column_number want_value, got_value; /* of the field */
	struct column_number reruns, failed;
	bool state;			/* it differs in the state read back after the call */
	struct column_side *want, *got; /* owned; NULL: not in the record */
	char *text; /* the smallest case, in text form; NULL if it was not shrunk; owned */
	char *reproduce;
	unsigned rule; /* the clause that changes between the profile in use and the first of these */
	bool behaves_known;
	unsigned n_behaves;
	struct {
		const struct profile *profile;
		unsigned clause;
	} behaves[REPORT_BEHAVES];
};

/* One record "case": of a run every case, of a sweep and a fuzz the findings. */
struct column_case {
	char verdict[16];
	char *path; /* NULL: generated; owned, as the texts below */
	uint64_t index;
	char *why;
	char *clauses; /* that its header names, apart by blanks */
	unsigned command;
	unsigned clause; /* at fault, if the verdict is FAIL or XFAIL; C_NONE: the case's own expectation */
	int finding;	 /* the finding with the same key, or -1 */
};

struct column_clause {
	uint64_t calls, fail, waived;
	uint64_t failed_cases; /* case records that name it: what is known of a command without summary */
	uint64_t waived_cases;
	bool skipped; /* a case about it was skipped */
};

struct column {
	char spec[128], package[96], release[65], version[80];
	char tool[96], arch[32]; /* hookdiff's own version, machine */
	uint64_t page_size;
	char *argv; /* command line of the matrix; owned; NULL: it is no matrix */
	bool in_matrix;
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
	struct column_case *cases; /* owned */
	size_t n_cases, more_cases;
	size_t kept;			    /* bytes, of COLUMN_BYTES */
	char *splat[COLUMN_SPLATS];	    /* owned; the first line names it */
	char *splat_running[COLUMN_SPLATS]; /* what ran then; owned; may be NULL */
	unsigned n_splats, more_splats;
	char said[200];		/* the last line that a command had to say on stderr */
	char skip_why[256];	/* why the first skipped case was skipped */
	struct waivers waivers; /* of its summaries, with their uses; owned */
	uint64_t strange;	/* lines that are no record */
};

/* Empty but for the spec and what it says of the version. */
void column_init(struct column *c, const char *spec);
/* Another spec, where it was not known before the lines were read. */
void column_name(struct column *c, const char *spec);
void column_fini(struct column *c);

/* Takes one line, without its newline. Never fails: a line that is no record is counted in `strange`. */
void column_line(struct column *c, const char *line, size_t n);

/* Reads the complete lines of a file from *offset on, and moves *offset past them. 0 or -errno. */
int column_read(struct column *c, const char *path, uint64_t *offset);

/* The same from an open file, to its end: also a last line without a newline, as far as it is a record. */
int column_stream(struct column *c, FILE *f);

/* The file will not grow any more. A file of single runs, outside of a matrix, is whole if each of them has
 * its summary. A column without its last line came to a bad end; why may be NULL. */
void column_close(struct column *c, const char *why);

/* Orders columns by kernel version, oldest first. */
int column_order(const struct column *a, const struct column *b);

#endif
