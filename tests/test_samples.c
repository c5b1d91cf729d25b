/* SPDX-License-Identifier: MIT */
/*
 * progs/samples on the running kernel: each object loads, and attached to a cgroup does what the comment at
 * its top says. Needs root; otherwise exit 77.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "harness/exec/cgroup.h"
#include "harness/exec/feature.h"
#include "harness/exec/probe.h"

#define MOST_PROGS 4

static struct cgroup_base base;

/* One sample, attached to a cgroup that the process is in, and a TCP socket made there. */
struct sample {
	struct bpf_object *object;
	struct cgroup cg;
	struct attachment attached[MOST_PROGS];
	unsigned n;
	int fd;
};

/* Does a row of feature.h say "present"? */
static bool kernel_has(const char *name)
{
	struct feature_result rows[FEATURE_MAX];
	int i = feature_find(name);

	assert_true(i >= 0);
	feature_run(rows);
	return rows[i].state == FEATURE_PRESENT;
}

static void open_sample(struct sample *s, const char *name)
{
	char path[512];
	struct bpf_program *p;

	*s = (struct sample){.fd = -1};
	snprintf(path, sizeof(path), HD_BUILD_DIR "/progs/samples/%s.bpf.o", name);
	s->object = bpf_object__open(path);
	assert_non_null(s->object);
	if (bpf_object__load(s->object))
		fail_msg("%s: the kernel refuses it", name);
	assert_int_equal(cgroup_make(&s->cg, base.base.dir, name), 0);
	bpf_object__for_each_program(p, s->object)
	{
		unsigned hook =
			bpf_program__expected_attach_type(p) == BPF_CGROUP_SETSOCKOPT ? HOOK_SET : HOOK_GET;

		assert_true(s->n < MOST_PROGS);
		assert_int_equal(
			cgroup_attach(&s->attached[s->n++], &s->cg, bpf_program__fd(p), hook, MODE_MULTI), 0);
	}
	assert_true(s->n > 0);
	assert_int_equal(cgroup_enter(&s->cg), 0);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(s->fd >= 0);
}

static void close_sample(struct sample *s, const char *name)
{
	close(s->fd);
	for (unsigned i = 0; i < s->n; i++)
		cgroup_detach(&s->attached[i]);
	cgroup_enter(&base.home);
	cgroup_fini(&s->cg);
	cgroup_remove(base.base.dir, name);
	bpf_object__close(s->object);
}

/* 0 or -errno. */
static int set(const struct sample *s, int level, int name, const void *value, socklen_t n)
{
	return setsockopt(s->fd, level, name, value, n) ? -errno : 0;
}

/* How many bytes there are, or -errno. */
static int get(const struct sample *s, int level, int name, void *value, socklen_t n)
{
	memset(value, 0xee, n);
	return getsockopt(s->fd, level, name, value, &n) ? -errno : (int)n;
}

static void document(void **state)
{
	struct sample s;
	uint8_t bytes[8];
	int one = 1;

	(void)state;
	open_sample(&s, "document");
	assert_int_equal(set(&s, 0x7b00, 0, "x", 1), 0);
	assert_int_equal(get(&s, 0x7b00, 0, bytes, 4), 1);
	assert_int_equal(bytes[0], 42);
	assert_int_equal(bytes[1], 0xee);
	assert_int_equal(get(&s, 0x7b00, 1, bytes, 4), -EOPNOTSUPP); /* no option of ours */
	assert_int_equal(set(&s, SOL_IP, IP_FREEBIND, &one, 4), 0);
	assert_int_equal(get(&s, SOL_IP, IP_FREEBIND, bytes, 4), 1);
	assert_int_equal(bytes[0], 55);
	assert_int_equal(set(&s, SOL_IP, IP_TOS, &one, 4), 0);
	close_sample(&s, "document");
}

static void custom_option(void **state)
{
	struct sample s;
	uint32_t tag = 1234, read = 0;

	(void)state;
	open_sample(&s, "custom_option");
	assert_int_equal(get(&s, 0x7b01, 1, &read, 4), 4);
	assert_int_equal(read, 7);
	assert_int_equal(set(&s, 0x7b01, 1, &tag, 3), -EPERM);
	assert_int_equal(set(&s, 0x7b01, 1, &tag, 4), 0);
	assert_int_equal(get(&s, 0x7b01, 1, &read, 4), 4);
	assert_int_equal(read, 1234);
	close_sample(&s, "custom_option");
}

static void congestion(void **state)
{
	struct sample s;
	char name[16];

	(void)state;
	open_sample(&s, "congestion");
	assert_int_equal(set(&s, IPPROTO_TCP, TCP_CONGESTION, "cubic", 6), 0);
	assert_int_equal(get(&s, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name)), 16);
	assert_string_equal(name, "reno");
	assert_int_equal(set(&s, IPPROTO_TCP, TCP_CONGESTION, "cubicle", 7), -ENOENT); /* another name */
	assert_int_equal(set(&s, IPPROTO_TCP, TCP_CONGESTION, "cub", 3), -ENOENT);
	assert_int_equal(set(&s, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5), 0);
	assert_int_equal(get(&s, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name)), 16);
	assert_string_equal(name, "reno");
	close_sample(&s, "congestion");
}

static void original_dst(void **state)
{
	struct {
		uint32_t ip, port;
	} who = {0, 0}; /* the peer of a socket that is not connected */
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8080)}, read;
	struct sample s;
	int map, alone;

	(void)state;
	open_sample(&s, "original_dst");
	alone = get(&s, SOL_IP, 80, &read, sizeof(read));
	assert_true(alone < 0); /* conntrack knows no such connection, or is not there */
	map = bpf_object__find_map_fd_by_name(s.object, "destinations");
	assert_true(map >= 0);
	to.sin_addr.s_addr = htonl(0x0a010203);
	assert_int_equal(bpf_map_update_elem(map, &who, &to, 0), 0);
	assert_int_equal(get(&s, SOL_IP, 80, &read, sizeof(read)), 16);
	assert_memory_equal(&read, &to, sizeof(to));
	assert_true(get(&s, SOL_IP, 80, &read, 8) < 0);
	close_sample(&s, "original_dst");
}

static void deny(void **state)
{
	struct {
		int32_t level, name;
	} option = {SOL_SOCKET, SO_KEEPALIVE};
	uint32_t chosen = ENOLINK;
	struct sample s;
	int one = 1;

	(void)state;
	if (!kernel_has("load.set_retval")) {
		print_message("skipped: bpf_set_retval needs Linux 5.18 or later\n");
		skip();
	}
	open_sample(&s, "deny");
	assert_int_equal(set(&s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), -EACCES);
	assert_int_equal(set(&s, SOL_IP, IP_OPTIONS, "", 0), -EOPNOTSUPP);
	assert_int_equal(get(&s, SOL_IP, IP_OPTIONS, &one, 4), -EOPNOTSUPP);
	one = 1;
	assert_int_equal(set(&s, SOL_SOCKET, SO_KEEPALIVE, &one, 4), 0);
	assert_int_equal(
		bpf_map_update_elem(bpf_object__find_map_fd_by_name(s.object, "policy"), &option, &chosen, 0),
		0);
	assert_int_equal(set(&s, SOL_SOCKET, SO_KEEPALIVE, &one, 4), -ENOLINK);
	close_sample(&s, "deny");
}

static void count(void **state)
{
	struct sample s;
	uint64_t n[2];
	int one = 1;

	(void)state;
	open_sample(&s, "count");
	for (int i = 0; i < 3; i++)
		assert_int_equal(set(&s, SOL_IP, IP_TOS, &one, 4), 0);
	assert_int_equal(get(&s, SOL_IP, IP_TOS, &one, 4), 4);
	assert_int_equal(get(&s, 0x7b02, 0, n, sizeof(n)), 16);
	assert_int_equal(n[0], 3);
	assert_int_equal(n[1], 2);
	close_sample(&s, "count");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(document),	cmocka_unit_test(custom_option), cmocka_unit_test(congestion),
		cmocka_unit_test(original_dst), cmocka_unit_test(deny),		 cmocka_unit_test(count),
	};
	char err[512];
	int ret;

	if (!probe_can_run(err, sizeof(err)) || cgroup_base_open(&base, err, sizeof(err))) {
		printf("skipped: %s\n", err);
		return 77;
	}
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	cgroup_base_close(&base);
	return ret;
}
