/* SPDX-License-Identifier: MIT */
#include "json_in.h"

#include <stdio.h>
#include <string.h>

static const struct jin *root_of(const struct jin *in)
{
	while (in->up)
		in = in->up;
	return in;
}

static void put_place(struct buf *out, const struct jin *in)
{
	if (!in->up)
		return;
	put_place(out, in->up);
	if (!in->key)
		buf_printf(out, "[%u]", in->index);
	else
		buf_printf(out, "%s%s", out->n ? "." : "", in->key);
}

/* At most 40 bytes of what stands there, on one line. */
static void put_found(struct buf *out, const char *s, size_t n)
{
	size_t max = n > 40 ? 37 : n;

	for (size_t i = 0; i < max; i++)
		buf_printf(out, "%c", s[i] >= ' ' && s[i] <= '~' ? s[i] : '?');
	if (n > max)
		buf_puts(out, "...");
}

static bool complain(const struct jin *in, const char *text)
{
	struct buf b = {0};

	put_place(&b, in);
	snprintf(root_of(in)->err, JIN_ERR, "%s%s%s", buf_str(&b), b.n ? ": " : "", text);
	buf_fini(&b);
	return false;
}

bool jin_refuse(const struct jin *in, const char *sentence)
{
	return complain(in, sentence);
}

bool jin_fail(const struct jin *in, const char *expected, struct json_object *found)
{
	struct buf b = {0};
	const char *s = found ? json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN |
									      JSON_C_TO_STRING_NOSLASHESCAPE)
			      : "nothing";

	buf_printf(&b, "expected %s, found ", expected);
	put_found(&b, s ? s : "?", s ? strlen(s) : 1);
	complain(in, buf_str(&b));
	buf_fini(&b);
	return false;
}

struct json_object *jin_line(struct json_tokener *tok, const char *line, size_t n, char err[JIN_ERR])
{
	struct json_object *o = NULL;
	struct buf b = {0};
	const char *why = "an object, found ";

	if (n && line[n - 1] == '\r')
		n--;
	json_tokener_reset(tok);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	if (n)
		o = json_tokener_parse_ex(tok, line, (int)n);
	/* A number or an unclosed object is not complete before the end is seen. */
	if (n && json_tokener_get_error(tok) == json_tokener_success &&
	    json_tokener_get_parse_end(tok) == n && json_object_is_type(o, json_type_object))
		return o;
	if (n && json_tokener_get_error(tok) == json_tokener_continue)
		why = "an object that is closed, found ";
	buf_printf(&b, "expected %s", n ? why : "an object, found an empty line");
	if (n && !o && json_tokener_get_error(tok) > json_tokener_continue)
		buf_printf(&b, "(%s at byte %zu) ", json_tokener_error_desc(json_tokener_get_error(tok)),
			   json_tokener_get_parse_end(tok));
	put_found(&b, line, n);
	snprintf(err, JIN_ERR, "%s", buf_str(&b));
	buf_fini(&b);
	json_object_put(o);
	return NULL;
}

bool jin_has(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && v;
}

/* The member, which may be NULL (absent, or null). */
static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	return v;
}

bool jin_int(const struct jin *in, struct json_object *o, const char *key, int64_t lo, int64_t hi,
	     int64_t *value)
{
	struct jin at = {.up = in, .key = key};
	struct json_object *v = member(o, key);
	char expected[80];

	if (json_object_is_type(v, json_type_int)) {
		*value = json_object_get_int64(v);
		/* What lies above INT64_MAX is read as INT64_MAX. */
		if (*value >= lo && *value <= hi &&
		    (*value != INT64_MAX || json_object_get_uint64(v) == INT64_MAX))
			return true;
	}
	if (lo == hi)
		snprintf(expected, sizeof(expected), "%lld", (long long)lo);
	else
		snprintf(expected, sizeof(expected), "an integer from %lld to %lld", (long long)lo,
			 (long long)hi);
	return jin_fail(&at, expected, v);
}

bool jin_int32(const struct jin *in, struct json_object *o, const char *key, int32_t *value)
{
	int64_t v;

	if (!jin_int(in, o, key, INT32_MIN, INT32_MAX, &v))
		return false;
	*value = (int32_t)v;
	return true;
}

bool jin_bool(const struct jin *in, struct json_object *o, const char *key, bool *value)
{
	struct jin at = {.up = in, .key = key};
	struct json_object *v = member(o, key);

	*value = v && json_object_get_boolean(v);
	return !v || json_object_is_type(v, json_type_boolean) ? true : jin_fail(&at, "true or false", v);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

bool jin_hex(const struct jin *in, struct json_object *o, const char *key, uint8_t *bytes, size_t max,
	     size_t *n)
{
	struct jin at = {.up = in, .key = key};
	struct json_object *v = member(o, key);
	char expected[80];
	const char *s;
	size_t len;

	if (!json_object_is_type(v, json_type_string))
		return jin_fail(&at, "a string of hex digits", v);
	s = json_object_get_string(v);
	len = (size_t)json_object_get_string_len(v);
	if (len & 1)
		return jin_fail(&at, "an even number of hex digits", v);
	if (len / 2 > max) {
		snprintf(expected, sizeof(expected), "at most %zu bytes in hex", max);
		return jin_fail(&at, expected, v);
	}
	for (size_t i = 0; i < len; i += 2) {
		int hi = hex_digit(s[i]), lo = hex_digit(s[i + 1]);

		if (hi < 0 || lo < 0)
			return jin_fail(&at, "a string of hex digits", v);
		bytes[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	*n = len / 2;
	return true;
}

bool jin_text(const struct jin *in, struct json_object *o, const char *key, char *text, size_t size)
{
	struct jin at = {.up = in, .key = key};
	struct json_object *v = member(o, key);

	if (!json_object_is_type(v, json_type_string))
		return jin_fail(&at, "a string", v);
	snprintf(text, size, "%s", json_object_get_string(v));
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
	return true;
}

bool jin_word(const struct jin *in, struct json_object *o, const char *key, const char *const *words,
	      unsigned n, unsigned *value)
{
	struct jin at = {.up = in, .key = key};
	struct json_object *v = member(o, key);
	struct buf expected = {0};

	for (unsigned i = 0; i < n && json_object_is_type(v, json_type_string); i++)
		if (words[i] && !strcmp(words[i], json_object_get_string(v))) {
			*value = i;
			return true;
		}
	for (unsigned i = 0; i < n; i++)
		if (words[i])
			buf_printf(&expected, "%s\"%s\"", expected.n ? " or " : "", words[i]);
	jin_fail(&at, buf_str(&expected), v);
	buf_fini(&expected);
	return false;
}

bool jin_object(const struct jin *in, struct json_object *o, const char *key, struct json_object **value)
{
	struct jin at = {.up = in, .key = key};

	*value = member(o, key);
	return json_object_is_type(*value, json_type_object) ? true : jin_fail(&at, "an object", *value);
}

bool jin_array(const struct jin *in, struct json_object *o, const char *key, unsigned max,
	       struct json_object **value, unsigned *n)
{
	struct jin at = {.up = in, .key = key};
	char expected[64];
	size_t len;

	*value = member(o, key);
	if (!json_object_is_type(*value, json_type_array))
		return jin_fail(&at, "a list", *value);
	len = json_object_array_length(*value);
	if (len > max) {
		snprintf(expected, sizeof(expected), "a list of at most %u", max);
		return jin_fail(&at, expected, *value);
	}
	for (size_t i = 0; i < len; i++) {
		struct jin el = {.up = &at, .index = (unsigned)i};
		struct json_object *v = json_object_array_get_idx(*value, i);

		if (!json_object_is_type(v, json_type_object))
			return jin_fail(&el, "an object", v);
	}
	*n = (unsigned)len;
	return true;
}

void json_put_text(struct buf *out, const char *s)
{
	buf_puts(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_puts(out, "\\");
		buf_add(out, *s >= ' ' && *s <= '~' ? s : "?", 1);
	}
	buf_puts(out, "\"");
}

void json_put_hex(struct buf *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char text[128];

	buf_puts(out, "\"");
	for (size_t i = 0, k; i < n; i += k / 2) {
		for (k = 0; k < sizeof(text) && i + k / 2 < n; k += 2) {
			text[k] = digits[bytes[i + k / 2] >> 4];
			text[k + 1] = digits[bytes[i + k / 2] & 15];
		}
		buf_add(out, text, k);
	}
	buf_puts(out, "\"");
}
