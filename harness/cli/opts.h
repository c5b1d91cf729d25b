/* SPDX-License-Identifier: MIT */
/*
 * The command line: one table of commands and one row for each option (table.c). Parsing, `--help`, `CMD
 * --help`, suggestions for a misspelt word and the check of operands are all made from these tables. A
 * command is a function in cmd_<name>.c that gets a filled struct cli and returns the exit code.
 */
#ifndef OPTS_H
#define OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../base/pulse.h"

/* Exit codes (docs/architecture.md): what a command returns and scripts rely on. */
enum exit_code {
	EXIT_AGREE = 0,	     /* everything that was compared agrees */
	EXIT_DIVERGENCE = 1, /* a divergence that is not waived */
	EXIT_UNSURE = 2,     /* inconclusive, could not run here, or hookdiff failed: never a pass */
	EXIT_USAGE = 64,     /* the command line or an input file is wrong; nothing was run */
};

struct profile;

enum { CLI_LIST_MAX = 64 };

/* The values of an option that may be given several times, in order. */
struct cli_list {
	const char *item[CLI_LIST_MAX];
	unsigned n;
};

/* What the command line said; fields that were not given hold the default of their row. */
struct cli {
	const char *profile; /* --profile: "auto" or the name of a row of oracle/profiles.c */
	const char *out; /* --out: directory for the report and the findings; made by the command. report: a
			    file */
	const char *waivers; /* --waivers: file; see waivers_given */
	bool out_given;
	const char *kernels;	 /* --kernels of matrix: specs apart by commas */
	const char *case_dir;	 /* --cases of matrix */
	const char *format;	 /* --format of report and emit */
	bool record;		 /* --record of emit */
	bool straight;		 /* --straight of run and shrink */
	uint64_t straight_every; /* --straight of sweep and fuzz: every so many-th case; 0: none */
	const char *html;	 /* --html of matrix: a file */
	const char *origin;	 /* --origin of report */
	const char *engines, *drivers, *sync, *machine; /* of campaign */
	bool sweep;					/* --sweep of matrix and coverage */
	uint64_t fuzz_cases;				/* --fuzz-cases of matrix */
	bool waivers_given;	      /* a file that was named must exist, the default one need not */
	bool helpers;		      /* --helpers of probe */
	const char *calls, *profiles; /* of check */
	const char *kernel;  /* --kernel: run in a guest of this kernel; in the guest itself only a name */
	const char *feature; /* --feature of probe and bisect */
	const char *good, *bad, *case_path, *clause, *names, *build_cmd; /* of bisect */
	const char *arch, *tree;					 /* of kernel build and bisect step */
	struct cli_list patch, config;					 /* of kernel build */
	bool kcov, kasan;						 /* of kernel build */
	const char *source;						 /* of mutants and coverage */
	const char *mutants;
	const char *reasons; /* of coverage: a file */
	bool reasons_given;
	uint64_t runs;		 /* --runs of bisect; 0: the default */
	uint64_t repeat;	 /* --repeat of run */
	bool chains;		 /* --chains of sweep */
	uint64_t threads, round; /* --threads and --round of race */
	uint64_t crowd;		 /* --threads of run; 0: the case runs alone */
	bool operations;	 /* --operations of fuzz */
	bool resume;		 /* --resume of bisect */
	bool json, markdown, brief, verbose;
	bool uncovered;	    /* --uncovered of clauses */
	bool missing;	    /* --missing of coverage */
	bool refresh;	    /* --refresh: package lists anew */
	bool dmesg;	    /* --dmesg: a complaint in the kernel's log is a failure */
	const char *splats; /* --splats: file of known ones */
	bool splats_given;
	bool blocks;	  /* --blocks of run, sweep and fuzz */
	bool each;	  /* --each of run: blocks of each case apart */
	const char *keep; /* --keep of coverage: a folder */
	bool paths;	  /* --paths of run: each case through every way into the kernel */
	bool unsafe;	  /* --unsafe: also cases that can hurt the machine */
	uint64_t reuse;	  /* --reuse: cases that share one pair of sockets */
	uint64_t seconds; /* --time; 0: no limit */
	uint64_t cases;	  /* --cases; 0: no limit, of coverage: the default */
	uint64_t thin;	  /* --thin: every so many-th case of the sweep */
	uint64_t workers; /* --workers; 0: one for each processor */
	uint64_t seed;	  /* --seed */
	bool seed_given;  /* if not, the command picks a seed and prints it */

	/* The target of --backend: a shell command, NULL for this kernel; seconds for one answer of it. */
	const char *backend;
	uint64_t patience;

	/* Set by a command before in_vm_run: files that no operand names, and how much of an operand is the
	 * path of a file (NULL: all of it; 0: it names no file). */
	struct cli_list also;
	size_t (*path_length)(const char *operand);
	const char *known; /* a folder of earlier findings; NULL: none */
	unsigned memory;   /* MiB of the guest; 0: the default */
	unsigned silence;  /* seconds that a guest may show no sign of life; 0: vm.h's */

	/* Set by in_vm_run: the run's folder on this side, "" if the guest made none, and the command's last
	 * counters. */
	char here[600];
	struct pulse_counts pulsed;

	char **args; /* operands, in order; owned by main's argv */
	int n_args;
	char **argv; /* the whole command line, for reports */
	int argc;
};

/* Runs the command that argv names; returns its exit code, or EXIT_USAGE after one line on stderr. */
int cli_main(int argc, char **argv);

/*
 * The profile of --profile: by name, or for "auto" the one that covers `release`. NULL after one line on
 * stderr that lists the names there are.
 */
const struct profile *cli_profile(const struct cli *cli, const char *release, const char *version);

/* The number of a feature (exec/feature.h), or -1 after one line on stderr that lists the names there are. */
int cli_feature(const char *name);

/* One line on stderr, "hookdiff: ..."; returns EXIT_USAGE so that a command can `return cli_usage(...)`. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

int cmd_backend(struct cli *cli);
int cmd_run(struct cli *cli);
int cmd_sweep(struct cli *cli);
int cmd_fuzz(struct cli *cli);
int cmd_predict(struct cli *cli);
int cmd_race(struct cli *cli);
int cmd_storage(struct cli *cli);
int cmd_shrink(struct cli *cli);
int cmd_emit(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_bench(struct cli *cli);
int cmd_campaign(struct cli *cli);
int cmd_bisect(struct cli *cli);
int cmd_clauses(struct cli *cli);
int cmd_drive(struct cli *cli);
int cmd_coverage(struct cli *cli);
int cmd_probe(struct cli *cli);
int cmd_selftest(struct cli *cli); /* in a guest only: harness/guest/selftest.c */
int cmd_matrix(struct cli *cli);
int cmd_report(struct cli *cli);
int cmd_kernel(struct cli *cli);
int cmd_mutants(struct cli *cli);
int cmd_diff_profiles(struct cli *cli);
int cmd_man(struct cli *cli);
int cmd_completion(struct cli *cli);

#endif
