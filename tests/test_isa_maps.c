/* SPDX-License-Identifier: MIT */
/*
 * Maps and helpers at their edges. Every program has one expected result, written by hand from the kernel's
 * sources; with root, the programs that a socket filter may run too are run by the kernel, and its result is
 * compared with the same number. What only sockopt programs can call is in the second half.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "harness/base/buf.h"
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

static int fds[MAPS];
static bool have_kernel;

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

/* One step: calls a helper on the map with a key (number) and a value (number, 8 bytes and zeros); flags. */
struct step {
	int helper, map;
	uint64_t key, value, flags;
};

#define MAX_STEPS 10

struct sequence {
	const char *what;
	struct step step[MAX_STEPS]; /* ends with helper 0 */
	int64_t want;		     /* of the last step; a lookup: the first 4 bytes of the value, -1 none */
};

#define GONE (-1)

static const struct sequence sequences[] = {
	{"array: every element is there, zero", {{LOOKUP, ARRAY, 2, 0, 0}}, 0},
	{"array: index at the end", {{LOOKUP, ARRAY, 3, 0, 0}}, GONE},
	{"array: a huge index", {{LOOKUP, ARRAY, 0xffffffff, 0, 0}}, GONE},
	{"array: what was written is read", {{UPDATE, ARRAY, 2, 77, 0}, {LOOKUP, ARRAY, 2, 0, 0}}, 77},
	{"array: the neighbour stays", {{UPDATE, ARRAY, 2, 77, 0}, {LOOKUP, ARRAY, 1, 0, 0}}, 0},
	{"array: update past the end", {{UPDATE, ARRAY, 3, 1, 0}}, -E2BIG},
	{"array: update with BPF_NOEXIST", {{UPDATE, ARRAY, 0, 1, 1}}, -EEXIST},
	{"array: past the end with BPF_NOEXIST", {{UPDATE, ARRAY, 3, 1, 1}}, -E2BIG},
	{"array: update with BPF_EXIST", {{UPDATE, ARRAY, 0, 1, 2}}, 0},
	{"array: unknown flags", {{UPDATE, ARRAY, 0, 1, 3}}, -EINVAL},
	{"array: unknown high flags", {{UPDATE, ARRAY, 0, 1, UINT64_C(1) << 40}}, -EINVAL},
	{"array: unknown flags past the end", {{UPDATE, ARRAY, 9, 1, 8}}, -EINVAL},
	{"array: delete", {{DELETE, ARRAY, 0, 0, 0}}, -EINVAL},
	{"hash: empty", {{LOOKUP, HASH, 0, 0, 0}}, GONE},
	{"hash: written and read", {{UPDATE, HASH, 9, 5, 0}, {LOOKUP, HASH, 9, 0, 0}}, 5},
	{"hash: the fifth byte of the key counts",
	 {{UPDATE, HASH, 1, 5, 0}, {LOOKUP, HASH, 0x100000001, 0, 0}},
	 GONE},
	{"hash: overwritten", {{UPDATE, HASH, 9, 5, 0}, {UPDATE, HASH, 9, 6, 0}, {LOOKUP, HASH, 9, 0, 0}}, 6},
	{"hash: BPF_NOEXIST on a new key", {{UPDATE, HASH, 9, 5, 1}}, 0},
	{"hash: BPF_NOEXIST on an old key", {{UPDATE, HASH, 9, 5, 0}, {UPDATE, HASH, 9, 5, 1}}, -EEXIST},
	{"hash: BPF_EXIST on a new key", {{UPDATE, HASH, 9, 5, 2}}, -ENOENT},
	{"hash: BPF_EXIST on an old key",
	 {{UPDATE, HASH, 9, 5, 0}, {UPDATE, HASH, 9, 6, 2}, {LOOKUP, HASH, 9, 0, 0}},
	 6},
	{"hash: unknown flags", {{UPDATE, HASH, 9, 5, 3}}, -EINVAL},
	{"hash: full", {{UPDATE, HASH, 1, 1, 0}, {UPDATE, HASH, 2, 2, 0}, {UPDATE, HASH, 3, 3, 0}}, -E2BIG},
	{"hash: full, an old key",
	 {{UPDATE, HASH, 1, 1, 0}, {UPDATE, HASH, 2, 2, 0}, {UPDATE, HASH, 2, 3, 0}},
	 0},
	{"hash: full, BPF_EXIST on a new key",
	 {{UPDATE, HASH, 1, 1, 0}, {UPDATE, HASH, 2, 2, 0}, {UPDATE, HASH, 3, 3, 2}},
	 -ENOENT},
	{"hash: room after a delete",
	 {{UPDATE, HASH, 1, 1, 0},
	  {UPDATE, HASH, 2, 2, 0},
	  {DELETE, HASH, 1, 0, 0},
	  {UPDATE, HASH, 3, 3, 0},
	  {LOOKUP, HASH, 3, 0, 0}},
	 3},
	{"hash: delete what is not there", {{DELETE, HASH, 1, 0, 0}}, -ENOENT},
	{"hash: delete twice",
	 {{UPDATE, HASH, 1, 1, 0}, {DELETE, HASH, 1, 0, 0}, {DELETE, HASH, 1, 0, 0}},
	 -ENOENT},
	{"hash: deleted", {{UPDATE, HASH, 1, 1, 0}, {DELETE, HASH, 1, 0, 0}, {LOOKUP, HASH, 1, 0, 0}}, GONE},
	{"lru: written and read", {{UPDATE, LRU, 9, 5, 0}, {LOOKUP, LRU, 9, 0, 0}}, 5},
	{"lru: never full",
	 {{UPDATE, LRU, 1, 1, 0},
	  {UPDATE, LRU, 2, 1, 0},
	  {UPDATE, LRU, 3, 1, 0},
	  {UPDATE, LRU, 4, 1, 0},
	  {UPDATE, LRU, 5, 1, 0},
	  {UPDATE, LRU, 6, 1, 0}},
	 0},
	{"lru: the new one is there",
	 {{UPDATE, LRU, 1, 1, 0},
	  {UPDATE, LRU, 2, 1, 0},
	  {UPDATE, LRU, 3, 1, 0},
	  {UPDATE, LRU, 4, 1, 0},
	  {UPDATE, LRU, 5, 8, 0},
	  {LOOKUP, LRU, 5, 0, 0}},
	 8},
	{"lru: BPF_EXIST on a new key", {{UPDATE, LRU, 9, 5, 2}}, -ENOENT},
	{"lru: no BPF_F_LOCK", {{UPDATE, LRU, 9, 5, 4}}, -EINVAL},
	{"percpu_array: written and read",
	 {{UPDATE, PERCPU_ARRAY, 1, 3, 0}, {LOOKUP, PERCPU_ARRAY, 1, 0, 0}},
	 3},
	{"percpu_array: BPF_NOEXIST", {{UPDATE, PERCPU_ARRAY, 1, 3, 1}}, -EEXIST},
	{"percpu_array: past the end", {{UPDATE, PERCPU_ARRAY, 3, 3, 0}}, -E2BIG},
	{"percpu_array: unknown flags", {{UPDATE, PERCPU_ARRAY, 1, 3, 3}}, -EINVAL},
	{"percpu_array: no such processor", {{LOOKUP_PERCPU, PERCPU_ARRAY, 1, 0, 100000}}, GONE},
	{"percpu_array: delete", {{DELETE, PERCPU_ARRAY, 1, 0, 0}}, -EINVAL},
	{"percpu_hash: written and read",
	 {{UPDATE, PERCPU_HASH, 1, 3, 0}, {LOOKUP, PERCPU_HASH, 1, 0, 0}},
	 3},
	{"percpu_hash: delete",
	 {{UPDATE, PERCPU_HASH, 1, 3, 0}, {DELETE, PERCPU_HASH, 1, 0, 0}, {LOOKUP, PERCPU_HASH, 1, 0, 0}},
	 GONE},
	{"percpu_hash: BPF_NOEXIST",
	 {{UPDATE, PERCPU_HASH, 1, 3, 0}, {UPDATE, PERCPU_HASH, 1, 3, 1}},
	 -EEXIST},
	{"lru_percpu: never full",
	 {{UPDATE, LRU_PERCPU, 1, 1, 0},
	  {UPDATE, LRU_PERCPU, 2, 1, 0},
	  {UPDATE, LRU_PERCPU, 3, 1, 0},
	  {UPDATE, LRU_PERCPU, 4, 1, 0},
	  {UPDATE, LRU_PERCPU, 5, 9, 0},
	  {LOOKUP, LRU_PERCPU, 5, 0, 0}},
	 9},
	{"queue: empty", {{POP, QUEUE, 0, 0, 0}}, -ENOENT},
	{"queue: first in, first out",
	 {{PUSH, QUEUE, 0, 1, 0}, {PUSH, QUEUE, 0, 2, 0}, {POP, QUEUE, 0, 0, 0}},
	 1},
	{"queue: peek leaves it",
	 {{PUSH, QUEUE, 0, 1, 0}, {PUSH, QUEUE, 0, 2, 0}, {PEEK, QUEUE, 0, 0, 0}, {POP, QUEUE, 0, 0, 0}},
	 1},
	{"queue: full", {{PUSH, QUEUE, 0, 1, 0}, {PUSH, QUEUE, 0, 2, 0}, {PUSH, QUEUE, 0, 3, 0}}, -E2BIG},
	{"queue: full, BPF_EXIST drops the oldest",
	 {{PUSH, QUEUE, 0, 1, 0}, {PUSH, QUEUE, 0, 2, 0}, {PUSH, QUEUE, 0, 3, 2}, {POP, QUEUE, 0, 0, 0}},
	 2},
	{"queue: BPF_NOEXIST", {{PUSH, QUEUE, 0, 1, 1}}, -EINVAL},
	{"queue: unknown flags", {{PUSH, QUEUE, 0, 1, 4}}, -EINVAL},
	{"queue: around its end",
	 {{PUSH, QUEUE, 0, 1, 0},
	  {POP, QUEUE, 0, 0, 0},
	  {PUSH, QUEUE, 0, 2, 0},
	  {PUSH, QUEUE, 0, 3, 0},
	  {POP, QUEUE, 0, 0, 0},
	  {POP, QUEUE, 0, 0, 0}},
	 3},
	{"stack: last in, first out",
	 {{PUSH, STACK, 0, 1, 0}, {PUSH, STACK, 0, 2, 0}, {POP, STACK, 0, 0, 0}},
	 2},
	{"stack: peek leaves it",
	 {{PUSH, STACK, 0, 1, 0}, {PUSH, STACK, 0, 2, 0}, {PEEK, STACK, 0, 0, 0}, {POP, STACK, 0, 0, 0}},
	 2},
	{"stack: empty", {{PEEK, STACK, 0, 0, 0}}, -ENOENT},
	{"stack: full", {{PUSH, STACK, 0, 1, 0}, {PUSH, STACK, 0, 2, 0}, {PUSH, STACK, 0, 3, 0}}, -E2BIG},
	{"stack: full, BPF_EXIST drops the oldest",
	 {{PUSH, STACK, 0, 1, 0},
	  {PUSH, STACK, 0, 2, 0},
	  {PUSH, STACK, 0, 3, 2},
	  {POP, STACK, 0, 0, 0},
	  {POP, STACK, 0, 0, 0}},
	 2},
	{"ring: a record", {{RING_OUTPUT, RING, 0, 1, 0}}, 0},
	{"ring: unknown flags", {{RING_OUTPUT, RING, 0, 1, 4}}, -EINVAL},
	{"ring: its size", {{QUERY, RING, 0, 0, 1}}, 4096},
	{"ring: nothing written", {{QUERY, RING, 0, 0, 3}}, 0},
	{"ring: a record of 8 takes 16", {{RING_OUTPUT, RING, 0, 1, 0}, {QUERY, RING, 0, 0, 3}}, 16},
	{"ring: an unknown question", {{QUERY, RING, 0, 0, 9}}, 0},
};

/* r6 of the results: *(stack - 32). Key at -16, value at -32 (12 bytes are used at most). */
static void put_step(struct text *t, const struct step *s)
{
	bool values = s->helper == PUSH || s->helper == POP || s->helper == PEEK;

	put_wide(t, 1, 0, s->key);
	STX_DW(t, 10, 1, -16);
	put_wide(t, 1, 0, s->value);
	STX_DW(t, 10, 1, -32);
	put(t, 0x7a, 10, 0, -24, 0);
	put_wide(t, 1, 5, (uint64_t)s->map);
	if (s->helper == QUERY) {
		put_wide(t, 2, 0, s->flags);
	} else {
		MOV_X(t, 2, 10);
		put(t, 0x07, 2, 0, 0, values || s->helper == RING_OUTPUT ? -32 : -16);
	}
	if (s->helper == UPDATE) {
		MOV_X(t, 3, 10);
		put(t, 0x07, 3, 0, 0, -32);
		put_wide(t, 4, 0, s->flags);
	} else if (s->helper == RING_OUTPUT) {
		MOV_K(t, 3, 8);
		put_wide(t, 4, 0, s->flags);
	} else {
		put_wide(t, 3, 0, s->flags);
	}
	put(t, 0x85, 0, 0, 0, s->helper);
	if (s->helper == LOOKUP || s->helper == LOOKUP_PERCPU) {
		put(t, 0x55, 0, 0, 2, 0); /* if r0 != 0 goto +2 */
		MOV_K(t, 0, GONE);
		put(t, 0x05, 0, 0, 1, 0);
		put(t, 0x61, 0, 0, 0, 0);
	} else if (s->helper == POP || s->helper == PEEK) {
		put(t, 0x55, 0, 0, 1, 0); /* an error stays the result */
		put(t, 0x61, 0, 10, -32, 0);
	}
}

static void put_sequence(struct text *t, const struct sequence *s)
{
	t->n = 0;
	for (unsigned i = 0; i < MAX_STEPS && s->step[i].helper; i++)
		put_step(t, &s->step[i]);
	put_exit(t);
}

static struct text text;

static int64_t interpreter(const char *what)
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

static int64_t kernel(const char *what)
{
	static char log[1 << 16];
	char packet[64] = {0};
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

static void map_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *s = &sequences[i];
		int64_t got;

		put_sequence(&text, s);
		got = interpreter(s->what);
		if (got != s->want)
			fail_msg("%s: want %lld, got %lld", s->what, (long long)s->want, (long long)got);
	}
}

static void map_results_kernel(void **state)
{
	(void)state;
	if (!have_kernel) {
		print_message("SKIP: the kernel gives no BPF map; run as root\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *s = &sequences[i];
		int64_t got;

		put_sequence(&text, s);
		got = kernel(s->what);
		if (got != s->want)
			fail_msg("%s: the test wants %lld, the kernel says %lld", s->what, (long long)s->want,
				 (long long)got);
	}
}

/* Random sequences on arrays, hashes, queues and stacks: the interpreter's results are the kernel's. */
static void random_sequences(void **state)
{
	static const int helpers[] = {LOOKUP, UPDATE, UPDATE, DELETE};
	static const int keyed[] = {ARRAY, HASH, HASH, PERCPU_HASH, PERCPU_ARRAY};
	static const int piles[] = {PUSH, PUSH, POP, PEEK};
	uint64_t seed = 4711;

	(void)state;
	if (!have_kernel)
		skip();
	for (unsigned k = 0; k < 400; k++) {
		struct sequence s = {.what = "random sequence"};
		uint64_t start = seed;
		int64_t want, got;

		for (unsigned i = 0; i < MAX_STEPS; i++) {
			uint64_t r = random_next(&seed);
			bool pile = r % 4 == 0;

			s.step[i] = (struct step){
				.helper = pile ? piles[r >> 8 & 3] : helpers[r >> 8 & 3],
				.map = pile ? (r & 16 ? QUEUE : STACK) : keyed[(r >> 16) % 5],
				.key = r >> 24 & 3,
				.value = r >> 32 & 0xff,
				.flags = r >> 40 & 7 ? 0 : r >> 44 & 3,
			};
		}
		put_sequence(&text, &s);
		want = kernel(s.what);
		got = interpreter(s.what);
		if (got != want)
			fail_msg("seed %llu: kernel %lld, interpreter %lld", (unsigned long long)start,
				 (long long)want, (long long)got);
	}
}

/* ---- what only sockopt programs call, and what needs a host ---- */

struct world {
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_host host;
	struct isa_sockopt ctx;
	uint8_t window[64];
	struct buf trace, output;
	int last_map, level, optname, n;
	uint64_t socket;
};

static void on_trace(void *owner, const char *s, size_t n)
{
	buf_add(&((struct world *)owner)->trace, s, n);
}

static void on_output(void *owner, unsigned map, const void *data, size_t n)
{
	struct world *w = owner;

	w->last_map = (int)map;
	buf_add(&w->output, data, n);
}

static int on_getsockopt(void *owner, uint64_t socket, int level, int optname, void *value, int n)
{
	struct world *w = owner;

	w->socket = socket;
	w->level = level;
	w->optname = optname;
	w->n = n;
	memset(value, 0x11, (size_t)n);
	return optname == 99 ? -ENOPROTOOPT : 0;
}

static int on_setsockopt(void *owner, uint64_t socket, int level, int optname, const void *value, int n)
{
	struct world *w = owner;

	w->level = level;
	w->optname = optname;
	w->n = n;
	buf_add(&w->output, value, (size_t)n);
	return 0;
}

static uint64_t on_sock(void *owner, uint64_t socket, unsigned off, unsigned width)
{
	(void)owner;
	return socket * 1000 + off * 10 + width;
}

static void world_open(struct world *w, const struct isa_map_def *def, unsigned n)
{
	char err[200];

	memset(w, 0, sizeof(*w));
	isa_maps_init(&w->maps, 0);
	for (unsigned i = 0; i < n; i++)
		if (isa_maps_add(&w->maps, &def[i], err, sizeof(err)) != (int)i)
			fail_msg("%s", err);
	w->host = (struct isa_host){.owner = w,
				    .trace = on_trace,
				    .output = on_output,
				    .getsockopt = on_getsockopt,
				    .setsockopt = on_setsockopt,
				    .sock = on_sock,
				    .tcp_sock = on_sock,
				    .is_tcp = true,
				    .pid_tgid = 0x700000008,
				    .uid_gid = 0x300000004,
				    .comm = "author",
				    .netns_cookie = 4242};
	w->vm = isa_vm_new(&w->maps, &w->host);
	w->ctx = (struct isa_sockopt){.hook = ISA_SETSOCKOPT,
				      .optval = w->window,
				      .window = sizeof(w->window),
				      .socket = 5,
				      .cgroup = 9};
}

static void world_close(struct world *w)
{
	isa_vm_free(w->vm);
	isa_maps_fini(&w->maps);
	buf_fini(&w->trace);
	buf_fini(&w->output);
}

static uint64_t world_run(struct world *w)
{
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	uint64_t r0 = 0;
	enum isa_end end;

	if (!code)
		fail_msg("insn %zu: %s", p.insn, p.text);
	end = isa_run(w->vm, code, &w->ctx, &r0);
	isa_code_free(code);
	if (end != ISA_ENDED)
		fail_msg("insn %zu: %s", isa_vm_fault(w->vm)->insn, isa_vm_fault(w->vm)->text);
	return r0;
}

static const char *world_fault(struct world *w)
{
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	uint64_t r0 = 0;

	if (!code)
		fail_msg("insn %zu: %s", p.insn, p.text);
	assert_int_equal(isa_run(w->vm, code, &w->ctx, &r0), ISA_FAULT);
	isa_code_free(code);
	return isa_vm_fault(w->vm)->text;
}

static void call(int helper)
{
	put(&text, 0x85, 0, 0, 0, helper);
}

static void socket_storage(void **state)
{
	static const struct isa_map_def def = {
		.name = "store", .type = 24, .key_size = 4, .value_size = 8, .inner = -1};
	struct world w;

	(void)state;
	world_open(&w, &def, 1);
	for (int flags = 0; flags < 3; flags++) { /* 0: none yet; 1: made, from a value; 2: no such flag */
		text.n = 0;
		put(&text, 0x7a, 10, 0, -8, 40);
		put_wide(&text, 6, 5, 0);
		LDX_DW(&text, 2, 1, 0);
		MOV_X(&text, 1, 6);
		MOV_X(&text, 3, 10);
		put(&text, 0x07, 3, 0, 0, -8);
		MOV_K(&text, 4, flags);
		call(107);
		put(&text, 0x55, 0, 0, 1, 0);
		put_exit(&text);
		LDX_DW(&text, 1, 0, 0);
		put(&text, 0x07, 1, 0, 0, 1);
		STX_DW(&text, 0, 1, 0);
		MOV_X(&text, 0, 1);
		put_exit(&text);
		assert_int_equal(world_run(&w), flags == 1 ? 41 : 0);
	}
	text.insn[7].imm = 1;		     /* MOV_K(4, flags) */
	assert_int_equal(world_run(&w), 42); /* it was kept */
	text.insn[7].imm = 0;
	assert_int_equal(world_run(&w), 43);
	w.ctx.socket = 6;
	assert_int_equal(world_run(&w), 0); /* another socket has none */
	text.n = 0;
	put_wide(&text, 6, 5, 0);
	LDX_DW(&text, 2, 1, 0);
	MOV_X(&text, 1, 6);
	call(108);
	put_exit(&text);
	assert_int_equal(world_run(&w), -ENOENT);
	w.ctx.socket = 5;
	assert_int_equal(world_run(&w), 0);
	assert_int_equal(world_run(&w), -ENOENT);
	text.insn[2] = (struct bpf_insn){.code = 0xb7, .dst_reg = 2}; /* no socket */
	assert_int_equal(world_run(&w), -EINVAL);
	text.insn[2].imm = 77;
	assert_string_equal(world_fault(&w), "sk_storage_delete wants a socket, which ctx->sk is");
	world_close(&w);
}

/* result = 31 * result + r0, in r9 */
static void fold(struct text *t)
{
	put(t, 0x27, 9, 0, 0, 31);
	put(t, 0x0f, 9, 0, 0, 0);
}

static void stack_addr(struct text *t, int reg, int off)
{
	MOV_X(t, reg, 10);
	put(t, 0x07, reg, 0, 0, off);
}

enum { FROM_MEM = 197, RESERVE_DYN, SUBMIT_DYN, DISCARD_DYN, DYN_READ, DYN_WRITE, DYN_DATA };

/* dst, n, dynptr, offset, flags: the result is folded */
static void put_dyn_read(struct text *t, int dynptr, int n, int off, int flags)
{
	stack_addr(t, 1, -64);
	MOV_K(t, 2, n);
	stack_addr(t, 3, dynptr);
	MOV_K(t, 4, off);
	MOV_K(t, 5, flags);
	put(t, 0x85, 0, 0, 0, DYN_READ);
	fold(t);
}

static void put_dyn_write(struct text *t, int dynptr, int off, int n, int flags)
{
	stack_addr(t, 1, dynptr);
	MOV_K(t, 2, off);
	stack_addr(t, 3, -56);
	MOV_K(t, 4, n);
	MOV_K(t, 5, flags);
	put(t, 0x85, 0, 0, 0, DYN_WRITE);
	fold(t);
}

/* The first four bytes of the slice, or GONE. */
static void put_dyn_data(struct text *t, int dynptr, int off, int n)
{
	stack_addr(t, 1, dynptr);
	MOV_K(t, 2, off);
	MOV_K(t, 3, n);
	put(t, 0x85, 0, 0, 0, DYN_DATA);
	put(t, 0x55, 0, 0, 2, 0);
	MOV_K(t, 0, GONE);
	put(t, 0x05, 0, 0, 1, 0);
	put(t, 0x61, 0, 0, 0, 0);
	fold(t);
}

/* Over the 12 bytes of array[1], with flags, at stack - 16 or - 32. */
static void put_from_mem(struct text *t, int dynptr, int flags)
{
	put(t, 0x62, 10, 0, -40, 1);
	put_wide(t, 1, 5, ARRAY);
	stack_addr(t, 2, -40);
	put(t, 0x85, 0, 0, 0, LOOKUP);
	put(t, 0x55, 0, 0, 1, 0);
	put_exit(t);
	MOV_X(t, 1, 0);
	MOV_K(t, 2, 12);
	MOV_K(t, 3, flags);
	stack_addr(t, 4, dynptr);
	put(t, 0x85, 0, 0, 0, FROM_MEM);
	fold(t);
}

static void put_reserve(struct text *t, int dynptr, int size)
{
	put_wide(t, 1, 5, RING);
	MOV_K(t, 2, size);
	MOV_K(t, 3, 0);
	stack_addr(t, 4, dynptr);
	put(t, 0x85, 0, 0, 0, RESERVE_DYN);
	fold(t);
}

static void put_give_back(struct text *t, int dynptr, int helper)
{
	stack_addr(t, 1, dynptr);
	MOV_K(t, 2, 0);
	put(t, 0x85, 0, 0, 0, helper);
}

static void put_start(struct text *t)
{
	t->n = 0;
	MOV_K(t, 9, 0);
	put(t, 0x7a, 10, 0, -64, 0);
	put(t, 0x7a, 10, 0, -56, 0x64636261);
}

static void put_end(struct text *t)
{
	MOV_X(t, 0, 9);
	put_exit(t);
}

/* Results of the folded steps, in 32 bits as the kernel's test run returns them. */
static int32_t folded(const int64_t *v, size_t n)
{
	uint64_t r = 0;

	for (size_t i = 0; i < n; i++)
		r = 31 * r + (uint64_t)v[i];
	return (int32_t)(uint32_t)r;
}

static void both(const char *what, const int64_t *want, size_t n)
{
	assert_int_equal(interpreter(what), folded(want, n));
	if (have_kernel)
		assert_int_equal(kernel(what), folded(want, n));
}

static void dynptrs(void **state)
{
	static const int64_t memory[] = {0,	 0,	  0,	      0,    -E2BIG, -E2BIG,    -EINVAL,
					 -E2BIG, -EINVAL, 0x64636261, GONE, 0,	    0x64636261};
	static const int64_t none[] = {-EINVAL, -EINVAL, -EINVAL, GONE};
	static const int64_t record[] = {0, 0, 0x64636261, 24, -EINVAL, -EINVAL, 24, 0, 48};

	(void)state;
	put_start(&text);
	put_from_mem(&text, -16, 0);
	put_dyn_write(&text, -16, 8, 4, 0);
	put_dyn_write(&text, -16, 12, 0, 0);
	put_dyn_read(&text, -16, 4, 8, 0);
	put_dyn_read(&text, -16, 4, 9, 0);
	put_dyn_read(&text, -16, 8, -1, 0);
	put_dyn_read(&text, -16, 4, 9, 1);  /* flags are looked at first */
	put_dyn_write(&text, -16, 9, 4, 1); /* and here last */
	put_dyn_write(&text, -16, 8, 4, 1);
	put_dyn_data(&text, -16, 8, 4);
	put_dyn_data(&text, -16, 9, 4);
	put_dyn_data(&text, -16, 0, 4);
	put(&text, 0x61, 0, 10, -64, 0);
	fold(&text);
	put_end(&text);
	both("dynptr of a map's value", memory, sizeof(memory) / sizeof(memory[0]));

	put_start(&text);
	put_from_mem(&text, -16, 1); /* no flags: a null dynptr */
	put_dyn_write(&text, -16, 0, 4, 0);
	put_dyn_read(&text, -16, 4, 0, 0);
	put_dyn_data(&text, -16, 0, 4);
	put_end(&text);
	both("null dynptr", none, sizeof(none) / sizeof(none[0]));

	put_start(&text);
	put_reserve(&text, -16, 16);
	put_dyn_write(&text, -16, 0, 4, 0);
	put_dyn_data(&text, -16, 0, 4);
	put_give_back(&text, -16, SUBMIT_DYN);
	put_wide(&text, 1, 5, RING);
	MOV_K(&text, 2, 3);
	put(&text, 0x85, 0, 0, 0, QUERY);
	fold(&text);
	put_reserve(&text, -16, 1 << 20); /* too large for the buffer: still to be given back */
	put_dyn_read(&text, -16, 4, 0, 0);
	put_give_back(&text, -16, DISCARD_DYN);
	put_wide(&text, 1, 5, RING);
	MOV_K(&text, 2, 3);
	put(&text, 0x85, 0, 0, 0, QUERY);
	fold(&text);
	put_reserve(&text, -32, 16);
	put_give_back(&text, -32, DISCARD_DYN);
	put_wide(&text, 1, 5, RING);
	MOV_K(&text, 2, 3);
	put(&text, 0x85, 0, 0, 0, QUERY);
	fold(&text);
	put_end(&text);
	both("dynptr of a record", record, sizeof(record) / sizeof(record[0]));
}

/* What a verifier refuses. */
static void dynptr_faults(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, defs, MAPS);
	put_start(&text);
	put_dyn_read(&text, -16, 4, 0, 0);
	put_end(&text);
	assert_string_equal(world_fault(&w), "the argument is no dynptr that a helper has filled");
	put_start(&text);
	put_dyn_read(&text, -12, 4, 0, 0);
	put_end(&text);
	assert_string_equal(world_fault(&w), "a dynptr is 16 bytes of the stack, aligned to 8");
	put_start(&text);
	put_dyn_read(&text, -8, 4, 0, 0);
	put_end(&text);
	assert_string_equal(world_fault(&w), "write of 16 bytes at stack+504: stack has 512 bytes");
	put_start(&text);
	stack_addr(&text, 1, -64);
	MOV_K(&text, 2, 8);
	MOV_K(&text, 3, 0);
	stack_addr(&text, 4, -16);
	call(FROM_MEM);
	put_end(&text);
	assert_string_equal(world_fault(&w), "dynptr_from_mem wants a value of a map");
	put_start(&text);
	put_from_mem(&text, -16, 0);
	put_give_back(&text, -16, SUBMIT_DYN);
	put_end(&text);
	assert_string_equal(world_fault(&w), "the dynptr is of no record of a ring buffer");
	put_start(&text); /* given back: it is none any more */
	put_reserve(&text, -16, 8);
	put_give_back(&text, -16, SUBMIT_DYN);
	put_dyn_read(&text, -16, 4, 0, 0);
	put_end(&text);
	assert_string_equal(world_fault(&w), "the argument is no dynptr that a helper has filled");
	put_start(&text);
	put_reserve(&text, -16, 8);
	put_end(&text);
	assert_string_equal(world_fault(&w), "the program ended with a reserved record of a ring buffer");
	put_start(&text); /* its size made larger than its memory */
	put_from_mem(&text, -16, 0);
	put(&text, 0x62, 10, 0, -8, 64);
	put_dyn_read(&text, -16, 4, 20, 0);
	put_end(&text);
	assert_string_equal(world_fault(&w), "read of 4 bytes at array[1]+20: a value of array has 12 bytes");
	world_close(&w);
}

/* pid and tgid in a namespace: size and device are checked, the rest is taken for the task's. */
static void pid_namespace(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, defs, MAPS);
	for (int k = 0; k < 4; k++) { /* as it should be; another size; no such device; no such inode */
		text.n = 0;
		put(&text, 0x7a, 10, 0, -16, -1);
		put(&text, 0x7a, 10, 0, -8, -1);
		put_wide(&text, 1, 0, k == 2 ? UINT64_C(1) << 32 : 4);
		put_wide(&text, 2, 0, k == 3 ? 0 : 0xeffffffc);
		stack_addr(&text, 3, -16);
		MOV_K(&text, 4, k == 1 ? 4 : 8);
		call(120);
		LDX_DW(&text, 1, 10, -16);
		put(&text, 0x55, 0, 0, 1, 0);
		MOV_X(&text, 0, 1);
		put_exit(&text);
		assert_int_equal(world_run(&w), k ? (uint64_t)-EINVAL : UINT64_C(0x700000008));
	}
	world_close(&w);
}

/* Ours to say, so only here: what was used longest ago goes, and a lookup or an update is a use. */
static void least_recently_used(void **state)
{
	static const struct {
		uint32_t use, gone;
	} rows[] = {{1, 2}, {2, 1}, {4, 1}};
	struct world w;
	uint64_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_open(&w, &defs[LRU], 1);
		for (uint32_t key = 1; key <= 4; key++)
			assert_int_equal(isa_map_update(&w.maps, 0, &key, &value, 0), 0);
		assert_true(isa_map_lookup(&w.maps, 0, &rows[i].use) >= 0);
		value = 5;
		assert_int_equal(isa_map_update(&w.maps, 0, (uint32_t[]){5}, &value, 0), 0);
		for (uint32_t key = 1; key <= 5; key++)
			assert_int_equal(isa_map_lookup(&w.maps, 0, &key) >= 0, key != rows[i].gone);
		assert_int_equal(isa_map_count(&w.maps, 0), 4);
		world_close(&w);
	}
}

static void cgroup_storage(void **state)
{
	static const struct isa_map_def def = {.name = "store",
					       .type = BPF_MAP_TYPE_CGROUP_STORAGE,
					       .key_size = 8,
					       .value_size = 8,
					       .inner = -1};
	struct world w;

	(void)state;
	world_open(&w, &def, 1);
	text.n = 0;
	put_wide(&text, 1, 5, 0);
	MOV_K(&text, 2, 0);
	call(81);
	MOV_K(&text, 1, 1);
	put(&text, 0xdb, 0, 1, 0, 1); /* fetch_add 1 */
	MOV_X(&text, 0, 1);
	put_exit(&text);
	assert_int_equal(world_run(&w), 0);
	assert_int_equal(world_run(&w), 1);
	w.ctx.cgroup = 10;
	assert_int_equal(world_run(&w), 0);
	text.insn[2].imm = 1;
	assert_string_equal(world_fault(&w), "the flags of get_local_storage are 0");
	world_close(&w);
}

static void retval_and_who(void **state)
{
	static const struct {
		int helper;
		uint64_t want;
	} rows[] = {{14, 0x700000008},	  {15, 0x300000004}, {8, 0},	 {80, 9},
		    {186, (uint64_t)-13}, {5, 1000001000},   {122, 4242}};
	struct world w;

	(void)state;
	world_open(&w, NULL, 0);
	w.ctx.retval = -13;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text.n = 0;
		call(rows[i].helper);
		put_exit(&text);
		if (world_run(&w) != rows[i].want)
			fail_msg("helper %d", rows[i].helper);
	}
	text.n = 0;
	MOV_K(&text, 1, -95);
	call(187);
	call(186);
	put_exit(&text);
	assert_int_equal(world_run(&w), -95);
	assert_int_equal(w.ctx.retval, -95);
	text.n = 0; /* comm: cut, with its end */
	MOV_X(&text, 1, 10);
	put(&text, 0x07, 1, 0, 0, -8);
	MOV_K(&text, 2, 4);
	call(16);
	put(&text, 0x61, 0, 10, -8, 0);
	put_exit(&text);
	assert_int_equal(world_run(&w), 'a' | 'u' << 8 | 't' << 16);
	world_close(&w);
}

static void sockets(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, NULL, 0);
	text.n = 0; /* bpf_getsockopt(sk, 6, 13, stack, 4), then what it left */
	LDX_DW(&text, 1, 1, 0);
	MOV_K(&text, 2, 6);
	MOV_K(&text, 3, 13);
	MOV_X(&text, 4, 10);
	put(&text, 0x07, 4, 0, 0, -8);
	MOV_K(&text, 5, 4);
	call(57);
	MOV_X(&text, 6, 0);
	put(&text, 0x61, 0, 10, -8, 0);
	put(&text, 0x0f, 0, 6, 0, 0);
	put_exit(&text);
	assert_int_equal(world_run(&w), 0x11111111);
	assert_int_equal(w.level, 6);
	assert_int_equal(w.optname, 13);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.socket, 5);
	text.insn[2].imm = 99; /* an error: zeros */
	assert_int_equal(world_run(&w), -ENOPROTOOPT);
	w.ctx.hook = ISA_GETSOCKOPT;
	assert_string_equal(world_fault(&w), "helper getsockopt is for setsockopt programs only");
	w.ctx.hook = ISA_SETSOCKOPT;
	text.insn[6].imm = 49;
	text.insn[3] = (struct bpf_insn){.code = 0x7a, .dst_reg = 10, .off = -8, .imm = 0x636261};
	text.insn[4] = (struct bpf_insn){.code = 0xbf, .dst_reg = 4, .src_reg = 10};
	text.insn[5] = (struct bpf_insn){.code = 0x07, .dst_reg = 4, .imm = -8};
	text.insn[1] = (struct bpf_insn){.code = 0xb7, .dst_reg = 5, .imm = 3};
	text.insn[2] = (struct bpf_insn){.code = 0xb7, .dst_reg = 3, .imm = 13};
	text.insn[0] = (struct bpf_insn){.code = 0x79, .dst_reg = 1, .src_reg = 1};
	/* r2 keeps what a program starts with: 0 */
	assert_int_equal(world_run(&w), 0x636261);
	assert_int_equal(w.output.n, 3);
	assert_memory_equal(w.output.p, "abc", 3);
	text.n = 0; /* fields: sk->family, tcp_sock->srtt_us */
	LDX_DW(&text, 1, 1, 0);
	put(&text, 0x61, 6, 1, 4, 0);
	call(96);
	put(&text, 0x61, 0, 0, 4, 0);
	put(&text, 0x0f, 0, 6, 0, 0);
	put_exit(&text);
	assert_int_equal(world_run(&w), 2 * (5 * 1000 + 40 + 4));
	w.host.is_tcp = false;
	assert_string_equal(world_fault(&w), "read of 4 bytes at 0x4: this is no pointer");
	world_close(&w);
}

/* "%d %s %llx" and friends; the kernel's limits. */
static void printing(void **state)
{
	static const char format[] = "opt %d of %s: %llx\n";
	struct isa_map_def def = {.name = ".rodata",
				  .type = BPF_MAP_TYPE_ARRAY,
				  .key_size = 4,
				  .value_size = 64,
				  .max_entries = 1,
				  .inner = -1,
				  .initial = format,
				  .n_initial = sizeof(format),
				  .read_only = true};
	struct world w;

	(void)state;
	world_open(&w, &def, 1);
	text.n = 0;
	put(&text, 0x7a, 10, 0, -8, 'k' | 'e' << 8 | 'y' << 16);
	put_wide(&text, 1, 6, 0);
	MOV_K(&text, 2, sizeof(format));
	put_wide(&text, 3, 0, 0xffffffff);
	MOV_X(&text, 4, 10);
	put(&text, 0x07, 4, 0, 0, -8);
	put_wide(&text, 5, 0, 0x123456789a);
	call(6);
	put_exit(&text);
	assert_int_equal(world_run(&w), strlen("opt -1 of key: 123456789a\n"));
	assert_string_equal(buf_str(&w.trace), "opt -1 of key: 123456789a\n");
	text.insn[3].imm = 4; /* a format without its end */
	assert_int_equal(world_run(&w), -EINVAL);
	text.insn[3].imm = 65;
	assert_string_equal(world_fault(&w), "read of 65 bytes at .rodata: .rodata has 64 bytes");
	text.n = 0; /* .rodata cannot be written */
	put_wide(&text, 1, 6, 0);
	put(&text, 0x72, 1, 0, 0, 0);
	put_tail(&text);
	assert_string_equal(world_fault(&w), "write of 1 bytes at .rodata: it can only be read");
	world_close(&w);
}

static void records(void **state)
{
	static const struct isa_map_def def[] = {
		{.name = "ring", .type = 27, .max_entries = 4096, .inner = -1},
		{.name = "perf",
		 .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		 .key_size = 4,
		 .value_size = 4,
		 .max_entries = 2,
		 .inner = -1},
	};
	struct world w;

	(void)state;
	world_open(&w, def, 2);
	text.n = 0;
	put_wide(&text, 1, 5, 0);
	MOV_K(&text, 2, 12);
	MOV_K(&text, 3, 0);
	call(RESERVE);
	put(&text, 0x62, 0, 0, 8, 0x44434241);
	MOV_X(&text, 1, 0);
	MOV_K(&text, 2, 0);
	call(SUBMIT);
	put_tail(&text);
	world_run(&w);
	assert_int_equal(w.output.n, 12);
	assert_memory_equal(w.output.p + 8, "ABCD", 4);
	text.insn[5].off = 9; /* past the record */
	assert_string_equal(world_fault(&w), "write of 4 bytes at ring+41: not inside a reserved record");
	text.insn[5].off = 8;
	text.insn[8].imm = DISCARD;
	world_run(&w);
	assert_int_equal(w.output.n, 12);
	text.insn[8] = (struct bpf_insn){.code = 0xb7}; /* neither */
	assert_string_equal(world_fault(&w), "the program ended with a reserved record of a ring buffer");
	text.n = 0;
	put_wide(&text, 2, 5, 1);
	put(&text, 0x7a, 10, 0, -8, 0x5a);
	put_wide(&text, 3, 0, UINT32_MAX);
	MOV_X(&text, 4, 10);
	put(&text, 0x07, 4, 0, 0, -8);
	MOV_K(&text, 5, 8);
	call(25);
	put_exit(&text);
	assert_int_equal(world_run(&w), 0);
	assert_int_equal(w.last_map, 1);
	assert_int_equal(w.output.n, 20);
	assert_int_equal(w.output.p[12], 0x5a);
	text.insn[3].imm = 2; /* the index is past the end */
	assert_int_equal(world_run(&w), -E2BIG);
	text.insn[4].imm = 1; /* a flag above the index */
	assert_int_equal(world_run(&w), -EINVAL);
	world_close(&w);
}

static void maps_of_maps(void **state)
{
	static const struct isa_map_def def[] = {
		{.name = "inner",
		 .type = BPF_MAP_TYPE_HASH,
		 .key_size = 4,
		 .value_size = 4,
		 .max_entries = 4,
		 .inner = -1},
		{.name = "outer",
		 .type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
		 .key_size = 4,
		 .value_size = 4,
		 .max_entries = 2,
		 .inner = 0},
		{.name = "other",
		 .type = BPF_MAP_TYPE_ARRAY,
		 .key_size = 4,
		 .value_size = 4,
		 .max_entries = 4,
		 .inner = -1},
	};
	uint32_t one = 1, value = 66;
	struct world w;

	(void)state;
	world_open(&w, def, 3);
	text.n = 0;
	put(&text, 0x62, 10, 0, -4, 1);
	put_wide(&text, 1, 5, 1);
	MOV_X(&text, 2, 10);
	put(&text, 0x07, 2, 0, 0, -4);
	call(LOOKUP);
	put(&text, 0x55, 0, 0, 1, 0);
	put_exit(&text);
	MOV_X(&text, 1, 0);
	MOV_X(&text, 2, 10);
	put(&text, 0x07, 2, 0, 0, -4);
	call(LOOKUP);
	put(&text, 0x55, 0, 0, 1, 0);
	put_exit(&text);
	put(&text, 0x61, 0, 0, 0, 0);
	put_exit(&text);
	assert_int_equal(world_run(&w), 0); /* no map there */
	assert_int_equal(isa_map_set_inner(&w.maps, 1, &one, 2), -EINVAL);
	assert_int_equal(isa_map_set_inner(&w.maps, 1, &one, 0), 0);
	assert_int_equal(world_run(&w), 0); /* no such key in it */
	assert_int_equal(isa_map_update(&w.maps, 0, &one, &value, 0), 0);
	assert_int_equal(world_run(&w), 66);
	isa_maps_reset(&w.maps);
	assert_int_equal(world_run(&w), 0);
	world_close(&w);
}

static void tail_calls(void **state)
{
	static const struct isa_map_def def = {.name = "progs",
					       .type = BPF_MAP_TYPE_PROG_ARRAY,
					       .key_size = 4,
					       .value_size = 4,
					       .max_entries = 2,
					       .inner = -1};
	const struct isa_code *program[2];
	struct isa_problem p;
	struct isa_code *other, *self;
	struct world w;
	uint64_t r0;

	(void)state;
	world_open(&w, &def, 1);
	text.n = 0; /* optlen++, itself again; 77 when it cannot */
	put(&text, 0x61, 2, 1, 32, 0);
	put(&text, 0x07, 2, 0, 0, 1);
	put(&text, 0x63, 1, 2, 32, 0);
	put_wide(&text, 2, 5, 0);
	MOV_K(&text, 3, 0);
	call(12);
	MOV_K(&text, 0, 77);
	put_exit(&text);
	self = isa_code_new(text.insn, text.n, &p);
	text.n = 0;
	put(&text, 0x61, 0, 1, 24, 0); /* level: the context is still there */
	put_exit(&text);
	other = isa_code_new(text.insn, text.n, &p);
	program[0] = self;
	program[1] = other;
	isa_vm_programs(w.vm, program, 2);
	w.ctx.level = 31;
	assert_int_equal(isa_run(w.vm, self, &w.ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 77); /* nothing in the array */
	assert_int_equal(w.ctx.optlen, 1);
	assert_int_equal(isa_map_set_prog(&w.maps, 0, 2, 1), -E2BIG);
	assert_int_equal(isa_map_set_prog(&w.maps, 0, 0, 1), 0);
	assert_int_equal(isa_run(w.vm, self, &w.ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 31);
	assert_int_equal(isa_map_set_prog(&w.maps, 0, 0, 0), 0);
	w.ctx.optlen = 0;
	assert_int_equal(isa_run(w.vm, self, &w.ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 77);
	assert_int_equal(w.ctx.optlen, 34); /* the first run and 33 tail calls */
	/* from a function: the other program ends it, and its caller goes on */
	assert_int_equal(isa_map_set_prog(&w.maps, 0, 0, 1), 0);
	text.n = 0;
	put(&text, 0x85, 0, 1, 0, 2);
	put(&text, 0x07, 0, 0, 0, 1000);
	put_exit(&text);
	put_wide(&text, 2, 5, 0);
	MOV_K(&text, 3, 0);
	call(12);
	MOV_K(&text, 0, 77);
	put_exit(&text);
	assert_int_equal(world_run(&w), 1031);
	isa_code_free(self);
	isa_code_free(other);
	world_close(&w);
}

/* bpf_loop and for_each_map_elem call functions of the program. */
static void callbacks(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, &defs[ARRAY], 1);
	text.n = 0;
	put(&text, 0x7a, 10, 0, -8, 0);
	MOV_K(&text, 1, 10);
	put_wide(&text, 2, 4, 7); /* the function behind the exit */
	MOV_X(&text, 3, 10);
	put(&text, 0x07, 3, 0, 0, -8);
	MOV_K(&text, 4, 0);
	call(181);
	LDX_DW(&text, 1, 10, -8);
	put_exit(&text);
	/* f(i, p): *p += i; return i == 6 */
	LDX_DW(&text, 3, 2, 0);
	put(&text, 0x0f, 3, 1, 0, 0);
	STX_DW(&text, 2, 3, 0);
	MOV_K(&text, 0, 0);
	put(&text, 0x55, 1, 0, 1, 6);
	MOV_K(&text, 0, 1);
	put_exit(&text);
	assert_int_equal(world_run(&w), 7); /* rounds 0..6 */
	text.insn[8].dst_reg = 0;	    /* what it summed up */
	assert_int_equal(world_run(&w), 0 + 1 + 2 + 3 + 4 + 5 + 6);
	text.insn[1].imm = (1 << 23) + 1;
	text.insn[8].dst_reg = 1;
	assert_int_equal(world_run(&w), -E2BIG);
	text.n = 0; /* sum of the keys of an array of 3 */
	put(&text, 0x7a, 10, 0, -8, 0);
	put_wide(&text, 1, 5, 0);
	put_wide(&text, 2, 4, 8);
	MOV_X(&text, 3, 10);
	put(&text, 0x07, 3, 0, 0, -8);
	MOV_K(&text, 4, 0);
	call(164);
	LDX_DW(&text, 1, 10, -8);
	put(&text, 0x0f, 0, 1, 0, 0);
	put_exit(&text);
	/* f(map, key, value, p): *p += 10 * *key; *value = 1; return 0 */
	put(&text, 0x61, 5, 2, 0, 0);
	put(&text, 0x27, 5, 0, 0, 10);
	put(&text, 0xdb, 4, 5, 0, 0);
	put(&text, 0x62, 3, 0, 8, 1);
	MOV_K(&text, 0, 0);
	put_exit(&text);
	assert_int_equal(world_run(&w), 3 + 30);
	text.insn[15].off = 9; /* past the value of 12 bytes */
	assert_string_equal(world_fault(&w), "write of 4 bytes at array[0]+9: a value of array has 12 bytes");
	world_close(&w);
}

/* A value of a map is left neither into the next one nor into the key. */
static void values_apart(void **state)
{
	struct world w;
	char key[5] = {1}, value[12] = {0};

	(void)state;
	world_open(&w, defs, 2);
	for (int off = -9; off <= 16; off++) {
		bool inside = off >= 0 && off + 4 <= 12;

		text.n = 0;
		put(&text, 0x62, 10, 0, -4, 1);
		put_wide(&text, 1, 5, ARRAY);
		MOV_X(&text, 2, 10);
		put(&text, 0x07, 2, 0, 0, -4);
		call(LOOKUP);
		put(&text, 0x61, 0, 0, off, 0);
		put_tail(&text);
		if (inside)
			world_run(&w);
		else
			world_fault(&w);
	}
	assert_int_equal(isa_map_update(&w.maps, HASH, key, value, 0), 0);
	text.n = 0;
	put(&text, 0x7a, 10, 0, -8, 1);
	put_wide(&text, 1, 5, HASH);
	MOV_X(&text, 2, 10);
	put(&text, 0x07, 2, 0, 0, -8);
	call(LOOKUP);
	put(&text, 0x61, 0, 0, -8, 0);
	put_tail(&text);
	assert_string_equal(world_fault(&w), "read of 4 bytes at hash[0]-8: a value of hash has 12 bytes");
	world_close(&w);
}

static void locks(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, defs, 1);
	text.n = 0;
	put(&text, 0x62, 10, 0, -4, 1);
	put_wide(&text, 1, 5, ARRAY);
	MOV_X(&text, 2, 10);
	put(&text, 0x07, 2, 0, 0, -4);
	call(LOOKUP);
	MOV_X(&text, 6, 0);
	MOV_X(&text, 1, 0);
	call(93);
	MOV_X(&text, 1, 6);
	call(94);
	put_tail(&text);
	world_run(&w);
	text.insn[10].imm = 93;
	assert_string_equal(world_fault(&w), "spin_lock while a lock is held");
	text.insn[10].imm = 8;
	assert_string_equal(world_fault(&w), "the program ended with a spin lock held");
	text.insn[8].imm = 8;
	text.insn[10].imm = 94;
	assert_string_equal(world_fault(&w), "spin_unlock without a lock that is held");
	world_close(&w);
}

static void refused_maps(void **state)
{
	static const struct {
		struct isa_map_def def;
		const char *words;
	} rows[] = {
		{{.name = "m", .type = 99, .inner = -1}, "m: maps of type 99 are not modelled"},
		{{.name = "m",
		  .type = BPF_MAP_TYPE_ARRAY,
		  .key_size = 8,
		  .value_size = 4,
		  .max_entries = 1,
		  .inner = -1},
		 "m (array): the key of an array has 4 bytes"},
		{{.name = "m", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .inner = -1},
		 "m (array): max_entries is 0"},
		{{.name = "m", .type = BPF_MAP_TYPE_HASH, .value_size = 4, .max_entries = 1, .inner = -1},
		 "m (hash): the key has no bytes"},
		{{.name = "m", .type = 27, .max_entries = 5000, .inner = -1},
		 "m (ringbuf): a ring buffer has no key and no value, and its size is a power of 2 of at "
		 "least one page"},
		{{.name = "m", .type = 24, .key_size = 4, .value_size = 4, .max_entries = 1, .inner = -1},
		 "m (sk_storage): storage has max_entries 0"},
		{{.name = "m",
		  .type = BPF_MAP_TYPE_HASH,
		  .key_size = 4,
		  .value_size = 1 << 20,
		  .max_entries = 1 << 20,
		  .inner = -1},
		 "m (hash): 1048576 entries of 1048576 bytes are more than the 268435456 bytes that maps get "
		 "here"},
		{{.name = "m",
		  .type = BPF_MAP_TYPE_ARRAY,
		  .key_size = 4,
		  .value_size = UINT32_MAX,
		  .max_entries = UINT32_MAX,
		  .inner = -1},
		 "m (array): 4294967295 entries of 4294967295 bytes are more than the 268435456 bytes that "
		 "maps get here"},
	};
	struct isa_maps m;
	char err[200];

	(void)state;
	isa_maps_init(&m, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(isa_maps_add(&m, &rows[i].def, err, sizeof(err)), -1);
		assert_string_equal(err, rows[i].words);
	}
	isa_maps_fini(&m);
}

static void text_helpers(void **state)
{
	static const struct {
		const char *text;
		int helper, base;
		int64_t want, value;
	} rows[] = {
		{"12", 105, 0, 2, 12},	     {" -7x", 105, 10, 3, -7},	 {"0x1f", 105, 0, 4, 31},
		{"017", 106, 0, 3, 15},	     {"-1", 106, 0, -EINVAL, 0}, {"", 105, 0, -EINVAL, 0},
		{"zz", 105, 10, -EINVAL, 0}, {"9", 105, 7, -EINVAL, 0},	 {"8", 105, 8, -EINVAL, 0},
	};
	struct world w;

	(void)state;
	world_open(&w, NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes = 0;

		memcpy(&bytes, rows[i].text, strlen(rows[i].text));
		text.n = 0;
		put_wide(&text, 1, 0, bytes);
		STX_DW(&text, 10, 1, -8);
		put(&text, 0x7a, 10, 0, -16, 0);
		MOV_X(&text, 1, 10);
		put(&text, 0x07, 1, 0, 0, -8);
		MOV_K(&text, 2, 8);
		MOV_K(&text, 3, rows[i].base);
		MOV_X(&text, 4, 10);
		put(&text, 0x07, 4, 0, 0, -16);
		call(rows[i].helper);
		put(&text, 0x61, 1, 10, -16, 0);
		put(&text, 0x67, 1, 0, 0, 32);
		put(&text, 0xbc, 0, 0, 0, 0);
		put(&text, 0x4f, 0, 1, 0, 0); /* upper half: the number */
		put_exit(&text);
		uint64_t r = world_run(&w);
		if ((int32_t)(uint32_t)r != rows[i].want || (int32_t)(uint32_t)(r >> 32) != rows[i].value)
			fail_msg("\"%s\": %d, %d", rows[i].text, (int32_t)(uint32_t)r,
				 (int32_t)(uint32_t)(r >> 32));
	}
	world_close(&w);
}

/* probe_read_kernel: what is there is copied; what is not is -EFAULT and zeros. */
static void probing(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, NULL, 0);
	memset(w.window, 0x22, sizeof(w.window));
	for (int n = 8; n <= 72; n += 64) {
		text.n = 0;
		LDX_DW(&text, 3, 1, 8);
		put(&text, 0x7a, 10, 0, -72, -1);
		MOV_X(&text, 1, 10);
		put(&text, 0x07, 1, 0, 0, -72);
		MOV_K(&text, 2, n);
		call(113);
		put(&text, 0x61, 1, 10, -72, 0);
		put(&text, 0x0f, 0, 1, 0, 0);
		put_exit(&text);
		assert_int_equal(world_run(&w), n == 8 ? 0x22222222 : -EFAULT);
	}
	world_close(&w);
}

static int setup(void **state)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL);

	(void)state;
	have_kernel = fd >= 0;
	if (fd >= 0)
		close(fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_results),	    cmocka_unit_test(map_results_kernel),
		cmocka_unit_test(random_sequences), cmocka_unit_test(dynptrs),
		cmocka_unit_test(dynptr_faults),    cmocka_unit_test(pid_namespace),
		cmocka_unit_test(socket_storage),   cmocka_unit_test(least_recently_used),
		cmocka_unit_test(cgroup_storage),   cmocka_unit_test(retval_and_who),
		cmocka_unit_test(sockets),	    cmocka_unit_test(printing),
		cmocka_unit_test(records),	    cmocka_unit_test(maps_of_maps),
		cmocka_unit_test(tail_calls),	    cmocka_unit_test(callbacks),
		cmocka_unit_test(values_apart),	    cmocka_unit_test(locks),
		cmocka_unit_test(refused_maps),	    cmocka_unit_test(text_helpers),
		cmocka_unit_test(probing),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
