/* SPDX-License-Identifier: MIT */
/* Holes are passed over: reading one through a mapping would fill it. */
#include "postmortem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * RECORDER_PAGE)

/* Calls fn for each page of the guest's memory that is not a hole, until it returns false. */
static void each_page(int ram, bool (*fn)(void *arg, const uint8_t *page), void *arg)
{
	uint8_t *chunk = malloc(CHUNK);
	bool more = chunk != NULL;
	off_t at = 0;

	while (more && (at = lseek(ram, at, SEEK_DATA)) >= 0) {
		ssize_t n;

		at &= ~(off_t)(RECORDER_PAGE - 1);
		n = pread(ram, chunk, CHUNK, at);
		if (n < RECORDER_PAGE)
			break;
		for (ssize_t i = 0; more && i + RECORDER_PAGE <= n; i += RECORDER_PAGE)
			more = fn(arg, chunk + i);
		at += n;
	}
	free(chunk);
}

struct search {
	uint8_t magic[16];
	struct recorder *out;
	bool found;
};

static bool is_record(void *arg, const uint8_t *page)
{
	struct search *s = arg;

	if (memcmp(page, s->magic, sizeof(s->magic)))
		return true;
	memcpy(s->out, page, sizeof(*s->out));
	s->found = true;
	return false;
}

bool postmortem_read(int ram, struct recorder *out)
{
	struct search s = {.out = out};

	recorder_magic(s.magic);
	each_page(ram, is_record, &s);
	return s.found;
}

struct gathering {
	uint8_t magic[16];
	uint64_t last;
	struct postmortem_inputs *to;
};

static bool is_input(void *arg, const uint8_t *page)
{
	const struct recorder_input *in = (const struct recorder_input *)page;
	struct gathering *g = arg;
	uint64_t age;

	if (memcmp(page, g->magic, sizeof(g->magic)) || !in->serial || in->n > RECORDER_INPUT)
		return true;
	age = g->last - in->serial; /* of a serial that was never given: very old */
	if (age < RECORDER_RING && !g->to->input[age].n)
		buf_add(&g->to->input[age], in->bytes, in->n);
	return true;
}

void postmortem_inputs(int ram, uint64_t last, struct postmortem_inputs *out)
{
	struct gathering g = {.last = last, .to = out};

	recorder_input_magic(g.magic);
	each_page(ram, is_input, &g);
}

void postmortem_inputs_fini(struct postmortem_inputs *p)
{
	for (unsigned i = 0; i < RECORDER_RING; i++)
		buf_fini(&p->input[i]);
}
