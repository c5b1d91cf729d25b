/* SPDX-License-Identifier: MIT */
/* The parts of harness/vm that need no guest: what a hostile one may send, and what it is given. No root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/recorder.h"
#include "harness/exec/splat.h"
#include "harness/vm/console.h"
#include "harness/vm/frame.h"
#include "harness/vm/initramfs.h"
#include "harness/vm/machine.h"
#include "harness/vm/modules.h"
#include "harness/vm/postmortem.h"

static uint64_t state = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % n);
}

struct seen {
	unsigned n;
	struct {
		enum frame_type type;
		size_t n;
		char data[FRAME_MAX];
	} want[4];
	bool wrong;
};

static void check_frame(void *arg, const struct frame *f)
{
	struct seen *s = arg;

	if (s->n >= 4 || s->want[s->n].type != f->type || s->want[s->n].n != f->n ||
	    memcmp(s->want[s->n].data, f->data, f->n) || f->data[f->n])
		s->wrong = true;
	s->n++;
}

static size_t make_frames(struct seen *s, char *wire)
{
	static const char types[] = "HBOEXTF";
	size_t n = 0;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < 4; i++) {
		s->want[i].type = (enum frame_type)types[rnd(7)];
		s->want[i].n = rnd(4) ? rnd(60) : rnd(FRAME_MAX + 1);
		for (size_t k = 0; k < s->want[i].n; k++)
			s->want[i].data[k] = rnd(3) ? "\n\\*n\0"[rnd(5)] : (char)rnd(256);
		n += frame_put(wire + n, i, s->want[i].type, s->want[i].data, s->want[i].n);
	}
	return n;
}

static void feed_in_pieces(struct frame_reader *r, const char *wire, size_t n, struct seen *s)
{
	for (size_t at = 0, k; at < n; at += k) {
		k = 1 + rnd(rnd(2) ? 5 : 5000);
		k = k < n - at ? k : n - at;
		frame_feed(r, wire + at, k, check_frame, s);
	}
}

static char wire[8 * FRAME_WIRE];
static struct frame_reader reader;

static void test_frames_round_trip(void **st)
{
	static struct seen s;

	(void)st;
	for (unsigned i = 0; i < 2000; i++) {
		size_t n = make_frames(&s, wire);

		memset(&reader, 0, sizeof(reader));
		feed_in_pieces(&reader, wire, n, &s);
		assert_false(s.wrong);
		assert_int_equal(s.n, 4);
		assert_int_equal(reader.damaged, 0);
	}
}

/* Cut off anywhere: what came whole before is there, and nothing else. */
static void test_frames_torn(void **st)
{
	static struct seen s;

	(void)st;
	for (unsigned i = 0; i < 2000; i++) {
		size_t n = make_frames(&s, wire), cut = rnd((uint32_t)n);

		memset(&reader, 0, sizeof(reader));
		feed_in_pieces(&reader, wire, cut, &s);
		assert_false(s.wrong);
		assert_true(s.n < 4);
		assert_int_equal(reader.damaged, 0);
	}
}

/* A byte changed, lost or doubled: never another frame, and it is noticed once a good frame came before. */
static void test_frames_damaged(void **st)
{
	static struct seen s;
	unsigned noticed = 0;

	(void)st;
	for (unsigned i = 0; i < 4000; i++) {
		size_t n = make_frames(&s, wire), at = rnd((uint32_t)n);

		switch (rnd(3)) {
		case 0:
			wire[at] ^= (char)(1 << rnd(8));
			break;
		case 1:
			memmove(wire + at, wire + at + 1, n - at - 1);
			n--;
			break;
		default:
			memmove(wire + at + 1, wire + at, n - at);
			n++;
		}
		memset(&reader, 0, sizeof(reader));
		feed_in_pieces(&reader, wire, n, &s);
		assert_false(s.wrong);
		noticed += reader.damaged != 0;
		assert_true(s.n < 4 || reader.damaged || wire[n - 1] == '\n');
	}
	assert_true(noticed > 2000);

	/* the longest frame there can be, and one byte more */
	memset(&s, 0, sizeof(s));
	memset(&reader, 0, sizeof(reader));
	s.want[0].type = FRAME_OUT;
	s.want[0].n = FRAME_MAX;
	memset(s.want[0].data, '\n', FRAME_MAX);
	size_t n = frame_put(wire, 0, FRAME_OUT, s.want[0].data, FRAME_MAX);

	assert_int_equal(n, FRAME_WIRE);
	wire[n - 1] = 'x';
	wire[n] = '\n';
	frame_feed(&reader, wire, n + 1, check_frame, &s);
	assert_int_equal(s.n, 0);
	wire[n - 1] = '\n';
	frame_feed(&reader, wire, n, check_frame, &s);
	assert_int_equal(s.n, 1);
	assert_false(s.wrong);
}

static void test_frames_garbage(void **st)
{
	static struct seen s;

	(void)st;
	memset(&reader, 0, sizeof(reader));
	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 300; i++) {
		for (size_t k = 0; k < sizeof(wire); k++)
			wire[k] = rnd(50) ? (char)rnd(256) : '\n';
		feed_in_pieces(&reader, wire, sizeof(wire), &s);
	}
	memset(wire, 'x', sizeof(wire)); /* a line without end */
	feed_in_pieces(&reader, wire, sizeof(wire), &s);
	assert_int_equal(s.n, 0);
}

static void test_console(void **st)
{
	static const struct {
		const char *line;
		enum console_sign sign;
	} lines[] = {
		{"[    0.1] Linux version 6.1.0", CONSOLE_FINE},
		{"[    2.4] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009",
		 CONSOLE_PANIC},
		{"[    2.4] Oops: 0002 [#1] PREEMPT SMP NOPTI", CONSOLE_OOPS},
		{"[    2.4] BUG: unable to handle page fault for address: ffff", CONSOLE_OOPS},
		{"[   21.0] rcu: INFO: rcu_sched self-detected stall on CPU", CONSOLE_STALL},
		{"[    9.9] Out of memory: Killed process 117 (init)", CONSOLE_OOM},
	};
	static struct console c;
	struct buf tail = {0};

	(void)st;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(console_line_sign(lines[i].line), lines[i].sign);
	console_feed(&c, "one\r\n\x1b[31mtwo\xff\n", 15);
	console_feed(&c, "Oops: three\nOops: four\nlast", 27);
	console_end(&c);
	console_tail(&c, &tail);
	assert_string_equal(buf_str(&tail), "one\n\\x1b[31mtwo\\xff\nOops: three\nOops: four\nlast\n");
	memset(wire, 'y', 5000);
	wire[5000] = '\n';
	console_feed(&c, wire, 5001);
	buf_reset(&tail);
	console_tail(&c, &tail);
	assert_int_equal(strlen(strstr(buf_str(&tail), "yy")), CONSOLE_WIDTH + 1);
	assert_int_equal(c.sign, CONSOLE_OOPS);
	assert_string_equal(c.signed_line, "Oops: three");
	for (unsigned i = 0; i < 200; i++) {
		for (size_t k = 0; k < sizeof(wire); k++)
			wire[k] = rnd(300) ? (char)rnd(256) : '\n';
		console_feed(&c, wire, sizeof(wire));
	}
	console_end(&c);
	buf_reset(&tail);
	console_tail(&c, &tail);
	assert_true(tail.n <= CONSOLE_LINES * (4 * CONSOLE_WIDTH + 1));
	for (size_t i = 0; i < tail.n; i++)
		assert_true(tail.p[i] == '\n' || tail.p[i] == '\t' || (unsigned char)tail.p[i] >= ' ');
	buf_fini(&tail);
}

static void test_splats(void **st)
{
	static const char *const other[] = {"hookdiff: WARNING: not the kernel's",
					    "device lo entered promiscuous mode",
					    "TCP: request_sock_TCP: Possible SYN flooding"};
	static const char text[] =
		"# known\n\"at net/mptcp\" 6.* \"a race since 6.1\" https://example.org/1 # so\n";
	struct splats s = {.log = -1, .release = "6.12.1"};
	struct splat_list l;
	struct diag d;

	(void)st;
	for (size_t i = 0; i < 3; i++)
		assert_false(splats_line(&s, other[i], strlen(other[i])));
	assert_true(splats_line(&s, "WARNING: CPU: 0 PID: 1 at net/core/sock.c:1 f+0x1/0x2", 53));
	assert_false(splats_line(&s, "Modules linked in:\x1b", 19));
	assert_false(splats_line(&s, "---[ end trace 0 ]---", 21));
	assert_false(splats_line(&s, "not of it", 9));
	assert_string_equal(buf_str(&s.text), "WARNING: CPU: 0 PID: 1 at net/core/sock.c:1 f+0x1/0x2\n"
					      "Modules linked in:\\x1b\n---[ end trace 0 ]---\n");
	assert_true(splats_line(&s, "BUG: KASAN: slab-out-of-bounds in f", 35));
	assert_true(splats_line(&s, "UBSAN: array-index-out-of-bounds in x.c:1:2", 43));
	assert_int_equal(s.n, 3);

	assert_int_equal(splat_list_parse(&l, "f", text, sizeof(text) - 1, &d), 0);
	assert_int_equal(l.n, 1);
	s.allowed = l.row;
	s.n_allowed = l.n;
	assert_false(splats_line(&s, "WARNING: CPU: 0 PID: 1 at net/mptcp/x.c:1", 41));
	assert_int_equal(s.allowed_n, 1);
	assert_false(splats_line(&s, "its second line", 15));
	snprintf(s.release, sizeof(s.release), "7.1");
	assert_true(splats_line(&s, "WARNING: CPU: 0 PID: 1 at net/mptcp/x.c:1", 41));
	for (unsigned i = 0; i < 20000; i++) {
		for (size_t k = 0; k < 600; k++)
			wire[k] = (char)rnd(256);
		memcpy(wire, "BUG: ", rnd(2) ? 5 : 0);
		splats_line(&s, wire, rnd(600));
		assert_true(s.text.n <= SPLAT_TEXT + 4 * 512 + 1);
	}
	splats_close(&s);
	splat_list_fini(&l);
}

static void test_splat_list_refuses(void **st)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"words * \"r\" l\n",
		 "expected words of the complaint's first line in double quotes, found 'words'"},
		{"\"w\n", "expected words of the complaint's first line in double quotes, found '\"w'"},
		{"\"w\"\n",
		 "expected a glob of kernel releases such as 6.1.* or *, found the end of the line"},
		{"\"w\" * r l\n", "expected the reason in double quotes, found 'r'"},
		{"\"w\" * \"\" l\n", "expected the reason in double quotes, found '\"\"'"},
		{"\"w\" * \"r\"\n", "expected a link that explains it, found the end of the line"},
		{"\"w\" * \"r\" l more\n", "expected the end of the line, found 'more'"},
	};
	struct splat_list l;

	(void)st;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct diag d = {0};

		assert_int_not_equal(splat_list_parse(&l, "f", bad[i].text, strlen(bad[i].text), &d), 0);
		assert_string_equal(d.message, bad[i].message);
		assert_int_equal(d.line, 1);
		assert_int_equal(l.n, 0);
	}
	for (unsigned i = 0; i < 20000; i++) {
		struct diag d = {0};
		size_t n = rnd(80);

		for (size_t k = 0; k < n; k++)
			wire[k] = "\"\" \t#a*\n\0\xff"[rnd(10)];
		if (!splat_list_parse(&l, "f", wire, n, &d))
			splat_list_fini(&l);
	}
}

static void test_paths(void **st)
{
	static const char *const pairs[][2] = {
		{"/a/b", "/a/b"}, {"/a/./b//c/", "/a/b/c"}, {"/a/../b", "/b"},	     {"/../../a", "/a"},
		{"/", "/"},	  {"/a/b/../..", "/"},	    {"/..a/...", "/..a/..."}};
	char out[16];

	(void)st;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(initramfs_path(pairs[i][0], out, sizeof(out)));
		assert_string_equal(out, pairs[i][1]);
	}
	assert_false(initramfs_path("a/b", out, sizeof(out)));
	assert_false(initramfs_path("/aaaaaaaaaaaaaaaaaaaaaaaa", out, sizeof(out)));
}

static void test_initramfs(void **st)
{
	static const char *const argv[] = {"run", "a b", NULL};
	const struct vm_command command = {argv, 0};
	const struct vm_file files[] = {{HD_SOURCE_DIR "/corpus/set", "/w/corpus/set"},
					{"/etc/hostname", "/x/y"}};
	struct vm_job job = {.command = &command,
			     .n_commands = 1,
			     .cwd = "/w/deep",
			     .collect = "/o/out",
			     .file = files,
			     .n_files = 2};
	unsigned cases = 0, init = 0, job_seen = 0, deep = 0, parent = 0;
	char why[200], bytes[100];
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int fd = initramfs_make(&job, "/bin/true", why, sizeof(why));

	(void)st;
	assert_true(fd >= 0);
	lseek(fd, 0, SEEK_SET);
	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_fd(a, fd, 4096), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const char *p = archive_entry_pathname(e);

		cases += !strncmp(p, "w/corpus/set/", 13) && strstr(p, ".case");
		init += !strcmp(p, "init") && archive_entry_perm(e) == 0755;
		deep += !strcmp(p, "w/deep");
		parent += !strcmp(p, "o");
		if (!strcmp(p, ".hookdiff/job")) {
			static const char want[] = "/w/deep\0/o/out\0"
						   "3\0hookdiff\0run\0a b";

			assert_int_equal(archive_read_data(a, bytes, sizeof(bytes)), sizeof(want));
			assert_memory_equal(bytes, want, sizeof(want));
			job_seen++;
		}
	}
	archive_read_free(a);
	close(fd);
	assert_true(cases > 10);
	assert_int_equal(init, 1);
	assert_int_equal(job_seen, 1);
	assert_int_equal(deep, 1);
	assert_int_equal(parent, 1);
	job.file = &(const struct vm_file){"/nonexistent", "/x"};
	job.n_files = 1;
	assert_true(initramfs_make(&job, "/bin/true", why, sizeof(why)) < 0);
	assert_string_equal(why, "cannot put /nonexistent into the guest: No such file or directory");
}

static int note_module(void *arg, const char *name, const struct buf *bytes)
{
	buf_printf(arg, "%s=%s ", name, buf_str(bytes));
	return 0;
}

/* A module comes after all that it needs, each once; what is not wanted does not come. */
static void test_modules(void **st)
{
	static const char *const files[] = {"modules.dep", "vsock.ko",		"low.ko",
					    "mid.ko",	   "vsock_loopback.ko", "x.ko"};
	static const char *const texts[] = {
		("x.ko: low.ko\nvsock_loopback.ko: mid.ko vsock.ko low.ko\nvsock.ko: low.ko\n"
		 "tls.ko.xz:\nno colon\n"),
		"V",
		"L",
		"M",
		"B",
		"X"};
	char dir[] = "/tmp/hookdiff-modules-XXXXXX", path[64];
	struct buf got = {0};

	(void)st;
	assert_non_null(mkdtemp(dir));
	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		FILE *f = fopen(path, "w");

		fputs(texts[i], f);
		fclose(f);
	}
	assert_int_equal(modules_each(dir, note_module, &got), 0);
	assert_string_equal(buf_str(&got), "00-low.ko=L 01-vsock.ko=V 02-mid.ko=M 03-vsock_loopback.ko=B ");
	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	buf_reset(&got);
	assert_int_equal(modules_each(dir, note_module, &got), 0);
	assert_int_equal(got.n, 0);
	buf_fini(&got);
}

static void test_recorder(void **st)
{
	int ram = memfd_create("ram", 0);
	struct recorder got;
	char text[1200];

	(void)st;
	assert_int_equal(ftruncate(ram, 64 << 20), 0);
	assert_false(postmortem_read(ram, &got));
	recorder_begin(RECORDER_PATHS, 0);
	recorder_file("a/b.case");
	recorder_magic(recorder->magic);
	assert_int_equal(pwrite(ram, recorder, sizeof(*recorder), 40 << 20 | 123), sizeof(*recorder));
	assert_false(postmortem_read(ram, &got)); /* not at a page's start: not ours */
	assert_int_equal(pwrite(ram, recorder, sizeof(*recorder), 50 << 20), sizeof(*recorder));
	assert_true(postmortem_read(ram, &got));
	recorder_describe(&got, text, sizeof(text));
	assert_string_equal(text, "a/b.case");
	recorder_begin(RECORDER_FUZZ, 7);
	recorder_worker(1);
	recorder_index(33);
	recorder_describe(recorder, text, sizeof(text));
	assert_string_equal(text, "case 33 of fuzz --seed 7");
	recorder_begin(RECORDER_SWEEP, 0);
	recorder_index(5);
	recorder_worker(2);
	recorder_index(6);
	recorder_describe(recorder, text, sizeof(text));
	assert_string_equal(text, "sweep case 5, sweep case 6");
	for (unsigned i = 0; i < 20000; i++) {
		for (size_t k = 0; k < sizeof(got); k += 8)
			memcpy((char *)&got + k, &(uint64_t){((uint64_t)rnd(~0u) << 32) | rnd(~0u)}, 8);
		got.kind = rnd(5);
		recorder_describe(&got, text, 1 + rnd(sizeof(text)));
	}
	close(ram);
}

/* ---- inputs of a fuzz driver in a guest's memory ---- */

#define RAM (8 << 20)

/* The recorder's file, its pages at odd places of a memory. */
static int scatter(const char *path)
{
	int from = open(path, O_RDONLY), ram = memfd_create("ram", 0);
	char page[RECORDER_PAGE];

	assert_true(from >= 0);
	assert_int_equal(ftruncate(ram, RAM), 0);
	for (unsigned i = 0; read(from, page, sizeof(page)) == sizeof(page); i++)
		assert_int_equal(pwrite(ram, page, sizeof(page), (off_t)((i * 37) % 2048) * RECORDER_PAGE),
				 sizeof(page));
	close(from);
	return ram;
}

static void *mirrors(void *arg)
{
	for (unsigned i = 0; i < 40; i++) {
		usleep(10000);
		recorder->mirrored++;
	}
	return NULL;
}

static void test_inputs(void **st)
{
	char path[] = "/tmp/hookdiff-recorder-XXXXXX", text[32], expected[16];
	struct postmortem_inputs *got = calloc(1, sizeof(*got));
	static uint8_t large[RECORDER_INPUT + 100]; /* more than is kept */
	struct recorder rec;
	uint64_t before;
	pthread_t thread;
	int ram;

	(void)st;
	close(mkstemp(path));
	recorder_input((const uint8_t *)"x", 1); /* nobody looks: nothing happens */
	unsetenv(RECORDER_ENV);
	assert_false(recorder_join());
	setenv(RECORDER_ENV, path, 1);
	assert_false(recorder_join()); /* empty: not a recorder's */
	assert_int_equal(recorder_make(path), 0);
	assert_true(recorder_join());
	for (unsigned i = 1; i <= 300; i++) {
		snprintf(text, sizeof(text), "input %u", i);
		recorder_input((const uint8_t *)text, strlen(text));
	}
	memset(large, 'L', sizeof(large));
	recorder_input(large, sizeof(large));

	ram = scatter(path);
	assert_true(postmortem_read(ram, &rec));
	assert_int_equal(rec.kind, RECORDER_DRIVER);
	assert_int_equal(rec.seed, 301);
	recorder_describe(&rec, text, sizeof(text));
	assert_string_equal(text, "input 301 of the driver");
	postmortem_inputs(ram, rec.seed, got);
	assert_int_equal(got->input[0].n, RECORDER_INPUT);
	for (unsigned i = 1; i < RECORDER_RING; i++) {
		snprintf(expected, sizeof(expected), "input %u", 301 - i);
		assert_string_equal(buf_str(&got->input[i]), expected);
	}
	postmortem_inputs_fini(got);
	memset(got, 0, sizeof(*got));

	/* Hostile: lengths beyond the page, serials that were never given. */
	for (off_t at = 0; at < RAM; at += RECORDER_PAGE) {
		struct recorder_input in;

		assert_int_equal(pread(ram, &in, sizeof(in), at), sizeof(in));
		in.n = rnd(3) ? RECORDER_INPUT + 1 + rnd(2000) : in.n;
		in.serial = rnd(3) ? ((uint64_t)rnd(~0u) << 32) + rnd(1000) : in.serial;
		assert_int_equal(pwrite(ram, &in, sizeof(in), at), sizeof(in));
	}
	postmortem_inputs(ram, rec.seed, got);
	for (unsigned i = 0; i < RECORDER_RING; i++)
		assert_true(got->input[i].n <= RECORDER_INPUT);
	postmortem_inputs_fini(got);
	free(got);

	/* Waiting ends when everything was sent twice: the first time may have begun before. */
	before = recorder->mirrored;
	assert_int_equal(pthread_create(&thread, NULL, mirrors, NULL), 0);
	recorder_wait();
	assert_true(recorder->mirrored >= before + 2);
	assert_true(recorder->mirrored < before + 40);
	pthread_join(thread, NULL);
	close(ram);
	unlink(path);
	unsetenv(RECORDER_ENV);
}

/* Whether a process runs on; one that nobody waits for does not. */
static bool runs(int pid)
{
	char path[64], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		*line = 0;
	fclose(f);
	return *line && !strstr(line, ") Z") && !strstr(line, ") X");
}

/* A User-Mode Linux has processes of its own. They go with it, whoever ends it. */
static void test_machine_group(void **st)
{
	char name[] = "/tmp/hookdiff-machine-XXXXXX", why[256] = "", line[64] = "";
	const char script[] = "#!/bin/sh\nsleep 60 &\necho $!\nwait\n";
	int fd = mkstemp(name), status, pid;
	struct machine m;
	uint64_t peak;
	struct pollfd p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	for (int killed = 0; killed < 2; killed++) {
		const struct machine_opts o = {.kernel = name,
					       .initramfs = memfd_create("x", MFD_CLOEXEC),
					       .memory = 16,
					       .uml = true};

		assert_int_equal(machine_start(&m, &o, why, sizeof(why)), 0);
		close(o.initramfs);
		p = (struct pollfd){.fd = m.console, .events = POLLIN};
		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_true(read(m.console, line, sizeof(line) - 1) > 0);
		pid = atoi(line);
		assert_true(pid > 1 && runs(pid));
		if (killed)
			kill(m.pid, SIGKILL);
		else
			machine_end(&m, &status, &peak);
		for (int i = 0; i < 500 && runs(pid); i++)
			usleep(10000);
		assert_false(runs(pid));
		if (killed)
			machine_end(&m, &status, &peak);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_round_trip),
		cmocka_unit_test(test_frames_torn),
		cmocka_unit_test(test_frames_damaged),
		cmocka_unit_test(test_frames_garbage),
		cmocka_unit_test(test_console),
		cmocka_unit_test(test_splats),
		cmocka_unit_test(test_splat_list_refuses),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_initramfs),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_machine_group),
		cmocka_unit_test(test_recorder),
		cmocka_unit_test(test_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
