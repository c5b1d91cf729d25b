/* SPDX-License-Identifier: MIT */
/*
 * The modelled handler against the running kernel's, on plain sockets that no program hooks. Each step is
 * done on both; result, length and every byte must be equal. The calls go by syscall(2): libc is not asked.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/case/model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MEM  32 /* bytes of user memory that are compared */

static const struct tc_sock socks[] = {
	{.family = AF_INET, .type = SOCK_STREAM},
	{.family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP},
	{.family = AF_INET, .type = SOCK_DGRAM},
	{.family = AF_INET6, .type = SOCK_STREAM},
	{.family = AF_INET6, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP},
	{.family = AF_UNIX, .type = SOCK_STREAM},
	{.family = AF_UNIX, .type = SOCK_DGRAM},
	{.family = AF_UNIX, .type = SOCK_SEQPACKET},
	{.route = ROUTE_SOCKETPAIR, .family = AF_UNIX, .type = SOCK_STREAM},
};

static const struct {
	int32_t level, optname;
} options[] = {
	{SOL_SOCKET, SO_PRIORITY},
	{SOL_SOCKET, SO_MARK},
	{SOL_SOCKET, SO_REUSEADDR},
	{SOL_SOCKET, SO_KEEPALIVE},
	{SOL_SOCKET, SO_BROADCAST},
	{SOL_SOCKET, SO_TYPE},
	{SOL_SOCKET, SO_DOMAIN},
	{SOL_SOCKET, SO_PROTOCOL},
	{SOL_IP, IP_TOS},
	{SOL_IP, IP_TTL},
	{SOL_IP, IP_FREEBIND},
	{SOL_TCP, TCP_NODELAY},
	{234, 1},
	{0x484b, 0x4b48},
	{-1, 1},
	{INT32_MIN, -1},
	{SOL_TCP, 999},
	{IPPROTO_UDP, 1},
	{SOL_IPV6, 67},
	{255, 1},
	{136, 1},
	{284, 1},
	{282, 1},
	{2, 3},
};

static const int32_t optlens[] = {-1, 0, 1, 2, 3, 4, 5, 16, INT32_MIN, INT32_MAX, 4097};
static const int32_t values[] = {0,	1,	-1,  2,		3,	   7,	      0x10,  0x1f,
				 32,	64,	184, 254,	255,	   256,	      0x132, -256,
				 65536, -65533, 6,   INT32_MIN, INT32_MAX, 0x11223344};

static bool has_kernel; /* may SO_MARK be set and are the sysctls default: else there is nothing to compare
			   with */

/* Where the buffer lies. */
enum where { PLAIN, NULL_BUF, EDGE, WHERE_COUNT };

static uint8_t *page; /* a page, and behind it one that is not mapped */

static uint8_t *place(enum where where, uint32_t edge)
{
	return where == NULL_BUF ? NULL : where == PLAIN ? page : page + 4096 - edge;
}

static uint32_t reach(enum where where, uint32_t edge)
{
	return where == NULL_BUF ? 0 : where == PLAIN ? 4096 : edge;
}

static int open_sock(const struct tc_sock *s)
{
	int fd[2];

	if (s->route == ROUTE_SOCKET)
		return socket(s->family, s->type, s->protocol);
	if (socketpair(s->family, s->type, s->protocol, fd))
		return -1;
	close(fd[1]);
	return fd[0];
}

static int64_t raw(long ret)
{
	return ret < 0 ? -(int64_t)errno : ret;
}

struct pair {
	const struct tc_sock *sock;
	struct model m;
	int fd;
	unsigned known, unknown; /* calls that were modelled, and were not */
};

static void both_set(struct pair *p, int32_t level, int32_t optname, int32_t val, enum where where,
		     uint32_t edge, int32_t optlen)
{
	uint8_t *mem = place(where, edge);
	int64_t want = -12345, got;

	for (uint32_t i = 0; i < MEM && i < reach(where, edge); i++)
		mem[i] = i < 4 ? (uint8_t)((uint32_t)val >> 8 * i) : 0xcc;
	if (!model_set(&p->m, level, optname, mem, reach(where, edge), optlen, &want)) {
		assert_int_equal(want, -12345);
		p->unknown++;
		return;
	}
	p->known++;
	got = raw(syscall(SYS_setsockopt, p->fd, level, optname, mem, optlen));
	if (got != want)
		fail_msg("%d/%d/%d setsockopt(%d, %d, %#x at %d.%u, %d): model %d, kernel %d",
			 p->sock->family, p->sock->type, p->sock->protocol, level, optname, (unsigned)val,
			 where, edge, optlen, (int)want, (int)got);
}

static void both_get(struct pair *p, int32_t level, int32_t optname, enum where where, uint32_t edge,
		     int32_t optlen, bool null)
{
	uint32_t n = reach(where, edge) < MEM ? reach(where, edge) : MEM;
	int32_t want_len = optlen, got_len = optlen;
	uint8_t want_mem[MEM], *mem = place(where, edge);
	int64_t want = -12345, got;

	memset(want_mem, 0xa5, sizeof(want_mem));
	if (n)
		memset(mem, 0xa5, n);
	if (!model_get(&p->m, level, optname, where == NULL_BUF ? NULL : want_mem, reach(where, edge),
		       null ? NULL : &want_len, &want)) {
		assert_int_equal(want, -12345);
		assert_int_equal(want_len, optlen);
		p->unknown++;
		return;
	}
	p->known++;
	got = raw(syscall(SYS_getsockopt, p->fd, level, optname, mem, null ? NULL : &got_len));
	if (got != want || got_len != want_len || (n && memcmp(mem, want_mem, n)))
		fail_msg("%d/%d/%d getsockopt(%d, %d, at %d.%u, %d): model %d len %d %02x %02x, kernel %d "
			 "len %d %02x %02x",
			 p->sock->family, p->sock->type, p->sock->protocol, level, optname, where, edge,
			 optlen, (int)want, want_len, want_mem[0], want_mem[1], (int)got, got_len,
			 n ? mem[0] : 0, n > 1 ? mem[1] : 0);
}

/* Reads every option back: a set of one may change another (IP_TOS and SO_PRIORITY). */
static void read_all(struct pair *p)
{
	for (size_t o = 0; o < N(options); o++)
		both_get(p, options[o].level, options[o].optname, PLAIN, 0, 4, false);
}

static bool begin(struct pair *p, size_t s)
{
	*p = (struct pair){.sock = &socks[s], .fd = open_sock(&socks[s])};
	model_init(&p->m, &socks[s]);
	return p->fd >= 0;
}

static void needs_kernel(void)
{
	if (has_kernel)
		return;
	print_message(
		"needs CAP_NET_ADMIN and CAP_SYS_ADMIN (a network namespace of its own): run as root\n");
	skip();
}

/* Every option, place and length on a new socket, and after each set all options read back. */
static void test_product(void **state)
{
	struct pair p;

	needs_kernel();
	for (size_t s = 0; s < N(socks); s++)
		for (size_t o = 0; o < N(options); o++) {
			const int32_t level = options[o].level, optname = options[o].optname;

			if (!begin(&p, s))
				break; /* no IPv6 here */
			for (size_t l = 0; l < N(optlens); l++) {
				both_get(&p, level, optname, PLAIN, 0, optlens[l], true);
				for (uint32_t edge = 0; edge < 6; edge++)
					for (enum where w = PLAIN; w < WHERE_COUNT; w++)
						both_get(&p, level, optname, w, edge, optlens[l], false);
				for (size_t v = 0; v < N(values); v++) {
					both_set(&p, level, optname, values[v], PLAIN, 0, optlens[l]);
					both_get(&p, level, optname, PLAIN, 0, 4, false);
					both_get(&p, level, optname, PLAIN, 0, 1, false);
				}
				read_all(&p);
				for (uint32_t edge = 0; edge < 6; edge++)
					for (enum where w = NULL_BUF; w < WHERE_COUNT; w++)
						both_set(&p, level, optname, 0x21212121, w, edge, optlens[l]);
				read_all(&p);
			}
			close(p.fd);
		}
}

/* optlen in a page that can only be read: what fails, and what was copied by then. */
static void test_length_read_only(void **state)
{
	static const int32_t lens[] = {-1, 0, 1, 3, 4, 8};
	int32_t *length = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pair p;

	needs_kernel();
	assert_true(length != MAP_FAILED);
	for (size_t s = 0; s < N(socks); s++) {
		if (!begin(&p, s))
			continue;
		for (size_t k = 0; k < N(options) * N(lens); k++) {
			const struct tc_call c = {.hook = HOOK_GET,
						  .level = options[k / N(lens)].level,
						  .optname = options[k / N(lens)].optname,
						  .buf = {.size = 8, .fill = 0xa5},
						  .optlen = lens[k % N(lens)],
						  .optlen_ro = true};
			uint8_t want_mem[8 + TC_PAST];
			int32_t want_len = c.optlen;
			int64_t want, got;

			tc_buf_image(&c.buf, page, 8 + TC_PAST);
			tc_buf_image(&c.buf, want_mem, 8 + TC_PAST);
			if (!model_get(&p.m, c.level, c.optname, want_mem, 4096, &want_len, &want))
				continue;
			model_read_only(&c, want_mem, &want, &want_len);
			assert_int_equal(mprotect(length, 4096, PROT_READ | PROT_WRITE), 0);
			*length = c.optlen;
			assert_int_equal(mprotect(length, 4096, PROT_READ), 0);
			got = raw(syscall(SYS_getsockopt, p.fd, c.level, c.optname, page, length));
			if (got != want || *length != want_len || memcmp(page, want_mem, 8 + TC_PAST))
				fail_msg("%d/%d getsockopt(%d, %d, optlen %d): model %d len %d %02x, kernel "
					 "%d len %d %02x",
					 p.sock->family, p.sock->type, c.level, c.optname, c.optlen,
					 (int)want, want_len, want_mem[0], (int)got, *length, page[0]);
		}
		close(p.fd);
	}
	munmap(length, 4096);
}

/* Long sequences: values that depend on earlier ones (the ECN bits of a stream, priorities). */
static void test_sequences(void **state)
{
	struct pair p;
	struct rng r;

	needs_kernel();
	rng_seed(&r, 1, 0);
	for (unsigned run = 0; run < 200; run++) {
		if (!begin(&p, run % N(socks)))
			continue;
		for (unsigned i = 0; i < 200; i++) {
			size_t o = rng_below(&r, N(options));
			int32_t val = rng_chance(&r, 1, 3) ? (int32_t)rng_u32(&r)
							   : values[rng_below(&r, N(values))];
			int32_t len = optlens[rng_below(&r, N(optlens))];

			both_set(&p, options[o].level, options[o].optname, val, PLAIN, 0, len);
			o = rng_below(&r, N(options));
			both_get(&p, options[o].level, options[o].optname, PLAIN, 0, len, false);
		}
		read_all(&p);
		assert_true(p.known > 200);
		close(p.fd);
	}
}

/* What the model must know: a model that knows nothing would agree with every kernel. Needs no kernel. */
static void test_known(void **state)
{
	static const unsigned known[N(socks)] = {23, 23, 22, 22, 21, 24, 24, 24, 24};

	for (size_t s = 0; s < N(socks); s++) {
		unsigned n = 0;

		for (size_t o = 0; o < N(options); o++) {
			uint8_t mem[4] = {0};
			int32_t len = 4;
			struct model m;
			int64_t ret;
			bool set, get;

			model_init(&m, &socks[s]);
			get = model_get(&m, options[o].level, options[o].optname, mem, 4, &len, &ret);
			set = model_set(&m, options[o].level, options[o].optname, mem, 4, 4, &ret);
			assert_int_equal(get, set);
			n += get;
		}
		print_message("socket %zu: %u of %zu options\n", s, n, N(options));
		assert_int_equal(n, known[s]);
	}
}

static void test_unknown(void **state)
{
	static const struct tc_sock strange[] = {
		{.family = AF_NETLINK, .type = SOCK_RAW},
		{.family = AF_INET, .type = SOCK_STREAM, .protocol = 262},
		{.family = AF_INET, .type = SOCK_RAW, .protocol = 1},
		{.family = AF_UNIX, .type = SOCK_STREAM, .protocol = 1},
		{.route = ROUTE_SOCKETPAIR, .family = AF_INET, .type = SOCK_STREAM},
	};
	static const struct {
		int32_t level, optname;
		bool spoils;
	} sets[] = {
		{SOL_TCP, TCP_CORK, false},
		{SOL_TCP, 31 /* TCP_ULP */, true},
		{SOL_TCP, TCP_REPAIR, true},
		{SOL_IPV6, IPV6_ADDRFORM, true},
	};
	uint8_t one[4] = {1};
	struct model m;
	int32_t len = 4;
	int64_t ret;

	for (size_t s = 0; s < N(strange); s++) {
		model_init(&m, &strange[s]);
		assert_false(model_set(&m, SOL_SOCKET, SO_PRIORITY, one, 4, 4, &ret));
		assert_false(model_set(&m, 234, 1, one, 4, -1, &ret));
		assert_false(model_get(&m, SOL_SOCKET, SO_TYPE, one, 4, &len, &ret));
	}
	for (size_t i = 0; i < N(sets); i++) {
		model_init(&m, &socks[3]);
		assert_false(model_set(&m, sets[i].level, sets[i].optname, one, 4, 4, &ret));
		assert_int_equal(model_get(&m, SOL_SOCKET, SO_TYPE, one, 4, &len, &ret), !sets[i].spoils);
	}
	model_init(&m, &socks[0]);
	model_forget(&m);
	assert_false(model_get(&m, SOL_SOCKET, SO_TYPE, one, 4, &len, &ret));
}

/* A namespace of our own has no cgroup programs' effect either: none is attached where a test runs. */
static bool setup_kernel(void)
{
	uint8_t *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || mprotect(two + 4096, 4096, PROT_NONE))
		return false;
	page = two;
	return unshare(CLONE_NEWNET) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),	  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_product),	  cmocka_unit_test(test_length_read_only),
		cmocka_unit_test(test_sequences),
	};

	has_kernel = setup_kernel();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
