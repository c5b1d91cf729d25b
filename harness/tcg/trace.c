/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLUGIN "hookdiff-tcg.so"

static bool beside(char *out, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	return (size_t)snprintf(out, size, "%s/" PLUGIN, self) < size;
}

static int open_plugin(struct trace *t, const char *program, char *why, size_t size)
{
	char path[PATH_MAX] = PLUGIN;

	if (!program && beside(path, sizeof(path)))
		program = path;
	t->plugin = program ? open(program, O_RDONLY | O_CLOEXEC) : -1;
	if (t->plugin >= 0)
		return 0;
	snprintf(why, size, "expected the plugin for QEMU, %s, which the build makes without sanitizers: %s",
		 program ? program : path, strerror(errno));
	return -ENOENT;
}

int trace_open(struct trace *t, const struct trace_range *range, uint32_t n, const char *program, char *why,
	       size_t size)
{
	int ret;

	*t = (struct trace){.fd = -1, .plugin = -1, .n = n, .bytes = trace_bytes(range, n)};
	if (!t->bytes) {
		snprintf(why, size, "expected ranges of addresses, ascending and at most %u MiB, found %u",
			 TRACE_BYTES >> 20, n);
		return -EINVAL;
	}
	ret = open_plugin(t, program, why, size);
	if (ret)
		return ret;
	t->own = calloc(n, sizeof(*range));
	t->fd = memfd_create("hookdiff trace", MFD_CLOEXEC);
	if (!t->own || t->fd < 0 || ftruncate(t->fd, (off_t)(sizeof(*t->page) + t->bytes)))
		goto fail;
	t->page = mmap(NULL, sizeof(*t->page) + t->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
	if (t->page == MAP_FAILED) {
		t->page = NULL;
		goto fail;
	}
	memcpy(t->own, range, n * sizeof(*range));
	memcpy(t->page->magic, TRACE_MAGIC, sizeof(t->page->magic));
	t->page->n = n;
	memcpy(t->page->range, range, n * sizeof(*range));
	return 0;
fail:
	ret = errno ? -errno : -ENOMEM;
	snprintf(why, size, "cannot prepare a trace: %s", strerror(-ret));
	trace_close(t);
	return ret;
}

void trace_close(struct trace *t)
{
	if (t->page)
		munmap(t->page, sizeof(*t->page) + t->bytes);
	if (t->fd >= 0)
		close(t->fd);
	if (t->plugin >= 0)
		close(t->plugin);
	free(t->own);
	*t = (struct trace){.fd = -1, .plugin = -1};
}

bool trace_loaded(const struct trace *t)
{
	return t->page && *(volatile uint32_t *)&t->page->loaded == 1;
}

void trace_each(const struct trace *t, void (*fn)(void *arg, uint64_t address), void *arg)
{
	const volatile uint8_t *byte = (const uint8_t *)(t->page + 1);

	for (uint32_t i = 0; i < t->n; i++)
		for (uint64_t a = t->own[i].start; a < t->own[i].end; a++)
			if (*byte++)
				fn(arg, a);
}
