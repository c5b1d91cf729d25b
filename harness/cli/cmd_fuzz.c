/* SPDX-License-Identifier: MIT */
/* hookdiff fuzz: generated cases (mutate/gen.h) on this kernel until a limit is reached. */
#include <stdio.h>

#include "../case/safe.h"
#include "../report/text.h"
#include "in_vm.h"
#include "session.h"

#define CHECK_FROM	      1000000 /* cases from which on the generator's own check means something */
#define CHECK_OPERATIONS_FROM 500000  /* of those with operations, of which a whole row may be rare */

static void print_histogram(const struct bulk_result *r)
{
	char name[24];

	puts("\nwhat was generated:");
	for (unsigned d = 0; d < DIM_COUNT; d++) {
		printf("  %s:", dim_name((enum dim)d));
		for (unsigned v = 0; v < dim_values((enum dim)d); v++)
			printf(" %s %llu", dim_value_name((enum dim)d, v, name),
			       (unsigned long long)r->dim[d][v]);
		putchar('\n');
	}
}

static void print_tally(const struct bulk_result *r)
{
	struct buf b = {0};

	tally_print(&r->tally, &b);
	printf("\nwhat was generated, in %llu cases of %llu steps:\n%s", (unsigned long long)r->tally.cases,
	       (unsigned long long)r->tally.steps, buf_str(&b));
	buf_fini(&b);
}

/* The same of cases with operations. */
static int check_operations(const struct bulk_result *r, const struct attach_epoch *e)
{
	struct buf b = {0};
	unsigned n = r->tally.cases >= CHECK_OPERATIONS_FROM ? tally_starved(&r->tally, e, &b) : 0;

	if (n)
		fprintf(stderr, "hookdiff: the generator never made %u parts:\n%s", n, buf_str(&b));
	buf_fini(&b);
	return n ? EXIT_UNSURE : 0;
}

/* A run that leaves a rule or a boundary untried must not look like one that tried it. */
static int check_generator(const struct bulk_result *r)
{
	struct buf b = {0};
	unsigned n;

	if (r->cases < CHECK_FROM || !r->profile || r->operations)
		return 0;
	n = bulk_starved(r, &b);
	if (n)
		fprintf(stderr,
			"hookdiff: the generator neglected %u parts (expected one case in a thousand "
			"each):\n%s",
			n, buf_str(&b));
	buf_fini(&b);
	return n ? EXIT_UNSURE : 0;
}

int cmd_fuzz(struct cli *cli)
{
	static struct bulk_result r; /* large */
	struct session s;
	int code, starved;

	if (!session_unsafe(cli, "fuzz"))
		return EXIT_USAGE;
	if (in_vm(cli))
		return in_vm_run(cli);
	if (!cli->seed_given)
		cli->seed = session_seed();
	if (!cli->seconds && !cli->cases)
		cli->seconds = 10;
	safe_unlock(cli->unsafe); /* before the session, which sets it in a guest for cases of files */
	code = session_open(&s, cli, "fuzz");
	if (code)
		return code;
	s.run.seed_given = true;
	s.run.seed = cli->seed;
	struct bulk_opts opts = {.target = session_target(&s),
				 .profile = s.profile,
				 .operations = cli->operations,
				 .epoch = s.epoch,
				 .seed = cli->seed,
				 .cases = cli->cases,
				 .seconds = cli->seconds,
				 .workers = session_workers(cli),
				 .reuse = (unsigned)cli->reuse,
				 .straight = cli->straight_every,
				 .findings = s.findings,
				 .spec = cli->kernel,
				 .waivers = &s.waivers,
				 .dmesg = cli->dmesg,
				 .splats = &s.splats};
	snprintf(s.reproduce, sizeof(s.reproduce),
		 "hookdiff fuzz %s%s--profile %s --seed %llu --workers %u --reuse %u --straight %llu --cases "
		 "%llu",
		 cli->operations ? "--operations " : "", safe_unlocked() ? "--unsafe " : "", s.profile->name,
		 (unsigned long long)cli->seed, opts.workers, opts.reuse, (unsigned long long)opts.straight,
		 (unsigned long long)(cli->cases ? cli->cases : 10000000));
	if (cli->backend || cli->kernel) {
		struct buf b = {0};

		buf_printf(&b, "%s %s ", s.reproduce, cli->backend ? "--backend" : "--kernel");
		text_shell(&b, cli->backend ? cli->backend : cli->kernel);
		snprintf(s.reproduce, sizeof(s.reproduce), "%s", buf_str(&b));
		buf_fini(&b);
	}
	opts.reproduce = s.reproduce;
	if (!cli->json)
		printf("fuzz on Linux %s, profile %s, seed %llu, %u workers\n", s.release, s.profile->name,
		       (unsigned long long)cli->seed, opts.workers);
	session_start(&s);
	bulk_run(&opts, &r);
	starved = cli->operations ? check_operations(&r, s.epoch) : check_generator(&r);
	if (cli->verbose && !cli->json && !cli->operations)
		print_histogram(&r);
	if (cli->verbose && !cli->json && cli->operations)
		print_tally(&r);
	code = session_bulk(&s, &opts, &r);
	return code ? code : starved;
}
