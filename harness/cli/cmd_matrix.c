/* SPDX-License-Identifier: MIT */
/* hookdiff matrix: the same cases on many kernels, side by side (harness/matrix). */
#include "opts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../campaign/express.h"
#include "../case/case_text.h"
#include "../kernels/catalog.h"
#include "../matrix/document.h"
#include "../matrix/fleet.h"
#include "../matrix/table.h"
#include "../mutate/gen.h"
#include "../mutate/sweep.h"
#include "../report/html.h"
#include "../report/replay.h"
#include "../report/text.h"
#include "session.h"
#include "version.h"

#define KERNELS 64

struct matrix {
	struct cli *cli;
	char spec[KERNELS][128];
	unsigned n;
	char out[PATH_MAX / 2], host_out[PATH_MAX];
	char file[KERNELS][PATH_MAX];
	struct job job[KERNELS];
	struct column column[KERNELS];
	struct column *order[KERNELS];
	struct waivers waivers;
	struct grid grid;
};

static int add_spec(struct matrix *m, const char *spec, size_t n)
{
	if (!n)
		return cli_usage(
			"matrix: --kernels: expected the name of a kernel, found nothing between commas");
	if (n >= sizeof(m->spec[0]))
		return cli_usage("matrix: --kernels: '%.40s...' is too long for the name of a kernel", spec);
	for (unsigned i = 0; i < m->n; i++)
		if (strlen(m->spec[i]) == n && !strncmp(m->spec[i], spec, n))
			return cli_usage("matrix: --kernels: '%.*s' stands there twice", (int)n, spec);
	if (m->n == KERNELS)
		return cli_usage("matrix: --kernels: at most %d kernels", KERNELS);
	snprintf(m->spec[m->n++], sizeof(m->spec[0]), "%.*s", (int)n, spec);
	return 0;
}

/* The newest kernel of every series that the archive lists or the cache holds. */
static int add_all(struct matrix *m)
{
	struct catalog c;
	char why[1024];
	int code = 0;

	if (catalog_read(&c, false, false, !m->cli->verbose, why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s\n", why);
		return EXIT_UNSURE;
	}
	for (size_t i = 0; i < c.n && !code; i++)
		code = add_spec(m, c.row[i].spec, strlen(c.row[i].spec));
	catalog_fini(&c);
	return code;
}

static int add_kernels(struct matrix *m)
{
	int code = 0;

	if (!m->cli->kernels)
		return cli_usage("matrix: expected --kernels: all, host, debian:6.12, or a file (hookdiff "
				 "kernel list)");
	for (const char *s = m->cli->kernels; !code; s++) {
		size_t n = strcspn(s, ",");

		code = n == 3 && !strncmp(s, "all", 3) ? add_all(m) : add_spec(m, s, n);
		s += n;
		if (!*s)
			break;
	}
	return code;
}

/* --out itself, or without it a folder with the time in its name. */
static int make_out(struct matrix *m)
{
	char stamp[32];
	time_t t = time(NULL);
	struct tm tm;
	int err = 0;

	if (m->cli->out_given) {
		snprintf(m->out, sizeof(m->out), "%s", m->cli->out);
		err = mkdir(m->out, 0755) && errno != EEXIST ? errno : 0;
	} else {
		gmtime_r(&t, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		mkdir(m->cli->out, 0755);
		for (int i = 0; i < 100; i++) {
			snprintf(m->out, sizeof(m->out), i ? "%s/matrix-%s.%d" : "%s/matrix-%s", m->cli->out,
				 stamp, i);
			err = mkdir(m->out, 0755) ? errno : 0;
			if (err != EEXIST)
				break;
		}
	}
	snprintf(m->host_out, sizeof(m->host_out), "%s/host", m->out);
	if (!err)
		return 0;
	fprintf(stderr, "hookdiff: cannot make the folder %s: %s; name another one with --out\n", m->out,
		strerror(err));
	return EXIT_UNSURE;
}

/* DIR/debian-6.12.jsonl: the spec with everything that has a meaning in a path replaced. */
static void name_file(struct matrix *m, unsigned i)
{
	char name[sizeof(m->spec[0])], suffix[16] = "";
	struct buf file = {0};

	snprintf(name, sizeof(name), "%s", m->spec[i] + strspn(m->spec[i], "/."));
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~_-", *p))
			*p = '-';
	buf_printf(&file, "%s/%s.", m->out, name);
	for (unsigned k = 0; k < i; k++) /* two paths may differ in such characters only */
		if (!strncmp(m->file[k], buf_str(&file), file.n))
			snprintf(suffix, sizeof(suffix), "%u.", i);
	snprintf(m->file[i], sizeof(m->file[i]), "%s%sjsonl", buf_str(&file), suffix);
	buf_fini(&file);
}

static int load_waivers(struct matrix *m)
{
	struct diag d = {0};

	if (!m->cli->waivers_given && access(m->cli->waivers, F_OK))
		return 0;
	if (waivers_load(&m->waivers, m->cli->waivers, &d)) {
		cli_diag(&d, NULL, 0);
		return EXIT_USAGE;
	}
	m->grid.waivers = &m->waivers;
	m->grid.waivers_path = m->cli->waivers;
	return 0;
}

/* What every kernel is to do; without a word about it: the corpus and the sweep. */
static int check_work(struct cli *cli)
{
	if (!cli->case_dir && !cli->sweep && !cli->seconds && !cli->fuzz_cases) {
		cli->case_dir = "corpus";
		cli->sweep = true;
	}
	if (cli->case_dir && access(cli->case_dir, R_OK))
		return cli_usage("matrix: cannot read the cases in %s: %s; name them with --cases",
				 cli->case_dir, strerror(errno));
	return 0;
}

static void make_jobs(struct matrix *m)
{
	struct cli *cli = m->cli;
	bool fuzz = cli->seconds || cli->fuzz_cases;
	struct job job = {.cases = cli->case_dir,
			  .thin = cli->sweep ? (unsigned)cli->thin : 0,
			  .seconds = cli->seconds,
			  .fuzz_cases = cli->fuzz_cases,
			  .profile = strcmp(cli->profile, "auto") ? cli->profile : NULL,
			  .waivers = m->grid.waivers ? cli->waivers : NULL,
			  .out = m->host_out,
			  .version = HD_VERSION,
			  .argc = cli->argc,
			  .argv = cli->argv};

	if (fuzz && !cli->seed_given)
		cli->seed = (uint64_t)time(NULL) * 1000003 ^ (uint64_t)getpid() << 40;
	m->grid.seed_given = fuzz;
	m->grid.seed = job.seed = cli->seed;
	for (unsigned i = 0; i < m->n; i++) {
		name_file(m, i);
		m->job[i] = job;
		m->job[i].spec = m->spec[i];
		m->job[i].file = m->file[i];
		column_init(&m->column[i], m->spec[i]);
		m->order[i] = &m->column[i];
	}
	m->grid.column = m->order;
	m->grid.n = m->n;
	m->grid.now = (int64_t)time(NULL);
}

/* The smallest case of each finding as a file of its own, and the command that repeats it on that kernel. */
static void save_findings(struct matrix *m, struct column *c)
{
	for (unsigned i = 0; i < c->n_findings; i++) {
		struct column_finding *f = &c->finding[i];
		struct buf command = {0}, path = {0};
		FILE *to;

		if (!f->text || !c->profile)
			continue;
		replay_path(&path, m->out, c, f);
		to = fopen(buf_str(&path), "we");
		if (to && fputs(f->text, to) >= 0 && !fclose(to)) {
			replay_command(&command, c, buf_str(&path));
			free(f->reproduce);
			f->reproduce = strdup(buf_str(&command));
		}
		buf_fini(&command);
		buf_fini(&path);
	}
}

/* The generated case that ran when a kernel came to its end, as a file; the same as in_vm.c's, for a column.
 */
static void save_running(struct matrix *m, struct column *c)
{
	static struct tcase tc; /* large */
	static struct gen gen;
	const struct case_meta meta = {.title = "What ran when the kernel came to its end."};
	unsigned topology, socket;
	struct buf text = {0};
	char path[PATH_MAX];
	FILE *to;

	if (c->end != COLUMN_ERROR || !c->profile)
		return;
	if (c->running_sweep && c->running_index < sweep_count()) {
		sweep_case(c->running_index, &tc, &topology, &socket);
	} else if (c->running_fuzz) {
		gen_init(&gen, c->running_seed);
		gen_case(&gen, c->running_index, &tc);
	} else {
		return;
	}
	express(&tc, c->profile);
	tcase_print(&tc, &meta, &text);
	snprintf(path, sizeof(path), "%s/%s-running.case", m->out, c->label);
	to = fopen(path, "we");
	if (to && fwrite(text.p, 1, text.n, to) == text.n && !fclose(to))
		c->running_file = strdup(path);
	buf_fini(&text);
}

/* False, after a complaint, if it could not be written. */
static bool write_file(const char *path, const struct buf *b)
{
	FILE *f = b->failed ? NULL : fopen(path, "we");
	bool ok = f && fwrite(b->p, 1, b->n, f) == b->n;

	ok = f && !fclose(f) && ok;
	if (!ok)
		fprintf(stderr, "hookdiff: %s could not be written: %s\n", path,
			b->failed ? "out of memory" : strerror(errno));
	return ok;
}

/* DIR/matrix.json, the page of --html, and on standard output the first or the table. False if one of the
 * files could not be written. */
static bool print(struct matrix *m)
{
	const char *files[KERNELS];
	struct buf document = {0}, table = {0}, page = {0};
	char path[PATH_MAX];
	bool ok;

	for (unsigned i = 0; i < m->n; i++)
		files[i] = m->file[m->order[i] - m->column];
	document_format(&document, &m->grid, HD_VERSION, m->cli->argc, m->cli->argv, files);
	snprintf(path, sizeof(path), "%s/matrix.json", m->out);
	ok = write_file(path, &document);
	if (m->cli->html) {
		page.failed = report_html(&page, &m->grid, HD_VERSION) != 0;
		ok &= write_file(m->cli->html, &page);
	}
	if (m->cli->json) {
		fputs(buf_str(&document), stdout);
	} else {
		table_format(&table, &m->grid, m->cli->verbose);
		fputs(buf_str(&table), stdout);
		printf("report: %s%s%s\n", m->out, m->cli->html && ok ? ", " : "",
		       m->cli->html && ok ? m->cli->html : "");
	}
	buf_fini(&document);
	buf_fini(&table);
	buf_fini(&page);
	return ok;
}

int cmd_matrix(struct cli *cli)
{
	struct matrix *m = calloc(1, sizeof(*m));
	int code;

	if (!m)
		return cli_usage("out of memory");
	m->cli = cli;
	code = strcmp(cli->profile, "auto") && !profile_find(cli->profile)
		       ? (cli_profile(cli, "", NULL), EXIT_USAGE)
		       : add_kernels(m);
	if (!code)
		code = load_waivers(m);
	if (!code)
		code = check_work(cli);
	if (!code)
		code = make_out(m);
	if (!code) {
		make_jobs(m);
		if (!cli->json && m->grid.seed_given)
			printf("seed %llu\n", (unsigned long long)cli->seed);
		fflush(stdout);
		fleet_run(m->job, m->column, m->n, session_workers(cli), stderr);
		for (unsigned i = 0; i < m->n; i++) {
			save_findings(m, &m->column[i]);
			save_running(m, &m->column[i]);
		}
		grid_sort(&m->grid);
		grid_verdict(&m->grid, &code);
		if (!print(m) && !code)
			code = EXIT_UNSURE;
	}
	for (unsigned i = 0; i < m->n; i++)
		column_fini(&m->column[i]);
	waivers_fini(&m->waivers);
	free(m);
	return code;
}
