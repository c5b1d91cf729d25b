/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"
#include "column_json.h"
#include "replay.h"

void reading_init(struct reading *r)
{
	memset(r, 0, sizeof(*r));
}

void reading_fini(struct reading *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		column_fini(r->column[i]);
		free(r->column[i]);
		free(r->file[i]);
	}
	free(r->column);
	free(r->waivers.row);
	memset(r, 0, sizeof(*r));
}

/* "cannot read PATH: WHAT", with the path safe to print. */
static int refuse(char *why, size_t size, int err, const char *path, const char *what)
{
	struct buf b = {0};

	buf_puts(&b, "cannot read ");
	text_safe(&b, path, strlen(path));
	buf_printf(&b, ": %s", what);
	cut_text(why, size, buf_str(&b));
	buf_fini(&b);
	return err;
}

/* Room for one more. */
static int grow(struct reading *r, char *why, size_t size, const char *path)
{
	struct column **grown;

	if (r->n == READING_KERNELS)
		return refuse(why, size, -E2BIG, path, "there are more than 256 kernels");
	grown = realloc(r->column, (r->n + 1) * sizeof(*grown));
	if (!grown)
		return refuse(why, size, -ENOMEM, path, "out of memory");
	r->column = grown;
	return 0;
}

/* The spec of a matrix's column is in its first record; else the kernel's own name is as good. */
static void name(struct column *c)
{
	if (!c->spec[0])
		column_name(c, c->release[0] ? c->release : "unknown");
}

/*
 * What a guest says of how to repeat a finding is of no use outside. The matrix wrote the case beside the
 * lines; without that file there is only the case.
 */
static void point_home(struct column *c, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!c->in_matrix || !strcmp(c->spec, "host"))
		return;
	for (unsigned i = 0; i < c->n_findings; i++) {
		struct column_finding *f = &c->finding[i];
		struct buf folder = {0}, path = {0}, command = {0};

		free(f->reproduce);
		f->reproduce = NULL;
		if (slash)
			buf_add(&folder, file, (size_t)(slash - file));
		else
			buf_puts(&folder, ".");
		replay_path(&path, buf_str(&folder), c, f);
		if (c->profile && !access(buf_str(&path), R_OK)) {
			replay_command(&command, c, buf_str(&path));
			f->reproduce = strdup(buf_str(&command));
		}
		buf_fini(&folder);
		buf_fini(&path);
		buf_fini(&command);
	}
}

static int add_stream(struct reading *r, FILE *f, const char *path, char *why, size_t size)
{
	struct column *c;
	int err = grow(r, why, size, path);

	if (err)
		return err;
	c = malloc(sizeof(*c));
	if (!c)
		return refuse(why, size, -ENOMEM, path, "out of memory");
	column_init(c, "");
	err = column_stream(c, f);
	if (err) {
		refuse(why, size, err, path, strerror(-err));
	} else if (!c->n_commands && !c->in_matrix) {
		err = refuse(why, size, -EINVAL, path,
			     "it holds no record of a run; expected the report.jsonl of a run, or a matrix's "
			     "*.jsonl or its folder");
	} else {
		name(c);
		point_home(c, path);
		column_close(c, NULL);
		r->column[r->n] = c;
		r->file[r->n++] = strdup(path);
		r->grid.column = r->column;
		r->grid.n = r->n;
		return 0;
	}
	column_fini(c);
	free(c);
	return err;
}

static int add_file(struct reading *r, const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK),
	    err; /* a FIFO without a writer does not hang */
	struct stat st;
	FILE *f;

	if (fd < 0)
		return refuse(why, size, -errno, path, strerror(errno));
	if (fstat(fd, &st) || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		close(fd);
		return refuse(why, size, -EINVAL, path, "it is a device; expected a file or a folder");
	}
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > READING_BYTES) {
		close(fd);
		return refuse(why, size, -EFBIG, path, "it has more than 1 GiB");
	}
	fcntl(fd, F_SETFL, 0); /* a pipe is waited for: bash's <(...) */
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return refuse(why, size, -ENOMEM, path, "out of memory");
	}
	err = add_stream(r, f, path, why, size);
	fclose(f);
	return err;
}

static int is_jsonl(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 6 && !strcmp(e->d_name + n - 6, ".jsonl");
}

static int add_folder(struct reading *r, const char *path, char *why, size_t size)
{
	char file[PATH_MAX];
	struct dirent **names = NULL;
	unsigned before = r->n;
	int n, err = 0;

	if (snprintf(file, sizeof(file), "%s/report.jsonl", path) < (int)sizeof(file) && !access(file, F_OK))
		return add_file(r, file, why, size);
	n = scandir(path, &names, is_jsonl, alphasort);
	if (n < 0)
		return refuse(why, size, -errno, path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) >= (int)sizeof(file))
			err = refuse(why, size, -ENAMETOOLONG, path, strerror(ENAMETOOLONG));
		if (!err)
			err = add_file(r, file, why, size);
		free(names[i]);
	}
	free(names);
	if (!n)
		return refuse(
			why, size, -ENOENT, path,
			"the folder has no *.jsonl; expected that of a run (hookdiff-out/run-...) or of a "
			"matrix");
	while (err && r->n > before) { /* all or nothing */
		r->n--;
		r->grid.n = r->n;
		column_fini(r->column[r->n]);
		free(r->column[r->n]);
		free(r->file[r->n]);
	}
	return err;
}

int reading_add(struct reading *r, const char *path, char *why, size_t size)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return add_stream(r, stdin, "standard input", why, size);
	if (stat(path, &st))
		return refuse(why, size, -errno, path, strerror(errno));
	return S_ISDIR(st.st_mode) ? add_folder(r, path, why, size) : add_file(r, path, why, size);
}

static void sort(struct reading *r)
{
	for (unsigned i = 1; i < r->n; i++) { /* stable, and few */
		struct column *c = r->column[i];
		char *file = r->file[i];
		unsigned k = i;

		for (; k && column_order(r->column[k - 1], c) > 0; k--) {
			r->column[k] = r->column[k - 1];
			r->file[k] = r->file[k - 1];
		}
		r->column[k] = c;
		r->file[k] = file;
	}
}

static bool is_listed(const struct waivers *all, const struct waiver *w)
{
	for (size_t i = 0; i < all->n; i++)
		if (waiver_same(&all->row[i], w))
			return true;
	return false;
}

/* Each waiver once, whichever runs used it. */
static int list_waivers(struct reading *r)
{
	size_t most = 0;

	for (unsigned i = 0; i < r->n; i++)
		most += r->column[i]->waivers.n;
	if (!most)
		return 0;
	r->waivers.row = calloc(most, sizeof(*r->waivers.row));
	if (!r->waivers.row)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->column[i]->waivers.n; k++) {
			const struct waiver *w = &r->column[i]->waivers.row[k];

			if (w->kernel && !is_listed(&r->waivers, w))
				r->waivers.row[r->waivers.n++] = *w;
		}
	r->grid.waivers = &r->waivers;
	return 0;
}

int reading_finish(struct reading *r)
{
	sort(r);
	for (unsigned i = 0; i < r->n; i++)
		for (unsigned k = 0; k < r->column[i]->n_commands; k++) {
			int64_t start = time_seconds(r->column[i]->command[k].start);

			if (start > r->grid.now)
				r->grid.now = start;
		}
	return list_waivers(r);
}
