/* SPDX-License-Identifier: MIT */
/*
 * Inside of the text form only (case_*.c): the words that the printer writes and the parser reads, in the
 * order of the enums that they stand for. Who wants a case as text takes case_text.h.
 */
#ifndef CASE_WORDS_H
#define CASE_WORDS_H

#include "tcase.h"

extern const char *const case_hook_words[HOOK_COUNT];
extern const char *const case_mode_words[MODE_COUNT];
extern const char *const case_field_words[FIELD_COUNT];
extern const char *const case_cmp_words[CMP_COUNT];
extern const char *const case_route_words[ROUTE_COUNT];
extern const char *const case_via_words[VIA_COUNT]; /* VIA_SYSCALL has none */
extern const char *const case_sock_words[TC_MAX_SOCKS];

#endif
