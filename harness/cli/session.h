/* SPDX-License-Identifier: MIT */
/*
 * What run, sweep, fuzz and shrink share: can this machine run cases, the waivers, the folder of the run with
 * its report.jsonl, and the summary at the end.
 */
#ifndef SESSION_H
#define SESSION_H

#include <time.h>

#include "../../oracle/attach.h"
#include "../campaign/bulk.h"
#include "../report/jsonl.h"
#include "../report/waivers.h"
#include "opts.h"

struct session {
	struct cli *cli;
	struct report_run run;
	struct waivers waivers;
	struct splat_list splats; /* what the kernel is known to complain about */
	struct jsonl *jsonl;
	char folder[256];    /* DIR/COMMAND-TIME */
	char findings[280];  /* below it */
	char reproduce[512]; /* the command line, as a shell reads it */
	char release[65], uname_version[65], arch[65];
	uint32_t page_size;
	struct target target;
	struct backend *b; /* of --backend, open since it was asked who it is; else NULL */
	const struct profile *profile;
	const struct attach_epoch *epoch; /* of operations; NULL: no row covers the kernel */
};

/*
 * EXIT_AGREE if cases can run, with everything in *s; else the exit code after one line on stderr. command:
 * its name. A machine that cannot run cases is SKIP with the remedy and EXIT_UNSURE.
 */
int session_open(struct session *s, struct cli *cli, const char *command);

/* Makes out, if need be, and in it a new folder COMMAND-TIME; a second one within a second gets a suffix. 0
 * or -errno. */
int session_folder(const char *out, const char *command, time_t t, char *folder, size_t size);

/* The first half of session_open: profile, waivers, can cases run; no folder is made. */
int session_check(struct session *s, struct cli *cli);

/* The backend for the only process of a command, each case on fresh sockets. NULL with a sentence in err. */
struct backend *session_backend(struct session *s, char *err, size_t size);

/* The target for workers, each of which opens its own. */
struct target session_target(struct session *s);

/* Writes the run's own record; once, before any other, when s->run is complete. */
void session_start(struct session *s);

/* A parser's complaint with its place and caret, on stderr. text may be NULL. */
void cli_diag(const struct diag *d, const char *text, size_t len);

/* Adds what a worker wrote to folder/findings/STEM/card.json to the report, and prints its card.txt. */
void session_finding(struct session *s, const char *stem);

/* Writes the summary to the report and to stdout; returns the exit code. */
int session_end(struct session *s, const struct report_totals *t, const struct clause_stat *stat,
		const struct control_counts *controls);

/* Frees what session_open made, without a summary. */
void session_close(struct session *s);

/* A complaint of the kernel: to the report, and to stdout. */
void session_splat(struct session *s, const char *text, const char *running);

/* The shared ending of sweep and fuzz: findings, warnings, totals, summary. Returns the exit code. */
int session_bulk(struct session *s, const struct bulk_opts *opts, struct bulk_result *r);

/* A seed that no other run has had, for a command that was given none. */
uint64_t session_seed(void);

/* Workers that --workers asked for, or one for each processor. */
unsigned session_workers(const struct cli *cli);

/* The waivers of --waivers, or of its default where that file is; says how many. EXIT_AGREE, or EXIT_USAGE
 * after a line. The caller frees. */
int session_waivers(const struct cli *cli, struct waivers *w);
/* The same for --splats. */
int session_splats(const struct cli *cli, struct splat_list *l);

/* False after a line on stderr: --unsafe for this machine. */
bool session_unsafe(const struct cli *cli, const char *command);

#endif
