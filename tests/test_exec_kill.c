/* SPDX-License-Identifier: MIT */
/*
 * Killing hookdiff leaves nothing attached that outlives the next start: children run cases in many shapes
 * and are killed with SIGKILL at random moments (while starting, building, running, closing). After each, a
 * start must find no leftover that it cannot remove, and no hookdiff.* cgroup of a dead run may hold a
 * program. HD_KILLS sets how often (default 40). Needs root and cgroup2; otherwise exit 77.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/exec/bpf_uapi.h"
#include "harness/exec/cgroup.h"
#include "harness/exec/kernel.h"
#include "harness/exec/probe.h"

/* Tells the parent where a child was when it died. */
static struct {
	unsigned started, ran;
} * progress;

static void one_case(struct backend *b, struct tcase *tc, unsigned serial)
{
	static const uint16_t families[] = {AF_INET, AF_INET, AF_INET6, AF_UNIX, AF_PACKET};
	struct plan p = {.called = true, .level = SOL_SOCKET, .optname = SO_PRIORITY, .optlen = 4};
	struct handler_result hr;
	struct outcome got;

	tcase_init(tc);
	tc->n_levels = 1 + serial % 4;
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			/* the old modes outlive their process: those are what the sweep is for */
			unsigned mode = serial % 3 ? MODE_OVERRIDE : MODE_MULTI;

			tc->level[l].n[h] = mode == MODE_MULTI ? 1 + serial % TC_MAX_SLOTS : 1;
			for (unsigned s = 0; s < tc->level[l].n[h]; s++) {
				tc->level[l].slot[h][s].mode = mode;
				tc->level[l].slot[h][s].prog.ret = 1;
			}
		}
	tc->n_socks = 1;
	tc->sock[0] = (struct tc_sock){.level = tc->n_levels,
				       .family = families[serial % 5],
				       .type = serial % 5 == 4 ? SOCK_RAW : SOCK_STREAM};
	tc->n_calls = 1;
	tc->call[0] = (struct tc_call){.hook = HOOK_SET,
				       .level = SOL_SOCKET,
				       .optname = SO_PRIORITY,
				       .optlen = 4,
				       .buf = {.size = 4}};
	if (b->ops->begin(b, tc, serial % 7 == 0))
		_exit(1);
	b->ops->handler(b, &tc->call[0], &p, &hr);
	b->ops->call(b, &tc->call[0], &got);
	b->ops->end(b, serial % 11 == 0);
}

static void spin(void)
{
	struct kernel_opts opts = {.own_netns = true};
	static struct tcase tc;

	for (;;) {
		char err[512];
		struct backend *b = kernel_open(&opts, err, sizeof(err));

		if (!b) {
			fprintf(stderr, "%s\n", err);
			_exit(1);
		}
		progress->started++;
		for (unsigned i = 0; i < 40; i++) {
			one_case(b, &tc, i);
			progress->ran++;
		}
		b->ops->close(b, NULL);
	}
}

/* What is left of a process's bases below dir: cgroups named after it, and programs attached in them. */
struct left {
	char prefix[32]; /* hookdiff.<pid> */
	unsigned cgroups, programs;
};

static void look_in(int dir, bool inside, struct left *left)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(left->prefix);
		bool ours = inside;
		int sub;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		sub = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub < 0)
			continue;
		if (!strncmp(e->d_name, left->prefix, n) && (!e->d_name[n] || e->d_name[n] == '.')) {
			left->cgroups++;
			ours = true;
		}
		for (unsigned h = 0; ours && h < HOOK_COUNT; h++) {
			uint32_t ids[64], cnt = 64;

			if (!hd_prog_query(sub, hd_attach_type(h), 0, ids, &cnt))
				left->programs += cnt;
		}
		look_in(sub, ours, left);
		close(sub);
	}
	if (d)
		closedir(d);
}

static struct left look(pid_t pid)
{
	char mount[PATH_MAX], err[256];
	struct left left = {0};
	int fd;

	snprintf(left.prefix, sizeof(left.prefix), "hookdiff.%d", pid);
	assert_int_equal(cgroup_mount(mount, sizeof(mount), err, sizeof(err)), 0);
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look_in(fd, false, &left);
	close(fd);
	return left;
}

/*
 * Sweeps, as each start does, until nothing of pid is left. Once is enough, unless somebody else's start
 * holds the lock of the same leftover at that moment; then that one removes it.
 */
static void sweep_after(pid_t pid)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		struct timespec ts = {0, 20000000};
		struct cgroup_swept swept;
		struct left left;

		assert_int_equal(cgroup_sweep(&swept), 0);
		left = look(pid);
		if (!left.cgroups && !left.programs)
			return;
		nanosleep(&ts, NULL);
	}
	fail_msg("after the next start, something of process %d is left", pid);
}

static void killed_at_random(void **state)
{
	const char *wanted = getenv("HD_KILLS");
	unsigned kills = wanted ? (unsigned)atoi(wanted) : 40;
	unsigned while_starting = 0, cgroups = 0, attached = 0;

	(void)state;
	for (unsigned i = 0; i < kills; i++) {
		struct timespec ts = {0, (rand() % 1000) * (i % 3 ? 60000l : 400000l)};
		struct left left;
		int status;
		pid_t pid;

		progress->started = progress->ran = 0;
		pid = fork();
		if (!pid)
			spin();
		nanosleep(&ts, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			fail_msg("kill %u: the child ended by itself, status %x", i, status);
		while_starting += !progress->started;
		left = look(pid);
		cgroups += left.cgroups > 0;
		attached += left.programs > 0;
		sweep_after(pid);
	}
	print_message("%u kills: %u before the first case, %u left cgroups, %u of them with programs; "
		      "nothing after the next start\n",
		      kills, while_starting, cgroups, attached);
	assert_true(cgroups > 0); /* otherwise this tested nothing */
}

/* A live run's cgroups are not a leftover. */
static void the_living_are_spared(void **state)
{
	struct kernel_opts opts = {.own_netns = false};
	struct cgroup_swept swept;
	char err[512];
	struct backend *b = kernel_open(&opts, err, sizeof(err)), *c;
	static struct tcase tc;

	(void)state;
	assert_non_null(b);
	one_case(b, &tc, 1);
	assert_int_equal(cgroup_sweep(&swept), 0);
	assert_true(swept.live > 0);
	c = kernel_open(&opts, err, sizeof(err)); /* a second one in the same process */
	assert_non_null(c);
	one_case(c, &tc, 2);
	one_case(b, &tc, 1);
	c->ops->close(c, NULL);
	one_case(b, &tc, 2);
	b->ops->close(b, NULL);
}

/* Processes of a dead run keep its cgroup: reported, not killed, and removed once they are gone. */
static void the_orphaned_are_reported(void **state)
{
	struct cgroup_swept swept;
	int pipefd[2], status;
	bool reported = false;
	pid_t pid, orphan;
	char name[32];

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	pid = fork();
	if (!pid) {
		struct cgroup_base base;
		char err[256];

		if (cgroup_base_open(&base, err, sizeof(err)))
			_exit(1);
		orphan = fork();
		if (!orphan) { /* as an exec'd child would: without our descriptors */
			close(base.base.dir);
			pause();
			_exit(0);
		}
		if (write(pipefd[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(pipefd[0], &orphan, sizeof(orphan)), sizeof(orphan));
	snprintf(name, sizeof(name), "/hookdiff.%d", pid);
	for (unsigned tries = 0; tries < 100 && !reported; tries++) { /* as in sweep_after */
		assert_int_equal(cgroup_sweep(&swept), 0);
		reported = swept.busy && strstr(swept.busy_path, name);
	}
	kill(orphan, SIGKILL);
	assert_true(reported);
	sweep_after(pid);
	close(pipefd[0]);
	close(pipefd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_living_are_spared),
		cmocka_unit_test(the_orphaned_are_reported),
		cmocka_unit_test(killed_at_random),
	};
	struct cgroup_swept swept;
	char err[512];

	if (!probe_can_run(err, sizeof(err))) {
		printf("skipped: %s\n", err);
		return 77;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	srand(time(NULL));
	cgroup_sweep(&swept); /* what earlier runs of anything left */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
