/* SPDX-License-Identifier: MIT */
#include "letter.h"

#include <stdio.h>
#include <string.h>

#include "../../oracle/clauses.h"
#include "../../oracle/profiles.h"
#include "../report/grid.h"

bool letter_tag(const char *name, char *tag, size_t n)
{
	size_t len;

	if (strncmp(name, "debian:", 7))
		return false;
	name += 7;
	len = strcspn(name, "-");
	if (snprintf(tag, n, "v%.*s", (int)len, name) >= (int)n)
		return false;
	for (; *tag; tag++)
		if (*tag == '~')
			*tag = '-'; /* 7.3~rc7 is v7.3-rc7 */
	return true;
}

static bool is_feature(const struct letter *l)
{
	return !strcmp(l->s->question.judge, "feature");
}

/* Is it news of something that broke? Not if it was mended, and not if something new appeared. */
static bool is_regression(const struct letter *l)
{
	return !l->newer_is_good && !(is_feature(l) && !strcmp(l->s->good_feature, "absent"));
}

static const struct profile *profile_of(const struct bisect_point *p)
{
	return *p->release ? profile_for_kernel(p->release, *p->version ? p->version : NULL) : NULL;
}

void letter_profiles(struct buf *out, const struct letter *l)
{
	static const char *const words[CHANGE_COUNT] = {[CHANGE_BEGINS] = "begins to hold",
							[CHANGE_ENDS] = "no longer holds",
							[CHANGE_WIDENS] = "changes"};
	unsigned from = l->newer_is_good ? l->bad : l->good, to = l->newer_is_good ? l->good : l->bad;
	const struct bisect_point *old = &l->s->point[from], *new = &l->s->point[to];
	const struct profile *a = profile_of(old), *b = profile_of(new);
	bool explains = false;

	if (!a || !b) {
		buf_printf(out, "profiles: none covers %s\n", a ? new->name : old->name);
		return;
	}
	if (a == b) {
		buf_printf(out, "profiles: both have %s: %s\n", a->name,
			   is_feature(l) ? "for cases nothing changes" : "no known change explains it");
		return;
	}
	buf_printf(out, "profiles: %s has %s, %s has %s (%s)\n", old->name, a->name, new->name, b->name,
		   b->what);
	for (unsigned c = 1; c < C_COUNT; c++) {
		enum change change = profile_change(a, b, c);

		if (change == CHANGE_NONE)
			continue;
		buf_printf(out, "  %s %s in %s%s\n", clause_info(c)->name, words[change], b->name,
			   c == l->clause ? ": this explains it" : "");
		explains |= c == l->clause;
	}
	if (!explains && !is_feature(l))
		buf_puts(out, "  none of these is the clause that diverges; a change of one may still show "
			      "there\n");
}

static void name_ends(const struct letter *l, char good[128], char bad[128])
{
	if (!letter_tag(l->s->point[l->good].name, good, 128) ||
	    !letter_tag(l->s->point[l->bad].name, bad, 128) || !strcmp(good, bad)) {
		snprintf(good, 128, "%s", l->s->point[l->good].name);
		snprintf(bad, 128, "%s", l->s->point[l->bad].name);
	}
}

static void put_tested(struct buf *out, const struct bisect_state *s, bool feature)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct bisect_point *p = &s->point[i];

		if (p->answer.verdict == BISECT_UNTESTED)
			continue;
		buf_printf(out, "    %-28s %-5s", p->name, bisect_verdict_names[p->answer.verdict]);
		if (p->answer.verdict == BISECT_SKIP)
			buf_printf(out, " %s", p->why);
		else if (feature)
			buf_printf(out, " %s", p->release);
		else
			buf_printf(out, " %u of %u runs differ  %s", p->answer.failed, p->answer.runs,
				   p->release);
		buf_puts(out, "\n");
	}
}

void letter_format(struct buf *out, const struct letter *l)
{
	const struct bisect_question *q = &l->s->question;
	const struct bisect_point *g = &l->s->point[l->good], *b = &l->s->point[l->bad];
	bool range = l->bad - l->good > 1, tags;
	char good[128], bad[128];
	const char *subject = l->clause != C_NONE ? clause_info(l->clause)->name : q->what;

	name_ends(l, good, bad);
	tags = *good == 'v' && *bad == 'v';
	if (is_regression(l))
		buf_printf(out,
			   "Subject: [REGRESSION] bpf: cgroup sockopt hooks: %s changed between %s and %s\n",
			   subject, good, bad);
	else
		buf_printf(out, "Subject: bpf: cgroup sockopt hooks: %s %s between %s and %s\n", subject,
			   !l->newer_is_good ? "appeared"
			   : is_feature(l)   ? "changed"
					     : "mended",
			   l->newer_is_good ? bad : good, l->newer_is_good ? good : bad);
	buf_puts(out, "To: bpf@vger.kernel.org, netdev@vger.kernel.org\n");
	if (is_regression(l))
		buf_puts(out, "Cc: regressions@lists.linux.dev, stable@vger.kernel.org\n");
	buf_puts(out, "\n");
	if (is_feature(l))
		buf_printf(out, "%s is %s on %s and %s on %s.\n\n", q->what, l->s->good_feature, g->name,
			   !strcmp(l->s->good_feature, "present") ? "absent" : "present", b->name);
	else
		buf_printf(out, "%s holds on %s (Linux %s) and does not on %s (Linux %s).\n\n", l->case_name,
			   g->name, g->release, b->name, b->release);
	if (range)
		buf_printf(out,
			   "The %u versions between the two could not be tested, so it is one of them or the "
			   "last.\n\n",
			   l->bad - l->good - 1);
	if (*l->evidence)
		buf_printf(out, "%s\n", l->evidence);
	if (l->cases) {
		buf_puts(out, "The case:\n\n");
		for (const char *line = l->cases; *line;) {
			size_t n = strcspn(line, "\n");

			buf_printf(out, "    %.*s\n", (int)n, line);
			line += n + (line[n] == '\n');
		}
		buf_puts(out, "\n");
	}
	buf_printf(out, "To see it again:\n\n    %s\n\n", l->reproduce);
	if (!is_feature(l))
		buf_printf(out, "The rules are those of the profile %s. ", l->s->profile);
	letter_profiles(out, l);
	buf_printf(out, "\nWhat was tested, with hookdiff %s:\n\n", l->hookdiff);
	put_tested(out, l->s, is_feature(l));
	if (l->s->point[l->good].answer.runs > 1)
		buf_printf(
			out,
			"\nThe last good one ran %u times: a bug that shows in one of four runs would have "
			"been missed with the\nchance %.2g %%.\n",
			g->answer.runs, 100 * search_miss(g->answer.runs, 0.25));
	buf_puts(out, "\n");
	if (tags && is_regression(l))
		buf_printf(out, "#regzbot introduced: %s..%s\n", good, bad);
	else if (is_regression(l) && !strncmp(g->name, "debian:", 7))
		buf_puts(out, "Both are of one upstream version: the change is Debian's. Report it to "
			      "Debian, not to "
			      "regzbot.\n");
}
