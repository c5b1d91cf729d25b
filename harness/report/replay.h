/* SPDX-License-Identifier: MIT */
/* How a finding of a matrix is repeated: its smallest case is a file in the matrix's folder. */
#ifndef REPLAY_H
#define REPLAY_H

#include "../base/buf.h"
#include "column.h"

/* Appends FOLDER/LABEL-CLAUSE-HOOK-FIELD.case. */
void replay_path(struct buf *out, const char *folder, const struct column *c, const struct column_finding *f);

/* Appends the command that runs this file on that kernel. The column's profile must be known. */
void replay_command(struct buf *out, const struct column *c, const char *path);

#endif
