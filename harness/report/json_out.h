/* SPDX-License-Identifier: MIT */
/* Members of the JSON documents that the formats write. */
#ifndef JSON_OUT_H
#define JSON_OUT_H

#include <json-c/json.h>

#include "../base/buf.h"

/* A string, its bytes made safe: text of a column is already, and stays as it is. */
void out_text(struct json_object *o, const char *key, const char *s);
/* The same, left out if there is nothing. */
void out_some(struct json_object *o, const char *key, const char *s);
/* An array of the text's lines, without the blanks before each. */
void out_lines(struct json_object *o, const char *key, const char *text);
void out_count(struct json_object *o, const char *key, uint64_t n);
/* Appends the document with a newline, and frees it. 0 or -ENOMEM. */
int out_document(struct buf *out, struct json_object *o);

#endif
