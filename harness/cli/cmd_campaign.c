/* SPDX-License-Identifier: MIT */
/* hookdiff campaign: a crew of bulk loops and fuzz drivers (harness/crew) until a time is over. */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "../base/clock.h"
#include "../case/outcome.h"
#include "../crew/crew.h"
#include "../exec/probe.h"
#include "../kernels/files.h"
#include "in_vm.h"
#include "../report/text.h"
#include "session.h"

_Static_assert(C_COUNT <= 64 * PULSE_WORDS, "a pulse holds every clause");

/* ---- the status line ---- */

static unsigned reached(const struct crew_sum *s, const struct profile *p, unsigned *of)
{
	unsigned n = 0;

	*of = 0;
	for (unsigned c = 1; c < C_COUNT; c++)
		if (profile_has(p, c)) {
			++*of;
			n += s->clauses[c / 64] >> (c % 64) & 1;
		}
	return n;
}

struct status {
	const struct profile *profile;
	bool tty, drawn;
	double next, last;
	uint64_t last_cases;
	double rate;
};

static const char *health(const struct worker *w)
{
	switch (w->state) {
	case WORKER_IDLE:
	case WORKER_RUNS:
		return "ok";
	case WORKER_WAITS:
		return "restarting";
	case WORKER_GIVEN_UP:
		return "given up";
	}
	return "?";
}

/* "campaign: 1,234,567 cases, 98,765/s, 0 findings, 85 of 96 clauses, bulk-1 ok, afl-1 restarting, 25 s left"
 */
static void draw(const struct crew *c, struct status *st, double now)
{
	struct crew_sum s = crew_sum(c, -1);
	struct buf line = {0};
	unsigned of, n = reached(&s, st->profile, &of);

	if (now > st->last)
		st->rate = (double)(s.cases - st->last_cases) / (now - st->last);
	st->last = now;
	st->last_cases = s.cases;
	buf_puts(&line, "campaign: ");
	text_count(&line, s.cases);
	buf_puts(&line, " cases, ");
	text_count(&line, (uint64_t)st->rate);
	buf_printf(&line, "/s, %zu finding%s, ", c->findings + c->crashes,
		   c->findings + c->crashes == 1 ? "" : "s");
	buf_printf(&line, "%u of %u clauses", n, of);
	for (unsigned i = 0; i < c->n; i++)
		buf_printf(&line, ", %s %s", c->worker[i].name, health(&c->worker[i]));
	if (c->o->seconds) {
		double left = c->start + c->o->seconds - now;

		buf_puts(&line, ", ");
		text_seconds(&line, left > 0 ? left : 0);
		buf_puts(&line, " left");
	}
	fprintf(stderr, st->tty ? "\r%s\033[K" : "%s\n", buf_str(&line));
	fflush(stderr);
	st->drawn = true;
	buf_fini(&line);
}

static void watch(const void *crew, void *arg)
{
	struct status *st = arg;
	double now = clock_now();

	if (now < st->next)
		return;
	st->next = now + (st->tty ? 1 : 10);
	draw(crew, st, now);
}

/* ---- the end ---- */

static unsigned given_up(const struct crew *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += c->worker[i].state == WORKER_GIVEN_UP;
	return n;
}

static int verdict(const struct crew *c, int err)
{
	struct crew_sum s = crew_sum(c, -1);

	if (c->findings + c->crashes)
		return EXIT_DIVERGENCE;
	return err || given_up(c) || !s.cases ? EXIT_UNSURE : EXIT_AGREE;
}

static void print_workers(const struct crew *c, double seconds)
{
	printf("%-14s %16s %12s %16s %12s %7s\n", "worker", "cases", "cases/s", "inputs", "refused",
	       "deaths");
	for (unsigned i = 0; i < c->n; i++) {
		const struct worker *w = &c->worker[i];
		struct crew_sum s = crew_sum(c, (int)i);
		struct buf n[4] = {{0}};

		text_count(&n[0], s.cases);
		text_count(&n[1], (uint64_t)((double)s.cases / seconds));
		text_count(&n[2], s.execs);
		text_count(&n[3], s.refused);
		printf("%-14s %16s %12s %16s %12s %7u%s\n", w->name, buf_str(&n[0]), buf_str(&n[1]),
		       buf_str(&n[2]), buf_str(&n[3]), w->deaths,
		       w->state == WORKER_GIVEN_UP ? "  given up" : "");
		for (unsigned k = 0; k < 4; k++)
			buf_fini(&n[k]);
		if (w->deaths) {
			struct buf why = {0};

			text_safe(&why, w->why, strlen(w->why));
			printf("  the last death: %s (%s)\n", buf_str(&why), w->log);
			buf_fini(&why);
		}
	}
}

static void print_clauses(const struct crew_sum *s, const struct profile *p)
{
	unsigned of, n = reached(s, p, &of), told = 0;

	printf("clauses: %u of %u had a say", n, of);
	for (unsigned c = 1; c < C_COUNT && n < of; c++)
		if (profile_has(p, c) && !(s->clauses[c / 64] >> (c % 64) & 1))
			printf("%s %s", told++ ? "" : "; never:", clause_info(c)->name);
	putchar('\n');
}

static void print_end(const struct crew *c, const struct profile *p, int code, double seconds)
{
	const char *folder = c->o->place.folder;
	struct crew_sum s = crew_sum(c, -1);
	struct buf count = {0}, time = {0};

	print_workers(c, seconds);
	print_clauses(&s, p);
	if (c->note[0])
		printf("note: %s\n", c->note);
	if (c->findings)
		printf("findings: %s/findings\n", folder);
	if (c->crashes)
		printf("inputs that ended a driver: %s/crashes\n", folder);
	if (c->stalls)
		printf("inputs that took a driver too long: %s/stalls\n", folder);
	printf("corpus: %zu inputs%s, %zu at the start: %s/corpus\n", c->corpus,
	       c->merged ? ", merged and minimised" : " (not minimised)", c->seeds, folder);
	text_count(&count, s.cases);
	text_seconds(&time, seconds);
	printf("%s: %s cases in %s, %zu findings, %zu crashes, %u restarts\n",
	       code == EXIT_AGREE	 ? "PASS"
	       : code == EXIT_DIVERGENCE ? "FAIL"
	       : s.cases		 ? "ERROR"
					 : "INCONCLUSIVE",
	       buf_str(&count), buf_str(&time), c->findings, c->crashes, c->restarts);
	buf_fini(&count);
	buf_fini(&time);
}

static void add_int(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static void add_str(struct json_object *o, const char *key, const char *s)
{
	struct buf safe = {0};

	text_safe(&safe, s, strlen(s));
	json_object_object_add(o, key, json_object_new_string(buf_str(&safe)));
	buf_fini(&safe);
}

static void print_json(const struct crew *c, const struct profile *p, int code, double seconds)
{
	struct json_object *o = json_object_new_object(), *workers = json_object_new_array();
	struct crew_sum s = crew_sum(c, -1);
	unsigned of, n = reached(&s, p, &of);

	add_str(o, "type", "campaign");
	add_int(o, "exit", (uint64_t)code);
	add_str(o, "folder", c->o->place.folder);
	add_str(o, "target", c->o->place.target);
	add_str(o, "profile", p->name);
	add_int(o, "seed", c->o->place.seed);
	json_object_object_add(o, "seconds", json_object_new_double(seconds));
	add_int(o, "cases", s.cases);
	add_int(o, "inputs", s.execs);
	add_int(o, "refused", s.refused);
	add_int(o, "findings", c->findings);
	add_int(o, "crashes", c->crashes);
	add_int(o, "stalls", c->stalls);
	add_int(o, "restarts", c->restarts);
	add_int(o, "clauses", n);
	add_int(o, "clauses_of", of);
	add_int(o, "seeds", c->seeds);
	add_int(o, "corpus", c->corpus);
	json_object_object_add(o, "minimised", json_object_new_boolean(c->merged));
	add_str(o, "note", c->note);
	for (unsigned i = 0; i < c->n; i++) {
		struct json_object *w = json_object_new_object();

		s = crew_sum(c, (int)i);
		add_str(w, "name", c->worker[i].name);
		add_str(w, "health", health(&c->worker[i]));
		add_int(w, "cases", s.cases);
		add_int(w, "inputs", s.execs);
		add_int(w, "refused", s.refused);
		add_int(w, "starts", c->worker[i].starts);
		add_int(w, "deaths", c->worker[i].deaths);
		add_str(w, "why", c->worker[i].why);
		json_object_array_add(workers, w);
	}
	json_object_object_add(o, "workers", workers);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* ---- the beginning ---- */

/* "bulk,afl" as bits; 0 after a line on stderr. */
static unsigned engine_bits(const char *names)
{
	unsigned bits = 0;

	for (size_t n; *names; names += n + (names[n] == ',')) {
		bool known = false;

		n = strcspn(names, ",");
		for (unsigned e = 0; e < ENGINE_COUNT; e++)
			if (strlen(engine_at((enum engine_id)e)->name) == n &&
			    !strncmp(engine_at((enum engine_id)e)->name, names, n)) {
				bits |= 1u << e;
				known = true;
			}
		if (!known) {
			cli_usage("campaign --engines: expected bulk, libfuzzer or afl, found '%.*s'", (int)n,
				  names);
			return 0;
		}
	}
	return bits;
}

static bool own_path(char *self, char *drivers, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", self, size - 16);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = 0;
	slash = strrchr(self, '/');
	snprintf(drivers, size, "%.*s/drivers", (int)(slash - self), self);
	return true;
}

/* DIR/campaign-TIME, or DIR itself if --out names it: then a campaign that is there goes on. */
static int choose_folder(const struct cli *cli, char *folder, size_t size)
{
	char stamp[32], here[PATH_MAX] = "";
	time_t t = time(NULL);
	struct tm tm;
	int err;

	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	if (cli->out[0] != '/' && !getcwd(here, sizeof(here))) /* drivers are told absolute paths */
		return -errno;
	if (snprintf(folder, size, "%s%s%s%s%s", here, *here ? "/" : "", cli->out,
		     cli->out_given ? "" : "/campaign-", cli->out_given ? "" : stamp) >= (int)size)
		return -ENAMETOOLONG;
	err = dir_make(folder);
	return err;
}

/* AFL++ and the shared folder need a name that no other machine has. */
static void machine_name(const struct cli *cli, char *name, size_t size)
{
	struct utsname u;

	uname(&u);
	snprintf(name, size, "%.*s", (int)size - 1, cli->machine ? cli->machine : u.nodename);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *p))
			*p = '_';
	if (!*name)
		snprintf(name, size, "machine");
}

/* The kernel of the guests is there; its release takes the place of this machine's. */
static int find_kernel(const struct cli *cli, struct utsname *u)
{
	struct kernel_image im;
	int code = in_vm_image(cli, &im);

	if (code)
		return code;
	snprintf(u->release, sizeof(u->release), "%.*s", (int)sizeof(u->release) - 1, im.release);
	*u->version = 0;
	return 0;
}

int cmd_campaign(struct cli *cli)
{
	static struct crew crew; /* large */
	char self[PATH_MAX], drivers[PATH_MAX], folder[512], machine[25], why[512] = "";
	struct utsname u;
	struct status st = {.tty = isatty(2)};
	struct crew_opts o = {.watch = cli->json && !st.tty ? NULL : watch, .watch_arg = &st};
	struct waivers waivers = {0};
	double begun = clock_now();
	int err, code;

	if (!own_path(self, drivers, sizeof(self)))
		return cli_usage("campaign: expected /proc/self/exe to be readable: mount /proc");
	if (!session_unsafe(cli, "campaign"))
		return EXIT_USAGE;
	if (cli->engines && !(o.engines = engine_bits(cli->engines)))
		return EXIT_USAGE;
	uname(&u);
	if (cli->kernel) {
		code = find_kernel(cli, &u);
		if (code)
			return code;
	}
	st.profile = cli_profile(cli, u.release, u.version);
	if (!st.profile)
		return EXIT_USAGE;
	code = session_waivers(cli, &waivers); /* the workers read the file again */
	if (code)
		return code;
	o.place.waivers = waivers.n ? cli->waivers : NULL;
	waivers_fini(&waivers);
	err = choose_folder(cli, folder, sizeof(folder));
	if (err) {
		fprintf(stderr, "hookdiff: campaign: cannot make %s: %s; name another folder with --out\n",
			folder, strerror(-err));
		return EXIT_UNSURE;
	}
	machine_name(cli, machine, sizeof(machine));
	st.last = begun;
	st.next = begun + 3;
	o.can_run = cli->kernel || probe_can_run(why, sizeof(why));
	o.workers = session_workers(cli);
	o.seconds = (unsigned)cli->seconds;
	o.sync = cli->sync;
	o.seeds = (const char *const *)cli->args;
	o.n_seeds = (unsigned)cli->n_args;
	o.place = (struct place){.self = self,
				 .folder = folder,
				 .drivers = cli->drivers ? cli->drivers : drivers,
				 .target = o.can_run ? "fuzz_kernel" : "fuzz_oracle",
				 .kernel = cli->kernel,
				 .unsafe = cli->unsafe,
				 .profile = st.profile->name,
				 .waivers = o.place.waivers,
				 .machine = machine,
				 .seed = cli->seed_given ? cli->seed : session_seed()};
	if (!o.can_run)
		fprintf(stderr, "the oracle alone is fuzzed: %s\n", why);
	if (!cli->json)
		printf("campaign on Linux %s, profile %s, %u workers, seed %llu, folder %s\n", u.release,
		       st.profile->name, o.workers, (unsigned long long)o.place.seed, folder);
	fflush(stdout);
	err = crew_run(&crew, &o);
	if (st.tty && st.drawn)
		fputs("\r\033[K", stderr);
	if (err)
		fprintf(stderr, "hookdiff: campaign: %s\n", crew.error);
	code = verdict(&crew, err);
	if (cli->json)
		print_json(&crew, st.profile, code, clock_now() - begun);
	else
		print_end(&crew, st.profile, code, clock_now() - begun);
	crew_fini(&crew);
	return code;
}
