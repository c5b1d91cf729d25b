/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../exec/kcov_set.h"
#include "../exec/probe.h"
#include "../report/summary.h"
#include "../report/text.h"
#include "version.h"

void cli_diag(const struct diag *d, const char *text, size_t len)
{
	struct buf b = {0}, safe = {0};

	diag_print(d, text, len, &b);
	text_safe(&safe, buf_str(&b), b.n);
	fputs(buf_str(&safe), stderr);
	buf_fini(&b);
	buf_fini(&safe);
}

static void command_line(const struct cli *cli, char *out, size_t n)
{
	struct buf b = {0};

	buf_puts(&b, "hookdiff");
	for (int i = 1; i < cli->argc; i++) {
		buf_puts(&b, " ");
		text_shell(&b, cli->argv[i]);
	}
	snprintf(out, n, "%s", buf_str(&b));
	buf_fini(&b);
}

int session_folder(const char *out, const char *command, time_t t, char *folder, size_t size)
{
	char stamp[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	if (mkdir(out, 0755) && errno != EEXIST)
		return -errno;
	for (int i = 0; i < 100; i++) {
		char more[16] = "";

		if (i)
			snprintf(more, sizeof(more), ".%d", i);
		if (snprintf(folder, size, "%s/%s-%s%s", out, command, stamp, more) >= (int)size)
			return -ENAMETOOLONG;
		if (!mkdir(folder, 0755))
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* The run's folder and its findings'. */
static int make_folders(struct session *s, const char *command)
{
	int err = session_folder(s->cli->out, command, (time_t)s->run.start, s->folder, sizeof(s->folder));

	if (err)
		return err;
	snprintf(s->findings, sizeof(s->findings), "%s/findings", s->folder);
	return mkdir(s->findings, 0755) ? -errno : 0;
}

int session_waivers(const struct cli *cli, struct waivers *w)
{
	struct diag d = {0};
	int err;

	if (!cli->waivers_given && access(cli->waivers, F_OK))
		return EXIT_AGREE;
	err = waivers_load(w, cli->waivers, &d);
	if (!err) {
		fprintf(stderr, "%zu waivers from %s\n", w->n, cli->waivers);
		for (size_t i = 0; i < w->n; i++)
			if (waiver_expired(&w->row[i], (int64_t)time(NULL)))
				fprintf(stderr, "%s:%d: warning: this waiver has expired\n", cli->waivers,
					w->row[i].line);
		return EXIT_AGREE;
	}
	cli_diag(&d, NULL, 0);
	return EXIT_USAGE;
}

/* Who is tested: asked with --backend, else this machine. EXIT_AGREE or the code of what keeps cases from
 * running. */
static int find_target(struct session *s)
{
	struct cli *cli = s->cli;
	struct utsname u;
	char why[512];

	s->target = (struct target){.command = cli->backend, .timeout = (unsigned)cli->patience};
	if (cli->backend) {
		s->b = target_open(&s->target, 1, why, sizeof(why));
		if (!s->b) {
			fprintf(stderr, "hookdiff: %s\n", why);
			return EXIT_UNSURE;
		}
		snprintf(s->release, sizeof(s->release), "%s", s->b->release);
		snprintf(s->uname_version, sizeof(s->uname_version), "%s", s->b->version);
		snprintf(s->arch, sizeof(s->arch), "%s", s->b->arch);
		s->page_size = s->b->page_size;
		s->profile = cli_profile(cli, s->b->release, s->b->version);
		s->epoch = attach_for_kernel(s->b->release, s->b->version);
		return s->profile ? EXIT_AGREE : EXIT_USAGE;
	}
	uname(&u);
	snprintf(s->release, sizeof(s->release), "%s", u.release);
	snprintf(s->uname_version, sizeof(s->uname_version), "%s", u.version);
	snprintf(s->arch, sizeof(s->arch), "%s", u.machine);
	s->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	s->profile = cli_profile(cli, u.release, u.version);
	s->epoch = attach_for_kernel(u.release, u.version);
	return s->profile ? EXIT_AGREE : EXIT_USAGE;
}

static void close_backend(struct session *s)
{
	if (s->b)
		s->b->ops->close(s->b, NULL);
	s->b = NULL;
}

int session_splats(const struct cli *cli, struct splat_list *l)
{
	struct diag d = {0};

	if (!cli->splats || (!cli->splats_given && access(cli->splats, F_OK)))
		return EXIT_AGREE;
	if (!splat_list_load(l, cli->splats, &d))
		return EXIT_AGREE;
	cli_diag(&d, NULL, 0);
	return EXIT_USAGE;
}

bool session_unsafe(const struct cli *cli, const char *command)
{
	if (!cli->unsafe || cli->kernel)
		return true;
	cli_usage("%s: --unsafe is for a guest that may die: expected --kernel with it", command);
	return false;
}

int session_check(struct session *s, struct cli *cli)
{
	char why[400];
	int code;

	memset(s, 0, sizeof(*s));
	s->cli = cli;
#ifdef HD_GUEST /* nobody else works here, and nothing can be hurt */
	cli->dmesg = cli->unsafe = true;
#endif
	code = find_target(s);
	if (!code)
		code = session_waivers(s->cli, &s->waivers);
	if (!code)
		code = session_splats(s->cli, &s->splats);
	if (code) {
		close_backend(s);
		return code;
	}
	if (!cli->backend && !probe_can_run(why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s\n", why);
		return EXIT_UNSURE;
	}
	return EXIT_AGREE;
}

struct backend *session_backend(struct session *s, char *err, size_t size)
{
	struct backend *b = s->b ? s->b : target_open(&s->target, 1, err, size);

	s->b = NULL;
	return b;
}

struct target session_target(struct session *s)
{
	close_backend(s);
	return s->target;
}

int session_open(struct session *s, struct cli *cli, const char *command)
{
	char path[300];
	int err = session_check(s, cli);

	if (err)
		return err;
	command_line(cli, s->reproduce, sizeof(s->reproduce));
	s->run = (struct report_run){.command = command,
				     .version = HD_VERSION,
				     .kernel = s->release,
				     .uname_version = s->uname_version,
				     .arch = s->arch,
				     .profile = s->profile->name,
				     .page_size = s->page_size,
				     .start = (int64_t)time(NULL),
				     .argc = cli->argc,
				     .argv = cli->argv};
	err = make_folders(s, command);
	snprintf(path, sizeof(path), "%s/blocks.txt", s->folder);
	if (!err && (cli->blocks || cli->each))
		err = setenv(KCOV_SET_ENV, path, 1) ? -errno : 0; /* for whoever opens the kernel */
	snprintf(path, sizeof(path), "%s/report.jsonl", s->folder);
	if (!err) {
		s->jsonl = cli->json ? jsonl_stdout() : jsonl_open(path);
		err = s->jsonl ? 0 : -errno;
	}
	if (err) {
		fprintf(stderr,
			"hookdiff: cannot write the report to %s: %s; name another folder with --out\n",
			cli->out, strerror(-err));
		close_backend(s);
		return EXIT_UNSURE;
	}
	return EXIT_AGREE;
}

void session_start(struct session *s)
{
	jsonl_run(s->jsonl, &s->run);
}

void session_finding(struct session *s, const char *stem)
{
	char path[400], line[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/card.json", s->findings, stem);
	jsonl_append_file(s->jsonl, path);
	if (s->cli->json)
		return;
	snprintf(path, sizeof(path), "%s/%s/card.txt", s->findings, stem);
	f = fopen(path, "re");
	if (!f)
		return;
	putchar('\n');
	while (fgets(line, sizeof(line), f))
		fputs(line, stdout);
	fclose(f);
}

void session_splat(struct session *s, const char *text, const char *running)
{
	jsonl_splat(s->jsonl, s->release, text, running);
	if (s->cli->json)
		return;
	printf("\nFAIL: the kernel complained after %s:\n", running);
	for (const char *p = text, *end; *p; p = end + (*end == '\n')) {
		end = p + strcspn(p, "\n");
		printf("  | %.*s\n", (int)(end - p), p);
	}
}

int session_end(struct session *s, const struct report_totals *t, const struct clause_stat *stat,
		const struct control_counts *controls)
{
	struct buf b = {0};
	int code = summary_exit(t, controls);

	jsonl_summary(s->jsonl, t, stat, controls);
	if (jsonl_close(s->jsonl)) {
		fprintf(stderr,
			"hookdiff: the report in %s is not complete: the disk is full or cannot be written\n",
			s->folder);
		code = code ? code : EXIT_UNSURE; /* a failure outweighs an error */
	}
	s->jsonl = NULL;
	if (!s->cli->json) {
		summary_format(&b, &s->run, t, stat, controls, s->cli->verbose);
		fputs(buf_str(&b), stdout);
		printf("report: %s/report.jsonl\n", s->folder);
	}
	buf_fini(&b);
	session_close(s);
	return code;
}

void session_close(struct session *s)
{
	close_backend(s);
	jsonl_close(s->jsonl);
	s->jsonl = NULL;
	waivers_fini(&s->waivers);
	splat_list_fini(&s->splats);
	if (s->findings[0])
		rmdir(s->findings); /* goes only if it is empty */
}

uint64_t session_seed(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec * 1000003 + (uint64_t)t.tv_nsec) ^ (uint64_t)getpid() << 40;
}

unsigned session_workers(const struct cli *cli)
{
	long n = cli->workers ? (long)cli->workers : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > BULK_WORKERS ? BULK_WORKERS : (unsigned)n;
}

static void print_operations(const struct bulk_result *r)
{
	static const char *const names[TREE_OP_COUNT] = {
		"attach", "link",  "update", "detach", "link_detach",	"close(link)", "query",
		"mkdir",  "rmdir", "move",   "socket", "close(socket)", "calls"};

	printf("\n%llu operations and calls, %.0f a second:", (unsigned long long)r->operations,
	       r->seconds > 0 ? (double)r->operations / r->seconds : 0.0);
	for (unsigned i = 0; i < TREE_OP_COUNT; i++)
		printf(" %s %llu", names[i], (unsigned long long)r->ops[i]);
	puts("");
	if (r->chains) {
		printf("%llu topologies, %llu calls\n", (unsigned long long)r->chains,
		       (unsigned long long)r->calls);
		return;
	}
	printf("cases:");
	for (unsigned i = 0; i < TREE_KIND_COUNT; i++)
		printf(" %s %llu", tree_kind_name((enum tree_kind)i), (unsigned long long)r->kinds[i]);
	puts("");
}

int session_bulk(struct session *s, const struct bulk_opts *opts, struct bulk_result *r)
{
	struct report_totals t = {.cases = r->cases + r->skipped,
				  .calls = r->calls,
				  .pass = r->cases - r->failed - r->inconclusive,
				  .fail = r->failed - r->waived,
				  .waived = r->waived,
				  .inconclusive = r->inconclusive,
				  .skipped = r->skipped,
				  .silent = r->silent,
				  .waivers = &s->waivers,
				  .seconds = r->seconds};
	struct waiver *w;

	t.splats = r->n_splats;
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		t.calls_on[h] = r->calls_on[h];
	for (unsigned i = 0; i < r->n_buckets; i++) {
		const struct bucket *b = &r->bucket[i];

		t.findings += b->count > b->waived;
		/* The workers counted in their own copies of the waivers. */
		w = b->waived ? waivers_match(&s->waivers, b->key.clause, (enum hook)b->key.hook, s->release)
			      : NULL;
		if (w)
			w->used += b->waived - 1;
		if (b->stem[0])
			session_finding(s, b->stem);
		if (!s->cli->json && b->count > 1)
			printf("%s: %llu cases like it\n", b->stem[0] ? b->stem : "(not written)",
			       (unsigned long long)b->count);
	}
	for (uint64_t i = 0; i < r->n_splats && i < BULK_SPLATS; i++)
		session_splat(s, r->splat[i].text, r->splat[i].running);
	if (r->error[0]) {
		t.incomplete = "a worker failed";
		fprintf(stderr, "hookdiff: %s\n", r->error);
	}
	uint64_t total = bulk_total(opts);

	/* Without a number of cases a fuzz run is whole whenever it ends. */
	if (r->interrupted && total && t.cases < total)
		t.incomplete = "interrupted before the last case";
	if (!s->cli->json && r->operations)
		print_operations(r);
	else if (!s->cli->json) {
		printf("\n%llu setsockopts reached their handler; %llu of them repeated the option's last "
		       "value.\n",
		       (unsigned long long)r->sets, (unsigned long long)r->indistinct);
		if (opts->straight)
			printf("%llu of the cases also ran on straight-line programs.\n",
			       (unsigned long long)r->straight);
		printf("The handler of a getsockopt: %llu failed, %llu gave less than asked, %llu as much, "
		       "%llu more, %llu more than a page.\n",
		       (unsigned long long)r->answers[ANSWER_ERROR],
		       (unsigned long long)r->answers[ANSWER_LESS],
		       (unsigned long long)r->answers[ANSWER_EQUAL],
		       (unsigned long long)r->answers[ANSWER_MORE],
		       (unsigned long long)r->answers[ANSWER_LARGE]);
	}
	return session_end(s, &t, r->stat, &r->controls);
}
