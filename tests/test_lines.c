/* SPDX-License-Identifier: MIT */
/*
 * harness/lines on this program itself: tests/lines/subject.c is executed one instruction at a time (ptrace),
 * and by what KCOV's calls tell, and both must say the lines that the source says. Then files that are
 * damaged, and the table of reasons.
 */
#include <errno.h>
#include <gelf.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/buf.h"
#include "harness/base/rng.h"
#include "harness/lines/lines.h"
#include "harness/lines/lines_impl.h"
#include "harness/lines/reasons.h"
#include "harness/tcg/trace.h"
#include "lines/subject.h"
#include "scratch.h"

#define SUBJECT "tests/lines/subject.c"
#define HEADER	"tests/lines/subject.h"

enum { INLINED, BOTH, SMALL, IN_HEADER, NOWHERE };

static const struct lines_function table[] = {[INLINED] = {SUBJECT, "subject_inlined", false},
					      [BOTH] = {SUBJECT, "subject_both", false},
					      [SMALL] = {SUBJECT, "subject_small", false},
					      [IN_HEADER] = {HEADER, "subject_header", false},
					      [NOWHERE] = {SUBJECT, "subject_of_another_time", false}};

/* ---- what is executed ---- */

static uint64_t pcs[100000];
static size_t n_pcs;

/* KCOV's call. The address that it returns to is in a basic block of the subject. */
__attribute__((no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc(void)
{
	if (n_pcs < COUNT(pcs))
		pcs[n_pcs++] = (uintptr_t)__builtin_return_address(0);
}

static int find_bias(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(uint64_t *)arg = info->dlpi_addr;
	return 1; /* the first one is this program */
}

/* What is to be subtracted from an address for that of the file. */
static uint64_t bias(void)
{
	uint64_t b = 0;

	dl_iterate_phdr(find_bias, &b);
	return b;
}

static struct lines *open_self(void)
{
	char why[512] = "";
	struct lines *l = lines_open("/proc/self/exe", table, COUNT(table), why, sizeof(why));

	if (!l)
		fail_msg("%s", why);
	return l;
}

/* Every instruction of one call, by a child that is stepped. False: this machine does not let us. */
static bool step(struct lines *l, int (*fn)(int), int a)
{
#ifdef __x86_64__
	uint64_t b = bias();
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		fn(a);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	for (;;) {
		struct user_regs_struct regs;

		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs)) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return false;
		}
		lines_mark(l, regs.rip - b, regs.rip - b + 1);
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return true;
	}
#else
	return false;
#endif
}

/* The same by KCOV's calls. */
static void cover(struct lines *l, int (*fn)(int), int a)
{
	uint64_t b = bias();
	char why[256] = "";

	n_pcs = 0;
	fn(a);
	assert_true(n_pcs > 0);
	for (size_t i = 0; i < n_pcs; i++)
		pcs[i] -= b;
	if (lines_mark_kcov(l, pcs, n_pcs, why, sizeof(why)))
		fail_msg("%s", why);
}

/* ---- what the source says ---- */

/* The number of the line with this comment at its end. */
static unsigned number(const char *file, const char *comment)
{
	struct source_text t;
	char path[512], want[64];
	unsigned found = 0;

	snprintf(path, sizeof(path), HD_SOURCE_DIR "/%s", file);
	snprintf(want, sizeof(want), "/* %s */", comment);
	assert_int_equal(source_read(&t, path), 0);
	for (unsigned i = 1; i <= t.n && !found; i++)
		if (strstr(t.line[i - 1], want))
			found = i;
	source_fini(&t);
	assert_true(found);
	return found;
}

/* '+' reached, '-' not, '0' the line has no code of this function. */
static char seen(struct lines *l, unsigned function, const char *comment)
{
	unsigned line = number(table[function].file, comment);
	size_t n;
	const struct lines_line *all = lines_all(l, &n);

	for (size_t i = 0; i < n; i++)
		if (all[i].function == function && all[i].line == line)
			return all[i].reached ? '+' : '-';
	return '0';
}

struct want {
	const char *what;
	int (*fn)(int);
	int a;
	char large, small, first, unasked, only, header_large, header_small;
};

static const struct want wants[] = {
	{"both(5): neither branch", subject_both, 5, '-', '+', '+', '-', '-', '-', '+'},
	{"both(500): the large one of the inlined", subject_both, 500, '+', '-', '+', '-', '-', '-', '+'},
	{"both(5000): also that of the header", subject_both, 5000, '+', '-', '+', '-', '-', '+', '-'},
	{"both(-5): what nobody asked for", subject_both, -5, '-', '+', '+', '+', '-', '-', '+'},
	{"small(5): the other copy", subject_small, 5, '-', '+', '-', '-', '+', '-', '-'},
	{"small(500)", subject_small, 500, '+', '-', '-', '-', '+', '-', '-'},
};

static void compare(struct lines *l, const struct want *w, const char *how)
{
	const struct {
		const char *comment;
		unsigned function;
		char want;
	} rows[] = {{"inlined, large", INLINED, w->large},
		    {"inlined, small", INLINED, w->small},
		    {"both, unasked", BOTH, w->unasked},
		    {"both, last", BOTH, w->first},
		    {"small, only", SMALL, w->only},
		    {"header, large", IN_HEADER, w->header_large},
		    {"header, small", IN_HEADER, w->header_small}};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (seen(l, rows[i].function, rows[i].comment) != rows[i].want)
			fail_msg("%s, by %s, '%s': want %c, got %c", w->what, how, rows[i].comment,
				 rows[i].want, seen(l, rows[i].function, rows[i].comment));
}

static void stepped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		struct lines *l = open_self();

		if (!step(l, wants[i].fn, wants[i].a)) {
			print_message("SKIP: no ptrace(PTRACE_SINGLESTEP) here\n");
			lines_close(l);
			skip();
		}
		compare(l, &wants[i], "instructions");
		lines_close(l);
	}
}

static void by_kcov(void **state)
{
	(void)state;
#ifndef __x86_64__
	skip(); /* calls are looked for as x86 has them */
#endif
	for (size_t i = 0; i < COUNT(wants); i++) {
		struct lines *l = open_self();

		cover(l, wants[i].fn, wants[i].a);
		compare(l, &wants[i], "KCOV");
		lines_close(l);
	}
}

/* Code that calls through registers: the same by a program of its own. */
static void by_kcov_large(void **state)
{
	struct lines_function large[COUNT(table)];

	(void)state;
#ifndef __x86_64__
	skip();
#endif
	memcpy(large, table, sizeof(table));
	large[NOWHERE] = (struct lines_function){"tests/lines/large.c", "main", false}; /* its unit's file */
	for (size_t i = 0; i < COUNT(wants); i++) {
		char command[512], line[64], why[256] = "";
		struct lines *l = lines_open(HD_BUILD_DIR "/tests/lines_subject_large", large, COUNT(large),
					     why, sizeof(why));
		FILE *f;

		if (!l)
			fail_msg("%s", why);
		snprintf(command, sizeof(command), HD_BUILD_DIR "/tests/lines_subject_large %s %d",
			 wants[i].fn == subject_both ? "both" : "small", wants[i].a);
		f = popen(command, "re");
		assert_non_null(f);
		for (n_pcs = 0; fgets(line, sizeof(line), f);)
			pcs[n_pcs++] = strtoull(line, NULL, 16);
		assert_int_equal(pclose(f), 0);
		assert_true(n_pcs > 0);
		if (lines_mark_kcov(l, pcs, n_pcs, why, sizeof(why)))
			fail_msg("%s", why);
		compare(l, &wants[i], "KCOV through registers");
		lines_close(l);
	}
}

/* Which calls through registers are KCOV's. */
static void registers(void **state)
{
	static const struct lines_function functions[] = {{"tests/lines/large.c", "large_four", false},
							  {"tests/lines/large.c", "large_none", false},
							  {"tests/lines/large.c", "large_none_either", false},
							  {"tests/lines/large.c", "subject_cold", false}};
	char why[256] = "";
	struct lines *l;

	(void)state;
#ifndef __x86_64__
	skip();
#endif
	for (unsigned i = 0; i < 4; i++) {
		l = lines_open(HD_BUILD_DIR "/tests/lines_subject_large", functions, 1 + i, why, sizeof(why));
		assert_non_null(l);
		assert_int_equal(l->n_sites, 4);
		lines_close(l);
	}
	l = lines_open(HD_BUILD_DIR "/tests/lines_subject_large", functions + 1, 3, why, sizeof(why));
	assert_non_null(l);
	assert_int_equal(l->n_sites, 0);
	lines_close(l);
}

static void nothing_marked(void **state)
{
	struct lines *l = open_self();
	size_t n, n_ranges;
	const struct lines_line *all = lines_all(l, &n);
	const struct lines_range *range = lines_ranges(l, &n_ranges);

	(void)state;
	assert_true(n > 8 && n_ranges > 0);
	for (size_t i = 0; i < n; i++) {
		assert_false(all[i].reached);
		assert_true(all[i].function < COUNT(table) && all[i].function != NOWHERE);
		if (i) /* each once, in order */
			assert_true(
				all[i - 1].function < all[i].function ||
				(all[i - 1].function == all[i].function && all[i - 1].line < all[i].line));
	}
	for (size_t i = 0; i < n_ranges; i++) {
		assert_true(range[i].start < range[i].end);
		if (i)
			assert_true(range[i - 1].end < range[i].start);
	}
	assert_true(lines_has(l, INLINED) && lines_has(l, IN_HEADER));
	assert_false(lines_has(l, NOWHERE) || lines_has(l, COUNT(table)));
	/* What stands beside them is none of theirs. */
	for (size_t i = 0; i < n_ranges; i++)
		if (i + 1 == n_ranges || range[i].end + 1 < range[i + 1].start)
			lines_mark(l, range[i].end, range[i].end + 1);
	lines_mark(l, range[0].start - 1, range[0].start);
	all = lines_all(l, &n);
	for (size_t i = 0; i < n; i++)
		assert_false(all[i].reached);
	/* All of it: every line is reached, and as a whole. */
	for (size_t i = 0; i < n_ranges; i++)
		lines_mark(l, range[i].start, range[i].end);
	all = lines_all(l, &n);
	for (size_t i = 0; i < n; i++)
		assert_true(all[i].reached && all[i].whole);
	lines_close(l);
}

/* What KCOV tells is no less than what is executed: a basic block has one call, a line may share one. */
static void kcov_says_as_much(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		struct lines *a = open_self(), *b = open_self();
		size_t n, reached = 0;
		const struct lines_line *stepped, *covered;

		if (!step(a, wants[i].fn, wants[i].a)) {
			lines_close(a);
			lines_close(b);
			skip();
		}
		cover(b, wants[i].fn, wants[i].a);
		stepped = lines_all(a, &n);
		covered = lines_all(b, &n);
		for (size_t k = 0; k < n; k++) {
			reached += stepped[k].reached;
			if (stepped[k].reached && !covered[k].reached)
				fail_msg("%s: line %u of %s is executed, and KCOV does not say so",
					 wants[i].what, stepped[k].line, table[stepped[k].function].name);
		}
		assert_true(reached > 2);
		lines_close(a);
		lines_close(b);
	}
}

/* Lines that are not those of the function: a line of another file in its body, and what was inlined. */
static void others_lines(void **state)
{
	struct lines *l = open_self();
	size_t n;
	const struct lines_line *all = lines_all(l, &n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_false(all[i].function == SMALL && all[i].line == 3);
	assert_int_equal(seen(l, BOTH, "unasked, body"), '0');
	lines_close(l);
}

/* A line with code in two functions is whole only if both were executed. */
static void in_part(void **state)
{
	static const int calls[][2] = {{1, 0}, {1, 1}};
	unsigned line = number(SUBJECT, "inlined, small");

	(void)state;
	for (size_t c = 0; c < COUNT(calls); c++) {
		struct lines *l = open_self();
		size_t n;
		const struct lines_line *all;
		bool found = false;

		if (!step(l, subject_both, 5) || (calls[c][1] && !step(l, subject_small, 5))) {
			lines_close(l);
			skip();
		}
		all = lines_all(l, &n);
		for (size_t i = 0; i < n; i++)
			if (all[i].function == INLINED && all[i].line == line) {
				found = true;
				assert_true(all[i].reached);
				assert_int_equal(all[i].whole, calls[c][1]);
			}
		assert_true(found);
		lines_close(l);
	}
}

/* A function that counts only inlined into others of the table: not where those are not asked for. */
static void only_inlined(void **state)
{
	static const struct lines_function in_both[] = {{SUBJECT, "subject_inlined", true},
							{SUBJECT, "subject_both", false}},
					   alone[] = {{SUBJECT, "subject_inlined", true}};
	char why[256] = "";
	struct lines *l = lines_open("/proc/self/exe", in_both, 2, why, sizeof(why));
	size_t n, reached = 0;
	const struct lines_line *all;

	(void)state;
	assert_non_null(l);
	assert_true(lines_has(l, 0));
	if (!step(l, subject_small, 5)) {
		lines_close(l);
		skip();
	}
	all = lines_all(l, &n);
	for (size_t i = 0; i < n; i++)
		reached += all[i].reached;
	assert_int_equal(reached, 0);
	lines_close(l);
	l = lines_open("/proc/self/exe", alone, 1, why, sizeof(why));
	assert_non_null(l);
	assert_false(lines_has(l, 0));
	lines_all(l, &n);
	assert_int_equal(n, 0);
	lines_close(l);
}

static void kcov_of_nothing(void **state)
{
	static const struct lines_function sink[] = {{"tests/lines/sink.c", "subject_sink_twice", false}};
	const uint64_t strange[] = {0, 1, UINT64_MAX, 0x1000};
	char why[256] = "";
	struct lines *l = lines_open("/proc/self/exe", sink, 1, why, sizeof(why));
	size_t n;
	const struct lines_line *all;

	(void)state;
	assert_non_null(l);
	assert_int_equal(lines_mark_kcov(l, strange, COUNT(strange), why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "KCOV"));
	lines_close(l);
	l = open_self();
	assert_int_equal(lines_mark_kcov(l, strange, COUNT(strange), why, sizeof(why)), 0);
	all = lines_all(l, &n);
	for (size_t i = 0; i < n; i++)
		assert_false(all[i].reached);
	lines_close(l);
}

/* ---- files that are none ---- */

static void refused(const char *path, const char *want)
{
	char why[512] = "";
	struct lines *l = lines_open(path, table, COUNT(table), why, sizeof(why));

	assert_null(l);
	if (!strstr(why, want) || !strstr(why, path))
		fail_msg("want '%s' and the path, got '%s'", want, why);
}

static void no_program(void **state)
{
	static const struct lines_function other[] = {{"net/socket.c", "do_sock_getsockopt", false}};
	char why[512] = "";

	(void)state;
	refused("/nonexistent", "No such file");
	put(at("text"), "no program\n", 11);
	refused(at("text"), "expected a linked ELF program");
	put(at("empty"), "", 0);
	refused(at("empty"), "expected a linked ELF program");
	refused(HD_BUILD_DIR "/tests/lines_subject_stripped", "expected debug information");
	assert_null(lines_open("/proc/self/exe", other, 1, why, sizeof(why)));
	assert_non_null(strstr(why, "net/socket.c"));
}

/* Where the sections of debug information are in the file. */
static size_t debug_sections(struct buf *b, size_t start[32], size_t size[32])
{
	Elf *elf;
	Elf_Scn *s = NULL;
	size_t n = 0, names;

	elf_version(EV_CURRENT);
	elf = elf_memory(b->p, b->n);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((s = elf_nextscn(elf, s)) && n < 32) {
		GElf_Shdr h;
		const char *name;

		gelf_getshdr(s, &h);
		name = elf_strptr(elf, names, h.sh_name);
		if (name && !strncmp(name, ".debug_", 7) && h.sh_size) {
			start[n] = h.sh_offset;
			size[n++] = h.sh_size;
		}
	}
	elf_end(elf);
	return n;
}

/* Whatever stands in a file, it is read or refused with a sentence, and soon. */
static void damaged(void **state)
{
	struct buf b = {0}, copy = {0};
	size_t start[32], size[32], n;
	unsigned rounds = getenv("HOOKDIFF_TEST_QUICK") ? 200 : 1000, read = 0;
	struct rng r;

	(void)state;
	assert_int_equal(file_read(HD_BUILD_DIR "/tests/lines_subject", &b), 0);
	n = debug_sections(&b, start, size);
	assert_true(n >= 4);
	if (!n) /* a checker does not see that assert_true() leaves */
		return;
	rng_seed(&r, 7, 7);
	for (unsigned i = 0; i < rounds; i++) {
		char why[512] = "";
		struct lines *l;
		size_t cut = b.n;

		buf_reset(&copy);
		buf_add(&copy, b.p, b.n);
		for (unsigned k = 0; k < 1 + i % 8; k++) {
			size_t s = rng_u32(&r) % n;

			if (!size[s])
				continue;
			copy.p[start[s] + rng_u32(&r) % size[s]] = (char)rng_u32(&r);
		}
		if (i % 10 == 0)
			copy.p[rng_u32(&r) % 64] = (char)rng_u32(&r); /* the header */
		if (i % 10 == 1)
			cut = rng_u32(&r) % b.n;
		put(at("damaged"), copy.p, cut);
		l = lines_open(at("damaged"), table, COUNT(table), why, sizeof(why));
		if (l)
			lines_mark(l, 0, UINT64_MAX);
		else
			assert_true(*why);
		read += l != NULL;
		lines_close(l);
	}
	print_message("%u of %u damaged files could be read\n", read, rounds);
	assert_true(read > 0 && read < rounds);
	buf_fini(&b);
	buf_fini(&copy);
}

/* ---- reasons ---- */

static void reasons(void **state)
{
	static const char source[] =
		"int f(int a)\n{\n\tif (a)\n\t\treturn\t-1;\n\tif (!a)\n\t\treturn -1;\n}\n";
	static const char rows[] =
		"# why\n\nf: if (!a) return -1; => zero => never comes\n  g: return -1;=>x ~> other \n";
	struct reasons r;
	struct source_text t;
	char why[256] = "", line[32];

	(void)state;
	put(at("f.c"), source, sizeof(source) - 1);
	put(at("rows"), rows, sizeof(rows) - 1);
	assert_int_equal(source_read(&t, at("f.c")), 0);
	assert_int_equal(reasons_read(&r, at("rows"), why, sizeof(why)), 0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.row[0].function, "f");
	assert_string_equal(r.row[0].text, "if (!a) return -1; => zero");
	assert_string_equal(r.row[0].why, "never comes");
	assert_int_equal(r.row[1].line, 4);
	assert_string_equal(r.row[1].text, "return -1;=>x");
	assert_true(r.row[1].sometimes && !r.row[0].sometimes);
	reasons_fini(&r);
	put(at("rows"), "f: if (!a) return -1; => never\nf: return -1; => both\n", 53);
	assert_int_equal(reasons_read(&r, at("rows"), why, sizeof(why)), 0);
	for (unsigned i = 0; i <= 9; i++) {
		assert_int_equal(reason_matches(&r.row[0], "f", &t, i), i == 6);
		assert_int_equal(reason_matches(&r.row[1], "f", &t, i), i == 4 || i == 6);
		assert_false(reason_matches(&r.row[0], "g", &t, i));
	}
	assert_string_equal(source_line(&t, 4, line, sizeof(line)), "return\t-1;");
	assert_string_equal(source_line(&t, 4, line, 5), "retu");
	assert_string_equal(source_line(&t, 0, line, sizeof(line)), "");
	assert_string_equal(source_line(&t, 99, line, sizeof(line)), "");
	reasons_fini(&r);
	source_fini(&t);
	for (size_t i = 0; i < 4; i++) {
		const char *bad[] = {"f: no arrow\n", "no colon => why\n", "f:  => why\n", "f: text => \n"};

		put(at("rows"), bad[i], strlen(bad[i]));
		assert_int_equal(reasons_read(&r, at("rows"), why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "rows:1: expected FUNCTION: TEXT => REASON"));
	}
	assert_int_equal(reasons_read(&r, at("none"), why, sizeof(why)), -ENOENT);
}

/* ---- what QEMU's plugin marks ---- */

static void note(void *arg, uint64_t address)
{
	buf_printf(arg, "%llx ", (unsigned long long)address);
}

static void trace_memory(void **state)
{
	static const struct trace_range two[] = {{0x1000, 0x1003}, {0xffffffff81000000, 0xffffffff81000002}};
	static const struct trace_range bad[][2] = {
		{{5, 5}, {6, 7}},	   {{5, 4}, {6, 7}},
		{{5, 8}, {7, 9}},	   {{8, 9}, {5, 6}},
		{{0, UINT64_MAX}, {0, 0}}, {{0, TRACE_BYTES}, {TRACE_BYTES, TRACE_BYTES + 1}}};
	struct trace t;
	struct buf seen = {0};
	uint8_t *byte;
	char why[256];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(trace_open(&t, bad[i], 2, "/proc/self/exe", why, sizeof(why)), -EINVAL);
	assert_int_equal(trace_open(&t, two, 0, "/proc/self/exe", why, sizeof(why)), -EINVAL);
	assert_int_equal(trace_open(&t, two, 2, "/nonexistent", why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent"));
	assert_int_equal(trace_open(&t, two, 2, "/proc/self/exe", why, sizeof(why)), 0);
	assert_int_equal(t.bytes, 5);
	assert_false(trace_loaded(&t));
	trace_each(&t, note, &seen);
	assert_int_equal(seen.n, 0);
	byte = (uint8_t *)(t.page + 1);
	byte[trace_place(two, 2, 0x1002)] = 1;
	byte[trace_place(two, 2, 0xffffffff81000000)] = 1;
	t.page->n = 77; /* what the guest's side writes there does not count */
	t.page->range[0].end = UINT64_MAX;
	trace_each(&t, note, &seen);
	assert_string_equal(buf_str(&seen), "1002 ffffffff81000000 ");
	assert_int_equal(trace_place(two, 2, 0xfff), -1);
	assert_int_equal(trace_place(two, 2, 0x1003), -1);
	assert_int_equal(trace_place(two, 2, 0xffffffff81000002), -1);
	t.page->loaded = 1;
	assert_true(trace_loaded(&t));
	trace_close(&t);
	buf_fini(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stepped),	     cmocka_unit_test(by_kcov),
		cmocka_unit_test(by_kcov_large),     cmocka_unit_test(registers),
		cmocka_unit_test(kcov_says_as_much), cmocka_unit_test(others_lines),
		cmocka_unit_test(nothing_marked),    cmocka_unit_test(in_part),
		cmocka_unit_test(only_inlined),	     cmocka_unit_test(kcov_of_nothing),
		cmocka_unit_test(no_program),	     cmocka_unit_test(damaged),
		cmocka_unit_test(reasons),	     cmocka_unit_test(trace_memory),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_finish);
}
