/* SPDX-License-Identifier: MIT */
/* --help, from the tables. */
#include "table.h"

#include <stdio.h>

static void print_option(const struct opt *o)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	printf("  %-16s %s", left, o->help);
	if (o->initial)
		printf(" [%s]", o->initial);
	putchar('\n');
}

void cli_help(void)
{
	puts("hookdiff holds the kernel's two cgroup sockopt hooks against a reference oracle.\n\n"
	     "usage: hookdiff COMMAND [OPTION...] [OPERAND...]\n\ncommands:");
	for (unsigned i = 0; i < cli_command_count; i++) {
		const struct cmd *c = &cli_commands[i];
		int n = printf("  %s %s", c->name, c->args);

		if (n > 24) /* the summary stands below */
			putchar('\n');
		printf("%*s %s\n", n > 24 ? 24 : 24 - n, "", c->summary);
	}
	puts("\nhookdiff COMMAND --help    a command's options\n"
	     "hookdiff --version         version and commit\n"
	     "hookdiff man               the page of all of it\n");
	for (unsigned i = 0; i < cli_exit_count; i++)
		printf("%s %-2d  %s\n", i ? "           " : "exit codes:", cli_exits[i].code,
		       cli_exits[i].meaning);
}

void cli_command_help(const struct cmd *cmd)
{
	printf("hookdiff %s: %s\n\nusage: hookdiff %s [OPTION...]%s%s\n\n%s\noptions:\n", cmd->name,
	       cmd->summary, cmd->name, *cmd->args ? " " : "", cmd->args, cmd->help);
	for (unsigned i = 0; i < cli_option_count; i++)
		if (cli_options[i].commands & cmd->bit)
			print_option(&cli_options[i]);
}
