/* SPDX-License-Identifier: MIT */
/* For tests of oracle/isa/object.h: the objects that the build made, opened by name. */
#ifndef OBJECT_FILES_H
#define OBJECT_FILES_H

#include <stdio.h>
#include <stdlib.h>

#include "oracle/isa/object.h"

#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define CALL	 (BPF_JMP | BPF_CALL)

/* Those that libbpf 1.x opens too. */
static const char *const files[] = {
	"progs/samples/document",     "progs/samples/custom_option", "progs/samples/congestion",
	"progs/samples/original_dst", "progs/samples/deny",	     "progs/samples/count",
	"tests/objects/features",
};
#define N_FILES (sizeof(files) / sizeof(files[0]))

struct bytes {
	void *p;
	size_t n;
};

static inline struct bytes slurp(const char *path)
{
	struct bytes b = {malloc(1 << 20), 0};
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(b.p);
	b.n = fread(b.p, 1, 1 << 20, f);
	fclose(f);
	return b;
}

static inline struct isa_object *open_at(const char *name, uint32_t kernel)
{
	const struct isa_options opts = {kernel};
	struct isa_object *o;
	char path[512], err[512];
	struct bytes b;

	snprintf(path, sizeof(path), HD_BUILD_DIR "/%s.bpf.o", name);
	b = slurp(path);
	if (isa_object_open(b.p, b.n, &opts, &o, err, sizeof(err)))
		fail_msg("%s: %s", name, err);
	free(b.p); /* the object keeps what it needs */
	return o;
}

static inline struct isa_object *open_object(const char *name)
{
	return open_at(name, ISA_KERNEL(6, 12));
}

#endif
