/* SPDX-License-Identifier: MIT */
/*
 * The files of one finding, in a folder that appears when all of it is there: until then its name begins with
 * a dot. Two that find the same thing at once leave one folder.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include "../base/buf.h"

#define FOLDER_FILES 48
#define FOLDER_NAME  32 /* of a file, with the NUL */

struct folder {
	char path[480], hidden[480];
	char file[FOLDER_FILES][FOLDER_NAME];
	unsigned n_files;
	int err; /* the first thing that went wrong: -errno. -EEXIST: there is one of that name */
};

/* findings/STEM. The folder `findings` must be there. */
void folder_begin(struct folder *d, const char *findings, const char *stem);

/* A file of it. Does nothing once something went wrong. */
void folder_put(struct folder *d, const char *name, const void *bytes, size_t n);
void folder_put_text(struct folder *d, const char *name, const struct buf *text);
/* The path of a file that somebody else writes, valid until the next one; it goes with the others. */
const char *folder_file(struct folder *d, const char *name);

/* Shows the folder under its name, or takes it back. 0 (also if there is one already) or -errno. */
int folder_end(struct folder *d);

#endif
