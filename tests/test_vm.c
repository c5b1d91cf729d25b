/* SPDX-License-Identifier: MIT */
/*
 * Guests that end badly: each way gives the right end, reason and running case, and none takes the host with
 * it. Needs QEMU, hookdiff-guest and a kernel: HOOKDIFF_VM_KERNEL, or what `hookdiff kernel path debian:6.12`
 * knows; otherwise exit 77 with the remedy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/vm/qemu.h"
#include "harness/vm/vm.h"

static char kernel[4096], release[128];

struct heard {
	unsigned booted, lines, messages, ended, splats;
	int code[4];
	char last[4096], message[256], splat[256], running[256];
	uint64_t file_bytes;
	bool kill; /* QEMU, at the first line */
};

static void on_booted(void *arg, const char *r, const char *version)
{
	struct heard *h = arg;

	h->booted++;
	assert_true(*r && *version);
}

static pid_t child_qemu(void)
{
	char path[64], line[256];
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (d && !found && (e = readdir(d))) {
		int parent = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%.20s/stat", e->d_name);
		f = e->d_name[0] >= '0' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
		if (f && fgets(line, sizeof(line), f) && strstr(line, "(qemu-system") &&
		    sscanf(strrchr(line, ')') + 1, " %*c %d", &parent) == 1 && parent == getpid())
			found = atoi(e->d_name);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	struct heard *h = arg;

	(void)command;
	h->lines++;
	assert_int_equal(strlen(line), n);
	snprintf(h->last, sizeof(h->last), "%s", line);
	if (h->kill && h->lines == 1)
		kill(child_qemu(), SIGKILL);
}

static void on_message(void *arg, unsigned command, const char *line, size_t n)
{
	struct heard *h = arg;

	(void)command;
	h->messages++;
	assert_int_equal(strlen(line), n);
	snprintf(h->message, sizeof(h->message), "%s", line);
}

static void on_ended(void *arg, unsigned command, int code)
{
	struct heard *h = arg;

	assert_int_equal(command, h->ended);
	h->code[h->ended++ % 4] = code;
}

static void on_file(void *arg, unsigned command, const char *path, const void *bytes, size_t n)
{
	(void)command;
	(void)bytes;
	assert_true(*path != '/');
	((struct heard *)arg)->file_bytes += n;
}

static void on_splat(void *arg, unsigned command, const char *text, const char *running)
{
	struct heard *h = arg;

	(void)command;
	h->splats++;
	snprintf(h->splat, sizeof(h->splat), "%s", text);
	snprintf(h->running, sizeof(h->running), "%s", running);
}

static enum vm_end run(struct vm_job *job, struct heard *h, struct vm_result *r)
{
	struct vm_events ev = {.booted = on_booted,
			       .line = on_line,
			       .message = on_message,
			       .ended = on_ended,
			       .file = on_file,
			       .splat = on_splat,
			       .arg = h};
	enum vm_end end;

	job->kernel = kernel;
	job->guest = HD_BUILD_DIR "/hookdiff-guest";
	job->accel = VM_ACCEL_TCG;
	end = vm_run(job, &ev, r);
	assert_int_equal(end, r->end);
	if (end != VM_DONE)
		print_message("%s; running: %s\n", r->why, r->running);
	assert_true(!*r->why == (end == VM_DONE));
	assert_int_equal(child_qemu(), 0);
	print_message("at most %llu MiB\n", (unsigned long long)r->peak_rss >> 20);
	return end;
}

/* One selftest. */
static enum vm_end way(const char *name, unsigned timeout, unsigned silence, struct heard *h,
		       struct vm_result *r)
{
	const char *argv[] = {"selftest", name, NULL};
	struct vm_command c = {.argv = argv, .timeout = timeout};
	struct vm_job job = {.command = &c, .n_commands = 1, .silence = silence, .timeout = 60};

	memset(h, 0, sizeof(*h));
	return run(&job, h, r);
}

static void test_commands(void **state)
{
	static const char *const pass[] = {"run",   "/in/pass.case", "--profile", "v6.7",
					   "--out", "/tmp/out",	     NULL};
	static const char *const fail[] = {"run",      "--profile",	"v6.7", "--out",
					   "/tmp/out", "/in/fail.case", NULL};
	static const char *const usage[] = {"run", "/in/none.case", NULL};
	static const char *const streams[] = {"selftest", "streams", NULL};
	const struct vm_command c[] = {{pass, 0}, {fail, 0}, {usage, 0}, {streams, 0}};
	char passing[] = "/tmp/hookdiff-vm-XXXXXX", failing[] = "/tmp/hookdiff-vm-XXXXXX";
	static const char text[] =
		"# One program.\ncgroup a { setsockopt multi: return 1 }\n"
		"s = socket(AF_INET, SOCK_STREAM) in a\nsetsockopt(s, SOL_IP, IP_TOS, i32 8, optlen 4) = ";
	const struct vm_file files[] = {{passing, "/in/pass.case"}, {failing, "/in/fail.case"}};
	struct vm_job job = {
		.command = c, .n_commands = 4, .file = files, .n_files = 2, .collect = "/tmp/out"};
	struct vm_result r;
	struct heard h = {0};
	int a = mkstemp(passing), b = mkstemp(failing);

	(void)state;
	dprintf(a, "%s0\n", text);
	dprintf(b, "%s-1 EPERM\n", text);
	close(a);
	close(b);
	assert_int_equal(run(&job, &h, &r), VM_DONE);
	unlink(passing);
	unlink(failing);
	print_message("boot %.1f s, total %.1f s, at most %llu MiB\n", r.boot, r.total,
		      (unsigned long long)r.peak_rss >> 20);
	assert_true(r.peak_rss < 256u << 20);
	assert_int_equal(h.booted, 1);
	assert_int_equal(h.ended, 4);
	assert_int_equal(h.code[0], 0);
	assert_int_equal(h.code[1], 1);
	assert_int_equal(h.code[2], 64);
	assert_int_equal(h.code[3], 42);
	assert_string_equal(h.last, "out \\ \\x1b[1m\\xff.");
	assert_string_equal(h.message, "err without newline");
	assert_true(h.file_bytes > 1000);
	assert_int_equal(r.tail.n, 0);
	vm_result_fini(&r);
}

/* The last thread that is told of is one that waits for a signal: system call 34 is pause(2). */
static void test_stuck(void **state)
{
	struct vm_result r;
	struct heard h;

	(void)state;
	assert_int_equal(way("stuck", 30, 30, &h, &r), VM_DONE);
	assert_int_equal(h.code[0], 0);
	if (!strstr(h.message, "stuck: ") || !strstr(h.message, " S, call 34 "))
		fail_msg("%s", h.message);
	vm_result_fini(&r);
}

static void bad_end(const char *name, unsigned timeout, unsigned silence, const char *why)
{
	char running[64];
	struct vm_result r;
	struct heard h;

	assert_int_equal(way(name, timeout, silence, &h, &r), VM_FAILED);
	if (!strstr(r.why, why))
		fail_msg("%s: want '%s', got '%s'", name, why, r.why);
	snprintf(running, sizeof(running), "selftest %s", name);
	assert_string_equal(r.running, running);
	assert_true(r.total < 60);
	assert_int_equal(r.crashed, !strcmp(name, "panic"));
	assert_true(r.tail.n);
	vm_result_fini(&r);
}

static void test_panic(void **state)
{
	(void)state;
	bad_end("panic", 30, 30, "panicked: ");
}

static void test_hang(void **state)
{
	(void)state;
	bad_end("hang", 0, 4, "hang: no sign of life for 4 s");
}

static void test_timeout(void **state)
{
	(void)state;
	bad_end("flood", 3, 30, "timeout: the command selftest ran for 3 s");
}

static void test_console_flood(void **state)
{
	(void)state;
	bad_end("console", 0, 3, "hang: no sign of life for 3 s");
}

static void test_long_line(void **state)
{
	(void)state;
	bad_end("line", 0, 30, "a line of more than");
}

static void test_oom(void **state)
{
	(void)state;
	bad_end("oom", 40, 30, "ran out of memory");
}

static void test_killed(void **state)
{
	struct vm_result r;
	struct heard h;

	(void)state;
	assert_int_equal(way("killed", 0, 0, &h, &r), VM_DONE);
	assert_int_equal(h.code[0], -SIGKILL);
	vm_result_fini(&r);
}

static void test_splat(void **state)
{
	struct vm_result r;
	struct heard h;

	(void)state;
	assert_int_equal(way("splat", 0, 0, &h, &r), VM_DONE);
	assert_int_equal(h.code[0], 1);
	assert_int_equal(h.splats, 1);
	assert_true(strstr(h.splat, "WARNING: CPU: 0") != NULL);
	assert_string_equal(h.running, "selftest splat");
	vm_result_fini(&r);
}

static void test_qemu_killed(void **state)
{
	static const char *const argv[] = {"selftest", "flood", NULL};
	const struct vm_command c = {.argv = argv};
	struct vm_job job = {.command = &c, .n_commands = 1};
	struct heard h = {.kill = true};
	struct vm_result r;

	(void)state;
	assert_int_equal(run(&job, &h, &r), VM_FAILED);
	assert_true(strstr(r.why, "QEMU was killed by signal 9") != NULL);
	assert_string_equal(r.running, "selftest flood");
	vm_result_fini(&r);
}

static void test_no_kernel(void **state)
{
	struct vm_job job = {
		.kernel = "/nonexistent", .guest = HD_BUILD_DIR "/hookdiff-guest", .accel = VM_ACCEL_TCG};
	struct vm_result r;

	(void)state;
	assert_int_equal(vm_run(&job, NULL, &r), VM_FAILED);
	assert_true(strstr(r.why, "/nonexistent") != NULL);
	vm_result_fini(&r);
	job.kernel = "/etc/passwd"; /* QEMU does not start that */
	assert_int_equal(vm_run(&job, NULL, &r), VM_FAILED);
	print_message("%s\n", r.why);
	vm_result_fini(&r);
	job.guest = "/nonexistent";
	assert_int_equal(vm_run(&job, NULL, &r), VM_SKIP);
	vm_result_fini(&r);
}

/* hookdiff is killed while the guest runs: QEMU goes with it. */
static void test_we_are_killed(void **state)
{
	static const char *const argv[] = {"selftest", "hang", NULL};
	const struct vm_command c = {.argv = argv};
	struct vm_job job = {.command = &c,
			     .n_commands = 1,
			     .kernel = kernel,
			     .guest = HD_BUILD_DIR "/hookdiff-guest",
			     .accel = VM_ACCEL_TCG};
	int up[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(up), 0);
	pid = fork();
	if (!pid) {
		struct vm_result r;

		close(up[0]);
		vm_run(&job, NULL, &r);
		_exit(0);
	}
	close(up[1]);
	sleep(3);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	alarm(10);
	assert_int_equal(read(up[0], &byte, 1), 0); /* the last holder of the other end is gone: QEMU too */
	alarm(0);
	close(up[0]);
}

static bool find_kernel(void)
{
	const char *given = getenv("HOOKDIFF_VM_KERNEL");
	FILE *f;

	(void)release;
	if (given) {
		snprintf(kernel, sizeof(kernel), "%s", given);
		return true;
	}
	f = popen(HD_BUILD_DIR "/hookdiff kernel path debian:6.12 2>&1", "re");
	if (!f || !fgets(kernel, sizeof(kernel), f))
		kernel[0] = 0;
	kernel[strcspn(kernel, "\n")] = 0;
	return f && !pclose(f) && kernel[0] == '/';
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),      cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_panic),	      cmocka_unit_test(test_hang),
		cmocka_unit_test(test_timeout),	      cmocka_unit_test(test_console_flood),
		cmocka_unit_test(test_long_line),     cmocka_unit_test(test_oom),
		cmocka_unit_test(test_killed),	      cmocka_unit_test(test_splat),
		cmocka_unit_test(test_qemu_killed),   cmocka_unit_test(test_no_kernel),
		cmocka_unit_test(test_we_are_killed),
	};
	char program[4096];

	if (!qemu_find(program, sizeof(program))) {
		puts("SKIP: QEMU is not installed: " QEMU_REMEDY);
		return 77;
	}
	if (access(HD_BUILD_DIR "/hookdiff-guest", X_OK)) {
		puts("SKIP: hookdiff-guest is not built here: it needs static libraries and no sanitizer");
		return 77;
	}
	if (!find_kernel()) {
		printf("SKIP: no kernel to boot: %s\n", kernel);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
