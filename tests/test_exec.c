/* SPDX-License-Identifier: MIT */
/*
 * The kernel backend against facts that were written down by hand: no oracle takes part. Each test is a case
 * in text, run call by call; the comment above says what breaks if it fails. Needs root and cgroup2;
 * otherwise exit 77.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness/case/case_text.h"
#include "harness/exec/arena.h"
#include "harness/exec/bpf_uapi.h"
#include "harness/exec/bpfobj.h"
#include "harness/exec/cgroup.h"
#include "harness/exec/kernel.h"
#include "harness/exec/probe.h"
#include "harness/exec/sock.h"

static struct backend *b;

/* One case at a time: what is being run, and what came of its last call. */
static struct {
	struct tcase tc;
	struct handler_result hr;
	struct outcome got;
} now;

static void parse(const char *text)
{
	struct diag d;

	if (tcase_parse(text, strlen(text), "test", &now.tc, NULL, &d))
		fail_msg("this case does not parse:\n%s", text);
}

static void begin(const char *text)
{
	parse(text);
	if (b->ops->begin(b, &now.tc, false))
		fail_msg("begin: %s", b->error);
}

/* Runs call i as it stands: the twin gets the user's own arguments. */
static void run(unsigned i)
{
	const struct tc_call *c = &now.tc.call[i];
	struct plan p = {.called = true, .level = c->level, .optname = c->optname, .optlen = c->optlen};

	b->ops->handler(b, c, &p, &now.hr);
	b->ops->call(b, c, &now.got);
}

static void run_only(const char *text)
{
	begin(text);
	run(0);
}

#define ID(level, slot)	    ((level)*TC_MAX_SLOTS + (slot))
#define SET_ID(level, slot) (HD_PROGS + ID(level, slot))

static void check_canaries(const struct tc_call *c)
{
	for (unsigned i = 0; i < TC_PAST; i++)
		assert_int_equal(now.got.mem[c->buf.size + i], tc_canary(c->buf.size + i));
}

/* If the order were wrong, a parent could not overrule its child. */
static void leaf_runs_first(void **state)
{
	(void)state;
	begin("cgroup a { setsockopt: return 1; getsockopt: return 1; getsockopt: return 1 }\n"
	      "cgroup a/b { setsockopt: return 1; setsockopt: return 1 }\n"
	      "cgroup a/b/c { setsockopt: return 1 }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) in a/b/c\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	run(0);
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.runs, 4);
	assert_int_equal(now.got.order[0], SET_ID(2, 0));
	assert_int_equal(now.got.order[1], SET_ID(1, 0));
	assert_int_equal(now.got.order[2], SET_ID(1, 1));
	assert_int_equal(now.got.order[3], SET_ID(0, 0));
	run(1);
	assert_int_equal(now.got.runs, 2);
	assert_int_equal(now.got.order[0], ID(0, 0));
	assert_int_equal(now.got.order[1], ID(0, 1));
	assert_int_equal(now.got.optlen, 4);
	assert_int_equal(now.got.mem[0], 3);
	check_canaries(&now.tc.call[1]);
	b->ops->end(b, false);
}

/* A rejecting child does not keep its parent from running; the parent sees -1 on both hooks. */
static void both_run_after_a_reject(void **state)
{
	(void)state;
	begin("cgroup a { setsockopt: return 1; getsockopt: return 1 }\n"
	      "cgroup a/b { setsockopt: return 0; getsockopt: return 0 }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) in a/b\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	for (unsigned i = 0; i < 2; i++) {
		run(i);
		assert_int_equal(now.got.ret, -EPERM);
		assert_int_equal(now.got.runs, 2);
		assert_int_equal(now.got.trace[ID(1, 0)].retval, 0);
		assert_int_equal(now.got.trace[ID(0, 0)].retval, -EPERM);
	}
	b->ops->end(b, true);
}

/* optlen -1: success, and the handler is not called. */
static void bypass_skips_the_handler(void **state)
{
	(void)state;
	begin("cgroup a { setsockopt: if optlen == 4 && optval[0] == 6 { optlen = -1 } }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 6, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	run(0);
	run(1);
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.hr.ret, 0);
	run(2);
	assert_int_equal(now.got.mem[0], 3);
	assert_int_equal(now.hr.mem[0], 6);
	b->ops->end(b, true);
}

/* Every action does what act.h says. */
static void actions(void **state)
{
	(void)state;
	/* level, optname and bytes: an unknown option becomes SO_PRIORITY 5 */
	begin("cgroup a { setsockopt: if level == 0x1234 && optname == 0x77 "
	      "{ level = SOL_SOCKET; optname = SO_PRIORITY; optlen = 4; optval[0] = i32 5 } }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, 0x1234, 0x77, buf 0, optlen 0)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	run(0);
	assert_int_equal(now.got.ret, 0);
	run(1);
	assert_int_equal(now.got.mem[0], 5);
	b->ops->end(b, true);
	/* u8 and u16 in the window, nothing past it, a byte past the window is false */
	run_only(
		"cgroup a { getsockopt: optval[0] = u16 0x1122; optval[3] = u8 0x44; optval[3] = u16 0xffff; "
		"optval[1] = i32 -1; if optval[4] == 0 { return 0 } if optval[4] != 0 { return 0 } "
		"if size < 4 { return 0 } if size > 4 { return 0 } if optval[65535] == 0 { return 0 } "
		"optval[65535] = u8 1 }\n"
		"s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		"getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	assert_int_equal(now.got.ret, 0);
	assert_memory_equal(now.got.mem, "\x22\x11\x00\x44", 4);
	/* nested conditions, signed compares, retval kept and replaced */
	run_only("cgroup a { getsockopt: if retval < 0 { if retval > -96 { if retval < -91 { retval = "
		 "retval; retval = 7 } } "
		 "optlen = 2 } optval[0] = u8 1; return 1 }\n"
		 "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "getsockopt(s, 0x1234, 1, buf 4, optlen 4)\n");
	assert_true(now.hr.ret == -ENOPROTOOPT || now.hr.ret == -EOPNOTSUPP);
	assert_int_equal(now.got.ret, 7);
	assert_int_equal(now.got.optlen, 2);
	assert_memory_equal(now.got.mem, "\x01\x00\xa5\xa5", 4);
}

/* The window of a setsockopt has at least 16 bytes, zero behind the user's. */
static void window_of_16(void **state)
{
	const struct hd_trace *t;

	(void)state;
	run_only("cgroup a { setsockopt: return 1 }\n"
		 "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n");
	t = &now.got.trace[0];
	assert_int_equal(t->size, 16);
	assert_int_equal(t->optlen, 4);
	assert_int_equal(t->level, SOL_SOCKET);
	assert_int_equal(t->optname, SO_PRIORITY);
	assert_int_equal(t->retval, 0);
	assert_memory_equal(t->bytes, "\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

/* A trace that drops bytes would hide what the kernel did to them. */
static void trace_is_exact(void **state)
{
	static uint8_t image[TC_MAX_BUF + TC_PAST];
	struct tc_call *c = &now.tc.call[0];

	(void)state;
	for (int hook = 0; hook < HOOK_COUNT; hook++) {
		begin(hook ? "cgroup a { setsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n"
			     "setsockopt(s, 0x4242, 1, buf 0, optlen 0)\n"
			   : "cgroup a { getsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n"
			     "getsockopt(s, SOL_TCP, TCP_CONGESTION, buf 0, optlen 0)\n");
		for (unsigned n = 0; n <= 4097; n == 64 ? n = 4095 : n++) {
			unsigned seen = n < 4096 ? n : 4096;
			const struct hd_trace *t;

			c->buf.size = n;
			c->optlen = n;
			c->buf.n_data = n < TC_MAX_DATA ? n : TC_MAX_DATA;
			for (unsigned i = 0; i < c->buf.n_data; i++)
				c->buf.data[i] = 0x80 + i;
			c->buf.fill = 0x55;
			run(0);
			t = &now.got.trace[0];
			if (hook) {
				assert_int_equal(t->size, seen < 16 ? 16 : seen);
				assert_int_equal(t->optlen, n);
				memset(image, 0, sizeof(image));
				tc_buf_image(&c->buf, image, seen);
				assert_memory_equal(t->bytes, image, t->size);
			} else {
				/* "cubic" and the like: what the kernel wrote, then zeros up to the window */
				assert_int_equal(t->size, seen);
				memset(image, 0, sizeof(image));
				memcpy(image, now.hr.mem, now.hr.optlen);
				assert_memory_equal(t->bytes, image, t->size);
				assert_int_equal(now.got.ret, 0);
			}
			assert_int_equal(now.got.runs, 1);
		}
		b->ops->end(b, false);
	}
}

/* arena_put writes what tc_buf_image says, whatever the call before left. */
static void images(void **state)
{
	static const int32_t sizes[] = {0,   1,	  4,	15,   16,   17,	   64,	      127,
					128, 129, 4095, 4096, 4097, 65536, TC_MAX_BUF};
	static uint8_t image[TC_MAX_BUF + TC_PAST];
	struct tc_call c = {.hook = HOOK_GET};
	struct arena a;

	(void)state;
	assert_int_equal(arena_init(&a), 0);
	for (unsigned i = 0; i < 2000; i++) {
		struct tc_buf *buf = &c.buf;
		struct arena_buf at;

		buf->size = sizes[rand() % 15];
		buf->n_data = rand() % ((buf->size < TC_MAX_DATA ? buf->size : TC_MAX_DATA) + 1);
		buf->fill = rand();
		buf->place = rand() % 8 ? BUF_PLAIN : BUF_READONLY;
		c.optlen = sizes[rand() % 15];
		for (unsigned j = 0; j < buf->n_data; j++)
			buf->data[j] = rand();
		at = arena_put(&a, &c);
		tc_buf_image(buf, image, buf->size + TC_PAST);
		assert_memory_equal(at.mem, image, buf->size + TC_PAST);
		for (unsigned j = buf->size + TC_PAST; j < buf->size + 8192; j += 61)
			assert_int_equal(at.mem[j], tc_canary(j));
		/* what a kernel may do to it */
		if (buf->place == BUF_PLAIN && c.optlen)
			memset(a.rw, 0xee, c.optlen < 16384 ? c.optlen : 16384);
	}
	arena_fini(&a);
}

/* libc would call this a success. */
static void raw_result(void **state)
{
	(void)state;
	run_only("cgroup a { getsockopt: retval = -5000 }\n"
		 "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	assert_int_equal(now.got.ret, -5000);
	run_only("cgroup a { setsockopt: set_retval(-22) }\n"
		 "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n");
	assert_int_equal(now.got.ret, -EINVAL);
	run_only("cgroup a { getsockopt: return 1 }\n"
		 "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "getsockopt(badfd, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	assert_int_equal(now.got.ret, -EBADF);
	assert_int_equal(now.hr.ret, -EBADF);
	assert_int_equal(now.got.runs, 0);
}

/* The verifier would refuse such a program, so it is not this kernel that could be wrong about it. */
static void a_return_of_2_is_refused(void **state)
{
	static const char *const programs[] = {"return 2", "if level == 77 { return 2 } return 1"};
	struct tcase tc;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		char text[256];
		struct diag d;

		snprintf(text, sizeof(text),
			 "cgroup a { setsockopt: %s }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n",
			 programs[i]);
		assert_int_equal(tcase_parse(text, strlen(text), "2", &tc, NULL, &d), 0);
		assert_int_equal(b->ops->begin(b, &tc, false), -EOPNOTSUPP);
		assert_string_equal(b->error,
				    "no kernel loads a program that may return 2 (verifier: [0, 1])");
	}
	run_only("cgroup a { setsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n"
		 "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n");
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.runs, 1);
}

static void placements(void **state)
{
	(void)state;
	begin("cgroup a { setsockopt: return 1; getsockopt: return 1 }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3 readonly, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 9 readonly, optlen 4)\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 4 edge, optlen 4)\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 4 edge, optlen 5)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 9 edge, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, NULL, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen NULL)\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, NULL, optlen 4)\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 5, optlen 65536)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 2147483647)\n");
	run(0);
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.runs, 1);
	run(1); /* the kernel cannot write it */
	assert_int_equal(now.got.ret, -EFAULT);
	assert_int_equal(now.hr.ret, -EFAULT);
	assert_memory_equal(now.got.mem, "\x09\0\0\0", 4);
	run(2);
	assert_int_equal(now.got.ret, 0);
	run(3); /* one byte over the edge: the hook copies, the handler alone would not have */
	assert_int_equal(now.got.ret, -EFAULT);
	assert_int_equal(now.got.runs, 0);
	assert_int_equal(now.hr.ret, 0);
	run(4);
	assert_int_equal(now.got.ret, 0);
	assert_memory_equal(now.got.mem, "\x04\0\0\0", 4);
	run(5);
	assert_null(now.got.mem);
	assert_int_equal(now.got.ret, -EFAULT);
	run(6);
	assert_int_equal(now.got.ret, -EFAULT);
	assert_int_equal(now.got.runs, 1); /* the handler's error is shown to the program */
	run(7);
	assert_int_equal(now.got.ret, -EFAULT);
	run(8); /* more than a page: the program sees a page, canaries past the buffer included */
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.trace[0].size, 4096);
	assert_int_equal(now.got.trace[0].optlen, 65536);
	for (unsigned i = 4; i < 4096; i++)
		assert_int_equal(now.got.trace[0].bytes[i], tc_canary(i));
	run(9);
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.optlen, 4);
	check_canaries(&now.tc.call[9]);
	b->ops->end(b, true);
}

/* What the oracle plans is what the twin gets. */
static void planned_bytes(void **state)
{
	static const uint8_t bytes[] = {6, 0, 0, 0};
	struct plan p = {.called = true,
			 .kernel_buf = true,
			 .level = SOL_SOCKET,
			 .optname = SO_PRIORITY,
			 .optlen = 4,
			 .bytes = bytes};

	(void)state;
	begin("cgroup a { setsockopt: return 1 }\ns = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, 0x4242, 1, i32 9, optlen 4)\n"
	      "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n");
	b->ops->handler(b, &now.tc.call[0], &p, &now.hr);
	assert_int_equal(now.hr.ret, 0);
	assert_memory_equal(now.hr.mem, "\x09\0\0\0", 4);
	run(1);
	assert_int_equal(now.hr.mem[0], 6);
	p.called = false;
	p.optname = SO_TYPE; /* would fail */
	b->ops->handler(b, &now.tc.call[0], &p, &now.hr);
	assert_int_equal(now.hr.ret, 0);
	b->ops->end(b, true);
}

/* socketpairs, the 1100 groups, and every family: hooks are for all of them. */
static void families(void **state)
{
	static const char *const kinds[] = {
		"socketpair(AF_UNIX, SOCK_STREAM, 0)", "socket(AF_INET, SOCK_DGRAM, 0)",
		"socket(AF_INET6, SOCK_STREAM, 0)",    "socket(AF_NETLINK, SOCK_RAW, 0)",
		"socket(AF_PACKET, SOCK_RAW, 0)",      "socket(AF_INET, SOCK_STREAM, 262)",
	};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(text, sizeof(text),
			 "cgroup a { getsockopt: return 1; setsockopt: return 1 }\ns = %s in a\n"
			 "getsockopt(s, SOL_SOCKET, SO_TYPE, buf 4, optlen 4)\n",
			 kinds[i]);
		parse(text);
		if (b->ops->begin(b, &now.tc, false)) {
			print_message("no %s here: %s\n", kinds[i], b->error);
			continue;
		}
		run(0);
		assert_int_equal(now.got.ret, 0);
		assert_int_equal(now.got.runs, 1);
		assert_memory_equal(now.got.mem, now.hr.mem, 4);
		b->ops->end(b, false);
	}
	run_only("cgroup a { getsockopt: return 1 }\ns = socketpair(AF_UNIX, SOCK_STREAM, 0) in a\n"
		 "getsockopt(s, SOL_SOCKET, SO_PEERGROUPS, buf 8192, optlen 8192)\n");
	assert_int_equal(now.hr.ret, 0);
	assert_true(now.hr.optlen > 4096);
	assert_int_equal(now.got.ret, 0); /* larger than the window: the original is kept */
	assert_memory_equal(now.got.mem, now.hr.mem, now.hr.optlen);
}

/* The old attach modes: nothing, or only the nearest level, runs. */
static void modes(void **state)
{
	static const struct {
		const char *parent, *child;
		unsigned runs;
		uint8_t order[2];
	} rows[] = {
		{"none", "", 1, {SET_ID(0, 0)}},
		{"override", "", 1, {SET_ID(0, 0)}},
		{"override", "override", 1, {SET_ID(1, 0)}},
		{"override", "none", 1, {SET_ID(1, 0)}},
		{"override", "multi", 1, {SET_ID(1, 0)}},
		{"multi", "none", 2, {SET_ID(1, 0), SET_ID(0, 0)}},
		{"multi", "override", 2, {SET_ID(1, 0), SET_ID(0, 0)}},
	};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			 "cgroup a { setsockopt %s: return 1 }\ncgroup a/b { %s %s%s }\n"
			 "s = socket(AF_INET, SOCK_STREAM, 0) in a/b\n"
			 "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n",
			 rows[i].parent, *rows[i].child ? "setsockopt" : "", rows[i].child,
			 *rows[i].child ? ": return 1" : "");
		run_only(text);
		assert_int_equal(now.got.ret, 0);
		assert_int_equal(now.got.runs, rows[i].runs);
		assert_memory_equal(now.got.order, rows[i].order, rows[i].runs);
	}
}

/* A socket made outside, and every twin: no program may run, whatever the chain. */
static void outside_is_outside(void **state)
{
	(void)state;
	begin("cgroup a { setsockopt: return 0; getsockopt: return 0 }\n"
	      "s = socket(AF_INET, SOCK_STREAM, 0) outside\nt = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n"
	      "setsockopt(t, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n");
	run(0);
	assert_int_equal(now.got.ret, 0);
	assert_int_equal(now.got.runs, 0);
	run(1);
	assert_int_equal(now.hr.ret, 0);
	assert_int_equal(now.got.ret, -EPERM);
	b->ops->end(b, true);
}

/* Stale state of an earlier case would show as a false difference. */
static void births(void **state)
{
	static const char text[] = "cgroup a { setsockopt: return 1 }\n"
				   "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
				   "t = socket(AF_INET, SOCK_STREAM, 0) in a\n"
				   "getsockopt(s, SOL_SOCKET, SO_PRIORITY, buf 4, optlen 4)\n";
	uint64_t before;

	(void)state;
	begin(text);
	b->ops->end(b, true);
	before = b->births;
	begin(text);
	b->ops->end(b, false);
	assert_int_equal(b->births, before + 2); /* the last case was irregular */
	for (unsigned i = 1; i < 64; i++) {
		begin(text);
		b->ops->end(b, false);
	}
	assert_int_equal(b->births, before + 2);
	begin(text); /* the 65th */
	assert_int_equal(b->births, before + 4);
	b->ops->end(b, false);
	assert_int_equal(b->ops->begin(b, &now.tc, true), 0);
	assert_int_equal(b->births, before + 6);
	b->ops->end(b, false);
}

/* More shapes than the cache holds, each with sockets: old ones go, none is mixed up. */
static void many_topologies(void **state)
{
	char text[1024], *at;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		unsigned levels = 1 + i % 4, want = 0;

		at = text;
		for (unsigned l = 0; l < levels; l++) {
			unsigned n = (i + l) % 3 + (l == i % levels && i > 60);

			at += sprintf(at, "cgroup %.*s {", (int)(2 * l + 1), "a/b/c/d");
			for (unsigned s = 0; s < n; s++)
				at += sprintf(at, " setsockopt: return 1;");
			at += sprintf(at, " }\n");
			want += n;
		}
		sprintf(at,
			"s = socket(AF_INET, SOCK_DGRAM, 0) in %.*s\n"
			"setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n",
			(int)(2 * levels - 1), "a/b/c/d");
		run_only(text);
		assert_int_equal(now.got.ret, 0);
		assert_int_equal(now.got.runs, want);
		b->ops->end(b, false);
	}
}

static void an_unknown_family_is_an_error(void **state)
{
	(void)state;
	parse("cgroup a { setsockopt: return 1 }\ns = socket(77, SOCK_STREAM, 0) in a\n"
	      "setsockopt(s, SOL_SOCKET, SO_PRIORITY, i32 3, optlen 4)\n");
	assert_true(b->ops->begin(b, &now.tc, false) < 0);
	assert_non_null(strstr(b->error, "family 77"));
}

/* Somebody else's program where cases live would run in every case. */
static void foreign_program(void **state)
{
	int prog = bpfobj_load_dummy(HOOK_SET), fd, status;
	struct kernel_opts opts = {.own_netns = false};
	struct cgroup_base base;
	char err[256];
	pid_t pid;

	(void)state;
	pid = fork(); /* the process must live in the hooked cgroup */
	if (!pid) {
		struct cgroup cg;

		if (cgroup_base_open(&base, err, sizeof(err)) || cgroup_make(&cg, base.base.dir, "hooked"))
			_exit(1);
		fd = hd_link_create(cg.dir, prog, HD_CGROUP_SETSOCKOPT, 0);
		if (fd < 0 || cgroup_enter(&cg))
			_exit(2);
		if (kernel_open(&opts, err, sizeof(err)))
			_exit(3);
		close(fd);
		cgroup_base_close(&base);
		if (!strstr(err, "cgroup/setsockopt program (id ") || !strstr(err, "hd_dummy"))
			_exit(4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(prog);
}

/* The controls that went with all of the above. Last. */
static void controls(void **state)
{
	const struct control_counts *c = b->ops->controls(b);

	(void)state;
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		assert_true(c->ran_ok[h] > 10);
		assert_true(c->silent_ok[h] > 10);
		assert_int_equal(c->ran_bad[h], 0);
		assert_int_equal(c->silent_bad[h], 0);
	}
}

static int setup(void **state)
{
	struct kernel_opts opts = {.own_netns = true};
	char err[512];

	(void)state;
	b = kernel_open(&opts, err, sizeof(err));
	if (!b)
		print_message("%s\n", err);
	return b ? 0 : -1;
}

static int teardown(void **state)
{
	struct cgroup_swept s;

	(void)state;
	b->ops->close(b, NULL);
	/* nothing of ours is left */
	return cgroup_sweep(&s) || s.removed || s.busy;
}

/*
 * Sockets that linger for an hour, on connections over which nothing is acknowledged any more: with a
 * destination option that nobody knows (RFC 8200 4.2) every packet of one end is dropped by the other.
 * Closing them must wait for nobody.
 */
static void retiring_waits_for_nobody(void **state)
{
	static const struct linger hour = {1, 3600};
	static const uint8_t unknown[8] = {[2] = 0x59};
	struct sock_reaper reaper;

	(void)state;
	sock_reaper_init(&reaper, -1);
	alarm(20); /* ends the program */
	for (unsigned i = 0; i < 4; i++) {
		struct tc_sock kind = {.family = AF_INET6,
				       .type = SOCK_STREAM,
				       .route = i & 1 ? ROUTE_CLOSED : ROUTE_CONNECTED};
		struct sock_fds s;
		int deaf;

		assert_int_equal(sock_make(&kind, &s), 0);
		deaf = i & 2 ? s.fd : s.peer;
		assert_int_equal(setsockopt(deaf, SOL_IPV6, IPV6_DSTOPTS, unknown, sizeof(unknown)), 0);
		assert_int_equal(setsockopt(s.fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
		assert_int_equal(setsockopt(s.peer, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
		sock_retire(&reaper, AF_INET6, &s);
	}
	alarm(0);
	sock_reaper_fini(&reaper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_runs_first),
		cmocka_unit_test(both_run_after_a_reject),
		cmocka_unit_test(bypass_skips_the_handler),
		cmocka_unit_test(actions),
		cmocka_unit_test(window_of_16),
		cmocka_unit_test(trace_is_exact),
		cmocka_unit_test(images),
		cmocka_unit_test(raw_result),
		cmocka_unit_test(a_return_of_2_is_refused),
		cmocka_unit_test(placements),
		cmocka_unit_test(planned_bytes),
		cmocka_unit_test(families),
		cmocka_unit_test(modes),
		cmocka_unit_test(outside_is_outside),
		cmocka_unit_test(births),
		cmocka_unit_test(many_topologies),
		cmocka_unit_test(an_unknown_family_is_an_error),
		cmocka_unit_test(foreign_program),
		cmocka_unit_test(controls),
		cmocka_unit_test(retiring_waits_for_nobody),
	};
	char err[512];

	if (!probe_can_run(err, sizeof(err))) {
		printf("skipped: %s\n", err);
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
