/* SPDX-License-Identifier: MIT */
/*
 * The machine-readable report: one JSON object a line, each line complete on disk before the next begins, so
 * that a killed run leaves a readable file. Every line is UTF-8; bytes that are not are spelled \xNN.
 *
 * {"type":"run", "command", "version", "kernel", "uname_version", "arch", "profile", "page_size", "seed",
 *"start", "argv":[]} begins a run. seed is a decimal string (JSON numbers lose bits above 2^53) or absent,
 *start is RFC 3339.
 * {"type":"case", "verdict", "kernel", "path" | "index", "case", "why", ...}
 *	of `run` every case, of the others each that did not pass. "clauses": [] are those that the header of
 *its file names. kernel is left out if it passed. A difference adds "clause", "hook", "option_class", "call"
 *(from 0), "state", "field", "program" (place in the chain from 0), "offset", "want_value", "got_value" (of
 *that field), "want", "got", "reruns", "failed", "reproduce". want and got: {"ret", "optlen", "optval",
 *"programs":[{"program", "level", "optname", "optlen", "retval", "size", "optval"}]}. optval is hex, at most
 *256 bytes from "optval_from" on; `..` is a byte that may be anything. A part that may be anything is null.
 * {"type":"splat", "kernel", "title", "text", "running"}
 *	a complaint in the kernel's log, and the case or the cases that ran before it was seen.
 * {"type":"summary", "verdict", "exit", "cases", "calls", "pass", ..., "seconds", "controls":{},
 *"clauses":{}, "waivers":[{"line", "clause", "hook", "kernels", "reason", "link", "owner", "expiry",
 *"used"}]} ends a run; a file without it is of a run that was cut short. waivers: every line of the waiver
 *file. hook is left out if it is for both, expiry (20270630) if it is for ever.
 */
#ifndef JSONL_H
#define JSONL_H

#include "report.h"

struct jsonl;

/* Creates or truncates the file. NULL with errno set. jsonl_close frees it. */
struct jsonl *jsonl_open(const char *path);

/* The same on a copy of standard output, which keeps its place and its mode. */
struct jsonl *jsonl_stdout(void);

/* Each writes one record. 0 or -errno; the first error sticks, later calls return it and write nothing. */
int jsonl_run(struct jsonl *j, const struct report_run *run);
int jsonl_case(struct jsonl *j, const struct report_case *rc);
int jsonl_splat(struct jsonl *j, const char *kernel, const char *text, const char *running);
int jsonl_summary(struct jsonl *j, const struct report_totals *totals, const struct clause_stat *stat,
		  const struct control_counts *controls);

/* Copies the records of another such file, byte by byte. 0 or -errno, which sticks, also if path cannot be
 * read. */
int jsonl_append_file(struct jsonl *j, const char *path);

/* 0 or the error that stuck. j may be NULL. */
int jsonl_close(struct jsonl *j);

#endif
