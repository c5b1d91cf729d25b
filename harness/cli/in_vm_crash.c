/* SPDX-License-Identifier: MIT */
#include "in_vm_crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/recorder.h"
#include "../campaign/express.h"
#include "../case/safe.h"
#include "../crash/vm_lab.h"
#include "../mutate/gen.h"
#include "../mutate/sweep.h"
#include "../mutate/tree_gen.h"
#include "casefile.h"

#define BEFORE 15 /* generated cases before the one that ran: they may have prepared what it broke */

bool in_vm_case(const struct in_vm_crash *c, uint64_t index, struct tcase *tc)
{
	static struct gen gen; /* large */
	unsigned topology, socket;

	if (c->kind == RECORDER_SWEEP && index < sweep_count()) {
		sweep_case(index, tc, &topology, &socket);
	} else if (c->kind == RECORDER_FUZZ && !c->cli->operations) {
		safe_unlock(c->cli->unsafe);
		gen_init(&gen, c->seed);
		gen_case(&gen, index, tc);
		safe_unlock(false);
	} else {
		return false;
	}
	express(tc, c->profile);
	return true;
}

/* Numbers of one worker's cases are so far apart: a guest has one processor. */
static uint64_t step_of(const struct cli *cli)
{
	return (cli->workers ? cli->workers : 1) * (cli->thin ? cli->thin : 1);
}

static unsigned generated(const struct in_vm_crash *c, struct tcase **tc)
{
	uint64_t step = step_of(c->cli), back = c->index / step;
	uint64_t most = c->first && c->first < c->index ? (c->index - c->first) / step : BEFORE;
	unsigned n = 0;

	if (!c->profile)
		return 0;
	most = most < CRASH_CASES ? most : CRASH_CASES - 1;
	back = back < most ? back : most;
	for (uint64_t i = c->index - back * step; i <= c->index && n < CRASH_CASES; i += step) {
		tc[n] = calloc(1, sizeof(*tc[n]));
		if (!tc[n] || !in_vm_case(c, i, tc[n])) {
			free(tc[n]);
			break;
		}
		n++;
	}
	return n;
}

/*
 * The cases of the driver's last inputs, as many as there is room for, in order. *last: so many are of the
 * one that ran.
 */
static unsigned driven(const struct in_vm_crash *c, struct tcase **tc, unsigned *last)
{
	struct tcase *some[CRASH_CASES];
	unsigned at = CRASH_CASES; /* the list is filled from its end */

	safe_unlock(c->cli->unsafe); /* as the driver was */
	for (unsigned i = 0; i < RECORDER_RING && at; i++) {
		const struct buf *in = &c->inputs->input[i];
		unsigned n = crash_cases_of(buf_str(in), in->n, some);

		if (!i)
			*last = n;
		while (n && at)
			tc[--at] = some[--n];
		while (n)
			free(some[--n]);
	}
	safe_unlock(false);
	memmove(tc, tc + at, (CRASH_CASES - at) * sizeof(*tc));
	return CRASH_CASES - at;
}

/* A case with operations, as its text: from its file, or made again. */
static void operations(const struct in_vm_crash *c, const struct casefile *f, struct buf *text)
{
	static struct tree_gen gen; /* large */
	static struct tree t;

	if (f && f->tree) {
		tree_print(f->tree, &f->meta, text);
	} else if (c->kind == RECORDER_FUZZ && c->cli->operations) {
		tree_gen_init(&gen, c->seed);
		tree_gen_case(&gen, c->index, &t);
		tree_print(&t, NULL, text);
	}
}

void in_vm_crash_running(struct in_vm_crash *c, const char *running)
{
	unsigned long long first, last = 0, seed = 0;

	if (sscanf(running, "case %llu of fuzz --seed %llu to case %llu", &first, &seed, &last) >= 2)
		c->kind = RECORDER_FUZZ;
	else if (sscanf(running, "sweep case %llu to sweep case %llu", &first, &last) >= 1)
		c->kind = RECORDER_SWEEP;
	else
		return;
	c->seed = seed;
	c->first = first;
	c->index = last > first ? last : first;
}

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* The first signal ends the search, so that what is known is written; the next one is again the caller's. */
static enum crash_status investigate(const struct crash_opts *opts, const struct buf *said,
				     const struct tcase *const *tc, unsigned n, struct crash_result *r)
{
	const struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction old[2];
	enum crash_status status;

	stop = 0;
	sigaction(SIGINT, &act, &old[0]);
	sigaction(SIGTERM, &act, &old[1]);
	status = crash_investigate(opts, buf_str(said), said->n, tc, n, r);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	return status;
}

static void on_progress(void *arg, const char *what)
{
	if (isatty(2))
		fprintf(stderr, "\r\033[Kcrash: %s", what);
	(void)arg;
}

static bool tell(const struct crash_opts *o, enum crash_status status, const struct crash_result *r)
{
	const char *folder = o->folder;
	char path[700], line[2048];
	FILE *f;

	if (isatty(2))
		fputs("\r\033[K", stderr);
	if (status == CRASH_FAILED)
		fprintf(stderr, "hookdiff: %s\n", r->why);
	if (status != CRASH_WRITTEN && status != CRASH_KNOWN)
		return false;
	snprintf(path, sizeof(path), "%s/%s/card.txt", folder, r->stem);
	f = fopen(path, "re");
	if (!f && o->known) {
		folder = o->known;
		snprintf(path, sizeof(path), "%s/%s/card.txt", folder, r->stem);
		f = fopen(path, "re");
	}
	putchar('\n');
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
	printf("finding: %s/%s\n", folder, r->stem);
	return true;
}

bool in_vm_crash(const struct in_vm_crash *c, const struct buf *said)
{
	struct vm_lab lab = {.image = c->image, .profile = c->cli->profile, .stop = &stop};
	struct crash_opts opts = {.spec = c->cli->kernel,
				  .elf = c->image->boot,
				  .release = c->release,
				  .profile = c->cli->profile,
				  .folder = c->findings,
				  .known = c->cli->known,
				  .lab = &lab.lab,
				  .stop = &stop,
				  .progress = on_progress};
	struct casefile **files = NULL;
	struct tcase *tc[CRASH_CASES];
	struct crash_result r;
	struct buf text = {0};
	size_t n_files = 0;
	unsigned n = 0;
	bool found;

	vm_lab_init(&lab);
	if (c->path)
		casefile_load_all((char *[]){(char *)c->path}, 1, &files, &n_files);
	if (n_files && !files[0]->tree) {
		tc[n] = malloc(sizeof(*tc[n]));
		if (tc[n])
			*tc[n++] = files[0]->tc;
	} else if (c->inputs) {
		n = driven(c, tc, &opts.suspects);
	} else if (!c->path) {
		n = generated(c, tc);
	}
	if (!n)
		operations(c, n_files ? files[0] : NULL, &text);
	opts.text = text.n ? buf_str(&text) : NULL;
	found = tell(&opts, investigate(&opts, said, (const struct tcase *const *)tc, n, &r), &r);
	while (n)
		free(tc[--n]);
	casefile_free(files, n_files);
	buf_fini(&text);
	return found;
}
