/* SPDX-License-Identifier: MIT */
/* Holes are passed over: reading one through a mapping would fill it. */
#include "postmortem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * RECORDER_PAGE)

bool postmortem_read(int ram, struct recorder *out)
{
	uint8_t magic[16], *chunk = malloc(CHUNK);
	off_t at = 0;
	bool found = false;

	recorder_magic(magic);
	while (chunk && !found && (at = lseek(ram, at, SEEK_DATA)) >= 0) {
		ssize_t n;

		at &= ~(off_t)(RECORDER_PAGE - 1);
		n = pread(ram, chunk, CHUNK, at);
		if (n < RECORDER_PAGE)
			break;
		for (ssize_t i = 0; i + RECORDER_PAGE <= n && !found; i += RECORDER_PAGE)
			if (!memcmp(chunk + i, magic, sizeof(magic))) {
				memcpy(out, chunk + i, sizeof(*out));
				found = true;
			}
		at += n;
	}
	free(chunk);
	return found;
}
