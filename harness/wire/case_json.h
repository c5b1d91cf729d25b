/* SPDX-License-Identifier: MIT */
/*
 * A case as JSON, and what became of a call: docs/backend.md says what each member means. Expectations are
 * not written: a backend is never told what is allowed.
 */
#ifndef CASE_JSON_H
#define CASE_JSON_H

#include "../case/outcome.h"
#include "json_in.h"

/* Appends {"levels":[...],"sockets":[...],"calls":[...]}. The case must pass tcase_check. */
void case_json_put(struct buf *out, const struct tcase *tc);

/*
 * Reads one. True: *tc passes tcase_check and has no expectation; false: the complaint is at the root of
 * `in`. Parts of *tc that are not in use keep their old content.
 */
bool case_json_get(const struct jin *in, struct json_object *o, struct tcase *tc);

/* The planned call on the twin, as the member "handler" of a call. */
void plan_json_put(struct buf *out, const struct tc_call *c, const struct plan *p);
#define PLAN_BYTES 65536
/* bytes[PLAN_BYTES] takes what p->bytes points to. */
bool plan_json_get(const struct jin *in, struct json_object *o, const struct tc_call *c, struct plan *p,
		   uint8_t *bytes);

/* Bytes of the user's memory that a call may change and that are reported: buffer, canaries, answer. */
#define CALL_MEMORY (TC_MAX_BUF + TC_PAST)
uint32_t call_memory(const struct tc_call *c, uint32_t page_size);

/* Appends the members of a result, without braces; nothing is compared here. */
void handler_json_put(struct buf *out, const struct tc_call *c, const struct handler_result *hr,
		      uint32_t page_size);
void outcome_json_put(struct buf *out, const struct tc_call *c, const struct outcome *got,
		      uint32_t page_size);

/* What the client keeps of a call's result; the structs point into it. */
struct call_result {
	struct handler_result hr;
	struct outcome got;
	bool has_handler;
	uint8_t twin[CALL_MEMORY + 64], hooked[CALL_MEMORY + 64];
	uint8_t order[HD_ORDER];
	struct hd_trace trace[HD_PROGS];
};

/* Reads the reply to a call. handler: one was planned, so its result must be there. */
bool result_json_get(const struct jin *in, struct json_object *o, const struct tc_call *c, bool handler,
		     uint32_t page_size, struct call_result *r);

#endif
