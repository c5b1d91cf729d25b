/* SPDX-License-Identifier: MIT */
/*
 * Folders of inputs, each file named by what is in it, so that two machines never write different inputs to
 * one name, and a folder that is shared or copied to and fro is a union. A file appears whole or not at all.
 */
#ifndef CREW_CORPUS_H
#define CREW_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#define CORPUS_INPUT (1 << 20) /* bytes; larger files are passed over */

/*
 * Adds every regular file directly in `from` that `to` lacks, by content. Folders that are not there are
 * empty ones. Returns how many were added, or -errno if `to` cannot be written.
 */
long corpus_add(const char *to, const char *from);

/*
 * Of the inputs that an engine left behind: those that ended a driver or a kernel, and those that only took
 * too long or too much memory, which says as much of the machine and its load (timeout-, slow-unit- and oom-
 * in front of their names, as libFuzzer has it). As corpus_add.
 */
long corpus_add_crashes(const char *to, const char *from);
long corpus_add_stalls(const char *to, const char *from);

/* Removes from `of` every input that also is, by content, in `these`. Both folders as corpus_add leaves them.
 */
void corpus_remove(const char *of, const char *these);

/*
 * corpus_add for the queue folders of AFL++'s fuzzers below `from` (FUZZER/queue), all or all but those whose
 * name begins with `except` (may be NULL).
 */
long corpus_add_queues(const char *to, const char *from, const char *except);

/*
 * AFL++'s own form for other machines: copies FUZZER/queue/id:* below `from` to the same place below `to`,
 * under the names that they have. Only fuzzers whose name begins with `prefix` (mine) or, with `others`, only
 * those whose name does not. Returns how many, or -errno.
 */
long corpus_copy_queues(const char *to, const char *from, const char *prefix, bool others);

/* Regular files directly in the folder. */
size_t corpus_count(const char *folder);

#endif
