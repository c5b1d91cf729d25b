/* SPDX-License-Identifier: MIT */
#include "recipe.h"

#include <string.h>

#include "../case/case_text.h"

/* A loop's tamper that keeps every want, after the loop's own tamper had its say. */
struct keeper {
	struct repro *r;
	unsigned call;
	int err;
	void (*tamper)(struct want *w, void *arg);
	void *tamper_arg;
};

static void keep(struct want *w, void *arg)
{
	struct keeper *k = arg;
	struct repro_call *rc = &k->r->call[k->call];

	if (k->tamper)
		k->tamper(w, k->tamper_arg);
	if (k->call++ < k->r->n_calls && !rc->want.has_seen && !rc->quiet &&
	    wanted_copy(&rc->want, rc->call, w))
		k->err = -1;
}

/* The call of the case that showed a difference in the socket's state; n_calls: it was read back beside them.
 */
static unsigned shown_by(const struct finding *f)
{
	struct buf at = {0}, call = {0};
	unsigned i = f->res.call + 1;

	tcase_print_call(&f->res.at, &at);
	for (; i < f->tc.n_calls; i++) {
		buf_reset(&call);
		tcase_print_call(&f->tc.call[i], &call);
		if (!strcmp(buf_str(&at), buf_str(&call)))
			break;
	}
	buf_fini(&at);
	buf_fini(&call);
	return i;
}

static void list_calls(const struct finding *f, struct repro *r)
{
	unsigned last = f->res.state ? shown_by(f) : f->res.call;
	bool beside = f->res.state && last == f->tc.n_calls;

	r->n_calls = beside ? f->res.call + 1u : last + 1;
	for (unsigned i = 0; i < r->n_calls; i++)
		r->call[i].call = &f->tc.call[i];
	if (beside)
		r->call[r->n_calls++] = (struct repro_call){.call = &f->res.at, .quiet = true};
}

/* One more run, for what must come of the calls of which that is not known yet. */
static int keep_wants(struct loop *lp, const struct tcase *from, struct repro *r)
{
	static struct loop saved; /* large; a process has one loop at a time */
	static struct tcase tc;
	struct keeper k = {.r = r, .tamper = lp->tamper, .tamper_arg = lp->tamper_arg};

	saved = *lp;
	lp->readback = false; /* the calls are the case's own */
	lp->observe = NULL;
	lp->tamper = keep;
	lp->tamper_arg = &k;
	tc = *from;
	loop_case(lp, &tc, true, NULL, NULL);
	*lp = saved;
	return k.err;
}

static void begin(struct repro *r, const struct loop *lp, const struct tcase *tc, const char *title)
{
	memset(r, 0, sizeof(*r));
	r->tc = tc;
	r->title = title;
	r->origin = "what the rules allow, given what the kernel's own handlers answered.";
	r->has_retval_helpers = lp->profile->traits.helper != HELPER_NONE;
}

int recipe_run(struct loop *lp, const struct tcase *tc, const char *title, struct repro *r)
{
	begin(r, lp, tc, title);
	r->n_calls = tc->n_calls;
	for (unsigned i = 0; i < r->n_calls; i++)
		r->call[i].call = &tc->call[i];
	return keep_wants(lp, tc, r);
}

int recipe_make(struct loop *lp, const struct finding *f, const char *title, struct repro *r)
{
	struct repro_call *last;
	int err;

	begin(r, lp, &f->tc, title);
	r->origin = f->reproduced ? "what the rules allow, given what the kernel's own handlers answered in "
				    "the run that found "
				    "this."
				  : "of the call that differed only; fresh sockets did not show it again.";
	r->record = f->res.diff.field >= DIFF_RUNS && f->res.diff.field <= DIFF_SEEN_BYTES;
	list_calls(f, r);
	last = &r->call[r->n_calls - 1];
	err = wanted_copy(&last->want, last->call, &f->res.want);
	if (!err && f->reproduced)
		err = keep_wants(lp, &f->tc, r);
	if (!err && f->res.diff.field == DIFF_EXPECT)
		err = wanted_expect(&last->want, last->call);
	return err;
}
