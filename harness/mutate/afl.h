/* SPDX-License-Identifier: MIT */
/*
 * AFL++'s interface of custom mutators (its docs/custom_mutators.md), over batch.h and text_edit.h, with
 * trimming through the shrinker. As a shared library: AFL_CUSTOM_MUTATOR_LIBRARY=libhookdiff_mutator.so.
 *
 * HOOKDIFF_MUTATE says what inputs are: kernel (the default; cases that every kernel with the hooks can run),
 * oracle (any cases), or text.
 */
#ifndef AFL_H
#define AFL_H

#include <stddef.h>
#include <stdint.h>

#define AFL_TRIM_CALLS 2000 /* executions that one input is trimmed with */

#pragma GCC visibility push(default) /* the shared library shows these alone */

void *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(void *data);

/* Returns the size of *out, which stays the mutator's until the next call; 0: AFL++ leaves the input out. */
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
		       size_t max_size);

/* What the name of a queue entry says of its origin. Static. */
const char *afl_custom_describe(void *data, size_t max_len);

/*
 * Trimming: first whole cases go, then each is shrunk (shrink.h). Init returns how many steps there are at
 * most, 0 if there are none; post_trim the number of the next one, that number if it was the last. No
 * candidate is longer than the input. -1: out of memory.
 */
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t size);
size_t afl_custom_trim(void *data, uint8_t **out);
int32_t afl_custom_post_trim(void *data, uint8_t success);

#pragma GCC visibility pop

#endif
