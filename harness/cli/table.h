/* SPDX-License-Identifier: MIT */
/*
 * One table of commands and one of options. The parser (opts.c), --help (help.c), the pages for man (man.c)
 * and the completion of shells (completion.c) are made from these two and from nothing else.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opts.h"

enum arg_type { ARG_FLAG, ARG_U64, ARG_DURATION, ARG_STRING, ARG_LIST }; /* ARG_LIST: may be given again */

/* Which words can stand there, for completion. */
enum arg_takes {
	TAKES_NOTHING, /* a flag, a command without operands */
	TAKES_TEXT,    /* a number, or a word that only the user knows */
	TAKES_FILE,
	TAKES_DIR,
	TAKES_CASE,    /* a case file or a folder of them */
	TAKES_RECORDS, /* *.jsonl or a folder of them */
	TAKES_COMMAND, /* a shell command */
	TAKES_KERNEL,  /* debian:6.12, or a file */
	TAKES_KERNELS, /* the same, several apart by commas; also host and all */
	TAKES_PROFILE,
	TAKES_CLAUSE,
	TAKES_FEATURE,
	TAKES_FORMAT,
	TAKES_COUNT,
};

struct opt {
	const char *name; /* without the dashes */
	enum arg_type type;
	enum arg_takes takes;
	unsigned commands;   /* bits of struct cmd */
	size_t field;	     /* offset in struct cli of a bool, uint64_t or const char * by type */
	size_t given;	     /* offset of a bool that is set when the option stands there; 0: none */
	uint64_t lo, hi;     /* ARG_U64, ARG_DURATION: the range that is accepted */
	const char *value;   /* what help calls the value; NULL for a flag */
	const char *initial; /* parsed like a value; NULL leaves the field zero */
	const char *help;    /* one line */
};

struct cmd {
	const char *name;
	unsigned bit;
	const char *args;	/* operands in the synopsis; words in lower case stand for themselves */
	enum arg_takes takes;	/* what the other operands are */
	int min_args, max_args; /* -1: any number */
	int (*run)(struct cli *cli);
	const char *summary; /* one line */
	const char *help;    /* paragraphs below the synopsis */
};

extern const struct opt cli_options[];
extern const unsigned cli_option_count;
extern const struct cmd cli_commands[];
extern const unsigned cli_command_count;

/* What every command ends with; bisect has two codes more for `git bisect run` (bisect.h). */
struct cli_exit {
	int code;
	const char *meaning;
};
extern const struct cli_exit cli_exits[];
extern const unsigned cli_exit_count;

/* The formats of `hookdiff report`, NULL beyond the last one (cmd_report.c). */
const char *cli_format_name(unsigned i);

/* The row of a command, or NULL. */
const struct cmd *cli_find_command(const char *name);

/* `hookdiff --help` and `hookdiff COMMAND --help`, on standard output (help.c). */
void cli_help(void);
void cli_command_help(const struct cmd *cmd);

#endif
