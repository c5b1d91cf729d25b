/* SPDX-License-Identifier: MIT */
/* Members of a record that nobody vouches for: one of the wrong type is as if it were not there. */
#ifndef COLUMN_JSON_H
#define COLUMN_JSON_H

#include <json-c/json.h>

#include "column.h"

/* NULL if there is none, or o is no object. Borrowed. */
struct json_object *record_member(struct json_object *o, const char *key);

/* A member that is a string, else "". Borrowed, and not safe to print. */
const char *record_text(struct json_object *o, const char *key);

/* A count: anything but a number from 0 on is 0. */
uint64_t record_count(struct json_object *o, const char *key);

/* The same for seconds. */
double record_number(struct json_object *o, const char *key);

struct column_number record_maybe(struct json_object *o, const char *key);

/* Copies a member that people will see: made safe to print, on one line, cut between characters. */
void record_take(char *out, size_t n, struct json_object *o, const char *key);

/* The same for a time such as 2026-11-21T10:00:00Z (RFC 3339, UTC): "" if it is none. */
void record_time(char *out, size_t n, struct json_object *o, const char *key);

/* Seconds since 1970 of such a time, or -1. */
int64_t time_seconds(const char *s);

/* The same as record_take, of any length and with its newlines; NULL if there is none. To be freed. */
char *record_long(struct json_object *o, const char *key);

/* An array of strings as one text: apart by blanks, or as a shell would take them; NULL if empty. To be
 * freed.
 */
char *record_words(struct json_object *o, const char *key, bool shell);

/* out[0..n): s, cut between two characters of UTF-8 if it is too long. */
void cut_text(char *out, size_t n, const char *s);

#endif
