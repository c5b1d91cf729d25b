/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines_impl.h"

#define MOST 1000000 /* elements of any array: a kernel's unit has some ten thousand */

bool lines_room(void **array, size_t *cap, size_t n, size_t size)
{
	size_t more = *cap ? 2 * *cap : 256;
	void *p;

	if (n < *cap)
		return true;
	p = n < MOST ? realloc(*array, more * size) : NULL;
	if (!p)
		return false;
	*array = p;
	*cap = more;
	return true;
}

static int by_line(const void *a, const void *b)
{
	const struct lines_piece *pa = a, *pb = b;

	if (pa->function != pb->function)
		return pa->function < pb->function ? -1 : 1;
	if (pa->line != pb->line)
		return pa->line < pb->line ? -1 : 1;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct lines_piece *pa = a, *pb = b;

	if (pa->start != pb->start)
		return pa->start < pb->start ? -1 : 1;
	return pa->end < pb->end ? -1 : pa->end > pb->end;
}

/* The table of lines from the pieces, and the pieces in the order of their addresses. */
static bool make_lines(struct lines *l)
{
	l->line = calloc(l->n_pieces + 1, sizeof(*l->line));
	l->range = calloc(l->n_pieces + 1, sizeof(*l->range));
	if (!l->line || !l->range)
		return false;
	if (l->n_pieces)
		qsort(l->piece, l->n_pieces, sizeof(*l->piece), by_line);
	for (size_t i = 0; i < l->n_pieces; i++) {
		struct lines_piece *p = &l->piece[i];

		if (!i || by_line(p, p - 1))
			l->line[l->n_lines++] = (struct lines_line){p->function, p->line, false, false};
		p->nth = l->n_lines - 1;
	}
	if (l->n_pieces)
		qsort(l->piece, l->n_pieces, sizeof(*l->piece), by_address);
	for (size_t i = 0; i < l->n_pieces; i++) {
		const struct lines_piece *p = &l->piece[i];
		struct lines_range *last = l->n_ranges ? &l->range[l->n_ranges - 1] : NULL;

		if (!last || p->start > last->end)
			l->range[l->n_ranges++] = (struct lines_range){p->start, p->end};
		else if (p->end > last->end)
			last->end = p->end;
	}
	return true;
}

struct lines *lines_open(const char *path, const struct lines_function *function, unsigned n, char *why,
			 size_t size)
{
	struct lines *l = calloc(1, sizeof(*l));
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = fd < 0 ? -errno : 0;
	char what[256] = "";

	if (l) {
		l->function = function;
		l->n_functions = n;
		l->has = calloc(n + 1, sizeof(*l->has));
	}
	if (!l || !l->has)
		ret = -ENOMEM;
	if (!ret)
		ret = lines_read(l, fd, what, sizeof(what));
	if (!ret && !make_lines(l))
		ret = -ENOMEM;
	if (fd >= 0)
		close(fd);
	if (!ret)
		return l;
	snprintf(why, size, "%s: %s", path, *what ? what : strerror(-ret));
	lines_close(l);
	return NULL;
}

void lines_close(struct lines *l)
{
	if (!l)
		return;
	free(l->has);
	free(l->piece);
	free(l->line);
	free(l->range);
	free(l->body);
	free(l->site);
	free(l);
}

bool lines_has(const struct lines *l, unsigned function)
{
	return function < l->n_functions && l->has[function];
}

const struct lines_range *lines_ranges(const struct lines *l, size_t *n)
{
	*n = l->n_ranges;
	return l->range;
}

const struct lines_line *lines_all(struct lines *l, size_t *n)
{
	for (size_t i = 0; i < l->n_lines; i++) {
		l->line[i].reached = false;
		l->line[i].whole = true;
	}
	for (size_t i = 0; i < l->n_pieces; i++) {
		l->line[l->piece[i].nth].reached |= l->piece[i].reached;
		l->line[l->piece[i].nth].whole &= l->piece[i].reached;
	}
	*n = l->n_lines;
	return l->line;
}

void lines_mark(struct lines *l, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < l->n_pieces && l->piece[i].start < end; i++)
		if (l->piece[i].end > start)
			l->piece[i].reached = true;
}

static const struct lines_body *body_of(const struct lines *l, uint64_t address)
{
	for (size_t i = 0; i < l->n_bodies; i++)
		if (address >= l->body[i].start && address < l->body[i].end)
			return &l->body[i];
	return NULL;
}

static void mark_site(struct lines *l, size_t i)
{
	const struct lines_body *b = body_of(l, l->site[i].start);
	uint64_t start = l->site[i].start, end;

	if (!b)
		return;
	end = i + 1 < l->n_sites && l->site[i + 1].start < b->end ? l->site[i + 1].start : b->end;
	if (b->entry && (!i || l->site[i - 1].start < b->start))
		start = b->start;
	lines_mark(l, start, end);
}

static int compare_end(const void *key, const void *site)
{
	uint64_t x = *(const uint64_t *)key, y = ((const struct lines_site *)site)->end;

	return x < y ? -1 : x > y;
}

int lines_mark_kcov(struct lines *l, const uint64_t *pc, size_t n, char *why, size_t size)
{
	bool *covered = calloc(l->n_sites + 1, sizeof(*covered));

	if (!covered || !l->n_sites) {
		free(covered);
		snprintf(why, size, "%s",
			 l->n_sites ? "out of memory"
				    : "expected a kernel built with KCOV, found no call of "
				      "__sanitizer_cov_trace_pc in these functions");
		return l->n_sites ? -ENOMEM : -ENOENT;
	}
	for (size_t i = 0; i < n; i++) {
		struct lines_site *site = bsearch(&pc[i], l->site, l->n_sites, sizeof(*site), compare_end);

		if (site)
			covered[site - l->site] = true;
	}
	for (size_t i = 0; i < l->n_sites; i++)
		if (covered[i])
			mark_site(l, i);
	free(covered);
	return 0;
}
