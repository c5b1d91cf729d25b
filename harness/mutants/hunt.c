/* SPDX-License-Identifier: MIT */
#include "hunt.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/vm/initramfs.h"
#include "harness/vm/vm.h"

enum { STAGES = 7, WORDS = 20 };

struct hunting {
	const struct hunt *h;
	struct hunt_result *r;
	const char *name[STAGES]; /* of the stages */
	const char *word[STAGES][WORDS];
	struct vm_command command[STAGES];
	unsigned n;
	char cwd[PATH_MAX], cases[PATH_MAX], time[24];
	double hello; /* when the guest spoke */
	FILE *log;
	unsigned stage; /* the last that printed something */
	bool stopped;	/* we have seen enough */
};

/* The first asks the command to end, the second ends the machine. */
static void stop(struct hunting *g)
{
	if (g->stopped)
		return;
	g->stopped = true;
	raise(SIGTERM);
	raise(SIGTERM);
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

/* A case has its clause beside its verdict; a case with operations in the step that differed. */
static void take_case(struct hunt_result *r, const char *cwd, struct json_object *o)
{
	const char *clause = text(o, "clause"), *path = text(o, "path");
	size_t n = strlen(cwd);

	if (!*clause)
		clause = text(member(o, "step"), "clause");
	snprintf(r->clause, sizeof(r->clause), "%s", clause);
	if (*path) {
		snprintf(r->where, sizeof(r->where), "%s",
			 !strncmp(path, cwd, n) && path[n] == '/' ? path + n + 1 : path);
	} else {
		r->cases = (uint64_t)json_object_get_int64(member(o, "index")) + 1;
		snprintf(r->where, sizeof(r->where), "case %llu", (unsigned long long)r->cases - 1);
	}
}

bool hunt_line(struct hunt_result *r, const char *cwd, const char *line, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(16);
	struct json_object *o = t ? json_tokener_parse_ex(t, line, (int)n) : NULL;
	bool is_case = o && !strcmp(text(o, "type"), "case");
	bool failed = is_case && !strcmp(text(o, "verdict"), "FAIL");

	r->cases += is_case;
	if (failed)
		take_case(r, cwd, o);
	json_object_put(o);
	if (t)
		json_tokener_free(t);
	return failed;
}

static void caught(struct hunting *g, unsigned stage)
{
	g->r->end = HUNT_CAUGHT;
	snprintf(g->r->stage, sizeof(g->r->stage), "%s", g->name[stage]);
	g->r->seconds = clock_now() - g->hello;
}

static void on_booted(void *arg, const char *release, const char *version)
{
	struct hunting *g = arg;

	(void)release;
	(void)version;
	g->hello = clock_now();
}

static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	struct hunting *g = arg;

	if (g->log)
		fprintf(g->log, "%.*s\n", (int)n, line);
	if (g->stopped || *line != '{')
		return;
	if (command != g->stage)
		g->r->cases = 0;
	g->stage = command;
	if (hunt_line(g->r, g->cwd, line, n)) {
		caught(g, command);
		stop(g);
	}
}

static void on_message(void *arg, unsigned command, const char *line, size_t n)
{
	struct hunting *g = arg;

	if (g->log)
		fprintf(g->log, "%s: %.*s\n", g->name[command], (int)n, line);
	if (!g->stopped)
		snprintf(g->r->why, sizeof(g->r->why), "%s: %.*s", g->name[command], n > 200 ? 200 : (int)n,
			 line);
}

static void on_ended(void *arg, unsigned command, int exit_code)
{
	struct hunting *g = arg;

	if (g->log)
		fprintf(g->log, "%s: exit %d\n", g->name[command], exit_code);
	if (g->stopped || !exit_code)
		return;
	if (exit_code == 1) {
		caught(g, command);
	} else {
		g->r->end = HUNT_FAILED;
		snprintf(g->r->stage, sizeof(g->r->stage), "%s", g->name[command]);
		if (!*g->r->why)
			snprintf(g->r->why, sizeof(g->r->why), "%s ended with exit code %d", g->name[command],
				 exit_code);
	}
	stop(g);
}

/* The words of one stage: hookdiff's command, then its options up to NULL. */
static void add(struct hunting *g, const char *name, const char *const *words)
{
	const char **w = g->word[g->n];
	unsigned n = 0;

	w[n++] = words[0];
	w[n++] = "--json";
	if (g->h->profile && strcmp(words[0], "storage") != 0) {
		w[n++] = "--profile";
		w[n++] = g->h->profile;
	}
	for (words++; *words; words++)
		w[n++] = *words;
	g->name[g->n] = name;
	g->command[g->n++] = (struct vm_command){.argv = w};
}

static void make_stages(struct hunting *g)
{
	add(g, "corpus",
	    (const char *const[]){"run", "--unsafe", "--waivers", "/dev/null", "--", g->cases, NULL});
	add(g, "sweep", (const char *const[]){"sweep", "--workers", "1", "--thin", "101", NULL});
	add(g, "operations",
	    (const char *const[]){"fuzz", "--operations", "--workers", "1", "--seed", "1", "--cases", "3000",
				  NULL});
	add(g, "chains", (const char *const[]){"sweep", "--chains", "--workers", "1", NULL});
	if (!g->h->im->uml) /* local storage comes from kmalloc_nolock(), which wants cmpxchg16b there */
		add(g, "storage", (const char *const[]){"storage", "--seed", "1", "--time", "2", NULL});
	if (g->h->seconds)
		add(g, "fuzz",
		    (const char *const[]){"fuzz", "--workers", "1", "--seed", "1", "--time", g->time, NULL});
}

void hunt_run(const struct hunt *h, struct hunt_result *r)
{
	struct hunting *g = calloc(1, sizeof(*g));
	struct vm_events events = {
		.booted = on_booted, .line = on_line, .message = on_message, .ended = on_ended, .arg = g};
	struct vm_result vm = {0};

	*r = (struct hunt_result){.end = HUNT_NOTHING};
	if (!g || !getcwd(g->cwd, sizeof(g->cwd)) || !realpath(h->cases, g->cases)) {
		r->end = HUNT_FAILED;
		snprintf(r->why, sizeof(r->why), "%s: %s", h->cases, strerror(errno));
		free(g);
		return;
	}
	g->h = h;
	g->r = r;
	g->log = h->log ? fopen(h->log, "we") : NULL;
	snprintf(g->time, sizeof(g->time), "%llus", (unsigned long long)h->seconds);
	make_stages(g);
	vm_run(&(struct vm_job){.kernel = h->im->boot,
				.uml = h->im->uml,
				.modules = *h->im->modules ? h->im->modules : NULL,
				.cwd = g->cwd,
				.file = &(struct vm_file){g->cases, g->cases},
				.n_files = 1,
				.command = g->command,
				.n_commands = g->n,
				.timeout = 900 + (unsigned)h->seconds},
	       &events, &vm);
	r->boot = vm.boot;
	if (!r->seconds)
		r->seconds = vm.total - vm.boot;
	if (r->end == HUNT_NOTHING && vm.end != VM_DONE && !g->stopped) {
		/* A kernel that dies on a case is caught by it. */
		r->end = vm.crashed && *vm.running	  ? HUNT_CAUGHT
			 : !strcmp(vm.why, "interrupted") ? HUNT_INTERRUPTED
							  : HUNT_FAILED;
		snprintf(r->stage, sizeof(r->stage), "%s", g->name[g->stage]);
		snprintf(r->where, sizeof(r->where), "%s", vm.running);
		snprintf(r->why, sizeof(r->why), "%s", vm.why);
	}
	vm_result_fini(&vm);
	if (g->log)
		fclose(g->log);
	free(g);
}
