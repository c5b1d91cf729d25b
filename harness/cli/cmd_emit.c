/* SPDX-License-Identifier: MIT */
/*
 * hookdiff emit: a case as something that runs without hookdiff, on standard output. Needs no root and no
 * kernel: what must come is what the case says after `=`, and for the rest what the oracle says where the
 * handler is modelled. What neither knows is not compared, and the reproducer says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../emit/selftest.h"
#include "../profiles/standin.h"
#include "casefile.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"
#include "opts.h"

#define PAGE_BYTES 4096

/* Drops what only the handler knows, where that is not modelled. A setsockopt leaves the user's memory alone.
 */
static void drop_unknown(struct wanted *w, const struct tc_call *c)
{
	w->has_ret = false;
	if (c->hook == HOOK_SET)
		return;
	w->has_optlen = w->has_seen = false;
	if (w->n)
		memset(w->mask, 1, w->n);
}

/* What must come of every call. After a call whose effect is not known nothing more is. */
static int predict_all(struct repro *r, struct oracle *o, struct standin *s)
{
	bool lost = false;
	int err = 0;

	oracle_begin(o, r->tc);
	standin_begin(s, r->tc, STANDIN_MODEL);
	r->n_calls = r->tc->n_calls;
	for (unsigned i = 0; i < r->n_calls && !err; i++) {
		const struct tc_call *c = &r->tc->call[i];
		struct repro_call *rc = &r->call[i];
		struct handler_result hr;
		const struct want *want;
		struct plan plan;

		rc->call = c;
		oracle_plan(o, i, &plan);
		standin_answer(s, c, &plan, &hr);
		want = oracle_predict(o, &hr);
		lost |= plan.unsure || want->lost;
		if (!lost)
			err = wanted_copy(&rc->want, c, want);
		if (!lost && plan.called && !s->modelled)
			drop_unknown(&rc->want, c);
		if (!err)
			err = wanted_expect(&rc->want, c);
	}
	return err;
}

static int print(const struct cli *cli, const struct repro *r)
{
	struct buf out = {0};
	int code = EXIT_AGREE;

	if (!strcmp(cli->format, "c"))
		repro_print(r, &out);
	else if (!strcmp(cli->format, "selftest"))
		selftest_print(r, &out);
	else
		repro_print_insns(r->tc, &out);
	if (out.failed || fwrite(buf_str(&out), 1, out.n, stdout) != out.n || fflush(stdout)) {
		fputs("hookdiff: the output could not be written\n", stderr);
		code = EXIT_UNSURE;
	}
	buf_fini(&out);
	return code;
}

static int emit(struct cli *cli, struct casefile *f, const struct profile *p)
{
	static struct repro r; /* large */
	struct oracle *o = oracle_new(p, PAGE_BYTES);
	char origin[160];
	struct buf text = {0};
	struct standin s;
	int code = EXIT_UNSURE;

	if (standin_init(&s) || !o) {
		fputs("hookdiff: out of memory\n", stderr);
		goto out;
	}
	tcase_print(&f->tc, &f->meta, &text);
	snprintf(origin, sizeof(origin),
		 "what the case says after `=`, and for the rest the rules of profile %s where the handler "
		 "is modelled.",
		 p->name);
	r = (struct repro){.tc = &f->tc,
			   .title = f->meta.title[0] ? f->meta.title : f->path,
			   .text = buf_str(&text),
			   .origin = origin,
			   .record = cli->record,
			   .has_retval_helpers = p->traits.helper != HELPER_NONE};
	if (predict_all(&r, o, &s))
		fputs("hookdiff: out of memory\n", stderr);
	else
		code = print(cli, &r);
	repro_fini(&r);
out:
	buf_fini(&text);
	standin_fini(&s);
	oracle_free(o);
	return code;
}

int cmd_emit(struct cli *cli)
{
	static const char *const formats[] = {"c", "selftest", "insns"};
	const struct profile *p;
	struct casefile **files = NULL;
	struct utsname u;
	size_t n = 0;
	unsigned i = 0;
	int code;

	while (i < 3 && strcmp(cli->format, formats[i]))
		i++;
	if (i == 3)
		return cli_usage("emit: expected --format c, selftest or insns, found '%s'", cli->format);
	uname(&u);
	p = cli_profile(cli, u.release, u.version);
	code = p ? casefile_load_calls(cli->args, cli->n_args, &files, &n) : EXIT_USAGE;
	if (!code && n != 1)
		code = cli_usage("emit: expected one case, found %zu", n);
	if (!code && tcase_returns_2(&files[0]->tc))
		code = cli_usage("emit: %s has a program that returns 2, which no kernel loads",
				 files[0]->path);
	if (!code) {
		casefile_scope(files, n, p);
		code = emit(cli, files[0], p);
	}
	casefile_free(files, n);
	return code;
}
