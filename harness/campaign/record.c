/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../case/case_text.h"
#include "../report/card.h"
#include "../report/jsonl.h"
#include "../report/text.h"
#include "../report/waivers.h"

/* Creates folder/stem.suffix and writes text to it; -EEXIST if another worker met the same key first. */
static int write_file(const char *folder, const char *stem, const char *suffix, const struct buf *text)
{
	char path[512];
	int fd, err = 0;

	if (snprintf(path, sizeof(path), "%s/%s.%s", folder, stem, suffix) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, buf_str(text), text->n) != (ssize_t)text->n)
		err = -EIO;
	close(fd);
	return err;
}

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

int record_finding(const struct record_opts *opts, const struct loop *lp, const struct finding *f,
		   const char *path, uint64_t index, const struct waiver *waiver, char *stem, size_t size)
{
	struct case_meta meta;
	struct buf text = {0}, card = {0}, command = {0};
	struct jsonl *j;
	char json[512];
	int err;

	triage_stem(&f->key, stem, size);
	describe(lp, f, &meta);
	tcase_print(&f->tc, &meta, &text);
	if (f->reproduced) {
		snprintf(json, sizeof(json), "%s/%s.case", opts->folder, stem);
		buf_printf(&command, "hookdiff run --profile %s ", lp->profile->name);
		if (lp->b->command) {
			buf_puts(&command, "--backend ");
			text_shell(&command, lp->b->command);
			buf_puts(&command, " ");
		}
		text_shell(&command, json);
	} else {
		buf_puts(&command, opts->reproduce);
	}
	struct report_case rc = record_case(lp, f, buf_str(&text));

	rc.verdict = waiver ? "XFAIL" : "FAIL";
	rc.path = path;
	rc.index = index;
	rc.reproduce = buf_str(&command);
	if (waiver)
		rc.why = waiver->reason;
	else if (!f->reproduced)
		rc.why = "fresh sockets do not show it: it depends on what the pair did before";
	card_format(&card, &rc);
	err = write_file(opts->folder, stem, "case", &text);
	if (!err)
		err = write_file(opts->folder, stem, "txt", &card);
	snprintf(json, sizeof(json), "%s/%s.jsonl", opts->folder, stem);
	if (!err && (j = jsonl_open(json))) {
		err = jsonl_case(j, &rc);
		jsonl_close(j);
	}
	buf_fini(&text);
	buf_fini(&card);
	buf_fini(&command);
	return err == -EEXIST ? 0 : err; /* another worker met the same key first */
}
