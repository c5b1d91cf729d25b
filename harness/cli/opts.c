/* SPDX-License-Identifier: MIT */
/* The parser of the command line. It knows no option and no command: those are the rows of table.c. */
#include "opts.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bisect.h"
#include "oracle/profiles.h"
#include "table.h"
#include "version.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

int cli_usage(const char *format, ...)
{
	va_list ap;

	fputs("hookdiff: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

const struct profile *cli_profile(const struct cli *cli, const char *release, const char *version)
{
	bool by_release = !strcmp(cli->profile, "auto");
	const struct profile *p =
		by_release ? profile_for_kernel(release, version) : profile_find(cli->profile);

	if (p)
		return p;
	if (by_release)
		fprintf(stderr, "hookdiff: no profile covers kernel %s; choose one with --profile:", release);
	else
		fprintf(stderr, "hookdiff: --profile %s: no such profile; there are: auto", cli->profile);
	for (unsigned i = 0; i < profile_count(); i++)
		fprintf(stderr, " %s", profile_at(i)->name);
	fputc('\n', stderr);
	return NULL;
}

/* Edit distance, at most 31 letters of each word; small enough to be computed the plain way. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32], n = (unsigned)strnlen(b, 31), m = (unsigned)strnlen(a, 31);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= m; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

/* Keeps in *best the word that is nearest to what was typed, if it is near enough to be meant. */
static void nearer(const char *typed, const char *word, const char **best, unsigned *score)
{
	size_t n = strlen(typed);
	unsigned d = distance(typed, word);

	if (n >= 2 && !strncmp(typed, word, n))
		d = 1; /* an abbreviation */
	if (d < *score) {
		*score = d;
		*best = word;
	}
}

const struct cmd *cli_find_command(const char *name)
{
	for (unsigned i = 0; i < cli_command_count; i++)
		if (!strcmp(cli_commands[i].name, name))
			return &cli_commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *best = NULL;
	unsigned score = 3;

	for (unsigned i = 0; i < cli_command_count; i++)
		nearer(name, cli_commands[i].name, &best, &score);
	if (best)
		return cli_usage("unknown command '%s'; did you mean '%s'? (hookdiff --help)", name, best);
	return cli_usage("unknown command '%s'; hookdiff --help lists them", name);
}

static int unknown_option(const struct cmd *cmd, const char *name, size_t n)
{
	const char *best = NULL;
	unsigned score = 3;
	char word[32];

	snprintf(word, sizeof(word), "%.*s", n > 31 ? 31 : (int)n, name);
	for (unsigned i = 0; i < cli_option_count; i++)
		if (cli_options[i].commands & cmd->bit)
			nearer(word, cli_options[i].name, &best, &score);
	if (best)
		return cli_usage("%s: unknown option '--%s'; did you mean '--%s'?", cmd->name, word, best);
	return cli_usage("%s: unknown option '--%s'; hookdiff %s --help lists them", cmd->name, word,
			 cmd->name);
}

/* Reads digits, decimal or 0x, up to *end. False if there are none or the number does not fit. */
static bool read_number(const char *s, uint64_t *value, char **end)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');

	if (*s < '0' || *s > '9') /* strtoull would take blanks and a minus */
		return false;
	errno = 0;
	*value = strtoull(s, end, hex ? 16 : 10);
	return !errno;
}

/* Stores the text of a value in its field. Returns NULL or what was expected. */
static const char *store(struct cli *cli, const struct opt *o, const char *text)
{
	static const struct {
		const char *suffix;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *field = (char *)cli + o->field, *end;
	uint64_t value;

	switch (o->type) {
	case ARG_FLAG:
		*(bool *)field = true;
		return NULL;
	case ARG_STRING:
		if (!*text)
			return "a name that is not empty";
		*(const char **)field = text;
		return NULL;
	case ARG_LIST: {
		struct cli_list *list = (struct cli_list *)field;

		if (!*text)
			return "a name that is not empty";
		if (list->n == CLI_LIST_MAX)
			return "at most 64 of them";
		list->item[list->n++] = text;
		return NULL;
	}
	case ARG_U64:
		if (!read_number(text, &value, &end) || *end)
			return "a number";
		if (value < o->lo || value > o->hi)
			return "a number in range";
		*(uint64_t *)field = value;
		return NULL;
	case ARG_DURATION:
		if (!read_number(text, &value, &end))
			return "a duration such as 10, 10s or 2m";
		for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
			if (strcmp(end, units[i].suffix))
				continue;
			if (value > o->hi / units[i].seconds || value * units[i].seconds < o->lo)
				return o->hi == 86400 ? "a duration from 1s to 1d"
						      : "a duration from 1s to 366d";
			*(uint64_t *)field = value * units[i].seconds;
			return NULL;
		}
		return "a duration such as 10, 10s or 2m";
	}
	return NULL;
}

static int bad_value(const struct cmd *cmd, const struct opt *o, const char *text, const char *expected)
{
	if (o->type != ARG_U64)
		return cli_usage("%s: --%s: expected %s, found '%s'", cmd->name, o->name, expected, text);
	return cli_usage("%s: --%s: expected a number from %llu to %llu, found '%s'", cmd->name, o->name,
			 (unsigned long long)o->lo, (unsigned long long)o->hi, text);
}

/* Takes the option that argv[*i] begins ("--name", "--name=value"), and its value from argv[*i + 1] if need
 * be. */
static int take_option(struct cli *cli, const struct cmd *cmd, int *i)
{
	const char *word = cli->argv[*i] + 2, *text = strchr(word, '='), *expected;
	size_t n = text ? (size_t)(text - word) : strlen(word);
	const struct opt *o = NULL;

	for (unsigned k = 0; k < cli_option_count; k++)
		if (cli_options[k].commands & cmd->bit && strlen(cli_options[k].name) == n &&
		    !strncmp(cli_options[k].name, word, n))
			o = &cli_options[k];
	if (!o)
		return unknown_option(cmd, word, n);
	if (o->type == ARG_FLAG) {
		if (text)
			return cli_usage("%s: --%s takes no value, found '%s'", cmd->name, o->name, text + 1);
	} else if (text) {
		text++;
	} else {
		if (*i + 1 >= cli->argc)
			return cli_usage("%s: --%s: expected %s after it, found the end of the line",
					 cmd->name, o->name, o->value);
		text = cli->argv[++*i];
	}
	expected = store(cli, o, text);
	if (expected)
		return bad_value(cmd, o, text, expected);
	if (o->given)
		*(bool *)((char *)cli + o->given) = true;
	return 0;
}

static int check_operands(const struct cmd *cmd, int n, char **args)
{
	if (n < cmd->min_args)
		return cli_usage("%s: expected %s, found nothing (hookdiff %s --help)", cmd->name, cmd->args,
				 cmd->name);
	if (cmd->max_args >= 0 && n > cmd->max_args)
		return cli_usage("%s: expected %s, found '%s' (hookdiff %s --help)", cmd->name,
				 cmd->max_args ? "only one operand" : "no operand", args[cmd->max_args],
				 cmd->name);
	return 0;
}

/* A verdict that could not be written is none: a full disk or closed pipe must not end in exit 0. */
static int finish(int code)
{
	if ((fflush(stdout) || ferror(stdout)) && code == EXIT_AGREE) {
		fprintf(stderr, "hookdiff: standard output: %s\n", strerror(errno));
		return EXIT_UNSURE;
	}
	return code;
}

/* Options that do not go together, whichever command takes both. */
static int check_together(const struct cmd *cmd, const struct cli *cli)
{
	if (!cli->backend)
		return 0;
	if (cli->kernel)
		return cli_usage("%s: expected --kernel or --backend, found both", cmd->name);
	if (cli->dmesg)
		return cli_usage("%s: expected --dmesg or --backend, found both: the log is this machine's",
				 cmd->name);
	if (cli->crowd)
		return cli_usage(
			"%s: expected --threads or --backend, found both: a backend makes one call at a time",
			cmd->name);
	if (cli->operations || cli->chains)
		return cli_usage("%s: expected --%s or --backend, found both: a backend makes calls only",
				 cmd->name, cli->operations ? "operations" : "chains");
	return 0;
}

/* Options and operands behind the command's name. help: that is all that was asked for. */
static int take_all(struct cli *cli, const struct cmd *cmd, bool *help)
{
	bool only_operands = false;
	int code = 0;

	for (unsigned i = 0; i < cli_option_count; i++)
		if (cli_options[i].initial && cli_options[i].commands & cmd->bit)
			store(cli, &cli_options[i], cli_options[i].initial);
	for (int i = 2; !code && i < cli->argc; i++) {
		char *arg = cli->argv[i];

		if (only_operands || arg[0] != '-' || !arg[1]) {
			cli->args[cli->n_args++] = arg;
		} else if (!strcmp(arg, "--")) {
			only_operands = true;
		} else if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
			*help = true;
			return 0;
		} else if (arg[1] != '-') {
			return cli_usage("%s: unknown option '%s'; options are whole words: --seed 1",
					 cmd->name, arg);
		} else {
			code = take_option(cli, cmd, &i);
		}
	}
	if (!code)
		code = check_operands(cmd, cli->n_args, cli->args);
	return code ? code : check_together(cmd, cli);
}

static int run_command(const struct cmd *cmd, int argc, char **argv)
{
	struct cli cli = {.argc = argc, .argv = argv, .args = calloc((size_t)argc, sizeof(char *))};
	bool help = false;
	int code;

	if (!cli.args) {
		fputs("hookdiff: out of memory\n", stderr);
		return EXIT_UNSURE;
	}
	code = take_all(&cli, cmd, &help);
	if (help)
		cli_command_help(cmd);
	if (!code)
		code = finish(help ? EXIT_AGREE : cmd->run(&cli));
	free(cli.args);
	return code;
}

static int cli_run(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc < 2)
		return cli_usage("expected a command; hookdiff --help lists them");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		cmd = argc > 2 ? cli_find_command(argv[2]) : NULL;
		if (argc > 2 && !cmd)
			return unknown_command(argv[2]);
		if (cmd)
			cli_command_help(cmd);
		else
			cli_help();
		return finish(EXIT_AGREE);
	}
	if (!strcmp(argv[1], "--version")) {
		puts("hookdiff " HD_VERSION);
		return finish(EXIT_AGREE);
	}
	cmd = cli_find_command(argv[1]);
	return cmd ? run_command(cmd, argc, argv) : unknown_command(argv[1]);
}

int cli_main(int argc, char **argv)
{
#ifndef HD_GUEST
	if (bisect_is_step(argc, argv))
		return bisect_guard(cli_run, argc, argv);
#endif
	return cli_run(argc, argv);
}
