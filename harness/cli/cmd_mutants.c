/* SPDX-License-Identifier: MIT */
/*
 * hookdiff mutants: kernels with a bug each (harness/mutants). One process boots and runs the last one that
 * was built while this one builds the next.
 */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../kernels/files.h"
#include "../kernels/run.h"
#include "../mutants/hunt.h"
#include "../mutants/mutant.h"
#include "kernel_build.h"

/* One row of the table. */
struct row {
	const struct mutant *m; /* NULL: the kernel without a bug */
	bool built;
	char why[300]; /* why it was not */
	double build;  /* seconds */
	struct build_result kernel;
	struct hunt_result hunt;
};

struct score {
	struct cli *cli;
	struct mutants all;
	struct row *row;
	struct build_recipe recipe;
	struct json_object *json;
	unsigned caught, by_corpus, survived, equivalent, failed;
	pid_t child;
	int result; /* of the child: a struct hunt_result */
	struct row *tested;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
	run_stop(); /* the build, which has a group of its own */
}

static const char *name_of(const struct row *r)
{
	return r->m ? r->m->name : "(none)";
}

static void print_row(struct score *s, const struct row *r)
{
	const struct hunt_result *h = &r->hunt;
	char after[64];

	if (s->cli->json)
		return;
	if (!r->built) {
		printf("%-36s NOT BUILT  %s\n", name_of(r), r->why);
	} else if (h->end == HUNT_CAUGHT) {
		snprintf(after, sizeof(after), "%llu cases, %.1f s", (unsigned long long)h->cases,
			 h->seconds);
		printf("%-36s %-10s %-24s %-22s %5.1f %5.1f  %s\n", name_of(r), h->stage,
		       *h->clause ? h->clause : "-", after, r->build, h->boot, h->where);
	} else if (h->end == HUNT_NOTHING) {
		printf("%-36s %-10s %-24s %-22s %5.1f %5.1f  %.1f s\n", name_of(r),
		       !r->m ? "agrees" : "SURVIVED", r->m && *r->m->equivalent ? "equivalent" : "-", "",
		       r->build, h->boot, h->seconds);
	} else {
		printf("%-36s ERROR      %s: %s\n", name_of(r), *h->stage ? h->stage : "boot", h->why);
	}
	fflush(stdout);
}

static void add_json(struct score *s, const struct row *r)
{
	static const char *const ends[] = {"survived", "caught", "error", "interrupted"};
	struct json_object *o = json_object_new_object();
	const struct hunt_result *h = &r->hunt;

	json_object_object_add(o, "mutant", json_object_new_string(r->m ? r->m->name : ""));
	if (r->m)
		json_object_object_add(o, "what", json_object_new_string(r->m->what));
	if (r->m && *r->m->equivalent)
		json_object_object_add(o, "equivalent", json_object_new_string(r->m->equivalent));
	json_object_object_add(o, "result", json_object_new_string(r->built ? ends[h->end] : "not built"));
	if (!r->built || h->end >= HUNT_FAILED)
		json_object_object_add(o, "why", json_object_new_string(r->built ? h->why : r->why));
	json_object_object_add(o, "stage", json_object_new_string(h->stage));
	json_object_object_add(o, "clause", json_object_new_string(h->clause));
	json_object_object_add(o, "where", json_object_new_string(h->where));
	json_object_object_add(o, "cases", json_object_new_int64((int64_t)h->cases));
	json_object_object_add(o, "build_seconds", json_object_new_double(r->build));
	json_object_object_add(o, "boot_seconds", json_object_new_double(h->boot));
	json_object_object_add(o, "seconds", json_object_new_double(h->seconds));
	json_object_array_add(s->json, o);
}

static void count(struct score *s, const struct row *r)
{
	if (!r->m)
		return;
	if (!r->built || r->hunt.end >= HUNT_FAILED) {
		s->failed++;
	} else if (r->hunt.end == HUNT_CAUGHT) {
		s->caught++;
		s->by_corpus += !strcmp(r->hunt.stage, "corpus");
	} else if (*r->m->equivalent) {
		s->equivalent++;
	} else {
		s->survived++;
	}
}

/* ---- testing one, in a process of its own ---- */

static void test(struct score *s, struct row *r)
{
	struct hunt h = {.im = &r->kernel.im,
			 .cases = s->cli->case_dir,
			 .seconds = s->cli->seconds,
			 .profile = strcmp(s->cli->profile, "auto") ? s->cli->profile : NULL};
	char log[PATH_MAX];
	int fd[2];

	snprintf(log, sizeof(log), "%s/%s.jsonl", s->cli->out, r->m ? r->m->name : "none");
	h.log = log;
	s->tested = r;
	s->child = -1;
	fflush(NULL);
	if (pipe(fd))
		goto fail;
	s->child = fork();
	if (s->child < 0)
		goto fail_fork;
	if (!s->child) {
		hunt_run(&h, &r->hunt);
		_exit(write(fd[1], &r->hunt, sizeof(r->hunt)) != sizeof(r->hunt));
	}
	close(fd[1]);
	s->result = fd[0];
	return;
fail_fork:
	close(fd[0]);
	close(fd[1]);
fail:
	r->hunt.end = HUNT_FAILED;
	snprintf(r->hunt.why, sizeof(r->hunt.why), "no process: %s", strerror(errno));
}

/* Waits for the one that is tested, if there is one, and prints its row. */
static void collect(struct score *s)
{
	struct row *r = s->tested;
	struct hunt_result got;
	ssize_t n;

	if (!r)
		return;
	if (s->child > 0) {
		while ((n = read(s->result, &got, sizeof(got))) < 0 && errno == EINTR)
			if (stopped)
				kill(s->child, SIGTERM);
		if (n == sizeof(got))
			r->hunt = got;
		else
			r->hunt = (struct hunt_result){.end = HUNT_FAILED, .why = "its process died"};
		close(s->result);
		while (waitpid(s->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->tested = NULL;
	s->child = 0;
	print_row(s, r);
	if (s->json)
		add_json(s, r);
	count(s, r);
}

/* ---- all of them ---- */

static void build(struct score *s, struct row *r)
{
	const char *const patch[] = {r->m ? r->m->path : NULL};
	double start = clock_now();

	s->recipe.patch = patch;
	s->recipe.n_patch = r->m != NULL;
	r->built = build_kernel(&s->recipe, &r->kernel, r->why, sizeof(r->why)) == IMAGE_OK;
	r->build = clock_now() - start;
	s->recipe.patch = NULL;
}

static int by_seconds(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_seconds(const struct score *s)
{
	double *all = calloc(s->all.n + 1, sizeof(*all)), median = 0;
	unsigned n = 0;

	for (unsigned i = 0; all && i <= s->all.n; i++)
		if (s->row[i].m && s->row[i].built && s->row[i].hunt.end == HUNT_CAUGHT)
			all[n++] = s->row[i].hunt.seconds;
	if (n) {
		qsort(all, n, sizeof(*all), by_seconds);
		median = all[(n - 1) / 2];
	}
	free(all);
	return median;
}

static int run_all(struct score *s)
{
	double start = clock_now();
	bool sound;

	build(s, &s->row[0]);
	if (!s->row[0].built) {
		fprintf(stderr, "hookdiff: mutants: %s\n", s->row[0].why);
		return EXIT_UNSURE;
	}
	if (!s->cli->json) {
		printf("%-36s %-10s %-24s %-22s %5s %5s\n", "mutant", "caught by", "clause", "after", "build",
		       "boot");
		fflush(stdout);
	}
	test(s, &s->row[0]);
	collect(s);
	sound = s->row[0].hunt.end == HUNT_NOTHING;
	for (unsigned i = 1; sound && i <= s->all.n && !stopped; i++) {
		build(s, &s->row[i]);
		collect(s);
		if (s->row[i].built && !stopped) {
			test(s, &s->row[i]);
		} else if (!stopped) {
			s->tested = &s->row[i];
			collect(s);
		}
	}
	collect(s);
	if (s->json)
		puts(json_object_to_json_string_ext(s->json, JSON_C_TO_STRING_PRETTY |
								     JSON_C_TO_STRING_NOSLASHESCAPE));
	if (stopped || !sound) {
		fprintf(stderr, "hookdiff: mutants: %s\n",
			stopped ? "interrupted"
				: "the kernel without a bug does not agree with the oracle: no score");
		return EXIT_UNSURE;
	}
	if (!s->json)
		printf("%u mutants: %u caught (%u by the corpus), %u survived, %u equivalent, %u without an "
		       "answer; "
		       "median %.1f s after boot; %.0f s in all\n",
		       s->all.n, s->caught, s->by_corpus, s->survived, s->equivalent, s->failed,
		       median_seconds(s), clock_now() - start);
	return s->failed ? EXIT_UNSURE : s->survived ? EXIT_DIVERGENCE : EXIT_AGREE;
}

static void list(const struct mutants *all)
{
	for (unsigned i = 0; i < all->n; i++)
		printf("%-36s %s%s%s\n", all->m[i].name, all->m[i].what,
		       *all->m[i].equivalent ? "; equivalent: " : "", all->m[i].equivalent);
}

int cmd_mutants(struct cli *cli)
{
	struct score s = {.cli = cli, .recipe = {.source = cli->source, .quiet = !cli->verbose}};
	struct sigaction act = {.sa_handler = on_signal};
	bool only_list = !strcmp(cli->args[0], "list");
	char why[512];
	int code;

	if (!only_list && strcmp(cli->args[0], "run"))
		return cli_usage("mutants: expected list or run, found '%s'", cli->args[0]);
	code = kernel_recipe(cli, &s.recipe);
	if (code)
		return code;
	if (!cli->arch)
		s.recipe.um = true; /* a boot costs a fifth of a second there */
	if (mutants_read(&s.all, cli->mutants, (const char *const *)cli->args + 1, (unsigned)cli->n_args - 1,
			 why, sizeof(why))) {
		mutants_fini(&s.all);
		return cli_usage("mutants: %s", why);
	}
	if (only_list) {
		list(&s.all);
		mutants_fini(&s.all);
		return EXIT_AGREE;
	}
	s.row = calloc(s.all.n + 1, sizeof(*s.row));
	code = dir_make(cli->out);
	if (!s.row || code) {
		fprintf(stderr, "hookdiff: mutants: %s: %s\n", cli->out,
			s.row ? strerror(-code) : "out of memory");
		free(s.row);
		mutants_fini(&s.all);
		return EXIT_UNSURE;
	}
	for (unsigned i = 0; i < s.all.n; i++)
		s.row[i + 1].m = &s.all.m[i];
	s.json = cli->json ? json_object_new_array() : NULL;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	code = run_all(&s);
	json_object_put(s.json);
	free(s.row);
	mutants_fini(&s.all);
	return code;
}
