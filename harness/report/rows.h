/* SPDX-License-Identifier: MIT */
/*
 * A kernel's results as a list of tests, the same for every format: rows of clauses, cases, findings and
 * commands, each with an id that stays the same from run to run and from kernel to kernel:
 *
 *	hookdiff.kernel.end, .log	did the kernel reach the last case; did its log stay quiet
 *	hookdiff.command.NAME		a run, sweep or fuzz as a whole
 *	hookdiff.clause.SET.ARGS	a clause, spelled as `hookdiff clauses` does
 *	hookdiff.case.FOLDER.FILE	a case file: its path below the last folder `corpus`, else its folder
 *and name hookdiff.finding.SET.ARGS.setsockopt.int.ret	generated cases with one key: clause, hook, option
 *class, field
 *
 * What is not a letter, a digit, '-' or '_' in a path becomes '_', and then, as with two tests of one name, a
 * hash of the whole path or a number follows, so that no two rows of a kernel share an id.
 */
#ifndef ROWS_H
#define ROWS_H

#include "grid.h"

enum row_kind { ROW_KERNEL, ROW_COMMAND, ROW_CLAUSE, ROW_CASE, ROW_FINDING };

enum row_result {
	ROW_PASS,
	ROW_FAIL,
	ROW_XFAIL,  /* a waiver knows it */
	ROW_SKIP,   /* not asked: why */
	ROW_UNSURE, /* asked, and nothing proves that the answer is one */
	ROW_ERROR,  /* hookdiff or the kernel came to a bad end before */
	ROW_ABSENT, /* a clause that the profile does not have; writers leave it out */
	ROW_RESULTS,
};

struct row {
	enum row_kind kind;
	enum row_result result;
	char *id;	 /* owned */
	char *why;	 /* one line, safe to print; owned; may be NULL */
	unsigned clause; /* that it is about, or at fault; C_NONE: none */
	double seconds;	 /* 0: not known */
	/* Of the column, or NULL. */
	const struct column_finding *finding;
	const struct column_command *command;
	const struct column_case *c;
};

struct rows {
	struct row *row; /* owned */
	size_t n;
	size_t count[ROW_RESULTS];
};

/* 0 or -ENOMEM. The column stays as it is and must outlive the rows. */
int rows_make(struct rows *rows, const struct column *c);
void rows_fini(struct rows *rows);

const char *row_word(enum row_result r); /* PASS, FAIL, XFAIL, SKIP, INCONCLUSIVE, ERROR, "-" */

/* FNV-1a over n bytes, from a hash to go on from, or ROWS_HASH at first. */
#define ROWS_HASH 0xcbf29ce484222325ull
uint64_t rows_hash(uint64_t from, const void *data, size_t n);
/* The same with a string and its NUL; NULL is as "". */
uint64_t rows_hash_text(uint64_t from, const char *s);

#endif
