/* SPDX-License-Identifier: MIT */
/*
 * The first proposal, row by row as people read it: what the handler gets, what programs see, what comes out,
 * and where the document says nothing. A few rows of the published document's silence stand here as well.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/case/case_text.h"
#include "harness/profiles/standin.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define FREE ANY_RET

enum handler { H_NOT, H_USER /* the user's own call */, H_UNSAID };

struct row {
	const char *what, *profile, *levels, *call;
	enum handler handler;
	uint32_t any; /* of ANY_RET, ANY_OPTLEN, ANY_MEM, ANY_SEEN_TAIL */
	int64_t ret;
	int32_t optlen; /* getsockopt */
	unsigned seen;	/* programs that must run */
};

#define ALL (ANY_RET | ANY_OPTLEN | ANY_MEM | ANY_SEEN_TAIL)
#define SET "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4)"
#define GET "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4)"

static const struct row rows[] = {
	/* setsockopt */
	{"1: the user's own call", "draft", "a { setsockopt: return 1 }", SET, H_USER, ANY_MEM, 0, 0, 1},
	{"writes change nothing", "draft",
	 "a { setsockopt: optlen = -1; level = SOL_TCP; optval[0] = u8 1; return 1 }", SET, H_USER, ANY_MEM,
	 0, 0, 1},
	{"0: EPERM", "draft", "a { setsockopt: return 0 }", SET, H_NOT, ANY_MEM, -EPERM, 0, 1},
	{"2: success without the handler", "draft", "a { setsockopt: return 2 }", SET, H_NOT, ANY_MEM, 0, 0,
	 1},
	{"a chain: its order is not said, all 1 is", "draft",
	 "a { setsockopt: return 1 }\ncgroup a/b { setsockopt: return 1 }", SET, H_USER,
	 ANY_MEM | ANY_SEEN_TAIL, 0, 0, 0},
	{"a chain: some 0, no 2", "draft", "a { setsockopt: return 0 }\ncgroup a/b { setsockopt: return 1 }",
	 SET, H_NOT, ANY_MEM | ANY_SEEN_TAIL, -EPERM, 0, 0},
	{"a chain: 0 and 2, whichever comes first", "draft",
	 "a { setsockopt: return 0 }\ncgroup a/b { setsockopt: return 2 }", SET, H_UNSAID, ALL, 0, 0, 0},
	{"a program cannot change what the next sees", "draft",
	 "a { setsockopt: if optlen == 4 { return 0 } return 1 }\ncgroup a/b { setsockopt: optlen = 9; "
	 "return 1 }",
	 SET, H_NOT, ANY_MEM | ANY_SEEN_TAIL, -EPERM, 0, 0},
	{"asking for what it wrote itself", "draft",
	 "a { setsockopt: optlen = 9; if optlen == 9 { return 0 } return 1 }", SET, H_UNSAID, ALL, 0, 0, 1},
	{"no retval on setsockopt", "draft", "a { setsockopt: set_retval(-1) }", SET, H_UNSAID, ALL, 0, 0, 1},
	{"a negative length", "draft", "a { setsockopt: return 0 }",
	 "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen -1)", H_UNSAID, ALL, 0, 0, 1},
	{"memory that is not there", "draft", "a { setsockopt: return 0 }",
	 "setsockopt(s, SOL_IP, IP_TOS, NULL, optlen 4)", H_UNSAID, ALL, 0, 0, 1},
	{"programs that go meanwhile", "draft", "a { setsockopt: return 0 }",
	 "setsockopt(s, SOL_IP, IP_TOS, i32 32, optlen 4) held detach", H_UNSAID, ALL, 0, 0, 0},
	{"two programs in one cgroup", "draft", "a { setsockopt: return 1\nsetsockopt: return 1 }", SET,
	 H_UNSAID, ALL, 0, 0, 0},
	{"the window's size", "draft", "a { setsockopt: if size == 16 { return 0 } return 1 }", SET, H_UNSAID,
	 ALL, 0, 0, 1},
	/* getsockopt */
	{"1: the handler answers", "draft", "a { getsockopt: return 1 }", GET, H_USER, 0, 0, 4, 1},
	{"1 after bytes: whose are in the buffer?", "draft", "a { getsockopt: optval[0] = u8 1; return 1 }",
	 GET, H_USER, ANY_MEM, 0, 4, 1},
	{"1 after optlen: which one does the handler get?", "draft", "a { getsockopt: optlen = 2; return 1 }",
	 GET, H_UNSAID, ANY_RET | ANY_OPTLEN | ANY_MEM, 0, 0, 1},
	{"0: EPERM", "draft", "a { getsockopt: return 0 }", GET, H_NOT, ANY_OPTLEN | ANY_MEM, -EPERM, 0, 1},
	{"2: the program's answer", "draft", "a { getsockopt: optlen = 1; return 2 }", GET, H_NOT, ANY_MEM, 0,
	 1, 1},
	{"2: all of the buffer", "draft", "a { getsockopt: return 2 }", GET, H_NOT, ANY_MEM, 0, 4, 1},
	{"2 after a larger optlen, which can not be", "draft", "a { getsockopt: optlen = 5; return 2 }", GET,
	 H_UNSAID, ANY_RET | ANY_OPTLEN | ANY_MEM, 0, 0, 1},
	{"2 after a length below zero", "draft", "a { getsockopt: optlen = -1; return 2 }", GET, H_UNSAID,
	 ANY_RET | ANY_OPTLEN | ANY_MEM, 0, 0, 1},
	{"what optval holds before", "draft", "a { getsockopt: if optval[0] == 0 { return 0 } return 1 }",
	 GET, H_UNSAID, ALL, 0, 0, 1},
	{"retval is not in the context", "draft", "a { getsockopt: retval = 0; return 1 }", GET, H_UNSAID,
	 ALL, 0, 0, 1},
	{"retval is not in the context, to look at", "draft",
	 "a { getsockopt: if retval == 0 { return 0 } return 1 }", GET, H_UNSAID, ALL, 0, 0, 1},
	{"the chain stops at 0", "draft", "a { getsockopt: return 2 }\ncgroup a/b { getsockopt: return 0 }",
	 GET, H_NOT, ANY_OPTLEN | ANY_MEM, -EPERM, 0, 1},
	{"the chain stops at 2", "draft", "a { getsockopt: return 0 }\ncgroup a/b { getsockopt: return 2 }",
	 GET, H_NOT, ANY_MEM, 0, 4, 1},
	{"the chain goes on after 1", "draft",
	 "a { getsockopt: return 0 }\ncgroup a/b { getsockopt: return 1 }", GET, H_NOT, ANY_OPTLEN | ANY_MEM,
	 -EPERM, 0, 2},
	{"what an earlier program left in optlen", "draft",
	 "a { getsockopt: if optlen == 1 { return 0 } return 1 }\ncgroup a/b { getsockopt: optlen = 1; "
	 "return 1 }",
	 GET, H_UNSAID, ALL, 0, 0, 2},
	{"the answer of an earlier program", "draft",
	 "a { getsockopt: return 2 }\ncgroup a/b { getsockopt: optlen = 1; return 1 }", GET, H_UNSAID,
	 ANY_RET | ANY_OPTLEN | ANY_MEM, 0, 0, 2},
	{"override below multi", "draft",
	 "a { getsockopt: return 0 }\ncgroup a/b { getsockopt override: return 1 }", GET, H_UNSAID, ALL, 0, 0,
	 0},
	{"a negative length", "draft", "a { getsockopt: return 0 }",
	 "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen -1)", H_UNSAID, ALL, 0, 0, 1},
	{"programs that go meanwhile", "draft", "a { getsockopt: return 0 }",
	 "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen 4) held detach", H_UNSAID, ALL, 0, 0, 0},
	{"no optlen", "draft", "a { getsockopt: return 0 }",
	 "getsockopt(s, SOL_IP, IP_TTL, buf 4, optlen NULL)", H_UNSAID, ALL, 0, 0, 1},
	{"outside", "draft", "a", GET, H_USER, 0, 0, 4, 0},
	{"a descriptor that is not open", "draft", "a { getsockopt: return 0 }",
	 "getsockopt(badfd, SOL_IP, IP_TTL, buf 4, optlen 4)", H_NOT, ALL, 0, 0, 0},
	/* the published document */
	{"two programs in one cgroup", "doc", "a { setsockopt: return 1\nsetsockopt: return 1 }", SET,
	 H_UNSAID, ALL, 0, 0, 0},
	{"override below multi", "doc",
	 "a { getsockopt: return 0 }\ncgroup a/b { getsockopt override: return 1 }", GET, H_UNSAID, ALL, 0, 0,
	 0},
	{"one override program", "doc", "a { getsockopt override: return 0 }", GET, H_USER,
	 ANY_OPTLEN | ANY_MEM, -EPERM, 0, 1},
	{"a write past the bytes that are certain", "doc", "a { setsockopt: optval[2] = i32 1; return 1 }",
	 SET, H_UNSAID, FREE | ANY_MEM, 0, 0, 1},
	{"and one of certain bytes", "doc", "a { setsockopt: optval[0] = u8 32; return 1 }", SET, H_USER,
	 ANY_MEM, 0, 0, 1},
	{"a return 2, which it does not know", "doc", "a { setsockopt: return 2 }", SET, H_UNSAID,
	 ANY_RET | ANY_MEM | ANY_SEEN_TAIL, 0, 0, 1},
	{"a return 2, which no kernel loads", "v6.7", "a { getsockopt: return 2 }", GET, H_USER, ALL, 0, 0,
	 1},
};

static struct tcase tc;
static struct standin standin;

static unsigned check(const struct row *r)
{
	const struct profile *p = profile_find(r->profile);
	struct oracle *o = oracle_new(p, 4096);
	const struct tc_call *c = &tc.call[0];
	struct handler_result hr;
	const struct want *w;
	char text[1024];
	struct plan plan;
	struct diag d;
	unsigned bad = 0;

	snprintf(text, sizeof(text), "cgroup %s\ns = socket(AF_INET, SOCK_STREAM, 0) in %s\n%s\n", r->levels,
		 strstr(r->levels, "a/b") ? "a/b" : "a", r->call);
	if (tcase_parse(text, strlen(text), r->what, &tc, NULL, &d))
		fail_msg("%s: %d:%d %s in\n%s", r->what, d.line, d.col, d.message, text);
	oracle_begin(o, &tc);
	standin_begin(&standin, &tc, STANDIN_MODEL);
	oracle_plan(o, 0, &plan);
	standin_answer(&standin, c, &plan, &hr);
	w = oracle_predict(o, &hr);
#define SAY(cond, ...)                                                                                       \
	if (cond) {                                                                                          \
		fprintf(stderr, "[%s] %s: ", r->profile, r->what);                                           \
		fprintf(stderr, __VA_ARGS__);                                                                \
		fputc('\n', stderr);                                                                         \
		bad++;                                                                                       \
	}
	SAY(r->handler == H_UNSAID && !plan.unsure, "the handler's call is said")
	SAY(r->handler != H_UNSAID && plan.unsure, "the handler's call is not said")
	SAY(r->handler == H_NOT && plan.called, "the handler is called")
	SAY(r->handler == H_USER &&
		    (!plan.called || plan.level != c->level || plan.optname != c->optname ||
		     plan.optlen != c->optlen ||
		     (plan.kernel_buf && memcmp(plan.bytes, c->buf.data, (size_t)plan.optlen))),
	    "the handler does not get the user's call")
	SAY(w->any != r->any && (c->hook == HOOK_GET || (w->any | ANY_OPTLEN) != (r->any | ANY_OPTLEN)),
	    "free is 0x%x, not 0x%x", w->any, r->any)
	SAY(!(r->any & ANY_RET) && w->ret != r->ret, "the result is %lld, not %lld", (long long)w->ret,
	    (long long)r->ret)
	SAY(c->hook == HOOK_GET && !(r->any & ANY_OPTLEN) && w->optlen != r->optlen, "optlen is %d, not %d",
	    w->optlen, r->optlen)
	SAY(w->n_seen != r->seen, "%u programs run, not %u", w->n_seen, r->seen)
	oracle_free(o);
	return bad;
}

static void every_row(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bad += check(&rows[i]);
	assert_int_equal(bad, 0);
}

static void a_wrong_row_is_seen(void **state)
{
	struct row wrong = rows[0];

	(void)state;
	wrong.ret = -EPERM;
	assert_int_equal(check(&wrong), 1);
	wrong = rows[0];
	wrong.handler = H_NOT;
	assert_int_equal(check(&wrong), 1);
	wrong = rows[0];
	wrong.any = ALL;
	assert_true(check(&wrong) >= 1);
	wrong = rows[0];
	wrong.seen = 2;
	assert_int_equal(check(&wrong), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(a_wrong_row_is_seen),
	};

	if (standin_init(&standin))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
