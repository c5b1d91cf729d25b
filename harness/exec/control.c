/* SPDX-License-Identifier: MIT */
/*
 * Every program of the topology gets the same list, so that the control does not depend on which of them run
 * or in what order: that is what cases test.
 */
#include "control.h"

#include <string.h>

#include "rawcall.h"

#define MAGIC 0x4b48444b

/* clang-format off */
static const struct prog answer[HOOK_COUNT] = {
	[HOOK_GET] = { .n = 3, .ret = 1, .act = {
		{ .op = ACT_BYTES, .n = 4, .val = MAGIC },
		{ .op = ACT_OPTLEN, .val = 4 },
		{ .op = ACT_RETVAL, .val = 0 },
	} },
	[HOOK_SET] = { .n = 1, .ret = 1, .act = { { .op = ACT_OPTLEN, .val = -1 } } },
};
/* clang-format on */

static int64_t magic_call(struct control *c, int fd, enum hook hook, int32_t *val, int32_t *len)
{
	*val = 0;
	*len = sizeof(*val);
	*(volatile __u32 *)&c->shared->runs = 0;
	if (hook == HOOK_SET)
		return raw_setsockopt(fd, CONTROL_LEVEL, 1, val, *len);
	return raw_getsockopt(fd, CONTROL_LEVEL, 1, val, len);
}

/* The first program to run must be one of ours, and must have seen this call. */
static bool trace_fits(const struct hd_shared *s, enum hook hook, const struct control_ids *ids)
{
	unsigned first = s->order[0] - hook * HD_PROGS;

	for (unsigned i = 0; i < ids->n; i++)
		if (ids->id[i] == first)
			return s->trace[hook][first].level == CONTROL_LEVEL &&
			       s->trace[hook][first].optlen == (__s32)sizeof(__s32);
	return false;
}

bool control_ran(struct control *c, int fd, enum hook hook, const struct control_ids *ids)
{
	int32_t val, len;
	int64_t ret;
	bool ok;

	for (unsigned i = 0; i < ids->n; i++) {
		struct prog *p = &c->shared->prog[hook][ids->id[i]];

		*p = answer[hook];
		p->ret = c->may_return_2 ? 2 : p->ret;
	}
	ret = magic_call(c, fd, hook, &val, &len);
	ok = ret == 0 && c->shared->runs && c->shared->runs <= ids->n && trace_fits(c->shared, hook, ids);
	if (hook == HOOK_GET)
		ok = ok && val == MAGIC && len == sizeof(val);
	if (ok)
		c->counts.ran_ok[hook]++;
	else
		c->counts.ran_bad[hook]++;
	return ok;
}

bool control_silent(struct control *c, int fd, enum hook hook)
{
	int32_t val, len;
	int64_t ret = magic_call(c, fd, hook, &val, &len);
	bool ok = ret < 0 && !c->shared->runs && !val;

	if (ok)
		c->counts.silent_ok[hook]++;
	else
		c->counts.silent_bad[hook]++;
	return ok;
}
