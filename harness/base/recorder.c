/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(sizeof(struct recorder) <= RECORDER_PAGE, "the record is one page");

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

int recorder_make(void)
{
	struct recorder *r = mmap(NULL, RECORDER_PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (r == MAP_FAILED)
		return -errno;
	mlock(r, RECORDER_PAGE);
	recorder_magic(r->magic);
	recorder = r;
	recorder_begin(RECORDER_NOTHING, 0);
	recorder_worker(0);
	return 0;
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
