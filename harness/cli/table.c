/* SPDX-License-Identifier: MIT */
/*
 * The tables of commands and options (table.h). To add an option: a field in struct cli and a row in
 * cli_options[]. To add a command: cmd_<name>.c, a bit and a row in cli_commands[].
 */
#include "table.h"

#include <stddef.h>

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
	BISECT = 1 << 11,
	DIFF_PROFILES = 1 << 12,
	REPORT = 1 << 13,
	CAMPAIGN = 1 << 14,
	MAN = 1 << 15,
	COMPLETION = 1 << 16,
	COVERAGE = 1 << 17,
	EMIT = 1 << 18,
	CHECK = 1 << 19,
	RACE = 1 << 20,
	STORAGE = 1 << 21,
	MUTANTS = 1 << 22,
	DRIVE = 1 << 23,
	ON_KERNEL = RUN | SWEEP | FUZZ | SHRINK,
	ANY = (1 << 30) - 1,
};

#define FIELD(f) offsetof(struct cli, f)

/* A case on programs of its own costs as much as 50 to 100 others: loads. Emulated, several hundred. */
#ifdef HD_GUEST
#define STRAIGHT "10000"
#else
#define STRAIGHT "1000"
#endif

/* clang-format off */
const struct opt cli_options[] = {
#ifndef HD_GUEST
	{"kernels", ARG_STRING, TAKES_KERNELS, MATRIX, FIELD(kernels), 0, 0, 0, "NAMES", NULL,
	 "apart by commas: debian:6.12, debian:6.12.95-1, deb:DIR, a file, host (this machine), all (every series)"},
	{"cases", ARG_STRING, TAKES_CASE, MATRIX, FIELD(case_dir), 0, 0, 0, "DIR", NULL, "run this folder's cases, or one case"},
	{"sweep", ARG_FLAG, TAKES_NOTHING, MATRIX | COVERAGE, FIELD(sweep), 0, 0, 0, NULL, NULL, "run the boundary sweep, thinned by --thin"},
	{"fuzz", ARG_DURATION, TAKES_TEXT, MATRIX, FIELD(seconds), 0, 1, 30ull * 86400, "TIME", NULL,
	 "run generated cases for so long, from one seed on all kernels"},
	{"fuzz-cases", ARG_U64, TAKES_TEXT, MATRIX, FIELD(fuzz_cases), 0, 1, UINT64_MAX, "N", NULL, "run so many of them"},
	{"thin", ARG_U64, TAKES_TEXT, MATRIX | COVERAGE, FIELD(thin), 0, 1, 100000, "N", "17", "only every Nth case of the sweep"},
	{"html", ARG_STRING, TAKES_FILE, MATRIX, FIELD(html), 0, 0, 0, "FILE", NULL,
	 "also write the table, with the evidence behind each cell, as one HTML page"},
	{"good", ARG_STRING, TAKES_KERNEL, BISECT, FIELD(good), 0, 0, 0, "NAME", NULL,
	 "here the case holds: debian:6.12.94, in a list a number or one of --names; the newer end finds what was mended"},
	{"bad", ARG_STRING, TAKES_KERNEL, BISECT, FIELD(bad), 0, 0, 0, "NAME", NULL, "here it does not"},
	{"case", ARG_STRING, TAKES_CASE, BISECT, FIELD(case_path), 0, 0, 0, "FILE|DIR", NULL,
	 "the case that tells good from bad, or a folder: bad if one of them differs"},
	{"clause", ARG_STRING, TAKES_CLAUSE, BISECT, FIELD(clause), 0, 0, 0, "ID", NULL,
	 "instead: the cases below --case (corpus if it is not given) whose header names this clause"},
	{"feature", ARG_STRING, TAKES_FEATURE, BISECT, FIELD(feature), 0, 0, 0, "NAME", NULL,
	 "instead: a feature (hookdiff probe --json lists them); a step takes present as good, with !NAME absent"},
	{"runs", ARG_U64, TAKES_TEXT, BISECT, FIELD(runs), 0, 1, 1000, "N", NULL,
	 "times that the case runs on a version; one divergence makes it bad [10; a feature: 1]"},
	{"names", ARG_STRING, TAKES_TEXT, BISECT, FIELD(names), 0, 0, 0, "NAMES", NULL,
	 "list: the versions in their order, apart by commas; without it numbers from --good to --bad"},
	{"build-cmd", ARG_STRING, TAKES_COMMAND, BISECT, FIELD(build_cmd), 0, 0, 0, "CMD", NULL,
	 "step: a shell command that makes the kernel first; if it fails the commit is skipped"},
	{"resume", ARG_FLAG, TAKES_NOTHING, BISECT, FIELD(resume), 0, 0, 0, NULL, NULL,
	 "go on, and say so if there is nothing to go on with (the same command goes on by itself)"},
	{"format", ARG_STRING, TAKES_FORMAT, REPORT, FIELD(format), 0, 0, 0, "NAME", NULL,
	 "html, junit, ktap, sarif, kcidb or md (docs/reports.md)"},
	{"kernels", ARG_STRING, TAKES_TEXT, REPORT, FIELD(kernels), 0, 0, 0, "A,B", NULL,
	 "of diff: two kernels of one matrix instead of two runs"},
	{"engines", ARG_STRING, TAKES_TEXT, CAMPAIGN, FIELD(engines), 0, 0, 0, "NAMES", NULL,
	 "apart by commas: bulk, libfuzzer, afl; else what there is"},
	{"drivers", ARG_STRING, TAKES_DIR, CAMPAIGN, FIELD(drivers), 0, 0, 0, "DIR", NULL,
	 "the fuzz drivers that ./quickstart drivers builds; else the folder drivers beside this program"},
	{"sync", ARG_STRING, TAKES_DIR, CAMPAIGN, FIELD(sync), 0, 0, 0, "DIR", NULL,
	 "folder through which machines exchange inputs: shared, or copied to and fro"},
	{"machine", ARG_STRING, TAKES_TEXT, CAMPAIGN, FIELD(machine), 0, 0, 0, "NAME", NULL,
	 "this machine's name there; else the host's"},
	{"out", ARG_STRING, TAKES_FILE, REPORT, FIELD(out), FIELD(out_given), 0, 0, "FILE", NULL,
	 "write there, when all is read, instead of standard output"},
	{"format", ARG_STRING, TAKES_TEXT, EMIT, FIELD(format), 0, 0, 0, "NAME", "c",
	 "c (a program that needs nothing), selftest (a row for the kernel's own tests) or insns (instructions)"},
	{"record", ARG_FLAG, TAKES_NOTHING, EMIT, FIELD(record), 0, 0, 0, NULL, NULL,
	 "of c: programs also write down what they see, and that is compared (Linux 5.8)"},
	{"origin", ARG_STRING, TAKES_TEXT, REPORT, FIELD(origin), 0, 0, 0, "NAME", "hookdiff",
	 "of kcidb: the CI system that reports, as it is known there"},
#endif
	{"feature", ARG_STRING, TAKES_FEATURE, PROBE, FIELD(feature), 0, 0, 0, "NAME", NULL,
	 "only this feature, one line. Exit 0: present, 1: absent, 2: could not be found out"},
	{"helpers", ARG_FLAG, TAKES_NOTHING, PROBE, FIELD(helpers), 0, 0, 0, NULL, NULL,
	 "which helpers sockopt programs may call here, beside the table that check and the interpreter use. Exit 1: they differ"},
	{"calls", ARG_STRING, TAKES_FILE, CHECK, FIELD(calls), 0, 0, 0, "FILE|-|TEXT", NULL,
	 "these calls instead of derived ones: 'setsockopt SOL_IP IP_TOS 8; getsockopt SOL_IP IP_TOS 4'"},
	{"profiles", ARG_STRING, TAKES_TEXT, CHECK, FIELD(profiles), 0, 0, 0, "NAMES", "all",
	 "of the table: apart by commas, or all"},
	{"repeat", ARG_U64, TAKES_TEXT, RUN, FIELD(repeat), 0, 1, 100000, "N", "1", "run everything so many times"},
	{"profile", ARG_STRING, TAKES_PROFILE, ON_KERNEL | RACE | CAMPAIGN | DRIVE | MATRIX | BISECT | MUTANTS | PREDICT | EMIT | BENCH | CLAUSES | COVERAGE, FIELD(profile), 0, 0, 0, "NAME", "auto",
	 "version of the contract: auto (by the kernel's release), or a name that `hookdiff clauses` lists"},
	{"out", ARG_STRING, TAKES_DIR, ON_KERNEL | CAMPAIGN | DRIVE | MATRIX | BISECT | MUTANTS, FIELD(out), FIELD(out_given), 0, 0, "DIR", "hookdiff-out",
	 "where report.jsonl and the findings go"},
	{"backend", ARG_STRING, TAKES_COMMAND, ON_KERNEL | BISECT, FIELD(backend), 0, 0, 0, "CMD", NULL,
	 "test what this shell command speaks for instead of this kernel (docs/backend.md)"},
	{"backend-timeout", ARG_DURATION, TAKES_TEXT, ON_KERNEL | BISECT, FIELD(patience), 0, 1, 86400, "TIME", "60",
	 "an answer that takes CMD longer is an error"},
	{"waivers", ARG_STRING, TAKES_FILE, ON_KERNEL | CAMPAIGN | DRIVE | MATRIX, FIELD(waivers), FIELD(waivers_given), 0, 0, "FILE", "corpus/waivers",
	 "divergences that are known, each with its reason and link"},
	{"reuse", ARG_U64, TAKES_TEXT, SWEEP | FUZZ | BENCH, FIELD(reuse), 0, 1, 1000000, "N", "64",
	 "cases that share a pair of sockets before it is renewed"},
	{"straight", ARG_FLAG, TAKES_NOTHING, RUN | SHRINK, FIELD(straight), 0, 0, 0, NULL, NULL,
	 "each program is loaded as instructions of its own, in place of the one that interprets them all"},
	{"straight", ARG_U64, TAKES_TEXT, SWEEP | FUZZ, FIELD(straight_every), 0, 0, UINT64_MAX, "N", STRAIGHT,
	 "every Nth case also runs on such programs, a check of the interpreter; 100 is 1 %, 0 is none"},
	{"chains", ARG_FLAG, TAKES_NOTHING, SWEEP, FIELD(chains), 0, 0, 0, NULL, NULL,
	 "all ways to attach up to two programs to each of three cgroups, with every pattern of return values, instead"},
	{"operations", ARG_FLAG, TAKES_NOTHING, FUZZ, FIELD(operations), 0, 0, 0, NULL, NULL,
	 "cases with operations (attach, detach, update, rmdir ...) instead of ordinary ones"},
	{"thin", ARG_U64, TAKES_TEXT, SWEEP, FIELD(thin), 0, 1, 100000, "N", "1",
	 "only every Nth case of the sweep; with N prime and above 7 all pairs of boundaries stay"},
	{"threads", ARG_U64, TAKES_TEXT, RACE, FIELD(threads), 0, 1, 64, "N", "4", "threads that make calls; one more changes what is attached"},
	{"threads", ARG_U64, TAKES_TEXT, RUN, FIELD(crowd), 0, 1, 64, "N", NULL,
	 "each case also by N threads at once on sockets of their own: each result must be that of the case alone"},
	{"round", ARG_U64, TAKES_TEXT, RACE | STORAGE, FIELD(round), 0, 1, UINT64_MAX, "N", NULL, "only this round of the seed, which a finding names"},
	{"time", ARG_DURATION, TAKES_TEXT, FUZZ | RACE | STORAGE | CAMPAIGN | DRIVE | BENCH | DIFF_PROFILES, FIELD(seconds), 0, 1, 366ull * 86400, "TIME", NULL,
	 "stop after this long: 10, 10s, 2m, 1h"},
	{"cases", ARG_U64, TAKES_TEXT, FUZZ, FIELD(cases), 0, 1, UINT64_MAX, "N", NULL, "stop after so many cases"},
	{"cases", ARG_U64, TAKES_TEXT, COVERAGE, FIELD(cases), 0, 1, UINT64_MAX, "N", NULL,
	 "generate so many cases to see what there is to reach [1000000]"},
	{"missing", ARG_FLAG, TAKES_NOTHING, COVERAGE, FIELD(missing), 0, 0, 0, NULL, NULL,
	 "list the situations that the corpus does not reach; with --verbose all of them"},
	{"seed", ARG_U64, TAKES_TEXT, FUZZ | RACE | STORAGE | CAMPAIGN | MATRIX | DIFF_PROFILES, FIELD(seed), FIELD(seed_given), 0, UINT64_MAX, "N", NULL,
	 "replay the run of this seed (decimal or 0x...); else one is picked and printed"},
	{"workers", ARG_U64, TAKES_TEXT, SWEEP | FUZZ | CAMPAIGN | MATRIX, FIELD(workers), 0, 1, 64, "N", NULL,
	 "processes that run side by side (matrix: kernels); else one for each processor"},
	{"kernel", ARG_STRING, TAKES_KERNEL, CHECK, FIELD(kernel), 0, 0, 0, "NAME", NULL,
	 "make the calls there and compare: host (this machine, as root), or one to boot: debian:6.12, a file"},
	{"unsafe", ARG_FLAG, TAKES_NOTHING, CHECK, FIELD(unsafe), 0, 0, 0, NULL, NULL,
	 "with --kernel host: also options that can hurt this machine"},
	{"kernel", ARG_STRING, TAKES_KERNEL, RUN | SWEEP | FUZZ | RACE | STORAGE | DRIVE | CAMPAIGN | BISECT | PROBE, FIELD(kernel), 0, 0, 0, "NAME", NULL,
	 "boot this kernel in QEMU and run there, without root: debian:6.12, or a file (hookdiff kernel list)"},
	{"dmesg", ARG_FLAG, TAKES_NOTHING, RUN | SWEEP | FUZZ | RACE, FIELD(dmesg), 0, 0, 0, NULL, NULL,
	 "a warning or bug in the kernel's log while cases run is a failure; always so with --kernel"},
	{"splats", ARG_STRING, TAKES_FILE, RUN | SWEEP | FUZZ | RACE, FIELD(splats), FIELD(splats_given), 0, 0, "FILE", "corpus/splats",
	 "lines of the kernel's log that are known, each with its reason and link"},
	{"blocks", ARG_FLAG, TAKES_NOTHING, RUN | SWEEP | FUZZ, FIELD(blocks), 0, 0, 0, NULL, NULL,
	 "on a kernel with KCOV: the addresses of the blocks that the cases went through, in blocks.txt of the run's folder"},
	{"each", ARG_FLAG, TAKES_NOTHING, RUN, FIELD(each), 0, 0, 0, NULL, NULL,
	 "the same, those of each case behind a line \"= CASE\""},
	{"paths", ARG_FLAG, TAKES_NOTHING, RUN, FIELD(paths), 0, 0, 0, NULL, NULL,
	 "each case by system call, by io_uring, as a 32-bit task and from within a program, side by side, with the clauses behind what differs"},
	{"unsafe", ARG_FLAG, TAKES_NOTHING, RUN, FIELD(unsafe), 0, 0, 0, NULL, NULL, "also cases that can hurt this machine: in a VM"},
	{"unsafe", ARG_FLAG, TAKES_NOTHING, FUZZ | CAMPAIGN | DRIVE, FIELD(unsafe), 0, 0, 0, NULL, NULL,
	 "with --kernel: also options that can hurt the machine, more kinds of sockets, and lengths that handlers may not expect"},
	{"brief", ARG_FLAG, TAKES_NOTHING, PROBE, FIELD(brief), 0, 0, 0, NULL, NULL, "one line: can cases run here, and if not the first obstacle with its remedy"},
	{"markdown", ARG_FLAG, TAKES_NOTHING, CLAUSES, FIELD(markdown), 0, 0, 0, NULL, NULL, "docs/clauses.md, with the cases of ./corpus"},
#ifndef HD_GUEST
	{"arch", ARG_STRING, TAKES_TEXT, KERNEL | BISECT | MUTANTS, FIELD(arch), 0, 0, 0, "x86|um", NULL,
	 "what to build: x86 for QEMU, with the real JIT, or User-Mode Linux, which boots in a fraction of a second; else x86"},
	{"kernel", ARG_STRING, TAKES_KERNEL, COVERAGE, FIELD(kernel), 0, 0, 0, "NAME", NULL,
	 "boot this kernel in QEMU, run the cases there, and say which lines of its hook code they reach"},
	{"reasons", ARG_STRING, TAKES_FILE, COVERAGE, FIELD(reasons), FIELD(reasons_given), 0, 0, "FILE", "kernels/unreached",
	 "of --kernel: why lines are not reached, rows of FUNCTION: TEXT => REASON"},
	{"keep", ARG_STRING, TAKES_FILE, COVERAGE, FIELD(keep), 0, 0, 0, "DIR", NULL,
	 "of --kernel with KCOV: write to DIR the fewest of the cases that reach every block which ./corpus does not, nor the sweep if it is asked for"},
	{"source", ARG_STRING, TAKES_TEXT, COVERAGE, FIELD(source), 0, 0, 0, "SOURCE", NULL,
	 "of --kernel: its source, as of kernel build, for the text of lines; else what is unpacked of its version"},
	{"source", ARG_STRING, TAKES_TEXT, MUTANTS, FIELD(source), 0, 0, 0, "SOURCE", "7.2", "the kernel that the mutants are for, as of kernel build"},
	{"dir", ARG_STRING, TAKES_FILE, MUTANTS, FIELD(mutants), 0, 0, 0, "DIR", "kernels/mutants", "the patches"},
	{"cases", ARG_STRING, TAKES_CASE, MUTANTS, FIELD(case_dir), 0, 0, 0, "DIR", "corpus", "the cases that are run first"},
	{"fuzz", ARG_DURATION, TAKES_TEXT, MUTANTS, FIELD(seconds), 0, 1, 86400, "TIME", "60s", "how long generated cases are run on one that nothing else has caught"},
	{"tree", ARG_STRING, TAKES_FILE, BISECT, FIELD(tree), 0, 0, 0, "DIR", NULL, "with step: configure and build this tree, and boot what comes of it"},
	{"kcov", ARG_FLAG, TAKES_NOTHING, KERNEL, FIELD(kcov), 0, 0, 0, NULL, NULL, "with build: coverage of the hooks, the entry and the handlers"},
	{"kasan", ARG_FLAG, TAKES_NOTHING, KERNEL, FIELD(kasan), 0, 0, 0, NULL, NULL, "with build: memory errors become reports"},
	{"patch", ARG_LIST, TAKES_FILE, KERNEL, FIELD(patch), 0, 0, 0, "FILE", NULL, "with build: apply it to the source (patch -p1); may be given again"},
	{"config", ARG_LIST, TAKES_FILE, KERNEL | BISECT | MUTANTS, FIELD(config), 0, 0, 0, "FILE", NULL,
	 "what is built: lines CONFIG_NAME=VALUE that have the last word; may be given again"},
	{"refresh", ARG_FLAG, TAKES_NOTHING, KERNEL, FIELD(refresh), 0, 0, 0, NULL, NULL, "fetch the package lists anew, however old they are"},
#endif
	{"uncovered", ARG_FLAG, TAKES_NOTHING, CLAUSES, FIELD(uncovered), 0, 0, 0, NULL, NULL, "the clauses without a case in corpus/ (or in the directories given)"},
	{"json", ARG_FLAG, TAKES_NOTHING, ANY & ~(SHRINK | EMIT | DRIVE | BACKEND | MAN | COMPLETION), FIELD(json), 0, 0, 0, NULL, NULL, "JSON on standard output"},
	{"verbose", ARG_FLAG, TAKES_NOTHING, ANY & ~(EMIT | BACKEND | MAN | COMPLETION), FIELD(verbose), 0, 0, 0, NULL, NULL, "say more"},
};

const unsigned cli_option_count = sizeof(cli_options) / sizeof(cli_options[0]);

const struct cmd cli_commands[] = {
	{"run", RUN, "CASE|DIR...", TAKES_CASE, 1, -1, cmd_run,
	 "run cases on this kernel and compare with the oracle",
	 "Runs each case file, and each *.case below each directory, on this machine's kernel and holds every\n"
	 "result against what the profile's clauses allow. Needs root and cgroup v2.\n"},
	{"sweep", SWEEP, "", TAKES_NOTHING, 0, 0, cmd_sweep,
	 "run every boundary case on this kernel",
	 "Systematic, not random: the product of the user's optlen, what programs leave in optlen, their return\n"
	 "value and retval, hook, depth of the chain, and who in the chain does it. Needs root and cgroup v2.\n"},
	{"fuzz", FUZZ, "", TAKES_NOTHING, 0, 0, cmd_fuzz,
	 "run generated cases on this kernel",
	 "Generates cases from a seed and compares each with the oracle until --time or --cases is used up (10 s\n"
	 "if neither is given). A divergence is re-run, shrunk, and written to DIR as a case that replays it.\n"},
	{"race", RACE, "[SCENE...]", TAKES_TEXT, 0, -1, cmd_race,
	 "make calls on this kernel while programs come and go",
	 "Threads make get- and setsockopt calls while another one attaches, detaches, replaces, updates and removes. Each\n"
	 "result must be that of a state of the attachments that existed between the call's begin and its end. Counts\n"
	 "programs, links, cgroups and fds before and after. A SCENE is first, replace, update, multi or rmdir; else\n"
	 "all of them take turns (docs/races.md). Exit 1: a result that no order explains, or something stays behind.\n"},
	{"storage", STORAGE, "", TAKES_NOTHING, 0, 0, cmd_storage,
	 "count in cgroup and socket storage on this kernel and compare",
	 "Programs count their runs in cgroup storage and socket storage, across calls, levels, detaching and accepted\n"
	 "sockets; a model that counts by itself says what each counter must be (docs/storage.md). --verbose lists the\n"
	 "rules. 5 s if --time is not given.\n"},
#ifndef HD_GUEST
	{"campaign", CAMPAIGN, "[CORPUS...]", TAKES_DIR, 0, -1, cmd_campaign,
	 "fuzz for hours with every engine that there is",
	 "Starts bulk loops, libFuzzer and AFL++ (docs/campaign.md) as workers, starts again what dies, and ends\n"
	 "after --time, or with ^C, with the findings and a merged corpus in DIR. A CORPUS is a folder of inputs to\n"
	 "begin with. An --out DIR that is there goes on. Where cases cannot run here the oracle alone is fuzzed.\n"
	 "With --kernel each worker is a guest of that kernel, and a crash of it is a finding.\n"},
#endif
	{"drive", DRIVE, "[--] [NAME=VALUE...] DRIVER [OPTION|CORPUS...]", TAKES_FILE, 1, -1, cmd_drive,
	 "run a fuzz driver inside a guest of --kernel",
	 "Boots the kernel and runs a libFuzzer driver there (build/drivers/libfuzzer/fuzz_kernel), with the options and\n"
	 "corpora behind its name, and NAME=VALUE in front of it in its environment. New inputs, findings and what ended the driver come to DIR/drive-TIME while it\n"
	 "runs: spool/, findings/, artifacts/. A kernel with KCOV guides it (docs/kernels.md). campaign --kernel does\n"
	 "this with many guests, for hours.\n"},
	{"predict", PREDICT, "CASE...", TAKES_CASE, 1, -1, cmd_predict,
	 "print what the oracle allows; no root, no kernel",
	 "Prints for each call what the handler must receive, what each program must see and what the user may\n"
	 "get, each with its clause. What only a kernel's handler knows stays a symbol.\n"},
	{"shrink", SHRINK, "CASE", TAKES_CASE, 1, 1, cmd_shrink,
	 "make a diverging case as small as it gets",
	 "Cuts parts from the case for as long as this kernel still diverges in the same clause, hook and field,\n"
	 "and prints the smallest case.\n"},
#ifndef HD_GUEST
	{"emit", EMIT, "CASE", TAKES_CASE, 1, 1, cmd_emit,
	 "print a case as a C program that needs no hookdiff; no root",
	 "The program makes the cgroups, loads the programs as instructions, makes the calls, prints want and got,\n"
	 "and exits 0 if they are the same, 1 if not, 2 if it cannot run. What must come is what the case says\n"
	 "after `=`, and for the rest what the oracle says where the handler is modelled; what neither knows is not\n"
	 "compared. A finding's folder has one whose wants were recorded (docs/findings.md).\n"},
#endif
	{"check", CHECK, "OBJECT[:PROGRAM][@PATH]... [CASE|DIR...]", TAKES_FILE, 1, -1, cmd_check,
	 "say what the programs of a .bpf.o do on every kernel; no root, no kernel",
	 "Reads each OBJECT (.bpf.o), takes its sockopt programs, or only PROGRAM, as attached to the cgroup PATH (a if\n"
	 "none is given; a/b is its child), and the socket as made in the lowest of them. Calls are derived from the\n"
	 "numbers in the programs' instructions and run under every kernel's profile, the programs interpreted. Prints\n"
	 "from which kernel on each program loads, on which calls kernels differ, and classic mistakes, each with a\n"
	 "call that shows it. A CASE (*.case, or a folder of them) or --calls replaces the derived calls; the programs\n"
	 "are added to the cgroups of the case, and what it expects must come. --kernel also loads, attaches and calls,\n"
	 "and compares. Exit 0: no mistake, 1: some, or the kernel differs, 2: a program does what is not modelled, or\n"
	 "nothing could be compared, 64: an object cannot be read (docs/testing-your-program.md).\n"},
	{"clauses", CLAUSES, "[PREFIX...]", TAKES_CLAUSE, 0, -1, cmd_clauses,
	 "list the rules of the contract",
	 "One row a rule: its id, the families of profiles that it holds in, the sentence and its source. A PREFIX\n"
	 "such as SET or GET.LARGE picks the rules whose id begins with it. --uncovered instead takes directories\n"
	 "of cases and lists what no case of them covers: a case that names the clause, and a call with an\n"
	 "expectation that hits it, in each profile in which it holds. Exit 1 if there are such clauses.\n"},
	{"coverage", COVERAGE, "[CORPUS...]", TAKES_CASE, 0, -1, cmd_coverage,
	 "say which clause situations a corpus reaches, or which lines of a kernel's hook code",
	 "A CORPUS is a case file, an input of the fuzz drivers, or a folder of either. Counts for each clause in how\n"
	 "many situations it decides a call's result (class of the outcome, shape of the chain, the user's optlen,\n"
	 "optlen as the programs leave it) and in how many it has a say (outcome and shape), beside those that the\n"
	 "boundary sweep and generated cases reach, without root and without a kernel. docs/fuzzing.md has the classes.\n"
	 "With --kernel instead: boots it, runs the corpus (./corpus if none is given; of an OBJECT.bpf.o the programs, as\n"
	 "check does) and with --sweep the boundary sweep, and prints how many lines of each function of the hooks were\n"
	 "executed, and those that were not, each with its reason. Needs the kernel's debug information, which for a\n"
	 "packaged kernel is fetched (350 MB).\n"
	 "Exit 0: each line is reached or has a reason, 1: one has none, or a reason is stale (docs/coverage.md).\n"},
	{"diff-profiles", DIFF_PROFILES, "A B", TAKES_PROFILE, 2, 2, cmd_diff_profiles,
	 "find the smallest cases on which two profiles differ",
	 "Searches without root and without a kernel: the boundary sweep, then generated cases (100,000, or for\n"
	 "as long as --time says; the seed is 1 if none is given), each planned and predicted by both profiles\n"
	 "with the same answers of the handler. Prints one smallest case for each pair of clauses that differ.\n"
	 "Where only one profile says anything nothing differs; --verbose lists those places too. Exit 0: no\n"
	 "difference, 1: there are some.\n"},
#ifndef HD_GUEST
	{"matrix", MATRIX, "", TAKES_NOTHING, 0, 0, cmd_matrix,
	 "run the same cases on many kernels and put the results side by side",
	 "Boots each kernel of --kernels in QEMU, as many at once as there are processors, and runs the cases, the\n"
	 "sweep and the generator there, each only if asked for (without any of the three: --cases corpus --sweep).\n"
	 "Prints a table of clauses and kernels with the changes that are expected between neighbours, and writes\n"
	 "every record to DIR. Needs QEMU, and root for `host` only.\n"},
	{"bisect", BISECT, "packages|list|step", TAKES_NOTHING, 1, 1, cmd_bisect,
	 "find the version in which a case begins to differ",
	 "packages  --good debian:6.12.94 --bad debian:6.12.117 --case FILE\n"
	 "          All versions between the two that the archive lists or the cache holds, each booted in QEMU.\n"
	 "list      --good 1 --bad 32 --case FILE --backend 'CMD %'     (or --kernel 'builds/%/bzImage')\n"
	 "          A series of your own: % stands for the version's number or name.\n"
	 "step      --tree . --case FILE [--arch um]     (or --kernel IMAGE [--build-cmd CMD], or --backend CMD)\n"
	 "          One version, for `git bisect run`. Exit 0: good, 1: bad, 125: cannot be built or booted, 128:\n"
	 "          stop; never another code, never by a signal.\n\n"
	 "packages and list test both ends first, and refuse (exit 2) if they do not differ as claimed. The contract\n"
	 "is the good end's unless --profile names one. A version that cannot be had, or that gives no answer, is\n"
	 "passed over. Every step is written to DIR (hookdiff-out/bisect-... without --out), so the same command goes\n"
	 "on where a killed one was. Exit 0: the first version that differs is found, 1: a range, because what is in\n"
	 "it cannot be tested, 2: no answer. docs/bisect.md has more.\n"},
	{"report", REPORT, "[diff] FILE|DIR...", TAKES_RECORDS, 1, -1, cmd_report,
	 "turn the records of runs into a report for others; compare two",
	 "Reads report.jsonl of a run, sweep or fuzz, the *.jsonl of a matrix or its folder, or - (standard input),\n"
	 "and prints all of it as one document of --format. diff OLD NEW lists the clauses and cases that were\n"
	 "added, deleted or changed, those apart whose change the kernels' profiles expect. Exit 1: an unexpected\n"
	 "regression; 2: cannot be read, or has nothing in common. A file named diff is ./diff.\n"},
#endif
#ifdef HD_GUEST
	{"selftest", PROBE, "WAY", TAKES_TEXT, 1, 1, cmd_selftest, "break the guest on purpose: tests of the host's side", ""},
#endif
	{"probe", PROBE, "", TAKES_NOTHING, 0, 0, cmd_probe,
	 "say what this machine can do, and the remedy for what it cannot",
	 "Checks what the other commands need. Exit 0: cases can run here; 2: they cannot, and the reason.\n"},
	{"bench", BENCH, "", TAKES_NOTHING, 0, 0, cmd_bench,
	 "measure cases per second and what they are made of",
	 "Measures the BPF interpreter (which needs no root) beside one that checks nothing, then the host loop\n"
	 "against the bare cost of its system calls, the oracle alone, and memory.\n"},
#ifndef HD_GUEST
	{"kernel", KERNEL, "list|get|path|build [SPEC...]", TAKES_KERNEL, 1, -1, cmd_kernel,
	 "fetch kernels of Debian's archive to boot in a VM, or build them",
	 "list: the newest kernel of each series (--verbose: all of them). get SPEC...: fetches them and says their\n"
	 "release. path SPEC: prints the file to boot, fetched if need be. A SPEC is debian:6.12 (newest of that\n"
	 "series), debian:6.12.95-1 (that version), deb:DIR (packages at hand), or the path of a bzImage, a vmlinux\n"
	 "or a built tree. Packages are fetched by apt-get from this machine's Debian mirror, checked, unpacked to\n"
	 "~/.cache/hookdiff/kernels, and never installed. Needs no root.\n"
	 "build SOURCE: compiles a kernel with what cases exercise and nothing else. SOURCE is a series (6.12) or\n"
	 "version of the archive's linux-source packages, a tarball or a tree. It prints the name for --kernel,\n"
	 "build:NAME; the same source, configuration, patches and compiler are built once (docs/kernels.md).\n"},
#endif
#ifndef HD_GUEST
	{"mutants", MUTANTS, "list|run [NAME...]", TAKES_TEXT, 1, -1, cmd_mutants,
	 "count the bugs, put into a kernel on purpose, that hookdiff catches",
	 "run: builds the kernel without a bug, which must agree, then with each patch of kernels/mutants (or those\n"
	 "whose names begin so), boots it and runs the corpus, a thinned sweep, operations, chains, storage and\n"
	 "generated cases until something differs. Prints what caught each, after how many cases and seconds. Exit\n"
	 "0: all were caught but those that are shown to be equivalent, 1: one survived, 2: it cannot be told.\n"
	 "docs/kernels.md has more.\n"},
	{"man", MAN, "[hookdiff|hookdiff-case]", TAKES_NOTHING, 0, 1, cmd_man,
	 "print a page for man: of the command, or of the case format",
	 "man -l <(hookdiff man hookdiff-case) shows it; `cmake --install` puts both where man finds them.\n"},
	{"completion", COMPLETION, "bash|zsh|fish|kernels", TAKES_NOTHING, 1, 1, cmd_completion,
	 "print what a shell needs to complete this command line",
	 "In bash: eval \"$(hookdiff completion bash)\". In fish: hookdiff completion fish | source. For zsh a file\n"
	 "_hookdiff in a folder of $fpath. `cmake --install` puts all three where the shells look. kernels: the\n"
	 "fetched kernels that --kernel completes to.\n"},
#endif
	{"backend", BACKEND, "", TAKES_NOTHING, 0, 0, cmd_backend,
	 "let another hookdiff test this kernel: the protocol on stdin and stdout",
	 "Answers the lines of a hookdiff that was started with --backend 'ssh THIS-MACHINE hookdiff backend'\n"
	 "(docs/backend.md). Needs root and cgroup v2.\n"},
};
const unsigned cli_command_count = sizeof(cli_commands) / sizeof(cli_commands[0]);

const struct cli_exit cli_exits[] = {
	{EXIT_AGREE, "everything compared agrees"},
	{EXIT_DIVERGENCE, "a divergence"},
	{EXIT_UNSURE, "inconclusive, could not run here, or hookdiff failed"},
	{EXIT_USAGE, "the command line or an input file is wrong, nothing was run"},
};
const unsigned cli_exit_count = sizeof(cli_exits) / sizeof(cli_exits[0]);
/* clang-format on */
