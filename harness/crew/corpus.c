/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FNV-1a, twice with different starts: 128 bits keep a corpus of any size apart. */
static void name_of(const uint8_t *data, size_t n, char name[33])
{
	uint64_t a = 0xcbf29ce484222325u, b = 0x84222325cbf29ce4u;

	for (size_t i = 0; i < n; i++) {
		a = (a ^ data[i]) * 0x100000001b3u;
		b = (b ^ data[i] ^ 0x5a) * 0x100000001b3u;
		b ^= b >> 29;
	}
	snprintf(name, 33, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
}

/* The whole of a regular file of at most CORPUS_INPUT bytes; -1: none of those, or empty. */
static ssize_t read_input(int dir, const char *file, uint8_t *out)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -1, got = 0;
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= CORPUS_INPUT)
		for (n = 0; n < st.st_size && (got = read(fd, out + n, (size_t)(st.st_size - n))) > 0;)
			n += got;
	close(fd);
	return got < 0 ? -1 : n;
}

/* 1: written, 0: it was there, or -errno. */
static int write_input(int dir, const char *name, const uint8_t *data, size_t n)
{
	char temp[NAME_MAX + 1];
	int fd, err = 0;

	if (!faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0;
	snprintf(temp, sizeof(temp), ".part-%ld", (long)getpid());
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, data, n) != (ssize_t)n)
		err = errno ? -errno : -ENOSPC;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, temp, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, temp, 0);
	return err ? err : 1;
}

static int open_folder(const char *path, bool make)
{
	if (make && mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Calls fn for each name in the folder that does not begin with a dot, until it returns less than 0. */
static long each(const char *path, long (*fn)(int dir, const char *name, void *arg), void *arg)
{
	DIR *d = opendir(path);
	struct dirent *e;
	long sum = 0, n = 0;

	if (!d)
		return 0;
	while (n >= 0 && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			n = fn(dirfd(d), e->d_name, arg);
			sum += n;
		}
	closedir(d);
	return n < 0 ? n : sum;
}

/* Which files of a folder. */
enum choice { ALL, QUEUED, CRASHES, STALLS };

struct adding {
	int to;
	enum choice choice; /* QUEUED: id:*, under the names that they have */
	uint8_t *data;
};

static bool is_stall(const char *file)
{
	static const char *const before[] = {"timeout-", "slow-unit-", "oom-"};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (!strncmp(file, before[i], strlen(before[i])))
			return true;
	return false;
}

static bool chosen(const struct adding *a, const char *file)
{
	switch (a->choice) {
	case ALL:
		break;
	case QUEUED:
		return !strncmp(file, "id:", 3) && faccessat(a->to, file, F_OK, AT_SYMLINK_NOFOLLOW);
	case CRASHES:
		return !is_stall(file);
	case STALLS:
		return is_stall(file);
	}
	return true;
}

static long add_one(int dir, const char *file, void *arg)
{
	struct adding *a = arg;
	char name[33];
	ssize_t n;

	if (!chosen(a, file))
		return 0;
	n = read_input(dir, file, a->data);
	if (n <= 0)
		return 0;
	name_of(a->data, (size_t)n, name);
	return write_input(a->to, a->choice == QUEUED ? file : name, a->data, (size_t)n);
}

static long add_folder(const char *to, const char *from, enum choice choice)
{
	struct adding a = {.to = open_folder(to, true), .choice = choice, .data = malloc(CORPUS_INPUT)};
	long n = a.to < 0 ? a.to : !a.data ? -ENOMEM : each(from, add_one, &a);

	if (a.to >= 0)
		close(a.to);
	free(a.data);
	return n;
}

long corpus_add(const char *to, const char *from)
{
	return add_folder(to, from, ALL);
}

long corpus_add_crashes(const char *to, const char *from)
{
	return add_folder(to, from, CRASHES);
}

long corpus_add_stalls(const char *to, const char *from)
{
	return add_folder(to, from, STALLS);
}

static long remove_one(int dir, const char *file, void *arg)
{
	(void)dir;
	return unlinkat(*(int *)arg, file, 0) ? 0 : 1;
}

void corpus_remove(const char *of, const char *these)
{
	int fd = open_folder(of, false);

	if (fd < 0)
		return;
	each(these, remove_one, &fd);
	close(fd);
}

struct queues {
	const char *to, *from, *prefix;
	bool others, copy;
};

static bool wanted(const struct queues *q, const char *fuzzer)
{
	return !q->prefix || !strncmp(fuzzer, q->prefix, strlen(q->prefix)) != q->others;
}

static long one_queue(int dir, const char *fuzzer, void *arg)
{
	const struct queues *q = arg;
	char from[PATH_MAX], to[PATH_MAX];
	struct stat st;

	if (!wanted(q, fuzzer) ||
	    snprintf(from, sizeof(from), "%s/%s/queue", q->from, fuzzer) >= (int)sizeof(from) ||
	    stat(from, &st) || !S_ISDIR(st.st_mode))
		return 0;
	if (!q->copy)
		return add_folder(q->to, from, ALL);
	if (snprintf(to, sizeof(to), "%s/%s", q->to, fuzzer) >= (int)sizeof(to) - 8)
		return 0;
	if (mkdir(to, 0755) && errno != EEXIST)
		return -errno;
	strcat(to, "/queue");
	return add_folder(to, from, QUEUED);
}

long corpus_add_queues(const char *to, const char *from, const char *except)
{
	struct queues q = {.to = to, .from = from, .prefix = except, .others = true};

	return each(from, one_queue, &q);
}

long corpus_copy_queues(const char *to, const char *from, const char *prefix, bool others)
{
	struct queues q = {.to = to, .from = from, .prefix = prefix, .others = others, .copy = true};

	if (mkdir(to, 0755) && errno != EEXIST)
		return -errno;
	return each(from, one_queue, &q);
}

static long count_one(int dir, const char *file, void *arg)
{
	struct stat st;

	return !fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

size_t corpus_count(const char *folder)
{
	return (size_t)each(folder, count_one, NULL);
}
