/* SPDX-License-Identifier: MIT */
/* docs/clauses.md: profiles, clauses with their cases, the documents' sentences, and where documents and
 * kernels part. */
#include "clauses_md.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../profiles/coverage.h"
#include "casefile.h"
#include "opts.h"
#include "oracle/attach.h"
#include "oracle/scope.h"
#include "oracle/sentences.h"
#include "uncovered.h"

#define CORPUS	 "corpus"
#define OBSERVED CORPUS "/observed"
#define KERNELS	 64

struct md {
	struct casefile **files;
	struct coverage_case *one; /* by file */
	size_t n;
	struct coverage v;
	struct {
		char release[64];
		uint32_t profile; /* its bit; 0: no row covers it */
	} kernel[KERNELS];
	unsigned n_kernels;
};

/* Text in a Markdown table: a bar would end the cell, a star or an underscore at a word's end may be
 * emphasis. */
static void cell(const char *text)
{
	for (const char *s = text; *s; s++) {
		bool inside = s > text && isalnum((unsigned char)s[-1]) && isalnum((unsigned char)s[1]);

		if (strchr("|*<\\", *s) || (*s == '_' && !inside))
			putchar('\\');
		putchar(*s);
	}
}

static uint32_t bit_of(const struct profile *p)
{
	for (unsigned i = 0; p && i < profile_count() && i < COVERAGE_PROFILES; i++)
		if (profile_at(i) == p)
			return 1u << i;
	return 0;
}

static void print_set(uint32_t set)
{
	struct buf b = {0};

	uncovered_print_profiles(set, &b);
	printf("%s", buf_str(&b));
	buf_fini(&b);
}

static int load_observed(struct md *m)
{
	FILE *f = fopen(OBSERVED, "re");
	char line[256];

	if (!f)
		return EXIT_AGREE;
	while (fgets(line, sizeof(line), f)) {
		char *version;

		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		version = strchr(line, ' ');
		if (version)
			*version++ = '\0';
		if (m->n_kernels == KERNELS) {
			fclose(f);
			return cli_usage("%s: more than %d kernels", OBSERVED, KERNELS);
		}
		snprintf(m->kernel[m->n_kernels].release, sizeof(m->kernel[0].release), "%.63s", line);
		m->kernel[m->n_kernels++].profile = bit_of(profile_for_kernel(line, version));
	}
	fclose(f);
	return EXIT_AGREE;
}

static int load(struct md *m)
{
	static char dir[] = CORPUS;
	char *args[] = {dir};
	struct stat st;
	int code;

	coverage_init(&m->v);
	if (stat(dir, &st))
		return EXIT_AGREE;
	code = casefile_load_all(args, 1, &m->files, &m->n);
	if (code)
		return code;
	m->one = calloc(m->n, sizeof(*m->one));
	for (size_t i = 0; i < m->n; i++)
		if (!m->one || (!m->files[i]->tree &&
				coverage_add(&m->v, &m->files[i]->tc, &m->files[i]->meta, &m->one[i])))
			return cli_usage("out of memory");
	return load_observed(m);
}

/* "corpus/set/a.case" -> a link "set/a" from docs/. */
static void link_case(const char *path)
{
	const char *name = path + strlen(CORPUS) + 1;

	printf("[%.*s](../%s)", (int)(strlen(name) - strlen(".case")), name, path);
}

static void profiles(const struct md *m)
{
	puts("## Profiles\n\nA profile is one version of the contract. The kernels stand first, oldest to "
	     "newest.\n\n"
	     "| profile | what it is | kernels | how we know | clauses |\n| --- | --- | --- | --- | --- |");
	for (unsigned i = 0; i < profile_count(); i++) {
		const struct profile *p = profile_at(i);
		unsigned n = 0;

		for (unsigned c = 1; c < C_COUNT; c++)
			n += profile_has(p, c);
		printf("| `%s` | ", p->name);
		cell(p->what);
		printf(" | ");
		cell(p->releases ? p->releases : "");
		printf(" | %s | %u |\n", evidence_name(p->evidence), n);
	}
	(void)m;
}

static void clauses(const struct md *m)
{
	puts("\n## Clauses\n\nU: the user's optlen; W: the size of the window that programs get; K: the "
	     "length that the "
	     "handler reported; L: the\noptlen that the last program left. A case stands where it names the "
	     "clause and "
	     "one of its calls shows it.\n\n| clause | rule | holds in | source | cases |\n"
	     "| --- | --- | --- | --- | --- |");
	for (unsigned c = 1; c < C_CALLS; c++) {
		const struct clause_info *info = clause_info(c);
		const char *sep = "";

		printf("| `%s` | ", info->name);
		cell(info->sentence);
		printf(" | ");
		print_set(m->v.holds[c]);
		printf(" | ");
		cell(info->source);
		printf(" | ");
		for (size_t i = 0; i < m->n; i++)
			if (clause_has(&m->one[i].covers, c)) {
				printf("%s", sep);
				link_case(m->files[i]->path);
				sep = ", ";
			}
		puts(" |");
	}
}

/* Does the file, a case with operations, name the clause? */
static bool names_clause(const struct casefile *f, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = f->meta.clauses; f->tree && *(s += strspn(s, " ")); s += strcspn(s, " "))
		if (strcspn(s, " ") == n && !memcmp(s, name, n))
			return true;
	return false;
}

static void operations(const struct md *m)
{
	puts("\n## Operations\n\nRules of attaching, of what runs for a socket and of where a socket "
	     "belongs, for cases with "
	     "operations\n(docs/case-format.md). They hold in every kernel that has what they need.\n\n"
	     "| clause | rule | needs | source | cases |\n| --- | --- | --- | --- | --- |");
	for (unsigned c = C_CALLS; c < C_OPERATIONS; c++) {
		const struct clause_info *info = clause_info(c);
		const char *sep = "";

		printf("| `%s` | ", info->name);
		cell(info->sentence);
		printf(" | ");
		for (unsigned bit = 0; bit < NEED_COUNT; bit++)
			if (info->when.values >> bit & 1)
				printf("%s ", attach_need_name(bit));
		printf("| ");
		cell(info->source);
		printf(" | ");
		for (size_t i = 0; i < m->n; i++)
			if (names_clause(m->files[i], info->name)) {
				printf("%s", sep);
				link_case(m->files[i]->path);
				sep = ", ";
			}
		puts(" |");
	}
}

static void storage(void)
{
	puts("\n## Storage\n\nRules of cgroup and socket storage, which `hookdiff storage` tries "
	     "(docs/storage.md).\n\n| clause | rule | source |\n| --- | --- | --- |");
	for (unsigned c = C_OPERATIONS; c < C_COUNT; c++) {
		printf("| `%s` | ", clause_info(c)->name);
		cell(clause_info(c)->sentence);
		printf(" | ");
		cell(clause_info(c)->source);
		puts(" |");
	}
}

static void print_ids(const char *ids)
{
	for (const char *word = ids; *word;) {
		int n = (int)strcspn(word, " ");

		printf("%s`%.*s`", word == ids ? "" : ", ", n, word);
		word += n;
		word += strspn(word, " ");
	}
}

static void sentences(unsigned in, const char *title)
{
	unsigned number = 0;

	printf("\n### %s\n\n| # | section | it says | clauses |\n| --- | --- | --- | --- |\n", title);
	for (unsigned i = 0; i < sentence_count(); i++) {
		const struct sentence *s = sentence_at(i);

		if (s->in != in)
			continue;
		printf("| %u | ", ++number);
		cell(s->section);
		printf(" | ");
		cell(s->text);
		printf(" | ");
		if (*s->clauses)
			print_ids(s->clauses);
		else
			printf("none: %s", s->without);
		puts(" |");
	}
}

/* The cases of a deviation as links; returns the profiles in which one of them says what comes out. */
static uint32_t deviation_cases(const struct md *m, const char *cases)
{
	uint32_t scope = 0;

	for (const char *word = cases; *word;) {
		int n = (int)strcspn(word, " ");
		char path[256];

		snprintf(path, sizeof(path), CORPUS "/%.*s.case", n, word);
		printf("%s", word == cases ? "" : ", ");
		link_case(path);
		for (size_t i = 0; i < m->n; i++)
			if (!strcmp(m->files[i]->path, path))
				scope |= m->one[i].scope;
		word += n;
		word += strspn(word, " ");
	}
	return scope;
}

static void deviations(const struct md *m, unsigned in, const char *title)
{
	printf("\n### %s\n\n| | | the document | the kernels | cases | observed on |\n"
	       "| --- | --- | --- | --- | --- | --- |\n",
	       title);
	for (unsigned i = 0; i < deviation_count(); i++) {
		const struct deviation *d = deviation_at(i);
		const char *sep = "";
		uint32_t scope;

		if (d->in != in)
			continue;
		printf("| %s | %s | ", d->id, deviation_kind_name(d->kind));
		cell(d->says);
		printf(" | ");
		cell(d->does);
		printf(" | ");
		scope = deviation_cases(m, d->cases);
		printf(" | ");
		for (unsigned k = 0; k < m->n_kernels; k++)
			if (m->kernel[k].profile & scope) {
				printf("%s%s", sep, m->kernel[k].release);
				sep = ", ";
			}
		puts(" |");
	}
}

int clauses_md(void)
{
	static struct md m; /* large */
	int code = load(&m);

	if (code) {
		casefile_free(m.files, m.n);
		free(m.one);
		return code;
	}
	puts("<!-- made by `hookdiff clauses --markdown` from oracle/*.def, oracle/profiles.c and corpus/; "
	     "edit those -->\n"
	     "# The clauses\n\n"
	     "Every rule of the contract of the two cgroup sockopt hooks has an id, a sentence and a source. "
	     "`doc` is the\n"
	     "published Documentation/bpf/prog_cgroup_sockopt.rst, `draft` the documentation of the first "
	     "proposal; a `v` is\n"
	     "the first kernel of an epoch.\n");
	profiles(&m);
	clauses(&m);
	operations(&m);
	storage();
	puts("\n## What the documents say");
	sentences(IN_DRAFT, "The first proposal");
	sentences(IN_DOC, "The published document");
	puts("\n## Document vs code\n\n"
	     "Where a document is wrong about the kernels, vague, or silent, each with the cases that show "
	     "it: the kernels'\n"
	     "side first, a case of `doc/` or `draft/` holds what the document says. Observed: kernels of "
	     "corpus/observed on\n"
	     "which one of the cases said what comes out, and it did. `hookdiff diff-profiles doc v6.7` "
	     "finds such places by\n"
	     "search.");
	deviations(&m, IN_DOC, "The published document");
	deviations(&m, IN_DRAFT, "The first proposal");
	casefile_free(m.files, m.n);
	free(m.one);
	return EXIT_AGREE;
}
