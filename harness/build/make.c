/* SPDX-License-Identifier: MIT */
#include "make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/kernels/run.h"

#define TELL_TTY   0.2 /* seconds between two words on a terminal, and elsewhere */
#define TELL_PLAIN 30.0

struct making {
	struct make_run *r;
	FILE *log;
	char line[512]; /* what has come of the current line, as far as it fits */
	size_t n;
	char error[256], last[256];
	double told;
	bool tty;
};

bool make_has(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];

	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");

		if (n && snprintf(file, sizeof(file), "%.*s/%s", (int)n, p, program) < (int)sizeof(file) &&
		    !access(file, X_OK))
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

static void tell(struct making *m, bool last)
{
	double now = clock_now();

	if (!m->r->doing || (!last && now - m->told < (m->tty ? TELL_TTY : TELL_PLAIN)))
		return;
	m->told = now;
	if (m->tty)
		fprintf(stderr, "\r\033[K%s%s", last ? "" : "hookdiff: ", last ? "" : m->r->doing);
	if (m->tty && !last)
		fprintf(stderr, ": %u objects", m->r->done);
	if (!m->tty && !last)
		fprintf(stderr, "hookdiff: %s: %u objects\n", m->r->doing, m->r->done);
	fflush(stderr);
}

/* "  CC      net/socket.o" */
static bool is_object(const char *line)
{
	size_t n = strlen(line);

	return !strncmp(line, "  ", 2) && n > 4 && !strcmp(line + n - 2, ".o");
}

static void take_line(struct making *m)
{
	m->line[m->n] = 0;
	m->r->done += is_object(m->line);
	if (!*m->error && (strstr(m->line, " error: ") || strstr(m->line, "Error: ") ||
			   strstr(m->line, "undefined reference") || strstr(m->line, "No rule to make")))
		snprintf(m->error, sizeof(m->error), "%.250s", m->line);
	if (m->n)
		snprintf(m->last, sizeof(m->last), "%.250s", m->line);
	m->n = 0;
}

static void take(struct making *m, const char *bytes, size_t n)
{
	fwrite(bytes, 1, n, m->log);
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			take_line(m);
		else if (m->n + 1 < sizeof(m->line))
			m->line[m->n++] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : ' ';
	}
	tell(m, false);
}

int make_run(struct make_run *r, char *why, size_t n)
{
	struct making m = {.r = r, .tty = isatty(2), .told = clock_now()};
	struct run_child c = {.group = true};
	char bytes[8192];
	ssize_t got;
	int status;

	m.log = fopen(r->log, "ae");
	if (!m.log) {
		status = -errno;
		snprintf(why, n, "%s: %s", r->log, strerror(-status));
		return status;
	}
	for (const char *const *a = r->argv; *a; a++)
		fprintf(m.log, "%s%s", a == r->argv ? "$ " : " ", *a);
	fputc('\n', m.log);
	status = run_start(&c, r->argv);
	if (status) {
		snprintf(why, n, "%s cannot be started: %s", r->argv[0], strerror(-status));
		fclose(m.log);
		return status;
	}
	while ((got = read(c.output, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			take(&m, bytes, (size_t)got);
	take_line(&m);
	status = run_end(&c);
	tell(&m, true);
	if (status)
		snprintf(why, n, "%s", *m.error ? m.error : *m.last ? m.last : "no word of why");
	fclose(m.log);
	return status;
}
