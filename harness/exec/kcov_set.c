/* SPDX-License-Identifier: MIT */
#include "kcov_set.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/buf.h"
#include "kcov.h"

#define PLACES (1u << 18) /* a kernel has fewer blocks that are instrumented */

struct kcov_set {
	struct kcov kcov;
	const char *path;
	struct buf text; /* what the file will get */
	unsigned n, section;
	uint64_t pc[PLACES]; /* 0: free */
	struct {
		uint32_t section; /* that has it, the last one */
		uint32_t times;	  /* sections that have it */
	} in[PLACES];
};

struct kcov_set *kcov_set_open(const char *path, char *why, size_t size)
{
	struct kcov_set *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	s->path = path;
	s->section = 1;
	if (kcov_open(&s->kcov, why, size)) {
		free(s);
		return NULL;
	}
	return s;
}

static void add(struct kcov_set *s, uint64_t pc)
{
	uint32_t at = (uint32_t)((pc * 0x9e3779b97f4a7c15u) >> 40) % PLACES;

	while (s->pc[at] && s->pc[at] != pc)
		at = (at + 1) % PLACES;
	if (!s->pc[at] && s->n >= PLACES - PLACES / 8)
		return;
	s->n += !s->pc[at];
	s->pc[at] = pc;
	if (s->in[at].section == s->section)
		return;
	s->in[at].section = s->section;
	if (s->in[at].times++ < KCOV_SET_TIMES)
		buf_printf(&s->text, "%" PRIx64 "\n", pc);
}

void kcov_set_take(struct kcov_set *s)
{
	const uint64_t *pcs;
	unsigned n = kcov_take(&s->kcov, &pcs);

	for (unsigned i = 0; i < n; i++)
		add(s, pcs[i]);
	kcov_reset(&s->kcov);
}

void kcov_set_section(struct kcov_set *s, const char *name)
{
	kcov_set_take(s);
	s->section++;
	buf_printf(&s->text, "= %s\n", name);
}

int kcov_set_close(struct kcov_set *s)
{
	int fd, err = 0;

	if (!s)
		return 0;
	kcov_set_take(s);
	kcov_close(&s->kcov);
	fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || s->text.failed || write(fd, buf_str(&s->text), s->text.n) != (ssize_t)s->text.n)
		err = errno ? -errno : -ENOMEM;
	if (fd >= 0)
		close(fd);
	buf_fini(&s->text);
	free(s);
	return err;
}
