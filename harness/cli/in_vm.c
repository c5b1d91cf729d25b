/* SPDX-License-Identifier: MIT */
/*
 * The guest gets the very same command line, the host's working folder under its own name, and copies of what
 * the operands and --waivers name under theirs, so that every path that it prints is true here too. What it
 * writes below --out comes back while it is written.
 */
#include "in_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/pulse.h"
#include "../base/recorder.h"
#include "../case/case_text.h"
#include "../vm/initramfs.h"
#include "in_vm_crash.h"

struct in_vm {
	struct cli *cli;
	const struct kernel_image *image;
	/* The first complaint of the guest's kernel that it lived through, and what ran then. */
	struct buf splat;
	char splat_running[512];
	char cwd[PATH_MAX], out[PATH_MAX];
	struct vm_file *file;
	char (*guest)[PATH_MAX]; /* their paths in the guest */
	unsigned n_files;
	char **cut; /* paths cut out of operands; owned */
	unsigned n_cut;
	const char **argv; /* of the command in the guest */
	char folder[256];  /* of this run's report, below --out; "" until the guest has made it */
	char here[300];	   /* the same on this side: another one if the name was taken */
	char release[65], version[128]; /* of the guest */
	bool ended, write_failed;
	int code;
	struct pulse *pulse; /* of whoever started us; NULL: nobody looks */
};

/* Absolute, whether or not it exists. */
static bool absolute(const struct in_vm *v, const char *path, char *out)
{
	char joined[PATH_MAX];

	if (*path == '/')
		return initramfs_path(path, out, PATH_MAX);
	return snprintf(joined, sizeof(joined), "%s/%s", v->cwd, path) < PATH_MAX &&
	       initramfs_path(joined, out, PATH_MAX);
}

/* Places that a guest needs for itself. */
static bool taken(const char *path)
{
	static const char *const places[] = {"/proc", "/sys", "/dev", "/init", "/.hookdiff"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t n = strlen(places[i]);

		if (!strncmp(path, places[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return !strcmp(path, "/");
}

/* Copies it into the guest, under the same name if that is free there. *word is what names it in the guest.
 */
static int add_file(struct in_vm *v, const char *operand, const char **word)
{
	size_t n = word && v->cli->path_length ? v->cli->path_length(operand) : strlen(operand);
	const char *host = operand;
	char *guest = v->guest[v->n_files], same[PATH_MAX];

	if (n < strlen(operand)) {
		v->cut[v->n_cut] = strndup(operand, n);
		host = v->cut[v->n_cut++];
	}
	if (!host || !absolute(v, host, same))
		return cli_usage("%s: the path is too long", operand);
	if (n < strlen(operand) && taken(same))
		return cli_usage("%s: a guest has a folder of that name itself: copy the file elsewhere",
				 operand);
	if (!taken(same)) {
		strcpy(guest, same);
	} else {
		snprintf(guest, PATH_MAX, "/host/%u", v->n_files);
		if (word)
			*word = guest;
	}
	v->file[v->n_files++] = (struct vm_file){host, guest};
	return 0;
}

/* Operands stand in argv as they are; the words between them are options and their values. */
static int add_operands(struct in_vm *v)
{
	struct cli *cli = v->cli;
	int next = 0;

	for (int i = 1; i < cli->argc; i++) {
		v->argv[i - 1] = cli->argv[i];
		if (next < cli->n_args && cli->argv[i] == cli->args[next]) {
			char *word = cli->args[next++];
			int code = cli->path_length && !cli->path_length(word)
					   ? 0
					   : add_file(v, word, &v->argv[i - 1]);

			if (code)
				return code;
		}
	}
	return 0;
}

static void on_booted(void *arg, const char *release, const char *version)
{
	struct in_vm *v = arg;

	snprintf(v->release, sizeof(v->release), "%s", release);
	snprintf(v->version, sizeof(v->version), "%s", version);
}

static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	(void)arg;
	(void)command;
	fwrite(line, 1, n, stdout);
	putchar('\n');
	fflush(stdout);
}

static void on_message(void *arg, unsigned command, const char *line, size_t n)
{
	(void)arg;
	(void)command;
	fwrite(line, 1, n, stderr);
	fputc('\n', stderr);
}

static void on_ended(void *arg, unsigned command, int exit_code)
{
	struct in_vm *v = arg;

	(void)command;
	v->ended = true;
	v->code = exit_code < 0 ? EXIT_UNSURE : exit_code;
	if (exit_code < 0)
		fprintf(stderr, "hookdiff: signal %d ended the command in the guest\n", -exit_code);
}

/* The folder of the run, made once; another name if there is one already. */
static int make_folder(struct in_vm *v, const char *name, size_t n)
{
	if (mkdir(v->cli->out, 0755) && errno != EEXIST)
		return -errno;
	snprintf(v->folder, sizeof(v->folder), "%.*s", (int)n, name);
	for (int i = 0; i < 100; i++) {
		char path[PATH_MAX];

		if (i)
			snprintf(v->here, sizeof(v->here), "%s.vm%d", v->folder, i);
		else
			snprintf(v->here, sizeof(v->here), "%s", v->folder);
		if (snprintf(path, sizeof(path), "%s/%s", v->cli->out, v->here) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (!mkdir(path, 0755)) {
			if (i)
				fprintf(stderr, "hookdiff: %s/%s exists: the report goes to %s\n",
					v->cli->out, v->folder, path);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* path is that of vm_events.file: harmless, and its first folder is the run's. */
static int write_file(struct in_vm *v, const char *path, const void *bytes, size_t n)
{
	char full[PATH_MAX];
	size_t top = strcspn(path, "/");
	int fd, ret = 0;

	if (!path[top])
		return 0; /* the guest's commands write below a folder of their own */
	if (!v->folder[0])
		ret = make_folder(v, path, top);
	if (ret)
		return ret;
	if (strlen(v->folder) != top || strncmp(v->folder, path, top))
		return 0;
	if (snprintf(full, sizeof(full), "%s/%s%s", v->cli->out, v->here, path + top) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	for (char *slash = full + strlen(v->cli->out) + 1 + strlen(v->here) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		*slash = 0;
		if (mkdir(full, 0755) && errno != EEXIST)
			ret = -errno;
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (n && !ret) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno != EINTR)
			ret = -errno;
		if (done > 0) {
			bytes = (const char *)bytes + done;
			n -= (size_t)done;
		}
	}
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

static void on_file(void *arg, unsigned command, const char *path, const void *bytes, size_t n)
{
	struct in_vm *v = arg;
	int err = write_file(v, path, bytes, n);

	(void)command;
	if (err && !v->write_failed)
		fprintf(stderr, "hookdiff: the report in %s is not complete: %s\n", v->cli->out,
			strerror(-err));
	v->write_failed |= err != 0;
}

static void on_splat(void *arg, unsigned command, const char *text, const char *running)
{
	struct in_vm *v = arg;

	(void)command;
	if (v->splat.n)
		return;
	buf_puts(&v->splat, text);
	snprintf(v->splat_running, sizeof(v->splat_running), "%s", running);
}

/* The run's folder here, also if the guest died before it made one. */
static bool need_folder(struct in_vm *v)
{
	const char *name = v->cli->argc > 1 ? v->cli->argv[1] : "run";
	char made[64];
	int n;

	if (v->folder[0])
		return true;
	n = snprintf(made, sizeof(made), "%.20s-crash", name);
	return !make_folder(v, made, (size_t)n);
}

/* Where findings of this side go; the guest's own are there too. */
static bool findings_folder(struct in_vm *v, char *out, size_t size)
{
	return need_folder(v) && snprintf(out, size, "%s/%s/findings", v->cli->out, v->here) < (int)size;
}

/* The operand's file, or one below it, that the guest knows by this name; NULL: there is none. */
static const char *on_host(const struct in_vm *v, const char *path, char *out, size_t size)
{
	for (unsigned i = 0; i < v->n_files; i++) {
		size_t n = strlen(v->file[i].guest);
		char full[PATH_MAX];

		if (*path != '/' && snprintf(full, sizeof(full), "%s/%s", v->cwd, path) < PATH_MAX)
			path = initramfs_path(full, out, size) ? out : path;
		if (strncmp(path, v->file[i].guest, n) || (path[n] && path[n] != '/'))
			continue;
		if (snprintf(full, sizeof(full), "%s%s", v->file[i].host, path + n) >= PATH_MAX)
			return NULL;
		snprintf(out, size, "%s", full);
		return out;
	}
	return NULL;
}

/* The kernel complained: the case, a finding. True if there is one. */
static bool crashed(struct in_vm *v, const struct vm_result *r, const struct buf *said, const char *running)
{
	char path[PATH_MAX], findings[PATH_MAX];
	struct in_vm_crash c = {.cli = v->cli,
				.image = v->image,
				.release = v->release,
				.kind = r->running_kind,
				.seed = r->running_seed,
				.index = r->running_index,
				.inputs = r->inputs,
				.findings = findings};

	if (!findings_folder(v, findings, sizeof(findings)))
		return false;
	if (v->release[0] && v->cli->profile)
		c.profile = cli_profile(v->cli, v->release, v->version);
	if (c.kind != RECORDER_FUZZ && c.kind != RECORDER_SWEEP)
		in_vm_crash_running(&c, running);
	if (c.kind != RECORDER_FUZZ && c.kind != RECORDER_SWEEP)
		c.path = on_host(v, running, path, sizeof(path));
	return in_vm_crash(&c, said);
}

/*
 * What the driver ran last: the input that the kernel crashed or hung in goes beside those that ended a
 * driver (artifacts/), those before it to the spool, because some may be new and not have come out in time.
 */
static void save_inputs(struct in_vm *v, const struct postmortem_inputs *in, const struct vm_result *r)
{
	char path[400];

	for (unsigned i = RECORDER_RING; need_folder(v) && i-- > 0;) {
		if (!in->input[i].n)
			continue;
		if (i || (!r->crashed && !r->hung))
			snprintf(path, sizeof(path), "%s/spool/late-%03u", v->folder, i);
		else
			snprintf(path, sizeof(path), "%s/artifacts/%s-input", v->folder,
				 r->crashed ? "panic" : "timeout");
		if (!write_file(v, path, buf_str(&in->input[i]), in->input[i].n) && !i)
			printf("the driver's input: %s/%s/%s\n", v->cli->out, v->here,
			       path + strlen(v->folder) + 1);
	}
}

/* The generated case that ran when the guest died, as a file that `run` takes. */
static void save_running(struct in_vm *v, const struct vm_result *r)
{
	static struct tcase tc; /* large */
	const struct case_meta meta = {.title = "What ran when the guest ended."};
	struct in_vm_crash c = {
		.cli = v->cli, .kind = r->running_kind, .seed = r->running_seed, .index = r->running_index};
	struct buf text = {0};
	char path[300];

	if (!v->folder[0])
		return;
	if (v->release[0] && v->cli->profile)
		c.profile = cli_profile(v->cli, v->release, v->version);
	if (!c.profile || !in_vm_case(&c, r->running_index, &tc))
		return;
	tcase_print(&tc, &meta, &text);
	snprintf(path, sizeof(path), "%s/findings/running.case", v->folder);
	if (!write_file(v, path, buf_str(&text), text.n))
		printf("reproduce: hookdiff run --kernel %s %s/%s/findings/running.case\n", v->cli->kernel,
		       v->cli->out, v->here);
	buf_fini(&text);
}

static void on_pulse(void *arg, unsigned command, const struct pulse_counts *sums)
{
	struct in_vm *v = arg;

	(void)command;
	if (v->pulse)
		pulse_follow(v->pulse, &v->cli->pulsed, sums);
	v->cli->pulsed = *sums;
}

static int report_end(struct in_vm *v, const struct vm_result *r)
{
	if (r->end == VM_SKIP) {
		fprintf(stderr, "SKIP: %s\n", r->why);
		return EXIT_UNSURE;
	}
	if (r->end == VM_DONE) {
		if (v->cli->verbose)
			fprintf(stderr, "guest: %s, %.1f s to init, %.1f s in all, at most %llu MiB\n",
				r->kvm ? "KVM" : "emulated", r->boot, r->total,
				(unsigned long long)r->peak_rss >> 20);
		if (v->splat.n)
			crashed(v, r, &v->splat, v->splat_running);
		return v->write_failed && !v->code ? EXIT_UNSURE : v->code;
	}
	fflush(stdout);
	if (r->tail.n)
		fprintf(stderr, "the guest's last words:\n%s", buf_str(&r->tail));
	fprintf(stderr, "hookdiff: %s\n", r->why);
	if (r->running[0])
		fprintf(stderr, "hookdiff: when it ended, this ran: %s\n", r->running);
	if (r->inputs)
		save_inputs(v, r->inputs, r);
	if (r->crashed && r->running[0] && crashed(v, r, &r->report, r->running)) {
		printf("FAIL: the kernel crashed while %s ran: %s\n", r->running, r->why);
		return EXIT_DIVERGENCE;
	}
	save_running(v, r);
	if (r->crashed && r->running[0])
		printf("ERROR: the kernel crashed while %s ran: %s\n", r->running, r->why);
	else
		printf("ERROR: the guest did not get to its end: %s\n", r->why);
	return EXIT_UNSURE;
}

static unsigned time_limit(const struct cli *cli)
{
	const unsigned day = 86400;

	return cli->seconds && cli->seconds < 366 * day ? (unsigned)cli->seconds + 300 : 30 * day;
}

static int boot(struct in_vm *v, const struct kernel_image *im)
{
	struct vm_command command = {.argv = v->argv};
	struct vm_job job = {.kernel = im->boot,
			     .uml = im->uml,
			     .modules = im->modules[0] ? im->modules : NULL,
			     .file = v->file,
			     .n_files = v->n_files,
			     .command = &command,
			     .n_commands = 1,
			     .cwd = v->cwd,
			     .collect = v->cli->out ? v->out : NULL,
			     .memory = v->cli->memory,
			     .silence = v->cli->silence,
			     .timeout = time_limit(v->cli)};
	struct vm_events events = {.booted = on_booted,
				   .line = on_line,
				   .message = on_message,
				   .ended = on_ended,
				   .file = on_file,
				   .splat = on_splat,
				   .pulse = on_pulse,
				   .arg = v};
	struct vm_result r;
	int code;

	v->image = im;
	v->pulse = pulse_join();
	vm_run(&job, &events, &r);
	pulse_free(v->pulse);
	code = report_end(v, &r);
	if (v->folder[0]) /* a guest that died at once has one only now */
		snprintf(v->cli->here, sizeof(v->cli->here), "%.299s/%.299s", v->cli->out, v->here);
	vm_result_fini(&r);
	buf_fini(&v->splat);
	return code;
}

int in_vm_told(enum image_status status, const char *why)
{
	if (status)
		fprintf(stderr, "%s: %s\n", status == IMAGE_SKIP ? "SKIP" : "hookdiff", why);
	return status ? EXIT_UNSURE : EXIT_AGREE;
}

int in_vm_image(const struct cli *cli, struct kernel_image *im)
{
	char why[1024];

	if (!image_spec_valid(cli->kernel, why, sizeof(why)))
		return cli_usage("--kernel: %s", why);
	return in_vm_told(image_get(cli->kernel, im, cli->json, why, sizeof(why)), why);
}

int in_vm_run(struct cli *cli)
{
	struct in_vm v = {.cli = cli};
	struct kernel_image im;
	unsigned n = (unsigned)cli->n_args + cli->also.n + 4;
	int code;

	if (cli->backend)
		return cli_usage("expected --kernel or --backend, found both");
	if (!cli->out) /* a command that writes no report */
		cli->out = "hookdiff-out";
	code = in_vm_image(cli, &im);
	if (code)
		return code;

	code = EXIT_UNSURE;
	v.file = calloc(n, sizeof(*v.file));
	v.guest = calloc(n, sizeof(*v.guest));
	v.argv = calloc((size_t)cli->argc + 1, sizeof(*v.argv));
	v.cut = calloc(n, sizeof(*v.cut));
	if (!v.file || !v.guest || !v.argv || !v.cut || !getcwd(v.cwd, sizeof(v.cwd)) ||
	    (cli->out && !absolute(&v, cli->out, v.out))) {
		fprintf(stderr, "hookdiff: cannot prepare a guest: %s\n", strerror(errno));
		goto out;
	}
	code = add_operands(&v);
	for (unsigned i = 0; !code && i < cli->also.n; i++)
		code = add_file(&v, cli->also.item[i], NULL);
	if (!code && cli->waivers && !access(cli->waivers, R_OK))
		code = add_file(&v, cli->waivers, NULL);
	if (!code && cli->splats && !access(cli->splats, R_OK))
		code = add_file(&v, cli->splats, NULL);
	if (!code)
		code = boot(&v, &im);
out:
	while (v.n_cut)
		free(v.cut[--v.n_cut]);
	free(v.cut);
	free(v.file);
	free(v.guest);
	free(v.argv);
	return code;
}
