/* SPDX-License-Identifier: MIT */
/*
 * Would a change between two kernel epochs be seen? Each row runs a kernel against the profile of a neighbour
 * and holds the set of rules behind the findings against a list written by hand from the kernels' change
 * table: the neighbour's rule that this kernel's epoch replaced, or the one that this epoch has on top. A
 * rule too many, one too few, a finding that no other epoch explains, and a run in which nothing fails are
 * all failures. The host's rows need root; the others QEMU and a kernel in the cache.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/buf.h"
#include "harness/case/case_text.h"
#include "harness/report/change.h"
#include "oracle/clauses.h"
#include "oracle/scope.h"

static const struct row {
	const char *kernel;    /* image.h's name, or host */
	const char *own;       /* the profile that the row was written for */
	const char *neighbour; /* the profile that it is run against */
	const char *fails;     /* clauses, in the catalogue's order */
	const char *why;
} rows[] = {
	{"debian:5.10", "v5.10.188", "v5.8", "GET.NULL.CHECKED BYPASS.OPTION",
	 "00e74ae08638 (6.4, 5.10.180): a NULL optval is no longer EFAULT; 2598619e012c (6.5, 5.10.188): "
	 "sctp_bpf_bypass_getsockopt. What 5.8 to 5.17 do with TCP_ZEROCOPY_RECEIVE v5.8 leaves free"},
	{"debian:5.10", "v5.10.188", "v5.15.121", "SET.LARGE.IGNORED GET.LARGE.IGNORED ZC.STRUCT.LONG",
	 "29ebbba7d461 (6.5, 5.15.121) is not in 5.10: above a page an untouched optlen is EFAULT; 5.10's "
	 "struct tcp_zerocopy_receive ends before 5.12's flags. SCTP's bypass v5.15.121 leaves free"},
	{"debian:5.10", "v5.10.188", "v5.18",
	 "CHAIN.REJECTED CHAIN.UNDONE GET.RETVAL.NEGATIVE GET.RETVAL.ANY GET.RETVAL.RAW GET.REJECT.ERRNO "
	 "GET.NULL.CHECKED BYPASS.OPTION ZC.STRUCT.LONG",
	 "c4dcfdd406aa (5.18): before it a rejection is sticky and hidden, retval is 0 or the handler's, and "
	 "is "
	 "copied out with the error. v5.18 itself is older than the NULL optval of 5.10.180 and SCTP's "
	 "bypass of 5.10.188. What needs "
	 "bpf_set_retval cannot be loaded on 5.10, so SET.RETVAL.* and SET.REJECT.ERRNO cannot show"},
	{"debian:6.1", "v6.5", "v6.4", "SET.LARGE.EFAULT GET.LARGE.EFAULT BYPASS.OPTION",
	 "29ebbba7d461 (6.5, 6.1.39): above a page an optlen beyond the window is ignored; 6.1.39 also has "
	 "6.5's bypass "
	 "for SCTP"},
	{"debian:6.1", "v6.5", "v6.6.51", "HOOK.BADFD.FIRST BYPASS.OPTION",
	 "1406245c2945 (6.7, 6.6.51): 6.1 looks at the length first, and does not know SO_PEERPIDFD (6.5)"},
	{"debian:6.1", "v6.5", "v6.7", "HOOK.BADFD.FIRST URING.SET URING.GET BYPASS.OPTION",
	 "and 6.7's io_uring commands; URING.LEVEL and URING.PROTO refuse as 6.1 refuses everything"},
	{"debian:6.12", "v6.19", "v6.7", "URING.PROTO",
	 "6.19, 6.12.78: io_uring commands also where the protocol has no ioctl"},
	{"debian:6.16", "v6.7", "v6.6.51", "URING.NONE", "6.7: io_uring has commands for sockets"},
	{"debian:6.16", "v6.7", "v6.19", "URING.SET URING.GET",
	 "6.19: they work where the protocol has no ioctl; 6.16 refuses"},
	{"host", "v6.19", "v6.5", "HOOK.BADFD.LENGTH URING.NONE",
	 "6.7: the descriptor before the length, io_uring commands"},
	{"host", "v6.19", "v6.7", "URING.PROTO",
	 "6.19: io_uring commands also where the protocol has no ioctl"},
	{"host", "v6.19", "v7.1", "GET.EARLY",
	 "5bd0dec150f5 (7.1): packet sockets look at optlen before the hook"},
	{"debian:7.0", "v6.19", "v7.1", "GET.EARLY", "5bd0dec150f5 (7.1), not in 7.0"},
	{"debian:7.1", "v7.1", "v6.19", "GET.EARLY",
	 "5bd0dec150f5 (7.1): with an unreadable optlen no program of a packet socket runs any more"},
	{"debian:7.1", "v7.1", "v7.2", "GET.EARLY",
	 "7.2: netlink and others too. bpf_set_retval's range is a rule for loading programs, not for calls"},
	{"debian:7.2", "v7.2", "v7.1", "GET.EARLY",
	 "7.2: netlink and others too. A program that sets a positive retval cannot be loaded any more"},
	{"debian:7.3", "v7.2", "v7.1", "GET.EARLY", "7.3 is of the same epoch as 7.2"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

enum result { NOT_RUN, PASSED, SKIPPED, FAILED };

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

/* Runs a command and parses its standard output; NULL if that is no JSON. */
static struct json_object *run(const char *command)
{
	struct json_object *o;
	struct buf out = {0};
	char bytes[65536];
	FILE *f = popen(command, "r");
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(bytes, 1, sizeof(bytes), f)))
		buf_add(&out, bytes, n);
	pclose(f);
	o = json_tokener_parse(buf_str(&out));
	buf_fini(&out);
	return o;
}

/* The names of the kernels that are cached, apart by blanks and with one at each end; "" if none is. */
static const char *cached_kernels(void)
{
	static struct buf names;
	char command[1024];
	struct json_object *all;

	snprintf(command, sizeof(command), "'%s' kernel list --json 2>/dev/null", getenv("HOOKDIFF"));
	all = run(command);
	buf_puts(&names, " ");
	for (size_t i = 0; json_object_is_type(all, json_type_array) && i < json_object_array_length(all);
	     i++) {
		struct json_object *k = json_object_array_get_idx(all, i), *cached;

		if (json_object_object_get_ex(k, "cached", &cached) && json_object_get_boolean(cached))
			buf_printf(&names, "%s ", text(k, "spec"));
	}
	json_object_put(all);
	return buf_str(&names);
}

static bool is_cached(const char *names, const char *kernel)
{
	char word[160];

	snprintf(word, sizeof(word), " %s ", kernel);
	return !strcmp(kernel, "host") || strstr(names, word);
}

/*
 * Does the finding break an expectation of a case whose header says that it does not hold in the kernel's own
 * profile? The neighbour's has it, and what it says of the handler's answer is true of other kernels only
 * (state-zerocopy: before 5.12 TCP_ZEROCOPY_RECEIVE wants a mapping first).
 */
static bool is_elsewhere(const struct profile *own, struct json_object *finding)
{
	static char bytes[CASE_TEXT_MAX];
	static struct tcase tc; /* large */
	struct case_meta meta;
	size_t n;
	FILE *f;

	if (*text(finding, "clause") || strcmp(text(finding, "field"), "expectation"))
		return false;
	f = fopen(text(finding, "where"), "re");
	if (!f)
		return false;
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return !tcase_parse(bytes, n, "", &tc, &meta, NULL) && !scope_holds(meta.profiles, meta.clauses, own);
}

/*
 * The rule behind a finding. For cases with operations none is looked for: it is the broken clause, if that
 * one changes between the two profiles.
 */
static int rule_of(const struct profile *own, const struct profile *neighbour, struct json_object *finding)
{
	const char *rule = text(finding, "rule"), *where = text(finding, "where");
	int clause = clause_find(text(finding, "clause"));

	if (*rule)
		return clause_find(rule);
	if (clause > 0 && strstr(where, "corpus/tree/") &&
	    profile_change(neighbour, own, (unsigned)clause) != CHANGE_NONE)
		return clause;
	return -1;
}

/* The rules behind the findings, in the catalogue's order, apart by blanks; what has none is named too. */
static void failing(const struct row *r, struct json_object *kernel, struct buf *out)
{
	const struct profile *own = profile_find(r->own), *neighbour = profile_find(r->neighbour);
	struct json_object *findings;
	bool failed[C_COUNT] = {false};

	if (!json_object_object_get_ex(kernel, "findings", &findings))
		return;
	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *f = json_object_array_get_idx(findings, i);
		int c = rule_of(own, neighbour, f);

		if (is_elsewhere(own, f))
			continue;
		failed[c > 0 ? c : 0] = true;
		if (c <= 0)
			buf_printf(out, "[%s %s of %s: nothing explains it] ", text(f, "clause"),
				   text(f, "field"), text(f, "where"));
	}
	for (unsigned c = 1; c < C_COUNT; c++)
		if (failed[c])
			buf_printf(out, "%s%s", out->n && out->p[out->n - 1] != ' ' ? " " : "",
				   clause_info(c)->name);
}

/*
 * What the kernel's own profile leaves free, nothing behaves like. One thing is: with an optlen or an optval
 * that cannot be used, SO_PEERPIDFD answers alike whether the kernel knows it (6.5) or not (6.1.39 and other
 * stable series of the same profile), so a profile that holds for both says nothing.
 */
static bool is_free(const struct profile *own, struct json_object *finding)
{
	return own->traits.bypass == BYPASS_SOME && !strcmp(text(finding, "clause"), "BYPASS.OPTION") &&
	       strstr(text(finding, "case"), "SO_PEERPIDFD");
}

/* Does every finding that was tried name the kernel's own profile as one that it behaves like? */
static bool behaves(struct json_object *kernel, const struct profile *own, char *which, size_t n)
{
	struct json_object *findings, *like;

	if (!json_object_object_get_ex(kernel, "findings", &findings))
		return false;
	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *f = json_object_array_get_idx(findings, i);
		bool found = false;

		if (is_free(own, f) || !json_object_object_get_ex(f, "behaves_like", &like))
			continue;
		for (size_t k = 0; k < json_object_array_length(like); k++)
			found |= !strcmp(text(json_object_array_get_idx(like, k), "profile"), own->name);
		snprintf(which, n, "%s, %s", text(f, "clause"), text(f, "where"));
		if (!found)
			return false;
	}
	return true;
}

static enum result judge(const struct row *r, struct json_object *kernel)
{
	struct buf got = {0};
	const char *verdict = text(kernel, "verdict");
	enum result result = PASSED;
	char which[256] = "";

	printf("%-12s against %-9s ", r->kernel, r->neighbour);
	failing(r, kernel, &got);
	if (!strcmp(verdict, "SKIP") || (!strcmp(verdict, "ERROR") && !*text(kernel, "release"))) {
		printf("SKIP: %s\n", text(kernel, "why"));
		result = SKIPPED;
	} else if (strcmp(text(kernel, "own_profile"), r->own)) {
		printf("SKIP: it is of profile %s now, the row is for %s\n", text(kernel, "own_profile"),
		       r->own);
		result = SKIPPED;
	} else if (!got.n) {
		printf("INCONCLUSIVE: nothing failed (%s %s), expected %s\n", verdict, text(kernel, "why"),
		       r->fails);
		result = FAILED;
	} else if (strcmp(buf_str(&got), r->fails)) {
		printf("FAIL\n  expected %s\n  got      %s\n  (%s)\n", r->fails, buf_str(&got), r->why);
		result = FAILED;
	} else if (!behaves(kernel, profile_find(r->own), which, sizeof(which))) {
		printf("FAIL: no word that it behaves like %s (%s)\n", r->own, which);
		result = FAILED;
	} else {
		printf("%s\n", r->fails);
	}
	buf_fini(&got);
	fflush(stdout);
	return result;
}

/* All rows with one neighbour are one matrix. */
static void run_neighbour(const char *neighbour, const char *names, bool host_only, enum result *result)
{
	struct buf command = {0}, kernels = {0};
	struct json_object *doc, *all;

	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].neighbour, neighbour) || result[i] != NOT_RUN)
			continue;
		if (host_only && strcmp(rows[i].kernel, "host")) {
			result[i] = SKIPPED;
		} else if (!is_cached(names, rows[i].kernel)) {
			printf("%-12s against %-9s SKIP: not in the cache; hookdiff kernel get %s\n",
			       rows[i].kernel, neighbour, rows[i].kernel);
			result[i] = SKIPPED;
		} else {
			buf_printf(&kernels, "%s%s", kernels.n ? "," : "", rows[i].kernel);
		}
	}
	if (!kernels.n)
		goto out;
	buf_printf(
		&command,
		"'%s' matrix --kernels %s --profile %s --cases '%s/corpus' --sweep --fuzz-cases %s --seed 7 "
		"--out neighbours --json 2>/dev/null",
		getenv("HOOKDIFF"), buf_str(&kernels), neighbour, HD_SOURCE_DIR, "20000");
	doc = run(buf_str(&command));
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].neighbour, neighbour) || result[i] != NOT_RUN)
			continue;
		result[i] = FAILED;
		if (!json_object_object_get_ex(doc, "kernels", &all)) {
			printf("%s: no answer from: %s\n", rows[i].kernel, buf_str(&command));
			continue;
		}
		for (size_t k = 0; k < json_object_array_length(all); k++)
			if (!strcmp(text(json_object_array_get_idx(all, k), "spec"), rows[i].kernel))
				result[i] = judge(&rows[i], json_object_array_get_idx(all, k));
	}
	json_object_put(doc);
out:
	buf_fini(&command);
	buf_fini(&kernels);
}

/* A list that names a clause twice, or one that does not change there, was not thought through. */
static bool lists_are_sound(void)
{
	bool sound = true;

	for (size_t i = 0; i < ROWS; i++) {
		const struct profile *own = profile_find(rows[i].own), *p = profile_find(rows[i].neighbour);
		char list[512], *rest = NULL;
		int last = 0;

		snprintf(list, sizeof(list), "%s", rows[i].fails);
		for (char *w = strtok_r(list, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
			int c = clause_find(w);

			if (!p || !own || c <= last || profile_change(own, p, (unsigned)c) == CHANGE_NONE) {
				printf("row %s against %s: %s does not change there, or is not in order\n",
				       rows[i].kernel, rows[i].neighbour, w);
				sound = false;
			}
			last = c;
		}
		sound &= last > 0 && profile_find(rows[i].own);
	}
	return sound;
}

int main(void)
{
	enum result result[ROWS] = {NOT_RUN};
	bool quick = getenv("HOOKDIFF_TEST_QUICK");
	unsigned n[FAILED + 1] = {0};
	const char *names;

	if (!getenv("HOOKDIFF"))
		setenv("HOOKDIFF", HD_BUILD_DIR "/hookdiff", 1);
	if (quick)
		puts("HOOKDIFF_TEST_QUICK: only the host's rows");
	if (!lists_are_sound())
		return 1;
	names = quick ? "" : cached_kernels();
	for (size_t i = 0; i < ROWS; i++)
		run_neighbour(rows[i].neighbour, names, quick, result);
	for (size_t i = 0; i < ROWS; i++)
		n[result[i]]++;
	printf("%u rows as expected, %u skipped, %u not as expected\n", n[PASSED], n[SKIPPED], n[FAILED]);
	return n[FAILED] ? 1 : n[PASSED] ? 0 : 77;
}
