/* SPDX-License-Identifier: MIT */
/* hookdiff storage: counters in cgroup and socket storage on this kernel (harness/storage). */
#include <errno.h>
#include <stdio.h>

#include "../exec/probe.h"
#include "../report/json_out.h"
#include "../storage/storage.h"
#include "in_vm.h"
#include "session.h"

#define NUMBER(n) (unsigned long long)(n)

/* Each clause, and how often it was behind what was compared. */
static void print_clauses(const struct storage_result *r)
{
	for (unsigned c = 0; c < STORAGE_CLAUSES; c++) {
		const struct clause_info *info = clause_info(C_OPERATIONS + c);

		printf("%-16s %12llu  %s\n%-30s %s\n", info->name, NUMBER(r->said[c]), info->sentence, "",
		       info->source);
	}
}

static void print_json(const struct storage_result *r, uint64_t seed, uint64_t steps)
{
	struct json_object *o = json_object_new_object();
	struct buf out = {0};

	out_text(o, "kind", "storage");
	out_count(o, "seed", seed);
	out_count(o, "rounds", r->rounds);
	out_count(o, "operations", steps);
	out_count(o, "calls", r->steps[ST_CALL]);
	out_count(o, "accepted", r->steps[ST_ACCEPT]);
	out_count(o, "runs", r->runs);
	out_count(o, "compared", r->compared);
	out_count(o, "findings", r->findings);
	if (r->findings) /* the run ends with the first: its operations, what was expected, what was found */
		out_lines(o, "found", buf_str(&r->text));
	if (!out_document(&out, o))
		fputs(buf_str(&out), stdout);
	buf_fini(&out);
}

static void print_result(const struct storage_result *r, uint64_t seed, bool json)
{
	uint64_t steps = 0, changes = r->steps[ST_ATTACH] + r->steps[ST_LINK] + r->steps[ST_DETACH];

	for (unsigned i = 0; i < ST_OP_COUNT; i++)
		steps += r->steps[i];
	if (json) {
		print_json(r, seed, steps);
		return;
	}
	if (r->findings)
		printf("\nFAIL %s", buf_str(&r->text));
	printf("%s: %llu operations in %llu rounds (%llu calls, %llu attached or detached, %llu sockets "
	       "accepted, %llu "
	       "storages deleted), %llu program runs, %llu counters compared in %.0f s\n",
	       r->findings ? "FAIL" : "PASS", NUMBER(steps), NUMBER(r->rounds), NUMBER(r->steps[ST_CALL]),
	       NUMBER(changes), NUMBER(r->steps[ST_ACCEPT]), NUMBER(r->steps[ST_DELETE]), NUMBER(r->runs),
	       NUMBER(r->compared), r->seconds);
}

int cmd_storage(struct cli *cli)
{
	struct storage_opts o = {.seconds = cli->seconds ? (double)cli->seconds : 5, .only = cli->round};
	struct storage_result r;
	char why[400];
	int ret;

	if (in_vm(cli))
		return in_vm_run(cli);
	if (!probe_can_run(why, sizeof(why))) {
		fprintf(stderr, "SKIP: %s\n", why);
		return EXIT_UNSURE;
	}
	o.seed = cli->seed_given ? cli->seed : session_seed();
	if (!cli->json)
		printf("counters in storage, seed %llu\n", NUMBER(o.seed));
	ret = storage_run(&o, &r);
	if (ret) {
		fprintf(stderr, "%s%s\n", ret == -EOPNOTSUPP ? "SKIP: " : "hookdiff: storage: ", r.error);
		buf_fini(&r.text);
		return EXIT_UNSURE;
	}
	if (cli->verbose && !cli->json)
		print_clauses(&r);
	if (r.lacks[0] && !cli->json)
		printf("without STORAGE.TASK: this kernel does not take the programs (Linux 6.2): %s\n",
		       r.lacks);
	print_result(&r, o.seed, cli->json);
	buf_fini(&r.text);
	return r.findings ? EXIT_DIVERGENCE : r.compared ? EXIT_AGREE : EXIT_UNSURE;
}
