/* SPDX-License-Identifier: MIT */
/* Hostile lines for the server of docs/backend.md, over a backend that makes no call. Needs no root. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/wire/null.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hello[] = "{\"id\":0,\"ops\":[{\"op\":\"hello\",\"protocols\":[1]}]}\n";
	static const struct wire_host host = {.name = "null", .open = null_open};
	static int in = -1, out;

	stats_execution();
	if (in < 0) {
		in = memfd_create("lines", MFD_CLOEXEC);
		out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (ftruncate(in, 0) || pwrite(in, hello, sizeof(hello) - 1, 0) < 0 ||
	    pwrite(in, data, size, sizeof(hello) - 1) < 0 || lseek(in, 0, SEEK_SET))
		return -1;
	wire_serve(in, out, &host);
	return 0;
}
