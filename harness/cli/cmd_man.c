/* SPDX-License-Identifier: MIT */
/*
 * hookdiff man: the two pages, as man(7) source. Commands, options and exit codes are the rows of table.c,
 * the prose is manual/hookdiff.md, the examples are docs/users.md. The page of the case format is
 * docs/case-format.md with the tables that the reader of cases uses.
 */
#include "opts.h"

#include <errno.h>
#include <string.h>

#include "../case/options.h"
#include "manual/roff.h"
#include "manual/texts.h"
#include "table.h"
#include "version.h"

static void put(struct buf *b, const char *s)
{
	roff_plain(b, s, strlen(s));
}

/* ".TH" and the chapter NAME. */
static void page_head(struct buf *b, const char *name, const char *section, const char *what)
{
	buf_puts(b, ".\\\" made by `hookdiff man`\n.TH ");
	for (const char *s = name; *s; s++)
		buf_printf(b, *s == '-' ? "\\-" : "%c", *s - ('a' <= *s && *s <= 'z' ? 'a' - 'A' : 0));
	buf_printf(b, " %s " HD_DATE " \"", section);
	put(b, "hookdiff " HD_VERSION);
	buf_puts(b, "\" \"hookdiff\"\n.nh\n.ad l\n.SH NAME\n");
	put(b, name);
	buf_puts(b, " \\- ");
	put(b, what);
	buf_puts(b, "\n");
}

/* How many commands know the option of this row. */
static unsigned known_to(const struct opt *o)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cli_command_count; i++)
		n += (o->commands & cli_commands[i].bit) != 0;
	return n;
}

static void option_words(struct buf *b, const struct opt *o)
{
	buf_puts(b, "\\fB");
	put(b, "--");
	put(b, o->name);
	buf_puts(b, "\\fR");
	if (o->value) {
		buf_puts(b, "\\ \\fI");
		put(b, o->value);
		buf_puts(b, "\\fR");
	}
}

static void option_item(struct buf *b, const struct opt *o, bool with_commands)
{
	const char *sep = " (";

	buf_puts(b, ".TP\n");
	option_words(b, o);
	for (unsigned i = 0; with_commands && i < cli_command_count; i++) {
		if (!(o->commands & cli_commands[i].bit))
			continue;
		buf_puts(b, sep);
		put(b, cli_commands[i].name);
		sep = ", ";
	}
	buf_puts(b, with_commands ? ")\n" : "\n");
	roff_inline(b, o->help, strlen(o->help));
	if (o->initial) {
		buf_puts(b, " [");
		put(b, o->initial);
		buf_puts(b, "]");
	}
	buf_puts(b, "\n");
}

/*
 * The paragraphs of a row. One with lines that are set in is a list: each line that is not is an item, what
 * stands before the first two blanks is its name.
 */
static void paragraphs(struct buf *b, const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n"), *next = end ? end + 2 : text + strlen(text);
		const char *set_in = strstr(text, "\n  ");
		bool list = set_in && set_in < next;

		if (!list)
			buf_puts(b, ".PP\n");
		while (text < next) {
			size_t n = strcspn(text, "\n"), tag = 0, from = strspn(text, " ");

			if (list && n && !from) {
				const char *gap = strstr(text, "  ");

				tag = gap && gap < text + n ? (size_t)(gap - text) : n;
				buf_puts(b, ".TP\n\\fB");
				roff_plain(b, text, tag);
				buf_puts(b, "\\fR\n");
				from = tag + strspn(text + tag, " ");
			}
			if (from < n) {
				roff_inline(b, text + from, n - from);
				buf_puts(b, tag ? "\n.br\n" : "\n");
			}
			text += n + (text[n] == '\n');
		}
	}
}

static void insert_commands(struct buf *b)
{
	for (unsigned i = 0; i < cli_command_count; i++) {
		const struct cmd *c = &cli_commands[i];

		roff_heading(b, "SS", c->name, strlen(c->name));
		put(b, c->summary);
		buf_puts(b, "\n.PP\n.RS 4\n\\fBhookdiff ");
		put(b, c->name);
		buf_puts(b, "\\fR\n");
		for (unsigned k = 0; k < cli_option_count; k++) {
			if (!(cli_options[k].commands & c->bit))
				continue;
			buf_puts(b, "[");
			option_words(b, &cli_options[k]);
			buf_puts(b, "]\n");
		}
		if (*c->args) {
			buf_puts(b, "\\fI");
			put(b, c->args);
			buf_puts(b, "\\fR\n");
		}
		buf_puts(b, ".RE\n");
		paragraphs(b, c->help);
		for (unsigned k = 0; k < cli_option_count; k++)
			if (cli_options[k].commands & c->bit && known_to(&cli_options[k]) == 1)
				option_item(b, &cli_options[k], false);
	}
}

static void insert_options(struct buf *b)
{
	for (unsigned k = 0; k < cli_option_count; k++)
		if (known_to(&cli_options[k]) > 1)
			option_item(b, &cli_options[k], true);
	buf_puts(b, ".TP\n\\fB\\-\\-help\\fR\nthe options of a command; before a command, the commands\n"
		    ".TP\n\\fB\\-\\-version\\fR\nversion and commit\n");
}

static void insert_exits(struct buf *b)
{
	for (unsigned i = 0; i < cli_exit_count; i++) {
		buf_printf(b, ".TP\n\\fB%d\\fR\n", cli_exits[i].code);
		put(b, cli_exits[i].meaning);
		buf_puts(b, "\n");
	}
}

static void insert(struct buf *b, const char *name, size_t n)
{
	static const struct {
		const char *name;
		void (*fn)(struct buf *b);
	} parts[] = {{"commands", insert_commands}, {"options", insert_options}, {"exit", insert_exits}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strlen(parts[i].name) == n && !strncmp(parts[i].name, name, n))
			parts[i].fn(b);
	if (n == strlen("examples") && !strncmp(name, "examples", n))
		roff_markdown(b, (const char *)text_users, text_users_size, "SS", NULL);
}

static void page_hookdiff(struct buf *b)
{
	page_head(b, "hookdiff", "1", "hold the kernel's cgroup sockopt hooks against a reference oracle");
	buf_puts(b,
		 ".SH SYNOPSIS\n\\fBhookdiff\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n");
	roff_markdown(b, (const char *)text_page, text_page_size, "SH", insert);
}

/* Is there an option of this level with a name? */
static bool has_options(int32_t level)
{
	for (size_t i = 0; i < option_count(); i++)
		if (option_at(i)->level == level)
			return true;
	return false;
}

/* SO_ATTACH_FILTER (also SO_GET_FILTER) */
static void option_names(struct buf *b, const struct option_info *o)
{
	unsigned n = 0;

	put(b, o->name);
	for (; option_synonym(o, n); n++) {
		buf_puts(b, n ? ", " : " (also ");
		put(b, option_synonym(o, n));
	}
	buf_puts(b, n ? ")" : "");
}

/* An item: each level that has options with these, then in one all that have none. */
static void insert_levels(struct buf *b)
{
	const char *sep = "";

	for (size_t k = 0; k < level_count(); k++) {
		if (!has_options(level_at(k)))
			continue;
		buf_puts(b, ".TP\n\\fB");
		put(b, level_name(level_at(k)));
		buf_puts(b, "\\fR\n");
		sep = "";
		for (size_t i = 0; i < option_count(); i++) {
			if (option_at(i)->level != level_at(k))
				continue;
			buf_puts(b, sep);
			option_names(b, option_at(i));
			sep = ",\n";
		}
		buf_puts(b, "\n");
	}
	buf_puts(b, ".TP\nno option has a name, only the level\n");
	sep = "";
	for (size_t k = 0; k < level_count(); k++) {
		if (has_options(level_at(k)))
			continue;
		buf_puts(b, sep);
		put(b, level_name(level_at(k)));
		sep = ",\n";
	}
	buf_puts(b, "\n");
}

static void page_case(struct buf *b)
{
	page_head(b, "hookdiff-case", "5", "text form of the cases that hookdiff runs");
	buf_puts(b, ".SH DESCRIPTION\n");
	roff_markdown(b, (const char *)text_case_format, text_case_format_size, "SH", NULL);
	buf_puts(b, ".SH \"LEVELS AND OPTIONS\"\n");
	put(b, "The names that LEVEL and OPTNAME have here. What is not listed is written as a number.");
	buf_puts(b, "\n");
	insert_levels(b);
	buf_puts(b, ".SH \"SEE ALSO\"\n.BR hookdiff (1)\n");
}

int cmd_man(struct cli *cli)
{
	const char *name = cli->n_args ? cli->args[0] : "hookdiff";
	struct buf b = {0};
	int code = EXIT_AGREE;

	if (!strcmp(name, "hookdiff"))
		page_hookdiff(&b);
	else if (!strcmp(name, "hookdiff-case"))
		page_case(&b);
	else
		return cli_usage("man: expected hookdiff or hookdiff-case, found '%s'", name);
	if (b.failed) {
		fputs("hookdiff: out of memory\n", stderr);
		code = EXIT_UNSURE;
	} else {
		fwrite(b.p, 1, b.n, stdout);
	}
	buf_fini(&b);
	return code;
}
