/* SPDX-License-Identifier: MIT */
#include "situation.h"

#include <errno.h>

#include "../case/options.h"

#define MAX_ERRNO 4095

const char *const sit_outcome_names[SIT_OUTCOMES] = {
	[SIT_OK] = "0",	       [SIT_POSITIVE] = "positive",   [SIT_EFAULT] = "EFAULT",
	[SIT_EPERM] = "EPERM", [SIT_ERRNO] = "another errno", [SIT_RAW] = "below -4095",
	[SIT_OPEN] = "open",
};

const char *const sit_shape_names[SIT_SHAPES] = {
	[SIT_NONE] = "no program",
	[SIT_ONE] = "one program",
	[SIT_LEVEL] = "several in one cgroup",
	[SIT_LEVELS] = "several cgroups",
	[SIT_ONE_REFUSED] = "one program, which returns 0",
	[SIT_LEVEL_REFUSED] = "several in one cgroup, one returns 0",
	[SIT_LEVELS_REFUSED] = "several cgroups, one returns 0",
};

const char *const sit_user_names[SIT_USERS] = {
	[SIT_NULL] = "NULL",
	[SIT_NEGATIVE] = "negative",
	[SIT_ZERO] = "0",
	[SIT_BELOW] = "below the option's size",
	[SIT_AT] = "the option's size",
	[SIT_ABOVE] = "above the option's size",
	[SIT_PAGE_LESS] = "PAGE_SIZE - 1",
	[SIT_PAGE] = "PAGE_SIZE",
	[SIT_BEYOND] = "above PAGE_SIZE",
};

const char *const sit_left_names[SIT_LEFTS] = {
	[SIT_UNTOUCHED] = "untouched",
	[SIT_SAME] = "the same",
	[SIT_CLEARED] = "0",
	[SIT_BYPASS] = "-1",
	[SIT_LESS] = "below -1",
	[SIT_SHORTER] = "shorter",
	[SIT_LONGER] = "longer, inside the window",
	[SIT_PAST] = "past the window",
	[SIT_PAST_PAGE] = "past the window and PAGE_SIZE",
};

static enum sit_outcome outcome(const struct want *w)
{
	if (w->any & ANY_RET)
		return SIT_OPEN;
	if (w->ret >= 0)
		return w->ret ? SIT_POSITIVE : SIT_OK;
	if (w->ret < -MAX_ERRNO)
		return SIT_RAW;
	return w->ret == -EFAULT ? SIT_EFAULT : w->ret == -EPERM ? SIT_EPERM : SIT_ERRNO;
}

static enum sit_shape shape(const struct want *w)
{
	const unsigned refused = w->refused ? SIT_ONE_REFUSED - SIT_ONE : 0;

	if (!w->n_seen)
		return SIT_NONE;
	if (w->n_seen == 1)
		return SIT_ONE + refused;
	/* Programs of one cgroup stand together, so the ends tell. */
	if (w->seen[0].id / TC_MAX_SLOTS == w->seen[w->n_seen - 1].id / TC_MAX_SLOTS)
		return SIT_LEVEL + refused;
	return SIT_LEVELS + refused;
}

static enum sit_user user(const struct tc_call *c, uint32_t page)
{
	const struct option_info *info;
	int32_t own;

	if (c->optlen_null)
		return SIT_NULL;
	if (c->optlen <= 0)
		return c->optlen ? SIT_NEGATIVE : SIT_ZERO;
	if ((uint32_t)c->optlen >= page - 1)
		return (uint32_t)c->optlen < page    ? SIT_PAGE_LESS
		       : (uint32_t)c->optlen == page ? SIT_PAGE
						     : SIT_BEYOND;
	info = option_find(c->level, c->optname);
	own = info && info->size ? info->size : 4;
	return c->optlen < own ? SIT_BELOW : c->optlen == own ? SIT_AT : SIT_ABOVE;
}

static enum sit_left left(const struct want *w, uint32_t page)
{
	const struct want_seen *first = &w->seen[0];

	if (!w->n_seen || !(w->wrote & WROTE_OPTLEN))
		return SIT_UNTOUCHED;
	if (w->left <= 0)
		return w->left ? w->left == -1 ? SIT_BYPASS : SIT_LESS : SIT_CLEARED;
	if (w->left == first->optlen)
		return SIT_SAME;
	if ((uint32_t)w->left > first->size)
		return (uint32_t)w->left > page ? SIT_PAST_PAGE : SIT_PAST;
	return w->left < first->optlen ? SIT_SHORTER : SIT_LONGER;
}

struct situation situation_of(const struct tc_call *c, const struct want *w, uint32_t page_size)
{
	return (struct situation){outcome(w), shape(w), user(c, page_size), left(w, page_size)};
}

static uint16_t counter_of(uint32_t key)
{
	return (uint16_t)(key * 0x9e3779b1u >> (32 - SIT_COUNTER_BITS));
}

unsigned situation_counters(const struct want *w, struct situation s, uint16_t counter[SIT_AT_ONCE])
{
	const unsigned coarse = situation_coarse(s) * C_COUNT;
	unsigned n = 0;

	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		for (uint64_t left = w->hits.w[i]; left; left &= left - 1)
			counter[n++] = counter_of(coarse + i * 64 + (unsigned)__builtin_ctzll(left));
	if (w->c_ret)
		counter[n++] = counter_of((situation_full(s) + SIT_COARSE) * C_COUNT + w->c_ret);
	return n;
}
