/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../case/case_bin.h"
#include "../case/tree_text.h"
#include "../emit/selftest.h"
#include "../report/card.h"
#include "../report/folder.h"
#include "../report/jsonl.h"
#include "../report/text.h"
#include "../report/waivers.h"
#include "operate_finding.h"
#include "recipe.h"

static void describe(const struct loop *lp, const struct finding *f, struct case_meta *meta)
{
	const char *name = f->key.clause ? clause_info(f->key.clause)->name : "";

	memset(meta, 0, sizeof(*meta));
	snprintf(meta->title, sizeof(meta->title), "%s does not hold in %s on Linux %s: %s differs",
		 *name ? name : "An expectation", f->key.hook == HOOK_SET ? "setsockopt" : "getsockopt",
		 lp->b->release, diff_field_name((enum diff_field)f->key.field));
	snprintf(meta->clauses, sizeof(meta->clauses), "%s", name);
}

struct report_case record_case(const struct loop *lp, const struct finding *f, const char *text)
{
	return (struct report_case){
		.verdict = "FAIL",
		.kernel = lp->b->release,
		.text = text,
		.tc = &f->tc,
		.call = f->res.call,
		.state = f->res.state,
		.at = f->res.state ? &f->res.at : NULL,
		.diff = &f->res.diff,
		.want = &f->res.want,
		.got = &f->res.got,
		.reruns = f->reruns,
		.failed = f->failed,
		.behaves_known = f->behaves_known,
		.n_behaves = f->n_behaves,
		.behaves = f->behaves,
		.rule = f->rule,
	};
}

static void put_run(struct buf *out, const struct profile *p, const char *spec)
{
	buf_printf(out, "hookdiff run --profile %s ", p->name);
	if (spec) {
		buf_puts(out, "--kernel ");
		text_shell(out, spec);
		buf_puts(out, " ");
	}
}

/* How to see it again, as a shell reads it. */
static void put_command(struct buf *out, const struct record_opts *opts, const struct loop *lp,
			const struct finding *f, const char *folder)
{
	char path[512];

	if (!f->reproduced) {
		buf_puts(out, opts->reproduce);
		return;
	}
	snprintf(path, sizeof(path), "%s/case.case", folder);
	put_run(out, lp->profile, opts->spec);
	if (f->key.straight)
		buf_puts(out, "--straight ");
	if (lp->b->command) {
		buf_puts(out, "--backend ");
		text_shell(out, lp->b->command);
		buf_puts(out, " ");
	}
	text_shell(out, path);
}

static void put_json(struct folder *d, const struct report_case *rc)
{
	struct jsonl *j;

	if (d->err)
		return;
	j = jsonl_open(folder_file(d, "card.json"));
	if (!j) {
		d->err = -errno;
		return;
	}
	d->err = jsonl_case(j, rc);
	if (jsonl_close(j) && !d->err)
		d->err = -EIO;
}

static void put_card(struct folder *d, const struct report_case *rc)
{
	struct buf card = {0};

	if (rc->step)
		card_format_step(&card, rc);
	else
		card_format(&card, rc);
	folder_put_text(d, "card.txt", &card);
	buf_fini(&card);
	put_json(d, rc);
}

/* For those who have no hookdiff. */
static void put_programs(struct folder *d, struct loop *lp, const struct finding *f, const char *title,
			 const char *text)
{
	static struct repro r; /* large */
	struct buf c = {0}, row = {0};
	int err = recipe_make(lp, f, title, &r);

	r.text = text;
	if (err && !d->err)
		d->err = err;
	if (!d->err) {
		repro_print(&r, &c);
		selftest_print(&r, &row);
	}
	folder_put_text(d, "repro.c", &c);
	folder_put_text(d, "selftest.inc", &row);
	repro_fini(&r);
	buf_fini(&c);
	buf_fini(&row);
}

static void put_case(struct folder *d, const struct finding *f, const struct buf *text)
{
	static uint8_t bin[CASE_BIN_MAX];

	folder_put_text(d, "case.case", text);
	folder_put(d, "case.bin", bin, case_bin_encode(&f->tc, bin, sizeof(bin)));
}

int record_finding(const struct record_opts *opts, struct loop *lp, const struct finding *f, const char *path,
		   uint64_t index, const struct waiver *waiver, char *stem, size_t size)
{
	struct case_meta meta;
	struct buf text = {0}, command = {0};
	struct folder d;

	triage_stem(&f->key, stem, size);
	describe(lp, f, &meta);
	tcase_print(&f->tc, &meta, &text);
	folder_begin(&d, opts->folder, stem);
	put_command(&command, opts, lp, f, d.path);
	struct report_case rc = record_case(lp, f, buf_str(&text));

	rc.verdict = waiver ? "XFAIL" : "FAIL";
	rc.path = path;
	rc.index = index;
	rc.reproduce = buf_str(&command);
	if (waiver)
		rc.why = waiver->reason;
	else if (!f->reproduced)
		rc.why = "fresh sockets do not show it: it depends on what the pair did before";
	else if (f->key.straight)
		rc.why = "straight-line programs: the interpreter's do not show it";
	put_case(&d, f, &text);
	put_card(&d, &rc);
	put_programs(&d, lp, f, meta.title, buf_str(&text)); /* last: it ends what the card shows */
	buf_fini(&text);
	buf_fini(&command);
	return folder_end(&d);
}

/* "attach-mix-ret" */
static void operations_stem(const struct op_result *res, char *stem, size_t size)
{
	size_t n;

	snprintf(stem, size, "%s-%s", res->clause ? clause_info(res->clause)->name : "expectation",
		 op_result_field(res));
	n = strlen(stem);
	for (size_t i = 0; i < n; i++)
		stem[i] = stem[i] == '.'		     ? '-'
			  : stem[i] >= 'A' && stem[i] <= 'Z' ? stem[i] + 'a' - 'A'
							     : stem[i];
}

static void put_operations_program(struct folder *d, struct operate *o, const struct op_finding *f,
				   const char *title, const char *text)
{
	static struct repro_tree r; /* large */
	struct buf c = {0};
	int err = operate_recipe(o, f, title, &r);

	r.text = text;
	if (!err) {
		repro_tree_print(&r, &c);
		folder_put_text(d, "repro.c", &c);
	} else if (err != -EOPNOTSUPP && !d->err) {
		d->err = err;
	}
	repro_tree_fini(&r);
	buf_fini(&c);
}

static const char *note(const struct record_operations *opts, const struct op_finding *f)
{
	if (opts->waived)
		return opts->waived;
	return f->reproduced ? NULL : "fresh sockets do not show it: it depends on what was there before";
}

int record_operations(const struct record_operations *opts, struct operate *o, const struct op_finding *f,
		      char *stem, size_t size)
{
	const struct op_result *res = &f->res;
	struct case_meta meta = {.title = ""};
	struct buf text = {0}, command = {0}, step = {0};
	struct folder d;

	operations_stem(res, stem, size);
	folder_begin(&d, opts->folder, stem);
	snprintf(meta.title, sizeof(meta.title), "Linux %s: %.150s", opts->kernel, res->why);
	if (res->clause)
		snprintf(meta.clauses, sizeof(meta.clauses), "%s", clause_info(res->clause)->name);
	tree_print(&f->t, &meta, &text);
	tree_print_step(&f->t, &f->t.step[res->step], &step);
	put_run(&command, o->loop.profile, opts->spec);
	text_shell(&command, d.path);
	buf_puts(&command, "/case.case");
	const struct report_step at = {.number = res->step + 1,
				       .text = buf_str(&step),
				       .clause = res->clause,
				       .field = op_result_field(res),
				       .want = f->want,
				       .got = f->got};
	const struct report_case rc = {.verdict = opts->waived ? "XFAIL" : "FAIL",
				       .kernel = opts->kernel,
				       .path = opts->path,
				       .index = opts->index,
				       .text = buf_str(&text),
				       .why = note(opts, f),
				       .step = &at,
				       .reruns = f->reruns,
				       .failed = f->failed,
				       .reproduce = buf_str(&command)};

	folder_put_text(&d, "case.case", &text);
	put_card(&d, &rc);
	put_operations_program(&d, o, f, meta.title, buf_str(&text));
	buf_fini(&text);
	buf_fini(&command);
	buf_fini(&step);
	return folder_end(&d);
}
