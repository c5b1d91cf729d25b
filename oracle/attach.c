/* SPDX-License-Identifier: MIT */
#include "attach.h"

#include <string.h>

#include "profiles.h"

#define TO_5_9 (NEED_REPLACE | NEED_LINKS | NEED_FORCE)
#define TO_6_1 (TO_5_9 | NEED_ARRAY | NEED_LAX_LINKS)
#define MPROG  (TO_5_9 | NEED_ARRAY | NEED_PREORDER | NEED_MPROG)

static const struct attach_epoch table[] = {
	{"attach-5.3", "the three modes", 0},
	{"attach-5.6", "BPF_F_REPLACE", NEED_REPLACE},
	{"attach-5.7", "links", NEED_REPLACE | NEED_LINKS},
	{"attach-5.9", "BPF_LINK_DETACH", TO_5_9 | NEED_LAX_LINKS},
	{"attach-6.1", "queries with an array of flags; an effective query has attach_flags 0", TO_6_1},
	{"attach-6.15", "BPF_F_PREORDER on programs", TO_6_1 | NEED_PREORDER},
	{"attach-6.12.97", "a link update finds its program beside PREORDER ones",
	 TO_6_1 | NEED_PREORDER | NEED_SWAP_SAFE},
	{"attach-6.17", "BEFORE, AFTER, anchors, revisions; PREORDER on links", MPROG},
	{"attach-7.2", "a link update finds its program beside PREORDER ones", MPROG | NEED_SWAP_SAFE},
};

#define KERNEL(a, b, c) ((uint32_t)(a) << 16 | (b) << 8 | (c))

/*
 * From which release on an epoch holds. Sources read: 5.10.262, 6.1.192, 6.12.8, 6.12.107, 6.12.117, 6.18.15,
 * 7.1.3, 7.1.13, 7.2.6, 7.3.4; the releases between are those of the changes' stable mails
 * (6.0.3, 6.12.31, 6.12.97, 6.12.110, 6.18.40, 7.1.5) or of mainline.
 */
static const struct {
	uint32_t from;
	const char *epoch; /* NULL: not known */
} releases[] = {
	{KERNEL(5, 3, 0), "attach-5.3"},
	{KERNEL(5, 6, 0), "attach-5.6"},
	{KERNEL(5, 7, 0), "attach-5.7"},
	{KERNEL(5, 9, 0), "attach-5.9"},
	{KERNEL(6, 0, 3), "attach-6.1"},
	{KERNEL(6, 12, 31), "attach-6.15"},
	{KERNEL(6, 12, 97), "attach-6.12.97"},
	{KERNEL(6, 12, 110), "attach-7.2"},
	{KERNEL(6, 13, 0), "attach-6.1"},
	{KERNEL(6, 15, 0), "attach-6.15"},
	{KERNEL(6, 17, 0), "attach-6.17"},
	{KERNEL(6, 18, 40), "attach-7.2"},
	{KERNEL(6, 19, 0), "attach-6.17"},
	{KERNEL(7, 1, 5), "attach-7.2"},
	{KERNEL(7, 4, 0), NULL},
};

unsigned attach_epoch_count(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct attach_epoch *attach_epoch_at(unsigned i)
{
	return &table[i];
}

const struct attach_epoch *attach_epoch_find(const char *name)
{
	for (unsigned i = 0; i < attach_epoch_count(); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

const struct attach_epoch *attach_for_kernel(const char *release, const char *version)
{
	uint32_t v = kernel_number(release, version);
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]) && releases[i].from <= v; i++)
		name = releases[i].epoch;
	return name ? attach_epoch_find(name) : NULL;
}

const char *attach_need_name(unsigned bit)
{
	static const char *const names[NEED_COUNT] = {"replace",  "links", "link-detach", "array",
						      "preorder", "mprog", "swap-safe",	  "lax-links"};

	return bit < NEED_COUNT ? names[bit] : "?";
}

static unsigned need_find(const char *s, size_t n)
{
	unsigned bit = 0;

	while (bit < NEED_COUNT &&
	       (strlen(attach_need_name(bit)) != n || memcmp(attach_need_name(bit), s, n)))
		bit++;
	return bit;
}

const char *attach_needs(const char *line, uint32_t *has, uint32_t *lacks, const char **word, size_t *n)
{
	*has = *lacks = 0;
	for (const char *s = line; *(s += strspn(s, " ")); s += *n) {
		bool no = !strncmp(s, "no-", 3);
		unsigned bit;

		*word = s;
		*n = strcspn(s, " ");
		bit = need_find(s + 3 * no, *n - 3 * no);
		if (bit == NEED_COUNT)
			return "no such need (replace, links, link-detach, array, preorder, mprog, "
			       "swap-safe, "
			       "lax-links, each perhaps behind no-)";
		*(no ? lacks : has) |= 1u << bit;
	}
	return NULL;
}
