/* SPDX-License-Identifier: MIT */
#include "json_out.h"

#include <errno.h>
#include <string.h>

#include "text.h"

void out_text(struct json_object *o, const char *key, const char *s)
{
	struct buf safe = {0};

	text_safe(&safe, s, strlen(s));
	json_object_object_add(o, key, json_object_new_string(buf_str(&safe)));
	buf_fini(&safe);
}

void out_some(struct json_object *o, const char *key, const char *s)
{
	if (s && *s)
		out_text(o, key, s);
}

void out_count(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

int out_document(struct buf *out, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text) {
		buf_puts(out, text);
		buf_puts(out, "\n");
	}
	json_object_put(o);
	return text && !out->failed ? 0 : -ENOMEM;
}

void out_lines(struct json_object *o, const char *key, const char *text)
{
	struct json_object *lines = json_object_new_array();
	struct buf safe = {0};

	for (size_t n; *(text += strspn(text, " \n")); text += n) {
		n = strcspn(text, "\n");
		buf_reset(&safe);
		text_safe(&safe, text, n);
		json_object_array_add(lines, json_object_new_string(buf_str(&safe)));
	}
	json_object_object_add(o, key, lines);
	buf_fini(&safe);
}
