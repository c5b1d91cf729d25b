/* SPDX-License-Identifier: MIT */
/*
 * Inside of `hookdiff predict` only (cmd_predict.c, predict_show.c): what is known of one call while it is
 * predicted, and the functions that put it into words. Text and JSON are made in one go, so that neither says
 * what the other does not.
 */
#ifndef PREDICT_H
#define PREDICT_H

#include <json-c/json.h>

#include "../case/model.h"
#include "casefile.h"
#include "opts.h"
#include "oracle/clauses.h"
#include "oracle/oracle.h"
#include "oracle/profiles.h"

#define PAGE_BYTES 4096
#define MEM_BYTES  (TC_MAX_BUF + TC_PAST) /* covers every window, also of an optlen beyond the buffer */
#define H_ERRNO	   3999 /* the errno that stands for H: no kernel has it and no case says it */
#define SYMBOL	   (-(int64_t)H_ERRNO)

/* What comes of a case's own expectation. */
enum holds { HOLDS_AGREES, HOLDS_OPEN, HOLDS_DISAGREES, HOLDS_COUNT };

struct predictor {
	const struct cli *cli;
	const struct profile *profile;
	struct oracle *o;
	const struct casefile *f;
	struct model model[TC_MAX_SOCKS];
	struct clause_set used;			     /* by this case */
	unsigned holds[HOLDS_COUNT];		     /* expectations of all cases */
	uint8_t before[MEM_BYTES], after[MEM_BYTES]; /* the user's memory around the handler */
};

/* One way for the handler to go, and what has been said about it so far. */
struct branch {
	char when[80]; /* "the handler fails ..."; empty if there is only one way */
	struct handler_result hr;
	bool modelled;
	struct plan plan;
	const struct want *want; /* the oracle's: valid until it plans again */
	uint32_t any;		 /* copies of what the head line says of all ways */
	int64_t ret;
	struct buf text;
	struct json_object *json;
};

/* Has a call an expectation at all? */
static inline bool predict_expects(const struct tc_expect *e)
{
	return e->has_ret || e->has_optlen || e->n_bytes;
}

/* A case with operations: appended to cases, or printed if that is NULL. predict_tree.c */
void predict_tree(struct predictor *p, const struct casefile *f, struct json_object *cases);
/* Drops the expectations that are not for the profile's newest kernels. */
void predict_scope_trees(struct casefile **files, size_t n, const struct profile *p);

/* Path, title, profile: into json, or printed if that is NULL. */
void predict_show_title(const struct predictor *p, struct json_object *json);
/* One way of a call, into b->text and b->json; its clauses are added to p->used. */
void predict_show_branch(struct predictor *p, const struct tc_call *c, struct branch *b);
/* A call, its n ways (which are released) and its expectation: into json, or printed if that is NULL. */
void predict_show_call(const struct tc_call *c, struct branch *b, unsigned n, enum holds h,
		       struct json_object *json);
/* The clauses of a case: appended to list, or printed if that is NULL. */
void predict_show_clauses(const struct predictor *p, struct json_object *list);
/* How many expectations agree and how many do not: into json, or printed if that is NULL. */
void predict_show_counts(const struct predictor *p, bool many, struct json_object *json);

#endif
