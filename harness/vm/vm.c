/* SPDX-License-Identifier: MIT */
/*
 * Attends one QEMU from start to end. Everything that arrives is hostile: the console is a bounded ring, a
 * frame counts only if it is whole and the next one, lines and files have limits. The end is judged once,
 * from what was seen: a guest that said it is done is done; for every other there is a sentence.
 */
#include "vm.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../report/text.h"
#include "console.h"
#include "frame.h"
#include "initramfs.h"
#include "kvm.h"
#include "postmortem.h"
#include "machine.h"
#include "qemu.h"

#define MEMORY	    160 /* MiB */
#define TIMEOUT	    900
#define SILENCE	    60
#define BOOT_LIMIT  90		/* seconds until init's first word */
#define LINGER	    10		/* seconds that a finished guest may take to switch off */
#define LINE_LIMIT  (1u << 20)	/* bytes of one line of a command */
#define FILES_LIMIT (64u << 20) /* bytes of files in all */

struct vm {
	const struct vm_job *job;
	const struct vm_events *ev;
	struct vm_result *r;
	struct machine m;
	struct frame_reader reader;
	struct console console;
	struct console errors; /* what QEMU says */
	struct buf out, err;   /* pieces of a long line */
	double start, word;    /* when it was started, when it last gave a sign of life */
	double command_start;
	unsigned command; /* that runs, or the next one */
	bool hello, running, done;
	uint64_t file_bytes;
	unsigned interrupts; /* that were passed on */
	char failure[256];   /* why we end it ourselves */
};

static volatile sig_atomic_t signals; /* so many have arrived */

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void __attribute__((format(printf, 2, 3))) give_up(struct vm *vm, const char *format, ...)
{
	va_list ap;

	if (vm->failure[0])
		return;
	va_start(ap, format);
	vsnprintf(vm->failure, sizeof(vm->failure), format, ap);
	va_end(ap);
}

/* ---- frames ---- */

static void emit_line(struct vm *vm, void (*fn)(void *arg, unsigned command, const char *line, size_t n),
		      struct buf *pieces, const struct frame *f, bool whole)
{
	struct buf safe = {0};

	if (pieces->n + f->n <= LINE_LIMIT)
		buf_add(pieces, f->data, f->n);
	else
		give_up(vm, "a command printed a line of more than %u bytes", LINE_LIMIT);
	if (!whole)
		return;
	text_safe(&safe, buf_str(pieces), pieces->n);
	if (fn)
		fn(vm->ev->arg, vm->command, buf_str(&safe), safe.n);
	buf_fini(&safe);
	buf_reset(pieces);
}

/* Relative, no "..", no hidden name, and no byte that a shell or a terminal takes amiss. */
static bool harmless_path(const char *path, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+:,";
	bool name = false;

	if (!n || n > 400)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (path[i] == '/') {
			if (!name)
				return false;
			name = false;
			continue;
		}
		if (!path[i] || !strchr(letters, path[i]) || (!name && path[i] == '.'))
			return false;
		name = true;
	}
	return name;
}

static void take_file(struct vm *vm, const struct frame *f)
{
	const char *end = memchr(f->data, 0, f->n);
	size_t head = end ? (size_t)(end - f->data) : 0;

	if (!end || !harmless_path(f->data, head)) {
		give_up(vm, "the guest named a file that cannot be one of its report");
		return;
	}
	vm->file_bytes += f->n - head - 1;
	if (vm->file_bytes > FILES_LIMIT)
		give_up(vm, "the guest's report is larger than %u MiB", FILES_LIMIT >> 20);
	else if (vm->ev->file)
		vm->ev->file(vm->ev->arg, vm->command, f->data, f->data + head + 1, f->n - head - 1);
}

static void take_pulse(struct vm *vm, const struct frame *f)
{
	struct pulse_counts sums;

	if (!pulse_scan(f->data, &sums))
		give_up(vm, "the guest sent counters that are none");
	else if (vm->ev->pulse)
		vm->ev->pulse(vm->ev->arg, vm->command, &sums);
}

static void take_splat(struct vm *vm, const struct frame *f)
{
	const char *end = memchr(f->data, 0, f->n);
	struct buf text = {0}, running = {0};

	if (end) {
		text_safe(&running, f->data, (size_t)(end - f->data));
		text_safe(&text, end + 1, f->n - (size_t)(end - f->data) - 1);
		if (vm->ev->splat)
			vm->ev->splat(vm->ev->arg, vm->command, buf_str(&text), buf_str(&running));
	}
	buf_fini(&text);
	buf_fini(&running);
}

static void take_hello(struct vm *vm, const struct frame *f)
{
	struct buf release = {0}, version = {0};
	size_t n = strlen(f->data);

	vm->hello = true;
	machine_ram(&vm->m);
	vm->r->boot = clock_now() - vm->start;
	text_safe(&release, f->data, n);
	if (n < f->n)
		text_safe(&version, f->data + n + 1, strlen(f->data + n + 1));
	if (vm->ev->booted)
		vm->ev->booted(vm->ev->arg, buf_str(&release), buf_str(&version));
	buf_fini(&release);
	buf_fini(&version);
}

/* A whole number and nothing else. */
static bool read_int(const char *s, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(s, &end, 10);
	return end != s && !*end && !errno;
}

static void take_end(struct vm *vm, const struct frame *f)
{
	long code;

	if (!read_int(f->data, &code) || code < -255 || code > 255) {
		give_up(vm, "the guest sent an exit code that is none");
		return;
	}
	vm->running = false;
	if (vm->ev->ended)
		vm->ev->ended(vm->ev->arg, vm->command, (int)code);
	vm->command++;
}

static void take_frame(void *arg, const struct frame *f)
{
	struct vm *vm = arg;
	long number;

	if (vm->failure[0] || vm->done)
		return;
	vm->word = clock_now();
	if (!vm->hello && f->type != FRAME_HELLO && f->type != FRAME_FAIL) {
		give_up(vm, "the guest's first word was not a greeting");
		return;
	}
	switch (f->type) {
	case FRAME_HELLO:
		if (!vm->hello)
			take_hello(vm, f);
		return;
	case FRAME_FAIL: {
		struct buf safe = {0};

		text_safe(&safe, f->data, f->n);
		give_up(vm, "the guest cannot run commands: %s", buf_str(&safe));
		buf_fini(&safe);
		return;
	}
	case FRAME_BEGIN:
		if (vm->running || !read_int(f->data, &number) || number != (long)vm->command ||
		    vm->command >= vm->job->n_commands) {
			give_up(vm, "the guest began a command out of turn");
			return;
		}
		vm->running = true;
		vm->command_start = vm->word;
		return;
	case FRAME_BEAT:
		return;
	case FRAME_SPLAT:
		take_splat(vm, f);
		return;
	case FRAME_DONE:
		if (vm->running || vm->command != vm->job->n_commands)
			give_up(vm, "the guest ended before the last command");
		else
			vm->done = true;
		return;
	default:
		break;
	}
	if (!vm->running) {
		give_up(vm, "the guest sent output while no command ran");
		return;
	}
	switch (f->type) {
	case FRAME_OUT:
	case FRAME_PART_OUT:
		emit_line(vm, vm->ev->line, &vm->out, f, f->type == FRAME_OUT);
		return;
	case FRAME_ERR:
	case FRAME_PART_ERR:
		emit_line(vm, vm->ev->message, &vm->err, f, f->type == FRAME_ERR);
		return;
	case FRAME_FILE:
		take_file(vm, f);
		return;
	case FRAME_PULSE:
		take_pulse(vm, f);
		return;
	case FRAME_END:
		take_end(vm, f);
		return;
	default:
		return;
	}
}

/* ---- attending ---- */

static void feed_channel(void *arg, const void *bytes, size_t n)
{
	struct vm *vm = arg;

	frame_feed(&vm->reader, bytes, n, take_frame, vm);
	if (vm->reader.damaged)
		give_up(vm, "the channel from the guest was damaged after frame %llu",
			(unsigned long long)vm->reader.frames);
}

static void feed_console(void *arg, const void *bytes, size_t n)
{
	console_feed(&((struct vm *)arg)->console, bytes, n);
}

static void feed_errors(void *arg, const void *bytes, size_t n)
{
	console_feed(&((struct vm *)arg)->errors, bytes, n);
}

/* Reads what is there, at most a megabyte so that the others get their turn. False at the end. */
static bool drain(int fd, void (*feed)(void *arg, const void *bytes, size_t n), void *arg)
{
	char bytes[16384];

	for (unsigned i = 0; i < 64; i++) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!n)
			return false;
		feed(arg, bytes, (size_t)n);
	}
	return true;
}

static void check_clocks(struct vm *vm)
{
	const struct vm_job *j = vm->job;
	unsigned all = j->timeout ? j->timeout : TIMEOUT, silence = j->silence ? j->silence : SILENCE;
	unsigned limit = vm->running ? j->command[vm->command].timeout : 0;
	double t = clock_now();

	if (vm->done) {
		if (t - vm->word > LINGER)
			give_up(vm, "the guest was done and did not switch off within %u s", LINGER);
	} else if (t - vm->start > all) {
		give_up(vm, "timeout: the VM ran for %u s", all);
	} else if (!vm->hello && t - vm->start > BOOT_LIMIT) {
		give_up(vm, "the kernel did not reach init within %u s", BOOT_LIMIT);
	} else if (limit && t - vm->command_start > limit) {
		give_up(vm, "timeout: the command %s ran for %u s", j->command[vm->command].argv[0], limit);
	} else if (vm->hello && t - vm->word > silence) {
		vm->r->hung = true;
		give_up(vm, "hang: no sign of life for %u s", silence);
	}
}

static void pass_signals(struct vm *vm)
{
	char order = FRAME_INTERRUPT;
	unsigned n = (unsigned)signals;

	if (n == vm->interrupts)
		return;
	if (n > 1 || write(vm->m.channel, &order, 1) != 1)
		give_up(vm, "interrupted");
	vm->interrupts = n;
}

static void attend(struct vm *vm)
{
	/* A guest writes its frames to one of the first two. */
	struct pollfd p[] = {{vm->m.channel, POLLIN, 0},
			     {vm->m.port, POLLIN, 0},
			     {vm->m.console, POLLIN, 0},
			     {vm->m.errors, POLLIN, 0}};
	void (*const feed[])(void *, const void *, size_t) = {feed_channel, feed_channel, feed_console,
							      feed_errors};

	while (!vm->failure[0] && (p[0].fd >= 0 || p[1].fd >= 0 || p[2].fd >= 0 || p[3].fd >= 0)) {
		poll(p, 4, 100);
		for (unsigned i = 0; i < 4; i++)
			if (p[i].revents && !drain(p[i].fd, feed[i], vm))
				p[i].fd = -1; /* negative ones are passed over */
		pass_signals(vm);
		check_clocks(vm);
	}
	/* What a dying kernel still says arrives a little later. */
	for (int i = 0; vm->failure[0] && i < 3; i++) {
		poll(p + 2, 1, 50);
		drain(vm->m.console, feed_console, vm);
	}
}

/* ---- the verdict ---- */

static void quote(char *out, size_t size, const char *before, const char *line)
{
	struct buf safe = {0};

	text_safe(&safe, line, strlen(line));
	snprintf(out, size, "%s: %s", before, buf_str(&safe));
	buf_fini(&safe);
}

static void why_it_ended(struct vm *vm, bool by_itself, int status)
{
	static const char *const words[] = {[CONSOLE_OOM] = "the guest ran out of memory",
					    [CONSOLE_STALL] = "the guest's kernel stalled",
					    [CONSOLE_OOPS] = "the guest's kernel oopsed",
					    [CONSOLE_PANIC] = "the guest's kernel panicked"};
	struct vm_result *r = vm->r;
	const struct console *c = &vm->console;

	if (vm->done && by_itself && c->sign != CONSOLE_OOM)
		return; /* the killer picks whom it likes: what the others then said is worth nothing */
	r->end = VM_FAILED;
	r->crashed = c->sign >= CONSOLE_OOPS;
	if (c->sign >= CONSOLE_OOPS ||
	    (c->sign && (vm->failure[0] || (!WIFSIGNALED(status) && !vm->errors.n)))) /* it says most */
		quote(r->why, sizeof(r->why), words[c->sign], c->signed_line);
	else if (vm->failure[0])
		snprintf(r->why, sizeof(r->why), "%s", vm->failure);
	else if (WIFSIGNALED(status))
		snprintf(r->why, sizeof(r->why), "QEMU was killed by signal %d%s", WTERMSIG(status),
			 WTERMSIG(status) == SIGBUS ? " (is the host out of memory?)" : "");
	else if (vm->errors.n)
		quote(r->why, sizeof(r->why), vm->hello ? "QEMU ended" : "QEMU did not start the guest",
		      vm->errors.line[(vm->errors.n - 1) % CONSOLE_LINES]);
	else
		snprintf(r->why, sizeof(r->why), "the guest switched off before %s (QEMU's exit status %d)",
			 !vm->hello ? "init ran" : "the last command ended", WEXITSTATUS(status));
}

static void what_ran(struct vm *vm)
{
	struct recorder rec;
	struct buf safe = {0};
	char text[RECORDER_PATH + 64];

	if (!vm->hello || !postmortem_read(vm->m.ram, &rec))
		return;
	recorder_describe(&rec, text, sizeof(text));
	for (unsigned i = RECORDER_SLOTS; i-- > 0;)
		if (rec.slot[i].index != RECORDER_IDLE) {
			vm->r->running_kind = rec.kind;
			vm->r->running_seed = rec.seed;
			vm->r->running_index = rec.slot[i].index;
		}
	if (rec.kind == RECORDER_DRIVER && (vm->r->inputs = calloc(1, sizeof(*vm->r->inputs)))) {
		vm->r->running_kind = rec.kind;
		postmortem_inputs(vm->m.ram, rec.seed, vm->r->inputs);
	}
	text_safe(&safe, text, strlen(text));
	snprintf(vm->r->running, sizeof(vm->r->running), "%s", buf_str(&safe));
	buf_fini(&safe);
}

static void finish(struct vm *vm)
{
	bool by_itself = !vm->failure[0];
	int status;

	if (!vm->done || !by_itself || vm->console.sign == CONSOLE_OOM)
		what_ran(vm);
	machine_end(&vm->m, &status, &vm->r->peak_rss);
	console_end(&vm->console);
	console_end(&vm->errors);
	console_said(&vm->console, &vm->r->report);
	why_it_ended(vm, by_itself, status);
	if (vm->r->end == VM_FAILED) {
		console_tail(&vm->errors, &vm->r->tail);
		console_tail(&vm->console, &vm->r->tail);
	}
	vm->r->total = clock_now() - vm->start;
}

/* The static binary: what the job names, or the one beside this program. */
static bool find_guest(const struct vm_job *job, char *out, size_t size)
{
	ssize_t n;

	if (job->guest)
		return (size_t)snprintf(out, size, "%s", job->guest) < size && !access(out, R_OK);
	n = readlink("/proc/self/exe", out, size - 1);
	if (n <= 0)
		return false;
	out[n] = 0;
	*strrchr(out, '/') = 0;
	n = (ssize_t)strlen(out);
	return (size_t)snprintf(out + n, size - (size_t)n, "/hookdiff-guest") < size - (size_t)n &&
	       !access(out, R_OK);
}

static enum vm_end boot(struct vm *vm, const char *guest)
{
	struct vm_result *r = vm->r;
	struct sigaction act = {.sa_handler = on_signal}, old_int, old_term, old_pipe,
			 ignore = {.sa_handler = SIG_IGN};
	struct machine_opts opts = {.kernel = vm->job->kernel,
				    .memory = vm->job->memory ? vm->job->memory : MEMORY,
				    .kvm = r->kvm,
				    .uml = vm->job->uml,
				    .plugin = vm->job->uml ? NULL : vm->job->plugin};

	r->end = VM_FAILED;
	opts.initramfs = initramfs_make(vm->job, guest, r->why, sizeof(r->why));
	if (opts.initramfs < 0)
		return r->end;
	signals = 0;
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGTERM, &act, &old_term);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	vm->start = clock_now();
	if (!machine_start(&vm->m, &opts, r->why, sizeof(r->why))) {
		r->end = VM_DONE;
		attend(vm);
		finish(vm);
	}
	r->interrupted = signals != 0;
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	close(opts.initramfs);
	return r->end;
}

enum vm_end vm_run(const struct vm_job *job, const struct vm_events *events, struct vm_result *r)
{
	static const struct vm_events none;
	char guest[PATH_MAX], program[PATH_MAX];
	struct vm *vm = calloc(1, sizeof(*vm));

	memset(r, 0, sizeof(*r));
	r->end = VM_SKIP;
	if (!vm) {
		snprintf(r->why, sizeof(r->why), "out of memory");
		return r->end = VM_FAILED;
	}
	vm->job = job;
	vm->ev = events ? events : &none;
	vm->r = r;
	if (!job->uml && !qemu_find(program, sizeof(program))) {
		snprintf(r->why, sizeof(r->why), "QEMU is not installed: " QEMU_REMEDY);
	} else if (!find_guest(job, guest, sizeof(guest))) {
		snprintf(r->why, sizeof(r->why),
			 "there is no hookdiff-guest beside hookdiff: the build makes one where libbpf, "
			 "libelf, zlib "
			 "and json-c have static libraries");
	} else if (access(job->kernel, R_OK)) {
		r->end = VM_FAILED;
		snprintf(r->why, sizeof(r->why), "cannot read the kernel %.150s: %s", job->kernel,
			 strerror(errno));
	} else {
		r->kvm = !job->uml && !job->plugin && kvm_wanted(job);
		boot(vm, guest);
	}
	buf_fini(&vm->out);
	buf_fini(&vm->err);
	free(vm);
	return r->end;
}

void vm_result_fini(struct vm_result *r)
{
	buf_fini(&r->tail);
	buf_fini(&r->report);
	if (r->inputs)
		postmortem_inputs_fini(r->inputs);
	free(r->inputs);
	r->inputs = NULL;
}
