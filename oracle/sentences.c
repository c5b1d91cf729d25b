/* SPDX-License-Identifier: MIT */
#include "sentences.h"

#include <stddef.h>

#include "clauses.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct sentence sentences[] = {
#define SENTENCE(in, section, text, clauses, without) {in, section, text, clauses, without},
#include "sentences.def"
#undef SENTENCE
};

static const struct deviation deviations[] = {
#define DEVIATION(id, in, kind, says, does, cases) {id, in, DEVIATION_##kind, says, does, cases},
#include "deviations.def"
#undef DEVIATION
};

unsigned sentence_count(void)
{
	return COUNT(sentences);
}

const struct sentence *sentence_at(unsigned i)
{
	return &sentences[i];
}

unsigned deviation_count(void)
{
	return COUNT(deviations);
}

const struct deviation *deviation_at(unsigned i)
{
	return &deviations[i];
}

const char *deviation_kind_name(enum deviation_kind k)
{
	static const char *const names[DEVIATION_KINDS] = {"wrong", "vague", "silent"};

	return k < DEVIATION_KINDS ? names[k] : "?";
}
