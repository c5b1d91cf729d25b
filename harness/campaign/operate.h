/* SPDX-License-Identifier: MIT */
/*
 * The loop over a tree case: each step goes to the attach model (oracle/tree.h) and to the slow lane
 * (exec/lane.h), and what both say is compared. A call becomes a case of one socket and one call, with the
 * chain that the model says, and takes the way of every call (loop.h): the whole value contract holds for it.
 */
#ifndef OPERATE_H
#define OPERATE_H

#include "../../oracle/tree.h"
#include "../base/buf.h"
#include "../exec/lane.h"
#include "loop.h"

/* What differed in a step. */
enum op_field {
	OP_RET,
	OP_IDS,
	OP_COUNT,
	OP_FLAGS,
	OP_REVISION,
	OP_ENTRY_FLAGS,
	OP_EXPECT,
	OP_CALL,
	OP_FIELD_COUNT
};

struct op_result {
	enum verdict verdict;
	unsigned step;		 /* V_FAIL, V_ERROR, V_SKIP: where */
	enum op_field field;	 /* V_FAIL */
	uint8_t clause;		 /* V_FAIL: the clause that is broken; C_NONE: the case's own expectation */
	int64_t want, got;	 /* V_FAIL: of the field; of OP_IDS the number of the first id that differs */
	bool is_ret;		 /* V_FAIL: those two are results of a system call */
	struct case_result call; /* OP_CALL: what differed in the call */
	char why[300];		 /* one sentence */
};

struct operate {
	struct backend b; /* what the loop sees: the kernel's backend, with programs named by their place in
			     the chain */
	struct lane *lane;
	struct loop loop; /* of calls; its stat[] also counts the clauses of operations */
	const struct attach_epoch *epoch;
	struct tree_model model;
	struct tree_want want;
	struct lane_got got;
	struct tcase flat;
	uint8_t order[HD_ORDER];
	unsigned n_ran; /* of the last call: the programs that ran */
	uint8_t ran[HD_ORDER];
	uint8_t wrong; /* enum tree_wrong, for tests: the model is that wrong */
	bool tell;     /* clause, and why of a failure, are worth the time: not while shrinking */
	uint64_t cases, operations, calls, failed, skipped;
	uint64_t ops[TREE_OP_COUNT];
};

/* lane stays the caller's. 0 or -ENOMEM. */
int operate_init(struct operate *o, struct lane *lane, const struct profile *p,
		 const struct attach_epoch *epoch);
void operate_fini(struct operate *o);

/* Runs one case; *res may be NULL. fresh: no socket of it was used before, nor will be again. */
enum verdict operate_case(struct operate *o, const struct tree *t, bool fresh, struct op_result *res);

/*
 * The parts of operate_case, for those who make up their steps on the way: t->step[i] may change before each
 * operate_step, but links and sockets keep their meaning. All fill *res: its verdict is V_PASS unless
 * something went wrong.
 */
int operate_begin(struct operate *o, const struct tree *t, struct op_result *res);
enum verdict operate_step(struct operate *o, const struct tree *t, unsigned i, struct op_result *res);
int operate_end(struct operate *o, struct op_result *res);

const char *op_field_name(enum op_field f);
/* V_FAIL: the name of what differed; of a call, of its part. */
const char *op_result_field(const struct op_result *res);

/* Appends want or got of a failure: "2", and of a result "-1 EPERM". */
void op_result_number(const struct op_result *res, int64_t v, struct buf *out);

/* Do two failures differ in the same field and clause? */
bool operate_alike(const struct op_result *a, const struct op_result *b);

/*
 * A smaller case that fails in the same field and clause: tree_shrink.h. *t fails, as *like says; it is
 * replaced. Returns how many runs it took. opts may be NULL.
 */
struct shrink_opts;
unsigned operate_shrink(struct operate *o, struct tree *t, const struct op_result *like,
			const struct shrink_opts *opts);

#endif
