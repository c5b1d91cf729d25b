/* SPDX-License-Identifier: MIT */
/* hookdiff sweep: every boundary case (mutate/sweep.h) on this kernel. */
#include <stdio.h>

#include "../campaign/chains.h"
#include "../mutate/sweep.h"
#include "in_vm.h"
#include "session.h"

int cmd_sweep(struct cli *cli)
{
	static struct bulk_result r; /* large */
	struct session s;
	char text[256];
	int code;

	if (in_vm(cli))
		return in_vm_run(cli);
	code = session_open(&s, cli, "sweep");
	if (code)
		return code;
	struct bulk_opts opts = {.target = session_target(&s),
				 .profile = s.profile,
				 .sweep = !cli->chains,
				 .chains = cli->chains,
				 .epoch = s.epoch,
				 .thin = (unsigned)cli->thin,
				 .workers = session_workers(cli),
				 .reuse = (unsigned)cli->reuse,
				 .straight = cli->straight_every,
				 .findings = s.findings,
				 .reproduce = s.reproduce,
				 .spec = cli->kernel,
				 .waivers = &s.waivers,
				 .dmesg = cli->dmesg,
				 .splats = &s.splats};
	sweep_describe(text, sizeof(text));
	if (cli->chains && s.epoch)
		snprintf(text, sizeof(text),
			 "%llu ways to attach up to two programs to each of three cgroups, those that are "
			 "refused among "
			 "them; every pattern of returns",
			 (unsigned long long)chains_count(s.epoch));
	if (!cli->json && cli->chains)
		printf("sweep of chains on Linux %s, profile %s, %s:\n%s\n", s.release, s.profile->name,
		       s.epoch ? s.epoch->name : "no attach epoch", text);
	else if (!cli->json)
		printf("boundary sweep on Linux %s, profile %s:\n%s\n", s.release, s.profile->name, text);
	if (!cli->json && cli->thin > 1 && !cli->chains)
		printf("only every %lluth of them: %llu\n", (unsigned long long)cli->thin,
		       (unsigned long long)bulk_total(&opts));
	session_start(&s);
	bulk_run(&opts, &r);
	return session_bulk(&s, &opts, &r);
}
