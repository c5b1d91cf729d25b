/* SPDX-License-Identifier: MIT */
/*
 * For the tests of maps and helpers (test_isa_maps.c, _dynptrs.c, _helpers.c): one map of each kind, and the
 * program in `text` run by the interpreter or by the kernel, with those maps, as a socket filter.
 */
#ifndef TESTS_ISA_MAPS_H
#define TESTS_ISA_MAPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "isa_asm.h"

enum { ARRAY, HASH, LRU, PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU, QUEUE, STACK, RING, PERF, MAPS };

static const struct isa_map_def defs[MAPS] = {
	[ARRAY] = {.name = "array",
		   .type = BPF_MAP_TYPE_ARRAY,
		   .key_size = 4,
		   .value_size = 12,
		   .max_entries = 3,
		   .inner = -1},
	[HASH] = {.name = "hash",
		  .type = BPF_MAP_TYPE_HASH,
		  .key_size = 5,
		  .value_size = 12,
		  .max_entries = 2,
		  .inner = -1},
	[LRU] = {.name = "lru",
		 .type = BPF_MAP_TYPE_LRU_HASH,
		 .key_size = 4,
		 .value_size = 8,
		 .max_entries = 4,
		 .inner = -1},
	[PERCPU_ARRAY] = {.name = "percpu_array",
			  .type = BPF_MAP_TYPE_PERCPU_ARRAY,
			  .key_size = 4,
			  .value_size = 8,
			  .max_entries = 3,
			  .inner = -1},
	[PERCPU_HASH] = {.name = "percpu_hash",
			 .type = BPF_MAP_TYPE_PERCPU_HASH,
			 .key_size = 4,
			 .value_size = 8,
			 .max_entries = 3,
			 .inner = -1},
	[LRU_PERCPU] = {.name = "lru_percpu",
			.type = BPF_MAP_TYPE_LRU_PERCPU_HASH,
			.key_size = 4,
			.value_size = 8,
			.max_entries = 4,
			.inner = -1},
	[QUEUE] =
		{.name = "queue", .type = BPF_MAP_TYPE_QUEUE, .value_size = 8, .max_entries = 2, .inner = -1},
	[STACK] = {.name = "stack_map",
		   .type = BPF_MAP_TYPE_STACK,
		   .value_size = 8,
		   .max_entries = 2,
		   .inner = -1},
	[RING] = {.name = "ring", .type = 27, .max_entries = 4096, .inner = -1},
	[PERF] = {.name = "perf",
		  .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		  .key_size = 4,
		  .value_size = 4,
		  .max_entries = 2,
		  .inner = -1},
};

enum {
	LOOKUP = 1,
	UPDATE = 2,
	DELETE = 3,
	PUSH = 87,
	POP = 88,
	PEEK = 89,
	RING_OUTPUT = 130,
	RESERVE = 131,
	SUBMIT = 132,
	DISCARD = 133,
	QUERY = 134,
	LOOKUP_PERCPU = 195
};

#define GONE (-1) /* no element is there */

static struct text text;
static bool have_kernel; /* isa_setup */

static inline int64_t interpreter(const char *what)
{
	struct isa_maps maps;
	struct isa_sockopt ctx = {.hook = ISA_GETSOCKOPT};
	struct isa_problem p;
	struct isa_code *code;
	struct isa_vm *vm;
	uint64_t r0 = 0;
	char err[200];

	isa_maps_init(&maps, 0);
	for (int i = 0; i < MAPS; i++)
		if (isa_maps_add(&maps, &defs[i], err, sizeof(err)) != i)
			fail_msg("%s", err);
	vm = isa_vm_new(&maps, NULL);
	code = isa_code_new(text.insn, text.n, &p);
	if (!code)
		fail_msg("%s: insn %zu: %s", what, p.insn, p.text);
	if (isa_run(vm, code, &ctx, &r0) != ISA_ENDED)
		fail_msg("%s: insn %zu: %s", what, isa_vm_fault(vm)->insn, isa_vm_fault(vm)->text);
	isa_code_free(code);
	isa_vm_free(vm);
	isa_maps_fini(&maps);
	return (int32_t)(uint32_t)r0;
}

static inline int64_t kernel(const char *what)
{
	static char log[1 << 16];
	char packet[64] = {0};
	int fds[MAPS];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .fd_array = fds, .log_buf = log, .log_size = sizeof(log),
		    .log_level = 1);
	int fd;

	for (int i = 0; i < MAPS; i++) {
		LIBBPF_OPTS(bpf_map_create_opts, flags);

		fds[i] = bpf_map_create((enum bpf_map_type)defs[i].type, defs[i].name, defs[i].key_size,
					defs[i].value_size, defs[i].max_entries, &flags);
		if (fds[i] < 0)
			fail_msg("the kernel makes no map %s", defs[i].name);
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "isa", "GPL", text.insn, text.n, &opts);
	if (fd < 0)
		fail_msg("%s: the kernel refused the program: %s", what, log);
	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	close(fd);
	for (int i = 0; i < MAPS; i++)
		close(fds[i]);
	return (int32_t)run.retval;
}

/* Does the kernel give us maps? */
static inline int isa_setup(void **state)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL);

	(void)state;
	have_kernel = fd >= 0;
	if (fd >= 0)
		close(fd);
	return 0;
}

static inline void call(int helper)
{
	put(&text, 0x85, 0, 0, 0, helper);
}

static inline void stack_addr(struct text *t, int reg, int off)
{
	MOV_X(t, reg, 10);
	put(t, 0x07, reg, 0, 0, off);
}

#endif
