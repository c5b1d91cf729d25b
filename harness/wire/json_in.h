/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON of unknown origin. Every reader takes where it stands, so that a complaint says what was
 * expected, what was found and where: "replies[1].handler.ret: expected a number from ... to ..., found "x"".
 * Members that nobody asks for are ignored. Read next: case_json.h.
 */
#ifndef JSON_IN_H
#define JSON_IN_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

#define JIN_ERR 256

/* A place in a document, innermost first; the root has no `up` and holds the complaint. All borrowed. */
struct jin {
	const struct jin *up;
	const char *key; /* of its object; NULL: element `index` of its array */
	unsigned index;
	char *err; /* root only: char[JIN_ERR] */
};

/* One complaint about the value at `in` (found may be NULL: it is missing). Always false. */
bool jin_fail(const struct jin *in, const char *expected, struct json_object *found);
/* The same where the value is fine and its meaning is not. */
bool jin_refuse(const struct jin *in, const char *sentence);

/* Parses one line, which must hold one JSON object and nothing else. The object is the caller's to put. */
struct json_object *jin_line(struct json_tokener *tok, const char *line, size_t n, char err[JIN_ERR]);

/* Readers of member `key` of object o, which stands at `in`. False after a complaint. */
bool jin_int(const struct jin *in, struct json_object *o, const char *key, int64_t lo, int64_t hi,
	     int64_t *value);
bool jin_int32(const struct jin *in, struct json_object *o, const char *key, int32_t *value);
/* An absent one is false. */
bool jin_bool(const struct jin *in, struct json_object *o, const char *key, bool *value);
/* Hex digits, two a byte; at most max bytes. *n: how many there were. */
bool jin_hex(const struct jin *in, struct json_object *o, const char *key, uint8_t *bytes, size_t max,
	     size_t *n);
/* Printable ASCII, cut at size - 1. */
bool jin_text(const struct jin *in, struct json_object *o, const char *key, char *text, size_t size);
/* One of n words; *value is its index. */
bool jin_word(const struct jin *in, struct json_object *o, const char *key, const char *const *words,
	      unsigned n, unsigned *value);
bool jin_object(const struct jin *in, struct json_object *o, const char *key, struct json_object **value);
/* At most max elements, each of them an object; *n: how many. */
bool jin_array(const struct jin *in, struct json_object *o, const char *key, unsigned max,
	       struct json_object **value, unsigned *n);

/* Is the member there and not null? */
bool jin_has(struct json_object *o, const char *key);

/* Appends s as a JSON string; what is not printable ASCII becomes '?'. */
void json_put_text(struct buf *out, const char *s);
/* Appends n bytes as a JSON string of hex digits. */
void json_put_hex(struct buf *out, const uint8_t *bytes, size_t n);

#endif
