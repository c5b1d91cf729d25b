/* SPDX-License-Identifier: MIT */
/*
 * The profiles, one row each. A kernel's row lists only what differs from zero, and the first value of every
 * trait is what Linux 6.7 does; so the rows before and after it read as lists of differences.
 */
#include "profiles.h"

#include <stdio.h>
#include <string.h>

#include "clauses.h"

/* What several epochs share, oldest first; each later row has fewer of them. */
#define BEFORE_6_7 .badfd = BADFD_AFTER_LENGTH
#define BEFORE_6_5 BEFORE_6_7, .set_large = LARGE_EFAULT, .get_large = LARGE_EFAULT
#define BEFORE_5_18                                                                                          \
	BEFORE_6_7, .uring = URING_NO_OPCODE, .reject = REJECT_EPERM, .helper = HELPER_NONE,                 \
		    .sockopt_helper = SOCKOPT_HELPER_FREE, .get_retval = GET_RETVAL_ORIGINAL,                \
		    .get_negative_ret = NEGATIVE_COPIES
#define BEFORE_5_8                                                                                           \
	BEFORE_5_18, .bypass = BYPASS_NONE, .zerocopy = ZEROCOPY_HOOK, .get_null = NULL_CHECKED,             \
		     .set_large = LARGE_EINVAL, .get_large = LARGE_EINVAL, .set_zero = ZERO_LITERAL,         \
		     .get_zero = ZERO_LITERAL, .get_long = LONG_CLAMPED

static const struct profile table[] = {
	{
		.name = "v5.3",
		.what = "the hooks begin: windows of exactly the user's length, at most a page",
		.releases = "5.3",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_5_8, .set_window = WINDOW_EXACT},
	},
	{
		.name = "v5.4",
		.what = "setsockopt's window has at least 16 bytes; optlen is the user's after a failed "
			"handler",
		.releases = "5.4.0-5.4.49, 5.5, 5.6, 5.7.0-5.7.6",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_5_8},
	},
	{
		.name = "v5.8",
		.what = "above a page programs get the first page instead of EINVAL for all; optlen 0 means "
			"the "
			"original buffer",
		.releases = "5.4.50-5.4.242, 5.7.7 and later 5.7.y, 5.8 to 5.17 but 5.10.180, 5.15.111",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_SOURCE,
		.traits = {BEFORE_5_18, .set_large = LARGE_EFAULT, .get_large = LARGE_EFAULT,
			   .get_null = NULL_CHECKED, .bypass = BYPASS_NONE, .zerocopy = ZEROCOPY_FREE},
	},
	{
		.name = "v5.10.180",
		.what = "as v5.8, and with a NULL optval any optlen is accepted (backport from 6.4)",
		.releases = "5.4.243 and later 5.4.y, 5.10.180-5.10.187",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_5_18, .set_large = LARGE_EFAULT, .get_large = LARGE_EFAULT,
			   .bypass = BYPASS_FREE, .zerocopy = ZEROCOPY_FREE},
	},
	{
		.name = "v5.10.188",
		.what = "as v5.10.180, and TCP_ZEROCOPY_RECEIVE runs its programs inside TCP (backport from "
			"5.12), SCTP's descriptors go past the hook (backport from 6.5)",
		.releases = "5.10.188 and later 5.10.y",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
		.traits = {BEFORE_5_18, .set_large = LARGE_EFAULT, .get_large = LARGE_EFAULT,
			   .bypass = BYPASS_SCTP, .zerocopy = ZEROCOPY_SHORT},
	},
	{
		.name = "v5.15.111",
		.what = "as v5.10.188, and TCP_ZEROCOPY_RECEIVE has the struct of 5.12",
		.releases = "5.15.111-5.15.120",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_5_18, .set_large = LARGE_EFAULT, .get_large = LARGE_EFAULT,
			   .bypass = BYPASS_FREE},
	},
	{
		.name = "v5.15.121",
		.what = "as v5.15.111, and above a page an optlen beyond the window is ignored (backport "
			"from 6.5)",
		.releases = "5.15.121 and later 5.15.y",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_5_18, .bypass = BYPASS_FREE},
	},
	{
		.name = "v5.18",
		.what = "retval belongs to the chain: any errno, helpers to get and set it, a rejection can "
			"be "
			"undone",
		.releases = "5.18",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_6_5, .uring = URING_NO_OPCODE, .get_null = NULL_CHECKED,
			   .bypass = BYPASS_NONE, .sockopt_helper = SOCKOPT_HELPER_FREE},
	},
	{
		.name = "v5.19",
		.what = "io_uring has commands, and none for sockets",
		.releases = "5.19, 6.0, 6.1.0-6.1.27, 6.2.0-6.2.14, 6.3.0",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_SOURCE,
		.traits = {BEFORE_6_5, .uring = URING_NO_COMMAND, .get_null = NULL_CHECKED,
			   .bypass = BYPASS_NONE, .sockopt_helper = SOCKOPT_HELPER_FREE},
	},
	{
		.name = "v6.4",
		.what = "getsockopt with a NULL optval: any optlen is accepted",
		.releases = "6.1.28-6.1.38, 6.2.15, 6.3.1-6.3.12, 6.4.0-6.4.3",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {BEFORE_6_5, .uring = URING_NO_COMMAND, .bypass = BYPASS_NONE},
	},
	{
		.name = "v6.5",
		.what = "above a page an optlen beyond the window is ignored instead of EFAULT",
		.releases = "6.1.39 and later 6.1.y, 6.3.13, 6.4.4 and later 6.4.y, 6.5, 6.6.0-6.6.50",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
		.traits = {BEFORE_6_7, .uring = URING_NO_COMMAND, .bypass = BYPASS_SOME},
	},
	{
		.name = "v6.6.51",
		.what = "setsockopt looks at the descriptor before the length (backport from 6.7)",
		.releases = "6.6.51 and later 6.6.y",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_PATCH,
		.traits = {.uring = URING_NO_COMMAND},
	},
	{
		.name = "v6.7",
		.what = "io_uring commands for sockets whose protocol has an ioctl; descriptor before length "
			"on setsockopt",
		.releases = "6.7 to 6.18 but 6.12.78, 6.18.21",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
	},
	{
		.name = "v6.19",
		.what = "io_uring commands for every socket",
		.releases = "6.12.78 and later 6.12.y, 6.18.21 and later 6.18.y, 6.19, 7.0",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
		.traits = {.uring = URING_ALL},
	},
	{
		.name = "v7.1",
		.what = "getsockopt_iter: packet sockets look at optlen before the hook can run",
		.releases = "7.1",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
		.traits = {.uring = URING_ALL, .get_early = EARLY_PACKET},
	},
	{
		.name = "v7.2",
		.what = "getsockopt_iter for netlink, vsock and more; setsockopt programs may set no retval "
			"but 0 "
			"and an errno",
		.releases = "7.2, 7.3",
		.in = IN_KERNEL,
		.evidence = EVIDENCE_BOOTED,
		.traits = {.uring = URING_ALL, .get_early = EARLY_MORE, .helper = HELPER_RANGE},
	},
	{
		.name = "doc",
		.what = "Documentation/bpf/prog_cgroup_sockopt.rst as published, taken literally; silent "
			"where it is silent",
		.in = IN_DOC,
		.evidence = EVIDENCE_DOCUMENT,
		.traits =
			{
				.chains = CHAINS_MULTI,
				.after_reject = REJECT_FREE,
				.reject = REJECT_EPERM,
				.set_negative = NEGATIVE_CALLED,
				.set_fault = FAULT_FREE,
				.set_window = WINDOW_FREE,
				.set_bound = BOUND_USER,
				.set_zero = ZERO_LITERAL,
				.set_large = LARGE_ORIGINAL,
				.set_retval = SET_RETVAL_FREE,
				.get_negative = GET_NEGATIVE_CALLED,
				.get_fault = FAULT_FREE,
				.get_window = WINDOW_FREE,
				.get_error_window = ERROR_FREE,
				.get_bound = GET_BOUND_RAISED,
				.get_below = BELOW_FREE,
				.get_zero = ZERO_LITERAL,
				.get_large = LARGE_ORIGINAL,
				.get_retval = GET_RETVAL_ORIGINAL,
				.get_negative_ret = NEGATIVE_COPIES,
				.get_null = NULL_FREE,
				.badfd = BADFD_FREE,
				.sockopt_helper = SOCKOPT_HELPER_FREE,
			},
	},
	{
		.name = "draft",
		.what = "the documentation of the first proposal (version 6 of the patches), taken "
			"literally: "
			"getsockopt programs before the handler, a return 2",
		.in = IN_DRAFT,
		.evidence = EVIDENCE_DOCUMENT,
		.traits = {.pipeline = PIPELINE_DRAFT,
			   .chains = CHAINS_MULTI,
			   .helper = HELPER_NONE,
			   .badfd = BADFD_FREE,
			   .sockopt_helper = SOCKOPT_HELPER_FREE},
	},
};

unsigned profile_count(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct profile *profile_at(unsigned i)
{
	return &table[i];
}

const struct profile *profile_find(const char *name)
{
	for (unsigned i = 0; i < profile_count(); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

#define KERNEL(a, b, c) ((uint32_t)(a) << 16 | (b) << 8 | (c))

/*
 * From which release on a profile holds, up to the next row; within a stable series the rows are in the order
 * of its releases. Backports: 5.10.180, 5.10.188, 6.1.28 and 6.1.39 lie between releases whose sources were
 * read; 5.4.50, 5.7.7, 5.4.243, 5.15.111, 5.15.121, 6.2.15, 6.3.13, 6.4.4 and 6.6.51 are from stable mails,
 * some by date; 6.18.21 is the twin of 6.12.78, between 6.18.15, whose source lacks the change, and 6.18.44,
 * which behaves by it.
 */
static const struct {
	uint32_t from;
	const char *profile; /* NULL: not known */
} releases[] = {
	{KERNEL(5, 3, 0), "v5.3"},	   {KERNEL(5, 4, 0), "v5.4"},	      {KERNEL(5, 4, 50), "v5.8"},
	{KERNEL(5, 4, 243), "v5.10.180"},  {KERNEL(5, 5, 0), "v5.4"},	      {KERNEL(5, 7, 7), "v5.8"},
	{KERNEL(5, 10, 180), "v5.10.180"}, {KERNEL(5, 10, 188), "v5.10.188"}, {KERNEL(5, 11, 0), "v5.8"},
	{KERNEL(5, 15, 111), "v5.15.111"}, {KERNEL(5, 15, 121), "v5.15.121"}, {KERNEL(5, 16, 0), "v5.8"},
	{KERNEL(5, 18, 0), "v5.18"},	   {KERNEL(5, 19, 0), "v5.19"},	      {KERNEL(6, 1, 28), "v6.4"},
	{KERNEL(6, 1, 39), "v6.5"},	   {KERNEL(6, 2, 0), "v5.19"},	      {KERNEL(6, 2, 15), "v6.4"},
	{KERNEL(6, 3, 0), "v5.19"},	   {KERNEL(6, 3, 1), "v6.4"},	      {KERNEL(6, 3, 13), "v6.5"},
	{KERNEL(6, 4, 0), "v6.4"},	   {KERNEL(6, 4, 4), "v6.5"},	      {KERNEL(6, 5, 0), "v6.5"},
	{KERNEL(6, 6, 51), "v6.6.51"},	   {KERNEL(6, 7, 0), "v6.7"},	      {KERNEL(6, 12, 78), "v6.19"},
	{KERNEL(6, 13, 0), "v6.7"},	   {KERNEL(6, 18, 21), "v6.19"},      {KERNEL(6, 19, 0), "v6.19"},
	{KERNEL(7, 1, 0), "v7.1"},	   {KERNEL(7, 2, 0), "v7.2"},	      {KERNEL(7, 4, 0), NULL},
};

/* "6.1.192-2" -> its number; 0 if the text does not begin with a version. */
static uint32_t parse(const char *s)
{
	unsigned v[3] = {0};

	if (sscanf(s, "%3u.%3u.%3u", &v[0], &v[1], &v[2]) < 2)
		return 0;
	for (unsigned i = 0; i < 3; i++)
		v[i] = v[i] > 255 ? 255 : v[i];
	return KERNEL(v[0], v[1], v[2]);
}

uint32_t kernel_number(const char *release, const char *version)
{
	const char *debian = version ? strstr(version, "Debian ") : NULL;
	uint32_t v = debian ? parse(debian + strlen("Debian ")) : 0, r = parse(release);

	return v >> 8 == r >> 8 ? v : r; /* Debian's only for the patch level that the release leaves out */
}

const struct profile *profile_for_kernel(const char *release, const char *version)
{
	uint32_t v = kernel_number(release, version);
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]) && releases[i].from <= v; i++)
		name = releases[i].profile;
	return name ? profile_find(name) : NULL;
}

bool profile_kernels(const struct profile *p, unsigned *first, unsigned *last)
{
	bool any = false;

	for (size_t i = 0; i + 1 < sizeof(releases) / sizeof(releases[0]); i++) {
		unsigned to = (releases[i + 1].from - 1) >> 8;

		if (!releases[i].profile || strcmp(releases[i].profile, p->name))
			continue;
		if (!any || releases[i].from >> 8 < *first)
			*first = releases[i].from >> 8;
		if (!any || to > *last)
			*last = to;
		any = true;
	}
	return any;
}

bool profile_has(const struct profile *p, unsigned clause)
{
	const struct clause_info *c = clause_info(clause);
	const uint8_t *trait = (const uint8_t *)&p->traits + c->when.trait;

	if (!(c->in & p->in))
		return false;
	return p->in != IN_KERNEL || !c->when.values || c->when.values >> *trait & 1;
}

const char *evidence_name(enum evidence e)
{
	static const char *const names[EVIDENCE_COUNT] = {"booted", "source read", "patch text only",
							  "document"};

	return e < EVIDENCE_COUNT ? names[e] : "?";
}
