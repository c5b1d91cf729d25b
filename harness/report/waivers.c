/* SPDX-License-Identifier: MIT */
#include "waivers.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../oracle/clauses.h"
#include "text.h"

/* The rest of one line, and where it stands. */
struct line {
	const char *p, *end, *start;
	const char *file;
	int number;
	struct diag *diag;
};

/* Fills the diag: "expected X, found Y", Y being the next word of the line. Returns -EINVAL. */
static int expected(const struct line *l, const char *what)
{
	size_t n = 0;
	struct buf found = {0};

	while (l->p + n < l->end && n < 40 && l->p[n] != ' ' && l->p[n] != '\t')
		n++;
	text_safe(&found, l->p, n);
	diag_set(l->diag, l->file, l->number, (int)(l->p - l->start) + 1,
		 n ? "expected %s, found '%s'" : "expected %s, found the end of the line%s", what,
		 buf_str(&found));
	buf_fini(&found);
	return -EINVAL;
}

static void skip_blanks(struct line *l)
{
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
}

/* A comment needs a blank before its #, so that a link may hold one. */
static bool at_end(struct line *l)
{
	skip_blanks(l);
	return l->p == l->end || *l->p == '#';
}

static size_t word_length(const struct line *l)
{
	size_t n = 0;

	while (l->p + n < l->end && l->p[n] != ' ' && l->p[n] != '\t')
		n++;
	return n;
}

static int take_word(struct line *l, const char *what, char **out)
{
	size_t n;

	if (at_end(l) || *l->p == '"')
		return expected(l, what);
	n = word_length(l);
	*out = strndup(l->p, n);
	l->p += n;
	return *out ? 0 : -ENOMEM;
}

static int take_clause(struct line *l, struct waiver *w)
{
	char name[64];
	size_t n;
	int clause;

	w->hook = HOOK_COUNT;
	if (l->end - l->p > 4 && !strncmp(l->p, "get:", 4))
		w->hook = HOOK_GET;
	else if (l->end - l->p > 4 && !strncmp(l->p, "set:", 4))
		w->hook = HOOK_SET;
	if (w->hook != HOOK_COUNT)
		l->p += 4;
	n = word_length(l);
	if (n >= sizeof(name))
		return expected(l, "a clause's id (hookdiff clauses lists them)");
	memcpy(name, l->p, n);
	name[n] = 0;
	clause = clause_find(name);
	if (clause <= 0)
		return expected(l, "a clause's id (hookdiff clauses lists them)");
	w->clause = (unsigned)clause;
	l->p += n;
	return 0;
}

static int take_reason(struct line *l, struct waiver *w)
{
	const char *close;

	if (at_end(l) || *l->p != '"')
		return expected(l, "the reason in double quotes");
	close = memchr(l->p + 1, '"', (size_t)(l->end - l->p) - 1);
	if (!close) {
		l->p = l->end;
		return expected(l, "a double quote that ends the reason");
	}
	if (close == l->p + 1)
		return expected(l, "a reason that is not empty");
	w->reason = strndup(l->p + 1, (size_t)(close - l->p) - 1);
	l->p = close + 1;
	return w->reason ? 0 : -ENOMEM;
}

/* 2027-06-30 -> 20270630; 0 if it is no day. */
static uint32_t day(const char *s)
{
	static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned y, m, d;
	int n = 0;

	if (strspn(s, "0123456789-") != 10 || sscanf(s, "%4u-%2u-%2u%n", &y, &m, &d, &n) != 3 || n != 10 ||
	    s[n])
		return 0;
	if (!m || m > 12 || !d || d > days[m - 1] ||
	    (m == 2 && d == 29 && (y % 4 || (!(y % 100) && y % 400))))
		return 0;
	return y * 10000 + m * 100 + d;
}

static int take_expiry(struct line *l, struct waiver *w)
{
	static const char what[] = "its last day such as 2027-06-30, or never";
	const char *start;
	char *word = NULL;
	int err;

	at_end(l);
	start = l->p;
	err = take_word(l, what, &word);
	if (err || !word)
		return err;
	w->expiry = day(word);
	if (!w->expiry && strcmp(word, "never")) {
		l->p = start;
		err = expected(l, what);
	}
	free(word);
	return err;
}

static int parse_line(struct line *l, struct waiver *w)
{
	int err = take_clause(l, w);

	if (!err)
		err = take_word(l, "a glob of kernel releases such as 6.1.* or *", &w->kernel);
	if (!err)
		err = take_reason(l, w);
	if (!err)
		err = take_word(l, "a link that explains it", &w->link);
	if (!err)
		err = take_word(l, "its owner", &w->owner);
	if (!err)
		err = take_expiry(l, w);
	if (!err && !at_end(l))
		err = expected(l, "the end of the line");
	return err;
}

void waiver_fini(struct waiver *w)
{
	free(w->kernel);
	free(w->reason);
	free(w->link);
	free(w->owner);
	w->kernel = w->reason = w->link = w->owner = NULL;
}

int waivers_parse(struct waivers *w, const char *file, const char *text, size_t len, struct diag *diag)
{
	struct line l = {.file = file, .diag = diag, .end = text};
	const char *end = text + len;
	int err = 0;

	*w = (struct waivers){0};
	for (const char *p = text, *next; p < end && !err; p = next) {
		struct waiver row = {0}, *grown;
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *bad;
		size_t n;

		next = newline ? newline + 1 : end;
		l.start = l.p = p;
		n = (size_t)((newline ? newline : end) - p);
		if (n && p[n - 1] == '\r')
			n--;
		l.end = p + n;
		l.number++;
		bad = memchr(p, 0, n);
		if (bad) {
			l.p = bad;
			err = expected(&l, "text without NUL bytes");
			break;
		}
		if (!at_end(&l)) {
			if (w->n == WAIVERS_MAX) {
				err = expected(&l, "at most 256 waivers");
				break;
			}
			row.line = l.number;
			err = parse_line(&l, &row);
			grown = err ? NULL : realloc(w->row, (w->n + 1) * sizeof(row));
			if (grown) {
				w->row = grown;
				w->row[w->n++] = row;
			} else {
				if (!err)
					err = -ENOMEM;
				waiver_fini(&row);
			}
		}
	}
	if (err == -ENOMEM)
		diag_set(diag, file, 0, 0, "out of memory");
	if (err)
		waivers_fini(w);
	return err;
}

int waivers_load(struct waivers *w, const char *path, struct diag *diag)
{
	char *text = NULL;
	size_t n;
	int err = 0;
	FILE *f = fopen(path, "re");

	*w = (struct waivers){0};
	if (!f) {
		err = -errno;
		diag_set(diag, path, 0, 0, "%s", strerror(-err));
		return err;
	}
	text = malloc(WAIVERS_MAX_BYTES + 1);
	if (!text) {
		err = -ENOMEM;
		diag_set(diag, path, 0, 0, "out of memory");
		goto out;
	}
	n = fread(text, 1, WAIVERS_MAX_BYTES + 1, f);
	if (ferror(f)) {
		err = errno ? -errno : -EIO;
		diag_set(diag, path, 0, 0, "%s", strerror(-err));
	} else if (n > WAIVERS_MAX_BYTES) {
		err = -EFBIG;
		diag_set(diag, path, 0, 0, "expected a waiver file of at most %d bytes, found more",
			 WAIVERS_MAX_BYTES);
	} else {
		err = waivers_parse(w, path, text, n, diag);
	}
out:
	free(text);
	fclose(f);
	return err;
}

struct waiver *waivers_match(struct waivers *w, unsigned clause, enum hook hook, const char *release)
{
	for (size_t i = 0; i < w->n; i++) {
		struct waiver *row = &w->row[i];

		if (row->clause == clause && (row->hook == HOOK_COUNT || row->hook == (int)hook) &&
		    !fnmatch(row->kernel, release, 0)) {
			row->used++;
			return row;
		}
	}
	return NULL;
}

bool waiver_expired(const struct waiver *w, int64_t t)
{
	time_t seconds = (time_t)t;
	struct tm tm;

	if (!w->expiry || !gmtime_r(&seconds, &tm))
		return false;
	return w->expiry < (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static bool same_text(const char *a, const char *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	text_safe(&x, a, strlen(a));
	text_safe(&y, b, strlen(b));
	same = !strcmp(buf_str(&x), buf_str(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

bool waiver_same(const struct waiver *a, const struct waiver *b)
{
	if (a->line != b->line)
		return false;
	if (!a->kernel || !b->kernel)
		return true;
	return a->clause == b->clause && a->hook == b->hook && a->expiry == b->expiry &&
	       same_text(a->kernel, b->kernel) && same_text(a->reason, b->reason) &&
	       same_text(a->link, b->link) && same_text(a->owner, b->owner);
}

void waivers_fini(struct waivers *w)
{
	for (size_t i = 0; i < w->n; i++)
		waiver_fini(&w->row[i]);
	free(w->row);
	*w = (struct waivers){0};
}
