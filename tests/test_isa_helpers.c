/* SPDX-License-Identifier: MIT */
/*
 * Helpers: storage, sockets, who calls, text, functions of the program that a helper calls, other programs.
 * Every result was written by hand from the kernel's sources.
 */
#include <errno.h>

#include "isa_world.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_storage), cmocka_unit_test(cgroup_storage),
		cmocka_unit_test(retval_and_who), cmocka_unit_test(pid_namespace),
		cmocka_unit_test(sockets),	  cmocka_unit_test(printing),
		cmocka_unit_test(text_helpers),	  cmocka_unit_test(probing),
		cmocka_unit_test(tail_calls),	  cmocka_unit_test(callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
