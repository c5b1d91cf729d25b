/* SPDX-License-Identifier: MIT */
/*
 * Records of ring buffers and perf buffers, and dynptrs over them and over values of maps. What a socket
 * filter may do is run by the kernel too, and compared with the same number.
 */
#include <errno.h>

#include "isa_world.h"

/* result = 31 * result + r0, in r9 */
static void fold(struct text *t)
{
	put(t, 0x27, 9, 0, 0, 31);
	put(t, 0x0f, 9, 0, 0, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dynptrs),
		cmocka_unit_test(dynptr_faults),
		cmocka_unit_test(records),
	};

	return cmocka_run_group_tests(tests, isa_setup, NULL);
}
