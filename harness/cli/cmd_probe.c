/* SPDX-License-Identifier: MIT */
/* hookdiff probe: prints what exec/probe.c found out about this machine, with the remedy for what is missing.
 */
#include "in_vm.h"

#include <json-c/json.h>
#include <sys/utsname.h>

#include "harness/exec/feature.h"
#include "harness/exec/probe.h"
#include "probe_helpers.h"

static const char *const words[] = {[PROBE_OK] = "ok", [PROBE_MISSING] = "missing", [PROBE_INFO] = "info"};

static struct json_object *feature_json(const struct feature_result *f)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(f->name));
	json_object_object_add(o, "state", json_object_new_string(feature_state_name(f->state)));
	json_object_object_add(o, "what", json_object_new_string(f->what));
	json_object_object_add(o, "found", json_object_new_string(f->text));
	return o;
}

/* One feature by its name, on one line. */
static int one_feature(const struct cli *cli)
{
	static const int codes[FEATURE_STATES] = {[FEATURE_PRESENT] = EXIT_AGREE,
						  [FEATURE_ABSENT] = EXIT_DIVERGENCE,
						  [FEATURE_UNKNOWN] = EXIT_UNSURE};
	struct feature_result all[FEATURE_MAX];
	int i = cli_feature(cli->feature);
	struct json_object *o;

	if (i < 0)
		return EXIT_USAGE;
	feature_run(all);
	if (!cli->json) {
		printf("%s: %s: %s (%s)\n", all[i].name, feature_state_name(all[i].state), all[i].what,
		       all[i].text);
		return codes[all[i].state];
	}
	o = feature_json(&all[i]);
	json_object_object_add(o, "type", json_object_new_string("feature"));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return codes[all[i].state];
}

int cli_feature(const char *name)
{
	int i = feature_find(name);

	if (i >= 0)
		return i;
	fprintf(stderr, "hookdiff: --feature %s: no such feature; there are:", name);
	for (unsigned k = 0; k < feature_count(); k++)
		fprintf(stderr, " %s", feature_name(k));
	fputc('\n', stderr);
	return -1;
}

static void print_json(const struct probe_result *rows, unsigned n, const struct utsname *u, bool can_run)
{
	struct json_object *o = json_object_new_object(), *all = json_object_new_array();
	struct feature_result features[FEATURE_MAX];

	json_object_object_add(o, "kernel", json_object_new_string(u->release));
	json_object_object_add(o, "arch", json_object_new_string(u->machine));
	json_object_object_add(o, "can_run", json_object_new_boolean(can_run));
	for (unsigned i = 0; i < n; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "feature", json_object_new_string(rows[i].name));
		json_object_object_add(row, "state", json_object_new_string(words[rows[i].state]));
		json_object_object_add(row, "needed", json_object_new_boolean(rows[i].needed));
		json_object_object_add(row, "found", json_object_new_string(rows[i].text));
		if (rows[i].state == PROBE_MISSING && rows[i].remedy)
			json_object_object_add(row, "remedy", json_object_new_string(rows[i].remedy));
		json_object_array_add(all, row);
	}
	json_object_object_add(o, "features", all);
	all = json_object_new_array();
	n = feature_run(features);
	for (unsigned i = 0; i < n; i++)
		json_object_array_add(all, feature_json(&features[i]));
	json_object_object_add(o, "named", all);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_probe(struct cli *cli)
{
	struct probe_result rows[PROBE_MAX];
	const struct probe_result *blocker;
	unsigned n, missing = 0;
	struct utsname u = {0};

	if (cli->json && cli->brief)
		return cli_usage("probe: expected --json or --brief, found both");
	if (in_vm(cli))
		return in_vm_run(cli);
	if (cli->helpers)
		return probe_helpers(cli);
	if (cli->feature)
		return one_feature(cli);
	n = probe_run(rows);
	blocker = probe_blocker(rows, n);
	uname(&u);
	for (unsigned i = 0; i < n; i++)
		missing += rows[i].state == PROBE_MISSING;
	if (cli->json) {
		print_json(rows, n, &u, !blocker);
		return blocker ? EXIT_UNSURE : EXIT_AGREE;
	}

	for (unsigned i = 0; i < n && !cli->brief; i++) {
		printf("%-8s %-24s %s\n", words[rows[i].state], rows[i].name, rows[i].text);
		if (rows[i].state == PROBE_MISSING && rows[i].remedy)
			printf("%8s remedy: %s\n", "", rows[i].remedy);
	}
	if (blocker)
		printf("SKIP: cases can not run on Linux %s (%s): %s: %s; remedy: %s\n", u.release, u.machine,
		       blocker->name, blocker->text, blocker->remedy ? blocker->remedy : "none is known");
	else if (missing)
		printf("cases can run on Linux %s (%s); %u optional %s missing%s\n", u.release, u.machine,
		       missing, missing == 1 ? "feature is" : "features are",
		       cli->brief ? " (hookdiff probe)" : "");
	else
		printf("cases can run on Linux %s (%s)\n", u.release, u.machine);
	return blocker ? EXIT_UNSURE : EXIT_AGREE;
}
