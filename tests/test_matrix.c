/* SPDX-License-Identifier: MIT */
/*
 * A matrix from lines that no kernel wrote: what stands in each cell, which changes are expected, what a
 * hostile or truncated file does, waivers over several kernels, the verdict and its exit code, the table's
 * width, and jobs that die.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/matrix/document.h"
#include "harness/matrix/fleet.h"
#include "harness/matrix/host.h"
#include "harness/matrix/table.h"

/* One kernel's lines, put together from parts. */
static void feed(struct column *c, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		column_line(c, text, n);
		text += n + (text[n] == '\n');
	}
}

#define BOOT(release, profile)                                                                               \
	"{\"type\":\"matrix\",\"spec\":\"x\"}\n{\"type\":\"boot\",\"release\":\"" release                    \
	"\",\"version\":\"#1 SMP\",\"profile\":\"" profile "\",\"seconds\":1.5}\n"
#define RUN(command) "{\"type\":\"run\",\"command\":\"" command "\"}\n"
#define CONTROLS                                                                                             \
	"\"controls\":{\"ran_ok\":{\"getsockopt\":2,\"setsockopt\":2},\"ran_bad\":{\"getsockopt\":0},"       \
	"\"silent_bad\":{}}"
#define SUMMARY(verdict, counts, clauses)                                                                    \
	"{\"type\":\"summary\",\"verdict\":\"" verdict "\",\"cases\":10,\"calls\":20," counts "," CONTROLS   \
	",\"clauses\":{" clauses "}}\n"
#define ENDED(command, code)                                                                                 \
	"{\"type\":\"ended\",\"command\":\"" command "\",\"exit\":" code ",\"seconds\":2.5}\n"
#define END			  "{\"type\":\"end\",\"end\":\"done\",\"seconds\":9.5,\"boot\":1.5,\"peak_rss\":1048576}\n"
#define CLAUSE(name, calls, fail) "\"" name "\":{\"calls\":" calls ",\"fail\":" fail ",\"waived\":0}"

#define GOOD(release, profile, clauses)                                                                      \
	BOOT(release, profile) RUN("run") SUMMARY("PASS", "\"pass\":10", clauses) ENDED("run", "0") END

static struct column columns[16];
static struct column *order[16];

static struct grid grid_of(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		order[i] = &columns[i];
	return (struct grid){.column = order, .n = n};
}

static void drop(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		column_fini(&columns[i]);
}

static void put(unsigned i, const char *spec, const char *lines)
{
	column_init(&columns[i], spec);
	feed(&columns[i], lines);
	column_close(&columns[i], NULL);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("expected '%s' in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("expected no '%s' in:\n%s", part, text);
}

static void assert_verdict(unsigned i, const char *want, const char *why)
{
	struct buf b = {0};

	assert_string_equal(column_verdict(&columns[i], &b), want);
	if (why)
		assert_has(buf_str(&b), why);
	buf_fini(&b);
}

static void test_cells(void **state)
{
	struct column *c = &columns[0];

	(void)state;
	put(0, "debian:6.1",
	    BOOT("6.1.192", "v6.5")
		    RUN("run") "{\"type\":\"case\",\"verdict\":\"SKIP\",\"path\":\"a\",\"why\":\"no helper\","
			       "\"clauses\":[\"CHAIN.SLOT\",\"GET.MADE.UP\",7]}\n"
			       "{\"type\":\"case\",\"verdict\":\"XFAIL\",\"clause\":\"MEM.PAST\",\"hook\":"
			       "\"getsockopt\"}\n" SUMMARY(
				       "FAIL", "\"fail\":1",
				       CLAUSE("SET.ARGS", "5", "0") "," CLAUSE(
					       "GET.ARGS", "5",
					       "2") ","
						    "\"MEM.PAST\":{\"calls\":4,\"fail\":1,\"waived\":1}")
				       ENDED("run", "1") END);
	assert_int_equal(grid_cell(c, C_SET_ARGS), CELL_OK);
	assert_int_equal(grid_cell(c, C_GET_ARGS), CELL_FAIL);
	assert_int_equal(grid_cell(c, C_MEM_PAST), CELL_XFAIL);
	assert_int_equal(grid_cell(c, C_HOOK_BADFD_FIRST), CELL_ABSENT); /* v6.5 has it not */
	assert_int_equal(grid_cell(c, C_CHAIN_SLOT), CELL_SKIP);
	assert_int_equal(grid_cell(c, C_CHAIN_ORDER), CELL_UNSURE); /* nothing reached it */
	assert_string_equal(c->skip_why, "no helper");
	assert_string_equal(c->label, "6.1.192");
	assert_verdict(0, "FAIL", NULL);
	drop(1);
	/* A hook that no control showed to run proves nothing of its clauses. */
	put(0, "host",
	    BOOT("6.18.44", "v6.19")
		    RUN("run") "{\"type\":\"summary\",\"verdict\":\"INCONCLUSIVE\",\"pass\":1,\"controls\":{"
			       "\"ran_ok\":"
			       "{\"setsockopt\":1}},\"clauses\":{" CLAUSE("SET.ARGS", "5", "0") "," CLAUSE(
				       "GET.ARGS", "5", "0") "," CLAUSE("CHAIN.ORDER", "5",
									"0") "}}\n" ENDED("run", "2") END);
	assert_int_equal(grid_cell(c, C_SET_ARGS), CELL_OK);
	assert_int_equal(grid_cell(c, C_GET_ARGS), CELL_UNSURE);
	assert_int_equal(grid_cell(c, C_CHAIN_ORDER), CELL_UNSURE);
	assert_verdict(0, "INCONCLUSIVE", "run: INCONCLUSIVE");
	drop(1);
	/* Debian's stable number is in uname -v, not in the release. */
	put(0, "debian:6.1",
	    "{\"type\":\"boot\",\"release\":\"6.1.0-56-cloud-amd64\",\"version\":\"#1 SMP Debian 6.1.192-2 "
	    "(x)\","
	    "\"profile\":\"v6.5\"}\n");
	assert_string_equal(c->label, "6.1.192");
	assert_string_equal(c->own->name, "v6.5");
	drop(1);
}

static void test_bad_ends(void **state)
{
	struct buf b = {0};
	struct grid g;

	(void)state;
	put(0, "debian:5.10",
	    "{\"type\":\"end\",\"end\":\"skip\",\"why\":\"no QEMU here: apt-get install it\"}\n");
	put(1, "debian:6.1",
	    BOOT("6.1.192", "v6.5") RUN("run") SUMMARY("PASS", "\"pass\":10", CLAUSE("SET.ARGS", "5", "0"))
		    ENDED("run", "0") RUN("sweep") "{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"GET."
						   "ARGS\",\"hook\":\"getsockopt\",\"field\":\"ret\"}\n"
						   "{\"type\":\"end\",\"end\":\"failed\",\"why\":\"kernel "
						   "panic\",\"running\":\"sweep case "
						   "77\",\"source\":\"sweep\",\"index\":\"77\","
						   "\"console\":\"Oops\\u001b[2J: 0000\\nEnd of panic\"}\n");
	put(2, "debian:6.12", BOOT("6.12.117", "v6.19") RUN("run"));
	put(3, "debian:7.0", GOOD("7.0.13", "v6.19", CLAUSE("SET.ARGS", "5", "0")));
	put(4, "debian:7.1", BOOT("7.1.13", "v7.1") ENDED("run", "64") END);
	put(5, "debian:9.9", BOOT("9.9.1", "") ENDED("run", "64") END);
	assert_verdict(0, "SKIP", "apt-get install it");
	assert_verdict(1, "FAIL", NULL); /* what it showed before it died counts */
	assert_int_equal(grid_cell(&columns[1], C_SET_ARGS), CELL_ERROR);
	assert_int_equal(grid_cell(&columns[1], C_GET_ARGS), CELL_FAIL);
	assert_verdict(2, "ERROR", "cut short");
	assert_int_equal(grid_cell(&columns[2], C_SET_ARGS), CELL_ERROR);
	assert_verdict(3, "PASS", NULL);
	assert_verdict(4, "ERROR", "exit code 64 and no summary");
	assert_verdict(5, "ERROR", "no profile covers Linux 9.9.1");
	assert_true(columns[1].running_sweep && !columns[1].running_fuzz);
	assert_int_equal(columns[1].running_index, 77);
	g = grid_of(6);
	table_format(&b, &g, false);
	assert_has(buf_str(&b), "SKIP 5.10: no QEMU here: apt-get install it");
	assert_has(buf_str(&b), "ERROR 6.1.192: kernel panic\n  while it ran sweep case 77\n");
	assert_has(buf_str(&b), "    Oops\\x1b[2J: 0000\n    End of panic\n");
	assert_has(buf_str(&b), "FAIL: 1 kernel agrees, 1 differs, 3 ended in ERROR, 1 skipped; ");
	buf_fini(&b);
	drop(6);
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *first, *second, *verdict;
		int code;
	} rows[] = {
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")),
		 "{\"type\":\"end\",\"end\":\"skip\"}\n", "PASS", 0},
		{"{\"type\":\"end\",\"end\":\"skip\"}\n", "{\"type\":\"end\",\"end\":\"skip\"}\n", "SKIP", 2},
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")), "", "ERROR", 2},
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")),
		 BOOT("6.1.192", "v6.5") RUN("run") SUMMARY("PASS", "\"pass\":0", "") ENDED("run", "0") END,
		 "INCONCLUSIVE", 2},
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")), BOOT("6.1.192", "v6.5") END,
		 "INCONCLUSIVE", 2},
		{"",
		 BOOT("6.1.1", "v6.5") RUN("run") SUMMARY("FAIL", "\"fail\":1", CLAUSE("SET.ARGS", "5", "1"))
			 ENDED("run", "1") END,
		 "FAIL", 1},
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")),
		 BOOT("6.1.192", "v6.5") RUN("run")
			 SUMMARY("PASS", "\"pass\":1", CLAUSE("SET.ARGS", "5", "0"))
				 ENDED("run", "0") "{\"type\":\"splat\",\"command\":\"run\",\"text\":"
						   "\"WARNING: at net/socket.c\"}\n" END,
		 "FAIL", 1},
		/* it says PASS and exits 2: something is wrong, so it is no pass */
		{GOOD("6.1.192", "v6.5", CLAUSE("SET.ARGS", "5", "0")),
		 BOOT("6.1.192", "v6.5") RUN("run") SUMMARY("PASS", "\"pass\":1", "") ENDED("run", "2") END,
		 "ERROR", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct grid g = grid_of(2);
		int code = -1;

		put(0, "debian:6.1", rows[i].first);
		put(1, "debian:6.12", rows[i].second);
		if (strcmp(grid_verdict(&g, &code), rows[i].verdict) || code != rows[i].code)
			fail_msg("row %zu: %s %d", i, grid_verdict(&g, &code), code);
		drop(2);
	}
}

/* 6.1 -> 6.12: the profiles promise BADFD.FIRST for BADFD.LENGTH; nothing promises a change of SET.ARGS. */
static void test_changes(void **state)
{
	struct buf b = {0};
	struct grid g = grid_of(2);
	int code;

	(void)state;
	put(0, "debian:6.1",
	    GOOD("6.1.192", "v6.5", CLAUSE("HOOK.BADFD.LENGTH", "5", "0") "," CLAUSE("SET.ARGS", "5", "0")));
	put(1, "debian:6.6",
	    BOOT("6.6.60", "v6.6.51") RUN("run") SUMMARY("FAIL", "\"fail\":1", CLAUSE("SET.ARGS", "5", "1"))
		    ENDED("run", "1") END);
	assert_int_equal(grid_change(&g, 0, C_HOOK_BADFD_LENGTH), CHANGE_ENDS);
	assert_int_equal(grid_change(&g, 0, C_HOOK_BADFD_FIRST), CHANGE_BEGINS);
	assert_int_equal(grid_change(&g, 0, C_SET_ARGS), CHANGE_NONE);
	assert_int_equal(grid_change(&g, 1, C_SET_ARGS), CHANGE_NONE); /* no neighbour */
	assert_true(grid_unexpected(&g, 0, C_SET_ARGS));
	assert_false(grid_unexpected(&g, 0, C_HOOK_BADFD_LENGTH));
	assert_false(grid_unexpected(&g, 0, C_CHAIN_ORDER)); /* unsure is no outcome */
	grid_verdict(&g, &code);
	assert_int_equal(code, 1);
	table_rows(&b, &g, false);
	assert_has(buf_str(&b), "HOOK.BADFD.FIRST     -      > ?\n");
	assert_has(buf_str(&b), "SET.ARGS             ok     ! FAIL\n");
	assert_lacks(buf_str(&b), "GET.RETURN.ONE"); /* a document's, in no column */
	buf_reset(&b);
	table_changes(&b, &g);
	assert_has(buf_str(&b), "expected change 6.1.192 -> 6.6.60 (v6.5 -> v6.6.51)\n"
				"  v6.6.51: setsockopt looks at the descriptor before the length");
	assert_has(buf_str(&b), "  begins  HOOK.BADFD.FIRST (not reached on 6.6.60)\n");
	assert_has(buf_str(&b), "  ends    HOOK.BADFD.LENGTH\n");
	assert_has(buf_str(&b), "UNEXPECTED 6.1.192 -> 6.6.60: SET.ARGS is ok, then FAIL");
	drop(2);
	/* Two kernels of one epoch: any change is a surprise. A forced profile changes nothing of that. */
	put(0, "debian:7.2", GOOD("7.2.1", "v7.1", CLAUSE("GET.EARLY", "5", "0")));
	put(1, "debian:7.3",
	    BOOT("7.3.1", "v7.1") RUN("run") SUMMARY("FAIL", "\"fail\":1", CLAUSE("GET.EARLY", "5", "1"))
		    ENDED("run", "1") END);
	assert_true(grid_unexpected(&g, 0, C_GET_EARLY));
	/* Two builds with one release are two kernels; two runs of one differ in their cases only. */
	snprintf(columns[0].release, sizeof(columns[0].release), "7.3.1");
	assert_true(grid_unexpected(&g, 0, C_GET_EARLY));
	snprintf(columns[1].spec, sizeof(columns[1].spec), "debian:7.2");
	assert_false(grid_unexpected(&g, 0, C_GET_EARLY));
	snprintf(columns[1].version, sizeof(columns[1].version), "#2 SMP");
	assert_true(grid_unexpected(&g, 0, C_GET_EARLY));
	drop(2);
	put(0, "debian:7.1", GOOD("7.1.1", "v7.1", CLAUSE("GET.EARLY", "5", "0")));
	put(1, "debian:7.2", GOOD("7.2.1", "v7.2", CLAUSE("GET.EARLY", "5", "0")));
	assert_int_equal(grid_change(&g, 0, C_GET_EARLY), CHANGE_WIDENS);
	assert_int_equal(grid_change(&g, 0, C_SET_RETVAL_INITIAL),
			 CHANGE_NONE); /* holds for both values alike */
	drop(2);
	put(0, "debian:7.1", GOOD("7.1.1", "v7.2", CLAUSE("GET.EARLY", "5", "0"))); /* forced */
	put(1, "debian:7.2",
	    BOOT("7.2.1", "v7.2") RUN("run") SUMMARY("FAIL", "\"fail\":1", CLAUSE("GET.EARLY", "5", "1"))
		    ENDED("run", "1") END);
	assert_false(grid_unexpected(&g, 0, C_GET_EARLY)); /* a failure, but no surprise that it changes */
	drop(2);
	buf_fini(&b);
}

static void test_behaves(void **state)
{
	struct buf b = {0};
	struct grid g = grid_of(1);

	(void)state;
	put(0, "debian:6.1",
	    BOOT("6.1.192", "v6.7")
		    RUN("run") "{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"HOOK.CALLED\",\"rule\":"
			       "\"URING.SET\","
			       "\"hook\":\"setsockopt\",\"field\":\"runs\",\"path\":\"corpus/"
			       "x.case\",\"case\":\"cgroup a\\n\","
			       "\"behaves_like\":[{\"profile\":\"v6.5\",\"clause\":\"URING.NONE\"},{"
			       "\"profile\":\"v99\",\"clause\":\"X\"},"
			       "{\"profile\":\"v6.4\",\"clause\":\"URING.NONE\"},7]}\n"
			       "{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"HOOK.CALLED\",\"hook\":"
			       "\"setsockopt\",\"field\":\"runs\"}\n" SUMMARY("FAIL", "\"fail\":2",
									      CLAUSE("HOOK.CALLED", "5", "2"))
				       ENDED("run", "1") END);
	assert_int_equal(columns[0].n_findings, 1);
	assert_int_equal(columns[0].finding[0].n_behaves, 2);
	table_format(&b, &g, false);
	assert_has(buf_str(&b), "FAIL 6.1.192: HOOK.CALLED, setsockopt runs: corpus/x.case\n"
				"  behaves like profile v6.5 on clause URING.NONE, and like v6.4\n  compared "
				"with v6.7; the rule "
				"that changes is URING.SET\n    cgroup a\n");
	buf_fini(&b);
	drop(1);
}

/* None of these lines is a record; some are almost one. The column must neither fail nor count them. */
static void test_hostile(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"}",
		"null",
		"7",
		"\"x\"",
		"[]",
		"{}",
		"{\"type\":7}",
		"{\"type\":\"nonsense\"}",
		"{\"type\":\"summary\"",
		"{\"type\":\"end\",\"end\":\"done\"} trailing",
		"\xff\xfe\x00",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		"{\"type\":\"summary\",\"verdict\":\"PASS\"}", /* of no command */
	};
	static const char *const odd[] = {
		/* records with nonsense in them */
		"{\"type\":\"case\",\"verdict\":7,\"clause\":{},\"hook\":[],\"clauses\":\"x\"}",
		"{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"NO.SUCH\",\"index\":-5,\"behaves_"
		"like\":{}}",
		"{\"type\":\"boot\",\"release\":7,\"version\":null,\"profile\":\"\"}",
		"{\"type\":\"ended\",\"exit\":\"x\",\"seconds\":-1e99}",
		"{\"type\":\"splat\"}",
		"{\"type\":\"image\"}",
		"{\"type\":\"message\",\"text\":7}",
		"{\"type\":\"run\"}",
		"{\"type\":\"summary\",\"controls\":[],\"clauses\":{\"NO.SUCH\":{\"calls\":1},\"SET.ARGS\":7,"
		"\"GET.ARGS\":{\"calls\":-3,\"fail\":\"x\"}},\"waivers\":[7,{\"line\":99999999,\"used\":3}]}",
	};
	struct column *c = &columns[0];
	struct buf b = {0};
	struct grid g = grid_of(1);
	char *big = malloc(5u << 20);

	(void)state;
	column_init(c, "debian:6.1");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		column_line(c, lines[i], strlen(lines[i]));
	assert_int_equal(c->strange, sizeof(lines) / sizeof(lines[0]));
	assert_int_equal(c->end, COLUMN_RUNNING);
	memset(big, 'a', 5u << 20);
	memcpy(big, "{\"type\":\"end\",\"why\":\"", 21);
	memcpy(big + (5u << 20) - 2, "\"}", 2);
	column_line(c, big, 5u << 20); /* longer than a record may be */
	assert_int_equal(c->end, COLUMN_RUNNING);
	column_line(c, "{\"type\":\"end\",\"end\":\"done\"}\0", 29);
	assert_int_equal(c->end, COLUMN_RUNNING);
	free(big);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		column_line(c, odd[i], strlen(odd[i]));
	for (unsigned i = 0; i < 5000; i++) {
		char line[200];

		snprintf(line, sizeof(line),
			 "{\"type\":\"case\",\"verdict\":\"FAIL\",\"clause\":\"SET.ARGS\",\"hook\":\"h%u\"}",
			 i);
		column_line(c, line, strlen(line));
		feed(c, RUN("run") "{\"type\":\"splat\",\"text\":\"x\"}\n");
	}
	assert_int_equal(c->n_findings, COLUMN_FINDINGS);
	assert_int_equal(c->n_commands, COLUMN_COMMANDS);
	assert_int_equal(c->clause[C_GET_ARGS].calls, 0);
	assert_int_equal(c->clause[C_SET_ARGS].failed_cases, 5000);
	column_close(c, NULL);
	table_format(&b, &g, true);
	document_format(&b, &g, "0", 0, NULL, NULL);
	assert_string_equal(grid_verdict(&g, NULL), "FAIL");
	buf_fini(&b);
	drop(1);
}

/* A file that grows: the half line at its end is read when it is whole. */
static void test_truncated(void **state)
{
	char path[] = "/tmp/hookdiff-matrix-XXXXXX";
	int fd = mkstemp(path);
	uint64_t offset = 0;
	struct column *c = &columns[0];
	static const char first[] = BOOT("6.1.192", "v6.5") "{\"type\":\"run\",\"comm",
			  rest[] = "and\":\"run\"}\n";

	(void)state;
	column_init(c, "debian:6.1");
	assert_int_equal(write(fd, first, sizeof(first) - 1), sizeof(first) - 1);
	assert_int_equal(column_read(c, path, &offset), 0);
	assert_string_equal(c->release, "6.1.192");
	assert_int_equal(c->n_commands, 0);
	assert_int_equal(c->strange, 0);
	assert_int_equal(write(fd, rest, sizeof(rest) - 1), sizeof(rest) - 1);
	assert_int_equal(column_read(c, path, &offset), 0);
	assert_int_equal(c->n_commands, 1);
	assert_string_equal(c->command[0].name, "run");
	assert_int_equal(column_read(c, path, &offset), 0);
	assert_int_equal(c->n_commands, 1);
	column_close(c, NULL);
	assert_verdict(0, "ERROR", "cut short");
	close(fd);
	unlink(path);
	assert_true(column_read(c, path, &offset) < 0);
	drop(1);
}

static void test_waivers(void **state)
{
	static const char text[] = "MEM.PAST 6.1.* \"a\" l me never\n"		/* used on 6.1 */
				   "SET.ARGS * \"a\" l me never\n"		/* used nowhere */
				   "GET.ARGS 5.4.* \"a\" l me never\n"		/* no such kernel here */
				   "GET.AFTER 6.12.* \"a\" l you 2020-02-29\n"; /* used, expired */
	struct waivers w;
	struct diag d = {0};
	struct buf b = {0};
	struct grid g = grid_of(2);

	(void)state;
	assert_int_equal(waivers_parse(&w, "w", text, strlen(text), &d), 0);
	put(0, "debian:6.1",
	    BOOT("6.1.192", "v6.5")
		    RUN("run") "{\"type\":\"summary\",\"verdict\":\"PASS\",\"pass\":1," CONTROLS
			       ",\"clauses\":{},"
			       "\"waivers\":[{\"line\":1,\"used\":2},{\"line\":2,\"used\":0}]}\n" ENDED(
				       "run", "0") END);
	put(1, "debian:6.12",
	    BOOT("6.12.117", "v6.19")
		    RUN("run") "{\"type\":\"summary\",\"verdict\":\"PASS\",\"pass\":1," CONTROLS
			       ",\"clauses\":{},"
			       "\"waivers\":[{\"line\":4,\"used\":1}]}\n" ENDED("run", "0") END);
	g.waivers = &w;
	g.waivers_path = "corpus/waivers";
	g.now = 1795000000; /* November 2026 */
	table_waivers(&b, &g);
	assert_string_equal(
		buf_str(&b),
		"warning: corpus/waivers:2: no kernel needed the waiver of SET.ARGS on * (owner me)\n"
		"warning: corpus/waivers:4: the waiver of GET.AFTER has expired on 2020-02-29 (owner you)\n");
	assert_string_equal(grid_verdict(&g, NULL), "PASS"); /* warnings are no failures */
	buf_fini(&b);
	waivers_fini(&w);
	drop(2);
}

/* Fills the grid with kernels of these versions, newest first. */
static void put_versions(const char *const *version, unsigned n)
{
	char lines[512], spec[64];

	for (unsigned i = 0; i < n; i++) {
		const char *v = version[n - 1 - i];

		snprintf(lines, sizeof(lines),
			 "{\"type\":\"boot\",\"release\":\"%s\",\"version\":\"\",\"profile\":\"%s\"}\n", v,
			 profile_for_kernel(v, NULL)->name);
		snprintf(spec, sizeof(spec), "debian:%s", v);
		put(i, spec, lines);
	}
}

static void assert_narrow(const char *text)
{
	for (size_t n; *text; text += n + 1) {
		n = strcspn(text, "\n");
		if (n > 110)
			fail_msg("%zu columns: %.*s", n, (int)n, text);
	}
}

static void test_width(void **state)
{
	static const char *const versions[] = {"5.10.262", "6.1.192", "6.12.117", "6.16.12",
					       "6.17.13",  "6.18.15", "6.19.14",  "7.0.13",
					       "7.1.13",   "7.2.13",  "7.2.14",	  "7.3.4"};
	struct buf b = {0};
	struct grid g = grid_of(10);

	(void)state;
	put_versions(versions, 10);
	grid_sort(&g);
	table_rows(&b, &g, false);
	assert_has(buf_str(&b),
		   "clause               5.10.262   6.1.192  6.12.117  6.16.12  6.17.13  6.18.15  6.19.14");
	assert_narrow(buf_str(&b));
	assert_lacks(buf_str(&b), "\n\n"); /* ten kernels are one block */
	drop(10);
	buf_reset(&b);
	put_versions(versions, 12);
	g = grid_of(12);
	grid_sort(&g);
	table_rows(&b, &g, false);
	assert_narrow(buf_str(&b));
	assert_has(buf_str(&b), "\n\nclause               "); /* twelve are two */
	buf_fini(&b);
	drop(12);
}

static void test_document(void **state)
{
	struct buf b = {0};
	struct grid g = grid_of(2);
	static const char *const clauses[] = {"HOOK.BADFD.FIRST", "HOOK.BADFD.LENGTH", "BYPASS.OPTION"};
	struct json_object *o, *v, *row, *expected;

	(void)state;
	put(0, "debian:6.1", GOOD("6.1.192", "v6.5", CLAUSE("HOOK.BADFD.LENGTH", "5", "0")));
	put(1, "debian:6.6", GOOD("6.6.60", "v6.6.51", CLAUSE("HOOK.BADFD.FIRST", "5", "0")));
	g.seed_given = true;
	g.seed = UINT64_MAX;
	document_format(&b, &g, "0.1", 0, NULL, NULL);
	o = json_tokener_parse(buf_str(&b));
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "seed", &v));
	assert_string_equal(json_object_get_string(v), "18446744073709551615");
	assert_true(json_object_object_get_ex(o, "verdict", &v));
	assert_string_equal(json_object_get_string(v), "PASS");
	assert_true(json_object_object_get_ex(o, "expected", &v));
	/* And what goes past the hook: all of 6.6 has SO_PEERPIDFD, of the releases of 6.5's profile some. */
	assert_int_equal(json_object_array_length(v), 3);
	expected = v;
	for (size_t i = 0; i < 3; i++) {
		row = json_object_array_get_idx(expected, i);
		assert_true(json_object_object_get_ex(row, "clause", &v));
		assert_string_equal(json_object_get_string(v), clauses[i]);
	}
	json_object_put(o);
	buf_fini(&b);
	drop(2);
}

/* What the host's commands tell, and how a command that hangs ends. */
struct heard {
	char text[512];
	int exit;
};

static void hear(void *arg, unsigned command, const char *line, size_t n)
{
	struct heard *h = arg;

	snprintf(h->text + strlen(h->text), sizeof(h->text) - strlen(h->text), "%u:%.*s|", command, (int)n,
		 line);
}

static void hear_end(void *arg, unsigned command, int exit_code)
{
	(void)command;
	((struct heard *)arg)->exit = exit_code;
}

static void test_host(void **state)
{
	const char *one[] = {"-c", "echo out; echo err >&2; printf last; exit 7", NULL};
	const char *two[] = {"-c", "trap '' TERM; sleep 60 & wait; sleep 60", NULL};
	struct vm_command commands[] = {{one, 0}, {two, 1}};
	struct vm_job job = {.command = commands, .n_commands = 1};
	struct heard h = {.exit = -1};
	struct vm_events ev = {.line = hear, .message = hear, .ended = hear_end, .arg = &h};
	struct vm_result r;

	(void)state;
	assert_int_equal(host_run("/bin/sh", &job, &ev, NULL, &r), VM_DONE);
	assert_has(h.text, "0:out|");
	assert_has(h.text, "0:err|");
	assert_has(h.text, "0:last|"); /* no newline at the end */
	assert_int_equal(h.exit, 7);
	assert_true(r.peak_rss > 0);
	job = (struct vm_job){.command = commands + 1, .n_commands = 1};
	assert_int_equal(host_run("/bin/sh", &job, &ev, NULL, &r), VM_FAILED);
	assert_has(r.why, "timeout");
	assert_int_equal(h.exit, -9);
}

/* A job of which nothing can be written, and one whose kernel means nothing: each is its own column's end. */
static void test_fleet(void **state)
{
	char folder[] = "/tmp/hookdiff-matrix-XXXXXX", file[64];
	struct job jobs[2] = {{.spec = "debian:6.1", .file = "/nonexistent/x.jsonl"},
			      {.spec = "/nonexistent"}};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/x.jsonl", folder);
	jobs[1].file = file;
	jobs[1].version = "0";
	for (unsigned i = 0; i < 2; i++)
		column_init(&columns[i], jobs[i].spec);
	assert_false(fleet_run(jobs, columns, 2, 2, NULL));
	assert_verdict(0, "ERROR", "could not be written");
	assert_verdict(1, "ERROR", NULL);
	assert_true(columns[1].why[0]);
	unlink(file);
	rmdir(folder);
	drop(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),	  cmocka_unit_test(test_bad_ends),
		cmocka_unit_test(test_verdicts),  cmocka_unit_test(test_changes),
		cmocka_unit_test(test_behaves),	  cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_waivers),
		cmocka_unit_test(test_width),	  cmocka_unit_test(test_document),
		cmocka_unit_test(test_host),	  cmocka_unit_test(test_fleet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
