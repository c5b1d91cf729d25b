/* SPDX-License-Identifier: MIT */
/*
 * The two documents that the hooks are described by, as tables: every sentence with its clauses
 * (sentences.def), and every place where a document and the kernels part (deviations.def).
 */
#ifndef SENTENCES_H
#define SENTENCES_H

struct sentence {
	unsigned in; /* IN_DRAFT or IN_DOC */
	const char *section;
	const char *text;    /* in our words */
	const char *clauses; /* ids with blanks between; "": none, and without says why */
	const char *without;
};

enum deviation_kind { DEVIATION_WRONG, DEVIATION_VAGUE, DEVIATION_SILENT, DEVIATION_KINDS };

struct deviation {
	const char *id;
	unsigned in;
	enum deviation_kind kind;
	const char *says;  /* the document */
	const char *does;  /* the kernels */
	const char *cases; /* below corpus/, without .case, blanks between */
};

unsigned sentence_count(void);
const struct sentence *sentence_at(unsigned i);
unsigned deviation_count(void);
const struct deviation *deviation_at(unsigned i);
/* "wrong", "vague", "silent". */
const char *deviation_kind_name(enum deviation_kind k);

#endif
