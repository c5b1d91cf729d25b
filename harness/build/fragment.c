/* SPDX-License-Identifier: MIT */
#include "fragment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernels/files.h"

#define LINES_MAX 4000

/* Characters of an option's name, CONFIG_ and all. */
static size_t name_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

/* y, m, n, a number, "a string": its length, or 0. */
static size_t value_length(const char *s, size_t n)
{
	const char *end;

	if (*s != '"')
		return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
	end = memchr(s + 1, '"', n ? n - 1 : 0);
	return end ? (size_t)(end - s) + 1 : 0;
}

static int put(struct fragments *f, const char *name, size_t name_n, const char *value, size_t value_n,
	       bool maybe)
{
	struct fragment_line l = {strndup(name, name_n), value ? strndup(value, value_n) : NULL, maybe};
	unsigned at = 0;

	if (!l.name || (value && !l.value))
		goto fail;
	while (at < f->n && strcmp(f->line[at].name, l.name))
		at++;
	if (at == f->cap) {
		unsigned cap = f->cap ? 2 * f->cap : 128;
		struct fragment_line *more = realloc(f->line, cap * sizeof(*more));

		if (!more)
			goto fail;
		f->line = more;
		f->cap = cap;
	}
	if (at < f->n) {
		free(f->line[at].name);
		free(f->line[at].value);
	} else {
		f->n++;
	}
	f->line[at] = l;
	return 0;
fail:
	free(l.name);
	free(l.value);
	return -ENOMEM;
}

/* After an option's line only its reason may follow. */
static bool only_reason(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s == end || *s == '#';
}

static int parse_line(struct fragments *f, const char *s, const char *end)
{
	static const char off[] = "# CONFIG_", is_off[] = " is not set";
	bool maybe = *s == '?', make = *s == '@';
	size_t name, value;

	if (!strncmp(s, off, sizeof(off) - 1)) {
		name = 7 + name_length(s + sizeof(off) - 1);
		if (strncmp(s + 2 + name, is_off, sizeof(is_off) - 1))
			return 0; /* a comment */
		s += 2;
		return only_reason(s + name + sizeof(is_off) - 1, end) ? put(f, s, name, NULL, 0, false)
								       : -EINVAL;
	}
	if (s == end || *s == '#')
		return 0;
	s += maybe || make;
	name = make ? strcspn(s, "= \t\n") : name_length(s);
	if (!name || s[name] != '=' || (!make && strncmp(s, "CONFIG_", 7)))
		return -EINVAL;
	value = value_length(s + name + 1, (size_t)(end - s) - name - 1);
	if (!value || !only_reason(s + name + 1 + value, end))
		return -EINVAL;
	if (!make)
		return put(f, s, name, s + name + 1, value, maybe);
	buf_add(&f->make, s, name + 1 + value);
	buf_add(&f->make, "", 1);
	f->n_make++;
	return f->make.failed ? -ENOMEM : 0;
}

int fragment_parse(struct fragments *f, const char *name, const char *text, char *why, size_t n)
{
	unsigned number = 0;

	for (const char *s = text; *s;) {
		const char *end = s + strcspn(s, "\n");
		int ret = ++number > LINES_MAX ? -EFBIG : parse_line(f, s, end);

		if (ret == -EINVAL)
			snprintf(why, n,
				 "%s:%u: expected CONFIG_NAME=VALUE or '# CONFIG_NAME is not set', then '# "
				 "reason', found '%.*s'",
				 name, number, (int)(end - s > 80 ? 80 : end - s), s);
		else if (ret)
			snprintf(why, n, "%s: %s", name,
				 ret == -EFBIG ? "expected at most 4000 lines" : "out of memory");
		if (ret)
			return ret;
		s = end + (*end == '\n');
	}
	return 0;
}

int fragment_read(struct fragments *f, const char *path, char *why, size_t n)
{
	struct buf text = {0};
	int ret = file_read(path, &text);

	if (ret)
		snprintf(why, n, "%s: %s", path, strerror(-ret));
	else if (memchr(buf_str(&text), 0, text.n))
		snprintf(why, n, "%s: expected a configuration in text, found a NUL byte", path),
			ret = -EINVAL;
	else
		ret = fragment_parse(f, path, buf_str(&text), why, n);
	buf_fini(&text);
	return ret;
}

void fragment_print(const struct fragments *f, struct buf *out)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->line[i].value)
			buf_printf(out, "%s=%s\n", f->line[i].name, f->line[i].value);
		else
			buf_printf(out, "# %s is not set\n", f->line[i].name);
}

/* The value of an option in a .config: its text up to the newline, or NULL. */
static const char *value_in(const char *config, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = config; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, name, n) && s[n] == '=')
			return s + n + 1;
	return NULL;
}

bool fragment_took(const struct fragments *f, const char *config,
		   bool (*knows)(void *arg, const char *option), void *arg, char *why, size_t n)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct fragment_line *l = &f->line[i];
		const char *is = value_in(config, l->name);
		size_t len = is ? strcspn(is, "\n") : 0;

		if (!l->value && !is)
			continue;
		if (l->value && is && strlen(l->value) == len && !memcmp(is, l->value, len))
			continue;
		if (l->maybe || (!is && !knows(arg, l->name)))
			continue;
		snprintf(why, n, "%s: expected %s, found %.*s: something that it depends on is off", l->name,
			 l->value ? l->value : "off", is ? (int)(len > 60 ? 60 : len) : 3, is ? is : "off");
		return false;
	}
	return true;
}

void fragment_fini(struct fragments *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		free(f->line[i].name);
		free(f->line[i].value);
	}
	free(f->line);
	buf_fini(&f->make);
	*f = (struct fragments){0};
}
