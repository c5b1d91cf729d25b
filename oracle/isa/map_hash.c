/* SPDX-License-Identifier: MIT */
/* Hashes, and everything that finds values by a key that is no index: chains of slots, and all slots in use
 * in a list by age. */
#include <string.h>

#include "map.h"

static uint32_t hash(const uint8_t *key, uint32_t n)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ key[i]) * 16777619U;
	return h ^ h >> 15;
}

static void unlink_age(struct isa_map *p, uint32_t slot)
{
	uint32_t older = p->older[slot], newer = p->newer[slot];

	*(older == NO_SLOT ? &p->oldest : &p->newer[older]) = newer;
	*(newer == NO_SLOT ? &p->newest : &p->older[newer]) = older;
}

static void link_newest(struct isa_map *p, uint32_t slot)
{
	p->older[slot] = p->newest;
	p->newer[slot] = NO_SLOT;
	*(p->newest == NO_SLOT ? &p->oldest : &p->newer[p->newest]) = slot;
	p->newest = slot;
}

void map_hash_clear(struct isa_map *p)
{
	memset(p->bucket, 0xff, ((size_t)p->mask + 1) * sizeof(*p->bucket));
	p->oldest = p->newest = NO_SLOT;
	p->free = NO_SLOT;
	p->n = 0;
	p->head = 0; /* slots from here on were never used */
}

uint32_t map_hash_find(struct isa_map *p, const void *key, bool touch)
{
	uint32_t slot = p->bucket[hash(key, p->key_size) & p->mask];

	while (slot != NO_SLOT && memcmp(map_key(p, slot), key, p->key_size) != 0)
		slot = p->chain[slot];
	if (slot != NO_SLOT && touch && p->lru && slot != p->newest) {
		unlink_age(p, slot);
		link_newest(p, slot);
	}
	return slot;
}

uint32_t map_hash_take(struct isa_map *p, const void *key)
{
	uint32_t slot = p->free, *chain;

	if (slot != NO_SLOT) {
		p->free = p->chain[slot];
	} else if (p->head < p->slots) {
		slot = p->head++;
	} else if (p->lru) {
		map_hash_drop(p, p->oldest);
		slot = p->free;
		p->free = p->chain[slot];
	} else {
		return NO_SLOT;
	}
	memset(map_key(p, slot), 0, p->stride);
	memcpy(map_key(p, slot), key, p->key_size);
	chain = &p->bucket[hash(key, p->key_size) & p->mask];
	p->chain[slot] = *chain;
	*chain = slot;
	link_newest(p, slot);
	p->n++;
	return slot;
}

void map_hash_drop(struct isa_map *p, uint32_t slot)
{
	uint32_t *chain = &p->bucket[hash(map_key(p, slot), p->key_size) & p->mask];

	while (*chain != slot)
		chain = &p->chain[*chain];
	*chain = p->chain[slot];
	unlink_age(p, slot);
	p->chain[slot] = p->free;
	p->free = slot;
	p->n--;
}
