/* SPDX-License-Identifier: MIT */
#include "safe.h"

#include <stdlib.h>
#include <string.h>

#include "../base/recorder.h"
#include "options.h"

#define NO_SUCH_OPTION 4096 /* no protocol numbers its options as high as this, nor 0 or below */
#define VALUES	       (TC_MAX_CALLS + 32)

static bool all;

void safe_unlock(bool unlocked)
{
	all = unlocked;
}

bool safe_unlocked(void)
{
	return all;
}

bool safe_join(void)
{
	const char *asked = getenv(SAFE_ENV);

	if (!asked || strcmp(asked, "1"))
		return true;
	if (!recorder_guest())
		return false;
	safe_unlock(true);
	return true;
}

bool option_usable(const struct option_info *o)
{
	return all || o->host_safe;
}

bool option_host_safe(int32_t level, int32_t optname)
{
	const struct option_info *o = option_find(level, optname);

	if (all)
		return true;
	return o ? o->host_safe : !level_name(level) || optname >= NO_SUCH_OPTION || optname <= 0;
}

struct values {
	int32_t v[VALUES];
	unsigned n;
	bool full;
};

static void add(struct values *s, int32_t v)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i] == v)
			return;
	if (s->n < VALUES)
		s->v[s->n++] = v;
	else
		s->full = true;
}

/* What programs may write to level and optname. */
static void rewrites(const struct tcase *tc, struct values *levels, struct values *optnames)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_SET]; s++) {
			const struct prog *p = &tc->level[l].slot[HOOK_SET][s].prog;

			for (unsigned i = 0; i < p->n; i++)
				if (p->act[i].op == ACT_LEVEL)
					add(levels, p->act[i].val);
				else if (p->act[i].op == ACT_OPTNAME)
					add(optnames, p->act[i].val);
		}
}

/* May a getsockopt program of the case leave a negative optlen? Before 7.3 that is a warning of the kernel's.
 */
static bool leaves_negative(const struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned s = 0; s < tc->level[l].n[HOOK_GET]; s++) {
			const struct prog *p = &tc->level[l].slot[HOOK_GET][s].prog;

			for (unsigned i = 0; i < p->n; i++)
				if (p->act[i].op == ACT_OPTLEN && p->act[i].val < 0)
					return true;
		}
	return false;
}

/* Options whose getsockopt only hurts in some cases: a map of received pages, a descriptor of a peer. */
static bool get_safe(const struct tcase *tc, const struct tc_call *c)
{
	enum { TCP = 6, ZEROCOPY_RECEIVE = 35, SOCKET = 1, PEERPIDFD = 77 };

	if (c->level == TCP && c->optname == ZEROCOPY_RECEIVE) /* nothing was received */
		return !leaves_negative(tc);
	if (c->level == SOCKET && c->optname == PEERPIDFD)
		return c->sock >= tc->n_socks || tc->sock[c->sock].route == ROUTE_SOCKET;
	return option_host_safe(c->level, c->optname);
}

bool tcase_host_safe(const struct tcase *tc, int32_t *level, int32_t *optname)
{
	for (unsigned c = 0; !all && c < tc->n_calls; c++) {
		struct values levels = {.n = 0}, optnames = {.n = 0};

		if (tc->call[c].hook == HOOK_GET) {
			if (get_safe(tc, &tc->call[c]))
				continue;
			*level = tc->call[c].level;
			*optname = tc->call[c].optname;
			return false;
		}
		add(&levels, tc->call[c].level);
		add(&optnames, tc->call[c].optname);
		rewrites(tc, &levels, &optnames);
		for (unsigned i = 0; i < levels.n; i++)
			for (unsigned k = 0; k < optnames.n; k++)
				if (levels.full || optnames.full ||
				    !option_host_safe(levels.v[i], optnames.v[k])) {
					*level = levels.v[i];
					*optname = optnames.v[k];
					return false;
				}
	}
	return true;
}
