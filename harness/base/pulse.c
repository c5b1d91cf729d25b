/* SPDX-License-Identifier: MIT */
#include "pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x65736c70u /* "plse" */
#define SIZE  4096

static struct pulse *map(int fd)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int err = errno;

	close(fd);
	errno = err;
	return p == MAP_FAILED ? NULL : p;
}

struct pulse *pulse_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct pulse *p;

	if (fd < 0)
		return NULL;
	if (posix_fallocate(fd, 0, SIZE)) { /* a full disk must not be a SIGBUS later */
		close(fd);
		errno = ENOSPC;
		return NULL;
	}
	p = map(fd);
	if (p) {
		p->magic = MAGIC;
		p->owner = getpid();
	}
	return p;
}

void pulse_free(struct pulse *p)
{
	if (p)
		munmap(p, SIZE);
}

struct pulse *pulse_join(void)
{
	const char *path = getenv(PULSE_ENV);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct pulse *p;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != SIZE) {
		close(fd);
		return NULL;
	}
	p = map(fd);
	if (p && p->magic != MAGIC) {
		pulse_free(p);
		p = NULL;
	}
	return p;
}

bool pulse_orphaned(const struct pulse *p)
{
	return kill(p->owner, 0) && errno == ESRCH;
}

struct pulse_counts pulse_look(const struct pulse *p)
{
	struct pulse_counts c = {
		.execs = atomic_load_explicit(&p->execs, memory_order_relaxed),
		.cases = atomic_load_explicit(&p->cases, memory_order_relaxed),
		.refused = atomic_load_explicit(&p->refused, memory_order_relaxed),
		.findings = atomic_load_explicit(&p->findings, memory_order_relaxed),
	};

	for (unsigned i = 0; i < PULSE_WORDS; i++)
		c.clauses[i] = atomic_load_explicit(&p->clauses[i], memory_order_relaxed);
	return c;
}

static uint64_t more(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

void pulse_follow(struct pulse *p, const struct pulse_counts *before, const struct pulse_counts *now)
{
	pulse_add(&p->execs, more(before->execs, now->execs));
	pulse_add(&p->cases, more(before->cases, now->cases));
	pulse_add(&p->refused, more(before->refused, now->refused));
	pulse_add(&p->findings, more(before->findings, now->findings));
	for (unsigned i = 0; i < PULSE_WORDS; i++)
		pulse_clauses(p, i, now->clauses[i]);
}

void pulse_print(const struct pulse_counts *c, char text[PULSE_TEXT])
{
	size_t n = (size_t)snprintf(text, PULSE_TEXT, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
				    c->execs, c->cases, c->refused, c->findings);

	for (unsigned i = 0; i < PULSE_WORDS; i++)
		n += (size_t)snprintf(text + n, PULSE_TEXT - n, " %" PRIu64, c->clauses[i]);
}

bool pulse_scan(const char *text, struct pulse_counts *c)
{
	uint64_t *const fields[] = {&c->execs, &c->cases, &c->refused, &c->findings};

	for (unsigned i = 0; i < 4 + PULSE_WORDS; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		*(i < 4 ? fields[i] : &c->clauses[i - 4]) = strtoull(text, &end, 10);
		if (errno || *end != (i + 1 < 4 + PULSE_WORDS ? ' ' : 0))
			return false;
		text = end + (*end != 0);
	}
	return true;
}
