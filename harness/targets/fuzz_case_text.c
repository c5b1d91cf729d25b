/* SPDX-License-Identifier: MIT */
/*
 * The text form (harness/case/case_text.h): any bytes are a valid case or a complaint with a place; what
 * parses prints, and the print parses back to the same case and prints the same. Needs no root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case/tree_text.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, const char *more)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_case_text: %s%s\n", what, more ? more : "");
	abort();
}

/* A complaint can be shown: it has a place inside of the text, and a sentence. */
static void complaint(const struct diag *d, const char *text, size_t size)
{
	struct buf out = {0};

	must(d->message[0] && d->line >= 0 && d->col >= 0 && (size_t)d->line <= size + 1 &&
		     (size_t)d->col <= size + 1,
	     "a complaint without sentence or place: ", d->message);
	diag_print(d, text, size, &out);
	must(!out.failed && strstr(buf_str(&out), d->message), "the complaint is not printed: ", d->message);
	buf_fini(&out);
}

/* The same for a case with operations. */
static void operations(const char *data, size_t size)
{
	static struct tree t, again; /* large */
	struct case_meta meta, meta2;
	struct buf text = {0}, same = {0};
	struct diag d = {0};
	int err = tree_parse(data, size, "fuzz", &t, &meta, &d);

	if (err) {
		must(err == -EINVAL, "parsing fails with another number than -EINVAL", NULL);
		complaint(&d, data, size);
		stats_refuse(REFUSED_MALFORMED);
		return;
	}
	fuzz_stats.cases++;
	must(!tree_check(&t), "parsed case is not valid: ", tree_check(&t));
	tree_print(&t, &meta, &text);
	if (tree_parse(buf_str(&text), text.n, "print", &again, &meta2, &d))
		must(false, "what was printed does not parse: ", d.message);
	must(tree_equal(&t, &again), "print and parse give another case:\n", buf_str(&text));
	tree_print(&again, &meta2, &same);
	must(text.n == same.n && !memcmp(text.p, same.p, text.n), "two prints of one case:\n",
	     buf_str(&text));
	buf_fini(&text);
	buf_fini(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcase tc, again; /* large */
	struct case_meta meta, meta2;
	struct buf text = {0}, same = {0};
	struct diag d = {0};
	const char *wrong;
	int err;

	stats_execution();
	if (tree_text_is((const char *)data, size)) {
		operations((const char *)data, size);
		return 0;
	}
	err = tcase_parse((const char *)data, size, "fuzz", &tc, &meta, &d);
	if (err) {
		must(err == -EINVAL, "parsing fails with another number than -EINVAL", NULL);
		complaint(&d, (const char *)data, size);
		stats_refuse(REFUSED_MALFORMED);
		return 0; /* complaints are half of what is tested: they may be in the corpus */
	}
	fuzz_stats.cases++;
	wrong = tcase_check(&tc);
	must(!wrong, "parsed case is not valid: ", wrong);
	tcase_print(&tc, &meta, &text);
	if (tcase_parse(buf_str(&text), text.n, "print", &again, &meta2, &d))
		must(false, "what was printed does not parse: ", d.message);
	must(tcase_equal(&tc, &again), "print and parse give another case:\n", buf_str(&text));
	must(!strcmp(meta.title, meta2.title) && !strcmp(meta.clauses, meta2.clauses) &&
		     !strcmp(meta.profiles, meta2.profiles),
	     "print and parse give another header:\n", buf_str(&text));
	tcase_print(&again, &meta2, &same);
	must(text.n == same.n && !memcmp(text.p, same.p, text.n), "two prints of one case:\n",
	     buf_str(&text));
	buf_fini(&text);
	buf_fini(&same);
	return 0;
}
