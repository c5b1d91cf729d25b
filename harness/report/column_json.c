/* SPDX-License-Identifier: MIT */
#include "column_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

struct json_object *record_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

const char *record_text(struct json_object *o, const char *key)
{
	struct json_object *v = record_member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

uint64_t record_count(struct json_object *o, const char *key)
{
	struct json_object *v = record_member(o, key);
	int64_t n = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : 0;

	return n > 0 ? (uint64_t)n : 0;
}

double record_number(struct json_object *o, const char *key)
{
	struct json_object *v = record_member(o, key);
	double d = json_object_is_type(v, json_type_double) || json_object_is_type(v, json_type_int)
			   ? json_object_get_double(v)
			   : 0;

	return d >= 0 && d < 1e9 ? d : 0;
}

struct column_number record_maybe(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v))
		return (struct column_number){.is = NUMBER_ABSENT};
	if (!v)
		return (struct column_number){.is = NUMBER_ANY};
	if (!json_object_is_type(v, json_type_int))
		return (struct column_number){.is = NUMBER_ABSENT};
	return (struct column_number){.is = NUMBER_KNOWN, .n = json_object_get_int64(v)};
}

void cut_text(char *out, size_t n, const char *s)
{
	size_t len = strlen(s);

	if (len >= n)
		for (len = n - 1; len && ((unsigned char)s[len] & 0xc0) == 0x80;)
			len--;
	memcpy(out, s, len);
	out[len] = 0;
}

void record_take(char *out, size_t n, struct json_object *o, const char *key)
{
	struct buf safe = {0};
	const char *s = record_text(o, key);

	text_safe(&safe, s, strlen(s));
	cut_text(out, n, buf_str(&safe));
	for (; *out; out++)
		if (*out == '\n' || *out == '\t')
			*out = ' ';
	buf_fini(&safe);
}

int64_t time_seconds(const char *s)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	struct tm tm = {0};
	time_t seconds;
	int day;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return -1;
	if (!strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return -1;
	day = tm.tm_mday;
	seconds = timegm(&tm); /* makes the 1st of December of the 31st of November */
	return tm.tm_mday == day ? (int64_t)seconds : -1;
}

void record_time(char *out, size_t n, struct json_object *o, const char *key)
{
	const char *s = record_text(o, key);

	snprintf(out, n, "%s", time_seconds(s) < 0 ? "" : s);
}

char *record_long(struct json_object *o, const char *key)
{
	struct buf safe = {0};
	const char *s = record_text(o, key);
	char *copy;

	if (!*s)
		return NULL;
	text_safe(&safe, s, strlen(s));
	copy = strdup(buf_str(&safe));
	buf_fini(&safe);
	return copy;
}

char *record_words(struct json_object *o, const char *key, bool shell)
{
	struct json_object *words = record_member(o, key);
	struct buf all = {0}, safe = {0};
	char *copy = NULL;

	for (size_t i = 0; json_object_is_type(words, json_type_array) && i < json_object_array_length(words);
	     i++) {
		struct json_object *word = json_object_array_get_idx(words, i);
		const char *s =
			json_object_is_type(word, json_type_string) ? json_object_get_string(word) : "";

		buf_reset(&safe);
		text_safe(&safe, s, strlen(s));
		if (all.n)
			buf_puts(&all, " ");
		if (shell)
			text_shell(&all, buf_str(&safe));
		else
			buf_puts(&all, buf_str(&safe));
	}
	if (all.n)
		copy = strdup(buf_str(&all));
	buf_fini(&all);
	buf_fini(&safe);
	return copy;
}
