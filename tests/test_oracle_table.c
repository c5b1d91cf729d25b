// SPDX-License-Identifier: MIT
/*
 * The oracle against answers that people worked out. Every row was written by hand from kernel/bpf/cgroup.c,
 * net/socket.c and the published document; the oracle is driven only through its two doors, with hand-made
 * handler results, so a row and the oracle can only agree if both read the same contract.
 * When a row fails, find out from the kernel's source who is wrong before changing either.
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
#include "oracle/clauses.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define KERNEL "v6.7"
#define DOC    "doc"

/* What the handler must receive. */
enum planned {
	P_ANY,	 /* not checked */
	P_NONE,	 /* it must not run */
	P_USER,	 /* the user's own pointer */
	P_COPY,	 /* the programs' bytes */
	P_EITHER /* it runs, the bytes are those of .bytes; whose memory they lie in is open */
};

/* Parts of a row that are not checked (the document is silent there, or memory after a partial fault). */
enum { NO_RET = 1, NO_OPTLEN = 2, NO_MEM = 4 };

struct row {
	const char *what;  /* the claim, short */
	const char *a, *b; /* programs of cgroups a and a/b; b NULL: there is only a */
	const char *sock;  /* NULL: a TCP socket in the lowest cgroup */
	const char *call;
	uint32_t page; /* 0: 4096 */

	/* What the handler did, if it runs: result, *optlen after it, bytes that it wrote at the buffer's
	 * start. */
	int64_t hret;
	int32_t hlen;
	const char *hmem;

	enum planned plan;
	bool ip;		 /* the plan's level is SOL_IP, not the user's */
	int32_t optname, optlen; /* of the plan; optname 0: the user's */
	bool len_user;		 /* plan's optlen is the user's */
	const char *bytes;	 /* hex, then zeros up to optlen */

	int64_t ret;
	int32_t len;	  /* the user's optlen afterwards (getsockopt) */
	const char *mem;  /* hex over what handler or user left at the buffer's start */
	uint32_t zeros;	  /* after it, zeros up to this length */
	const char *seen; /* NULL: not checked; "": no program runs; else see seen_check */
	unsigned clause;  /* must be among the hits; 0: not checked */
	unsigned no;	  /* NO_* */
};

static int failed;

static void complain(const struct row *r, const char *profile, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "[%s] %s: ", profile, r->what);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n    %s\n", r->call);
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

	snprintf(text, sizeof(text), "cgroup a { %s }\n%s%s%s%s\n%s\n", r->a ? r->a : "",
		 r->b ? "cgroup a/b { " : "", r->b ? r->b : "", r->b ? " }\n" : "",
		 r->sock ? r->sock
		 : r->b	 ? "s = socket(AF_INET, SOCK_STREAM, 0) in a/b"
			 : "s = socket(AF_INET, SOCK_STREAM, 0) in a",
		 r->call);
	if (tcase_parse(text, strlen(text), "row", tc, NULL, &d))
		fail_msg("%s: %d:%d: %s in\n%s", r->what, d.line, d.col, d.message, text);
}

/*
 * The programs of `seen` in running order, separated by '|': "a" or "b" and the slot, then any of level=,
 * optname=, optlen=, retval=, size=, bytes=HEX and zeros (the rest of the window). level and optname that are
 * not given are the user's.
 */
static void seen_check(const struct row *r, const char *profile, const struct tc_call *c,
		       const struct want *w)
{
	char text[512], *line, *save = NULL, *word, *words;
	unsigned i = 0;

	snprintf(text, sizeof(text), "%s", r->seen);
	for (line = strtok_r(text, "|", &save); line; line = strtok_r(NULL, "|", &save), i++) {
		const struct want_seen *s = &w->seen[i];
		int64_t level = c->level, optname = c->optname, v;
		uint8_t bytes[256];
		unsigned n = 0, id = 0;
		bool zeros = false;

		if (i >= w->n_seen) {
			complain(r, profile, "only %u programs run", w->n_seen);
			return;
		}
		for (word = strtok_r(line, " ", &words); word; word = strtok_r(NULL, " ", &words)) {
			char *eq = strchr(word, '=');

			v = eq ? strtoll(eq + 1, NULL, 0) : 0;
			if (!eq && !strcmp(word, "zeros"))
				zeros = true;
			else if (!eq)
				id = (word[0] - 'a') * TC_MAX_SLOTS + (word[1] - '0');
			else if (!strncmp(word, "level=", 6))
				level = v;
			else if (!strncmp(word, "optname=", 8))
				optname = v;
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
		if (s->level != level || s->optname != optname || s->any & SEEN_ANY_ARGS)
			complain(r, profile, "program %u sees level %d optname %d", i, s->level, s->optname);
		if (n > s->size || (n && memcmp(s->bytes, bytes, n)))
			complain(r, profile, "program %u sees other bytes", i);
		for (unsigned k = 0; s->mask && k < (zeros ? s->size : n); k++)
			if (s->mask[k]) {
				complain(r, profile, "program %u: byte %u is free", i, k);
				break;
			}
		for (unsigned k = n; zeros && k < s->size; k++)
			if (s->bytes[k]) {
				complain(r, profile, "program %u sees byte %u of %u not zero", i, k, s->size);
				break;
			}
	}
	if (w->n_seen != i)
		complain(r, profile, "%u programs run, not %u", w->n_seen, i);
}

static void plan_check(const struct row *r, const char *profile, const struct tc_call *c,
		       const struct plan *p)
{
	static uint8_t bytes[TC_MAX_BUF], image[TC_MAX_BUF];
	int32_t level = r->ip ? SOL_IP : c->level, optname = r->optname ? r->optname : c->optname;
	int32_t optlen = r->len_user ? c->optlen : r->optlen;

	if (r->plan == P_ANY)
		return;
	if (p->called != (r->plan != P_NONE)) {
		complain(r, profile, "the handler %s", p->called ? "is called" : "is not called");
		return;
	}
	if (!p->called)
		return;
	if (r->plan != P_EITHER && p->kernel_buf != (r->plan == P_COPY))
		complain(r, profile, "the handler gets the %s buffer",
			 p->kernel_buf ? "programs'" : "user's");
	if (p->level != level || p->optname != optname)
		complain(r, profile, "the handler gets level %d optname %d", p->level, p->optname);
	if (!c->optlen_null && p->optlen != optlen)
		complain(r, profile, "the handler gets optlen %d, not %d", p->optlen, optlen);
	if (r->plan == P_USER || p->optlen <= 0)
		return;
	memset(bytes, 0, sizeof(bytes));
	unhex(r->bytes, bytes);
	if (p->kernel_buf) {
		if (memcmp(p->bytes, bytes, p->optlen))
			complain(r, profile, "the handler gets other bytes");
		return;
	}
	tc_buf_image(&c->buf, image, p->optlen);
	if (memcmp(image, bytes, p->optlen))
		complain(r, profile, "the handler gets other bytes, from the user's buffer");
}

static void mem_check(const struct row *r, const char *profile, const struct tc_call *c, const struct want *w,
		      const uint8_t *left)
{
	static uint8_t want[TC_MAX_BUF + TC_PAST], image[TC_MAX_BUF + TC_PAST];
	uint32_t n = c->buf.place == BUF_NULL ? 0 : c->buf.size + (c->buf.place == BUF_EDGE ? 0 : TC_PAST);
	uint32_t i, k, sure;
	uint8_t wrote[256];

	tc_buf_image(&c->buf, image, n);
	memcpy(want, left ? left : image, n);
	k = unhex(r->mem, want);
	for (; k < r->zeros; k++)
		want[k] = 0;
	/* The document is held only to the bytes that the row spells out. */
	sure = unhex(r->hmem, wrote);
	sure = strcmp(profile, DOC) ? n : k > sure ? k : sure;
	for (i = 0; i < n; i++) {
		if (i < w->n_out ? w->out_mask && w->out_mask[i] : w->any & ANY_MEM && i < c->buf.size) {
			if (i >= sure)
				continue;
			complain(r, profile, "memory byte %u is free", i);
			return;
		}
		uint8_t got = i < w->n_out ? w->out[i] : w->base ? w->base[i] : image[i];

		if (got != want[i]) {
			complain(r, profile, "memory byte %u is %02x, not %02x", i, got, want[i]);
			return;
		}
	}
}

static const char *hits_names(const struct want *w)
{
	static char names[1024];
	size_t n = 0;

	names[0] = 0;
	for (unsigned c = 1; c < C_COUNT; c++)
		if (clause_has(&w->hits, c))
			n += snprintf(names + n, sizeof(names) - n, " %s", clause_info(c)->name);
	return names;
}

static void run_row(const struct row *r, const char *profile)
{
	static struct tcase tc;
	static uint8_t left[TC_MAX_BUF + TC_PAST];
	const struct profile *p = profile_find(profile);
	struct oracle *o = oracle_new(p, r->page ? r->page : 4096);
	struct handler_result hr = {.ret = r->hret, .optlen = r->hlen};
	const struct tc_call *c = &tc.call[0];
	struct plan plan;
	const struct want *w;
	bool get;

	assert_non_null(o);
	case_make(r, &tc);
	get = c->hook == HOOK_GET;
	oracle_begin(o, &tc);
	memset(&plan, 0xee, sizeof(plan));
	oracle_plan(o, 0, &plan);
	plan_check(r, profile, c, &plan);

	tc_buf_image(&c->buf, left, c->buf.size + TC_PAST);
	unhex(r->hmem, left);
	hr.mem = c->buf.place == BUF_NULL ? NULL : left;
	w = oracle_predict(o, plan.called ? &hr : NULL);

	if (!(r->no & NO_RET) && (w->any & ANY_RET || w->ret != r->ret))
		complain(r, profile, "result %lld%s, not %lld", (long long)w->ret,
			 w->any & ANY_RET ? " (free)" : "", (long long)r->ret);
	if (get && !c->optlen_null && !(r->no & NO_OPTLEN) && (w->any & ANY_OPTLEN || w->optlen != r->len))
		complain(r, profile, "optlen %d%s, not %d", w->optlen, w->any & ANY_OPTLEN ? " (free)" : "",
			 r->len);
	if (!(r->no & NO_MEM))
		mem_check(r, profile, c, w, plan.called && get ? left : NULL);
	if (r->seen) {
		if (w->any & ANY_SEEN_TAIL)
			complain(r, profile, "whether more programs run is free");
		else
			seen_check(r, profile, c, w);
	}
	if (w->lost)
		complain(r, profile, "the case is given up");
	if (r->clause && !clause_has(&w->hits, r->clause))
		complain(r, profile, "%s has no say, but%s", clause_info(r->clause)->name, hits_names(w));
	oracle_free(o);
}

static void run_rows(const struct row *rows, size_t n, const char *profile)
{
	failed = 0;
	for (size_t i = 0; i < n; i++)
		run_row(&rows[i], profile);
	if (failed)
		fail_msg("%d complaints", failed);
}

#define RUN(rows, profile) run_rows(rows, sizeof(rows) / sizeof((rows)[0]), profile)

/* Short names for what most rows say. 234 is a level that no handler knows. */
#define SET4(value)	  "setsockopt(s, 234, IP_TOS, i32 " #value ", optlen 4)"
#define GET(size, optlen) "getsockopt(s, 234, 7, buf " #size ", optlen " #optlen ")"
#define OK_COPY(len, hex) .plan = P_COPY, .optlen = len, .bytes = hex
#define OK_USER		  .plan = P_USER, .len_user = true
#define FAILED95	  .plan = P_USER, .len_user = true, .hret = -EOPNOTSUPP
#define TTL64		  .plan = P_USER, .len_user = true, .hlen = 4, .hmem = "40000000"

/*
 * The table of __cgroup_bpf_run_filter_setsockopt (Linux 6.12): the user calls level 234 with first byte 0x20
 * and length U; the program makes the level SOL_IP and leaves optlen L. S: success, no handler; F: EFAULT; K:
 * the handler gets SOL_IP and the programs' L bytes; O: SOL_IP, the user's buffer and U; I: everything as the
 * user said.
 */
struct cell_column {
	int u;
	const char *cells; /* one letter a row of L */
};

static void run_cells(uint32_t page, const int *ls, const struct cell_column *columns, size_t n)
{
	static char call[256], prog[128], what[64];

	failed = 0;
	for (size_t c = 0; c < n; c++)
		for (size_t l = 0; columns[c].cells[l]; l++) {
			int u = columns[c].u, len = ls[l];
			struct row r = {.what = what, .a = prog, .call = call, .page = page};

			snprintf(what, sizeof(what), "page %u, U %d, L %d", page, u, len);
			snprintf(prog, sizeof(prog), "setsockopt: level = SOL_IP; optlen = %d;", len);
			snprintf(call, sizeof(call),
				 "setsockopt(s, 234, IP_TOS, u8 0x20 fill 0x00 size %d, optlen %d)",
				 u ? u : 1, u);
			switch (columns[c].cells[l]) {
			case 'S':
				r.plan = P_NONE;
				r.clause = C_SET_OPTLEN_BYPASS;
				break;
			case 'F':
				r.plan = P_NONE;
				r.ret = -EFAULT;
				r.clause = u > (int)page ? C_SET_LARGE_NEGATIVE : C_SET_OPTLEN_RANGE;
				break;
			case 'K':
				r.plan = P_COPY;
				r.optlen = len;
				r.bytes = u ? "20" : NULL;
				r.clause = u > (int)page ? C_SET_LARGE_TRIMMED
					   : len > u	 ? C_SET_OPTLEN_GROW
							 : C_SET_REWRITE;
				break;
			case 'O':
				r.plan = P_USER;
				r.optlen = u;
				r.clause = u > (int)page ? C_SET_LARGE_ZERO : C_SET_OPTLEN_ZERO;
				break;
			case 'I':
				r.plan = P_USER;
				r.optlen = u;
				r.clause = C_SET_LARGE_IGNORED;
				break;
			}
			r.ip = r.plan == P_COPY || columns[c].cells[l] == 'O';
			run_row(&r, KERNEL);
		}
	if (failed)
		fail_msg("%d complaints", failed);
}

static void test_set_table_4096(void **state)
{
	static const int ls[] = {-1, -2, INT_MIN, 0, 1, 4, 16, 17, 64, 4096, 4097, 5000, INT_MAX};
	static const struct cell_column columns[] = {
		{0, "SFFOKKKFFFFFF"},	 {1, "SFFOKKKFFFFFF"},	  {4, "SFFOKKKFFFFFF"},
		{16, "SFFOKKKFFFFFF"},	 {17, "SFFOKKKKFFFFF"},	  {64, "SFFOKKKKKFFFF"},
		{4096, "SFFOKKKKKKFFF"}, {4097, "SFFOKKKKKKIII"}, {5000, "SFFOKKKKKKIII"},
	};

	run_cells(4096, ls, columns, sizeof(columns) / sizeof(columns[0]));
}

static void test_set_table_65536(void **state)
{
	static const int ls[] = {-1, -2, INT_MIN, 0, 16, 17, 4096, 4097, 5000, 5001, 65536, 65537, INT_MAX};
	static const struct cell_column columns[] = {
		{0, "SFFOKFFFFFFFF"},	  {4, "SFFOKFFFFFFFF"},	     {4096, "SFFOKKKFFFFFF"},
		{4097, "SFFOKKKKFFFFF"},  {5000, "SFFOKKKKKFFFF"},   {65536, "SFFOKKKKKKKFF"},
		{65537, "SFFOKKKKKKKII"}, {131072, "SFFOKKKKKKKII"},
	};

	run_cells(65536, ls, columns, sizeof(columns) / sizeof(columns[0]));
}

/* What setsockopt programs see, and the ends that come before them (do_sock_setsockopt). */
static void test_set_entry(void **state)
{
	static const struct row rows[] = {
		{"4 bytes: window 16, zeros after them", "setsockopt: return 1", .call = SET4(32),
		 OK_COPY(4, "20"), .seen = "a0 optlen=4 size=16 retval=0 bytes=20 zeros",
		 .clause = C_SET_WINDOW_MIN16},
		{"the user's bytes past optlen are not seen", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, hex 01020304ffffffff, optlen 3)", OK_COPY(3, "010203"),
		 .seen = "a0 optlen=3 size=16 bytes=010203 zeros", .clause = C_SET_WINDOW_ZEROS},
		{"nothing: window 16 of zeros; the handler gets the user's pointer and 0",
		 "setsockopt: return 1", .call = "setsockopt(s, 234, 5, NULL, optlen 0)", OK_USER,
		 .seen = "a0 optlen=0 size=16 retval=0 zeros", .clause = C_SET_OPTLEN_ZERO},
		{"17 bytes: window 17", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 17, optlen 17)", OK_COPY(17, "09"),
		 .seen = "a0 optlen=17 size=17 bytes=09 zeros"},
		{"a page: all of it", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 4096, optlen 4096)", OK_COPY(4096, "09"),
		 .seen = "a0 optlen=4096 size=4096 bytes=09 zeros"},
		{"more than a page: a page of it, optlen in full; left alone it is ignored",
		 "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 5000, optlen 5000)", OK_USER,
		 .seen = "a0 optlen=5000 size=4096 bytes=09 zeros", .clause = C_SET_WINDOW_PAGE},
		{"5000 bytes are not more than a page of 65536", "setsockopt: return 1", .page = 65536,
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 5000, optlen 5000)", OK_COPY(5000, "09"),
		 .seen = "a0 optlen=5000 size=5000 bytes=09 zeros"},
		{"65537 bytes are more than a page of 65536", "setsockopt: return 1", .page = 65536,
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 65537, optlen 65537)", OK_USER,
		 .seen = "a0 optlen=65537 size=65536 bytes=09 zeros", .clause = C_SET_WINDOW_PAGE},
		{"optlen -1 from the user: EINVAL, nothing runs", "setsockopt: optlen = -1",
		 .call = "setsockopt(s, 234, 5, i32 1, optlen -1)", .plan = P_NONE, .ret = -EINVAL,
		 .seen = "", .clause = C_SET_OPTLEN_NEGATIVE},
		{"optlen INT_MIN from the user", "setsockopt: set_retval(1)",
		 .call = "setsockopt(s, 234, 5, NULL, optlen -2147483648)", .plan = P_NONE, .ret = -EINVAL,
		 .seen = "", .clause = C_SET_OPTLEN_NEGATIVE},
		{"NULL with a length: EFAULT, nothing runs", "setsockopt: set_retval(1)",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 1)", .plan = P_NONE, .ret = -EFAULT, .seen = "",
		 .clause = C_SET_OPTVAL_FAULT},
		{"one byte past the mapping", "setsockopt: set_retval(1)",
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 5)", .plan = P_NONE, .ret = -EFAULT,
		 .seen = "", .clause = C_SET_OPTVAL_FAULT},
		{"the whole of an edge buffer can be read", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 4)", OK_COPY(4, "01"),
		 .seen = "a0 optlen=4 size=16"},
		{"INT_MAX over 4 bytes at an edge", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, i32 1 edge, optlen 2147483647)", .plan = P_NONE,
		 .ret = -EFAULT, .seen = ""},
		{"only the first page is read", "setsockopt: return 1",
		 .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 4096 edge, optlen 2147483647)", OK_USER,
		 .seen = "a0 optlen=2147483647 size=4096 bytes=09"},
		{"with pages of 65536, 4096 readable bytes are not enough", "setsockopt: return 1",
		 .page = 65536, .call = "setsockopt(s, 234, 5, u8 9 fill 0x00 size 4096 edge, optlen 5000)",
		 .plan = P_NONE, .ret = -EFAULT, .seen = "", .clause = C_SET_OPTVAL_FAULT},
		{"a read-only buffer is as good as any", "setsockopt: optval[0] = u8 8",
		 .call = "setsockopt(s, 234, 5, i32 32 readonly, optlen 4)", OK_COPY(4, "08"),
		 .clause = C_SET_REWRITE},
		{"a bad descriptor comes before everything", "setsockopt: set_retval(1)",
		 .call = "setsockopt(badfd, 234, 5, NULL, optlen -1)", .ret = -EBADF, .seen = "",
		 .clause = C_HOOK_BADFD},
		{"outside: the handler alone", "setsockopt: return 0",
		 .sock = "s = socket(AF_INET, SOCK_STREAM, 0) outside", .call = SET4(32), OK_USER,
		 .hret = -ENOPROTOOPT, .ret = -ENOPROTOOPT, .seen = "", .clause = C_HOOK_NONE},
		{"outside: nobody reads NULL before the handler", "setsockopt: return 0",
		 .sock = "s = socket(AF_INET, SOCK_STREAM, 0) outside",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 4)", OK_USER, .hret = -ENOPROTOOPT,
		 .ret = -ENOPROTOOPT, .seen = ""},
		{"only a getsockopt program: setsockopt is the handler's alone", "getsockopt: return 0",
		 .call = SET4(32), OK_USER, .seen = "", .clause = C_HOOK_NONE},
	};

	RUN(rows, KERNEL);
}

/* What reaches the handler, and whose result it is. */
static void test_set_rewrite(void **state)
{
	static const struct row rows[] = {
		{"all four rewritten",
		 "setsockopt: level = SOL_IP; optname = 2; optval[1] = u16 0x4142; optlen = 3",
		 .call = "setsockopt(s, 234, 5, i32 32, optlen 4)", OK_COPY(3, "204241"), .ip = true,
		 .optname = 2, .clause = C_SET_REWRITE},
		{"the handler's refusal is the call's", "setsockopt: return 1", .call = SET4(32),
		 OK_COPY(4, "20"), .hret = -EINVAL, .ret = -EINVAL, .clause = C_SET_RESULT},
		{"bytes written past optlen come with a grown optlen",
		 "setsockopt: optval[4] = i32 7; optlen = 8", .call = SET4(1), OK_COPY(8, "0100000007"),
		 .clause = C_SET_OPTLEN_GROW},
		{"grown from nothing", "setsockopt: optval[0] = u8 9; optlen = 16",
		 .call = "setsockopt(s, 234, 5, NULL, optlen 0)", OK_COPY(16, "09"),
		 .clause = C_SET_OPTLEN_GROW},
		{"a write that does not fit the window is not made",
		 "setsockopt: optval[14] = i32 -1; optval[12] = i32 5; optlen = 16", .call = SET4(1),
		 OK_COPY(16, "01000000000000000000000005")},
		{"optlen 0: the edit is lost, level and optname are not",
		 "setsockopt: optval[0] = u8 9; optname = 2; optlen = 0", .call = SET4(32), OK_USER,
		 .optname = 2, .clause = C_SET_OPTLEN_ZERO},
		{"-1 loses all of it", "setsockopt: level = SOL_IP; optval[0] = u8 9; optlen = -1",
		 .call = SET4(32), .plan = P_NONE, .clause = C_SET_OPTLEN_BYPASS},
		{"large and 0: level and optname are kept",
		 "setsockopt: optval[0] = u8 9; optname = 2; optlen = 0",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", OK_USER,
		 .optname = 2, .clause = C_SET_LARGE_ZERO},
		{"large and ignored: level and optname are not",
		 "setsockopt: optval[0] = u8 9; optname = 2; level = SOL_IP",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", OK_USER,
		 .clause = C_SET_LARGE_IGNORED},
		{"large and trimmed", "setsockopt: optval[4096] = u8 9; optname = 2; optlen = 4096",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)",
		 OK_COPY(4096, "20"), .optname = 2, .seen = "a0 optlen=5000 size=4096 bytes=20 zeros",
		 .clause = C_SET_LARGE_TRIMMED},
	};

	RUN(rows, KERNEL);
}

/* The choice of the errno, bpf_prog_run_array_cg since 5.18; errnos are -4095 to -1. */
static void test_set_errno(void **state)
{
	static const struct row rows[] = {
		{"return 0", "setsockopt: return 0", .call = SET4(32), .plan = P_NONE, .ret = -EPERM,
		 .clause = C_SET_RETURN_ZERO},
		{"two return 0; the second sees -EPERM", "setsockopt: return 0", "setsockopt: return 0",
		 .call = SET4(32), .plan = P_NONE, .ret = -EPERM, .seen = "b0 retval=0 | a0 retval=-1",
		 .clause = C_CHAIN_REJECTED},
		{"the child refuses, the parent undoes", "setsockopt: set_retval(0)", "setsockopt: return 0",
		 .call = SET4(32), OK_COPY(4, "20"), .clause = C_CHAIN_UNDONE},
		{"the child refuses, the parent answers", "setsockopt: set_retval(7)", "setsockopt: return 0",
		 .call = SET4(32), .plan = P_NONE, .ret = 0, .clause = C_SET_RETVAL_POSITIVE},
		{"the child refuses, the parent names an errno", "setsockopt: set_retval(-105)",
		 "setsockopt: return 0", .call = SET4(32), .plan = P_NONE, .ret = -ENOBUFS},
		{"the parent refuses a good chain", "setsockopt: return 0", "setsockopt: return 1",
		 .call = SET4(32), .plan = P_NONE, .ret = -EPERM},
		{"errno and return 0", "setsockopt: set_retval(-105); return 0", .call = SET4(32),
		 .plan = P_NONE, .ret = -ENOBUFS, .clause = C_SET_REJECT_ERRNO},
		{"errno and return 1", "setsockopt: set_retval(-105)", .call = SET4(32), .plan = P_NONE,
		 .ret = -ENOBUFS, .clause = C_SET_RETVAL_NEGATIVE},
		{"two errnos: the last", "setsockopt: set_retval(-110)", "setsockopt: set_retval(-105)",
		 .call = SET4(32), .plan = P_NONE, .ret = -ETIMEDOUT, .seen = "b0 retval=0 | a0 retval=-105"},
		{"the child's errno, the parent's return 0", "setsockopt: return 0",
		 "setsockopt: set_retval(-105)", .call = SET4(32), .plan = P_NONE, .ret = -ENOBUFS},
		{"the child's errno, undone and refused by the parent", "setsockopt: set_retval(0); return 0",
		 "setsockopt: set_retval(-105)", .call = SET4(32), .plan = P_NONE, .ret = -EPERM},
		{"written back unchanged", "setsockopt: retval = retval; return 0",
		 "setsockopt: set_retval(-105)", .call = SET4(32), .plan = P_NONE, .ret = -ENOBUFS},
		{"-5000", "setsockopt: set_retval(-5000)", .call = SET4(32), .plan = P_NONE, .ret = -5000,
		 .clause = C_SET_RETVAL_RAW},
		{"-5000 and return 0", "setsockopt: set_retval(-5000); return 0", .call = SET4(32),
		 .plan = P_NONE, .ret = -EPERM, .clause = C_SET_RETVAL_RAW},
		{"INT_MIN", "setsockopt: set_retval(-2147483648)", .call = SET4(32), .plan = P_NONE,
		 .ret = INT_MIN},
		{"-4095 is an errno", "setsockopt: set_retval(-4095); return 0", .call = SET4(32),
		 .plan = P_NONE, .ret = -4095},
		{"-4096 is none", "setsockopt: set_retval(-4096); return 0", .call = SET4(32), .plan = P_NONE,
		 .ret = -EPERM},
		{"-4096 and return 1", "setsockopt: set_retval(-4096)", .call = SET4(32), .plan = P_NONE,
		 .ret = -4096},
		{"positive", "setsockopt: set_retval(5)", .call = SET4(32), .plan = P_NONE, .ret = 0,
		 .clause = C_SET_RETVAL_POSITIVE},
		{"positive and return 0", "setsockopt: set_retval(5); return 0", .call = SET4(32),
		 .plan = P_NONE, .ret = -EPERM},
		{"an errno before an optlen out of range", "setsockopt: optlen = 9999; return 0",
		 .call = SET4(32), .plan = P_NONE, .ret = -EPERM, .clause = C_SET_RETVAL_FIRST},
		{"an errno before a bypass", "setsockopt: optlen = -1; return 0", .call = SET4(32),
		 .plan = P_NONE, .ret = -EPERM, .clause = C_SET_RETVAL_FIRST},
		{"a positive retval before an optlen out of range", "setsockopt: optlen = -2; set_retval(1)",
		 .call = SET4(32), .plan = P_NONE, .ret = 0, .clause = C_SET_RETVAL_FIRST},
		{"an errno before a large length is ignored", "setsockopt: return 0",
		 .call = "setsockopt(s, 234, 5, buf 5000, optlen 5000)", .plan = P_NONE, .ret = -EPERM},
		{"retval 0 set on purpose changes nothing", "setsockopt: set_retval(0)", .call = SET4(32),
		 OK_COPY(4, "20")},
	};

	RUN(rows, KERNEL);
}

/* Who runs, in which order, and what is shared (compute_effective_progs, bpf_prog_run_array_cg). */
static void test_chain(void **state)
{
	static const struct row rows[] = {
		{"the child first, then the parent", "setsockopt: return 1", "setsockopt: return 1",
		 .call = SET4(32), OK_COPY(4, "20"), .seen = "b0 | a0", .clause = C_CHAIN_ORDER},
		{"in one cgroup as attached",
		 "getsockopt: return 1; getsockopt: return 1; getsockopt: return 1",
		 "getsockopt: return 1; getsockopt: return 1", .call = GET(4, 4), FAILED95, .hlen = 4,
		 .ret = -EOPNOTSUPP, .len = 4, .seen = "b0 | b1 | a0 | a1 | a2", .clause = C_CHAIN_SLOT},
		{"after a refusal the rest runs too", "setsockopt: return 1",
		 "setsockopt: return 0; setsockopt: return 1", .call = SET4(32), .plan = P_NONE,
		 .ret = -EPERM, .seen = "b0 retval=0 | b1 retval=-1 | a0 retval=-1", .clause = C_CHAIN_ALL},
		{"override below: the parent does not run", "setsockopt override: return 0",
		 "setsockopt override: return 1", .call = SET4(32), OK_COPY(4, "20"), .seen = "b0",
		 .clause = C_CHAIN_MODE},
		{"override above multi: the parent does not run", "setsockopt override: return 0",
		 "setsockopt multi: return 1", .call = SET4(32), OK_COPY(4, "20"), .seen = "b0",
		 .clause = C_CHAIN_MODE},
		{"override above nothing: it runs", "setsockopt override: return 0", "", .call = SET4(32),
		 .plan = P_NONE, .ret = -EPERM, .seen = "a0"},
		{"none above nothing: it runs", "setsockopt none: return 0", "", .call = SET4(32),
		 .plan = P_NONE, .ret = -EPERM, .seen = "a0"},
		{"multi above override: both run", "setsockopt multi: return 1",
		 "setsockopt override: return 1", .call = SET4(32), OK_COPY(4, "20"), .seen = "b0 | a0"},
		{"a parent's socket does not meet the child's program", "setsockopt: return 1",
		 "setsockopt: return 0", .sock = "s = socket(AF_INET, SOCK_STREAM, 0) in a", .call = SET4(32),
		 OK_COPY(4, "20"), .seen = "a0", .clause = C_HOOK_CGROUP},
		{"arguments and bytes are passed up, the window stays", "setsockopt: return 1",
		 "setsockopt: level = SOL_IP; optname = 2; optval[9] = u8 9; optlen = 1", .call = SET4(32),
		 OK_COPY(1, "20"), .ip = true, .optname = 2,
		 .seen = "b0 optlen=4 size=16 | a0 level=0 optname=2 optlen=1 size=16 "
			 "bytes=20000000000000000009 zeros",
		 .clause = C_CHAIN_WINDOW},
		{"a -1 is seen and taken back", "setsockopt: optlen = 4", "setsockopt: optlen = -1",
		 .call = SET4(32), OK_COPY(4, "20"), .seen = "b0 optlen=4 | a0 optlen=-1 size=16",
		 .clause = C_CHAIN_FINAL},
		{"an optlen out of range is taken back", "setsockopt: optlen = 4",
		 "setsockopt: optlen = 9999", .call = SET4(32), OK_COPY(4, "20"),
		 .seen = "b0 | a0 optlen=9999 size=16", .clause = C_CHAIN_FINAL},
		{"the last one's -1 counts", "setsockopt: optlen = -1", "setsockopt: optlen = 9999",
		 .call = SET4(32), .plan = P_NONE},
		{"getsockopt passes up retval, optlen and bytes", "getsockopt: return 1",
		 "getsockopt: retval = 0; optval[1] = u8 7; optlen = 2", .call = GET(4, 4), FAILED95,
		 .len = 2, .mem = "0007",
		 .seen = "b0 optlen=4 size=4 retval=-95 zeros | a0 optlen=2 size=4 retval=0 bytes=0007 zeros",
		 .clause = C_CHAIN_RETVAL},
		{"a refused getsockopt shows -EPERM to the parent", "getsockopt: retval = 6",
		 "getsockopt: return 0", .call = GET(4, 4), TTL64, .ret = 6, .len = 4,
		 .seen = "b0 retval=0 | a0 retval=-1", .clause = C_CHAIN_REJECTED},
		{"a handler's errno is what the parent of a refusal sees", "getsockopt: return 1",
		 "getsockopt: return 0", .call = GET(4, 4), FAILED95, .hlen = 4, .ret = -EOPNOTSUPP, .len = 4,
		 .seen = "b0 retval=-95 | a0 retval=-95"},
		{"conditions: signed, and false past the window",
		 "setsockopt: if optval[16] == 0 { return 0 } if optval[16] != 0 { return 0 } if optlen > -1 "
		 "&& optlen < 5 { optlen = -1 }",
		 .call = SET4(32), .plan = P_NONE},
		{"conditions on bytes are unsigned", "setsockopt: if optval[0] > 127 { optlen = -1 }",
		 .call = "setsockopt(s, 234, 5, u8 0x80, optlen 1)", .plan = P_NONE},
	};

	RUN(rows, KERNEL);
}

/* getsockopt before the programs, and what they see (__cgroup_bpf_run_filter_getsockopt, first half). */
static void test_get_entry(void **state)
{
	static const struct row rows[] = {
		{"the handler's answer", "getsockopt: return 1", .call = GET(8, 8), TTL64, .len = 4,
		 .seen = "a0 optlen=4 size=8 retval=0 bytes=40 zeros", .clause = C_GET_AFTER},
		{"past the answer zeros, not the user's bytes", "getsockopt: return 1",
		 .call = "getsockopt(s, 234, 7, hex 0102030405060708, optlen 8)", OK_USER, .hlen = 1,
		 .hmem = "40", .len = 1, .seen = "a0 optlen=1 size=8 bytes=40 zeros",
		 .clause = C_GET_WINDOW_ZEROS},
		{"a failed handler: zeros and the user's optlen", "getsockopt: return 1",
		 .call = "getsockopt(s, 234, 7, hex 01020304, optlen 4)", FAILED95, .hlen = 4,
		 .ret = -EOPNOTSUPP, .len = 4, .seen = "a0 optlen=4 size=4 retval=-95 zeros",
		 .clause = C_GET_ERROR_WINDOW},
		{"a failed handler's own optlen stays in the user's memory only", "getsockopt: return 1",
		 .call = GET(8, 8), OK_USER, .hret = -ERANGE, .hlen = 4400, .ret = -ERANGE, .len = 4400,
		 .seen = "a0 optlen=8 size=8 retval=-34 zeros"},
		{"a positive result counts as no success: zeros are copied", "getsockopt: return 1",
		 .call = GET(4, 4), OK_USER, .hret = 5, .hlen = 4, .hmem = "0102", .ret = 5, .len = 4,
		 .mem = "00000000", .seen = "a0 optlen=4 size=4 retval=5 zeros"},
		{"no minimum of 16: one byte", "getsockopt: return 1", .call = GET(1, 1), OK_USER, .hlen = 1,
		 .hmem = "40", .len = 1, .seen = "a0 optlen=1 size=1 bytes=40", .clause = C_GET_WINDOW_SIZE},
		{"an empty window", "getsockopt: retval = 9", .call = GET(4, 0), OK_USER, .hlen = 0, .ret = 9,
		 .len = 0, .seen = "a0 optlen=0 size=0 retval=0", .clause = C_GET_WINDOW_SIZE},
		{"a page is seen in full", "getsockopt: return 1", .call = GET(4096, 4096), OK_USER,
		 .hlen = 4, .hmem = "40000000", .len = 4, .seen = "a0 optlen=4 size=4096 bytes=40 zeros"},
		{"more than a page", "getsockopt: return 1", .call = GET(5000, 5000), TTL64, .len = 4,
		 .seen = "a0 optlen=4 size=4096 bytes=40 zeros", .clause = C_GET_WINDOW_PAGE},
		{"not more than a page of 65536", "getsockopt: return 1", .page = 65536,
		 .call = GET(5000, 5000), TTL64, .len = 4, .seen = "a0 optlen=4 size=5000 bytes=40 zeros"},
		{"more than a page of 65536", "getsockopt: return 1", .page = 65536,
		 .call = GET(65537, 65537), TTL64, .len = 4, .seen = "a0 optlen=4 size=65536 bytes=40 zeros",
		 .clause = C_GET_WINDOW_PAGE},
		{"optlen -1: EINVAL replaces the handler's errno", "getsockopt: retval = 1",
		 .call = GET(4, -1), FAILED95, .hlen = -1, .ret = -EINVAL, .len = -1, .seen = "",
		 .clause = C_GET_OPTLEN_NEGATIVE},
		{"optlen INT_MIN", "getsockopt: retval = 1", .call = GET(4, -2147483648), OK_USER,
		 .hret = -EINVAL, .hlen = INT_MIN, .ret = -EINVAL, .len = INT_MIN, .seen = "",
		 .clause = C_GET_OPTLEN_NEGATIVE},
		{"optlen -1 replaces even a success", "getsockopt: retval = 1", .call = GET(4, -1), OK_USER,
		 .hlen = 4, .ret = -EINVAL, .len = 4, .seen = ""},
		{"optlen -1 without a hook is the handler's", "setsockopt: return 1", .call = GET(4, -1),
		 FAILED95, .hlen = -1, .ret = -EOPNOTSUPP, .len = -1, .seen = "", .clause = C_HOOK_NONE},
		{"a negative length from the handler", "getsockopt: optlen = 0", .call = GET(4, 4), OK_USER,
		 .hlen = -5, .ret = -EFAULT, .len = -5, .seen = ""},
		{"an answer past the mapping cannot be read back", "getsockopt: optlen = 0",
		 .call = "getsockopt(s, 234, 7, buf 2 edge, optlen 3)", OK_USER, .hlen = 8, .ret = -EFAULT,
		 .len = 8, .seen = "", .clause = C_GET_COPYIN_FAULT},
		{"NULL cannot be read back", "getsockopt: optlen = 0",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 3)", OK_USER, .hlen = 8, .ret = -EFAULT,
		 .len = 8, .seen = "", .clause = C_GET_COPYIN_FAULT},
		{"of NULL nothing is read for an empty window", "getsockopt: return 1",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 0)", OK_USER, .hlen = 8, .len = 8,
		 .seen = "a0 optlen=8 size=0 retval=0", .clause = C_GET_NULL_OPTVAL},
		{"of NULL nothing is read for an empty answer", "getsockopt: retval = 2",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 4)", OK_USER, .hlen = 0, .ret = 2, .len = 0,
		 .seen = "a0 optlen=0 size=4 zeros"},
		{"NULL optlen: an empty window and the handler's errno", "getsockopt: return 1",
		 .call = "getsockopt(s, 234, 7, buf 4, optlen NULL)", .plan = P_USER, .hret = -EFAULT,
		 .ret = -EFAULT, .seen = "a0 optlen=0 size=0 retval=-14", .clause = C_GET_NULL_OPTLEN},
		{"NULL optlen turned into success", "getsockopt: retval = 0",
		 .call = "getsockopt(s, 234, 7, buf 4, optlen NULL)", .plan = P_USER, .hret = -EFAULT,
		 .ret = 0, .seen = "a0 optlen=0 size=0 retval=-14", .clause = C_GET_NULL_OPTLEN},
		{"NULL optlen and a length from the program", "getsockopt: retval = 0; optlen = 1",
		 .call = "getsockopt(s, 234, 7, buf 4, optlen NULL)", .plan = P_USER, .hret = -EFAULT,
		 .ret = -EFAULT},
		{"both NULL and a length from the program: it cannot be stored",
		 "getsockopt: retval = 0; optlen = 1", .call = "getsockopt(s, 234, 7, NULL, optlen NULL)",
		 .plan = P_USER, .hret = -EOPNOTSUPP, .ret = -EFAULT, .clause = C_GET_COPYOUT_FAULT},
		{"a bad descriptor", "getsockopt: retval = 1",
		 .call = "getsockopt(badfd, 234, 7, buf 4, optlen -1)", .ret = -EBADF, .len = -1, .seen = "",
		 .clause = C_HOOK_BADFD},
	};

	RUN(rows, KERNEL);
}

/* What the chain's end makes of optlen, retval and bytes (the same, second half). */
static void test_get_exit(void **state)
{
	static const struct row rows[] = {
		{"shortened: L bytes and L", "getsockopt: optval[0] = i32 0x04030201; optlen = 2",
		 .call = GET(8, 8), TTL64, .len = 2, .mem = "0102", .clause = C_GET_COPYOUT},
		{"raised up to the user's: zeros over the user's bytes", "getsockopt: optlen = 8",
		 .call = GET(12, 8), TTL64, .len = 8, .mem = "40", .zeros = 8, .clause = C_GET_OPTLEN_GROW},
		{"raised by one too many", "getsockopt: optlen = 9", .call = GET(12, 8), TTL64,
		 .ret = -EFAULT, .len = 4, .clause = C_GET_OPTLEN_RANGE},
		{"INT_MAX", "getsockopt: optlen = 2147483647", .call = GET(8, 8), TTL64, .ret = -EFAULT,
		 .len = 4, .clause = C_GET_OPTLEN_RANGE},
		{"-1 is no bypass", "getsockopt: optlen = -1", .call = GET(8, 8), TTL64, .ret = -EFAULT,
		 .len = 4, .clause = C_GET_OPTLEN_BELOW},
		{"INT_MIN", "getsockopt: optlen = -2147483648", .call = GET(8, 8), TTL64, .ret = -EFAULT,
		 .len = 4, .clause = C_GET_OPTLEN_BELOW},
		{"0: the handler's answer and length, the edit lost",
		 "getsockopt: optval[0] = u8 9; optlen = 0", .call = GET(8, 8), TTL64, .len = 4,
		 .clause = C_GET_OPTLEN_ZERO},
		{"0 with a retval", "getsockopt: optlen = 0; retval = 9", .call = GET(8, 8), TTL64, .ret = 9,
		 .len = 4, .clause = C_GET_OPTLEN_ZERO},
		{"an empty window cannot hold a byte", "getsockopt: optlen = 1", .call = GET(8, 0), OK_USER,
		 .hlen = 0, .ret = -EFAULT, .len = 0},
		{"a handler that reports more than the window", "getsockopt: return 1", .call = GET(8, 4),
		 OK_USER, .hlen = 8, .hmem = "01000000", .ret = -EFAULT, .len = 8,
		 .seen = "a0 optlen=8 size=4 bytes=01000000", .clause = C_GET_LONG_ANSWER},
		{"the same for an empty window", "getsockopt: return 1", .call = GET(8, 0), OK_USER,
		 .hlen = 8, .ret = -EFAULT, .len = 8, .clause = C_GET_LONG_ANSWER},
		{"repaired by the program", "getsockopt: optlen = 4", .call = GET(8, 4), OK_USER, .hlen = 8,
		 .hmem = "01000000", .len = 4},
		{"kept by the program's 0", "getsockopt: optlen = 0", .call = GET(8, 0), OK_USER, .hlen = 8,
		 .len = 8},
		{"a report above the page from a small buffer is ignored, not EFAULT",
		 "getsockopt: optval[0] = u8 9; retval = 3", .call = GET(8, 4), OK_USER, .hlen = 5000,
		 .hmem = "01000000", .ret = 0, .len = 5000, .clause = C_GET_LARGE_IGNORED},
		{"so is what a program makes of it beyond the window", "getsockopt: optlen = 5; retval = 3",
		 .call = GET(8, 4), OK_USER, .hlen = 5000, .hmem = "01000000", .ret = 0, .len = 5000,
		 .clause = C_GET_LARGE_IGNORED},
		{"a report of exactly a page is not above it", "getsockopt: return 1", .call = GET(8, 4),
		 OK_USER, .hlen = 4096, .ret = -EFAULT, .len = 4096},
		{"retval < 0: no copy, no optlen", "getsockopt: optval[0] = u8 9; optlen = 2; retval = -105",
		 .call = GET(8, 8), TTL64, .ret = -ENOBUFS, .len = 4, .clause = C_GET_RETVAL_NEGATIVE},
		{"retval < 0 before an optlen out of range", "getsockopt: optlen = 9999; retval = -105",
		 .call = GET(8, 8), TTL64, .ret = -ENOBUFS, .len = 4, .clause = C_GET_RETVAL_NEGATIVE},
		{"return 0 before an optlen out of range", "getsockopt: optlen = 9999; return 0",
		 .call = GET(8, 8), TTL64, .ret = -EPERM, .len = 4, .clause = C_GET_RETURN_ZERO},
		{"a refusal leaves the handler's answer with the user",
		 "getsockopt: optval[0] = u8 9; return 0", .call = GET(8, 8), TTL64, .ret = -EPERM, .len = 4,
		 .clause = C_GET_EXPOSED},
		{"a handler's errno survives return 0", "getsockopt: return 0", .call = GET(4, 4), FAILED95,
		 .hlen = 4, .ret = -EOPNOTSUPP, .len = 4, .clause = C_GET_REJECT_ERRNO},
		{"a set errno survives return 0", "getsockopt: retval = -105; return 0", .call = GET(8, 8),
		 TTL64, .ret = -ENOBUFS, .len = 4, .clause = C_GET_REJECT_ERRNO},
		{"the helper sets the same retval", "getsockopt: set_retval(-105); return 0",
		 .call = GET(8, 8), TTL64, .ret = -ENOBUFS, .len = 4},
		{"an answer turned positive", "getsockopt: retval = 1", .call = GET(8, 8), TTL64, .ret = 1,
		 .len = 4, .clause = C_GET_RETVAL_ANY},
		{"INT_MAX through the helper", "getsockopt: set_retval(2147483647)", .call = GET(8, 8), TTL64,
		 .ret = INT_MAX, .len = 4, .clause = C_GET_RETVAL_ANY},
		{"positive and return 0", "getsockopt: retval = 5; return 0", .call = GET(8, 8), TTL64,
		 .ret = -EPERM, .len = 4},
		{"-5000", "getsockopt: retval = -5000", .call = GET(8, 8), TTL64, .ret = -5000, .len = 4,
		 .clause = C_GET_RETVAL_RAW},
		{"-5000 and return 0", "getsockopt: retval = -5000; return 0", .call = GET(8, 8), TTL64,
		 .ret = -EPERM, .len = 4, .clause = C_GET_RETVAL_RAW},
		{"a failure reset to 0: zeros for the user", "getsockopt: retval = 0", .call = GET(8, 6),
		 FAILED95, .hlen = 6, .len = 6, .zeros = 6, .clause = C_GET_RETVAL_RESET},
		{"a failure reset with an answer", "getsockopt: retval = 0; optval[0] = u8 0x42; optlen = 1",
		 .call = GET(8, 6), FAILED95, .hlen = 6, .len = 1, .mem = "42", .clause = C_GET_RETVAL_RESET},
		{"a failure made positive", "getsockopt: retval = 123; optlen = 2", .call = GET(8, 6),
		 FAILED95, .hlen = 6, .ret = 123, .len = 2, .zeros = 2},
		{"the child refuses, the parent resets", "getsockopt: retval = 0", "getsockopt: return 0",
		 .call = GET(8, 8), TTL64, .len = 4, .clause = C_CHAIN_UNDONE},
		{"two errnos: the last", "getsockopt: retval = -110", "getsockopt: retval = -105",
		 .call = GET(8, 8), TTL64, .ret = -ETIMEDOUT, .len = 4},
		{"a buffer that cannot be written", "getsockopt: retval = 0",
		 .call = "getsockopt(s, 234, 7, buf 4 readonly, optlen 4)", FAILED95, .hlen = 4,
		 .ret = -EFAULT, .len = 4, .clause = C_GET_COPYOUT_FAULT},
		{"a read-only buffer that is not written", "getsockopt: retval = 0; optlen = 0",
		 .call = "getsockopt(s, 234, 7, buf 4 readonly, optlen 4)", FAILED95, .hlen = 4, .ret = 0,
		 .len = 4},
		{"a buffer that ends too early", "getsockopt: retval = 0",
		 .call = "getsockopt(s, 234, 7, buf 4 edge, optlen 5)", FAILED95, .hlen = 5, .ret = -EFAULT,
		 .len = 5, .clause = C_GET_COPYOUT_FAULT, .no = NO_MEM},
		{"NULL: any length is stored", "getsockopt: retval = 0; optlen = 100000",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 4)", FAILED95, .hlen = 4, .len = 100000,
		 .clause = C_GET_NULL_OPTVAL},
		{"NULL: a negative one too", "getsockopt: retval = 0; optlen = -7",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 4)", FAILED95, .hlen = 4, .len = -7,
		 .clause = C_GET_NULL_OPTVAL},
		{"NULL: 0 is not stored", "getsockopt: retval = 0; optlen = 0",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 4)", FAILED95, .hlen = 4, .len = 4},
		{"NULL: an errno stores nothing", "getsockopt: retval = -105; optlen = 9",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 4)", FAILED95, .hlen = 4, .ret = -ENOBUFS,
		 .len = 4},
		{"NULL: above the page nothing is ignored", "getsockopt: retval = 0; optlen = 5001",
		 .call = "getsockopt(s, 234, 7, NULL, optlen 5000)", FAILED95, .hlen = 5000, .len = 5001,
		 .clause = C_GET_NULL_OPTVAL},
	};

	RUN(rows, KERNEL);
}

/* Above the page; the original length is the handler's after success, the user's after failure. */
static void test_get_large(void **state)
{
	static const struct row rows[] = {
		{"a failure left at its length is ignored, retval 0 too", "getsockopt: retval = 0",
		 .call = GET(5000, 5000), FAILED95, .hlen = 5000, .ret = -EOPNOTSUPP, .len = 5000,
		 .clause = C_GET_LARGE_IGNORED},
		{"4097 is above the page", "getsockopt: retval = 0", .call = GET(5000, 4097), FAILED95,
		 .hlen = 4097, .ret = -EOPNOTSUPP, .len = 4097, .clause = C_GET_LARGE_IGNORED},
		{"4096 is not", "getsockopt: retval = 0", .call = GET(5000, 4096), FAILED95, .hlen = 4096,
		 .len = 4096, .zeros = 4096},
		{"with pages of 65536 neither is 5000", "getsockopt: retval = 0", .page = 65536,
		 .call = GET(5000, 5000), FAILED95, .hlen = 5000, .len = 5000, .zeros = 5000},
		{"nor 65536", "getsockopt: retval = 0", .page = 65536, .call = GET(65536, 65536), FAILED95,
		 .hlen = 65536, .len = 65536, .zeros = 65536},
		{"65537 is", "getsockopt: retval = 0", .page = 65536, .call = GET(65537, 65537), FAILED95,
		 .hlen = 65537, .ret = -EOPNOTSUPP, .len = 65537, .clause = C_GET_LARGE_IGNORED},
		{"an answer above the page: retval and edit are dropped",
		 "getsockopt: optval[0] = u8 9; retval = 9", .call = GET(5000, 5000), OK_USER, .hlen = 4400,
		 .hmem = "0102", .ret = 0, .len = 4400,
		 .seen = "a0 optlen=4400 size=4096 retval=0 bytes=0102a5a5", .clause = C_GET_LARGE_IGNORED},
		{"but an errno is not dropped", "getsockopt: retval = -105", .call = GET(5000, 5000), OK_USER,
		 .hlen = 4400, .ret = -ENOBUFS, .len = 4400},
		{"nor a refusal", "getsockopt: return 0", .call = GET(5000, 5000), OK_USER, .hlen = 4400,
		 .ret = -EPERM, .len = 4400},
		{"an answer below the page in a large buffer: 5000 is EFAULT", "getsockopt: optlen = 5000",
		 .call = GET(5000, 5000), TTL64, .ret = -EFAULT, .len = 4, .clause = C_GET_OPTLEN_RANGE},
		{"and a page of it can be returned", "getsockopt: optlen = 4096", .call = GET(5000, 5000),
		 TTL64, .len = 4096, .mem = "40", .zeros = 4096, .clause = C_GET_OPTLEN_GROW},
		{"-1", "getsockopt: retval = 0; optlen = -1", .call = GET(5000, 5000), FAILED95, .hlen = 5000,
		 .ret = -EFAULT, .len = 5000, .clause = C_GET_LARGE_NEGATIVE},
		{"INT_MIN over a long answer", "getsockopt: optlen = -2147483648", .call = GET(5000, 5000),
		 OK_USER, .hlen = 4400, .ret = -EFAULT, .len = 4400, .clause = C_GET_LARGE_NEGATIVE},
		{"INT_MAX is ignored", "getsockopt: optlen = 2147483647; retval = 0", .call = GET(5000, 5000),
		 FAILED95, .hlen = 5000, .ret = -EOPNOTSUPP, .len = 5000, .clause = C_GET_LARGE_IGNORED},
		{"0: the handler's buffer, the program's retval",
		 "getsockopt: optval[0] = u8 9; optlen = 0; retval = 8", .call = GET(5000, 5000), OK_USER,
		 .hlen = 4400, .hmem = "0102", .ret = 8, .len = 4400, .clause = C_GET_LARGE_ZERO},
		{"trimmed to a page", "getsockopt: retval = 0; optval[0] = u8 0x42; optlen = 4096",
		 .call = GET(5000, 5000), FAILED95, .hlen = 5000, .len = 4096, .mem = "42", .zeros = 4096,
		 .clause = C_GET_LARGE_TRIMMED},
		{"trimmed to two bytes", "getsockopt: optval[0] = u8 0x42; optlen = 2; retval = 8",
		 .call = GET(5000, 5000), OK_USER, .hlen = 4400, .hmem = "010203", .ret = 8, .len = 2,
		 .mem = "4202", .clause = C_GET_LARGE_TRIMMED},
		{"INT_MAX from the user of a small answer", "getsockopt: return 1",
		 .call = GET(4, 2147483647), TTL64, .len = 4,
		 .seen = "a0 optlen=4 size=4096 bytes=40000000 zeros"},
	};

	RUN(rows, KERNEL);
}

/* The published document taken at its word, only where it says something definite. */
static void test_doc_set(void **state)
{
	static const struct row rows[] = {
		{"without a program", "", .call = SET4(32), .plan = P_EITHER, .optlen = 4, .bytes = "20",
		 .hret = -ENOPROTOOPT, .ret = -ENOPROTOOPT},
		{"a program that does nothing", "setsockopt: return 1", .call = SET4(32), .plan = P_EITHER,
		 .optlen = 4, .bytes = "20", .seen = "a0 optlen=4"},
		{"modified arguments reach the kernel",
		 "setsockopt: level = SOL_IP; optname = 2; optval[0] = u8 8; optlen = 1", .call = SET4(32),
		 .plan = P_EITHER, .ip = true, .optname = 2, .optlen = 1, .bytes = "08",
		 .clause = C_SET_REWRITE},
		{"-1: back to userspace", "setsockopt: optlen = -1", .call = SET4(32), .plan = P_NONE,
		 .ret = 0, .clause = C_SET_OPTLEN_BYPASS},
		{"-1 only after the other programs", "setsockopt: return 1", "setsockopt: optlen = -1",
		 .call = SET4(32), .plan = P_NONE, .ret = 0, .seen = "b0 optlen=4 | a0 optlen=-1"},
		{"one more than the user's", "setsockopt: optlen = 5", .call = SET4(32), .plan = P_NONE,
		 .ret = -EFAULT, .clause = C_SET_OPTLEN_BOUND},
		{"16 is more than 4", "setsockopt: optlen = 16", .call = SET4(32), .plan = P_NONE,
		 .ret = -EFAULT, .clause = C_SET_OPTLEN_BOUND},
		{"any other value", "setsockopt: optlen = -2", .call = SET4(32), .plan = P_NONE,
		 .ret = -EFAULT, .clause = C_SET_OPTLEN_BOUND},
		{"INT_MIN", "setsockopt: optlen = -2147483648", .call = SET4(32), .plan = P_NONE,
		 .ret = -EFAULT},
		{"decreased to 0", "setsockopt: optlen = 0", .call = SET4(32), .plan = P_EITHER, .optlen = 0,
		 .clause = C_SET_OPTLEN_DECREASED},
		{"return 0", "setsockopt: return 0", .call = SET4(32), .plan = P_NONE, .ret = -EPERM,
		 .clause = C_SET_RETURN_ZERO},
		{"the parent sees the child's changes", "setsockopt: return 1",
		 "setsockopt: level = SOL_IP; optname = 2; optval[0] = u8 8; optlen = 1", .call = SET4(32),
		 .plan = P_EITHER, .ip = true, .optname = 2, .optlen = 1, .bytes = "08",
		 .seen = "b0 optlen=4 | a0 level=0 optname=2 optlen=1 bytes=08"},
		{"large: the first page is seen", "setsockopt: optlen = 0",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", .plan = P_EITHER,
		 .optlen = 5000, .bytes = "20", .seen = "a0 size=4096", .clause = C_SET_LARGE_ZERO},
		{"large and 0: modifications of optval are ignored",
		 "setsockopt: optval[0] = u8 8; optlen = 0",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", .plan = P_EITHER,
		 .optlen = 5000, .bytes = "20"},
		{"large and trimmed", "setsockopt: optval[0] = u8 8; optlen = 4",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", .plan = P_EITHER,
		 .optlen = 4, .bytes = "08", .clause = C_SET_LARGE_TRIMMED},
		{"large and left alone: original", "setsockopt: optval[0] = u8 8",
		 .call = "setsockopt(s, 234, 5, i32 32 fill 0x00 size 5000, optlen 5000)", .plan = P_EITHER,
		 .optlen = 5000, .bytes = "20", .clause = C_SET_LARGE_IGNORED},
		{"large and -1", "setsockopt: optlen = -1",
		 .call = "setsockopt(s, 234, 5, buf 5000, optlen 5000)", .plan = P_NONE, .ret = 0},
		{"large and -2", "setsockopt: optlen = -2",
		 .call = "setsockopt(s, 234, 5, buf 5000, optlen 5000)", .plan = P_NONE, .ret = -EFAULT},
		{"the kernel's verdict is the call's", "setsockopt: return 1", .call = SET4(32),
		 .plan = P_EITHER, .optlen = 4, .bytes = "20", .hret = -EINVAL, .ret = -EINVAL,
		 .clause = C_SET_RESULT},
	};

	RUN(rows, DOC);
}

static void test_doc_get(void **state)
{
	static const struct row rows[] = {
		{"a program that does nothing", "getsockopt: return 1", .call = GET(8, 8), TTL64, .len = 4,
		 .seen = "a0 optlen=4 retval=0 bytes=40000000"},
		{"return 0", "getsockopt: return 0", .call = GET(8, 8), TTL64, .ret = -EPERM,
		 .no = NO_MEM | NO_OPTLEN, .clause = C_GET_RETURN_ZERO},
		{"return 0 after a failure is EPERM too", "getsockopt: return 0", .call = GET(8, 8), FAILED95,
		 .hlen = 8, .ret = -EPERM, .no = NO_MEM | NO_OPTLEN, .clause = C_GET_RETURN_ZERO},
		{"retval 5", "getsockopt: retval = 5", .call = GET(8, 8), TTL64, .ret = -EFAULT,
		 .no = NO_MEM | NO_OPTLEN, .clause = C_GET_RETVAL_ORIGINAL},
		{"retval -105", "getsockopt: retval = -105", .call = GET(8, 8), TTL64, .ret = -EFAULT,
		 .no = NO_MEM | NO_OPTLEN, .clause = C_GET_RETVAL_ORIGINAL},
		{"the same with an optlen that is surely in range", "getsockopt: retval = -71; optlen = 4",
		 .call = GET(8, 8), FAILED95, .hlen = 8, .ret = -EFAULT, .no = NO_MEM | NO_OPTLEN,
		 .clause = C_GET_RETVAL_ORIGINAL},
		{"another errno than the kernel's", "getsockopt: retval = -71", .call = GET(8, 8), FAILED95,
		 .hlen = 8, .ret = -EFAULT, .no = NO_MEM | NO_OPTLEN, .clause = C_GET_RETVAL_ORIGINAL},
		{"retval reset to 0 with an answer",
		 "getsockopt: retval = 0; optval[0] = u8 0x42; optlen = 1", .call = GET(8, 8), FAILED95,
		 .hlen = 8, .ret = 0, .len = 1, .mem = "42", .clause = C_GET_RETVAL_RESET},
		{"the original retval with a copy", "getsockopt: optval[0] = i32 0x44434241; optlen = 3",
		 .call = GET(8, 8), FAILED95, .hlen = 8, .ret = -EOPNOTSUPP, .len = 3, .mem = "414243",
		 .clause = C_GET_RETURN_ONE},
		{"shortened", "getsockopt: optval[0] = u8 0x42; optlen = 1", .call = GET(8, 8), TTL64,
		 .len = 1, .mem = "42", .clause = C_GET_COPYOUT},
		{"raised to the user's", "getsockopt: optval[4] = i32 0x08070605; optlen = 8",
		 .call = GET(8, 8), TTL64, .len = 8, .mem = "4000000005060708", .clause = C_GET_OPTLEN_GROW},
		{"raised above the user's", "getsockopt: optlen = 9", .call = GET(12, 8), TTL64,
		 .ret = -EFAULT, .no = NO_MEM | NO_OPTLEN, .clause = C_GET_OPTLEN_RANGE},
		{"the parent sees the child's changes", "getsockopt: return 1",
		 "getsockopt: retval = 0; optval[0] = u8 0x42; optlen = 1", .call = GET(8, 8), FAILED95,
		 .hlen = 8, .len = 1, .mem = "42", .seen = "b0 retval=-95 | a0 retval=0 optlen=1 bytes=42",
		 .clause = C_CHAIN_RETVAL},
		{"the parent overwrites the child's retval",
		 "getsockopt: retval = 0; optval[0] = u8 1; optlen = 1", "getsockopt: return 1",
		 .call = GET(8, 8), FAILED95, .hlen = 8, .len = 1, .mem = "01"},
		{"large: the first page", "getsockopt: optlen = 0", .call = GET(5000, 5000), OK_USER,
		 .hlen = 5000, .hmem = "0102", .ret = 0, .len = 5000,
		 .seen = "a0 optlen=5000 size=4096 retval=0 bytes=0102a5", .clause = C_GET_LARGE_ZERO,
		 .no = NO_OPTLEN},
		{"large and trimmed", "getsockopt: optval[0] = u8 0x42; optlen = 2", .call = GET(5000, 5000),
		 OK_USER, .hlen = 5000, .hmem = "0102", .ret = 0, .len = 2, .mem = "4202",
		 .clause = C_GET_LARGE_TRIMMED},
		{"large and left alone: the kernel's buffer", "getsockopt: optval[0] = u8 0x42",
		 .call = GET(5000, 5000), OK_USER, .hlen = 5000, .hmem = "0102", .ret = 0, .no = NO_OPTLEN,
		 .clause = C_GET_LARGE_IGNORED},
		{"without a program", "", .call = GET(8, 8), TTL64, .len = 4},
	};

	RUN(rows, DOC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_table_4096), cmocka_unit_test(test_set_table_65536),
		cmocka_unit_test(test_set_entry),      cmocka_unit_test(test_set_rewrite),
		cmocka_unit_test(test_set_errno),      cmocka_unit_test(test_chain),
		cmocka_unit_test(test_get_entry),      cmocka_unit_test(test_get_exit),
		cmocka_unit_test(test_get_large),      cmocka_unit_test(test_doc_set),
		cmocka_unit_test(test_doc_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
