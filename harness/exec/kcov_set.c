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
	unsigned n;
	uint64_t pc[PLACES]; /* 0: free */
};

struct kcov_set *kcov_set_open(const char *path, char *why, size_t size)
{
	struct kcov_set *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	s->path = path;
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
	if (s->pc[at] || s->n >= PLACES - PLACES / 8)
		return;
	s->pc[at] = pc;
	s->n++;
}

void kcov_set_take(struct kcov_set *s)
{
	const uint64_t *pcs;
	unsigned n = kcov_take(&s->kcov, &pcs);

	for (unsigned i = 0; i < n; i++)
		add(s, pcs[i]);
	kcov_reset(&s->kcov);
}

int kcov_set_close(struct kcov_set *s)
{
	struct buf text = {0};
	int fd, err = 0;

	if (!s)
		return 0;
	kcov_set_take(s);
	kcov_close(&s->kcov);
	for (unsigned i = 0; i < PLACES; i++)
		if (s->pc[i])
			buf_printf(&text, "%" PRIx64 "\n", s->pc[i]);
	fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || text.failed || write(fd, buf_str(&text), text.n) != (ssize_t)text.n)
		err = errno ? -errno : -ENOMEM;
	if (fd >= 0)
		close(fd);
	buf_fini(&text);
	free(s);
	return err;
}
