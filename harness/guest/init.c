/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of a guest. It does not trust the kernel to have more than it needs: a missing file system or
 * device is worked around or left out, and only a missing channel or job ends it. Commands run in children
 * that are forks of it, not new programs, so that they inherit the recorder's page.
 */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../base/pulse.h"
#include "../base/recorder.h"
#include "../cli/opts.h"
#include "../exec/splat.h"
#include "../vm/frame.h"
#include "mirror.h"
#include "stuck.h"

#define TICK_MS	 200   /* between two looks at what moved */
#define STUCK_MS 40000 /* without a case that begins; the host gives up after a minute or more */

struct init {
	int channel;
	bool port;  /* frames go to GUEST_PORT; the channel only brings orders */
	int splats; /* complaints of the kernel that a command noticed */
	uint32_t serial;
	char *job;
	size_t job_n, job_at;
	const char *cwd, *mirrored;
	struct mirror mirror;
	uint64_t ticks;			 /* of the recorder when the last beat was sent */
	uint64_t moved;			 /* when that was; 0: it was told that nothing moves */
	struct pulse *pulse;		 /* of every command; NULL: out of memory */
	struct pulse_counts told, begun; /* its sums: that the host has, and when the command began */
	char wire[FRAME_WIRE];
};

/* What a command wrote and is not yet sent: the beginning of a line. */
struct stream {
	int fd;
	enum frame_type whole, part;
	size_t n;
	char bytes[FRAME_MAX];
};

static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return; /* the host notices the gap */
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

static void send_frame(struct init *in, enum frame_type type, const void *payload, size_t n)
{
	size_t size = frame_put(in->wire, in->serial++, type, payload, n);

	if (in->port)
		outsb(GUEST_PORT, in->wire, size);
	else
		write_all(in->channel, in->wire, size);
}

static bool is_uml(void)
{
	char line[64] = "";
	FILE *f = fopen("/proc/cpuinfo", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "User Mode Linux") != NULL;
	if (f)
		fclose(f);
	return found;
}

static void __attribute__((noreturn)) power_off(struct init *in)
{
	if (in->channel >= 0)
		tcdrain(in->channel);
	sync();
	if (!ioperm(GUEST_EXIT_PORT, 4, 1))
		outl(GUEST_EXIT_DONE, GUEST_EXIT_PORT);
	/* QEMU was told not to boot again; a User-Mode Linux, which has no ports, would do it. */
	reboot(is_uml() ? RB_POWER_OFF : RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 2, 3))) fail(struct init *in, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "hookdiff-guest: %s\n", text); /* the console */
	if (in->channel >= 0)
		send_frame(in, FRAME_FAIL, text, strlen(text));
	power_off(in);
}

/* ---- making the guest habitable ---- */

static void mount_all(void)
{
	static const struct {
		const char *type, *at;
	} mounts[] = {
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tmpfs", "/dev/shm"},
		{"tracefs", "/sys/kernel/tracing"},
		{"debugfs", "/sys/kernel/debug"}, /* KCOV */
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].at, 0755);
		mount("hookdiff", mounts[i].at, mounts[i].type, 0, NULL);
	}
	mkdir("/tmp", 01777); /* the root file system is memory already */
	/* A folder of its own: some kernels lack the one in /sys, and user space finds it by its mount. */
	mkdir("/.hookdiff/cgroup", 0755);
	/* favordynmods (6.0): moving to a cgroup waits for no grace period */
	if (mount("hookdiff", "/sys/fs/cgroup", "cgroup2", 0, "favordynmods") &&
	    mount("hookdiff", "/sys/fs/cgroup", "cgroup2", 0, NULL))
		mount("hookdiff", "/.hookdiff/cgroup", "cgroup2", 0, NULL);
}

/* Without devtmpfs the few devices are made by hand. */
static int open_device(const char *name, unsigned major, unsigned minor, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && !mknod(path, S_IFCHR | 0600, makedev(major, minor)))
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return fd;
}

static void open_console(void)
{
	int fd = open_device("console", 5, 1, O_RDWR), null = open_device("null", 1, 3, O_RDWR);

	if (null >= 0)
		dup2(null, 0);
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
	}
}

static int open_channel(void)
{
	struct termios t;
	int fd = open_device(GUEST_CHANNEL, 4, 65, O_RDWR);

	if (fd < 0 || tcgetattr(fd, &t))
		return -1;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)CRTSCTS;
	if (tcsetattr(fd, TCSANOW, &t)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A kernel without CONFIG_X86_IOPL_IOPERM, and a User-Mode Linux, refuse the ports. */
static bool open_port(void)
{
	return !ioperm(GUEST_PORT, 1, 1) && inb(GUEST_PORT) == GUEST_PORT;
}

static void loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &ifr);
		close(fd);
	}
}

/*
 * Names of modules are among the values that cases try. Each would cost the kernel a process that finds no
 * modprobe here: nine tenths of a sweep's time.
 */
static void no_modprobe(void)
{
	int fd = open("/proc/sys/kernel/modprobe", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		fprintf(stderr, "hookdiff-guest: modprobe stays on: %s\n", strerror(errno));
	close(fd);
}

static void load_modules(void)
{
	struct dirent **names;
	int n = scandir(GUEST_MODULES, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[512];
		int fd;

		snprintf(path, sizeof(path), GUEST_MODULES "/%.255s", names[i]->d_name);
		fd = names[i]->d_name[0] == '.' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		free(names[i]);
		if (fd < 0)
			continue;
		if (syscall(__NR_finit_module, fd, "", 0) && errno != EEXIST)
			fprintf(stderr, "hookdiff-guest: %s: %s\n", path, strerror(errno));
		close(fd);
	}
	if (n >= 0)
		free(names);
}

static void raise_limits(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, files = {262144, 262144};

	setrlimit(RLIMIT_MEMLOCK, &all); /* before 5.11 BPF memory counts against it */
	setrlimit(RLIMIT_NOFILE, &files);
}

/* ---- the job ---- */

static void read_job(struct init *in)
{
	struct stat st;
	int fd = open(GUEST_JOB, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		fail(in, "%s: %s", GUEST_JOB, strerror(errno));
	in->job_n = (size_t)st.st_size;
	in->job = calloc(1, in->job_n + 1);
	if (!in->job || read(fd, in->job, in->job_n) != (ssize_t)in->job_n)
		fail(in, "%s cannot be read", GUEST_JOB);
	close(fd);
}

/* The next string of the job, or NULL at its end. */
static char *next_word(struct init *in)
{
	char *word = in->job + in->job_at;

	if (in->job_at >= in->job_n)
		return NULL;
	in->job_at += strlen(word) + 1;
	return word;
}

/* ---- one command ---- */

static void run_child(const struct init *in, int argc, char **argv, const int out[2], const int err[2])
{
	setsid();
	dup2(out[1], 1);
	dup2(err[1], 2);
	close(in->channel);
	if (in->port)
		ioperm(GUEST_PORT, 1, 0);
	mkdir(in->cwd, 0755);
	if (chdir(in->cwd)) {
		fprintf(stderr, "hookdiff-guest: %s: %s\n", in->cwd, strerror(errno));
		exit(EXIT_UNSURE);
	}
	exit(cli_main(argc, argv));
}

/* Sends every line that is whole, and what is longer than a frame in pieces. False at the end of the stream.
 */
static bool relay(struct init *in, struct stream *s)
{
	ssize_t got = read(s->fd, s->bytes + s->n, sizeof(s->bytes) - s->n);
	size_t from = 0;

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!got) {
		if (s->n)
			send_frame(in, s->whole, s->bytes, s->n);
		s->n = 0;
		return false;
	}
	s->n += (size_t)got;
	for (char *end; (end = memchr(s->bytes + from, '\n', s->n - from));
	     from = (size_t)(end - s->bytes) + 1)
		send_frame(in, s->whole, s->bytes + from, (size_t)(end - s->bytes) - from);
	if (!from && s->n == sizeof(s->bytes)) {
		send_frame(in, s->part, s->bytes, s->n);
		from = s->n;
	}
	s->n -= from;
	memmove(s->bytes, s->bytes + from, s->n);
	return true;
}

static void send_file(void *arg, const void *payload, size_t n)
{
	send_frame(arg, FRAME_FILE, payload, n);
}

/* What the command's counters have grown by, if they have. */
static void send_pulse(struct init *in)
{
	struct pulse_counts now;
	char text[PULSE_TEXT];

	if (!in->pulse)
		return;
	now = pulse_look(in->pulse);
	if (!memcmp(&now, &in->told, sizeof(now)))
		return;
	in->told = now;
	now.execs -= in->begun.execs;
	now.cases -= in->begun.cases;
	now.refused -= in->begun.refused;
	now.findings -= in->begun.findings;
	pulse_print(&now, text);
	send_frame(in, FRAME_PULSE, text, strlen(text));
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void tick(struct init *in, bool last)
{
	uint64_t now = recorder_ticks(recorder);

	if (now != in->ticks) {
		send_frame(in, FRAME_BEAT, NULL, 0);
		in->moved = now_ms();
	} else if (in->moved && now_ms() - in->moved > STUCK_MS) {
		in->moved = 0;
		stuck_tell();
	}
	in->ticks = now;
	send_pulse(in);
	mirror_send(&in->mirror, last, send_file, in);
	tcdrain(in->channel);
	recorder->mirrored++;
}

static void relay_splat(struct init *in)
{
	char message[FRAME_MAX];
	ssize_t n = recv(in->splats, message, sizeof(message), MSG_DONTWAIT);

	if (n > 0)
		send_frame(in, FRAME_SPLAT, message, (size_t)n);
}

static void take_orders(const struct init *in, pid_t pid)
{
	char order;

	if (read(in->channel, &order, 1) == 1 && order == FRAME_INTERRUPT)
		kill(pid, SIGINT);
}

/* Until the child has ended and both streams are dry. What it leaves running is killed. Returns its status.
 */
static int attend(struct init *in, pid_t pid, struct stream *out, struct stream *err)
{
	bool ended = false;
	int status = 0;
	uint64_t next = now_ms() + TICK_MS;

	while (out->fd >= 0 || err->fd >= 0) {
		struct pollfd p[] = {{.fd = out->fd, .events = POLLIN},
				     {.fd = err->fd, .events = POLLIN},
				     {.fd = in->channel, .events = POLLIN},
				     {.fd = in->splats, .events = POLLIN}};
		struct stream *s[] = {out, err};

		poll(p, 4, TICK_MS);
		if (p[3].revents)
			relay_splat(in);
		for (unsigned i = 0; i < 2; i++)
			if (p[i].revents && !relay(in, s[i])) {
				close(s[i]->fd);
				s[i]->fd = -1;
			}
		if (p[2].revents & POLLIN)
			take_orders(in, pid);
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			ended = true;
			kill(-1, SIGKILL); /* all but us: nobody may keep the streams open */
		}
		if (now_ms() >= next) {
			next = now_ms() + TICK_MS;
			tick(in, false);
		}
	}
	if (!ended)
		waitpid(pid, &status, 0);
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return status;
}

static void run_command(struct init *in, unsigned number, int argc, char **argv)
{
	static struct stream out, err; /* large */
	int o[2], e[2], status, code;
	char text[16];
	pid_t pid;

	recorder_begin(RECORDER_NOTHING, 0);
	recorder->command = number;
	in->moved = now_ms();
	if (in->pulse)
		in->begun = in->told = pulse_look(in->pulse);
	snprintf(text, sizeof(text), "%u", number);
	send_frame(in, FRAME_BEGIN, text, strlen(text));
	if (pipe2(o, O_CLOEXEC) || pipe2(e, O_CLOEXEC))
		fail(in, "no pipes: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail(in, "no process: %s", strerror(errno));
	if (!pid)
		run_child(in, argc, argv, o, e);
	close(o[1]);
	close(e[1]);
	out = (struct stream){.fd = o[0], .whole = FRAME_OUT, .part = FRAME_PART_OUT};
	err = (struct stream){.fd = e[0], .whole = FRAME_ERR, .part = FRAME_PART_ERR};
	status = attend(in, pid, &out, &err);
	relay_splat(in);
	tick(in, true);
	code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	snprintf(text, sizeof(text), "%d", code);
	send_frame(in, FRAME_END, text, strlen(text));
}

static void run_job(struct init *in)
{
	char *count;

	in->cwd = next_word(in);
	in->mirrored = next_word(in);
	if (!in->cwd || !in->mirrored)
		fail(in, "the job is empty");
	mirror_init(&in->mirror, in->mirrored);
	for (unsigned number = 0; (count = next_word(in)); number++) {
		int argc = atoi(count);
		char **argv = calloc((size_t)argc + 1, sizeof(*argv));

		for (int i = 0; argv && i < argc; i++)
			argv[i] = next_word(in);
		if (!argv || argc < 1 || !argv[argc - 1])
			fail(in, "the job is cut short");
		run_command(in, number, argc, argv);
		free(argv);
	}
}

int guest_main(void)
{
	static struct init in = {.channel = -1, .splats = -1}; /* large */
	int splats[2];
	struct utsname u = {0};
	char hello[160];
	size_t n;

	mount_all();
	open_console();
	signal(SIGPIPE, SIG_IGN);
	in.channel = open_channel();
	if (in.channel < 0)
		fail(&in, "no channel: /dev/" GUEST_CHANNEL ": %s (the kernel needs CONFIG_SERIAL_8250)",
		     strerror(errno));
	in.port = open_port();
	setenv("PATH", "/", 1);
	setenv("HOME", "/tmp", 1);
	uname(&u);
	snprintf(hello, sizeof(hello), "%s", u.release);
	n = strlen(hello) + 1;
	snprintf(hello + n, sizeof(hello) - n, "%s", u.version);
	send_frame(&in, FRAME_HELLO, hello, n + strlen(hello + n));
	raise_limits();
	loopback_up();
	load_modules();
	no_modprobe();
	if (recorder_make(GUEST_RECORDER))
		fail(&in, "%s: %s", GUEST_RECORDER, strerror(errno));
	in.pulse = pulse_make(GUEST_PULSE);
	setenv(RECORDER_ENV, GUEST_RECORDER, 1);
	setenv(PULSE_ENV, GUEST_PULSE, 1);
	if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, splats)) {
		in.splats = splats[0];
		splat_channel = splats[1];
	}
	read_job(&in);
	run_job(&in);
	send_frame(&in, FRAME_DONE, NULL, 0);
	power_off(&in);
}
