/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct recorder) <= RECORDER_PAGE, "the record is one page");
_Static_assert(sizeof(struct recorder_input) == RECORDER_PAGE, "an input is one page");

static struct recorder here; /* where nobody looks */
struct recorder *recorder = &here;
struct recorder_slot *recorder_slot = &here.slot[0];

void recorder_magic(uint8_t magic[16])
{
	static const volatile char mirrored[] =
		"\xff"
		"egap redrocer h"; /* volatile: or the compiler spells it out */

	for (unsigned i = 0; i < 16; i++)
		magic[i] = (uint8_t)(mirrored[15 - i] ^ 0x80);
}

void recorder_input_magic(uint8_t magic[16])
{
	recorder_magic(magic);
	magic[0]++;
}

#define FILE_SIZE ((1 + RECORDER_RING) * RECORDER_PAGE)

static struct recorder_input *ring; /* NULL: inputs are not kept */

/* The pages of the file behind fd, which it closes. */
static int take_pages(int fd)
{
	uint8_t *p = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	int err = p == MAP_FAILED ? -errno : 0;

	close(fd);
	if (err)
		return err;
	recorder = (struct recorder *)p;
	ring = (struct recorder_input *)(p + RECORDER_PAGE);
	recorder_slot = &recorder->slot[0];
	return 0;
}

int recorder_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, FILE_SIZE)) {
		err = -errno;
		close(fd);
		return err;
	}
	err = take_pages(fd);
	if (err)
		return err;
	mlock(recorder, FILE_SIZE);
	recorder_magic(recorder->magic);
	for (unsigned i = 0; i < RECORDER_RING; i++)
		recorder_input_magic(ring[i].magic);
	recorder_begin(RECORDER_NOTHING, 0);
	recorder_worker(0);
	return 0;
}

bool recorder_join(void)
{
	const char *path = getenv(RECORDER_ENV);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != FILE_SIZE)) {
		close(fd);
		fd = -1;
	}
	return fd >= 0 && !take_pages(fd);
}

bool recorder_guest(void)
{
	static const char init[] = "/init"; /* where the initramfs has process 1 (harness/vm/initramfs.h) */
	const char *path = getenv(RECORDER_ENV);
	char exe[sizeof(init)];
	uint8_t magic[2][16];
	ssize_t n = readlink("/proc/1/exe", exe, sizeof(exe));
	int fd;
	bool ours;

	if (n != (ssize_t)sizeof(init) - 1 || memcmp(exe, init, sizeof(init) - 1) || !path)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	recorder_magic(magic[0]);
	ours = pread(fd, magic[1], sizeof(magic[1]), 0) == (ssize_t)sizeof(magic[1]) &&
	       !memcmp(magic[0], magic[1], sizeof(magic[0]));
	close(fd);
	return ours;
}

void recorder_begin(enum recorder_kind kind, uint64_t seed)
{
	recorder->kind = RECORDER_NOTHING;
	recorder->path[0] = 0;
	for (unsigned i = 0; i < RECORDER_SLOTS; i++)
		recorder->slot[i].index = RECORDER_IDLE;
	recorder->seed = seed;
	recorder->kind = kind;
}

void recorder_worker(unsigned index)
{
	recorder_slot = &recorder->slot[index % RECORDER_SLOTS];
}

void recorder_file(const char *path)
{
	size_t n = strnlen(path, RECORDER_PATH - 1);

	memcpy(recorder->path, path, n);
	recorder->path[n] = 0;
	recorder_tick();
}

void recorder_input(const uint8_t *data, size_t n)
{
	struct recorder_input *in;
	uint64_t serial;

	if (!ring)
		return;
	serial = recorder->kind == RECORDER_DRIVER ? recorder->seed + 1 : 1;
	in = &ring[serial % RECORDER_RING];
	in->serial = 0; /* not whole */
	in->n = (uint32_t)(n < RECORDER_INPUT ? n : RECORDER_INPUT);
	in->size = (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX);
	memcpy(in->bytes, data, in->n);
	in->serial = serial;
	recorder->seed = serial;
	recorder->kind = RECORDER_DRIVER;
	recorder_tick();
}

void recorder_wait(void)
{
	const struct timespec moment = {.tv_nsec = 5000000};
	uint64_t begun;

	if (!ring)
		return;
	/* The round that is under way may have been at the file before it was written. */
	begun = recorder->mirrored;
	for (unsigned i = 0; i < 1000 && recorder->mirrored - begun < 2; i++)
		nanosleep(&moment, NULL);
}

uint64_t recorder_ticks(const struct recorder *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < RECORDER_SLOTS; i++)
		sum += r->slot[i].ticks;
	return sum;
}

void recorder_name(enum recorder_kind kind, uint64_t seed, uint64_t index, char *out, size_t size)
{
	if (kind == RECORDER_SWEEP)
		snprintf(out, size, "sweep case %llu", (unsigned long long)index);
	else
		snprintf(out, size, "case %llu of fuzz --seed %llu", (unsigned long long)index,
			 (unsigned long long)seed);
}

void recorder_describe(const struct recorder *r, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	if (r->kind == RECORDER_PATHS)
		snprintf(out, size, "%.*s", (int)strnlen(r->path, RECORDER_PATH - 1), r->path);
	if (r->kind == RECORDER_DRIVER)
		snprintf(out, size, "input %llu of the driver", (unsigned long long)r->seed);
	if (r->kind != RECORDER_SWEEP && r->kind != RECORDER_FUZZ)
		return;
	for (unsigned i = 0; i < RECORDER_SLOTS && n + 64 < size; i++) {
		uint64_t index = r->slot[i].index;

		if (index == RECORDER_IDLE)
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s", n ? ", " : "");
		recorder_name((enum recorder_kind)r->kind, r->seed, index, out + n, size - n);
		n += strlen(out + n);
	}
}
