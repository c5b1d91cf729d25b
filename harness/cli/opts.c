/* SPDX-License-Identifier: MIT */
/*
 * The tables of commands and options, and the one parser and help printer that read them. To add an option: a
 * field in struct cli and a row in options[]. To add a command: cmd_<name>.c and a row in commands[].
 */
#include "opts.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bisect.h"
#include "oracle/profiles.h"
#include "version.h"

enum arg_type { ARG_FLAG, ARG_U64, ARG_DURATION, ARG_STRING };

/* Commands as bits, so that an option's row says where it is understood. */
enum {
	RUN = 1 << 0,
	SWEEP = 1 << 1,
	FUZZ = 1 << 2,
	PREDICT = 1 << 3,
	SHRINK = 1 << 4,
	CLAUSES = 1 << 5,
	PROBE = 1 << 6,
	BENCH = 1 << 7,
	KERNEL = 1 << 8,
	MATRIX = 1 << 9,
	BACKEND = 1 << 10,
	BISECT = 1 << 15,
	DIFF_PROFILES = 1 << 12,
	REPORT = 1 << 14,
	ON_KERNEL = RUN | SWEEP | FUZZ | SHRINK,
	ANY = (1 << 16) - 1,
};

struct opt {
	const char *name; /* without the dashes */
	enum arg_type type;
	unsigned commands;
	size_t field;	     /* offset in struct cli of a bool, uint64_t or const char * by type */
	size_t given;	     /* offset of a bool that is set when the option stands there; 0: none */
	uint64_t lo, hi;     /* ARG_U64, ARG_DURATION: the range that is accepted */
	const char *value;   /* what help calls the value; NULL for a flag */
	const char *initial; /* parsed like a value; NULL leaves the field zero */
	const char *help;
};

#define FIELD(f) offsetof(struct cli, f)

/* clang-format off */
static const struct opt options[] = {
#ifndef HD_GUEST
	{"kernels", ARG_STRING, MATRIX, FIELD(kernels), 0, 0, 0, "NAMES", NULL,
	 "apart by commas: debian:6.12, debian:6.12.95-1, deb:DIR, a file, host (this machine), all (every series)"},
	{"cases", ARG_STRING, MATRIX, FIELD(case_dir), 0, 0, 0, "DIR", NULL, "run this folder's cases, or one case"},
	{"sweep", ARG_FLAG, MATRIX, FIELD(sweep), 0, 0, 0, NULL, NULL, "run the boundary sweep, thinned by --thin"},
	{"fuzz", ARG_DURATION, MATRIX, FIELD(seconds), 0, 1, 30ull * 86400, "TIME", NULL,
	 "run generated cases for so long, from one seed on all kernels"},
	{"fuzz-cases", ARG_U64, MATRIX, FIELD(fuzz_cases), 0, 1, UINT64_MAX, "N", NULL, "run so many of them"},
	{"thin", ARG_U64, MATRIX, FIELD(thin), 0, 1, 100000, "N", "17", "only every Nth case of the sweep"},
	{"html", ARG_STRING, MATRIX, FIELD(html), 0, 0, 0, "FILE", NULL,
	 "also write the table, with the evidence behind each cell, as one HTML page"},
	{"good", ARG_STRING, BISECT, FIELD(good), 0, 0, 0, "NAME", NULL,
	 "here the case holds: debian:6.12.94, in a list a number or one of --names; the newer end finds what was mended"},
	{"bad", ARG_STRING, BISECT, FIELD(bad), 0, 0, 0, "NAME", NULL, "here it does not"},
	{"case", ARG_STRING, BISECT, FIELD(case_path), 0, 0, 0, "FILE|DIR", NULL,
	 "the case that tells good from bad, or a folder: bad if one of them differs"},
	{"clause", ARG_STRING, BISECT, FIELD(clause), 0, 0, 0, "ID", NULL,
	 "instead: the cases below --case (corpus if it is not given) whose header names this clause"},
	{"feature", ARG_STRING, BISECT, FIELD(feature), 0, 0, 0, "NAME", NULL,
	 "instead: a feature (hookdiff probe --json lists them); a step takes present as good, with !NAME absent"},
	{"runs", ARG_U64, BISECT, FIELD(runs), 0, 1, 1000, "N", NULL,
	 "times that the case runs on a version; one divergence makes it bad [10; a feature: 1]"},
	{"names", ARG_STRING, BISECT, FIELD(names), 0, 0, 0, "NAMES", NULL,
	 "list: the versions in their order, apart by commas; without it numbers from --good to --bad"},
	{"build-cmd", ARG_STRING, BISECT, FIELD(build_cmd), 0, 0, 0, "CMD", NULL,
	 "step: a shell command that makes the kernel first; if it fails the commit is skipped"},
	{"resume", ARG_FLAG, BISECT, FIELD(resume), 0, 0, 0, NULL, NULL,
	 "go on, and say so if there is nothing to go on with (the same command goes on by itself)"},
#endif
#ifndef HD_GUEST
	{"format", ARG_STRING, REPORT, FIELD(format), 0, 0, 0, "NAME", NULL,
	 "html, junit, ktap, sarif, kcidb or md (docs/reports.md)"},
	{"kernels", ARG_STRING, REPORT, FIELD(kernels), 0, 0, 0, "A,B", NULL,
	 "of diff: two kernels of one matrix instead of two runs"},
	{"origin", ARG_STRING, REPORT, FIELD(origin), 0, 0, 0, "NAME", "hookdiff",
	 "of kcidb: the CI system that reports, as it is known there"},
#endif
	{"feature", ARG_STRING, PROBE, FIELD(feature), 0, 0, 0, "NAME", NULL,
	 "only this feature, one line. Exit 0: present, 1: absent, 2: could not be found out"},
	{"repeat", ARG_U64, RUN, FIELD(repeat), 0, 1, 100000, "N", "1", "run everything so many times"},
	{"profile", ARG_STRING, ON_KERNEL | MATRIX | BISECT | PREDICT | BENCH | CLAUSES, FIELD(profile), 0, 0, 0, "NAME", "auto",
	 "version of the contract: auto (by the kernel's release), or a name that `hookdiff clauses` lists"},
	{"out", ARG_STRING, ON_KERNEL | MATRIX | BISECT, FIELD(out), FIELD(out_given), 0, 0, "DIR", "hookdiff-out",
	 "where report.jsonl and the findings go"},
	{"backend", ARG_STRING, ON_KERNEL | BISECT, FIELD(backend), 0, 0, 0, "CMD", NULL,
	 "test what this shell command speaks for instead of this kernel (docs/backend.md)"},
	{"backend-timeout", ARG_DURATION, ON_KERNEL | BISECT, FIELD(patience), 0, 1, 86400, "TIME", "60",
	 "an answer that takes CMD longer is an error"},
	{"waivers", ARG_STRING, ON_KERNEL | MATRIX, FIELD(waivers), FIELD(waivers_given), 0, 0, "FILE", "corpus/waivers",
	 "divergences that are known, each with its reason and link"},
	{"reuse", ARG_U64, SWEEP | FUZZ | BENCH, FIELD(reuse), 0, 1, 1000000, "N", "64",
	 "cases that share a pair of sockets before it is renewed"},
	{"thin", ARG_U64, SWEEP, FIELD(thin), 0, 1, 100000, "N", "1",
	 "only every Nth case of the sweep; with N prime and above 7 all pairs of boundaries stay"},
	{"time", ARG_DURATION, FUZZ | BENCH | DIFF_PROFILES, FIELD(seconds), 0, 1, 366ull * 86400, "TIME", NULL,
	 "stop after this long: 10, 10s, 2m, 1h"},
	{"cases", ARG_U64, FUZZ, FIELD(cases), 0, 1, UINT64_MAX, "N", NULL, "stop after so many cases"},
	{"seed", ARG_U64, FUZZ | MATRIX | DIFF_PROFILES, FIELD(seed), FIELD(seed_given), 0, UINT64_MAX, "N", NULL,
	 "replay the run of this seed (decimal or 0x...); else one is picked and printed"},
	{"workers", ARG_U64, SWEEP | FUZZ | MATRIX, FIELD(workers), 0, 1, 64, "N", NULL,
	 "processes that run side by side (matrix: kernels); else one for each processor"},
	{"kernel", ARG_STRING, RUN | SWEEP | FUZZ | BISECT, FIELD(kernel), 0, 0, 0, "NAME", NULL,
	 "boot this kernel in QEMU and run there, without root: debian:6.12, or a file (hookdiff kernel list)"},
	{"dmesg", ARG_FLAG, RUN | SWEEP | FUZZ, FIELD(dmesg), 0, 0, 0, NULL, NULL,
	 "a warning or bug in the kernel's log while cases run is a failure; always so with --kernel"},
	{"splats", ARG_STRING, RUN | SWEEP | FUZZ, FIELD(splats), FIELD(splats_given), 0, 0, "FILE", "corpus/splats",
	 "lines of the kernel's log that are known, each with its reason and link"},
	{"unsafe", ARG_FLAG, RUN, FIELD(unsafe), 0, 0, 0, NULL, NULL, "also cases that can hurt this machine: in a VM"},
	{"brief", ARG_FLAG, PROBE, FIELD(brief), 0, 0, 0, NULL, NULL, "one line: can cases run here, and if not the first obstacle with its remedy"},
	{"markdown", ARG_FLAG, CLAUSES, FIELD(markdown), 0, 0, 0, NULL, NULL, "docs/clauses.md, with the cases of ./corpus"},
#ifndef HD_GUEST
	{"refresh", ARG_FLAG, KERNEL, FIELD(refresh), 0, 0, 0, NULL, NULL, "fetch the package lists anew, however old they are"},
#endif
	{"uncovered", ARG_FLAG, CLAUSES, FIELD(uncovered), 0, 0, 0, NULL, NULL, "the clauses without a case in corpus/ (or in the directories given)"},
	{"json", ARG_FLAG, ANY & ~(SHRINK | BACKEND), FIELD(json), 0, 0, 0, NULL, NULL, "JSON on standard output"},
	{"verbose", ARG_FLAG, ANY & ~BACKEND, FIELD(verbose), 0, 0, 0, NULL, NULL, "say more"},
};

struct cmd {
	const char *name;
	unsigned bit;
	const char *args;        /* operands in the synopsis */
	int min_args, max_args;  /* -1: any number */
	int (*run)(struct cli *cli);
	const char *summary;
	const char *help; /* paragraphs below the synopsis */
};

static const struct cmd commands[] = {
	{"run", RUN, "CASE|DIR...", 1, -1, cmd_run,
	 "run cases on this kernel and compare with the oracle",
	 "Runs each case file, and each *.case below each directory, on this machine's kernel and holds every\n"
	 "result against what the profile's clauses allow. Needs root and cgroup v2.\n"},
	{"sweep", SWEEP, "", 0, 0, cmd_sweep,
	 "run every boundary case on this kernel",
	 "Systematic, not random: the product of the user's optlen, what programs leave in optlen, their return\n"
	 "value and retval, hook, depth of the chain, and who in the chain does it. Needs root and cgroup v2.\n"},
	{"fuzz", FUZZ, "", 0, 0, cmd_fuzz,
	 "run generated cases on this kernel",
	 "Generates cases from a seed and compares each with the oracle until --time or --cases is used up (10 s\n"
	 "if neither is given). A divergence is re-run, shrunk, and written to DIR as a case that replays it.\n"},
	{"predict", PREDICT, "CASE...", 1, -1, cmd_predict,
	 "print what the oracle allows; no root, no kernel",
	 "Prints for each call what the handler must receive, what each program must see and what the user may\n"
	 "get, each with its clause. What only a kernel's handler knows stays a symbol.\n"},
	{"shrink", SHRINK, "CASE", 1, 1, cmd_shrink,
	 "make a diverging case as small as it gets",
	 "Cuts parts from the case for as long as this kernel still diverges in the same clause, hook and field,\n"
	 "and prints the smallest case.\n"},
	{"clauses", CLAUSES, "[PREFIX...]", 0, -1, cmd_clauses,
	 "list the rules of the contract",
	 "One row a rule: its id, the families of profiles that it holds in, the sentence and its source. A PREFIX\n"
	 "such as SET or GET.LARGE picks the rules whose id begins with it. --uncovered instead takes directories\n"
	 "of cases and lists what no case of them covers: a case that names the clause, and a call with an\n"
	 "expectation that hits it, in each profile in which it holds. Exit 1 if there are such clauses.\n"},
	{"diff-profiles", DIFF_PROFILES, "A B", 2, 2, cmd_diff_profiles,
	 "find the smallest cases on which two profiles differ",
	 "Searches without root and without a kernel: the boundary sweep, then generated cases (100,000, or for\n"
	 "as long as --time says; the seed is 1 if none is given), each planned and predicted by both profiles\n"
	 "with the same answers of the handler. Prints one smallest case for each pair of clauses that differ.\n"
	 "Where only one profile says anything nothing differs; --verbose lists those places too. Exit 0: no\n"
	 "difference, 1: there are some.\n"},
#ifndef HD_GUEST
	{"matrix", MATRIX, "", 0, 0, cmd_matrix,
	 "run the same cases on many kernels and put the results side by side",
	 "Boots each kernel of --kernels in QEMU, as many at once as there are processors, and runs the cases, the\n"
	 "sweep and the generator there, each only if asked for (without any of the three: --cases corpus --sweep).\n"
	 "Prints a table of clauses and kernels with the changes that are expected between neighbours, and writes\n"
	 "every record to DIR. Needs QEMU, and root for `host` only.\n"},
	{"bisect", BISECT, "packages|list|step", 1, 1, cmd_bisect,
	 "find the version in which a case begins to differ",
	 "packages  --good debian:6.12.94 --bad debian:6.12.117 --case FILE\n"
	 "          All versions between the two that the archive lists or the cache holds, each booted in QEMU.\n"
	 "list      --good 1 --bad 32 --case FILE --backend 'CMD %'     (or --kernel 'builds/%/bzImage')\n"
	 "          A series of your own: % stands for the version's number or name.\n"
	 "step      --kernel arch/x86/boot/bzImage --case FILE [--build-cmd CMD]     (or --backend CMD)\n"
	 "          One version, for `git bisect run`. Exit 0: good, 1: bad, 125: cannot be built or booted, 128:\n"
	 "          stop; never another code, never by a signal.\n\n"
	 "packages and list test both ends first, and refuse (exit 2) if they do not differ as claimed. The contract\n"
	 "is the good end's unless --profile names one. A version that cannot be had, or that gives no answer, is\n"
	 "passed over. Every step is written to DIR (hookdiff-out/bisect-... without --out), so the same command goes\n"
	 "on where a killed one was. Exit 0: the first version that differs is found, 1: a range, because what is in\n"
	 "it cannot be tested, 2: no answer. docs/bisect.md has more.\n"},
#endif
#ifndef HD_GUEST
	{"report", REPORT, "[diff] FILE|DIR...", 1, -1, cmd_report,
	 "turn the records of runs into a report for others; compare two",
	 "Reads report.jsonl of a run, sweep or fuzz, the *.jsonl of a matrix or its folder, or - (standard input),\n"
	 "and prints all of it as one document of --format. diff OLD NEW lists the clauses and cases that were\n"
	 "added, deleted or changed, those apart whose change the kernels' profiles expect. Exit 1: an unexpected\n"
	 "regression; 2: cannot be read, or has nothing in common. A file named diff is ./diff.\n"},
#endif
#ifdef HD_GUEST
	{"selftest", PROBE, "WAY", 1, 1, cmd_selftest, "break the guest on purpose: tests of the host's side", ""},
#endif
	{"probe", PROBE, "", 0, 0, cmd_probe,
	 "say what this machine can do, and the remedy for what it cannot",
	 "Checks what the other commands need. Exit 0: cases can run here; 2: they cannot, and the reason.\n"},
	{"bench", BENCH, "", 0, 0, cmd_bench,
	 "measure cases per second and what they are made of",
	 "Measures the host loop against the bare cost of its system calls, the oracle alone, and memory.\n"},
#ifndef HD_GUEST
	{"kernel", KERNEL, "list|get|path [SPEC...]", 1, -1, cmd_kernel,
	 "fetch kernels of Debian's archive to boot in a VM",
	 "list: the newest kernel of each series (--verbose: all of them). get SPEC...: fetches them and says their\n"
	 "release. path SPEC: prints the file to boot, fetched if need be. A SPEC is debian:6.12 (newest of that\n"
	 "series), debian:6.12.95-1 (that version), deb:DIR (packages at hand), or the path of a bzImage, a vmlinux\n"
	 "or a built tree. Packages are fetched by apt-get from this machine's Debian mirror, checked, unpacked to\n"
	 "~/.cache/hookdiff/kernels, and never installed. Needs no root.\n"},
#endif
	{"backend", BACKEND, "", 0, 0, cmd_backend,
	 "let another hookdiff test this kernel: the protocol on stdin and stdout",
	 "Answers the lines of a hookdiff that was started with --backend 'ssh THIS-MACHINE hookdiff backend'\n"
	 "(docs/backend.md). Needs root and cgroup v2.\n"},
};
/* clang-format on */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

int cli_usage(const char *format, ...)
{
	va_list ap;

	fputs("hookdiff: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

const struct profile *cli_profile(const struct cli *cli, const char *release, const char *version)
{
	bool by_release = !strcmp(cli->profile, "auto");
	const struct profile *p =
		by_release ? profile_for_kernel(release, version) : profile_find(cli->profile);

	if (p)
		return p;
	if (by_release)
		fprintf(stderr, "hookdiff: no profile covers kernel %s; choose one with --profile:", release);
	else
		fprintf(stderr, "hookdiff: --profile %s: no such profile; there are: auto", cli->profile);
	for (unsigned i = 0; i < profile_count(); i++)
		fprintf(stderr, " %s", profile_at(i)->name);
	fputc('\n', stderr);
	return NULL;
}

/* Edit distance, at most 31 letters of each word; small enough to be computed the plain way. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32], n = (unsigned)strnlen(b, 31), m = (unsigned)strnlen(a, 31);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= m; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

/* Keeps in *best the word that is nearest to what was typed, if it is near enough to be meant. */
static void nearer(const char *typed, const char *word, const char **best, unsigned *score)
{
	size_t n = strlen(typed);
	unsigned d = distance(typed, word);

	if (n >= 2 && !strncmp(typed, word, n))
		d = 1; /* an abbreviation */
	if (d < *score) {
		*score = d;
		*best = word;
	}
}

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *best = NULL;
	unsigned score = 3;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearer(name, commands[i].name, &best, &score);
	if (best)
		return cli_usage("unknown command '%s'; did you mean '%s'? (hookdiff --help)", name, best);
	return cli_usage("unknown command '%s'; hookdiff --help lists them", name);
}

static int unknown_option(const struct cmd *cmd, const char *name, size_t n)
{
	const char *best = NULL;
	unsigned score = 3;
	char word[32];

	snprintf(word, sizeof(word), "%.*s", n > 31 ? 31 : (int)n, name);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].commands & cmd->bit)
			nearer(word, options[i].name, &best, &score);
	if (best)
		return cli_usage("%s: unknown option '--%s'; did you mean '--%s'?", cmd->name, word, best);
	return cli_usage("%s: unknown option '--%s'; hookdiff %s --help lists them", cmd->name, word,
			 cmd->name);
}

static void print_option(const struct opt *o)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	printf("  %-16s %s", left, o->help);
	if (o->initial)
		printf(" [%s]", o->initial);
	putchar('\n');
}

static void print_help(void)
{
	puts("hookdiff holds the kernel's two cgroup sockopt hooks against a reference oracle.\n\n"
	     "usage: hookdiff COMMAND [OPTION...] [OPERAND...]\n\ncommands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].args);
		printf("  %-22s %s\n", left, commands[i].summary);
	}
	puts("\nhookdiff COMMAND --help    a command's options\n"
	     "hookdiff --version         version and commit\n\n"
	     "exit codes: 0 everything compared agrees; 1 a divergence; 2 inconclusive, could not run here, "
	     "or\n"
	     "hookdiff failed; 64 the command line or an input file is wrong, nothing was run");
}

static void print_command_help(const struct cmd *cmd)
{
	printf("hookdiff %s: %s\n\nusage: hookdiff %s [OPTION...]%s%s\n\n%s\noptions:\n", cmd->name,
	       cmd->summary, cmd->name, *cmd->args ? " " : "", cmd->args, cmd->help);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].commands & cmd->bit)
			print_option(&options[i]);
}

/* Reads digits, decimal or 0x, up to *end. False if there are none or the number does not fit. */
static bool read_number(const char *s, uint64_t *value, char **end)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');

	if (*s < '0' || *s > '9') /* strtoull would take blanks and a minus */
		return false;
	errno = 0;
	*value = strtoull(s, end, hex ? 16 : 10);
	return !errno;
}

/* Stores the text of a value in its field. Returns NULL or what was expected. */
static const char *store(struct cli *cli, const struct opt *o, const char *text)
{
	static const struct {
		const char *suffix;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *field = (char *)cli + o->field, *end;
	uint64_t value;

	switch (o->type) {
	case ARG_FLAG:
		*(bool *)field = true;
		return NULL;
	case ARG_STRING:
		if (!*text)
			return "a name that is not empty";
		*(const char **)field = text;
		return NULL;
	case ARG_U64:
		if (!read_number(text, &value, &end) || *end)
			return "a number";
		if (value < o->lo || value > o->hi)
			return "a number in range";
		*(uint64_t *)field = value;
		return NULL;
	case ARG_DURATION:
		if (!read_number(text, &value, &end))
			return "a duration such as 10, 10s or 2m";
		for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
			if (strcmp(end, units[i].suffix))
				continue;
			if (value > o->hi / units[i].seconds || value * units[i].seconds < o->lo)
				return o->hi == 86400 ? "a duration from 1s to 1d"
						      : "a duration from 1s to 366d";
			*(uint64_t *)field = value * units[i].seconds;
			return NULL;
		}
		return "a duration such as 10, 10s or 2m";
	}
	return NULL;
}

static int bad_value(const struct cmd *cmd, const struct opt *o, const char *text, const char *expected)
{
	if (o->type != ARG_U64)
		return cli_usage("%s: --%s: expected %s, found '%s'", cmd->name, o->name, expected, text);
	return cli_usage("%s: --%s: expected a number from %llu to %llu, found '%s'", cmd->name, o->name,
			 (unsigned long long)o->lo, (unsigned long long)o->hi, text);
}

/* Takes the option that argv[*i] begins ("--name", "--name=value"), and its value from argv[*i + 1] if need
 * be. */
static int take_option(struct cli *cli, const struct cmd *cmd, int *i)
{
	const char *word = cli->argv[*i] + 2, *text = strchr(word, '='), *expected;
	size_t n = text ? (size_t)(text - word) : strlen(word);
	const struct opt *o = NULL;

	for (size_t k = 0; k < ARRAY_SIZE(options); k++)
		if (options[k].commands & cmd->bit && strlen(options[k].name) == n &&
		    !strncmp(options[k].name, word, n))
			o = &options[k];
	if (!o)
		return unknown_option(cmd, word, n);
	if (o->type == ARG_FLAG) {
		if (text)
			return cli_usage("%s: --%s takes no value, found '%s'", cmd->name, o->name, text + 1);
	} else if (text) {
		text++;
	} else {
		if (*i + 1 >= cli->argc)
			return cli_usage("%s: --%s: expected %s after it, found the end of the line",
					 cmd->name, o->name, o->value);
		text = cli->argv[++*i];
	}
	expected = store(cli, o, text);
	if (expected)
		return bad_value(cmd, o, text, expected);
	if (o->given)
		*(bool *)((char *)cli + o->given) = true;
	return 0;
}

static int check_operands(const struct cmd *cmd, int n, char **args)
{
	if (n < cmd->min_args)
		return cli_usage("%s: expected %s, found nothing (hookdiff %s --help)", cmd->name, cmd->args,
				 cmd->name);
	if (cmd->max_args >= 0 && n > cmd->max_args)
		return cli_usage("%s: expected %s, found '%s' (hookdiff %s --help)", cmd->name,
				 cmd->max_args ? "only one operand" : "no operand", args[cmd->max_args],
				 cmd->name);
	return 0;
}

/* A verdict that could not be written is none: a full disk or closed pipe must not end in exit 0. */
static int finish(int code)
{
	if ((fflush(stdout) || ferror(stdout)) && code == EXIT_AGREE) {
		fprintf(stderr, "hookdiff: standard output: %s\n", strerror(errno));
		return EXIT_UNSURE;
	}
	return code;
}

static int cli_run(int argc, char **argv)
{
	struct cli cli = {.argc = argc, .argv = argv};
	const struct cmd *cmd;
	bool only_operands = false;
	char **args;
	int code;

	if (argc < 2)
		return cli_usage("expected a command; hookdiff --help lists them");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		cmd = argc > 2 ? find_command(argv[2]) : NULL;
		if (argc > 2 && !cmd)
			return unknown_command(argv[2]);
		if (cmd)
			print_command_help(cmd);
		else
			print_help();
		return finish(EXIT_AGREE);
	}
	if (!strcmp(argv[1], "--version")) {
		puts("hookdiff " HD_VERSION);
		return finish(EXIT_AGREE);
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].initial && options[i].commands & cmd->bit)
			store(&cli, &options[i], options[i].initial);
	args = calloc((size_t)argc, sizeof(*args));
	if (!args) {
		fputs("hookdiff: out of memory\n", stderr);
		return EXIT_UNSURE;
	}
	cli.args = args;
	for (int i = 2; i < argc; i++) {
		if (only_operands || argv[i][0] != '-' || !argv[i][1]) {
			args[cli.n_args++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			only_operands = true;
			continue;
		}
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_command_help(cmd);
			code = finish(EXIT_AGREE);
			goto out;
		}
		if (argv[i][1] != '-') {
			code = cli_usage("%s: unknown option '%s'; options are whole words: --seed 1",
					 cmd->name, argv[i]);
			goto out;
		}
		code = take_option(&cli, cmd, &i);
		if (code)
			goto out;
	}
	code = check_operands(cmd, cli.n_args, args);
	if (!code && cli.kernel && cli.backend)
		code = cli_usage("%s: expected --kernel or --backend, found both", cmd->name);
	if (!code && cli.dmesg && cli.backend)
		code = cli_usage("%s: expected --dmesg or --backend, found both: the log is this machine's",
				 cmd->name);
	if (code)
		goto out;
	code = finish(cmd->run(&cli));
out:
	free(args);
	return code;
}

int cli_main(int argc, char **argv)
{
#ifndef HD_GUEST
	if (bisect_is_step(argc, argv))
		return bisect_guard(cli_run, argc, argv);
#endif
	return cli_run(argc, argv);
}
