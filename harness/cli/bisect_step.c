/* SPDX-License-Identifier: MIT */
/*
 * hookdiff bisect step: one answer for `git bisect run`, which reads 0 as good, 125 as skip, other codes
 * below 128 as bad and the rest as stop. A crash or a misspelt option must not become a verdict, so the work
 * is done in a child and its parent translates how that ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bisect/trial.h"
#include "../kernels/files.h"
#include "../kernels/image.h"
#include "../kernels/run.h"
#include "bisect.h"
#include "kernel_build.h"
#include "oracle/profiles.h"
#include "version.h"

static volatile sig_atomic_t caught;
static pid_t child;

static void on_signal(int sig)
{
	caught = sig;
	if (child > 0)
		kill(child, SIGTERM);
}

bool bisect_is_step(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "bisect"))
		return false;
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "step"))
			return true;
		if (!strcmp(argv[i], "packages") || !strcmp(argv[i], "list") || !strcmp(argv[i], "--help") ||
		    !strcmp(argv[i], "-h"))
			return false;
	}
	return true; /* of no form at all: better to stop git than to tell it "bad" */
}

int bisect_guard(int (*fn)(int argc, char **argv), int argc, char **argv)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction act = {.sa_handler = on_signal}, old[4];
	sigset_t set, before;
	pid_t self = getpid();
	int status;

	signal(SIGPIPE, SIG_IGN);
	fflush(NULL);
	sigemptyset(&set);
	for (unsigned i = 0; i < 4; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &before); /* until there is a child to pass them on to */
	for (unsigned i = 0; i < 4; i++)
		sigaction(signals[i], &act, &old[i]);
	child = fork();
	if (!child) {
		for (unsigned i = 0; i < 4; i++)
			sigaction(signals[i], &old[i], NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != self)
			_exit(STEP_ABORT);
		_exit(fn(argc, argv));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (child < 0) {
		fprintf(stderr, "hookdiff: bisect step: cannot start a process: %s\n", strerror(errno));
		return STEP_ABORT;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return STEP_ABORT;
	if (caught || WIFSIGNALED(status)) {
		fprintf(stderr, "hookdiff: bisect step: stop: signal %d\n",
			caught ? (int)caught : WTERMSIG(status));
		return STEP_ABORT;
	}
	switch (WEXITSTATUS(status)) {
	case STEP_GOOD:
	case STEP_BAD:
	case STEP_SKIP:
		return WEXITSTATUS(status);
	}
	return STEP_ABORT;
}

/*
 * sh -c CMD; what it prints goes to stderr, because stdout is for the one line. It has a process group of its
 * own, so it cannot ask the terminal anything; and all of it ends with us.
 */
static int build(const char *command)
{
	int status = 0, null;
	pid_t pid, parent = getpid();

	fflush(NULL);
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (!run_in_group(parent) || null < 0 || dup2(null, STDIN_FILENO) < 0)
			_exit(127);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			pid = -1;
	if (pid < 0) {
		printf("bisect step: stop: the build could not be started: %s\n", strerror(errno));
		return STEP_ABORT;
	}
	if (WIFSIGNALED(status)) {
		printf("bisect step: stop: the build was ended by signal %d\n", WTERMSIG(status));
		return STEP_ABORT;
	}
	switch (WEXITSTATUS(status)) {
	case 0:
		return STEP_GOOD;
	case 126:
	case 127:
		printf("bisect step: stop: the build command cannot be run: %s\n", command);
		return STEP_ABORT;
	}
	if (WEXITSTATUS(status) > 128) { /* a shell's way to tell of a signal */
		printf("bisect step: stop: the build was ended by signal %d\n", WEXITSTATUS(status) - 128);
		return STEP_ABORT;
	}
	printf("bisect step: skip: the build failed with exit code %d\n", WEXITSTATUS(status));
	return STEP_SKIP;
}

/* "step-0123456789ab": of the commit that the tree stands at, so that the files of each step stay. */
static void step_name(const struct cli *cli, char *out, size_t n)
{
	const char *const argv[] = {"git",  "-C", cli->tree ? cli->tree : ".", "rev-parse", "--short=12",
				    "HEAD", NULL};
	struct buf said = {0};

	snprintf(out, n, "bisect-step");
	if (cli->tree && !run_program(argv, &said) && said.n > 1 && said.n < 64)
		snprintf(out, n, "bisect-step-%.*s", (int)strcspn(buf_str(&said), "\n"), buf_str(&said));
	buf_fini(&said);
}

/* Builds the tree. What it is about the commit is a skip; what would be the same for every commit stops git.
 */
static int build_tree(const struct cli *cli, const char *log, struct kernel_image *im)
{
	struct build_recipe r = {.source = cli->tree, .quiet = !isatty(2)};
	struct build_result b;
	struct buf text = {0};
	enum image_status status;
	char why[1024];
	int code = kernel_recipe(cli, &r);

	if (code)
		return STEP_ABORT;
	status = build_kernel(&r, &b, why, sizeof(why));
	*im = b.im;
	if (*b.log && !file_read(b.log, &text))
		file_write(log, buf_str(&text), text.n);
	buf_fini(&text);
	if (!status)
		return STEP_GOOD;
	if (b.step == BUILD_CONFIGURE || b.step == BUILD_COMPILE) {
		printf("bisect step: skip: %s\n", why);
		return STEP_SKIP;
	}
	printf("bisect step: stop: %s\n", why);
	return STEP_ABORT;
}

/* A path that names no kernel is the same for every commit: better told now than skipped each time. */
static int check_image(const char *spec)
{
	struct kernel_image im;
	char why[512];

	if (image_spec_valid(spec, why, sizeof(why)) &&
	    (!strncmp(spec, "debian:", 7) || !strncmp(spec, "deb:", 4) || !strncmp(spec, "build:", 6) ||
	     image_get(spec, &im, true, why, sizeof(why)) == IMAGE_OK))
		return STEP_GOOD;
	printf("bisect step: stop: %s\n", why);
	return STEP_ABORT;
}

static int answer(const struct trial *t, const struct trial_result *r)
{
	const char *on = *r->release ? r->release : t->spec;

	if (r->interrupted) {
		printf("bisect step: stop: interrupted\n");
		return STEP_ABORT;
	}
	if (r->fatal) {
		printf("bisect step: stop: %s\n", r->why);
		return STEP_ABORT;
	}
	switch (r->verdict) {
	case BISECT_GOOD:
	case BISECT_BAD:
		if (t->feature)
			printf("bisect step: %s: %s is %s on %s, %.1f s\n",
			       r->verdict == BISECT_GOOD ? "good" : "bad", t->feature, r->feature, on,
			       r->seconds);
		else if (r->verdict == BISECT_GOOD)
			printf("bisect step: good: %u of %u runs hold on %s, profile %s, %.1f s\n", r->runs,
			       r->runs, on, r->profile, r->seconds);
		else
			printf("bisect step: bad: %u of %u runs differ on %s, profile %s: %s: %s, %.1f s\n",
			       r->failed, r->runs, on, r->profile, r->path, r->why, r->seconds);
		return r->verdict == BISECT_GOOD ? STEP_GOOD : STEP_BAD;
	default:
		printf("bisect step: skip: no answer from %s: %s\n", on, r->why);
		return STEP_SKIP;
	}
}

static int check_options(struct cli *cli)
{
	if (!!cli->kernel + !!cli->backend + !!cli->tree != 1)
		return cli_usage(
			"bisect step: expected one of --tree DIR, --kernel IMAGE and --backend CMD, found %s",
			cli->kernel || cli->backend || cli->tree ? "several" : "none");
	if (cli->build_cmd && cli->tree)
		return cli_usage("bisect step: --build-cmd goes with --kernel: --tree is built by hookdiff");
	if ((cli->arch || cli->config.n) && !cli->tree)
		return cli_usage("bisect step: --arch and --config go with --tree");
	if (cli->good || cli->bad || cli->names || cli->resume)
		return cli_usage(
			"bisect step: --good, --bad, --names and --resume are for packages and list");
	if (cli->backend && cli->feature)
		return cli_usage(
			"bisect step: a feature is asked of a kernel (--kernel), a backend has none");
	if (strcmp(cli->profile, "auto") && !profile_find(cli->profile)) {
		cli_profile(cli, "", NULL);
		return EXIT_USAGE;
	}
	return 0;
}

int bisect_step(struct cli *cli)
{
	static struct judge j;
	struct trial_result r;
	struct trial t = {.spec = cli->backend ? "backend" : cli->kernel,
			  .backend = cli->backend,
			  .patience = cli->patience,
			  .profile = strcmp(cli->profile, "auto") ? cli->profile : NULL,
			  .runs = cli->runs	 ? (unsigned)cli->runs
				  : cli->feature ? 1
						 : 10,
			  .folder = cli->out,
			  .hookdiff = HD_VERSION,
			  .argc = cli->argc,
			  .argv = cli->argv};
	char file[PATH_MAX], log[PATH_MAX], name[96];
	struct kernel_image im;
	int code;

	code = check_options(cli);
	if (code)
		return code;
	code = judge_open(&j, cli);
	if (code)
		return code;
	if (cli->build_cmd)
		code = build(cli->build_cmd);
	if (!code && cli->kernel)
		code = check_image(cli->kernel);
	if (code)
		return code;
	step_name(cli, name, sizeof(name));
	snprintf(file, sizeof(file), "%s/%s.jsonl", cli->out, name);
	snprintf(log, sizeof(log), "%s/%s.log", cli->out, name);
	if (dir_make(cli->out) || judge_place(&j, cli->out)) {
		printf("bisect step: stop: cannot make the folder %s; name another one with --out\n",
		       cli->out);
		return STEP_ABORT;
	}
	if (cli->tree) {
		code = build_tree(cli, log, &im);
		if (code)
			return code;
		t.spec = im.boot;
	}
	t.file = file;
	t.cases = j.cases;
	t.feature = j.feature;
	t.good_feature = j.absent_is_good ? "absent" : "present";
	trial_run(&t, &r);
	judge_fini(&j);
	return answer(&t, &r);
}
