/* SPDX-License-Identifier: MIT */
/* hookdiff race: calls on this kernel while programs come and go (harness/race). */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../../oracle/clauses.h"
#include "../exec/probe.h"
#include "../exec/splat.h"
#include "../race/race.h"
#include "../report/json_out.h"
#include "in_vm.h"
#include "session.h"

#define SHOWN 8 /* findings in full */

struct shown {
	bool json;
	unsigned n;
	struct json_object *found; /* json: the array */
};

static void add_finding(struct json_object *found, const struct race_finding *f)
{
	struct json_object *o = json_object_new_object();

	out_text(o, "scene", f->scene);
	out_count(o, "round", f->round);
	out_text(o, "what", f->what);
	if (f->clause)
		out_text(o, "clause", clause_info(f->clause)->name);
	out_lines(o, "want", f->want);
	out_text(o, "got", f->got);
	out_lines(o, "schedule", f->schedule);
	json_object_array_add(found, o);
}

static void on_finding(void *arg, const struct race_finding *f)
{
	struct shown *s = arg;

	if (s->n++ >= SHOWN)
		return;
	if (s->json)
		add_finding(s->found, f);
	else
		printf("\nFAIL %s", f->text);
	fflush(stdout);
}

/* The bits of the scenes that the operands name; 0 after a complaint. */
static uint32_t pick_scenes(const struct cli *cli)
{
	uint32_t bits = cli->n_args ? 0 : ~0u;

	for (int i = 0; i < cli->n_args; i++) {
		const struct scene *s = scene_find(cli->args[i]);

		for (unsigned k = 0; s && scene_at(k); k++)
			bits |= (uint32_t)(scene_at(k) == s) << k;
		if (s)
			continue;
		fprintf(stderr, "hookdiff: race: expected a scene, found '%s'; there are", cli->args[i]);
		for (unsigned k = 0; scene_at(k); k++)
			fprintf(stderr, " %s", scene_at(k)->name);
		fputs("\n", stderr);
		return 0;
	}
	return bits;
}

#define PRINTED(n) (unsigned long long)(n)

static void print_counts(const char *name, const struct race_counts *n)
{
	printf("  %-8s %8llu %9llu %10llu %10llu %11llu %9llu %9llu %7llu %6llu %5llu\n", name,
	       PRINTED(n->rounds), PRINTED(n->operations), PRINTED(n->calls[HOOK_GET]),
	       PRINTED(n->calls[HOOK_SET]), PRINTED(n->overlapped), PRINTED(n->saw_first),
	       PRINTED(n->saw_last), PRINTED(n->mixed), PRINTED(n->early), PRINTED(n->findings));
}

static void print_left(const struct race_result *r)
{
	printf("left behind: programs %u -> %u, links ", r->before.progs, r->after.progs);
	if (r->after.has_links)
		printf("%u -> %u", r->before.links, r->after.links);
	else
		printf("not listed by this kernel");
	printf(", cgroups %u -> %u, fds %u -> %u\n", r->before.cgroups, r->after.cgroups, r->before.fds,
	       r->after.fds);
}

static void print_result(const struct race_result *r, const struct splats *splats)
{
	const struct race_counts *t = &r->total;

	printf("\n  %-8s %8s %9s %10s %10s %11s %9s %9s %7s %6s %5s\n", "scene", "rounds", "changes", "gets",
	       "sets", "overlapped", "saw old", "saw new", "mixed", "early", "FAIL");
	for (unsigned i = 0; scene_at(i); i++)
		if (r->lacks[i])
			printf("  %-8s this kernel cannot do it\n", scene_at(i)->name);
		else if (r->scene[i].rounds)
			print_counts(scene_at(i)->name, &r->scene[i]);
	print_counts("all", t);
	printf("states that a call was held against: 1 for %llu calls, 2 for %llu, 3 to 8 for %llu, more for "
	       "%llu\n",
	       PRINTED(t->size[0]), PRINTED(t->size[1]), PRINTED(t->size[2]), PRINTED(t->size[3]));
	if (r->key_known && r->elsewhere)
		printf("the static keys stayed on: others have %u programs of these hooks attached\n",
		       r->elsewhere);
	else if (r->key_known)
		puts("the static keys went on and off: nobody else had programs of these hooks when the run "
		     "began");
	print_left(r);
	if (splats && splats->n)
		printf("\nFAIL the kernel's log, %llu complaints, the last:\n%s\n", PRINTED(splats->n),
		       buf_str(&splats->text));
	printf("\n%s: %llu calls, %llu changes in %.0f s, %llu results outside of what was allowed%s\n",
	       t->findings || r->leaked || (splats && splats->n) ? "FAIL" : "PASS",
	       PRINTED(t->calls[HOOK_GET] + t->calls[HOOK_SET]), PRINTED(t->operations), r->seconds,
	       PRINTED(t->findings), r->leaked ? ", and something stays behind" : "");
}

static void print_json(const struct race_result *r, const struct race_opts *o, const struct splats *splats,
		       struct json_object *found)
{
	const struct race_counts *t = &r->total;
	struct json_object *j = json_object_new_object();
	struct buf out = {0};

	out_text(j, "kind", "race");
	out_count(j, "seed", o->seed);
	out_count(j, "threads", o->threads);
	json_object_object_add(j, "seconds", json_object_new_double(r->seconds));
	out_count(j, "rounds", t->rounds);
	out_count(j, "operations", t->operations);
	out_count(j, "gets", t->calls[HOOK_GET]);
	out_count(j, "sets", t->calls[HOOK_SET]);
	out_count(j, "overlapped", t->overlapped);
	out_count(j, "saw_old", t->saw_first);
	out_count(j, "saw_new", t->saw_last);
	out_count(j, "mixed", t->mixed);
	out_count(j, "early", t->early);
	out_count(j, "findings", t->findings);
	json_object_object_add(j, "found", json_object_get(found));
	json_object_object_add(j, "leaked", json_object_new_boolean(r->leaked));
	out_count(j, "splats", splats ? splats->n : 0);
	if (splats && splats->n)
		out_lines(j, "splat", buf_str(&splats->text));
	if (!out_document(&out, j))
		fputs(buf_str(&out), stdout);
	buf_fini(&out);
}

/* Did anything come of it? Calls must have met changes, else nothing was tried. */
static int judge(const struct race_result *r, const struct splats *splats)
{
	if (r->total.findings || r->leaked || (splats && splats->n))
		return EXIT_DIVERGENCE;
	return r->total.operations && r->total.overlapped ? EXIT_AGREE : EXIT_UNSURE;
}

static int races(struct cli *cli, struct race_opts *o, const struct splat_list *known)
{
	struct shown shown = {.json = cli->json, .found = json_object_new_array()};
	static struct race_result r; /* large */
	static struct splats splats;
	bool watch = false;
	int code;

#ifdef HD_GUEST
	cli->dmesg = true;
#endif
	if (cli->dmesg) {
		watch = !splats_open(&splats, known);
		if (!watch)
			fprintf(stderr, "hookdiff: the kernel's log cannot be read\n");
	}
	o->finding = on_finding;
	o->arg = &shown;
	code = race_run(o, &r);
	if (watch)
		splats_poll(&splats);
	if (code) {
		fprintf(stderr, "hookdiff: race: %s\n", r.error);
		code = EXIT_UNSURE;
	} else {
		if (cli->json)
			print_json(&r, o, watch ? &splats : NULL, shown.found);
		else
			print_result(&r, watch ? &splats : NULL);
		code = judge(&r, watch ? &splats : NULL);
		if (code == EXIT_UNSURE)
			fprintf(stderr, "hookdiff: race: no call met a change: nothing was tried\n");
	}
	if (watch)
		splats_close(&splats);
	json_object_put(shown.found);
	return code;
}

static size_t no_path(const char *operand)
{
	(void)operand;
	return 0;
}

int cmd_race(struct cli *cli)
{
	struct race_opts o = {.threads = (unsigned)cli->threads,
			      .seconds = cli->seconds ? (double)cli->seconds : 10,
			      .round_seconds = 0.25,
			      .settle_seconds = 10,
			      .only_round = cli->round};
	struct splat_list known = {0};
	struct utsname u;
	char why[400];
	int code;

	o.scenes = pick_scenes(cli);
	if (!o.scenes)
		return EXIT_USAGE;
	cli->path_length = no_path;
	if (in_vm(cli))
		return in_vm_run(cli);
	uname(&u);
	o.profile = cli_profile(cli, u.release, u.version);
	if (!o.profile)
		return EXIT_USAGE;
	o.epoch = attach_for_kernel(u.release, u.version);
	if (!o.epoch) {
		fprintf(stderr, "SKIP: no rules of attaching are known for Linux %s\n", u.release);
		return EXIT_UNSURE;
	}
	if (!probe_can_run(why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s\n", why);
		return EXIT_UNSURE;
	}
	o.early = race_early(u.release);
	o.seed = cli->seed_given ? cli->seed : session_seed();
	if (!cli->json)
		printf("races on Linux %s, profile %s, seed %llu, %u threads that call and one that "
		       "changes\n",
		       u.release, o.profile->name, PRINTED(o.seed), o.threads);
	fflush(stdout);
	code = session_splats(cli, &known);
	if (!code)
		code = races(cli, &o, &known);
	splat_list_fini(&known);
	return code;
}
