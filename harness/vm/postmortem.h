/* SPDX-License-Identifier: MIT */
/*
 * Reads from a guest's RAM, which the host holds as a file, what its workers wrote down last
 * (harness/base/recorder.h). Works whatever became of the kernel.
 */
#ifndef POSTMORTEM_H
#define POSTMORTEM_H

#include <stdbool.h>

#include "../base/buf.h"
#include "../base/recorder.h"

/* Finds the page in the file. False if there is none. */
bool postmortem_read(int ram, struct recorder *out);

/* The input of a fuzz driver, RECORDER_INPUT; serial: of the page. False if it is not there whole. */
bool postmortem_input(int ram, uint64_t serial, struct buf *out);

#endif
