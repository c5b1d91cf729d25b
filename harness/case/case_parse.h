/* SPDX-License-Identifier: MIT */
/*
 * Inside of the case parser only (case_value.c, case_prog.c, case_text.c): the parts of statements,
 * bottom-up. Each function reads one thing at the current token and consumes it; 0, or -EINVAL after a
 * complaint (case_lex.h).
 */
#ifndef CASE_PARSE_H
#define CASE_PARSE_H

#include "../base/names.h"
#include "case_lex.h"

/*
 * A number from lo to hi: digits, INT_MIN, INT_MAX or -ENAME. name says what it is, for the complaint. After
 * a complaint *out is 0.
 */
int parse_number(struct parser *p, const char *name, int64_t lo, int64_t hi, int64_t *out);
int parse_u32(struct parser *p, const char *name, uint32_t lo, uint32_t hi, uint32_t *out);
/* 32 bits: negative, or positive up to 0xffffffff, of which the bits count. */
int parse_i32(struct parser *p, const char *name, int32_t *out);
/* `u8 N`, `u16 N`, `i32 N`: *width is 1, 2, 4. If it is none of them *width is 0 and nothing is consumed. */
int parse_sized(struct parser *p, uint8_t *width, int32_t *out);

int parse_level(struct parser *p, int32_t *level);
/* level NULL: inside of a program, where any option will do. */
int parse_option(struct parser *p, const int32_t *level, int32_t *optname);

/* Zero or more items: `i32 4`, `"cubic"`, `hex 0a0b` ... */
int parse_items(struct parser *p, uint8_t data[TC_MAX_DATA], uint8_t *n_data);

/* Is the current token the first of a program, which is also the first of a call? */
bool parse_at_hook(const struct parser *p);
/* A program, appended to *level, which belongs to p->tc. Its end is not consumed: '}' or the next one's hook.
 */
int parse_program(struct parser *p, struct tc_level *level);
/* The actions of a program of that hook, up to the '}' or hook word behind them. */
int parse_actions(struct parser *p, enum hook hook, struct prog *out);

/* Begins a case's text: refuses more than CASE_TEXT_MAX bytes, empties p->meta, reads the first token. */
int parse_begin(struct parser *p, const char *text, size_t len);
/* Passes over empty lines; is there a statement behind them? */
bool parse_at_statement(struct parser *p);
/* Nothing more stands on the line of a statement. */
int parse_line_end(struct parser *p);

/* A number of 16 bits, or its name in one of the two tables (t2 may be NULL). */
int parse_named(struct parser *p, const char *what, const struct name *t1, const struct name *t2,
		uint16_t *out);
/* The next socket's name, where n_socks have one, and `=`. */
int parse_next_sock(struct parser *p, unsigned n_socks);
/* `(FAMILY, TYPE)` or `(FAMILY, TYPE, PROTOCOL)`; without one *protocol is left alone. */
int parse_sock_kind(struct parser *p, uint16_t *family, uint16_t *type, uint16_t *protocol);
/* What stands behind `=`: a number, `-1 ENAME`, `raw N` or `?`. */
int parse_expected_ret(struct parser *p, struct tc_expect *e);
/* A call with its expectation, appended to p->tc, whose sockets it may name. */
int parse_call(struct parser *p);

#endif
