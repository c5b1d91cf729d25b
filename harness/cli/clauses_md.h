/* SPDX-License-Identifier: MIT */
/* Inside of `hookdiff clauses` only: the catalogue as docs/clauses.md. */
#ifndef CLAUSES_MD_H
#define CLAUSES_MD_H

/*
 * Prints the whole document, with the cases of the corpus in ./corpus (without it: none). EXIT_AGREE, or the
 * code of what is wrong with the corpus.
 */
int clauses_md(void);

#endif
