/* SPDX-License-Identifier: MIT */
/* hookdiff clauses --uncovered: the catalogue against the corpus, without root (harness/profiles/coverage.h).
 */
#include "uncovered.h"

#include <stdio.h>

#include "../profiles/coverage.h"
#include "casefile.h"

void uncovered_print_profiles(uint32_t set, struct buf *b)
{
	unsigned n = profile_count() < COVERAGE_PROFILES ? profile_count() : COVERAGE_PROFILES;

	for (unsigned i = 0; i < n; i++) {
		unsigned last = i;

		if (!(set >> i & 1))
			continue;
		while (last + 1 < n && set >> (last + 1) & 1 && profile_at(last + 1)->in == IN_KERNEL &&
		       profile_at(i)->in == IN_KERNEL)
			last++;
		buf_printf(b, "%s%s", b->n ? " " : "", profile_at(i)->name);
		if (last > i)
			buf_printf(b, "%s%s", last > i + 1 ? ".." : " ", profile_at(last)->name);
		i = last;
	}
}

static void print_line(const char *what, uint32_t set, const char *why)
{
	struct buf b = {0};

	uncovered_print_profiles(set, &b);
	printf("%-22s %s: %s\n", what, buf_str(&b), why);
	buf_fini(&b);
}

static unsigned look_at(struct coverage *v, const struct casefile *f)
{
	struct coverage_case one;
	unsigned bad = 0;

	if (coverage_add(v, &f->tc, &f->meta, &one)) {
		fputs("hookdiff: out of memory\n", stderr);
		return 1;
	}
	if (one.wrong) {
		print_line(f->path, one.wrong, "the oracle disagrees with the case");
		bad++;
	}
	return bad;
}

int uncovered(struct cli *cli)
{
	static char dir[] = "corpus";
	static struct coverage v; /* large */
	char *args[] = {dir};
	struct casefile **files = NULL;
	unsigned without = 0, bad = 0;
	size_t n = 0;
	int code;

	code = cli->n_args ? casefile_load_calls(cli->args, cli->n_args, &files, &n)
			   : casefile_load_calls(args, 1, &files, &n);
	if (code) {
		casefile_free(files, n);
		return code;
	}
	coverage_init(&v);
	for (size_t i = 0; i < n; i++)
		bad += look_at(&v, files[i]);
	casefile_free(files, n);
	for (unsigned c = 1; c < C_COUNT; c++) {
		uint32_t missing = v.holds[c] & ~v.covered[c];

		if (!missing)
			continue;
		without++;
		print_line(clause_info(c)->name, missing,
			   missing == v.holds[c] ? "no case" : "no case in these profiles");
	}
	printf("%u of %u clauses without a case in some profile, %u cases looked at", without, C_COUNT - 1,
	       v.cases);
	if (bad)
		printf(", %u complaints about cases", bad);
	putchar('\n');
	return without || bad ? EXIT_DIVERGENCE : EXIT_AGREE;
}
