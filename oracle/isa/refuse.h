/* SPDX-License-Identifier: MIT */
/* Why something was not taken: one sentence in the caller's buffer, and a number to return. */
#ifndef ISA_REFUSE_H
#define ISA_REFUSE_H

#include <stddef.h>

struct refusal {
	char *text;
	size_t size;
};

/* Writes the sentence and returns ret. Text from the file must have been cleaned of control bytes. */
int refuse(const struct refusal *to, int ret, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* -ENOMEM and its sentence. */
int refuse_memory(const struct refusal *to);

#endif
