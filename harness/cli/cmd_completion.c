/* SPDX-License-Identifier: MIT */
/*
 * hookdiff completion: what a shell has to know to complete a command line. The shells' own code is
 * manual/completion.*; the rows of table.c and the names that a value can have are put into it here.
 */
#include "opts.h"

#include <stdlib.h>
#include <string.h>

#include "oracle/clauses.h"
#include "oracle/profiles.h"

#include "../exec/feature.h"
#include "../kernels/cache.h"
#include "../kernels/listing.h"
#include "manual/texts.h"
#include "table.h"

/* In the order of enum arg_takes. */
static const char *const kinds[TAKES_COUNT] = {"nothing", "text",    "file",   "dir",	  "case",
					       "records", "command", "kernel", "kernels", "profile",
					       "clause",  "feature", "format"};

static const char *profile_word(unsigned i)
{
	if (!i)
		return "auto";
	return i <= profile_count() ? profile_at(i - 1)->name : NULL;
}

static const char *clause_word(unsigned i)
{
	return i + 1 < C_COUNT ? clause_info(i + 1)->name : NULL;
}

/* The kinds whose words are known when this is built. */
static const struct {
	enum arg_takes takes;
	const char *(*word)(unsigned i); /* NULL beyond the last one */
} listed[] = {
	{TAKES_PROFILE, profile_word},
	{TAKES_CLAUSE, clause_word},
	{TAKES_FEATURE, feature_name},
	{TAKES_FORMAT, cli_format_name},
};

#define FOR_LISTED(i)	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
#define FOR_COMMANDS(c) for (const struct cmd *c = cli_commands; c < cli_commands + cli_command_count; c++)
#define FOR_OPTIONS(o, c)                                                                                    \
	for (const struct opt *o = cli_options; o < cli_options + cli_option_count; o++)                     \
		if (o->commands & (c)->bit)

/* Each word of a kind with a blank before it. */
static void words(struct buf *b, const char *(*word)(unsigned i))
{
	for (unsigned i = 0; word(i); i++)
		buf_printf(b, " %s", word(i));
}

/*
 * The operands that stand for themselves: words of args in lower case, apart by |, with a blank before each.
 */
static void first_words(struct buf *b, const char *args)
{
	while (*args) {
		size_t n = strcspn(args, "|[] .");
		size_t lower = strspn(args, "abcdefghijklmnopqrstuvwxyz-");

		if (n && lower == n)
			buf_printf(b, " %.*s", (int)n, args);
		args += n ? n : 1;
	}
}

/* Text in a '...' of a shell; what stands in `escaped` gets a \ (zsh's [ ] and :). */
static void quoted(struct buf *b, const char *s, const char *escaped, const char *quote)
{
	for (; *s; s++) {
		if (*s == '\'')
			buf_puts(b, quote);
		else
			buf_printf(b, strchr(escaped, *s) ? "\\%c" : "%c", *s);
	}
}

static void bash_tables(struct buf *b)
{
	buf_puts(b, "_hookdiff_commands='");
	FOR_COMMANDS(c) buf_printf(b, " %s", c->name);
	buf_puts(b, "'\n\n_hookdiff_words() {\n\tcase $1 in\n");
	FOR_LISTED(i)
	{
		buf_printf(b, "\t%s) echo '", kinds[listed[i].takes]);
		words(b, listed[i].word);
		buf_puts(b, "' ;;\n");
	}
	buf_puts(b, "\tesac\n}\n\n# Sets what command $1 takes.\n# shellcheck disable=SC2034\n"
		    "_hookdiff_command() {\n\tcase $1 in\n");
	FOR_COMMANDS(c)
	{
		buf_printf(b, "\t%s)\n\t\tflags='", c->name);
		FOR_OPTIONS(o, c) buf_printf(b, " --%s", o->name);
		buf_puts(b, " --help'\n\t\tvalued='");
		FOR_OPTIONS(o, c)
		if (o->type != ARG_FLAG)
			buf_printf(b, " --%s:%s", o->name, kinds[o->takes]);
		buf_puts(b, "'\n\t\tfirst='");
		first_words(b, c->args);
		buf_printf(b, "'\n\t\toperand=%s most=%d ;;\n", kinds[c->takes], c->max_args);
	}
	buf_puts(b, "\t*) return 1 ;;\n\tesac\n}\n");
}

static void zsh_operands(struct buf *b, const struct cmd *c)
{
	struct buf first = {0};

	first_words(&first, c->args);
	if (first.n)
		buf_printf(b, " \\\n\t\t'1:%s:{ compadd --%s%s }'", c->name, buf_str(&first),
			   c->takes == TAKES_RECORDS ? "; _hookdiff_records" : "");
	if (c->max_args < 0)
		buf_printf(b, " \\\n\t\t'*:%s:_hookdiff_%s'", c->name, kinds[c->takes]);
	for (int i = first.n ? 2 : 1; i <= c->max_args; i++)
		buf_printf(b, " \\\n\t\t'%d:%s:_hookdiff_%s'", i, c->name, kinds[c->takes]);
	buf_fini(&first);
}

static void zsh_tables(struct buf *b)
{
	buf_puts(b, "_hookdiff_commands() {\n\tlocal -a commands=(\n");
	FOR_COMMANDS(c)
	{
		buf_printf(b, "\t\t'%s:", c->name);
		quoted(b, c->summary, ":", "'\\''");
		buf_puts(b, "'\n");
	}
	buf_puts(b, "\t\t'help:the commands' '--help:the commands' '--version:version and commit'\n\t)\n"
		    "\t_describe command commands\n}\n");
	FOR_LISTED(i)
	{
		buf_printf(b, "_hookdiff_%s() { compadd --", kinds[listed[i].takes]);
		words(b, listed[i].word);
		buf_puts(b, " }\n");
	}
	buf_puts(b, "_hookdiff_arguments() {\n\tcase $1 in\n\thelp) _hookdiff_commands ;;\n");
	FOR_COMMANDS(c)
	{
		buf_printf(b, "\t%s) _arguments '--help[this command]'", c->name);
		FOR_OPTIONS(o, c)
		{
			buf_printf(b, " \\\n\t\t'--%s%s[", o->name, o->type == ARG_FLAG ? "" : "=");
			quoted(b, o->help, "[]:", "'\\''");
			buf_puts(b, "]");
			if (o->type != ARG_FLAG)
				buf_printf(b, ":%s:_hookdiff_%s", o->value, kinds[o->takes]);
			buf_puts(b, "'");
		}
		zsh_operands(b, c);
		buf_puts(b, " ;;\n");
	}
	buf_puts(b, "\tesac\n}\n");
}

/* How fish is told what a value or operand can be. */
static void fish_kind(struct buf *b, enum arg_takes takes, bool value)
{
	switch (takes) {
	case TAKES_FILE:
	case TAKES_CASE:
	case TAKES_RECORDS:
		buf_puts(b, value ? " -r -F" : " -F");
		return;
	case TAKES_DIR:
		buf_puts(b, value ? " -x" : "");
		buf_puts(b, " -a '(__fish_complete_directories)'");
		return;
	case TAKES_COMMAND:
		buf_puts(b, value ? " -x" : "");
		buf_puts(b, " -a '(__fish_complete_command)'");
		return;
	case TAKES_NOTHING:
	case TAKES_TEXT:
		buf_puts(b, value ? " -x" : "");
		return;
	default:
		buf_puts(b, value ? " -x" : "");
		buf_printf(b, " -a '(__hookdiff_%s)'", kinds[takes]);
	}
}

static void fish_command(struct buf *b, const struct cmd *c)
{
	struct buf first = {0};

	buf_printf(b, "complete -c hookdiff -n __hookdiff_none -a %s -d '", c->name);
	quoted(b, c->summary, "\\", "\\'");
	buf_puts(b, "'\n");
	FOR_OPTIONS(o, c)
	{
		buf_printf(b, "complete -c hookdiff -n '__hookdiff_command %s' -l %s", c->name, o->name);
		if (o->type != ARG_FLAG)
			fish_kind(b, o->takes, true);
		buf_puts(b, " -d '");
		quoted(b, o->help, "\\", "\\'");
		buf_puts(b, "'\n");
	}
	buf_printf(b, "complete -c hookdiff -n '__hookdiff_command %s' -l help -d 'this command'\n", c->name);
	first_words(&first, c->args);
	if (first.n)
		buf_printf(b, "complete -c hookdiff -n '__hookdiff_first %s' -a '%s'\n", c->name,
			   buf_str(&first) + 1);
	buf_fini(&first);
	if (c->takes == TAKES_NOTHING || c->takes == TAKES_TEXT)
		return;
	buf_printf(b, "complete -c hookdiff -n '__hookdiff_command %s'", c->name);
	fish_kind(b, c->takes, false);
	buf_puts(b, "\n");
}

static void fish_tables(struct buf *b)
{
	FOR_LISTED(i)
	{
		buf_printf(b, "\nfunction __hookdiff_%s\n    string split ' ' --", kinds[listed[i].takes]);
		words(b, listed[i].word);
		buf_puts(b, "\nend\n");
	}
	buf_puts(b, "\n");
	FOR_COMMANDS(c) fish_command(b, c);
}

/* Does the i-th print the same version, or with series the same series, as one before it? */
static bool said_before(const struct cache_info *all, size_t i, bool series)
{
	char own[32], other[32];

	version_series(all[i].version, own, sizeof(own));
	for (size_t k = 0; k < i; k++) {
		version_series(all[k].version, other, sizeof(other));
		if (*all[k].flavour &&
		    !strcmp(series ? own : all[i].version, series ? other : all[k].version))
			return true;
	}
	return false;
}

/* Cached kernels, and the series that they are of. Nothing is fetched. */
static int print_kernels(void)
{
	char dir[PATH_MAX], why[512], series[32];
	struct cache_info *all;
	size_t n;

	if (cache_dir(dir, sizeof(dir), why, sizeof(why))) {
		fprintf(stderr, "hookdiff: %s\n", why);
		return EXIT_UNSURE;
	}
	all = cache_all(dir, &n);
	for (size_t i = 0; i < n; i++) {
		if (!*all[i].flavour) /* made of deb:DIR */
			continue;
		version_series(all[i].version, series, sizeof(series));
		if (!said_before(all, i, true))
			printf("debian:%s\n", series);
		if (!said_before(all, i, false))
			printf("debian:%s\n", all[i].version);
	}
	free(all);
	return EXIT_AGREE;
}

static const struct shell {
	const char *name;
	const unsigned char *text;
	const size_t *size;
	void (*tables)(struct buf *b);
} shells[] = {
	{"bash", text_bash, &text_bash_size, bash_tables},
	{"zsh", text_zsh, &text_zsh_size, zsh_tables},
	{"fish", text_fish, &text_fish_size, fish_tables},
};

static int print_shell(const struct shell *s)
{
	static const char mark[] = "@TABLES@\n";
	const char *text = (const char *)s->text, *at = memmem(text, *s->size, mark, strlen(mark));
	struct buf b = {0};
	int code = EXIT_AGREE;

	buf_add(&b, text, (size_t)(at - text));
	s->tables(&b);
	at += strlen(mark);
	buf_add(&b, at, *s->size - (size_t)(at - text));
	if (b.failed) {
		fputs("hookdiff: out of memory\n", stderr);
		code = EXIT_UNSURE;
	} else {
		fwrite(b.p, 1, b.n, stdout);
	}
	buf_fini(&b);
	return code;
}

int cmd_completion(struct cli *cli)
{
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (!strcmp(shells[i].name, cli->args[0]))
			return print_shell(&shells[i]);
	if (!strcmp(cli->args[0], "kernels"))
		return print_kernels();
	return cli_usage("completion: expected bash, zsh, fish or kernels, found '%s'", cli->args[0]);
}
