/* SPDX-License-Identifier: MIT */
/*
 * Boots the kernel with QEMU's plugin (harness/tcg) on the addresses of the hook code, which the kernel's
 * debug information tells (harness/lines), runs the cases in it, and marks what was executed.
 */
#include "coverage_kernel.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kernels/debuginfo.h"
#include "../tcg/trace.h"
#include "../vm/vm.h"

enum { COMMANDS = 3, WORDS = 12, MESSAGES = 8192 };

const struct lines_function coverage_functions[] = {
#define FUNCTION(file, name, inlined) {file, name, inlined},
#include "../lines/hook_functions.def"
#undef FUNCTION
};
const unsigned coverage_function_count = sizeof(coverage_functions) / sizeof(coverage_functions[0]);

struct boot {
	struct cli *cli;
	struct coverage_run *run;
	struct coverage_command command[COMMANDS];
	struct vm_command vm[COMMANDS];
	const char **word[COMMANDS]; /* owned */
	unsigned n;
	char thin[24], cwd[PATH_MAX];
	struct vm_file *file;	 /* owned */
	char (*place)[PATH_MAX]; /* of operands, absolute; owned */
	unsigned n_files;
};

/* --- the commands in the guest -----------------------------------------------------------------------------
 */

static bool begin(struct boot *b, unsigned words, const char *const *first)
{
	const char **word = calloc(words + WORDS, sizeof(*word));
	unsigned n = 0;

	if (!word)
		return false;
	while (*first)
		word[n++] = *first++;
	if (strcmp(b->cli->profile, "auto") != 0 && strcmp(word[0], "probe") != 0) {
		word[n++] = "--profile";
		word[n++] = b->cli->profile;
	}
	b->word[b->n] = word;
	b->vm[b->n] = (struct vm_command){.argv = word};
	b->command[b->n++].argv = word;
	return true;
}

/* One operand: its file is in the guest by the same name. */
static int add_operand(struct boot *b, const char *operand)
{
	char *place = b->place[b->n_files];

	if (!realpath(operand, place))
		return cli_usage("cannot read %s: %s", operand, strerror(errno));
	b->file[b->n_files] = (struct vm_file){place, place};
	b->n_files++;
	return EXIT_AGREE;
}

static int make_commands(struct boot *b)
{
	static const char *const run[] = {"run", "--paths", "--unsafe", NULL};
	static const char *const probe[] = {"probe", "--helpers", NULL};
	const char *const sweep[] = {"sweep", "--workers", "1", "--thin", b->thin, NULL};
	static const char *const corpus = "corpus";
	unsigned n = b->cli->n_args ? (unsigned)b->cli->n_args : 1, at = 0;
	int code = EXIT_AGREE;

	b->file = calloc(n, sizeof(*b->file));
	b->place = calloc(n, sizeof(*b->place));
	snprintf(b->thin, sizeof(b->thin), "%llu", (unsigned long long)b->cli->thin);
	if (!b->file || !b->place || !getcwd(b->cwd, sizeof(b->cwd)) || !begin(b, n, run) ||
	    !begin(b, 0, probe) || (b->cli->sweep && !begin(b, 0, sweep))) {
		fprintf(stderr, "hookdiff: cannot prepare a guest: %s\n", strerror(errno));
		return EXIT_UNSURE;
	}
	for (unsigned i = 0; !code && i < n; i++)
		code = add_operand(b, b->cli->n_args ? b->cli->args[i] : corpus);
	while (b->word[0][at])
		at++;
	b->word[0][at++] = "--";
	for (unsigned i = 0; !code && i < n; i++)
		b->word[0][at++] = b->place[i];
	return code;
}

static void fini(struct boot *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		free(b->word[i]);
		buf_fini(&b->command[i].messages);
	}
	free(b->file);
	free(b->place);
}

/* --- what the guest says -----------------------------------------------------------------------------------
 */

static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	static const char *const verdicts[] = {"PASS: ", "FAIL: ", "INCONCLUSIVE: ", "ERROR: ", "SKIP: "};
	struct boot *b = arg;

	if (command >= b->n)
		return;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strncmp(line, verdicts[i], strlen(verdicts[i])) ||
		    !strcmp(b->vm[command].argv[0], "probe")) /* its last line says it all */
			snprintf(b->command[command].verdict, sizeof(b->command[command].verdict), "%.*s",
				 (int)(n < 150 ? n : 150), line);
}

static void on_message(void *arg, unsigned command, const char *line, size_t n)
{
	struct boot *b = arg;

	if (command < b->n && b->command[command].messages.n < MESSAGES)
		buf_printf(&b->command[command].messages, "    %.*s\n", (int)n, line);
	if (b->cli->verbose)
		fprintf(stderr, "%.*s\n", (int)n, line);
}

static void on_ended(void *arg, unsigned command, int exit_code)
{
	struct boot *b = arg;

	if (command < b->n) {
		b->command[command].exit = exit_code;
		b->command[command].ended = true;
	}
}

/* --- the boot ----------------------------------------------------------------------------------------------
 */

static void on_address(void *arg, uint64_t address)
{
	lines_mark(arg, address, address + 1);
}

static int end_of_boot(const struct vm_result *r, const struct trace *t)
{
	if (r->end == VM_SKIP || (!trace_loaded(t) && strstr(r->why, "-plugin"))) {
		fprintf(stderr, "SKIP: %s%s\n", r->why,
			r->end == VM_SKIP
				? ""
				: "; this QEMU runs no plugins, Debian's package qemu-system-x86 does");
		return EXIT_UNSURE;
	}
	if (r->end == VM_DONE && trace_loaded(t))
		return EXIT_AGREE;
	if (r->tail.n)
		fprintf(stderr, "the guest's last words:\n%s", buf_str(&r->tail));
	fprintf(stderr, "hookdiff: %s\n", *r->why ? r->why : "QEMU ran without the plugin");
	if (r->running[0])
		fprintf(stderr, "hookdiff: when it ended, this ran: %s\n", r->running);
	return EXIT_UNSURE;
}

static int boot(struct boot *b, struct trace *t)
{
	const int plugin[] = {t->plugin, t->fd};
	const struct kernel_image *im = &b->run->im;
	struct vm_job job = {.kernel = im->boot,
			     .modules = im->modules[0] ? im->modules : NULL,
			     .file = b->file,
			     .n_files = b->n_files,
			     .command = b->vm,
			     .n_commands = b->n,
			     .cwd = b->cwd,
			     .plugin = plugin,
			     .timeout = 3600};
	struct vm_events events = {.line = on_line, .message = on_message, .ended = on_ended, .arg = b};
	struct vm_result r;
	int code;

	vm_run(&job, &events, &r);
	code = end_of_boot(&r, t);
	b->run->seconds = r.total;
	vm_result_fini(&r);
	if (!code)
		trace_each(t, on_address, b->run->lines);
	return code;
}

static int by_plugin(struct boot *b)
{
	struct trace_range *range;
	const struct lines_range *have;
	struct trace t;
	size_t n;
	char why[512];
	int code = EXIT_UNSURE, ret;

	have = lines_ranges(b->run->lines, &n);
	range = calloc(n + 1, sizeof(*range));
	for (size_t i = 0; range && i < n; i++)
		range[i] = (struct trace_range){have[i].start, have[i].end};
	ret = range ? trace_open(&t, range, (uint32_t)n, NULL, why, sizeof(why)) : -ENOMEM;
	if (ret) {
		fprintf(stderr, "%s: %s\n", ret == -ENOENT ? "SKIP" : "hookdiff",
			range ? why : "out of memory");
	} else {
		b->run->how = "every instruction that QEMU began";
		code = boot(b, &t);
		trace_close(&t);
	}
	free(range);
	return code;
}

static int told(enum image_status status, const char *why)
{
	if (status)
		fprintf(stderr, "%s: %s\n", status == IMAGE_SKIP ? "SKIP" : "hookdiff", why);
	return status ? EXIT_UNSURE : EXIT_AGREE;
}

/* The kernel, its debug information, and the lines of its hooks. */
static int open_kernel(struct coverage_run *run)
{
	char debug[PATH_MAX], why[1024];
	struct cli *cli = run->cli;
	int code;

	if (!image_spec_valid(cli->kernel, why, sizeof(why)))
		return cli_usage("--kernel: %s", why);
	code = told(image_get(cli->kernel, &run->im, cli->json, why, sizeof(why)), why);
	if (!code && run->im.uml)
		return told(IMAGE_SKIP,
			    "QEMU does not run a User-Mode Linux, so it cannot say which lines are "
			    "executed there; name an x86 kernel");
	if (!code)
		code = told(debuginfo_get(&run->im, debug, cli->json, why, sizeof(why)), why);
	if (code)
		return code;
	run->lines = lines_open(debug, coverage_functions, coverage_function_count, why, sizeof(why));
	if (!run->lines)
		fprintf(stderr, "hookdiff: %s\n", why);
	return run->lines ? EXIT_AGREE : EXIT_UNSURE;
}

int coverage_kernel(struct cli *cli)
{
	struct coverage_run run = {.cli = cli};
	struct boot b = {.cli = cli, .run = &run};
	int code = make_commands(&b);

	if (!code)
		code = coverage_reasons(&run);
	if (!code)
		code = open_kernel(&run);
	if (!code)
		code = coverage_source(&run);
	if (!code)
		code = by_plugin(&b);
	run.command = b.command;
	run.n_commands = b.n;
	if (!code)
		code = coverage_show(&run);
	for (unsigned i = 0; run.text && i < coverage_function_count; i++)
		source_fini(&run.text[i]);
	free(run.text);
	reasons_fini(&run.reasons);
	lines_close(run.lines);
	fini(&b);
	return code;
}
