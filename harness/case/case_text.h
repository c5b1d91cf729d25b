/* SPDX-License-Identifier: MIT */
/*
 * A case as people read and write it. The grammar is docs/case-format.md; the model is tcase.h.
 * Whatever prints parses back to an equal case, and printing that gives the same text again.
 */
#ifndef CASE_TEXT_H
#define CASE_TEXT_H

#include "../base/buf.h"
#include "../base/diag.h"
#include "tcase.h"

#define CASE_TEXT_MAX (1 << 20) /* bytes of a text that is looked at */

/* What the comments above the first statement say. NUL-terminated, one line each, cut if they do not fit. */
struct case_meta {
	char title[200];    /* the first comment line that is none of the others, nor "SPDX-..." */
	char clauses[200];  /* the ids after "clauses", of all such lines, separated by blanks */
	char profiles[200]; /* the words after "profiles", likewise; what they mean: oracle/scope.h */
	char needs[200];    /* the words after "needs", likewise: of cases with operations, oracle/attach.h */
};

/*
 * Reads a case from text[0..len), which may hold any bytes. filename is only quoted (in *d, borrowed).
 * 0: *out passes tcase_check. -EINVAL: *d says where and why, *out is undefined. meta and d may be NULL.
 */
int tcase_parse(const char *text, size_t len, const char *filename, struct tcase *out, struct case_meta *meta,
		struct diag *d);

/* Appends the text of a case that passes tcase_check. meta may be NULL: no comment lines then. */
void tcase_print(const struct tcase *tc, const struct case_meta *meta, struct buf *b);

/* Its comment lines, of meta that may be NULL; a call's expectation, from the blank before the '=' on. */
void tcase_print_meta(const struct case_meta *meta, struct buf *b);
void tcase_print_expect(const struct tc_expect *e, struct buf *b);
/* Without the blank before it, and if it expects nothing "= ?". */
void tcase_print_answer(const struct tc_expect *e, struct buf *b);
/* "= 0"; without a result "= ?". */
void tcase_print_result(bool has_ret, int64_t ret, struct buf *b);

/* Pieces of that text, for reports: "a/b" (or "outside" for 0), one socket, one program, one call. */
void tcase_print_path(unsigned level, struct buf *b);
void tcase_print_sock(const struct tcase *tc, unsigned sock, struct buf *b);
/* "AF_INET, SOCK_STREAM, 0" */
void tcase_print_sock_kind(uint16_t family, uint16_t type, uint16_t protocol, struct buf *b);
void tcase_print_prog(const struct prog *p, struct buf *b);
/* One action: "if optlen == 4" (without its block), "optlen = -1". Options are numbers: no level is known. */
void tcase_print_act(const struct act *a, struct buf *b);
/* Without the expectation: setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) */
void tcase_print_call(const struct tc_call *c, struct buf *b);
/* A raw result: "0", "-1 EPERM", "raw -5000". */
void tcase_print_ret(int64_t ret, struct buf *b);
/* Bytes as items: "i32 4", "\"cubic\"", "hex 0a0b0c"; any n. */
void tcase_print_items(const uint8_t *data, size_t n, struct buf *b);

#endif
