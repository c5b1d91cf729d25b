/* SPDX-License-Identifier: MIT */
#include "splat.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

int splat_channel = -1;

/* ---- the file of known ones ---- */

struct line {
	const char *p, *end, *start, *file;
	int number;
	struct diag *d;
};

static int expected(const struct line *l, const char *what)
{
	char word[41];
	size_t n = 0;

	for (; l->p + n < l->end && n < 40 && l->p[n] != ' ' && l->p[n] != '\t'; n++)
		word[n] = l->p[n] >= ' ' && l->p[n] < 0x7f ? l->p[n] : '?';
	word[n] = 0;
	diag_set(l->d, l->file, l->number, (int)(l->p - l->start) + 1,
		 n ? "expected %s, found '%s'" : "expected %s, found the end of the line%s", what, word);
	return -EINVAL;
}

static void skip_blanks(struct line *l)
{
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
}

static int take_quoted(struct line *l, const char *what, char **out)
{
	const char *close;

	skip_blanks(l);
	close = l->p < l->end && *l->p == '"' ? memchr(l->p + 1, '"', (size_t)(l->end - l->p) - 1) : NULL;
	if (!close || close == l->p + 1)
		return expected(l, what);
	*out = strndup(l->p + 1, (size_t)(close - l->p) - 1);
	l->p = close + 1;
	return *out ? 0 : -ENOMEM;
}

static int take_word(struct line *l, const char *what, char **out)
{
	const char *from;

	skip_blanks(l);
	from = l->p;
	if (from == l->end || *from == '#' || *from == '"')
		return expected(l, what);
	while (l->p < l->end && *l->p != ' ' && *l->p != '\t')
		l->p++;
	*out = strndup(from, (size_t)(l->p - from));
	return *out ? 0 : -ENOMEM;
}

static void row_fini(struct splat_allowed *r)
{
	free(r->words);
	free(r->kernel);
	free(r->reason);
	free(r->link);
}

static int parse_line(struct line *l, struct splat_allowed *r)
{
	int err = take_quoted(l, "words of the complaint's first line in double quotes", &r->words);

	if (!err)
		err = take_word(l, "a glob of kernel releases such as 6.1.* or *", &r->kernel);
	if (!err)
		err = take_quoted(l, "the reason in double quotes", &r->reason);
	if (!err)
		err = take_word(l, "a link that explains it", &r->link);
	skip_blanks(l);
	if (!err && l->p < l->end && *l->p != '#')
		err = expected(l, "the end of the line");
	return err;
}

int splat_list_parse(struct splat_list *l, const char *file, const char *text, size_t n, struct diag *d)
{
	struct line at = {.file = file, .d = d};
	int err = 0;

	*l = (struct splat_list){0};
	for (const char *p = text, *end = text + n, *next; p < end && !err; p = next) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *nul;
		struct splat_allowed row = {0}, *grown;

		next = newline ? newline + 1 : end;
		at.start = at.p = p;
		at.end = newline ? newline : end;
		at.number++;
		nul = memchr(p, 0, (size_t)(at.end - p));
		if (nul) {
			at.p = nul;
			err = expected(&at, "text without NUL bytes");
			break;
		}
		skip_blanks(&at);
		if (at.p == at.end || *at.p == '#')
			continue;
		if (l->n == SPLAT_ALLOW) {
			err = expected(&at, "at most 64 rows");
			break;
		}
		err = parse_line(&at, &row);
		grown = err ? NULL : realloc(l->row, (l->n + 1) * sizeof(row));
		if (grown) {
			l->row = grown;
			l->row[l->n++] = row;
			continue;
		}
		row_fini(&row);
		if (!err)
			err = -ENOMEM;
	}
	if (err == -ENOMEM)
		diag_set(d, file, 0, 0, "out of memory");
	if (err)
		splat_list_fini(l);
	return err;
}

int splat_list_load(struct splat_list *l, const char *path, struct diag *d)
{
	static char text[65536];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
	int err = !f || ferror(f) ? -errno : n == sizeof(text) ? -EFBIG : 0;

	*l = (struct splat_list){0};
	if (f)
		fclose(f);
	if (err)
		diag_set(d, path, 0, 0, "%s", strerror(-err));
	return err ? err : splat_list_parse(l, path, text, n, d);
}

void splat_list_fini(struct splat_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		row_fini(&l->row[i]);
	free(l->row);
	*l = (struct splat_list){0};
}

/* ---- the log ---- */

bool splat_begins(const char *line)
{
	static const char *const first[] = {"WARNING: ",
					    "BUG: ",
					    "UBSAN: ",
					    "KASAN: ",
					    "KCSAN: ",
					    "KMSAN: ",
					    "Oops: ",
					    "refcount_t: ",
					    "INFO: rcu",
					    "kernel BUG at ",
					    "divide error: ",
					    "general protection fault",
					    "unregister_netdevice: waiting for "};
	static const char *const within[] = {"blocked for more than", "detected stall",
					     "self-detected stall",   "detected expedited stall",
					     "soft lockup",	      "kmemleak: "};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (!strncmp(line, first[i], strlen(first[i])))
			return true;
	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++)
		if (strstr(line, within[i]))
			return true;
	return false;
}

static bool is_allowed(struct splats *s, const char *line)
{
	for (size_t i = 0; i < s->n_allowed; i++)
		if (strstr(line, s->allowed[i].words) && !fnmatch(s->allowed[i].kernel, s->release, 0))
			return true;
	return false;
}

static void keep(struct splats *s, const char *line)
{
	if (s->text.n > SPLAT_TEXT)
		return;
	for (const char *p = line; *p; p++)
		buf_printf(&s->text, (*p < ' ' || *p > '~') && *p != '\t' ? "\\x%02x" : "%c",
			   (unsigned char)*p);
	buf_puts(&s->text, "\n");
}

bool splats_line(struct splats *s, const char *from, size_t n)
{
	char line[512];

	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	memcpy(line, from, n);
	line[n] = 0;
	if (strlen(line) < n)
		return false; /* a NUL: not the kernel's own text */
	if (splat_begins(line)) {
		s->open = !is_allowed(s, line);
		if (!s->open) {
			s->allowed_n++;
			return false;
		}
		s->n++;
		buf_reset(&s->text);
		keep(s, line);
		return true;
	}
	if (s->open)
		keep(s, line);
	if (strstr(line, "---[ end trace"))
		s->open = false;
	return false;
}

int splats_open(struct splats *s, const struct splat_list *l)
{
	struct utsname u;

	*s = (struct splats){.log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
	if (s->log < 0)
		return -errno;
	lseek(s->log, 0, SEEK_END);
	if (!uname(&u))
		snprintf(s->release, sizeof(s->release), "%s", u.release);
	s->allowed = l ? l->row : NULL;
	s->n_allowed = l ? l->n : 0;
	return 0;
}

void splats_close(struct splats *s)
{
	if (s->log >= 0)
		close(s->log);
	s->log = -1;
	buf_fini(&s->text);
}

/* A record is "level,number,time,flags;text\n KEY=value\n": one read gives one. */
bool splats_poll(struct splats *s)
{
	char record[8192];
	bool found = false;

	if (s->log < 0)
		return false;
	for (unsigned i = 0; i < 10000; i++) { /* a kernel that complains without end must not hold us */
		ssize_t n = read(s->log, record, sizeof(record));
		char *text, *end;

		if (n < 0 && errno == EPIPE)
			continue; /* we were too slow, and some were lost */
		if (n <= 0)
			break;
		text = memchr(record, ';', (size_t)n);
		end = text ? memchr(text, '\n', (size_t)(record + n - text)) : NULL;
		if (end)
			found |= splats_line(s, text + 1, (size_t)(end - text) - 1);
	}
	return found;
}

void splat_tell(const char *running, const struct splats *s)
{
	char message[8000];
	size_t head, n;

	if (splat_channel < 0)
		return;
	head = (size_t)snprintf(message, sizeof(message) / 4, "%s", running);
	if (head >= sizeof(message) / 4)
		head = sizeof(message) / 4 - 1;
	n = s->text.n < sizeof(message) - head - 1 ? s->text.n : sizeof(message) - head - 1;
	memcpy(message + head + 1, buf_str(&s->text), n);
	send(splat_channel, message, head + 1 + n, MSG_DONTWAIT | MSG_NOSIGNAL);
}
