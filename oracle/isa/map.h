/* SPDX-License-Identifier: MIT */
/* The inside of one map: shared by maps.c (life, regions), map_hash.c and map_ops.c, nobody else. */
#ifndef ISA_MAP_H
#define ISA_MAP_H

#include "maps.h"

enum map_kind {
	KIND_ARRAY,
	KIND_HASH,
	KIND_QUEUE,
	KIND_STACK,
	KIND_RING,
	KIND_PERF,
	KIND_STORAGE,
	KIND_PROGS,
	KIND_COUNT
};

#define NO_SLOT UINT32_MAX

struct isa_map {
	struct isa_map_def def;
	const char *name; /* copy of the definition's, owned */
	enum map_kind kind;
	bool lru, inner;	  /* evicts; its values are maps */
	uint32_t key_size, slots; /* storage: 8 and ISA_OWNERS */
	uint64_t stride, lead;	  /* a slot: key, rounded to 8; value, rounded to 8 */
	uint8_t *slab;		  /* slots * stride bytes, owned */
	uint8_t *initial;	  /* copy of the definition's, owned, or NULL */
	uint64_t bytes;		  /* taken of the limit */

	/* hashes: chains by bucket, a list by age, a list of free slots */
	uint32_t *bucket, *chain, *older, *newer;
	uint32_t mask, oldest, newest, free, n;

	/* queues: a ring of slots. ring buffers: position in bytes, reserved records */
	uint32_t head;
	uint64_t position;
	struct isa_record record[ISA_MAX_RECORDS];
};

/* The slot of a key, or NO_SLOT. touch: it was used just now. */
uint32_t map_hash_find(struct isa_map *p, const void *key, bool touch);
/* A slot for a key that is not there, zeroed but for the key; NO_SLOT if the map is full. */
uint32_t map_hash_take(struct isa_map *p, const void *key);
void map_hash_drop(struct isa_map *p, uint32_t slot);
/* Empties it. */
void map_hash_clear(struct isa_map *p);

static inline uint8_t *map_key(struct isa_map *p, uint32_t slot)
{
	return p->slab + slot * p->stride;
}

static inline uint8_t *map_value(struct isa_map *p, uint32_t slot)
{
	return p->slab + slot * p->stride + p->lead;
}

#endif
