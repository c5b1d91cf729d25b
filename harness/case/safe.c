/* SPDX-License-Identifier: MIT */
#include "safe.h"

#include "options.h"

#define NO_SUCH_OPTION 4096 /* no protocol numbers its options as high as this, nor 0 or below */
#define VALUES	       (TC_MAX_CALLS + 32)

bool option_host_safe(int32_t level, int32_t optname)
{
	const struct option_info *o = option_find(level, optname);

	return o ? o->host_safe : !level_name(level) || optname >= NO_SUCH_OPTION || optname <= 0;
}

bool option_bypasses_hook(int32_t level, int32_t optname)
{
	static const struct {
		int32_t level, optname;
	} rows[] = {
		{6, 35},    /* SOL_TCP TCP_ZEROCOPY_RECEIVE */
		{1, 77},    /* SOL_SOCKET SO_PEERPIDFD */
		{132, 102}, /* SOL_SCTP SCTP_SOCKOPT_PEELOFF */
		{132, 122}, /* SOL_SCTP SCTP_SOCKOPT_PEELOFF_FLAGS */
		{132, 111}, /* SOL_SCTP SCTP_SOCKOPT_CONNECTX3 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level && rows[i].optname == optname)
			return true;
	return false;
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

bool tcase_host_safe(const struct tcase *tc, int32_t *level, int32_t *optname)
{
	for (unsigned c = 0; c < tc->n_calls; c++) {
		struct values levels = {.n = 0}, optnames = {.n = 0};

		add(&levels, tc->call[c].level);
		add(&optnames, tc->call[c].optname);
		if (tc->call[c].hook == HOOK_SET)
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
