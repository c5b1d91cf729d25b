/* SPDX-License-Identifier: MIT */
/* hookdiff sweep: every boundary case (mutate/sweep.h) on this kernel. */
#include <stdio.h>

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
				 .sweep = true,
				 .thin = (unsigned)cli->thin,
				 .workers = session_workers(cli),
				 .reuse = (unsigned)cli->reuse,
				 .straight = cli->straight_every,
				 .findings = s.findings,
				 .reproduce = s.reproduce,
				 .waivers = &s.waivers,
				 .dmesg = cli->dmesg,
				 .splats = &s.splats};
	sweep_describe(text, sizeof(text));
	if (!cli->json)
		printf("boundary sweep on Linux %s, profile %s:\n%s\n", s.release, s.profile->name, text);
	if (!cli->json && cli->thin > 1)
		printf("only every %lluth of them: %llu\n", (unsigned long long)cli->thin,
		       (unsigned long long)bulk_total(&opts));
	session_start(&s);
	bulk_run(&opts, &r);
	return session_bulk(&s, &opts, &r);
}
