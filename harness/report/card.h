/* SPDX-License-Identifier: MIT */
/*
 * The card of a finding: everything that a reader needs to judge one divergence and to see it again. Title,
 * rule, smallest case, both sides of the call with the first differing byte marked, what each program saw,
 * how often it failed again, the command that repeats it.
 */
#ifndef CARD_H
#define CARD_H

#include "../base/buf.h"
#include "report.h"

/* Appends "SET.OPTLEN.BYPASS: setsockopt ret, Linux 6.18.44": the same text for equal findings on a kernel.
 */
void card_title(struct buf *out, const struct report_case *rc);

/* Appends the card; rc->diff must be set. No control character of the case's text reaches the terminal. */
void card_format(struct buf *out, const struct report_case *rc);

/* The same for a step of a case with operations; rc->step, text and reproduce must be set. */
void card_format_step(struct buf *out, const struct report_case *rc);

#endif
