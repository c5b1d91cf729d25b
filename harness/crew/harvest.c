/* SPDX-License-Identifier: MIT */
#include "harvest.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../kernels/files.h"

#define SETTLE	3    /* seconds */
#define SWOLLEN 4096 /* inputs, beside twice as many as there were */

static const char *below(const struct crew *c, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", c->o->place.folder, name);
	return path;
}

int harvest_begin(struct crew *c)
{
	static const char *const folders[] = {"findings", "crashes", "stalls", "corpus",
					      "start",	  "live",    "afl",    "bulk",
					      "vm",	  "logs",    "pulses", "artifacts"};
	char path[PATH_MAX], start[PATH_MAX], from[PATH_MAX];
	int err = 0;
	long n = 0;

	if (strlen(c->o->place.folder) > PATH_MAX / 4)
		return -ENAMETOOLONG;
	for (unsigned i = 0; !err && i < sizeof(folders) / sizeof(folders[0]); i++)
		err = dir_make(below(c, folders[i], path));
	if (err)
		return err;
	below(c, "start", start);
	snprintf(from, sizeof(from), "%s/seeds/%s", c->o->place.drivers, c->o->place.target);
	n = corpus_add(start, from);
	if (n >= 0)
		n = corpus_add(start, below(c, "corpus", path));
	if (n >= 0) /* killed between two renames */
		n = corpus_add(start, below(c, "corpus.old", path));
	for (unsigned i = 0; n >= 0 && i < c->o->n_seeds; i++)
		n = corpus_add(start, c->o->seeds[i]);
	if (n >= 0 && c->o->sync) {
		snprintf(from, sizeof(from), "%.1000s/corpus", c->o->sync);
		err = dir_make(from);
		n = err ? err : corpus_add(start, from);
	}
	if (n < 0)
		return (int)n;
	c->seeds = corpus_count(start);
	if (!c->seeds) { /* AFL++ starts from nothing less than one input */
		struct buf smallest = {0};

		buf_add(&smallest, "\1\0\0\0", 4);
		snprintf(path, sizeof(path), "%.1000s/smallest", start);
		err = file_write(path, smallest.p, smallest.n);
		buf_fini(&smallest);
	}
	return err;
}

/* ---- findings ---- */

/* Calls fn for each name in a folder that does not begin with a dot. */
static void each(const char *path, void (*fn)(const char *folder, const char *name, void *arg), void *arg)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			fn(path, e->d_name, arg);
	closedir(d);
}

/* Does a finding's card say that a waiver excuses it? */
static bool is_waived(const char *finding)
{
	char path[PATH_MAX];
	struct buf card = {0};
	bool waived;

	waived = snprintf(path, sizeof(path), "%s/card.json", finding) < (int)sizeof(path) &&
		 !file_read(path, &card) && strstr(buf_str(&card), "\"verdict\":\"XFAIL\"");
	buf_fini(&card);
	return waived;
}

struct moving {
	char to[PATH_MAX];
	time_t before; /* a folder that changed later may still grow: a guest's comes file by file */
};

/* A card says how to run its case again, by the path that it had. */
static void mend_card(const char *finding, const char *card, const char *from)
{
	char path[PATH_MAX];
	struct buf was = {0}, now = {0};
	const char *p, *q;

	if (snprintf(path, sizeof(path), "%s/%s", finding, card) >= (int)sizeof(path) ||
	    file_read(path, &was))
		return;
	for (p = buf_str(&was); (q = strstr(p, from)); p = q + strlen(from)) {
		buf_add(&now, p, (size_t)(q - p));
		buf_puts(&now, finding);
	}
	buf_puts(&now, p);
	if (p != buf_str(&was) && !now.failed)
		file_write(path, now.p, now.n);
	buf_fini(&was);
	buf_fini(&now);
}

/* A finding with the same key is there already, or it is waived: this one stays where it is. */
static void move_finding(const char *folder, const char *name, void *arg)
{
	const struct moving *m = arg;
	char from[PATH_MAX], to[PATH_MAX];
	struct stat st;

	if (snprintf(from, sizeof(from), "%s/%s", folder, name) < (int)sizeof(from) && !stat(from, &st) &&
	    st.st_mtime <= m->before && !is_waived(from) &&
	    snprintf(to, sizeof(to), "%s/%s", m->to, name) < (int)sizeof(to) && stat(to, &st) &&
	    !rename(from, to)) {
		mend_card(to, "card.txt", from);
		mend_card(to, "card.json", from);
	}
}

static void one_report(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/findings", folder, name) < (int)sizeof(path))
		each(path, move_finding, arg);
}

static void one_bulk(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
		each(path, one_report, arg);
}

static void one_afl(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/crashes", folder, name) < (int)sizeof(path))
		corpus_add(arg, path);
}

/* Only folders are findings; a file there is a case to which a backend had no answer. */
static void count(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) && !stat(path, &st) &&
	    S_ISDIR(st.st_mode))
		++*(size_t *)arg;
}

/* What an engine left in this folder: of the crew's. */
static void take_artifacts(const char *path, const struct crew *c)
{
	char to[PATH_MAX];

	corpus_add_crashes(below(c, "crashes", to), path);
	corpus_add_stalls(below(c, "stalls", to), path);
}

/* A guest's round: what ended its driver or its kernel. */
static void one_round(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/artifacts", folder, name) < (int)sizeof(path))
		take_artifacts(path, arg);
}

static void one_guest(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
		each(path, one_round, arg);
}

void harvest_findings(struct crew *c)
{
	struct moving moving = {.before = time(NULL) - (c->o->place.kernel && !c->ended ? SETTLE : 0)};
	char path[PATH_MAX], to[PATH_MAX];

	below(c, "findings", moving.to);
	each(below(c, "bulk", path), one_bulk, &moving);
	each(below(c, "vm", path), one_bulk, &moving);
	c->findings = 0;
	each(moving.to, count, &c->findings);
	take_artifacts(below(c, "artifacts", path), c);
	each(below(c, "vm", path), one_guest, c);
	below(c, "crashes", to);
	each(below(c, "afl", path), one_afl, to);
	c->crashes = corpus_count(to);
	c->stalls = corpus_count(below(c, "stalls", to));
}

/* ---- inputs ---- */

struct spools {
	const char *to;
	bool bad;
};

static void one_spool(const char *folder, const char *name, void *arg)
{
	struct spools *s = arg;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/spool", folder, name) < (int)sizeof(path))
		s->bad |= corpus_add(s->to, path) < 0;
}

static void spools_of_guest(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
		each(path, one_spool, arg);
}

/* An input that ended a guest would end the next one, too, before that has done anything. */
static void leave_out_crashes(struct crew *c)
{
	static const char *const bad[] = {"crashes", "stalls"};
	char of[PATH_MAX], these[PATH_MAX];

	for (unsigned i = 0; c->o->place.kernel && i < 2; i++) {
		below(c, bad[i], these);
		corpus_remove(below(c, "live", of), these);
		corpus_remove(below(c, "start", of), these);
	}
}

static void remove_round(const char *folder, const char *name, void *arg)
{
	char path[PATH_MAX];

	(void)arg;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
		dir_remove(path);
}

void harvest_rounds(struct crew *c, const char *worker)
{
	char path[PATH_MAX], live[PATH_MAX], vm[PATH_MAX], name[80];
	struct spools s = {.to = below(c, "live", live)};

	bool ended = c->ended;

	if (!c->o->place.kernel)
		return;
	c->ended = true; /* this worker has */
	harvest_findings(c);
	c->ended = ended;
	spools_of_guest(below(c, "vm", vm), worker, &s);
	leave_out_crashes(c);
	snprintf(name, sizeof(name), "vm/%.64s", worker);
	if (!s.bad)
		each(below(c, name, path), remove_round, NULL);
}

bool harvest_swollen(const struct crew *c)
{
	char live[PATH_MAX];

	/* A shared folder brings back what is left out here. */
	return c->o->place.kernel && !c->o->sync &&
	       corpus_count(below(c, "live", live)) > 2 * c->small + SWOLLEN;
}

struct swap {
	const char *kept; /* a folder */
	time_t began;
};

static void drop_old(const char *folder, const char *name, void *arg)
{
	const struct swap *s = arg;
	char path[PATH_MAX], kept[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) && !stat(path, &st) &&
	    st.st_mtime < s->began &&
	    snprintf(kept, sizeof(kept), "%s/%s", s->kept, name) < (int)sizeof(kept) && access(kept, F_OK))
		unlink(path);
}

void harvest_swap(struct crew *c, const char *worker, long began)
{
	char kept[PATH_MAX], live[PATH_MAX], vm[PATH_MAX];
	struct spools s = {.to = below(c, "kept", kept)};
	struct swap swap = {kept, (time_t)began};

	dir_remove(kept);
	spools_of_guest(below(c, "vm", vm), worker, &s);
	below(c, "live", live);
	if (!s.bad && corpus_count(kept) && corpus_add(live, kept) >= 0)
		each(live, drop_old, &swap);
	dir_remove(kept);
}

void harvest_share(struct crew *c)
{
	char live[PATH_MAX], afl[PATH_MAX], shared[PATH_MAX];
	struct spools spools = {.to = live};
	const char *me = c->o->place.machine;
	bool bad;

	below(c, "live", live);
	below(c, "afl", afl);
	bad = corpus_add_queues(live, afl, NULL) < 0;
	each(below(c, "vm", shared), spools_of_guest, &spools);
	bad |= spools.bad;
	if (c->o->sync) {
		snprintf(shared, sizeof(shared), "%.1000s/corpus", c->o->sync);
		bad |= corpus_add(shared, live) < 0;
		bad |= corpus_add(live, shared) < 0;
		snprintf(shared, sizeof(shared), "%.1000s/afl", c->o->sync);
		bad |= corpus_copy_queues(shared, afl, me, false) < 0;
		bad |= corpus_copy_queues(afl, shared, me, true) < 0;
	}
	leave_out_crashes(c);
	if (bad && !strstr(c->note, "inputs could not"))
		snprintf(c->note + strlen(c->note), sizeof(c->note) - strlen(c->note),
			 "%sinputs could not all be written (is the disk full?)", *c->note ? "; " : "");
}

static bool wait_for(pid_t pid, double until, const volatile sig_atomic_t *stop)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && !WEXITSTATUS(status);
		if (*stop || clock_now() > until) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return false;
		}
		usleep(50000);
	}
}

/* libFuzzer's merge into `to`. */
static bool minimise(struct crew *c, const char *to, const char *const *from, unsigned n, unsigned seconds,
		     volatile sig_atomic_t *stop)
{
	struct command command = {0};
	static struct worker w;
	bool ok = false;
	char driver[512];

	if (engine_driver(&c->o->place, ENGINE_LIBFUZZER, driver, sizeof(driver)) ||
	    worker_init(&w, "merge", c->o->place.folder))
		return false;
	engine_merge(&c->o->place, &command, c->o->place.kernel ? ENGINE_MERGED : to, from, n);
	if (!worker_start(&w, &command))
		ok = wait_for(w.pid, clock_now() + seconds, stop);
	if (ok && c->o->place.kernel) {
		char merged[PATH_MAX];
		struct spools s = {.to = to};

		each(below(c, ENGINE_MERGED, merged), one_spool, &s);
		ok = !s.bad && corpus_count(to);
		dir_remove(merged);
	}
	command_fini(&command);
	worker_fini(&w);
	return ok;
}

bool harvest_merge(struct crew *c, unsigned seconds, volatile sig_atomic_t *stop)
{
	char corpus[PATH_MAX], made[PATH_MAX], start[PATH_MAX], live[PATH_MAX];
	const char *const from[] = {below(c, "start", start), below(c, "live", live)};
	bool minimal;

	below(c, "corpus", corpus);
	below(c, "corpus.new", made);
	dir_remove(made);
	if (dir_make(made))
		return false;
	minimal = minimise(c, made, from, 2, seconds, stop);
	if (!minimal) {
		if (*stop) {
			dir_remove(made);
			c->corpus = corpus_count(corpus);
			return false;
		}
		/* Without a driver, or one that fails, nothing can be left out; nothing may be lost either.
		 */
		for (unsigned i = 0; i < 2; i++)
			if (corpus_add(made, from[i]) < 0)
				return false;
	}
	dir_remove(below(c, "corpus.old", live));
	if (rename(corpus, live) || rename(made, corpus)) /* at each moment one of the two is whole */
		return false;
	dir_remove(live);
	c->corpus = corpus_count(corpus);
	return minimal;
}
