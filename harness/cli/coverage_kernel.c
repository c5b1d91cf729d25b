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
#include "coverage_keep.h"
#include "in_vm.h"
#include "inputs.h"

#define OUT	      "/tmp/hookdiff-out" /* of the guest's commands */
#define GUEST_MEMORY  256 /* MiB, and more for many cases: `run` has all of them before it begins */
#define CASES_PER_MIB 32
#define MOST_BLOCKS   (64u << 20) /* bytes of their addresses */

enum { COMMANDS = 4, WORDS = 12, MESSAGES = 8192 };

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
	const char **words; /* stride for each command; owned */
	unsigned stride;
	unsigned n;
	char thin[24], cwd[PATH_MAX];
	struct vm_file *file;	 /* owned */
	char (*place)[PATH_MAX]; /* of operands, absolute; owned */
	unsigned n_files;
	struct buf blocks; /* what --blocks writes; owned */
	struct keep keep;
};

/* ---- the commands in the guest ---- */

static void begin(struct boot *b, const char *const *first)
{
	bool run = strcmp(first[0], "run") == 0 || strcmp(first[0], "sweep") == 0, blocks = b->run->im.uml;
	const char **word = b->words + (size_t)b->n * b->stride;
	unsigned n = 0;

	b->vm[b->n] = (struct vm_command){.argv = word};
	b->command[b->n++].argv = word;
	while (*first)
		word[n++] = *first++;
	if (run && strcmp(b->cli->profile, "auto") != 0) {
		word[n++] = "--profile";
		word[n++] = b->cli->profile;
	}
	if (run && blocks) {
		word[n++] = "--blocks";
		word[n++] = "--out";
		word[n] = OUT;
	}
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

/* One operand behind the words of the last command. */
static int add_one(struct boot *b, const char *operand)
{
	const char **word = b->words + (size_t)(b->n - 1) * b->stride;
	int code;

	while (*word)
		word++;
	*word++ = "--";
	code = add_operand(b, operand);
	*word = b->place[b->n_files - !code];
	return code;
}

/* The operands of one kind behind the words of the last command. Without any: what stands in for them. */
static int add_operands(struct boot *b, bool objects, const char *instead)
{
	const char **word = b->words + (size_t)(b->n - 1) * b->stride;
	unsigned before = b->n_files;
	int code = EXIT_AGREE;

	while (*word)
		word++;
	*word++ = "--";
	for (int i = 0; !code && i < b->cli->n_args; i++)
		if (inputs_is_object(b->cli->args[i]) == objects)
			code = add_operand(b, b->cli->args[i]);
	if (!code && b->n_files == before && instead)
		code = add_operand(b, instead);
	for (unsigned i = before; i < b->n_files; i++)
		*word++ = b->place[i];
	return code;
}

/* Room for n operands. */
static int allocate(struct boot *b, unsigned n)
{
	b->stride = n + WORDS;
	b->words = calloc((size_t)b->stride * COMMANDS, sizeof(*b->words));
	b->file = calloc(n, sizeof(*b->file));
	b->place = calloc(n, sizeof(*b->place));
	if (b->words && b->file && b->place && getcwd(b->cwd, sizeof(b->cwd)))
		return EXIT_AGREE;
	fprintf(stderr, "hookdiff: cannot prepare a guest: %s\n", strerror(errno));
	return EXIT_UNSURE;
}

/* The cases that `run` gets first: the operands as they are, or what was unpacked of them. A guest that tells
 * blocks gets the latter in parts, later. */
static int add_cases(struct boot *b, unsigned cases)
{
	static const char *const run[] = {"run", "--paths", "--unsafe", NULL};
	struct cli *cli = b->cli;
	int code = cases ? keep_unpack(&b->keep, cli) : EXIT_AGREE;

	if (code || (b->keep.inputs && b->run->im.uml && !cli->keep))
		return code;
	begin(b, run);
	if (cli->keep)
		return add_one(b, "corpus");
	if (b->keep.inputs)
		return add_one(b, b->keep.folder);
	b->keep.n = 0; /* the folder is of no use */
	return add_operands(b, false, "corpus");
}

static int make_commands(struct boot *b)
{
	static const char *const probe[] = {"probe", "--helpers", NULL};
	static const char *const check[] = {"check", "--kernel", "host", "--unsafe", NULL};
	const char *const sweep[] = {"sweep", "--workers", "1", "--thin", b->thin, NULL};
	unsigned n = (unsigned)b->cli->n_args + 1, objects = 0;
	int code;

	for (int i = 0; i < b->cli->n_args; i++)
		objects += inputs_is_object(b->cli->args[i]);
	snprintf(b->thin, sizeof(b->thin), "%llu", (unsigned long long)b->cli->thin);
	code = allocate(b, n);
	if (code)
		return code;
	code = add_cases(b, (unsigned)b->cli->n_args - objects);
	begin(b, probe);
	if (b->cli->sweep)
		begin(b, sweep);
	if (!code && objects) {
		begin(b, check);
		code = add_operands(b, true, NULL);
	}
	return code;
}

static void fini(struct boot *b)
{
	for (unsigned i = 0; i < b->n; i++)
		buf_fini(&b->command[i].messages);
	free(b->words);
	free(b->file);
	free(b->place);
	buf_fini(&b->blocks);
	keep_fini(&b->keep);
}

/* ---- what the guest says ---- */

static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	static const char *const verdicts[] = {"PASS: ", "FAIL: ", "INCONCLUSIVE: ", "ERROR: ", "SKIP: "};
	struct boot *b = arg;

	if (command >= b->n)
		return;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strncmp(line, verdicts[i], strlen(verdicts[i])) ||
		    !strcmp(b->vm[command].argv[0], "probe") || /* its last line says it all */
		    (!strcmp(b->vm[command].argv[0], "check") && strstr(line, " calls compared; ")))
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

/* Every report's blocks.txt, one behind the other: each line is whole. */
static void on_file(void *arg, unsigned command, const char *path, const void *bytes, size_t n)
{
	static const char name[] = "/blocks.txt";
	struct boot *b = arg;
	size_t length = strlen(path);

	(void)command;
	if (length > sizeof(name) && !strcmp(path + length - (sizeof(name) - 1), name) &&
	    b->blocks.n + n <= MOST_BLOCKS)
		buf_add(&b->blocks, bytes, n);
}

/* ---- the boot ---- */

static void on_address(void *arg, uint64_t address)
{
	lines_mark(arg, address, address + 1);
}

/* t: NULL without a plugin. */
static int end_of_boot(const struct vm_result *r, const struct trace *t)
{
	bool loaded = !t || trace_loaded(t);

	if (r->end == VM_SKIP || (!loaded && strstr(r->why, "-plugin"))) {
		fprintf(stderr, "SKIP: %s%s\n", r->why,
			r->end == VM_SKIP
				? ""
				: "; this QEMU runs no plugins, Debian's package qemu-system-x86 does");
		return EXIT_UNSURE;
	}
	if (r->end == VM_DONE && loaded)
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
	const int plugin[] = {t ? t->plugin : -1, t ? t->fd : -1};
	const struct kernel_image *im = &b->run->im;
	struct vm_job job = {.kernel = im->boot,
			     .uml = im->uml,
			     .modules = im->modules[0] ? im->modules : NULL,
			     .file = b->file,
			     .n_files = b->n_files,
			     .command = b->vm,
			     .n_commands = b->n,
			     .cwd = b->cwd,
			     .collect = OUT,
			     .plugin = t ? plugin : NULL,
			     .memory = b->keep.n / CASES_PER_MIB
					       ? GUEST_MEMORY + (unsigned)(b->keep.n / CASES_PER_MIB)
					       : 0,
			     .timeout = 3600};
	struct vm_events events = {
		.line = on_line, .message = on_message, .ended = on_ended, .file = on_file, .arg = b};
	struct vm_result r;
	int code;

	vm_run(&job, &events, &r);
	code = end_of_boot(&r, t);
	b->run->seconds = r.total;
	vm_result_fini(&r);
	return code;
}

/* For --keep: the cases of a folder, in a guest of their own. */
static int run_each(void *arg, const char *folder, size_t n, struct buf *blocks)
{
	static const char *const run[] = {"run", "--each", "--unsafe", NULL};
	const struct boot *of = arg;
	struct boot b = {.cli = of->cli, .run = of->run};
	double seconds = of->run->seconds;
	int code = allocate(&b, 1);

	if (!code) {
		b.keep.n = n;
		begin(&b, run);
		code = add_one(&b, folder);
	}
	if (!code)
		code = boot(&b, NULL);
	if (!code && (!b.command[0].ended || b.command[0].exit > EXIT_UNSURE)) {
		fprintf(stderr, "hookdiff: in the guest `run` ended with %d\n%s", b.command[0].exit,
			buf_str(&b.command[0].messages));
		code = EXIT_UNSURE;
	}
	if (!code)
		buf_add(blocks, buf_str(&b.blocks), b.blocks.n);
	of->run->seconds = seconds; /* of the corpus */
	fini(&b);
	return code;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* How many there are; they are sorted. */
static size_t distinct(uint64_t *pc, size_t n)
{
	size_t all = 0;

	if (n)
		qsort(pc, n, sizeof(*pc), by_address);
	for (size_t i = 0; i < n; i++)
		all += !i || pc[i] != pc[i - 1];
	return all;
}

/* Addresses in hexadecimal, a line each, as the guest wrote them: what is none is no block of ours either. */
static int mark_blocks(struct boot *b)
{
	size_t n = 0, cap = 0;
	uint64_t *pc = NULL;
	char why[256];
	int ret;

	for (const char *s = buf_str(&b->blocks); *s; s += strcspn(s, "\n"), s += *s == '\n') {
		if (n == cap) {
			uint64_t *more = realloc(pc, (cap = cap ? 2 * cap : 1024) * sizeof(*pc));

			if (!more)
				break;
			pc = more;
		}
		pc[n] = strtoull(s, NULL, 16);
		n += pc[n] != 0;
	}
	snprintf(b->run->how, sizeof(b->run->how), "%zu basic blocks by KCOV", distinct(pc, n));
	ret = lines_mark_kcov(b->run->lines, pc, n, why, sizeof(why));
	if (ret)
		fprintf(stderr, "%s\n", why);
	free(pc);
	return ret ? EXIT_UNSURE : EXIT_AGREE;
}

/* A User-Mode Linux is no machine of QEMU's: it must have KCOV, and then tells by itself. */
static int by_kcov(struct boot *b)
{
	const struct keep_kernel on = {run_each, b, b->run->im.boot, b->run->im.release};
	char why[256];
	int code;

	if (lines_mark_kcov(b->run->lines, NULL, 0, why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s; hookdiff kernel build SOURCE --arch um --kcov makes one\n", why);
		return EXIT_UNSURE;
	}
	code = boot(b, NULL);
	if (!code &&
	    b->cli->keep) /* as those that are chosen from: not by every path, but with what is read back */
		code = run_each(b, "corpus", 0, &b->blocks);
	if (!code && b->cli->keep)
		code = keep_write(&b->keep, b->cli, buf_str(&b->blocks), &on);
	else if (!code && b->keep.inputs)
		code = keep_run(&b->keep, &on, &b->blocks);
	return code ? code : mark_blocks(b);
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
		snprintf(b->run->how, sizeof(b->run->how), "every instruction that QEMU began");
		b->run->exact = true;
		code = boot(b, &t);
		if (!code)
			trace_each(&t, on_address, b->run->lines);
		trace_close(&t);
	}
	free(range);
	return code;
}

/* The kernel, its debug information, and the lines of its hooks. */
static int open_kernel(struct coverage_run *run)
{
	char debug[PATH_MAX], why[1024];
	struct cli *cli = run->cli;
	int code;

	code = in_vm_image(cli, &run->im);
	if (!code)
		code = in_vm_told(debuginfo_get(&run->im, debug, cli->json, why, sizeof(why)), why);
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
	int code = coverage_reasons(&run);

	if (!code && cli->keep && !cli->n_args)
		code = cli_usage(
			"coverage --keep: expected cases or inputs of drivers to choose from, found none");
	if (!code)
		code = open_kernel(&run);
	if (!code && cli->keep && !run.im.uml)
		code = cli_usage("coverage --keep: expected a User-Mode Linux with KCOV, found %s: hookdiff "
				 "kernel build "
				 "SOURCE --arch um --kcov makes one",
				 cli->kernel);
	if (!code)
		code = make_commands(&b);
	if (!code)
		code = coverage_source(&run);
	if (!code)
		code = run.im.uml ? by_kcov(&b) : by_plugin(&b);
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
