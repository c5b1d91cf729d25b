/* SPDX-License-Identifier: MIT */
/* Inside of html.c only: the parts of the page's document. */
#ifndef HTML_DOC_H
#define HTML_DOC_H

#include <json-c/json.h>

#include "grid.h"

/* What is left out, step by step, until the page is small enough. Each step includes those before it. */
enum trim {
	TRIM_NONE,
	TRIM_BYTES,    /* of a memory only what stands around the first difference */
	TRIM_OTHER,    /* memories only where they are what differs */
	TRIM_COMMANDS, /* no command that repeats a case whose text is here */
	TRIM_AGREEING, /* no cases that agree */
	TRIM_SIDES,    /* both sides of a call only for the first finding of its kind */
	TRIM_RECORDS,  /* only the first findings and cases of each kernel: `most` */
	TRIM_COUNT,
};

struct page {
	const struct grid *g;
	enum trim trim;
	size_t most;			       /* findings, and other cases, of a kernel */
	struct json_object *pool, *pool_index; /* the second: text of a row -> its number */
	struct json_object *records, *levels, *options;
	struct json_object *kinds; /* "clause hook field" of findings whose sides were written */
	char (*label)[96];	   /* of column i: no two are equal */
	int64_t left_out;
};

/* Each adds a member; text is made safe to print, and left out if there is none. */
void html_text(struct json_object *o, const char *key, const char *s);
void html_int(struct json_object *o, const char *key, uint64_t n);
void html_some(struct json_object *o, const char *key, uint64_t n); /* nothing for 0 */
void html_seconds(struct json_object *o, const char *key, double s);
void html_bool(struct json_object *o, const char *key, bool b);
/* Appends to an array. */
void html_append(struct json_object *array, uint64_t n);
struct json_object *html_safe(const char *s);

/* The contract. */
struct json_object *html_profiles(void);
struct json_object *html_clauses(void);

/* "deviations" and "sentences". */
void html_documents(struct json_object *o);

struct json_object *html_column(const struct column *c, const char *label);

/* Column k's findings, and then its other cases, to p->records. */
void html_records(struct page *p, unsigned k);

#endif
