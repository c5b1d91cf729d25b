/* SPDX-License-Identifier: MIT */
/*
 * What a program reads of ctx->sk: the same getsockopt program in oracle/byte and, with root, attached to a
 * cgroup of this kernel, on sockets of several families. It answers the call with the fields as bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "harness/case/tcase.h"
#include "harness/exec/bpf_uapi.h"
#include "harness/exec/bpfobj.h"
#include "harness/exec/cgroup.h"
#include "isa_asm.h"
#include "oracle/byte/byte.h"

/* Offsets in struct bpf_sock; the last answer is whether bpf_tcp_sock finds something. */
static const int fields[] = {0, 4, 8, 12, 16, 24, 44, 48, 52, 72, 76};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

struct answer {
	uint32_t field[FIELDS], is_tcp;
};

static const struct row {
	const char *what;
	struct tc_sock sock;
	uint32_t family, type, protocol, state, is_tcp; /* as a person expects them */
} rows[] = {
	{"TCP over IPv4", {.family = AF_INET, .type = SOCK_STREAM}, 2, 1, 6, 7, 1},
	{"TCP over IPv6", {.family = AF_INET6, .type = SOCK_STREAM}, 10, 1, 6, 7, 1},
	{"UDP over IPv4", {.family = AF_INET, .type = SOCK_DGRAM}, 2, 2, 17, 7, 0},
	{"UDP over IPv6", {.family = AF_INET6, .type = SOCK_DGRAM, .protocol = 17}, 10, 2, 17, 7, 0},
	{"a stream of AF_UNIX", {.family = AF_UNIX, .type = SOCK_STREAM}, 1, 1, 0, 7, 0},
	{"packets of AF_UNIX", {.family = AF_UNIX, .type = SOCK_SEQPACKET}, 1, 5, 0, 7, 0},
	{"a pair of AF_UNIX",
	 {.route = ROUTE_SOCKETPAIR, .family = AF_UNIX, .type = SOCK_DGRAM},
	 1,
	 2,
	 0,
	 1,
	 0},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct text text;

/* Fills the window with the fields, says so with retval 0 and optlen; without room for them: return 1. */
static void put_program(struct text *t)
{
	t->n = 0;
	MOV_X(t, 6, 1);
	LDX_DW(t, 7, 6, 8);  /* optval */
	LDX_DW(t, 2, 6, 16); /* optval_end */
	MOV_X(t, 3, 7);
	put(t, 0x07, 3, 0, 0, sizeof(struct answer));
	put(t, 0xbd, 3, 2, 2, 0); /* if r3 <= r2 goto +2 */
	MOV_K(t, 0, 1);
	put_exit(t);
	LDX_DW(t, 8, 6, 0);
	for (size_t i = 0; i < FIELDS; i++) {
		put(t, 0x61, 2, 8, fields[i], 0);
		put(t, 0x63, 7, 2, (int)(4 * i), 0);
	}
	MOV_X(t, 1, 8);
	put(t, 0x85, 0, 0, 0, 96); /* tcp_sock */
	MOV_K(t, 2, 1);
	put(t, 0x55, 0, 0, 1, 0);
	MOV_K(t, 2, 0);
	put(t, 0x63, 7, 2, offsetof(struct answer, is_tcp), 0);
	MOV_K(t, 2, sizeof(struct answer));
	put(t, 0x63, 6, 2, 32, 0); /* optlen */
	MOV_K(t, 2, 0);
	put(t, 0x63, 6, 2, 36, 0); /* retval */
	MOV_K(t, 0, 1);
	put_exit(t);
}

static struct answer in_byte(const struct row *r)
{
	static struct byte_chain chain; /* large */
	static struct tcase tc;
	struct byte_object b;
	struct answer a = {0};
	struct oracle_entry e = {.hook = HOOK_GET, .window = (uint8_t *)&a, .size = sizeof(a), .optlen = 100};
	char err[200];

	byte_chain_init(&chain);
	tcase_init(&tc);
	tc.n_socks = 1;
	tc.sock[0] = r->sock;
	chain.tc = &tc;
	if (byte_object_from(&b, text.insn, text.n, ISA_KERNEL(6, 12), err, sizeof(err)))
		fail_msg("%s", err);
	byte_chain_put(&chain, HOOK_GET, 0, &b, 0);
	assert_int_equal(chain.engine.run(chain.engine.owner, &e), 1);
	assert_int_equal(e.optlen, sizeof(a));
	byte_object_fini(&b);
	return a;
}

static uint32_t at(const struct answer *a, int off)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i] == off)
			return a->field[i];
	fail();
	return 0;
}

static void interpreter(void **state)
{
	(void)state;
	put_program(&text);
	for (size_t i = 0; i < ROWS; i++) {
		struct answer a = in_byte(&rows[i]);

		print_message("%s\n", rows[i].what);
		assert_int_equal(at(&a, 4), rows[i].family);
		assert_int_equal(at(&a, 8), rows[i].type);
		assert_int_equal(at(&a, 12), rows[i].protocol);
		assert_int_equal(at(&a, 72), rows[i].state);
		assert_int_equal(a.is_tcp, rows[i].is_tcp);
	}
}

static int make_socket(const struct tc_sock *s)
{
	int pair[2];

	if (s->route == ROUTE_SOCKET)
		return socket(s->family, s->type, s->protocol);
	if (socketpair(s->family, s->type, s->protocol, pair))
		return -1;
	close(pair[1]);
	return pair[0];
}

static void on_the_kernel(void **state)
{
	struct cgroup_base base = {0};
	struct cgroup cgroup = {-1, -1};
	char why[200];
	int prog;

	(void)state;
	put_program(&text);
	bpfobj_raise_memlock();
	prog = hd_prog_load_sockopt(HOOK_GET, text.insn, (unsigned)text.n);
	if (prog < 0 || cgroup_base_open(&base, why, sizeof(why))) {
		print_message("SKIP: no program or cgroup can be made here; run as root\n");
		skip();
	}
	assert_int_equal(cgroup_make(&cgroup, base.base.dir, "byte_sock"), 0);
	assert_int_equal(hd_prog_attach(cgroup.dir, prog, HD_CGROUP_GETSOCKOPT, HD_F_ALLOW_MULTI), 0);
	for (size_t i = 0; i < ROWS; i++) {
		struct answer a = in_byte(&rows[i]), k = {0};
		socklen_t n = sizeof(k);
		int fd;

		assert_int_equal(cgroup_enter(&cgroup), 0);
		fd = make_socket(&rows[i].sock);
		assert_int_equal(cgroup_enter(&base.base), 0);
		assert_true(fd >= 0);
		assert_int_equal(getsockopt(fd, 0x7777, 1, &k, &n), 0);
		close(fd);
		for (size_t f = 0; f < FIELDS; f++)
			if (a.field[f] != k.field[f])
				fail_msg("%s, sk+%d: kernel %u, oracle/byte %u", rows[i].what, fields[f],
					 k.field[f], a.field[f]);
		assert_int_equal(a.is_tcp, k.is_tcp);
	}
	close(prog);
	cgroup_fini(&cgroup);
	cgroup_base_close(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(interpreter), cmocka_unit_test(on_the_kernel)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
