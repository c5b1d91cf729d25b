/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../../oracle/profiles.h"
#include "../base/recorder.h"
#include "../kernels/image.h"
#include "../report/text.h"
#include "../vm/initramfs.h"
#include "host.h"

#define WORDS	 24
#define COMMANDS 4
#define SLACK	 600 /* seconds of a kernel beside what the user gave to fuzz: a minute is the rule */

static volatile int stop; /* a signal has arrived: for the host's commands */

struct work {
	const struct job *job;
	FILE *f;
	bool failed;  /* a line could not be written */
	double since; /* when the last command began */
	struct vm_command command[COMMANDS];
	const char *word[COMMANDS][WORDS];
	unsigned n;
	char text[6][32]; /* numbers in the commands */
	char cwd[PATH_MAX], cases[PATH_MAX], waivers[PATH_MAX];
};

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Each line is whole on disk before the next begins. Once it fails, the kernel is not worth running on. */
static void put(struct work *w, const char *line, size_t n)
{
	if (w->failed)
		return;
	if (fwrite(line, 1, n, w->f) != n || putc('\n', w->f) == EOF || fflush(w->f)) {
		w->failed = true;
		raise(SIGTERM); /* the first one asks the command to end, the second one ends the VM */
		raise(SIGTERM);
	}
}

static void put_record(struct work *w, struct json_object *o)
{
	const char *line =
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	put(w, line, strlen(line));
	json_object_put(o);
}

static void add_bytes(struct json_object *o, const char *key, const char *s, size_t n)
{
	struct buf safe = {0};

	text_safe(&safe, s, n);
	json_object_object_add(o, key, json_object_new_string(buf_str(&safe)));
	buf_fini(&safe);
}

static void add_text(struct json_object *o, const char *key, const char *s)
{
	add_bytes(o, key, s, strlen(s));
}

static void add_seconds(struct json_object *o, const char *key, double s)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.3f", s);
	json_object_object_add(o, key, json_object_new_double_s(s, digits));
}

static struct json_object *record(const char *type)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "type", type);
	return o;
}

static void add_command(struct json_object *o, const struct work *w, unsigned command)
{
	if (command < w->n)
		add_text(o, "command", w->command[command].argv[0]);
}

static void on_booted(void *arg, const char *release, const char *version)
{
	struct work *w = arg;
	struct json_object *o = record("boot");
	const struct profile *own = profile_for_kernel(release, version);
	const struct profile *p = w->job->profile ? profile_find(w->job->profile) : own;

	add_text(o, "release", release);
	add_text(o, "version", version);
	add_text(o, "profile", p ? p->name : "");
	add_text(o, "own_profile", own ? own->name : "");
	add_text(o, "evidence", p ? evidence_name(p->evidence) : "");
	add_seconds(o, "seconds", clock_now() - w->since);
	put_record(w, o);
	w->since = clock_now();
}

/* Only what a command itself reports is taken as a record; whatever else a kernel's console says is text. */
static void on_line(void *arg, unsigned command, const char *line, size_t n)
{
	static const char *const types[] = {"run", "case", "summary", "feature"};
	struct work *w = arg;
	struct json_tokener *t = n && *line == '{' && n < INT_MAX ? json_tokener_new_ex(16) : NULL;
	struct json_object *o = t ? json_tokener_parse_ex(t, line, (int)n) : NULL, *type = NULL;
	bool known = false;

	if (o && json_tokener_get_error(t) == json_tokener_success && json_tokener_get_parse_end(t) == n &&
	    json_object_object_get_ex(o, "type", &type))
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			known |= json_object_is_type(type, json_type_string) &&
				 !strcmp(json_object_get_string(type), types[i]);
	json_object_put(o);
	if (t)
		json_tokener_free(t);
	if (known) {
		put(w, line, n);
		return;
	}
	o = record("message");
	add_command(o, w, command);
	add_bytes(o, "text", line, n);
	put_record(w, o);
}

static void on_message(void *arg, unsigned command, const char *line, size_t n)
{
	struct work *w = arg;
	struct json_object *o = record("message");

	add_command(o, w, command);
	add_bytes(o, "text", line, n);
	put_record(w, o);
}

static void on_ended(void *arg, unsigned command, int exit_code)
{
	struct work *w = arg;
	struct json_object *o = record("ended");

	add_command(o, w, command);
	json_object_object_add(o, "exit", json_object_new_int(exit_code));
	add_seconds(o, "seconds", clock_now() - w->since);
	put_record(w, o);
	w->since = clock_now();
}

static void on_splat(void *arg, unsigned command, const char *text, const char *running)
{
	struct work *w = arg;
	struct json_object *o = record("splat");

	add_command(o, w, command);
	add_text(o, "text", text);
	add_text(o, "running", running ? running : "");
	put_record(w, o);
}

static const char *number(struct work *w, unsigned place, uint64_t n)
{
	snprintf(w->text[place], sizeof(w->text[place]), "%llu", (unsigned long long)n);
	return w->text[place];
}

/* Begins a command; returns its words, of which *n are there. */
static const char **begin(struct work *w, const char *name, bool host, unsigned *n)
{
	const char **word = w->word[w->n];

	w->command[w->n++] = (struct vm_command){.argv = word};
	*n = 0;
	word[(*n)++] = name;
	word[(*n)++] = "--json";
	word[(*n)++] = "--out";
	word[(*n)++] = host ? w->job->out : "/tmp/hookdiff-out";
	if (w->job->profile) {
		word[(*n)++] = "--profile";
		word[(*n)++] = w->job->profile;
	}
	if (w->job->waivers || w->job->no_waivers) {
		word[(*n)++] = "--waivers";
		word[(*n)++] = w->job->waivers ? w->waivers : "/dev/null";
	}
	return word;
}

/* The same commands for every kernel; only a VM is trusted with cases that can hurt a machine. */
static void make_commands(struct work *w, bool host)
{
	const struct job *job = w->job;
	const char **word;
	unsigned n;

	if (job->feature) {
		word = w->word[w->n];
		w->command[w->n++] = (struct vm_command){.argv = word};
		word[0] = "probe";
		word[1] = "--json";
		word[2] = "--feature";
		word[3] = job->feature;
	}
	if (job->cases) {
		word = begin(w, "run", host, &n);
		if (!host || job->backend)
			word[n++] = "--unsafe";
		if (job->repeat) {
			word[n++] = "--repeat";
			word[n++] = number(w, 4, job->repeat);
		}
		if (job->backend) {
			word[n++] = "--backend";
			word[n++] = job->backend;
		}
		if (job->backend && job->patience) {
			word[n++] = "--backend-timeout";
			word[n++] = number(w, 5, job->patience);
		}
		word[n++] = "--";
		word[n] = w->cases;
	}
	if (job->thin) {
		word = begin(w, "sweep", host, &n);
		word[n++] = "--workers";
		word[n++] = "1";
		word[n++] = "--thin";
		word[n] = number(w, 0, job->thin);
	}
	if (job->seconds || job->fuzz_cases) {
		word = begin(w, "fuzz", host, &n);
		word[n++] = "--workers";
		word[n++] = "1";
		word[n++] = "--seed";
		word[n++] = number(w, 1, job->seed);
		if (job->seconds) {
			word[n++] = "--time";
			word[n++] = number(w, 2, job->seconds);
		}
		if (job->fuzz_cases) {
			word[n++] = "--cases";
			word[n] = number(w, 3, job->fuzz_cases);
		}
	}
}

static void put_first(struct work *w)
{
	struct json_object *o = record("matrix"), *argv = json_object_new_array(),
			   *all = json_object_new_array();

	add_text(o, "spec", w->job->spec);
	add_text(o, "version", w->job->version);
	for (int i = 0; i < w->job->argc; i++)
		json_object_array_add(argv, json_object_new_string(w->job->argv[i]));
	json_object_object_add(o, "argv", argv);
	for (unsigned c = 0; c < w->n; c++) {
		struct json_object *words = json_object_new_array();

		for (const char *const *word = w->command[c].argv; *word; word++)
			json_object_array_add(words, json_object_new_string(*word));
		json_object_array_add(all, words);
	}
	json_object_object_add(o, "commands", all);
	put_record(w, o);
}

static void put_image(struct work *w, const struct kernel_image *im, double seconds)
{
	struct json_object *o = record("image");

	add_text(o, "package", im->version);
	add_text(o, "release", im->release);
	add_text(o, "boot", im->boot);
	json_object_object_add(o, "fetched", json_object_new_boolean(im->fetched));
	add_seconds(o, "seconds", seconds);
	put_record(w, o);
}

static void put_last(struct work *w, const struct vm_result *r)
{
	static const char *const ends[] = {[VM_DONE] = "done", [VM_SKIP] = "skip", [VM_FAILED] = "failed"};
	struct json_object *o = record("end");

	add_text(o, "end", ends[r->end]);
	add_text(o, "why", r->why);
	add_text(o, "running", r->running);
	if (r->running_kind == RECORDER_SWEEP || r->running_kind == RECORDER_FUZZ) {
		char digits[2][24]; /* as strings: JSON's numbers lose bits above 2^53 */

		snprintf(digits[0], sizeof(digits[0]), "%llu", (unsigned long long)r->running_index);
		snprintf(digits[1], sizeof(digits[1]), "%llu", (unsigned long long)r->running_seed);
		add_text(o, "source", r->running_kind == RECORDER_SWEEP ? "sweep" : "fuzz");
		add_text(o, "index", digits[0]);
		add_text(o, "seed", digits[1]);
	}
	add_bytes(o, "console", buf_str(&r->tail), r->tail.n);
	add_seconds(o, "boot", r->boot);
	add_seconds(o, "seconds", r->total);
	json_object_object_add(o, "peak_rss", json_object_new_int64((int64_t)r->peak_rss));
	json_object_object_add(o, "kvm", json_object_new_boolean(r->kvm));
	put_record(w, o);
}

/* A path as the guest will have it: the same one, so that what it prints is true here too. */
static bool place(const struct work *w, const char *path, char out[PATH_MAX])
{
	char joined[PATH_MAX];

	return (size_t)snprintf(joined, sizeof(joined), "%s%s%s", *path == '/' ? "" : w->cwd,
				*path == '/' ? "" : "/", path) < sizeof(joined) &&
	       initramfs_path(joined, out, PATH_MAX);
}

static void boot(struct work *w, const struct vm_events *events, unsigned timeout, struct vm_result *r)
{
	const struct job *job = w->job;
	struct kernel_image im;
	struct vm_file file[2];
	struct vm_job vm = {.file = file, .command = w->command, .n_commands = w->n, .timeout = timeout};
	enum image_status status;
	char why[sizeof(r->why)] = "";

	status = image_get(job->spec, &im, true, why, sizeof(why));
	if (status == IMAGE_OK) {
		put_image(w, &im, clock_now() - w->since);
		vm.kernel = im.boot;
		vm.uml = im.uml;
		vm.modules = im.modules[0] ? im.modules : NULL;
		if (job->cases)
			file[vm.n_files++] = (struct vm_file){job->cases, w->cases};
		if (job->waivers)
			file[vm.n_files++] = (struct vm_file){job->waivers, w->waivers};
		w->since = clock_now();
		vm_run(&vm, events, r);
		return;
	}
	memset(r, 0, sizeof(*r));
	r->end = status == IMAGE_SKIP ? VM_SKIP : VM_FAILED;
	memcpy(r->why, why, sizeof(r->why));
}

int job_run(const struct job *job)
{
	struct work *w = calloc(1, sizeof(*w));
	bool host = job->backend || !strcmp(job->spec, "host");
	struct vm_events events = {.booted = on_booted,
				   .line = on_line,
				   .message = on_message,
				   .ended = on_ended,
				   .splat = on_splat,
				   .arg = w};
	unsigned timeout = SLACK + (job->seconds < 30u * 86400 ? (unsigned)job->seconds : 30u * 86400);
	struct sigaction act = {.sa_handler = on_signal};
	struct vm_result r = {.end = VM_FAILED};
	int code = JOB_NOT_WRITTEN;

	if (!w)
		return code;
	w->job = job;
	w->f = fopen(job->file, "we");
	if (!w->f)
		goto out;
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (!getcwd(w->cwd, sizeof(w->cwd)) || (job->cases && !place(w, job->cases, w->cases)) ||
	    (job->waivers && !place(w, job->waivers, w->waivers))) {
		snprintf(r.why, sizeof(r.why), "the path of the cases or of this folder is too long");
	} else {
		make_commands(w, host);
		put_first(w);
		w->since = clock_now();
		if (host) {
			struct vm_job here = {.command = w->command, .n_commands = w->n, .timeout = timeout};

			if (job->backend)
				events.booted = NULL; /* its record "run" says what it is */
			host_run("/proc/self/exe", &here, &events, &stop, &r);
		} else {
			boot(w, &events, timeout, &r);
		}
	}
	put_last(w, &r);
	vm_result_fini(&r);
	if (!w->failed)
		code = JOB_WRITTEN;
	if (fclose(w->f))
		code = JOB_NOT_WRITTEN;
out:
	free(w);
	return code;
}
