// SPDX-License-Identifier: MIT
/*
 * The oracle's kernel epochs against answers that were worked out by hand from the kernels' sources, one
 * function at a time. Read as trees: 5.10.13, 5.10.46, 5.10.262, 6.1.4, 6.1.176, 6.12.8, 6.12.107, 6.18.15,
 * 7.1.3, 7.1.13, 7.2.6, 7.3.4; as patches: 5.3, and 6.4 over 6.1.4; as a stored file: 5.4 to 5.7. Nothing
 * here was taken from the oracle: a row that fails is a question to the source, never to the row alone.
 *
 * Each table names the function it was read from and the profiles it holds in. A row is a call, what the
 * handler did, and everything that may be seen of it.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

/* What the handler must receive. */
enum planned {
	P_ANY,	/* not checked */
	P_NONE, /* it must not run */
	P_USER, /* the user's own pointer */
	P_COPY, /* the programs' bytes */
};

struct row {
	const char *what;
	const char *a, *b; /* programs of cgroups a and a/b; b NULL: there is only a */
	const char *call;
	const char *sock; /* NULL: a TCP socket in the lowest cgroup */
	uint32_t page;	  /* 0: 4096 */

	/* What the handler did, if it runs: result, *optlen after it, bytes written from the start. */
	int64_t hret;
	int32_t hlen;
	const char *hmem;

	enum planned plan;
	bool ip;	   /* the plan's level is SOL_IP, not the user's */
	int32_t optname;   /* of the plan; 0: the user's */
	int32_t optlen;	   /* of the plan, if P_COPY; P_USER: the user's */
	const char *bytes; /* of the plan, hex, then zeros */

	int64_t ret;
	int32_t len;	  /* the user's optlen afterwards (getsockopt) */
	const char *mem;  /* hex over what handler or user left at the buffer's start */
	uint32_t zeros;	  /* after it, zeros up to this length */
	const char *seen; /* NULL: not checked; "": no program runs; else see seen_check */
};

static int failed;

static void complain(const struct row *r, const char *profile, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "[%s] %s: ", profile, r->what);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n    %s%s%s | %s\n", r->a, r->b ? " | " : "", r->b ? r->b : "", r->call);
	failed++;
}

static unsigned unhex(const char *s, uint8_t *out)
{
	unsigned n = 0, byte;

	for (; s && sscanf(s, "%2x", &byte) == 1; s += 2)
		out[n++] = byte;
	return n;
}

static void case_make(const struct row *r, struct tcase *tc)
{
	static char text[4096];
	struct diag d;

	snprintf(text, sizeof(text), "cgroup a { %s }\n%s%s%s%s in %s\n%s\n", r->a,
		 r->b ? "cgroup a/b { " : "", r->b ? r->b : "", r->b ? " }\n" : "",
		 r->sock ? r->sock : "s = socket(AF_INET, SOCK_STREAM, 0)", r->b ? "a/b" : "a", r->call);
	if (tcase_parse(text, strlen(text), "row", tc, NULL, &d))
		fail_msg("%s: %d:%d: %s in\n%s", r->what, d.line, d.col, d.message, text);
}

/*
 * The programs of `seen` in running order, separated by '|': "a" or "b" and the slot, then any of optlen=,
 * retval=, size=, bytes=HEX and zeros (the rest of the window).
 */
static void seen_check(const struct row *r, const char *profile, const struct want *w)
{
	char text[512], *line, *save = NULL, *word, *words;
	unsigned i = 0;

	snprintf(text, sizeof(text), "%s", r->seen);
	for (line = strtok_r(text, "|", &save); line; line = strtok_r(NULL, "|", &save), i++) {
		const struct want_seen *s = &w->seen[i];
		uint8_t bytes[256];
		unsigned n = 0, id = 0;
		bool zeros = false;

		if (i >= w->n_seen)
			break;
		for (word = strtok_r(line, " ", &words); word; word = strtok_r(NULL, " ", &words)) {
			char *eq = strchr(word, '=');
			int64_t v = eq ? strtoll(eq + 1, NULL, 0) : 0;

			if (!eq && !strcmp(word, "zeros"))
				zeros = true;
			else if (!eq)
				id = (word[0] - 'a') * TC_MAX_SLOTS + (word[1] - '0');
			else if (!strncmp(word, "optlen=", 7) && (s->optlen != v || s->any & SEEN_ANY_OPTLEN))
				complain(r, profile, "program %u sees optlen %d, not %d", i, s->optlen,
					 (int)v);
			else if (!strncmp(word, "retval=", 7) && (s->retval != v || s->any & SEEN_ANY_RETVAL))
				complain(r, profile, "program %u sees retval %d, not %d", i, s->retval,
					 (int)v);
			else if (!strncmp(word, "size=", 5) && (s->size != v || s->any & SEEN_ANY_SIZE))
				complain(r, profile, "program %u sees size %u, not %d", i, s->size, (int)v);
			else if (!strncmp(word, "bytes=", 6))
				n = unhex(eq + 1, bytes);
		}
		if (s->id != id)
			complain(r, profile, "program %u is %u, not %u", i, s->id, id);
		if (n > s->size || (n && memcmp(s->bytes, bytes, n)))
			complain(r, profile, "program %u sees other bytes", i);
		for (unsigned k = 0; k < (zeros ? s->size : n); k++)
			if ((s->mask && s->mask[k]) || (k >= n && s->bytes[k])) {
				complain(r, profile, "program %u: byte %u of %u is free or not zero", i, k,
					 s->size);
				break;
			}
	}
	for (; line; line = strtok_r(NULL, "|", &save))
		i++;
	if (w->n_seen != i || w->any & ANY_SEEN_TAIL)
		complain(r, profile, "%u programs run%s, not %u", w->n_seen,
			 w->any & ANY_SEEN_TAIL ? " or more" : "", i);
}

static void plan_check(const struct row *r, const char *profile, const struct tc_call *c,
		       const struct plan *p)
{
	static uint8_t bytes[TC_MAX_BUF];
	int32_t level = r->ip ? SOL_IP : c->level, optname = r->optname ? r->optname : c->optname;
	int32_t optlen = r->plan == P_COPY ? r->optlen : c->optlen;

	if (r->plan == P_ANY)
		return;
	if (p->unsure || p->called != (r->plan != P_NONE)) {
		complain(r, profile, "the handler %s",
			 p->unsure   ? "may run or not"
			 : p->called ? "is called"
				     : "is not called");
		return;
	}
	if (!p->called)
		return;
	if (p->kernel_buf != (r->plan == P_COPY))
		complain(r, profile, "the handler gets the %s buffer",
			 p->kernel_buf ? "programs'" : "user's");
	if (p->level != level || p->optname != optname)
		complain(r, profile, "the handler gets level %d optname %d", p->level, p->optname);
	if (!c->optlen_null && p->optlen != optlen)
		complain(r, profile, "the handler gets optlen %d, not %d", p->optlen, optlen);
	if (!p->kernel_buf || p->optlen <= 0)
		return;
	memset(bytes, 0, sizeof(bytes));
	unhex(r->bytes, bytes);
	if (memcmp(p->bytes, bytes, p->optlen))
		complain(r, profile, "the handler gets other bytes");
}

static void mem_check(const struct row *r, const char *profile, const struct tc_call *c, const struct want *w,
		      const uint8_t *left)
{
	static uint8_t want[TC_MAX_BUF + TC_PAST], image[TC_MAX_BUF + TC_PAST];
	uint32_t n = c->buf.place == BUF_NULL ? 0 : c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);
	uint32_t i, k;

	tc_buf_image(&c->buf, image, n);
	memcpy(want, left ? left : image, n);
	k = unhex(r->mem, want);
	for (; k < r->zeros; k++)
		want[k] = 0;
	for (i = 0; i < n; i++) {
		uint8_t got = i < w->n_out ? w->out[i] : w->base ? w->base[i] : image[i];

		if (i < w->n_out ? w->out_mask && w->out_mask[i] : w->any & ANY_MEM && i < c->buf.size) {
			complain(r, profile, "memory byte %u is free", i);
			return;
		}
		if (got != want[i]) {
			complain(r, profile, "memory byte %u is %02x, not %02x", i, got, want[i]);
			return;
		}
	}
}

static void run_row(const struct row *r, const char *profile)
{
	static struct tcase tc;
	static uint8_t left[TC_MAX_BUF + TC_PAST];
	const struct profile *p = profile_find(profile);
	struct oracle *o;
	struct handler_result hr = {.ret = r->hret, .optlen = r->hlen};
	const struct tc_call *c = &tc.call[0];
	struct plan plan;
	const struct want *w;
	bool get;

	if (!p)
		fail_msg("there is no profile %s", profile);
	o = oracle_new(p, r->page ? r->page : 4096);
	assert_non_null(o);
	case_make(r, &tc);
	get = c->hook == HOOK_GET;
	oracle_begin(o, &tc);
	memset(&plan, 0, sizeof(plan));
	oracle_plan(o, 0, &plan);
	plan_check(r, profile, c, &plan);

	tc_buf_image(&c->buf, left, c->buf.size + TC_PAST);
	unhex(r->hmem, left);
	hr.mem = c->buf.place == BUF_NULL ? NULL : left;
	w = oracle_predict(o, plan.called ? &hr : NULL);

	if (w->any & ANY_RET || w->ret != r->ret)
		complain(r, profile, "result %lld%s, not %lld", (long long)w->ret,
			 w->any & ANY_RET ? " (free)" : "", (long long)r->ret);
	if (get && !c->optlen_null && (w->any & ANY_OPTLEN || w->optlen != r->len))
		complain(r, profile, "optlen %d%s, not %d", w->optlen, w->any & ANY_OPTLEN ? " (free)" : "",
			 r->len);
	mem_check(r, profile, c, w, plan.called && get ? left : NULL);
	if (r->seen)
		seen_check(r, profile, w);
	if (w->lost)
		complain(r, profile, "the case is given up");
	oracle_free(o);
}

static void run_rows(const struct row *rows, size_t n, const char *const *profiles)
{
	failed = 0;
	for (; *profiles; profiles++)
		for (size_t i = 0; i < n; i++)
			run_row(&rows[i], *profiles);
	if (failed)
		fail_msg("%d complaints", failed);
}

#define RUN(rows, ...)                                                                                       \
	run_rows(rows, sizeof(rows) / sizeof((rows)[0]), (const char *const[]){__VA_ARGS__, NULL})

#define TO_5_17		 "v5.3", "v5.4", "v5.8", "v5.10.180", "v5.10.188", "v5.15.111"
#define FROM_5_8_TO_5_17 "v5.8", "v5.10.180", "v5.10.188", "v5.15.111"
#define FROM_5_18	 "v5.18", "v6.4", "v6.5", "v6.7", "v7.1", "v7.2"
#define FROM_6_4	 "v6.4", "v6.5", "v6.7", "v7.1", "v7.2"
#define FROM_6_5	 "v6.5", "v6.7", "v7.1", "v7.2"

/* Short names for what most rows say. 234 is a level that no handler knows. */
#define NOP_SET		  "setsockopt: return 1"
#define NOP_GET		  "getsockopt: return 1"
#define SET4(value)	  "setsockopt(s, 234, 5, i32 " #value ", optlen 4)"
#define SET_BIG(n)	  "setsockopt(s, 234, 5, u8 9 fill 0x00 size " #n ", optlen " #n ")"
#define GET(size, optlen) "getsockopt(s, 234, 7, buf " #size ", optlen " #optlen ")"
#define GET_NULL(optlen)  "getsockopt(s, 234, 7, NULL, optlen " #optlen ")"
#define GET_NOLEN	  "getsockopt(s, 234, 7, buf 4, optlen NULL)"
#define GET_NOTHING	  "getsockopt(s, 234, 7, NULL, optlen NULL)"
#define COPY(n, hex)	  .plan = P_COPY, .optlen = n, .bytes = hex
#define USER		  .plan = P_USER
#define NONE		  .plan = P_NONE
#define FAILED95(n)	  .plan = P_USER, .hret = -EOPNOTSUPP, .hlen = n
#define ANSWER4		  .plan = P_USER, .hlen = 4, .hmem = "40000000"

/*
 * 5.3 to 5.17, getsockopt: __cgroup_bpf_run_filter_getsockopt after lock_sock, in this order: the AND of all
 * results (__BPF_PROG_RUN_ARRAY) is 0: EPERM; optlen out of range: EFAULT; retval neither 0 nor the
 * handler's: EFAULT; copy_to_user and put_user, whatever retval is; retval. A return 0 leaves ctx.retval
 * alone.
 */
static void test_get_to_5_17(void **state)
{
	static const struct row rows[] = {
		{"a no-op on success", NOP_GET, .call = GET(8, 8), ANSWER4, .len = 4,
		 .seen = "a0 optlen=4 size=8 retval=0 bytes=40 zeros"},
		{"a no-op on failure zeroes the user's bytes", NOP_GET, .call = GET(12, 8), FAILED95(8),
		 .ret = -EOPNOTSUPP, .len = 8, .zeros = 8, .seen = "a0 optlen=8 size=8 retval=-95 zeros"},
		{"and takes back the length that the failed handler stored", NOP_GET, .call = GET(8, 8), USER,
		 .hret = -ERANGE, .hlen = 4400, .ret = -ERANGE, .len = 8, .zeros = 8,
		 .seen = "a0 optlen=8 size=8 retval=-34 zeros"},
		{"refused after success: the answer stays", "getsockopt: optval[0] = u8 9; return 0",
		 .call = GET(8, 8), ANSWER4, .ret = -EPERM, .len = 4},
		{"refused after failure: EPERM, not the handler's errno", "getsockopt: return 0",
		 .call = GET(8, 8), FAILED95(8), .ret = -EPERM, .len = 8},
		{"reset with an answer", "getsockopt: retval = 0; optval[0] = u8 0x42; optlen = 1",
		 .call = GET(8, 8), FAILED95(8), .len = 1, .mem = "42"},
		{"failure kept, bytes copied all the same",
		 "getsockopt: optval[0] = i32 0x44434241; optlen = 3", .call = GET(8, 8), FAILED95(8),
		 .ret = -EOPNOTSUPP, .len = 3, .mem = "414243"},
		{"an errno after success", "getsockopt: retval = -105; optval[0] = u8 9", .call = GET(8, 8),
		 ANSWER4, .ret = -EFAULT, .len = 4},
		{"a positive retval", "getsockopt: retval = 5", .call = GET(8, 8), ANSWER4, .ret = -EFAULT,
		 .len = 4},
		{"another errno than the handler's: nothing is copied", "getsockopt: retval = -71",
		 .call = GET(8, 8), FAILED95(8), .ret = -EFAULT, .len = 8},
		{"the handler's errno written again", "getsockopt: retval = -95; optlen = 2",
		 .call = GET(8, 8), FAILED95(8), .ret = -EOPNOTSUPP, .len = 2, .zeros = 2},
		{"the parent of a refusal sees the handler's 0", NOP_GET, "getsockopt: return 0",
		 .call = GET(8, 8), ANSWER4, .ret = -EPERM, .len = 4, .seen = "b0 retval=0 | a0 retval=0"},
		{"and its errno", NOP_GET, "getsockopt: return 0", .call = GET(8, 8), FAILED95(8),
		 .ret = -EPERM, .len = 8, .seen = "b0 retval=-95 | a0 retval=-95"},
		{"a refusal cannot be undone", "getsockopt: retval = 0; return 1", "getsockopt: return 0",
		 .call = GET(8, 8), FAILED95(8), .ret = -EPERM, .len = 8},
		{"only the last retval counts", "getsockopt: retval = 0", "getsockopt: retval = -105",
		 .call = GET(8, 8), ANSWER4, .len = 4, .seen = "b0 retval=0 | a0 retval=-105"},
		{"EPERM before the range", "getsockopt: optlen = 9999; return 0", .call = GET(8, 8), ANSWER4,
		 .ret = -EPERM, .len = 4},
		{"EPERM before retval", "getsockopt: retval = 5; return 0", .call = GET(8, 8), ANSWER4,
		 .ret = -EPERM, .len = 4},
		{"out of range on failure: EFAULT, not the errno", "getsockopt: optlen = 9",
		 .call = GET(12, 8), FAILED95(8), .ret = -EFAULT, .len = 8},
		{"raised to the user's", "getsockopt: optlen = 8", .call = GET(12, 8), ANSWER4, .len = 8,
		 .mem = "40", .zeros = 8},
		{"a positive result is a failure: zeros", NOP_GET, .call = GET(4, 4), USER, .hret = 5,
		 .hlen = 4, .hmem = "0102", .ret = 5, .len = 4, .zeros = 4,
		 .seen = "a0 optlen=4 size=4 retval=5 zeros"},
		{"a positive result reset", "getsockopt: retval = 0", .call = GET(4, 4), USER, .hret = 5,
		 .hlen = 4, .hmem = "0102", .ret = 0, .len = 4, .zeros = 4},
		{"a failure copied to memory that cannot be written", NOP_GET,
		 .call = "getsockopt(s, 234, 7, buf 4 readonly, optlen 4)", FAILED95(4), .ret = -EFAULT,
		 .len = 4},
		{"a failure copied past the end of a mapping", "getsockopt: optlen = 4",
		 .call = "getsockopt(s, 234, 7, buf 4 edge, optlen 5)", FAILED95(5), .ret = -EOPNOTSUPP,
		 .len = 4, .zeros = 4},
		{"-1 is no bypass", "getsockopt: optlen = -1", .call = GET(8, 8), ANSWER4, .ret = -EFAULT,
		 .len = 4},
		{"the user's -1", "getsockopt: retval = 0", .call = GET(4, -1), FAILED95(-1), .ret = -EINVAL,
		 .len = -1, .seen = ""},
		{"the answer cannot be read back", NOP_GET,
		 .call = "getsockopt(s, 234, 7, buf 2 edge, optlen 3)", USER, .hlen = 3, .ret = -EFAULT,
		 .len = 3, .seen = ""},
		{"a bad descriptor", NOP_GET, .call = "getsockopt(badfd, 234, 7, buf 4, optlen -1)",
		 .ret = -EBADF, .len = -1, .seen = ""},
	};

	RUN(rows, TO_5_17);
}

/* 5.3 to 5.17, setsockopt: __cgroup_bpf_run_filter_setsockopt after lock_sock; __sys_setsockopt before. */
static void test_set_to_5_17(void **state)
{
	static const struct row rows[] = {
		{"refused", "setsockopt: return 0", .call = SET4(32), NONE, .ret = -EPERM},
		{"refused by the child, the parent runs", NOP_SET, "setsockopt: return 0", .call = SET4(32),
		 NONE, .ret = -EPERM, .seen = "b0 optlen=4 | a0 optlen=4"},
		{"refused by the parent", "setsockopt: return 0", NOP_SET, .call = SET4(32), NONE,
		 .ret = -EPERM},
		{"EPERM before the bypass", "setsockopt: optlen = -1; return 0", .call = SET4(32), NONE,
		 .ret = -EPERM},
		{"EPERM before the bypass of another", "setsockopt: optlen = -1", "setsockopt: return 0",
		 .call = SET4(32), NONE, .ret = -EPERM},
		{"EPERM before the range", "setsockopt: optlen = 9999; return 0", .call = SET4(32), NONE,
		 .ret = -EPERM},
		{"bypass", "setsockopt: optlen = -1", .call = SET4(32), NONE, .ret = 0},
		{"a bypass taken back", "setsockopt: optlen = 4", "setsockopt: optlen = -1", .call = SET4(32),
		 COPY(4, "20"), .seen = "b0 optlen=4 | a0 optlen=-1"},
		{"-2", "setsockopt: optlen = -2", .call = SET4(32), NONE, .ret = -EFAULT},
		{"INT_MIN", "setsockopt: optlen = -2147483648", .call = SET4(32), NONE, .ret = -EFAULT},
		{"17 over 4", "setsockopt: optlen = 17", .call = SET4(32), NONE, .ret = -EFAULT},
		{"rewritten", "setsockopt: level = SOL_IP; optname = 2; optval[0] = u8 8; optlen = 1",
		 .call = SET4(32), COPY(1, "08"), .ip = true, .optname = 2},
		{"the handler's errno", NOP_SET, .call = SET4(32), COPY(4, "20"), .hret = -EINVAL,
		 .ret = -EINVAL},
		{"NULL cannot be read", "setsockopt: optlen = -1",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 4)", NONE, .ret = -EFAULT, .seen = ""},
		{"one byte past the mapping", "setsockopt: optlen = -1",
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 5)", NONE, .ret = -EFAULT, .seen = ""},
		{"a page", NOP_SET, .call = SET_BIG(4096), COPY(4096, "09"),
		 .seen = "a0 optlen=4096 size=4096 bytes=09 zeros"},
		{"5000 of a page of 65536", NOP_SET, .page = 65536, .call = SET_BIG(5000), COPY(5000, "09"),
		 .seen = "a0 optlen=5000 size=5000"},
		{"the user's -1", "setsockopt: optlen = 4", .call = "setsockopt(s, 234, 5, i32 1, optlen -1)",
		 NONE, .ret = -EINVAL, .seen = ""},
	};

	RUN(rows, TO_5_17);
}

/* __sys_setsockopt: optlen < 0 is the first test up to 6.6; since 6.7 do_sock_setsockopt has it. */
static void test_descriptor(void **state)
{
	static const struct row to_6_6[] = {
		{"a bad descriptor and a negative length", NOP_SET,
		 .call = "setsockopt(badfd, 234, 5, i32 1, optlen -1)", .ret = -EINVAL, .seen = ""},
		{"a bad descriptor and INT_MIN", NOP_SET,
		 .call = "setsockopt(badfd, 234, 5, NULL, optlen -2147483648)", .ret = -EINVAL, .seen = ""},
	};
	static const struct row from_6_7[] = {
		{"a bad descriptor and a negative length", NOP_SET,
		 .call = "setsockopt(badfd, 234, 5, i32 1, optlen -1)", .ret = -EBADF, .seen = ""},
	};
	static const struct row all[] = {
		{"a bad descriptor", NOP_SET, .call = "setsockopt(badfd, 234, 5, i32 1, optlen 4)",
		 .ret = -EBADF, .seen = ""},
		{"a bad descriptor and nothing to read", NOP_SET,
		 .call = "setsockopt(badfd, 234, 5, NULL, optlen 4)", .ret = -EBADF, .seen = ""},
	};

	RUN(to_6_6, TO_5_17, "v5.18", "v6.4", "v6.5");
	RUN(from_6_7, "v6.7", "v7.1", "v7.2");
	RUN(all, TO_5_17, FROM_5_18);
}

/*
 * 5.3 (0d01da6afc54): sockopt_alloc_buf(&ctx, *optlen) makes a window of exactly the user's length, which is
 * also the bound; sizes above PAGE_SIZE are EINVAL; *optlen and *kernel_optval are exported for every length.
 */
static void test_set_5_3(void **state)
{
	static const struct row rows[] = {
		{"the window is the user's length", NOP_SET, .call = SET4(32), COPY(4, "20"),
		 .seen = "a0 optlen=4 size=4 bytes=20 zeros"},
		{"what does not fit it is not written", "setsockopt: optval[4] = u8 9", .call = SET4(32),
		 COPY(4, "20")},
		{"one more than the user's", "setsockopt: optlen = 5", .call = SET4(32), NONE,
		 .ret = -EFAULT},
		{"16 over 4", "setsockopt: optlen = 16", .call = SET4(32), NONE, .ret = -EFAULT},
		{"less than the user's", "setsockopt: optlen = 3", .call = SET4(32), COPY(3, "20")},
		{"nothing", NOP_SET, .call = "setsockopt(s, 234, 5, NULL, optlen 0)", COPY(0, NULL),
		 .seen = "a0 optlen=0 size=0"},
		{"nothing cannot grow", "setsockopt: optlen = 1",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 0)", NONE, .ret = -EFAULT},
	};

	RUN(rows, "v5.3");
}

/* 5.4 (9babe825da76): max_optlen = max_t(int, 16, *optlen) is the window and the bound. */
static void test_set_5_4(void **state)
{
	static const struct row rows[] = {
		{"a window of 16", NOP_SET, .call = SET4(32), COPY(4, "20"),
		 .seen = "a0 optlen=4 size=16 bytes=20 zeros"},
		{"past the user's length", "setsockopt: optval[4] = u8 9; optlen = 5", .call = SET4(32),
		 COPY(5, "2000000009")},
		{"16 over 4", "setsockopt: optlen = 16", .call = SET4(32), COPY(16, "20")},
		{"18 over 17", "setsockopt: optlen = 18", .call = SET_BIG(17), NONE, .ret = -EFAULT},
		{"nothing is a copy of nothing", NOP_SET, .call = "setsockopt(s, 234, 5, NULL, optlen 0)",
		 COPY(0, NULL), .seen = "a0 optlen=0 size=16 zeros"},
		{"nothing can grow to 16", "setsockopt: optval[0] = u8 9; optlen = 16",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 0)", COPY(16, "09")},
	};

	RUN(rows, "v5.4");
}

/* 5.3 to 5.7: sockopt_alloc_buf refuses more than PAGE_SIZE; optlen 0 has no meaning of its own. */
static void test_set_to_5_7(void **state)
{
	static const struct row rows[] = {
		{"0 is a length", "setsockopt: optlen = 0", .call = SET4(32), COPY(0, NULL)},
		{"with level and optname", "setsockopt: level = SOL_IP; optname = 2; optlen = 0",
		 .call = SET4(32), COPY(0, NULL), .ip = true, .optname = 2},
		{"4097", NOP_SET, .call = SET_BIG(4097), NONE, .ret = -EINVAL, .seen = ""},
		{"no program can help", "setsockopt: optlen = -1", .call = SET_BIG(5000), NONE,
		 .ret = -EINVAL, .seen = ""},
		{"the size comes before the bytes", NOP_SET,
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 2147483647)", NONE, .ret = -EINVAL,
		 .seen = ""},
		{"and before NULL", NOP_SET, .call = "setsockopt(s, 234, 5, NULL, optlen 4097)", NONE,
		 .ret = -EINVAL, .seen = ""},
		{"65537 of a page of 65536", NOP_SET, .page = 65536, .call = SET_BIG(65537), NONE,
		 .ret = -EINVAL, .seen = ""},
		{"all of a page of 65536", NOP_SET, .page = 65536, .call = SET_BIG(65536), COPY(65536, "09"),
		 .seen = "a0 optlen=65536 size=65536"},
	};

	RUN(rows, "v5.3", "v5.4");
}

/*
 * 5.3 to 5.7, getsockopt: sockopt_alloc_buf as above; ctx.optlen starts as the user's length in both (5.3
 * sets it in sockopt_alloc_buf, 5.4 after it); "if (ctx.optlen > max_optlen) ctx.optlen = max_optlen" after
 * the handler; copy_to_user and put_user are not conditional.
 */
static void test_get_to_5_7(void **state)
{
	static const struct row rows[] = {
		{"0 is stored", "getsockopt: optval[0] = u8 9; optlen = 0", .call = GET(8, 8), ANSWER4,
		 .len = 0},
		{"0 is stored after a failure", "getsockopt: optlen = 0", .call = GET(8, 8), FAILED95(8),
		 .ret = -EOPNOTSUPP, .len = 0},
		{"0 with success", "getsockopt: optlen = 0; retval = 0", .call = GET(8, 8), FAILED95(8),
		 .len = 0},
		{"0 with a bad retval", "getsockopt: optlen = 0; retval = 5", .call = GET(8, 8), ANSWER4,
		 .ret = -EFAULT, .len = 4},
		{"an answer longer than the window is cut", NOP_GET, .call = GET(8, 4), USER, .hlen = 8,
		 .hmem = "01020304", .len = 4, .seen = "a0 optlen=4 size=4 retval=0 bytes=01020304"},
		{"so is one longer than a page", "getsockopt: optval[0] = u8 9", .call = GET(8, 4), USER,
		 .hlen = 5000, .hmem = "01020304", .len = 4, .mem = "09", .seen = "a0 optlen=4 size=4"},
		{"a size query learns nothing", NOP_GET, .call = GET_NULL(0), USER, .hlen = 8, .len = 0,
		 .seen = "a0 optlen=0 size=0 retval=0"},
		{"the same with a buffer", NOP_GET, .call = GET(8, 0), USER, .hlen = 8, .len = 0,
		 .seen = "a0 optlen=0 size=0"},
		{"4097 after success", "getsockopt: retval = 0", .call = GET(5000, 4097), USER, .hlen = 4,
		 .hmem = "40000000", .ret = -EINVAL, .len = 4, .seen = ""},
		{"4097 after failure", "getsockopt: retval = 0", .call = GET(5000, 4097), FAILED95(4097),
		 .ret = -EINVAL, .len = 4097, .seen = ""},
		{"INT_MAX", NOP_GET, .call = GET(8, 2147483647), ANSWER4, .ret = -EINVAL, .len = 4,
		 .seen = ""},
		{"a page", NOP_GET, .call = GET(5000, 4096), FAILED95(4096), .ret = -EOPNOTSUPP, .len = 4096,
		 .zeros = 4096, .seen = "a0 optlen=4096 size=4096 retval=-95 zeros"},
		{"5000 of a page of 65536", NOP_GET, .page = 65536, .call = GET(5000, 5000), FAILED95(5000),
		 .ret = -EOPNOTSUPP, .len = 5000, .zeros = 5000},
		{"NULL cannot be read back", NOP_GET, .call = GET_NULL(4), USER, .hlen = 4, .ret = -EFAULT,
		 .len = 4, .seen = ""},
		{"of NULL nothing is read for an empty answer", NOP_GET, .call = GET_NULL(4), USER, .hlen = 0,
		 .len = 0, .seen = "a0 optlen=0 size=4 retval=0 zeros"},
		{"NULL cannot be written, a failure becomes EFAULT", NOP_GET, .call = GET_NULL(4),
		 FAILED95(4), .ret = -EFAULT, .len = 4, .seen = "a0 optlen=4 size=4 retval=-95 zeros"},
		{"NULL and 0", "getsockopt: optlen = 0", .call = GET_NULL(4), FAILED95(4), .ret = -EOPNOTSUPP,
		 .len = 0},
		{"NULL and one too many", "getsockopt: retval = 0; optlen = 5", .call = GET_NULL(4),
		 FAILED95(4), .ret = -EFAULT, .len = 4},
		{"no optlen", NOP_GET, .call = GET_NOLEN, USER, .hret = -EFAULT, .ret = -EFAULT,
		 .seen = "a0 optlen=0 size=0 retval=-14"},
		{"no optlen: there is nowhere to store the 0", "getsockopt: retval = 0", .call = GET_NOLEN,
		 USER, .hret = -EFAULT, .ret = -EFAULT, .seen = "a0 optlen=0 size=0 retval=-14"},
		{"no optlen and a handler that never looks at it: EFAULT all the same", NOP_GET,
		 .call = GET_NOLEN, USER, .hret = -EOPNOTSUPP, .ret = -EFAULT,
		 .seen = "a0 optlen=0 size=0 retval=-95"},
		{"no optlen, refused", "getsockopt: return 0", .call = GET_NOLEN, USER, .hret = -EFAULT,
		 .ret = -EPERM},
	};

	RUN(rows, "v5.3", "v5.4");
}

/*
 * 5.8 to 5.17 (d8fe449a9c51; read in 5.10.13, 5.10.46, 5.10.262): a window of a page at most; optlen stays
 * the user's, so that a large one left alone is out of range; 0 means the user's own data.
 */
static void test_set_5_8_to_5_17(void **state)
{
	static const struct row rows[] = {
		{"a window of 16", NOP_SET, .call = SET4(32), COPY(4, "20"),
		 .seen = "a0 optlen=4 size=16 bytes=20 zeros"},
		{"16 over 4", "setsockopt: optlen = 16", .call = SET4(32), COPY(16, "20")},
		{"nothing: the user's pointer", NOP_SET, .call = "setsockopt(s, 234, 5, NULL, optlen 0)",
		 USER, .seen = "a0 optlen=0 size=16 zeros"},
		{"nothing can grow to 16", "setsockopt: optval[0] = u8 9; optlen = 16",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 0)", COPY(16, "09")},
		{"0: the user's data, the program's level and optname",
		 "setsockopt: level = SOL_IP; optname = 2; optval[0] = u8 9; optlen = 0", .call = SET4(32),
		 USER, .ip = true, .optname = 2},
		{"0 and refused", "setsockopt: optlen = 0; return 0", .call = SET4(32), NONE, .ret = -EPERM},
		{"large and left alone", NOP_SET, .call = SET_BIG(5000), NONE, .ret = -EFAULT,
		 .seen = "a0 optlen=5000 size=4096 bytes=09 zeros"},
		{"one more than a page", NOP_SET, .call = SET_BIG(4097), NONE, .ret = -EFAULT},
		{"large and refused", "setsockopt: return 0", .call = SET_BIG(5000), NONE, .ret = -EPERM},
		{"large and bypassed", "setsockopt: optlen = -1", .call = SET_BIG(5000), NONE, .ret = 0},
		{"large and -2", "setsockopt: optlen = -2", .call = SET_BIG(5000), NONE, .ret = -EFAULT},
		{"large and 0", "setsockopt: optval[0] = u8 8; optname = 2; optlen = 0",
		 .call = SET_BIG(5000), USER, .optname = 2},
		{"large and trimmed to a page", "setsockopt: optlen = 4096", .call = SET_BIG(5000),
		 COPY(4096, "09")},
		{"large and trimmed to a byte", "setsockopt: optval[0] = u8 8; optlen = 1",
		 .call = SET_BIG(5000), COPY(1, "08")},
		{"large and one more than a page", "setsockopt: optlen = 4097", .call = SET_BIG(5000), NONE,
		 .ret = -EFAULT},
		{"only a page is read", NOP_SET,
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 4096 edge, optlen 2147483647)", NONE,
		 .ret = -EFAULT, .seen = "a0 optlen=2147483647 size=4096 bytes=09 zeros"},
		{"less than a page cannot be read", "setsockopt: optlen = 0",
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 2147483647)", NONE, .ret = -EFAULT,
		 .seen = ""},
		{"NULL and large", "setsockopt: optlen = 0",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 4097)", NONE, .ret = -EFAULT, .seen = ""},
	};

	RUN(rows, FROM_5_8_TO_5_17);
}

/* The same for getsockopt. */
static void test_get_5_8_to_5_17(void **state)
{
	static const struct row rows[] = {
		{"0: the handler's answer and length", "getsockopt: optval[0] = u8 9; optlen = 0",
		 .call = GET(8, 8), ANSWER4, .len = 4},
		{"0 after a failure: nothing is stored", "getsockopt: optlen = 0", .call = GET(8, 8), USER,
		 .hret = -ERANGE, .hlen = 4400, .ret = -ERANGE, .len = 4400},
		{"0 and reset", "getsockopt: optlen = 0; retval = 0", .call = GET(8, 8), FAILED95(8),
		 .ret = 0, .len = 8},
		{"0 and a retval that is not allowed", "getsockopt: optlen = 0; retval = 5",
		 .call = GET(8, 8), ANSWER4, .ret = -EFAULT, .len = 4},
		{"0 and another errno", "getsockopt: optlen = 0; retval = -71", .call = GET(8, 8),
		 FAILED95(8), .ret = -EFAULT, .len = 8},
		{"large and failed", NOP_GET, .call = GET(5000, 5000), FAILED95(5000), .ret = -EFAULT,
		 .len = 5000, .seen = "a0 optlen=5000 size=4096 retval=-95 zeros"},
		{"large, failed and 0", "getsockopt: optlen = 0", .call = GET(5000, 5000), FAILED95(5000),
		 .ret = -EOPNOTSUPP, .len = 5000},
		{"large, failed and trimmed: zeros and the errno", "getsockopt: optlen = 4096",
		 .call = GET(5000, 5000), FAILED95(5000), .ret = -EOPNOTSUPP, .len = 4096, .zeros = 4096},
		{"a large buffer with a small answer", NOP_GET, .call = GET(5000, 5000), ANSWER4, .len = 4,
		 .seen = "a0 optlen=4 size=4096 retval=0 bytes=40 zeros"},
		{"a large answer", NOP_GET, .call = GET(5000, 5000), USER, .hlen = 4400, .hmem = "0102",
		 .ret = -EFAULT, .len = 4400, .seen = "a0 optlen=4400 size=4096 retval=0 bytes=0102a5"},
		{"a large answer, trimmed", "getsockopt: optval[0] = u8 9; optlen = 2",
		 .call = GET(5000, 5000), USER, .hlen = 4400, .hmem = "0102", .len = 2, .mem = "0902"},
		{"a large answer, refused", "getsockopt: return 0", .call = GET(5000, 5000), USER,
		 .hlen = 4400, .ret = -EPERM, .len = 4400},
		{"an answer longer than the window", NOP_GET, .call = GET(8, 4), USER, .hlen = 8,
		 .hmem = "01020304", .ret = -EFAULT, .len = 8, .seen = "a0 optlen=8 size=4 bytes=01020304"},
		{"and longer than a page", NOP_GET, .call = GET(8, 4), USER, .hlen = 5000, .ret = -EFAULT,
		 .len = 5000},
		{"repaired", "getsockopt: optlen = 4", .call = GET(8, 4), USER, .hlen = 8, .hmem = "01020304",
		 .len = 4},
		{"kept by 0", "getsockopt: optlen = 0", .call = GET(8, 0), USER, .hlen = 8, .len = 8},
		{"a negative length from the handler", "getsockopt: optlen = 0", .call = GET(4, 4), USER,
		 .hlen = -5, .ret = -EFAULT, .len = -5, .seen = ""},
		{"no optlen", NOP_GET, .call = GET_NOLEN, USER, .hret = -EFAULT, .ret = -EFAULT,
		 .seen = "a0 optlen=0 size=0 retval=-14"},
		{"no optlen and a handler that never looks at it", NOP_GET, .call = GET_NOLEN, USER,
		 .hret = -EOPNOTSUPP, .ret = -EOPNOTSUPP, .seen = "a0 optlen=0 size=0 retval=-95"},
		{"no optlen, reset", "getsockopt: retval = 0", .call = GET_NOLEN, USER, .hret = -EFAULT,
		 .ret = 0},
		{"no optlen and a length", "getsockopt: optlen = 1", .call = GET_NOLEN, USER,
		 .hret = -EOPNOTSUPP, .ret = -EFAULT},
		{"no optlen and another errno", "getsockopt: retval = -71", .call = GET_NOLEN, USER,
		 .hret = -EFAULT, .ret = -EFAULT},
		{"no optlen, refused", "getsockopt: return 0", .call = GET_NOLEN, USER, .hret = -EFAULT,
		 .ret = -EPERM},
		{"neither", "getsockopt: optlen = 1; retval = 0", .call = GET_NOTHING, USER,
		 .hret = -EOPNOTSUPP, .ret = -EFAULT},
		{"neither, left alone", NOP_GET, .call = GET_NOTHING, USER, .hret = -EOPNOTSUPP,
		 .ret = -EOPNOTSUPP},
	};

	RUN(rows, FROM_5_8_TO_5_17);
}

/* Up to 5.10.179 NULL is an address like any other: ranges are tested, copies fault. */
static void test_null_5_8(void **state)
{
	static const struct row rows[] = {
		{"a size query", NOP_GET, .call = GET_NULL(0), USER, .hlen = 8, .ret = -EFAULT, .len = 8,
		 .seen = "a0 optlen=8 size=0 retval=0"},
		{"a size query kept by 0", "getsockopt: optlen = 0", .call = GET_NULL(0), USER, .hlen = 8,
		 .len = 8},
		{"a failure left alone: its copy faults", NOP_GET, .call = GET_NULL(4), FAILED95(4),
		 .ret = -EFAULT, .len = 4, .seen = "a0 optlen=4 size=4 retval=-95 zeros"},
		{"a failure with 0: no copy", "getsockopt: optlen = 0", .call = GET_NULL(4), FAILED95(4),
		 .ret = -EOPNOTSUPP, .len = 4},
		{"a failure reset with 0", "getsockopt: optlen = 0; retval = 0", .call = GET_NULL(4),
		 FAILED95(4), .len = 4},
		{"a negative length", "getsockopt: optlen = -7; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .ret = -EFAULT, .len = 4},
		{"a length above the window", "getsockopt: optlen = 5; retval = 0", .call = GET_NULL(4),
		 FAILED95(4), .ret = -EFAULT, .len = 4},
		{"an answer cannot be read back", NOP_GET, .call = GET_NULL(4), USER, .hlen = 8,
		 .ret = -EFAULT, .len = 8, .seen = ""},
		{"an empty answer can", NOP_GET, .call = GET_NULL(4), USER, .hlen = 0, .len = 0,
		 .seen = "a0 optlen=0 size=4 retval=0 zeros"},
	};

	RUN(rows, "v5.8");
}

/*
 * 5.10.180 (backport of 00e74ae08638; 5.10.262 cgroup.c:1519-1541): of NULL only the range test and
 * copy_to_user are skipped; retval is still tested, optlen is stored for every retval, the copy-in is as
 * before.
 */
static void test_null_5_10_180(void **state)
{
	static const struct row rows[] = {
		{"a size query", NOP_GET, .call = GET_NULL(0), USER, .hlen = 8, .len = 8,
		 .seen = "a0 optlen=8 size=0 retval=0"},
		{"a size query with a bad retval", "getsockopt: retval = 5", .call = GET_NULL(0), USER,
		 .hlen = 8, .ret = -EFAULT, .len = 8},
		{"a failure left alone", NOP_GET, .call = GET_NULL(4), FAILED95(4), .ret = -EOPNOTSUPP,
		 .len = 4, .seen = "a0 optlen=4 size=4 retval=-95 zeros"},
		{"a failure and a length: stored beside the errno", "getsockopt: optlen = 100000",
		 .call = GET_NULL(4), FAILED95(4), .ret = -EOPNOTSUPP, .len = 100000},
		{"a failed handler's length is taken back", NOP_GET, .call = GET_NULL(4), USER,
		 .hret = -ERANGE, .hlen = 4400, .ret = -ERANGE, .len = 4},
		{"a negative length", "getsockopt: optlen = -7; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .len = -7},
		{"a negative length and another errno: retval first", "getsockopt: optlen = -7; retval = -71",
		 .call = GET_NULL(4), FAILED95(4), .ret = -EFAULT, .len = 4},
		{"0 is not stored", "getsockopt: optlen = 0; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .len = 4},
		{"large and failed: no range for NULL", NOP_GET, .call = GET_NULL(5000), FAILED95(5000),
		 .ret = -EOPNOTSUPP, .len = 5000, .seen = "a0 optlen=5000 size=4096 retval=-95 zeros"},
		{"large and one more", "getsockopt: optlen = 5001; retval = 0", .call = GET_NULL(5000),
		 FAILED95(5000), .len = 5001},
		{"refused", "getsockopt: optlen = 9; return 0", .call = GET_NULL(4), FAILED95(4),
		 .ret = -EPERM, .len = 4},
		{"an answer cannot be read back", NOP_GET, .call = GET_NULL(4), USER, .hlen = 8,
		 .ret = -EFAULT, .len = 8, .seen = ""},
		{"an empty answer and a length above the window", "getsockopt: optlen = 9",
		 .call = GET_NULL(4), USER, .hlen = 0, .len = 9, .seen = "a0 optlen=0 size=4 retval=0 zeros"},
		{"a negative length in a buffer is out of range as ever", "getsockopt: optlen = -7",
		 .call = GET(4, 4), FAILED95(4), .ret = -EFAULT, .len = 4},
	};

	RUN(rows, "v5.10.180");
	RUN(rows, "v5.10.188");
}

/*
 * Since 5.18 (c4dcfdd406aa), bpf_prog_run_array_cg and __cgroup_bpf_run_filter_getsockopt: retval lives in
 * the run context; a return 0 makes it -EPERM unless it is an errno; below 0 nothing else is looked at.
 */
static void test_get_from_5_18(void **state)
{
	static const struct row rows[] = {
		{"a no-op on success", NOP_GET, .call = GET(8, 8), ANSWER4, .len = 4,
		 .seen = "a0 optlen=4 size=8 retval=0 bytes=40 zeros"},
		{"a no-op on failure touches nothing", NOP_GET, .call = GET(8, 8), USER, .hret = -ERANGE,
		 .hlen = 4400, .ret = -ERANGE, .len = 4400, .seen = "a0 optlen=8 size=8 retval=-34 zeros"},
		{"nor do its edits", "getsockopt: optval[0] = u8 9; optlen = 1", .call = GET(8, 8),
		 FAILED95(8), .ret = -EOPNOTSUPP, .len = 8},
		{"refused after failure: the handler's errno", "getsockopt: return 0", .call = GET(8, 8),
		 FAILED95(8), .ret = -EOPNOTSUPP, .len = 8},
		{"refused after success", "getsockopt: optval[0] = u8 9; return 0", .call = GET(8, 8),
		 ANSWER4, .ret = -EPERM, .len = 4},
		{"any errno", "getsockopt: retval = -105", .call = GET(8, 8), ANSWER4, .ret = -ENOBUFS,
		 .len = 4},
		{"another errno than the handler's", "getsockopt: retval = -71", .call = GET(8, 8),
		 FAILED95(8), .ret = -71, .len = 8},
		{"a positive retval, with the copy", "getsockopt: optval[0] = u8 9; retval = 5",
		 .call = GET(8, 8), ANSWER4, .ret = 5, .len = 4, .mem = "09"},
		{"a positive retval and 0", "getsockopt: optlen = 0; retval = 5", .call = GET(8, 8), ANSWER4,
		 .ret = 5, .len = 4},
		{"the parent of a refusal sees -EPERM", NOP_GET, "getsockopt: return 0", .call = GET(8, 8),
		 ANSWER4, .ret = -EPERM, .len = 4, .seen = "b0 retval=0 | a0 retval=-1"},
		{"the parent undoes a refusal", "getsockopt: retval = 0", "getsockopt: return 0",
		 .call = GET(8, 8), ANSWER4, .len = 4},
		{"a refusal with an errno, undone", "getsockopt: retval = 0",
		 "getsockopt: retval = -105; return 0", .call = GET(8, 8), ANSWER4, .len = 4,
		 .seen = "b0 retval=0 | a0 retval=-105"},
		{"-4096 is no errno", "getsockopt: retval = -4096; return 0", .call = GET(8, 8), ANSWER4,
		 .ret = -EPERM, .len = 4},
		{"-4096 is returned", "getsockopt: retval = -4096", .call = GET(8, 8), ANSWER4, .ret = -4096,
		 .len = 4},
		{"retval before the range", "getsockopt: optlen = 9999; retval = -105", .call = GET(8, 8),
		 ANSWER4, .ret = -ENOBUFS, .len = 4},
		{"the range before a positive retval", "getsockopt: optlen = 9; retval = 5",
		 .call = GET(12, 8), ANSWER4, .ret = -EFAULT, .len = 4},
		{"a failure reset", "getsockopt: retval = 0", .call = GET(8, 6), FAILED95(6), .len = 6,
		 .zeros = 6},
		{"a positive result", NOP_GET, .call = GET(4, 4), USER, .hret = 5, .hlen = 4, .hmem = "0102",
		 .ret = 5, .len = 4, .zeros = 4, .seen = "a0 optlen=4 size=4 retval=5 zeros"},
		{"a positive result refused", "getsockopt: return 0", .call = GET(4, 4), USER, .hret = 5,
		 .hlen = 4, .hmem = "0102", .ret = -EPERM, .len = 4},
		{"memory that cannot be written matters only for a copy", NOP_GET,
		 .call = "getsockopt(s, 234, 7, buf 4 readonly, optlen 4)", FAILED95(4), .ret = -EOPNOTSUPP,
		 .len = 4},
		{"and then it does", "getsockopt: retval = 0",
		 .call = "getsockopt(s, 234, 7, buf 4 readonly, optlen 4)", FAILED95(4), .ret = -EFAULT,
		 .len = 4},
		{"large and failed: its errno", NOP_GET, .call = GET(5000, 5000), FAILED95(5000),
		 .ret = -EOPNOTSUPP, .len = 5000, .seen = "a0 optlen=5000 size=4096 retval=-95 zeros"},
		{"large, failed, reset and 0", "getsockopt: retval = 0; optlen = 0", .call = GET(5000, 5000),
		 FAILED95(5000), .len = 5000},
		{"an answer longer than the window", NOP_GET, .call = GET(8, 4), USER, .hlen = 8,
		 .hmem = "01020304", .ret = -EFAULT, .len = 8},
		{"a negative length from the handler", "getsockopt: retval = 5; optlen = 0",
		 .call = GET(4, 4), USER, .hlen = -5, .ret = -EFAULT, .len = -5, .seen = ""},
		{"the user's -1", "getsockopt: retval = 5", .call = GET(4, -1), FAILED95(-1), .ret = -EINVAL,
		 .len = -1, .seen = ""},
		{"no optlen", NOP_GET, .call = GET_NOLEN, USER, .hret = -EOPNOTSUPP, .ret = -EOPNOTSUPP,
		 .seen = "a0 optlen=0 size=0 retval=-95"},
		{"no optlen, refused: the handler's errno", "getsockopt: return 0", .call = GET_NOLEN, USER,
		 .hret = -EFAULT, .ret = -EFAULT},
		{"no optlen and a positive retval", "getsockopt: retval = 5", .call = GET_NOLEN, USER,
		 .hret = -EFAULT, .ret = 5},
		{"no optlen and a length", "getsockopt: retval = 0; optlen = 1", .call = GET_NOLEN, USER,
		 .hret = -EFAULT, .ret = -EFAULT},
	};

	RUN(rows, FROM_5_18);
}

/* The same for setsockopt: "if (ret) goto out" before optlen is looked at. */
static void test_set_from_5_18(void **state)
{
	static const struct row rows[] = {
		{"a window of 16", NOP_SET, .call = SET4(32), COPY(4, "20"),
		 .seen = "a0 optlen=4 size=16 retval=0 bytes=20 zeros"},
		{"refused; the parent sees -EPERM", NOP_SET, "setsockopt: return 0", .call = SET4(32), NONE,
		 .ret = -EPERM, .seen = "b0 retval=0 | a0 retval=-1"},
		{"undone", "setsockopt: set_retval(0)", "setsockopt: return 0", .call = SET4(32),
		 COPY(4, "20")},
		{"an errno without a refusal", "setsockopt: set_retval(-105)", .call = SET4(32), NONE,
		 .ret = -ENOBUFS},
		{"an errno with one", "setsockopt: set_retval(-105); return 0", .call = SET4(32), NONE,
		 .ret = -ENOBUFS},
		{"retval before the bypass", "setsockopt: optlen = -1; return 0", .call = SET4(32), NONE,
		 .ret = -EPERM},
		{"retval before the range", "setsockopt: optlen = 9999; set_retval(-105)", .call = SET4(32),
		 NONE, .ret = -ENOBUFS},
		{"bypass", "setsockopt: optlen = -1", .call = SET4(32), NONE, .ret = 0},
		{"17 over 4", "setsockopt: optlen = 17", .call = SET4(32), NONE, .ret = -EFAULT},
		{"0: the user's data, the program's level", "setsockopt: level = SOL_IP; optlen = 0",
		 .call = SET4(32), USER, .ip = true},
		{"large and refused", "setsockopt: return 0", .call = SET_BIG(5000), NONE, .ret = -EPERM,
		 .seen = "a0 optlen=5000 size=4096 retval=0"},
		{"large and bypassed", "setsockopt: optlen = -1", .call = SET_BIG(5000), NONE, .ret = 0},
		{"large and -2", "setsockopt: optlen = -2", .call = SET_BIG(5000), NONE, .ret = -EFAULT},
		{"large and trimmed", "setsockopt: optlen = 4096", .call = SET_BIG(5000), COPY(4096, "09")},
		{"large and 0", "setsockopt: optname = 2; optlen = 0", .call = SET_BIG(5000), USER,
		 .optname = 2},
	};
	/* Since 7.2 no program that may do this is loaded (check_helper_call, BPF_FUNC_set_retval). */
	static const struct row to_7_1[] = {
		{"a positive retval: success without the handler", "setsockopt: set_retval(5)",
		 .call = SET4(32), NONE, .ret = 0},
		{"a positive retval before the range", "setsockopt: optlen = -2; set_retval(5)",
		 .call = SET4(32), NONE, .ret = 0},
		{"a positive retval, refused", "setsockopt: set_retval(5); return 0", .call = SET4(32), NONE,
		 .ret = -EPERM},
		{"-5000", "setsockopt: set_retval(-5000)", .call = SET4(32), NONE, .ret = -5000},
	};

	RUN(rows, FROM_5_18);
	RUN(to_7_1, "v5.18", "v6.4", "v6.5", "v6.7", "v7.1");
}

/* 5.18 to 6.4 (6.1.4 cgroup.c:1827, 1924): out of range is EFAULT, however large the original length was. */
static void test_large_to_6_4(void **state)
{
	static const struct row rows[] = {
		{"setsockopt left alone", NOP_SET, .call = SET_BIG(5000), NONE, .ret = -EFAULT,
		 .seen = "a0 optlen=5000 size=4096 retval=0 bytes=09 zeros"},
		{"setsockopt, one more than a page", "setsockopt: optlen = 4097", .call = SET_BIG(5000), NONE,
		 .ret = -EFAULT},
		{"a large answer left alone", NOP_GET, .call = GET(5000, 5000), USER, .hlen = 4400,
		 .hmem = "0102", .ret = -EFAULT, .len = 4400, .seen = "a0 optlen=4400 size=4096 retval=0"},
		{"a large answer, positive retval", "getsockopt: retval = 5", .call = GET(5000, 5000), USER,
		 .hlen = 4400, .ret = -EFAULT, .len = 4400},
		{"a large answer, an errno", "getsockopt: retval = -105", .call = GET(5000, 5000), USER,
		 .hlen = 4400, .ret = -ENOBUFS, .len = 4400},
		{"a large answer, trimmed", "getsockopt: optlen = 2; retval = 5", .call = GET(5000, 5000),
		 USER, .hlen = 4400, .hmem = "0102", .ret = 5, .len = 2},
		{"large, failed and reset", "getsockopt: retval = 0", .call = GET(5000, 5000), FAILED95(5000),
		 .ret = -EFAULT, .len = 5000},
		{"a report above the page from a small buffer", NOP_GET, .call = GET(8, 4), USER,
		 .hlen = 5000, .ret = -EFAULT, .len = 5000},
	};

	RUN(rows, "v5.18", "v6.4");
}

/* 6.5 (29ebbba7d461; 6.1.176, 6.12.8 cgroup.c): out of range is ignored if the original length is large. */
static void test_large_from_6_5(void **state)
{
	static const struct row rows[] = {
		{"setsockopt left alone, with its level", "setsockopt: level = SOL_IP; optname = 2",
		 .call = SET_BIG(5000), USER, .seen = "a0 optlen=5000 size=4096 retval=0 bytes=09 zeros"},
		{"setsockopt, one more than a page", "setsockopt: optlen = 4097", .call = SET_BIG(5000),
		 USER},
		{"setsockopt, INT_MAX", "setsockopt: optlen = 2147483647; optval[0] = u8 1",
		 .call = SET_BIG(4097), USER},
		{"a page is not large", "setsockopt: optlen = 4097", .call = SET_BIG(4096), NONE,
		 .ret = -EFAULT},
		{"a large answer left alone", "getsockopt: optval[0] = u8 9", .call = GET(5000, 5000), USER,
		 .hlen = 4400, .hmem = "0102", .ret = 0, .len = 4400,
		 .seen = "a0 optlen=4400 size=4096 retval=0 bytes=0102a5"},
		{"its positive retval is ignored too", "getsockopt: retval = 5", .call = GET(5000, 5000),
		 USER, .hlen = 4400, .ret = 0, .len = 4400},
		{"its errno is not", "getsockopt: retval = -105", .call = GET(5000, 5000), USER, .hlen = 4400,
		 .ret = -ENOBUFS, .len = 4400},
		{"a large answer, trimmed", "getsockopt: optlen = 2; retval = 5", .call = GET(5000, 5000),
		 USER, .hlen = 4400, .hmem = "0102", .ret = 5, .len = 2},
		{"a large answer and -1", "getsockopt: optlen = -1", .call = GET(5000, 5000), USER,
		 .hlen = 4400, .ret = -EFAULT, .len = 4400},
		{"large, failed and reset: the failure", "getsockopt: retval = 0", .call = GET(5000, 5000),
		 FAILED95(5000), .ret = -EOPNOTSUPP, .len = 5000},
		{"large and a positive result, reset: the result", "getsockopt: retval = 0",
		 .call = GET(5000, 5000), USER, .hret = 7, .hlen = 5000, .ret = 7, .len = 5000},
		{"a report above the page from a small buffer", "getsockopt: retval = 5", .call = GET(8, 4),
		 USER, .hlen = 5000, .ret = 0, .len = 5000},
		{"a small answer in a large buffer is not large", "getsockopt: optlen = 5000",
		 .call = GET(5000, 5000), ANSWER4, .ret = -EFAULT, .len = 4},
	};

	RUN(rows, FROM_6_5);
}

/* 5.18 to 6.3 and 6.1.4: NULL is an address like any other, but a failure is not copied any more. */
static void test_null_5_18(void **state)
{
	static const struct row rows[] = {
		{"a size query", NOP_GET, .call = GET_NULL(0), USER, .hlen = 8, .ret = -EFAULT, .len = 8,
		 .seen = "a0 optlen=8 size=0 retval=0"},
		{"a size query and a positive retval", "getsockopt: retval = 5; optlen = 0",
		 .call = GET_NULL(0), USER, .hlen = 8, .ret = 5, .len = 8},
		{"a failure left alone", NOP_GET, .call = GET_NULL(4), FAILED95(4), .ret = -EOPNOTSUPP,
		 .len = 4},
		{"a failure reset: the copy faults", "getsockopt: retval = 0", .call = GET_NULL(4),
		 FAILED95(4), .ret = -EFAULT, .len = 4},
		{"a negative length", "getsockopt: optlen = -7; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .ret = -EFAULT, .len = 4},
		{"an answer cannot be read back", NOP_GET, .call = GET_NULL(4), USER, .hlen = 8,
		 .ret = -EFAULT, .len = 8, .seen = ""},
	};

	RUN(rows, "v5.18");
}

/* 6.4 (00e74ae08638): no range for NULL, no copy; retval < 0 still stores nothing. */
static void test_null_from_6_4(void **state)
{
	static const struct row rows[] = {
		{"a size query", NOP_GET, .call = GET_NULL(0), USER, .hlen = 8, .len = 8,
		 .seen = "a0 optlen=8 size=0 retval=0"},
		{"a size query and a positive retval", "getsockopt: retval = 5", .call = GET_NULL(0), USER,
		 .hlen = 8, .ret = 5, .len = 8},
		{"a failure and a length: not stored", "getsockopt: optlen = 9", .call = GET_NULL(4),
		 FAILED95(4), .ret = -EOPNOTSUPP, .len = 4},
		{"a failure reset", "getsockopt: retval = 0", .call = GET_NULL(4), FAILED95(4), .len = 4},
		{"a negative length", "getsockopt: optlen = -7; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .len = -7},
		{"large: nothing is ignored", "getsockopt: optlen = 5001; retval = 3", .call = GET_NULL(5000),
		 FAILED95(5000), .ret = 3, .len = 5001},
		{"0 is not stored", "getsockopt: optlen = 0; retval = 0", .call = GET_NULL(4), FAILED95(4),
		 .len = 4},
		{"an answer cannot be read back", NOP_GET, .call = GET_NULL(4), USER, .hlen = 8,
		 .ret = -EFAULT, .len = 8, .seen = ""},
		{"neither: a length cannot be stored", "getsockopt: optlen = 1; retval = 0",
		 .call = GET_NOTHING, USER, .hret = -EOPNOTSUPP, .ret = -EFAULT},
	};

	RUN(rows, FROM_6_4);
}

/*
 * do_sock_getsockopt and sockptr_to_sockopt since 7.1: where the socket's proto_ops have getsockopt_iter, at
 * any level but SOL_SOCKET, optlen is read first; a fault is EFAULT and below 0 is EINVAL, and the call
 * returns there. 7.1: packet_ops and CAN raw_ops only.
 */
#define PACKET	       "s = socket(AF_PACKET, SOCK_RAW, 0)"
#define PACKET_DGRAM   "s = socket(AF_PACKET, SOCK_DGRAM, 0)"
#define PACKET_SPKT    "s = socket(AF_PACKET, 10, 0)" /* SOCK_PACKET: packet_ops_spkt */
#define CAN_RAW_SOCK   "s = socket(29, SOCK_RAW, 1)"
#define NETLINK	       "s = socket(AF_NETLINK, SOCK_RAW, 0)"
#define VSOCK	       "s = socket(40, SOCK_STREAM, 0)"
#define VSOCK_SEQ      "s = socket(40, 5, 0)"
#define VSOCK_DGRAM    "s = socket(40, SOCK_DGRAM, 0)"
#define UNIX	       "s = socket(AF_UNIX, SOCK_STREAM, 0)"
#define UDP	       "s = socket(AF_INET, SOCK_DGRAM, 0)"
#define CAN_BCM_SOCK   "s = socket(29, SOCK_DGRAM, 2)"
#define CAN_ISOTP_SOCK "s = socket(29, SOCK_DGRAM, 6)"
#define XDP	       "s = socket(44, SOCK_RAW, 0)"
#define BT_L2CAP       "s = socket(31, 5, 0)"
#define BT_HCI	       "s = socket(31, SOCK_RAW, 1)"
#define BT_BNEP	       "s = socket(31, SOCK_RAW, 4)"
#define LLC	       "s = socket(26, SOCK_DGRAM, 0)"
#define RXRPC	       "s = socket(33, SOCK_DGRAM, 2)"
#define X25	       "s = socket(9, 5, 0)"
#define KCM	       "s = socket(41, SOCK_DGRAM, 0)"
#define MCTP	       "s = socket(45, SOCK_DGRAM, 0)"
#define TIPC	       "s = socket(30, 4, 0)"
#define RDS	       "s = socket(21, 5, 0)"
#define IUCV	       "s = socket(32, SOCK_STREAM, 0)"
#define PPPOX_L2TP     "s = socket(24, SOCK_DGRAM, 1)"
#define PPPOX_OE       "s = socket(24, SOCK_STREAM, 0)"
#define ATMPVC	       "s = socket(8, SOCK_DGRAM, 0)"

#define RESET "getsockopt: retval = 0"
/* The old way: the handler faults, the programs see it and may make a success of it. */
#define OLD_NOLEN(s, lvl)                                                                                    \
	{                                                                                                    \
		"no optlen, " s, RESET, .call = "getsockopt(s, " lvl ", 1, buf 4, optlen NULL)", .sock = s,  \
					.hret = -EFAULT, .ret = 0, .seen = "a0 optlen=0 size=0 retval=-14"   \
	}
/* Without an op the handler is do_sock_getsockopt's own EOPNOTSUPP. */
#define NO_OP(s, lvl)                                                                                        \
	{                                                                                                    \
		"no optlen and no op, " s, RESET, .call = "getsockopt(s, " lvl ", 1, buf 4, optlen NULL)",   \
						  .sock = s, .hret = -EOPNOTSUPP, .ret = 0,                  \
						  .seen = "a0 optlen=0 size=0 retval=-95"                    \
	}
/* The new way: no program runs. */
#define ITER_NOLEN(s, lvl)                                                                                   \
	{                                                                                                    \
		"no optlen, early, " s, RESET, .call = "getsockopt(s, " lvl ", 1, buf 4, optlen NULL)",      \
					       .sock = s, .hret = -EFAULT, .ret = -EFAULT, .seen = ""        \
	}
#define NEGATIVE(s, lvl)                                                                                     \
	{                                                                                                    \
		"the user's -1, " s, RESET, .call = "getsockopt(s, " lvl ", 1, buf 4, optlen -1)",           \
					    .sock = s, .hret = -EINVAL, .hlen = -1, .ret = -EINVAL,          \
					    .len = -1, .seen = ""                                            \
	}
/* With a good optlen an iter socket is as any other. */
#define AS_EVER(s, lvl)                                                                                      \
	{"an answer, " s,                                                                                    \
	 "getsockopt: optval[0] = u8 9; retval = 5",                                                         \
	 .call = "getsockopt(s, " lvl ", 1, buf 8, optlen 8)",                                               \
	 .sock = s,                                                                                          \
	 ANSWER4,                                                                                            \
	 .ret = 5,                                                                                           \
	 .len = 4,                                                                                           \
	 .mem = "09",                                                                                        \
	 .seen = "a0 optlen=4 size=8 retval=0 bytes=40 zeros"},                                              \
	{                                                                                                    \
		"a failure, " s, RESET, .call = "getsockopt(s, " lvl ", 1, buf 8, optlen 8)", .sock = s,     \
					FAILED95(8), .ret = 0, .len = 8, .zeros = 8,                         \
					.seen = "a0 optlen=8 size=8 retval=-95 zeros"                        \
	}

static void test_iter(void **state)
{
	static const struct row to_7_0[] = {
		OLD_NOLEN(PACKET, "263"), OLD_NOLEN(PACKET, "234"), OLD_NOLEN(CAN_RAW_SOCK, "101"),
		NEGATIVE(PACKET, "263"),  AS_EVER(PACKET, "263"),
	};
	static const struct row to_7_1[] = {
		OLD_NOLEN(NETLINK, "270"),  OLD_NOLEN(NETLINK, "234"), OLD_NOLEN(VSOCK, "40"),
		NEGATIVE(NETLINK, "270"),   NEGATIVE(VSOCK, "40"),     OLD_NOLEN(XDP, "283"),
		OLD_NOLEN(BT_L2CAP, "274"), OLD_NOLEN(LLC, "268"),     OLD_NOLEN(RXRPC, "272"),
		OLD_NOLEN(TIPC, "271"),	    OLD_NOLEN(KCM, "281"),
	};
	static const struct row from_7_1[] = {
		ITER_NOLEN(PACKET, "263"),	 ITER_NOLEN(PACKET, "234"),	  ITER_NOLEN(PACKET, "0"),
		ITER_NOLEN(PACKET_DGRAM, "263"), ITER_NOLEN(CAN_RAW_SOCK, "101"), NEGATIVE(PACKET, "263"),
		NEGATIVE(PACKET, "234"),	 NEGATIVE(CAN_RAW_SOCK, "101"),	  AS_EVER(PACKET, "263"),
	};
	static const struct row from_7_2[] = {
		ITER_NOLEN(NETLINK, "270"),  ITER_NOLEN(NETLINK, "234"),  ITER_NOLEN(VSOCK, "40"),
		ITER_NOLEN(VSOCK_SEQ, "40"), NEGATIVE(NETLINK, "270"),	  NEGATIVE(NETLINK, "234"),
		NEGATIVE(VSOCK, "40"),	     AS_EVER(NETLINK, "270"),	  AS_EVER(VSOCK, "40"),
		ITER_NOLEN(XDP, "283"),	     ITER_NOLEN(BT_L2CAP, "274"), ITER_NOLEN(BT_HCI, "0"),
		ITER_NOLEN(LLC, "268"),	     ITER_NOLEN(RXRPC, "272"),
	};
	/* SOL_SOCKET (1) is sk_getsockopt's; these sockets have a plain ->getsockopt, or none. */
	static const struct row never[] = {
		OLD_NOLEN(PACKET, "1"), OLD_NOLEN(NETLINK, "1"), OLD_NOLEN(VSOCK, "1"),
		OLD_NOLEN(UNIX, "234"), OLD_NOLEN(UDP, "0"),	 NEGATIVE(PACKET, "1"),
		NEGATIVE(UDP, "0"),
	};

	RUN(to_7_0, "v5.18", "v6.4", "v6.5", "v6.7");
	RUN(to_7_1, "v5.18", "v6.4", "v6.5", "v6.7", "v7.1");
	RUN(from_7_1, "v7.1", "v7.2");
	RUN(from_7_2, "v7.2");
	RUN(never, FROM_5_18);
}

/* The same, sockets that are told apart by more than the family. */
static void test_iter_rare(void **state)
{
	/* The rest of 7.2's, not reachable on most machines: x25_proto_ops, kcm_dgram_ops, ... pvc_proto_ops.
	 */
	static const struct row rare[] = {
		ITER_NOLEN(X25, "262"),	       ITER_NOLEN(KCM, "281"),	  ITER_NOLEN(MCTP, "285"),
		ITER_NOLEN(TIPC, "271"),       ITER_NOLEN(RDS, "276"),	  ITER_NOLEN(IUCV, "277"),
		ITER_NOLEN(PPPOX_L2TP, "273"), ITER_NOLEN(ATMPVC, "264"),
	};

	RUN(rare, "v7.2");
}

static void test_iter_siblings(void **state)
{
	/* Siblings of iter sockets, by type or protocol: packet_ops_spkt, vsock_dgram_ops, bcm_ops,
	 * isotp_ops, bnep_sock_ops, pppoe_ops. */
	static const struct row siblings[] = {
		NO_OP(PACKET_SPKT, "263"),	  NO_OP(VSOCK_DGRAM, "40"), NO_OP(CAN_BCM_SOCK, "100"),
		OLD_NOLEN(CAN_ISOTP_SOCK, "106"), NO_OP(BT_BNEP, "274"),    NO_OP(PPPOX_OE, "273"),
	};

	RUN(siblings, FROM_5_18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_to_5_17),	cmocka_unit_test(test_set_to_5_17),
		cmocka_unit_test(test_descriptor),	cmocka_unit_test(test_set_5_3),
		cmocka_unit_test(test_set_5_4),		cmocka_unit_test(test_set_to_5_7),
		cmocka_unit_test(test_get_to_5_7),	cmocka_unit_test(test_set_5_8_to_5_17),
		cmocka_unit_test(test_get_5_8_to_5_17), cmocka_unit_test(test_null_5_8),
		cmocka_unit_test(test_null_5_10_180),	cmocka_unit_test(test_get_from_5_18),
		cmocka_unit_test(test_set_from_5_18),	cmocka_unit_test(test_large_to_6_4),
		cmocka_unit_test(test_large_from_6_5),	cmocka_unit_test(test_null_5_18),
		cmocka_unit_test(test_null_from_6_4),	cmocka_unit_test(test_iter),
		cmocka_unit_test(test_iter_rare),	cmocka_unit_test(test_iter_siblings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
