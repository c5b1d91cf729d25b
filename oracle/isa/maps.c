/* SPDX-License-Identifier: MIT */
#include "maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"
#include "map.h"

#define LIMIT ((size_t)256 << 20)

/* Types by number; old headers lack the last ones. */
enum { TYPE_CGRP_STORAGE = 32, TYPE_RINGBUF = 27, TYPE_SK_STORAGE = 24, TYPES = 33 };

static const struct {
	const char *name;
	enum map_kind kind;
	bool lru, inner;
} types[TYPES] = {
	[BPF_MAP_TYPE_HASH] = {"hash", KIND_HASH, false, false},
	[BPF_MAP_TYPE_ARRAY] = {"array", KIND_ARRAY, false, false},
	[BPF_MAP_TYPE_PROG_ARRAY] = {"prog_array", KIND_PROGS, false, false},
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = {"perf_event_array", KIND_PERF, false, false},
	[BPF_MAP_TYPE_PERCPU_HASH] = {"percpu_hash", KIND_HASH, false, false},
	[BPF_MAP_TYPE_PERCPU_ARRAY] = {"percpu_array", KIND_ARRAY, false, false},
	[BPF_MAP_TYPE_LRU_HASH] = {"lru_hash", KIND_HASH, true, false},
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = {"lru_percpu_hash", KIND_HASH, true, false},
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = {"array_of_maps", KIND_ARRAY, false, true},
	[BPF_MAP_TYPE_HASH_OF_MAPS] = {"hash_of_maps", KIND_HASH, false, true},
	[BPF_MAP_TYPE_CGROUP_STORAGE] = {"cgroup_storage", KIND_STORAGE, false, false},
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = {"percpu_cgroup_storage", KIND_STORAGE, false, false},
	[BPF_MAP_TYPE_QUEUE] = {"queue", KIND_QUEUE, false, false},
	[BPF_MAP_TYPE_STACK] = {"stack", KIND_STACK, false, false},
	[TYPE_SK_STORAGE] = {"sk_storage", KIND_STORAGE, false, false},
	[TYPE_RINGBUF] = {"ringbuf", KIND_RING, false, false},
	[TYPE_CGRP_STORAGE] = {"cgrp_storage", KIND_STORAGE, false, false},
};

bool isa_map_is_storage(uint32_t type)
{
	return type < TYPES && types[type].name && types[type].kind == KIND_STORAGE;
}

const char *isa_map_type_name(uint32_t type)
{
	static char text[24];

	if (type < TYPES && types[type].name)
		return types[type].name;
	snprintf(text, sizeof(text), "type %u", type);
	return text;
}

void isa_maps_init(struct isa_maps *m, size_t limit)
{
	*m = (struct isa_maps){.limit = limit ? limit : LIMIT};
}

static void map_free(struct isa_map *p)
{
	if (!p)
		return;
	free((char *)p->name);
	free(p->slab);
	free(p->initial);
	free(p->bucket);
	free(p->chain);
	free(p->older);
	free(p->newer);
	free(p);
}

void isa_maps_fini(struct isa_maps *m)
{
	for (unsigned i = 0; i < m->n; i++)
		map_free(m->map[i]);
	isa_maps_init(m, m->limit);
}

static uint64_t round8(uint64_t n)
{
	return (n + 7) & ~UINT64_C(7);
}

/* What the sizes of a definition must be; NULL if they are. */
static const char *sizes(const struct isa_map_def *d, enum map_kind kind, bool inner)
{
	bool ring_ok = d->max_entries >= 4096 && !(d->max_entries & (d->max_entries - 1));

	switch (kind) {
	case KIND_ARRAY:
	case KIND_PERF:
	case KIND_PROGS:
		if (d->key_size != 4)
			return "the key of an array has 4 bytes";
		if (kind != KIND_ARRAY && d->value_size != 4)
			return "its value has 4 bytes";
		break;
	case KIND_HASH:
		if (!d->key_size)
			return "the key has no bytes";
		break;
	case KIND_QUEUE:
	case KIND_STACK:
		if (d->key_size)
			return "a queue or stack has no key";
		break;
	case KIND_RING:
		if (d->key_size || d->value_size || !ring_ok)
			return "a ring buffer has no key and no value, and its size is a power of 2 of at "
			       "least one page";
		return NULL;
	case KIND_STORAGE:
		if (d->max_entries)
			return "storage has max_entries 0";
		if (isa_map_is_storage(d->type) && (d->type == TYPE_SK_STORAGE || d->type == TYPE_CGRP_STORAGE
							    ? d->key_size != 4
							    : d->key_size != 8 && d->key_size != 16))
			return "the key of storage is an int, or a cgroup storage key";
		return d->value_size ? NULL : "the value has no bytes";
	case KIND_COUNT:
		break;
	}
	if (inner && d->value_size != 4)
		return "the value of a map of maps has 4 bytes";
	return !d->max_entries ? "max_entries is 0" : !d->value_size ? "the value has no bytes" : NULL;
}

/* Lays the map out; false if it is too large. */
static bool plan(struct isa_map *p, size_t left)
{
	uint64_t words = 0;

	if (p->kind == KIND_RING) {
		p->slots = 1;
		p->stride = p->def.max_entries;
	} else if (p->kind != KIND_PERF) {
		p->slots = p->kind == KIND_STORAGE ? ISA_OWNERS : p->def.max_entries;
		p->key_size = p->kind == KIND_STORAGE ? 8 : p->kind == KIND_HASH ? p->def.key_size : 0;
		p->lead = round8(p->key_size);
		p->stride = p->lead + round8(p->def.value_size);
	}
	if (p->key_size)
		for (p->mask = 1, words = 3; p->mask < p->slots && p->mask < 1U << 24;
		     p->mask = p->mask << 1 | 1)
			;
	p->bytes = (size_t)p->slots * (p->stride + words * 4) + (p->mask ? ((size_t)p->mask + 1) * 4 : 0);
	return p->stride <= left && p->bytes <= left && (uint64_t)p->slots * p->stride < ISA_REGION_BIAS / 4;
}

static bool allocate(struct isa_map *p)
{
	size_t n = p->slots;

	p->name = strdup(p->def.name ? p->def.name : "map");
	p->slab = calloc(n ? n : 1, p->stride ? p->stride : 1);
	if (p->def.initial) {
		p->initial = malloc(p->def.n_initial ? p->def.n_initial : 1);
		if (!p->initial)
			return false;
		memcpy(p->initial, p->def.initial, p->def.n_initial);
	}
	if (p->key_size) {
		p->bucket = malloc(((size_t)p->mask + 1) * sizeof(*p->bucket));
		p->chain = malloc(n * sizeof(*p->chain));
		p->older = malloc(n * sizeof(*p->older));
		p->newer = malloc(n * sizeof(*p->newer));
		if (!p->bucket || !p->chain || !p->older || !p->newer)
			return false;
		map_hash_clear(p);
	}
	return p->name && p->slab;
}

static void fill(struct isa_map *p)
{
	if (p->initial)
		memcpy(p->slab, p->initial, p->def.n_initial);
	if (p->inner && p->kind == KIND_ARRAY)
		memset(p->slab, 0xff, p->slots * p->stride); /* no map there */
	if (p->kind == KIND_PROGS)
		memset(p->slab, 0xff, p->slots * p->stride);
}

int isa_maps_add(struct isa_maps *m, const struct isa_map_def *def, char *err, size_t size)
{
	const char *name = def->name ? def->name : "map", *why;
	struct isa_map *p = NULL;

	if (m->n == ISA_MAX_MAPS) {
		snprintf(err, size, "%s: more than %u maps", name, ISA_MAX_MAPS);
		return -1;
	}
	if (def->type >= TYPES || !types[def->type].name) {
		snprintf(err, size, "%s: maps of %s are not modelled", name, isa_map_type_name(def->type));
		return -1;
	}
	why = sizes(def, types[def->type].kind, types[def->type].inner);
	if (!why && def->initial &&
	    (types[def->type].kind != KIND_ARRAY || def->max_entries != 1 ||
	     def->n_initial > def->value_size))
		why = "an initial value is for an array of one entry";
	if (why) {
		snprintf(err, size, "%s (%s): %s", name, isa_map_type_name(def->type), why);
		return -1;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		snprintf(err, size, "%s: out of memory", name);
		return -1;
	}
	p->def = *def;
	p->kind = types[def->type].kind;
	p->lru = types[def->type].lru;
	p->inner = types[def->type].inner;
	if (!plan(p, m->limit - m->used) || !allocate(p)) {
		snprintf(err, size,
			 "%s (%s): %u entries of %u bytes are more than the %zu bytes that maps get here",
			 name, isa_map_type_name(def->type), def->max_entries, def->value_size, m->limit);
		map_free(p);
		return -1;
	}
	p->def.name = p->name;
	p->def.initial = p->initial;
	fill(p);
	m->used += p->bytes;
	m->map[m->n] = p;
	return (int)m->n++;
}

void isa_maps_reset(struct isa_maps *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct isa_map *p = m->map[i];

		if (p->key_size && p->n)
			map_hash_clear(p);
		else if (!p->key_size)
			memset(p->slab, 0, p->slots * p->stride);
		p->n = p->key_size ? p->n : 0;
		p->head = 0;
		p->position = 0;
		memset(p->record, 0, sizeof(p->record));
		fill(p);
	}
}

void isa_maps_regions(const struct isa_maps *m, struct isa_mem *mem)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct isa_map *p = m->map[i];
		uint64_t id = ISA_AT_MAPS + i, n = p->slots * p->stride;
		struct isa_region *r = &mem->region[id];

		if (p->inner || p->kind == KIND_PROGS || p->kind == KIND_QUEUE || p->kind == KIND_STACK ||
		    !n) {
			isa_mem_handles(mem, id, p->name, 0);
			continue;
		}
		isa_mem_bytes(mem, id, p->name, p->slab, n, p->def.read_only);
		if (p->kind == KIND_ARRAY && p->slots == 1) {
			r->size = p->def.value_size; /* the plain path */
			r->readable = r->size;
			r->writable = r->read_only ? 0 : r->size;
			continue;
		}
		r->readable = r->writable = 0;
		r->rule = p->kind == KIND_RING ? MEM_RECORDS : MEM_SLOTS;
		r->size = p->kind == KIND_RING ? n : 4 * n; /* mem.h: values lie apart */
		r->slots =
			(struct isa_slots){.stride = p->stride, .lead = p->lead, .size = p->def.value_size};
		r->records = p->record;
		r->n_records = ISA_MAX_RECORDS;
	}
}

const struct isa_map_def *isa_map_def(const struct isa_maps *m, unsigned i)
{
	return &m->map[i]->def;
}
