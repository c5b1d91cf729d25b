/* SPDX-License-Identifier: MIT */
/*
 * main() for a fuzz target without an engine, under any compiler:
 *
 *	fuzz_NAME FILE|FOLDER...                        runs each file once
 *	fuzz_NAME -runs=N [-seed=S] [FILE|FOLDER...]    and then N made inputs
 *
 * Inputs are made from the files (or from nothing) by the custom mutator if one is linked, else by a few
 * plain edits. Number i of a seed is the same everywhere. A crash is the target's abort; the input that was
 * running is in crash-standalone then.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "harness/base/rng.h"

#define INPUT_MAX (1 << 20)
#define MADE_MAX  4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b,
						       size_t nb, uint8_t *out, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

struct input {
	uint8_t *data; /* owned */
	size_t size;
};

static struct input *pool; /* what was replayed: the seeds of made inputs */
static size_t n_pool, cap_pool;
static struct rng rng;
static const uint8_t *running;
static size_t running_size;

static void die(const char *what, const char *path)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	exit(2);
}

static void on_abort(int sig)
{
	int fd = open("crash-standalone", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd >= 0 && write(fd, running, running_size) >= 0)
		close(fd);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* As engines do, on memory of exactly its size, so that a sanitizer sees a read past it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		die("cannot run", "an input");
	if (size)
		memcpy(copy, data, size);
	running = copy;
	running_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void keep(uint8_t *data, size_t size)
{
	if (n_pool == cap_pool) {
		cap_pool = cap_pool ? 2 * cap_pool : 64;
		pool = realloc(pool, cap_pool * sizeof(*pool));
		if (!pool)
			die("cannot keep", "an input");
	}
	pool[n_pool++] = (struct input){data, size};
}

static void replay_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f || !data)
		die("cannot read", path);
	n = fread(data, 1, INPUT_MAX, f);
	if (ferror(f))
		die("cannot read", path);
	fclose(f);
	data = realloc(data, n ? n : 1);
	if (!data)
		die("cannot read", path);
	run(data, n);
	keep(data, n);
}

/* In the order of names: the same folder gives the same run. */
static void replay(const char *path)
{
	struct dirent **entry;
	struct stat st;
	char sub[4096];
	int n;

	if (stat(path, &st))
		die("cannot read", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	n = scandir(path, &entry, NULL, alphasort);
	if (n < 0)
		die("cannot read", path);
	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, entry[i]->d_name);
			replay(sub);
		}
		free(entry[i]);
	}
	free(entry);
}

/* Some bytes changed, cut out or put in. Custom mutators may ask for it, as they do with libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	for (unsigned i = 1 + rng_below(&rng, 4); i; i--) {
		uint32_t at = rng_below(&rng, (uint32_t)size + 1), n = 1 + rng_below(&rng, 8);

		switch (rng_below(&rng, 4)) {
		case 0: /* cut */
			n = at + n > size ? (uint32_t)size - at : n;
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
			break;
		case 1: /* put in */
			if (size + n > max)
				break;
			memmove(data + at + n, data + at, size - at);
			size += n;
			for (uint32_t k = 0; k < n; k++)
				data[at + k] = (uint8_t)rng_u32(&rng);
			break;
		default:
			if (at < size)
				data[at] = rng_chance(&rng, 1, 2)
						   ? (uint8_t)rng_u32(&rng)
						   : data[at] ^ (uint8_t)(1 << rng_below(&rng, 8));
		}
	}
	return size;
}

static size_t make(uint8_t *data, size_t size)
{
	const struct input *in = n_pool ? &pool[rng_below(&rng, (uint32_t)n_pool)] : NULL;

	if (in && !rng_below(&rng, 16)) { /* else the last one is changed further */
		size = in->size < MADE_MAX ? in->size : MADE_MAX;
		memcpy(data, in->data, size);
	} else if (in && LLVMFuzzerCustomCrossOver && !rng_below(&rng, 8)) {
		static uint8_t out[MADE_MAX];

		size = LLVMFuzzerCustomCrossOver(data, size, in->data, in->size, out, sizeof(out),
						 rng_u32(&rng));
		memcpy(data, out, size);
	}
	if (LLVMFuzzerCustomMutator)
		return LLVMFuzzerCustomMutator(data, size, MADE_MAX, rng_u32(&rng));
	return LLVMFuzzerMutate(data, size, MADE_MAX);
}

static uint64_t number(const char *arg, const char *name)
{
	char *end;
	uint64_t v = strtoull(arg, &end, 0);

	if (!*arg || *end) {
		fprintf(stderr, "%s: expected a number, found '%s'\n", name, arg);
		exit(64);
	}
	return v;
}

int main(int argc, char **argv)
{
	static uint8_t made[MADE_MAX];
	uint64_t runs = 0, seed = 1;
	size_t size = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	signal(SIGABRT, on_abort);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-runs=", 6)) {
			runs = number(argv[i] + 6, "-runs");
		} else if (!strncmp(argv[i], "-seed=", 6)) {
			seed = number(argv[i] + 6, "-seed");
		} else if (argv[i][0] == '-') {
			fprintf(stderr,
				"%s: expected -runs=N, -seed=N, files or folders, found '%s' (no engine is "
				"linked)\n",
				argv[0], argv[i]);
			return 64;
		} else {
			replay(argv[i]);
		}
	}
	rng_seed(&rng, seed, 0);
	for (uint64_t i = 0; i < runs; i++) {
		size = make(made, size);
		run(made, size);
	}
	fprintf(stderr, "%zu files and %" PRIu64 " made inputs, seed %" PRIu64 ": no crash\n", n_pool, runs,
		seed);
	for (size_t i = 0; i < n_pool; i++)
		free(pool[i].data);
	free(pool);
	return 0;
}
