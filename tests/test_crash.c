/* SPDX-License-Identifier: MIT */
/*
 * From what a crashed kernel said to a finding, without a kernel: complaints taken out of consoles, also
 * hostile ones, what makes two of them the same, source lines by addr2line, and the hunt for the smallest
 * case on a machine that only pretends to crash. No root.
 */
#include "scratch.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/case/case_bin.h"
#include "harness/case/safe.h"
#include "harness/case/case_text.h"
#include "harness/crash/crash.h"
#include "harness/crash/hunt.h"
#include "harness/crash/symbol.h"
#include "harness/crash/vm_lab.h"
#include "harness/mutate/fit.h"
#include "harness/mutate/gen.h"
#include "harness/profiles/selfcheck.h"
#include "harness/vm/console.h"

/* ---- recorded consoles: what is left out is only more of the same ---- */

static const char kasan[] = "random: crng init done\n"
			    "==================================================================\n"
			    "BUG: KASAN: slab-out-of-bounds in handler_set+0x44b/0x1230\n"
			    "Read of size 96 at addr 0000000062a11f20 by task hookdiff-guest/31\n"
			    "\n"
			    "CPU: 0 UID: 0 PID: 31 Comm: init Not tainted 7.2.13-hookdiff #1 VOLUNTARY\n"
			    "Stack:\n"
			    " 00000000 60a7aa20 62b17a90 60035dc5\n"
			    "Call Trace:\n"
			    " [<60035dc5>] ? show_stack+0x141/0x2b0\n"
			    " [<6003c1f0>] dump_stack_lvl+0x62/0x9e\n"
			    " [<60028f5b>] print_report+0x1c8/0x601\n"
			    " [<602a93c5>] kasan_report+0xd2/0x140\n"
			    " [<602aa5b6>] __asan_memcpy+0x26/0x80\n"
			    " [<6053f31b>] handler_set+0x44b/0x1230\n"
			    " [<6050b69d>] ? mutex_unlock+0x12/0x40\n"
			    " [<604f6ee8>] nf_setsockopt.isra.0+0x98/0xf0\n"
			    " [<6049d0a1>] ip_setsockopt+0xd1/0x120\n"
			    "\n"
			    "Allocated by task 31:\n"
			    " save_stack_trace+0x2e/0x40\n"
			    " hook_filter+0x71b/0xd70\n"
			    "\n"
			    "The buggy address belongs to the object at 0000000062a11f20\n"
			    "==================================================================\n"
			    "Kernel panic - not syncing: kasan.fault=panic set ...\n"
			    "\n"
			    "Rebooting in 1 seconds..\n";

static const char fault[] =
	"[    3.100234][   T57] BUG: kernel NULL pointer dereference, address: 0000000000000008\r\n"
	"[    3.100300][   T57] #PF: supervisor read access in kernel mode\r\n"
	"[    3.100400][   T57] Oops: Oops: 0000 [#1] SMP PTI\r\n"
	"[    3.100500][   T57] RIP: 0010:run_programs+0x2a/0x130\r\n"
	"[    3.100600][   T57] Call Trace:\r\n"
	"[    3.100700][   T57]  <TASK>\r\n"
	"[    3.100800][   T57]  ? __die+0x23/0x70\r\n"
	"[    3.100900][   T57]  ? exc_page_fault+0x74/0x170\r\n"
	"[    3.101000][   T57]  hook_filter+0xe5/0x300\r\n"
	"[    3.101100][   T57]  do_sock_setsockopt+0xd4/0x1d0\r\n"
	"[    3.101200][   T57] ---[ end trace 0000000000000000 ]---\r\n"
	"[    3.101300][   T57] Kernel panic - not syncing: Fatal exception\r\n";

static const char warned[] =
	"------------[ cut here ]------------\n"
	"WARNING: CPU: 0 PID: 9 at include/linux/thread_info.h:249 hook_get+0x31a/0x380\n"
	"RIP: 0010:hook_get+0x31a/0x380\n"
	"Call Trace:\n"
	" do_sock_getsockopt+0x12/0x34\n"
	"---[ end trace 0000000000000000 ]---\n"
	"something else\n";

static const char ubsan[] = "------------[ cut here ]------------\n"
			    "UBSAN: array-index-out-of-bounds in ../net/ipv4/x.c:12:3\n"
			    "index 9 is out of range for type 'int [4]'\n"
			    "Call Trace:\n"
			    " [<60035dc5>] ? __ubsan_handle_out_of_bounds+0x1/0x2\n"
			    " [<60035dc6>] ? walk+0x9/0x90\n"
			    "---[ end trace ]---\n";

static const char panicked[] = "sysrq: Trigger a crash\nKernel panic - not syncing: sysrq triggered crash\n"
			       "CPU: 0 PID: 1\nRebooting in 1 seconds..\n";

static const char bugged[] = "BUG: failure at ../src/kernel/bpf/cgroup.c:2096/hook_filter()!\n"
			     "Kernel panic - not syncing: BUG!\n";

static void extracts(const char *text, struct crash_report *r)
{
	assert_true(crash_extract(text, strlen(text), r));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text, *kind, *signature, *first, *last;
	} rows[] = {
		/* The access, not who allocated; not the reporter's functions, the guesses, or a compiler's
		   suffix. */
		{kasan, "kasan-slab-out-of-bounds", "kasan-slab-out-of-bounds handler_set nf_setsockopt",
		 "BUG: KASAN", "=========="},
		{fault, "null-pointer", "null-pointer run_programs hook_filter", "BUG: kernel NULL",
		 "---[ end"},
		{warned, "warning", "warning hook_get do_sock_getsockopt", "WARNING: CPU", "---[ end"},
		/* Only guesses are there: better than none. */
		{ubsan, "ubsan-array-index-out-of-bounds", "ubsan-array-index-out-of-bounds walk",
		 "UBSAN: array", "---[ end"},
		{panicked, "panic", "panic sysrq triggered crash", "Kernel panic", "Rebooting in"},
		{bugged, "bug", "bug hook_filter", "BUG: failure at", "Kernel panic - not"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct crash_report r;
		const char *text;
		size_t n = strlen(rows[i].last);

		extracts(rows[i].text, &r);
		text = buf_str(&r.text);
		assert_string_equal(r.kind, rows[i].kind);
		assert_string_equal(r.signature, rows[i].signature);
		assert_memory_equal(text, rows[i].first, strlen(rows[i].first));
		assert_memory_equal(r.headline, rows[i].first, strlen(rows[i].first));
		text += r.text.n - 1; /* the newline */
		while (text > buf_str(&r.text) && text[-1] != '\n')
			text--;
		assert_memory_equal(text, rows[i].last, n);
		crash_report_fini(&r);
	}
}

static void test_worst(void **state)
{
	struct buf b = {0};
	struct crash_report r;

	/* A warning that the kernel lived through is not what it died of; a panic is what an error ends with.
	 */
	buf_puts(&b, warned);
	buf_puts(&b, kasan);
	extracts(buf_str(&b), &r);
	assert_string_equal(r.kind, "kasan-slab-out-of-bounds");
	crash_report_fini(&r);
	buf_reset(&b);
	buf_puts(&b, warned);
	buf_puts(&b, panicked);
	extracts(buf_str(&b), &r);
	assert_string_equal(r.kind, "panic");
	crash_report_fini(&r);
	/* Of two equally bad ones the first: the second may be its consequence. And neither holds the other.
	 */
	buf_reset(&b);
	buf_puts(&b, warned);
	buf_puts(&b, ubsan);
	extracts(buf_str(&b), &r);
	assert_string_equal(r.kind, "warning");
	assert_null(strstr(buf_str(&r.text), "UBSAN"));
	crash_report_fini(&r);
	*strstr(b.p, "---[ end") = '+'; /* it was not told to its end */
	extracts(buf_str(&b), &r);
	assert_string_equal(r.kind, "warning");
	assert_null(strstr(buf_str(&r.text), "UBSAN"));
	crash_report_fini(&r);
	buf_fini(&b);

	assert_false(crash_extract("", 0, &r));
	crash_report_fini(&r);
	assert_false(crash_extract("all is well\nreally\n", 19, &r));
	crash_report_fini(&r);
}

static void test_same(void **state)
{
	struct crash_report a, b;
	char moved[sizeof(kasan)], stem[CRASH_STEM];

	extracts(kasan, &a);
	strcpy(moved, kasan);
	memcpy(strstr(moved, "+0x44b/0x1230\n ["), "+0x44c/0x1240", 13); /* another line of the function */
	memcpy(strstr(moved, "task hookdiff-guest/31"), "task hookdiff-guest/77", 22);
	extracts(moved, &b);
	assert_string_equal(a.signature, b.signature);
	crash_report_fini(&b);
	memcpy(strstr(moved, "nf_setsockopt"), "nf_getsockopt", 13);
	extracts(moved, &b);
	assert_string_not_equal(a.signature, b.signature);
	crash_stem(&a, stem, sizeof(stem));
	assert_string_equal(stem, "kasan-slab-out-of-bounds-handler_set-nf_setsockopt");
	crash_report_fini(&a);
	crash_report_fini(&b);
}

static void check_harmless(const struct crash_report *r)
{
	char stem[CRASH_STEM];

	assert_true(r->text.n < 4 * (CRASH_TEXT + CRASH_BY_LINE));
	for (const char *p = buf_str(&r->text); *p; p++)
		assert_true((unsigned char)*p >= ' ' || *p == '\n' || *p == '\t');
	for (const char *p = r->headline; *p; p++)
		assert_true((unsigned char)*p >= ' ' || *p == '\t');
	assert_true(strlen(r->signature) < sizeof(r->signature));
	crash_stem(r, stem, sizeof(stem));
	assert_true(*stem && *stem != '.' && !strchr(stem, '/'));
	assert_true(r->n_frames <= CRASH_FRAMES);
}

static void test_hostile(void **state)
{
	static const char right_to_left[] = {(char)0xe2, (char)0x80, (char)0xae, 0};
	static const char *const pieces[] = {"BUG: KASAN: ",
					     "/../../",
					     "\x1b[31m",
					     "\xff\xfe",
					     "+0x",
					     "+0x12/0x34",
					     "f+0xffffffffff/0x2",
					     "\n",
					     "WARNING: ",
					     "? ",
					     "[<",
					     "[ 1.2] ",
					     "*/",
					     "RIP: ",
					     "\0x",
					     "==========",
					     "Kernel panic - not syncing: ",
					     "Oops: ",
					     "a",
					     "UBSAN: ",
					     "---[ end",
					     "%s%n",
					     right_to_left};
	struct buf b = {0};
	struct rng r;

	rng_seed(&r, 7, 1);
	for (unsigned i = 0; i < 3000; i++) {
		struct crash_report rep;
		unsigned n = rng_below(&r, i % 100 ? 60 : 20000);

		buf_reset(&b);
		for (unsigned k = 0; k < n; k++) {
			const char *p = pieces[rng_below(&r, COUNT(pieces))];

			buf_add(&b, p, *p ? strlen(p) : 2);
		}
		if (crash_extract(buf_str(&b), b.n, &rep))
			check_harmless(&rep);
		crash_report_fini(&rep);
	}
	/* A line without end, and a name without end. */
	buf_reset(&b);
	buf_puts(&b, "BUG: ");
	for (unsigned i = 0; i < 200000; i++)
		buf_puts(&b, "A");
	buf_puts(&b, "+0x1/0x2");
	struct crash_report rep;

	assert_true(crash_extract(buf_str(&b), b.n, &rep));
	check_harmless(&rep);
	crash_report_fini(&rep);
	buf_fini(&b);
}

/* The console keeps what it takes to understand the end, whatever came before it and however long it is. */
static void test_console(void **state)
{
	struct console *c = calloc(1, sizeof(*c));
	struct buf said = {0};
	struct crash_report r;

	for (unsigned i = 0; i < 3000; i++)
		console_feed(c, warned, strlen(warned));
	console_feed(c, kasan, strlen(kasan));
	for (unsigned i = 0; i < 3000; i++)
		console_feed(c, " [<60035dc5>] more_of_it+0x1/0x2\n", 33);
	console_end(c);
	console_said(c, &said);
	assert_true(said.n < 2 * CONSOLE_SAID);
	extracts(buf_str(&said), &r);
	assert_string_equal(r.signature, "kasan-slab-out-of-bounds handler_set nf_setsockopt");
	crash_report_fini(&r);
	buf_reset(&said);
	memset(c, 0, sizeof(*c));
	console_feed(c, bugged, strlen(bugged)); /* the panic behind it does not take its place */
	console_said(c, &said);
	assert_string_equal(buf_str(&said), bugged);
	buf_reset(&said);
	memset(c, 0, sizeof(*c));
	console_feed(c, "booting\nall is well\n", 20);
	console_said(c, &said);
	assert_int_equal(said.n, 0);
	buf_fini(&said);
	free(c);
}

/* ---- source lines ---- */

static void __attribute__((noinline)) here_it_is(volatile int *p)
{
	*p = 1; /* line A */
	*p = 2;
}

static void test_places(void **state)
{
	struct crash_place place[CRASH_FRAMES] = {0};
	struct crash_report r;
	struct buf out = {0};
	char self[256], why[200], text[400];
	volatile int there = 0;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = 0;
	here_it_is(&there);
	/* The size is not known here, so none is asked for: the nearest is taken. */
	snprintf(text, sizeof(text),
		 "BUG: KASAN: use-after-free in x\n RIP: 0010:here_it_is+0x0/0x10\n "
		 "nobody_is_called_so+0x1/0x2\n");
	extracts(text, &r);
	assert_int_equal(r.n_frames, 2);
	if (!crash_places(&r, self, place, why, sizeof(why))) {
		print_message("no source lines here: %s\n", why);
		assert_true(*why);
		crash_report_fini(&r);
		skip();
	}
	crash_annotate(&r, place, &out);
	assert_memory_equal(buf_str(&place[0].lines), "here_it_is ", 11);
	assert_non_null(strstr(buf_str(&place[0].lines), "test_crash.c:"));
	assert_int_equal(place[1].lines.n, 0);
	assert_non_null(strstr(buf_str(&out), "here_it_is+0x0/0x10\n        here_it_is "));
	assert_non_null(strstr(buf_str(&out), "nobody_is_called_so+0x1/0x2\n"));
	crash_places_fini(place);
	memset(place, 0, sizeof(place));
	buf_reset(&out);
	assert_int_equal(crash_places(&r, "/etc/passwd", place, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "no ELF file"));
	crash_annotate(&r, place, &out);
	assert_string_equal(buf_str(&out), buf_str(&r.text));
	crash_places_fini(place);
	crash_report_fini(&r);
	buf_fini(&out);
}

static void test_source(void **state)
{
	assert_string_equal(crash_source("/home/a/.cache/x/work/7/src/net/ipv4/netfilter/ip_tables.c:1"),
			    "net/ipv4/netfilter/ip_tables.c:1");
	assert_string_equal(crash_source("../src/arch/um/kernel/trap.c:9"), "arch/um/kernel/trap.c:9");
	assert_string_equal(crash_source("./include/linux/sockptr.h:12"), "include/linux/sockptr.h:12");
	assert_string_equal(crash_source("plain.c:1"), "plain.c:1");
}

/* ---- the hunt ---- */

/* A kernel that crashes if a case has a setsockopt of optlen 13, whatever else is in it. */
struct toy {
	unsigned boots, most;
	bool (*crashes)(const struct tcase *tc, const struct tcase *const *before, unsigned n);
	const char *said;
	unsigned suspects; /* as in crash_opts */
	unsigned stop_at;  /* boots, after which somebody wants it to end; 0: nobody does */
	volatile sig_atomic_t stop;
	unsigned deaf; /* so many boots see nothing: a crash that does not always come */
};

static int toy_run(void *arg, const struct tcase *const *tc, unsigned n, double seconds, struct buf *said)
{
	struct toy *t = arg;

	assert_true(n > 0 && seconds > 0);
	t->boots++;
	t->most = n > t->most ? n : t->most;
	if (t->boots == t->stop_at) {
		t->stop = 1;
		return -1;
	}
	if (t->deaf) {
		t->deaf--;
		return (int)n;
	}
	for (unsigned i = 0; i < n; i++) {
		assert_null(tcase_check(tc[i]));
		if (t->crashes(tc[i], tc, i)) {
			buf_puts(said, t->said);
			return (int)i;
		}
	}
	return (int)n;
}

static bool has_13(const struct tcase *tc)
{
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].hook == HOOK_SET && tc->call[i].optlen == 13)
			return true;
	return false;
}

static bool on_13(const struct tcase *tc, const struct tcase *const *before, unsigned n)
{
	return has_13(tc);
}

/* Only on a machine that ran a case with a getsockopt of optlen 77 before. */
static bool after_77(const struct tcase *tc, const struct tcase *const *before, unsigned n)
{
	bool ready = false;

	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < before[i]->n_calls; c++)
			ready |= before[i]->call[c].hook == HOOK_GET && before[i]->call[c].optlen == 77;
	return ready && has_13(tc);
}

/* Also on a machine that has run a few: what the candidates that share one leave behind is not the case's
 * doing. */
static bool tired(const struct tcase *tc, const struct tcase *const *before, unsigned n)
{
	return has_13(tc) || n >= 2;
}

#define N_CASES 20

static void make_cases(struct tcase **tc)
{
	static struct gen g;

	gen_init(&g, 5);
	for (unsigned i = 0, at = 0; i < N_CASES; at++) {
		tc[i] = calloc(1, sizeof(*tc[i]));
		assert_non_null(tc[i]);
		gen_case(&g, at, tc[i]);
		if (tc[i]->call[0].hook != HOOK_SET || tc[i]->call[0].buf.place != BUF_PLAIN ||
		    has_13(tc[i]) || tc[i]->call[1].optlen == 77) {
			free(tc[i]);
			continue;
		}
		i++;
	}
}

static void free_cases(struct tcase **tc)
{
	for (unsigned i = 0; i < N_CASES; i++)
		free(tc[i]);
}

static void crash_it(struct tcase *tc)
{
	tc->call[0].optlen = 13;
	tc->call[0].buf.size = 64;
	tc->call[0].len_in = false;
	assert_null(tcase_check(tc));
}

static enum crash_status investigate(struct toy *toy, struct tcase **tc, unsigned n, struct crash_result *r)
{
	const struct crash_lab lab = {.run = toy_run, .arg = toy};
	const struct crash_opts opts = {.spec = "build:x",
					.release = "7.2\x1b[1m",
					.profile = "auto",
					.folder = at("findings"),
					.suspects = toy->suspects,
					.stop = &toy->stop,
					.lab = &lab};

	return crash_investigate(&opts, kasan, strlen(kasan), (const struct tcase *const *)tc, n, r);
}

static char *slurp(const char *name)
{
	char path[400];
	struct buf b = {0};

	snprintf(path, sizeof(path), "%s/kasan-slab-out-of-bounds-handler_set-nf_setsockopt/%s",
		 at("findings"), name);
	assert_int_equal(file_read(path, &b), 0);
	return b.p;
}

static void forget(void)
{
	assert_int_equal(dir_remove(at("findings")), 0);
}

static void test_hunt(void **state)
{
	struct toy toy = {.crashes = on_13, .said = kasan};
	struct tcase *tc[N_CASES], small;
	struct crash_result r;
	char *text;

	make_cases(tc);
	crash_it(tc[11]); /* not the last one: that is only the suspect */
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_WRITTEN);
	assert_string_equal(r.stem, "kasan-slab-out-of-bounds-handler_set-nf_setsockopt");
	assert_int_equal(r.cases, 1);
	assert_int_equal(r.recurred, CRASH_RERUNS);
	assert_int_equal(r.reruns, CRASH_RERUNS);
	assert_true(r.minimal);
	assert_int_equal(r.boots, toy.boots);
	print_message("%u boots\n", r.boots);

	text = slurp("case.case");
	assert_int_equal(tcase_parse(text, strlen(text), "case.case", &small, NULL, NULL), 0);
	assert_true(has_13(&small));
	assert_int_equal(small.n_calls, 1);
	assert_int_equal(small.n_levels, 1);
	assert_int_equal(small.level[0].n[HOOK_GET] + small.level[0].n[HOOK_SET], 0);
	free(text);
	text = slurp("card.txt");
	assert_non_null(strstr(text, "3 of 3 fresh machines; smallest case"));
	assert_non_null(strstr(text, "reproduce: hookdiff run --profile auto --kernel build:x "));
	assert_null(strchr(text, '\x1b'));
	free(text);
	text = slurp("card.json");
	assert_non_null(strstr(text, "\"type\":\"crash\",\"kind\":\"kasan-slab-out-of-bounds\""));
	assert_null(strchr(text, '\x1b'));
	free(text);
	text = slurp("repro.c");
	assert_non_null(strstr(text, "int main("));
	assert_null(strchr(text, '\x1b'));
	free(text);
	free(slurp("case.bin"));
	text = slurp("report.txt");
	assert_memory_equal(text, "BUG: KASAN: slab", 16);
	free(text);

	/* The same again is known, and costs no boot. */
	toy.boots = 0;
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_KNOWN);
	assert_int_equal(toy.boots, 0);
	forget();
	free_cases(tc);
}

/* A crash of another kind is not the one that is made small. */
static void test_other(void **state)
{
	struct toy toy = {.crashes = on_13, .said = warned};
	struct tcase *tc[N_CASES];
	struct crash_result r;
	char *text;

	make_cases(tc);
	crash_it(tc[N_CASES - 1]);
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_WRITTEN);
	assert_int_equal(r.cases, 0);
	text = slurp("card.txt");
	assert_non_null(strstr(text, "not seen again"));
	free(text);
	free(slurp("case-19.case")); /* what ran is kept all the same */
	forget();
	free_cases(tc);
}

static void test_two(void **state)
{
	struct toy toy = {.crashes = after_77, .said = kasan};
	struct tcase *tc[N_CASES], first;
	struct crash_result r;
	char *text;

	make_cases(tc);
	tc[3]->call[1] = (struct tc_call){.hook = HOOK_GET, .level = 1, .optname = 2, .optlen = 77};
	tc[3]->call[1].buf.size = 77;
	crash_it(tc[15]);
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_WRITTEN);
	assert_int_equal(r.cases, 2);
	assert_int_equal(r.recurred, CRASH_RERUNS);
	text = slurp("case-00.case");
	assert_int_equal(tcase_parse(text, strlen(text), "x", &first, NULL, NULL), 0);
	assert_true(tcase_equal(&first, tc[3]));
	free(text);
	forget();
	free_cases(tc);
}

/* A driver's last input is several cases: those behind the one that crashed never ran. */
static void test_suspects(void **state)
{
	struct toy toy = {.crashes = on_13, .said = kasan, .suspects = 5};
	struct tcase *tc[N_CASES];
	struct crash_result r;

	make_cases(tc);
	crash_it(tc[N_CASES - 3]);
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_WRITTEN);
	assert_int_equal(r.cases, 1);
	assert_true(toy.most < N_CASES); /* those before the input were not needed */
	forget();
	free_cases(tc);
}

/* Whoever waits gets what is known, at once. */
static void test_stopped(void **state)
{
	struct toy toy = {.crashes = on_13, .said = kasan, .stop_at = 3};
	struct tcase *tc[N_CASES];
	struct crash_result r;

	make_cases(tc);
	crash_it(tc[N_CASES - 1]);
	assert_int_equal(investigate(&toy, tc, N_CASES, &r), CRASH_WRITTEN);
	assert_int_equal(toy.boots, 3);
	assert_int_equal(r.cases, 1);
	assert_false(r.minimal);
	forget();
	free_cases(tc);
}

static void test_ahead(void **state)
{
	struct toy toy = {.crashes = tired, .said = kasan};
	struct tcase *tc[N_CASES], small;
	struct crash_result r;
	char *text;

	make_cases(tc);
	crash_it(tc[N_CASES - 1]);
	assert_int_equal(investigate(&toy, tc + N_CASES - 1, 1, &r), CRASH_WRITTEN);
	assert_true(toy.most > 2);
	assert_int_equal(r.cases, 1);
	assert_int_equal(r.recurred, CRASH_RERUNS);
	assert_true(r.minimal);
	text = slurp("case.case");
	assert_int_equal(tcase_parse(text, strlen(text), "x", &small, NULL, NULL), 0);
	assert_true(has_13(&small));
	assert_int_equal(small.n_calls, 1);
	free(text);
	forget();
	free_cases(tc);
}

/* What does not come each time is not taken for what never comes. */
static void test_seldom(void **state)
{
	struct toy toy = {.crashes = on_13, .said = kasan, .deaf = 1};
	struct tcase *tc[N_CASES];
	struct crash_result r;

	make_cases(tc);
	crash_it(tc[N_CASES - 1]);
	assert_int_equal(investigate(&toy, tc + N_CASES - 1, 1, &r), CRASH_WRITTEN);
	assert_int_equal(r.cases, 1);
	forget();
	free_cases(tc);
}

static int no_machine(void *arg, const struct tcase *const *tc, unsigned n, double seconds, struct buf *said)
{
	return -1;
}

static void test_without(void **state)
{
	const struct crash_lab lab = {.run = no_machine};
	struct crash_opts opts = {.release = "", .folder = at("findings"), .lab = &lab};
	struct tcase *tc[N_CASES];
	struct crash_result r;

	make_cases(tc);
	/* No machine, no case, no complaint, no place to write: each ends, and says so. */
	assert_int_equal(
		crash_investigate(&opts, kasan, strlen(kasan), (const struct tcase *const *)tc, 1, &r),
		CRASH_WRITTEN);
	assert_int_equal(r.cases, 0);
	forget();
	opts.lab = NULL;
	opts.text = "tree\n";
	assert_int_equal(crash_investigate(&opts, kasan, strlen(kasan), NULL, 0, &r), CRASH_WRITTEN);
	char *text = slurp("case.case");

	assert_string_equal(text, "tree\n");
	free(text);
	forget();
	assert_int_equal(crash_investigate(&opts, "hello\n", 6, NULL, 0, &r), CRASH_NONE);
	opts.folder = "/proc/nowhere";
	assert_int_equal(crash_investigate(&opts, kasan, strlen(kasan), NULL, 0, &r), CRASH_FAILED);
	assert_true(*r.why);
	free_cases(tc);
}

static void test_input(void **state)
{
	struct tcase *tc[N_CASES], *out[CRASH_CASES];
	uint8_t *input = malloc(4 * CASE_BIN_MAX);
	size_t n = 0, size, begin[4];
	unsigned kept = 0;

	/* The driver puts cases on usual chains and passes over those that can hurt. */
	make_cases(tc);
	for (unsigned i = 0; i < 4; i++) {
		struct tcase one = *tc[i % 3];

		one.call[0].meanwhile = MEANWHILE_DETACH;
		if (i == 3) {
			one.call[0].level = SOL_SOCKET;
			one.call[0].optname = SO_BINDTODEVICE;
		}
		begin[i] = n;
		n += case_bin_encode(&one, input + n, CASE_BIN_MAX);
	}
	assert_int_equal(crash_cases_of(input, n, out), 3);
	for (unsigned i = 0; i < 3; i++) {
		struct tcase want = *tc[i];

		want.call[0].meanwhile = MEANWHILE_DETACH;
		size = begin[i + 1] - begin[i];
		fit_input(&want, selfcheck_pick(input + begin[i], size));
		assert_true(tcase_equal(&want, out[i]));
		kept += out[i]->call[0].meanwhile == MEANWHILE_DETACH;
		free(out[i]);
	}
	assert_true(kept < 3);
	assert_int_equal(crash_cases_of(input, 1, out), 0);
	safe_unlock(true); /* as the driver of --unsafe is */
	assert_int_equal(crash_cases_of(input, n, out), 4);
	safe_unlock(false);
	assert_int_equal(out[3]->call[0].optname, SO_BINDTODEVICE);
	for (unsigned i = 0; i < 4; i++)
		free(out[i]);
	free(input);
	free_cases(tc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	 cmocka_unit_test(test_worst),
		cmocka_unit_test(test_same),	 cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_console),	 cmocka_unit_test(test_places),
		cmocka_unit_test(test_source),	 cmocka_unit_test(test_hunt),
		cmocka_unit_test(test_other),	 cmocka_unit_test(test_two),
		cmocka_unit_test(test_ahead),	 cmocka_unit_test(test_seldom),
		cmocka_unit_test(test_without),	 cmocka_unit_test(test_input),
		cmocka_unit_test(test_suspects), cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_finish);
}
