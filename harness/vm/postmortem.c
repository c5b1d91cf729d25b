/* SPDX-License-Identifier: MIT */
/* Holes are passed over: reading one through a mapping would fill it. */
#include "postmortem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * RECORDER_PAGE)

/* Copies n bytes from the first page that begins with magic. */
static bool find_page(int ram, const uint8_t magic[16], void *out, size_t n)
{
	uint8_t *chunk = malloc(CHUNK);
	off_t at = 0;
	bool found = false;

	while (chunk && !found && (at = lseek(ram, at, SEEK_DATA)) >= 0) {
		ssize_t got;

		at &= ~(off_t)(RECORDER_PAGE - 1);
		got = pread(ram, chunk, CHUNK, at);
		if (got < RECORDER_PAGE)
			break;
		for (ssize_t i = 0; i + RECORDER_PAGE <= got && !found; i += RECORDER_PAGE)
			if (!memcmp(chunk + i, magic, 16)) {
				memcpy(out, chunk + i, n);
				found = true;
			}
		at += got;
	}
	free(chunk);
	return found;
}

bool postmortem_read(int ram, struct recorder *out)
{
	uint8_t magic[16];

	recorder_magic(magic);
	return find_page(ram, magic, out, sizeof(*out));
}

bool postmortem_input(int ram, uint64_t serial, struct buf *out)
{
	struct recorder_part *part = malloc(sizeof(*part));
	uint32_t left = 1; /* unknown until the first part was read */
	bool ok = part != NULL;

	for (unsigned i = 0; ok && left && i < RECORDER_PARTS; i++) {
		uint8_t magic[16];
		uint32_t n;

		recorder_part_magic(i, magic);
		ok = find_page(ram, magic, part, sizeof(*part)) && part->serial == serial &&
		     part->n <= RECORDER_INPUT_MAX;
		if (!ok)
			break;
		if (!i)
			left = part->n;
		n = left < RECORDER_PART ? left : RECORDER_PART;
		buf_add(out, part->bytes, n);
		left -= n;
	}
	free(part);
	return ok && !out->failed;
}
