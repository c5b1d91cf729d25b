/* SPDX-License-Identifier: MIT */
/*
 * Maps at their edges. Every sequence of calls has one expected result, written by hand from the kernel's
 * sources; with root they are run by the kernel too, and its result is compared with the same number.
 */
#include <errno.h>

#include "isa_world.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_results),
		cmocka_unit_test(map_results_kernel),
		cmocka_unit_test(random_sequences),
		cmocka_unit_test(least_recently_used),
		cmocka_unit_test(maps_of_maps),
		cmocka_unit_test(values_apart),
		cmocka_unit_test(locks),
		cmocka_unit_test(refused_maps),
	};

	return cmocka_run_group_tests(tests, isa_setup, NULL);
}
