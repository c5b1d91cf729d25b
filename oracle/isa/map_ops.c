/* SPDX-License-Identifier: MIT */
/* What can be done with maps, with the kernel's results. */
#include <errno.h>
#include <string.h>
#include <linux/bpf.h>

#include "map.h"

#define FLAG_LOCK 4ULL /* BPF_F_LOCK: nobody else is there to lock out */

static uint32_t index_of(const void *key)
{
	uint32_t index;

	memcpy(&index, key, sizeof(index));
	return index;
}

/* Where the program finds the value of a slot: an array of one value is plain bytes. */
static int64_t value_off(const struct isa_map *p, uint32_t slot)
{
	struct isa_slots s = {.stride = p->stride};

	if (slot == NO_SLOT)
		return -1;
	return p->kind == KIND_ARRAY && p->slots == 1 ? 0 : (int64_t)isa_slot_off(&s, slot);
}

uint8_t *isa_map_at(struct isa_maps *m, unsigned i, int64_t off)
{
	struct isa_map *p = m->map[i];

	return off < 0 ? NULL : map_value(p, (uint32_t)((uint64_t)off / (4 * p->stride)));
}

uint32_t isa_map_count(const struct isa_maps *m, unsigned i)
{
	return m->map[i]->kind == KIND_ARRAY ? m->map[i]->slots : m->map[i]->n;
}

/* The slot of a key in an array or hash. */
static uint32_t find(struct isa_map *p, const void *key, bool touch)
{
	if (p->kind == KIND_HASH)
		return map_hash_find(p, key, touch);
	if (p->kind != KIND_ARRAY || index_of(key) >= p->slots)
		return NO_SLOT;
	return index_of(key);
}

int64_t isa_map_lookup(struct isa_maps *m, unsigned i, const void *key)
{
	return value_off(m->map[i], find(m->map[i], key, true));
}

/* kernel/bpf/arraymap.c array_map_update_elem */
static int array_update(struct isa_map *p, const void *key, const void *value, uint64_t flags)
{
	if ((flags & ~FLAG_LOCK) > BPF_EXIST)
		return -EINVAL;
	if (index_of(key) >= p->slots)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	memcpy(map_value(p, index_of(key)), value, p->def.value_size);
	return 0;
}

/* kernel/bpf/hashtab.c htab_map_update_elem, htab_lru_map_update_elem */
static int hash_update(struct isa_map *p, const void *key, const void *value, uint64_t flags)
{
	uint64_t mode = p->lru ? flags : flags & ~FLAG_LOCK;
	uint32_t slot;

	if (mode > BPF_EXIST)
		return -EINVAL;
	slot = map_hash_find(p, key, true);
	if (slot != NO_SLOT && mode == BPF_NOEXIST)
		return -EEXIST;
	if (slot == NO_SLOT && mode == BPF_EXIST)
		return -ENOENT;
	if (slot == NO_SLOT)
		slot = map_hash_take(p, key);
	if (slot == NO_SLOT)
		return -E2BIG;
	memcpy(map_value(p, slot), value, p->def.value_size);
	return 0;
}

int isa_map_update(struct isa_maps *m, unsigned i, const void *key, const void *value, uint64_t flags)
{
	struct isa_map *p = m->map[i];

	if (p->kind == KIND_ARRAY)
		return array_update(p, key, value, flags);
	return p->kind == KIND_HASH ? hash_update(p, key, value, flags) : -EOPNOTSUPP;
}

int isa_map_delete(struct isa_maps *m, unsigned i, const void *key)
{
	struct isa_map *p = m->map[i];
	uint32_t slot;

	if (p->kind == KIND_ARRAY)
		return -EINVAL;
	if (p->kind != KIND_HASH)
		return -EOPNOTSUPP;
	slot = map_hash_find(p, key, false);
	if (slot == NO_SLOT)
		return -ENOENT;
	map_hash_drop(p, slot);
	return 0;
}

/* kernel/bpf/queue_stack_maps.c queue_stack_map_push_elem. Slots head .. head + n are in use. */
int isa_map_push(struct isa_maps *m, unsigned i, const void *value, uint64_t flags)
{
	struct isa_map *p = m->map[i];

	if (p->kind != KIND_QUEUE && p->kind != KIND_STACK)
		return -EINVAL;
	if ((flags & BPF_NOEXIST) || flags > BPF_EXIST)
		return -EINVAL;
	if (p->n == p->slots) {
		if (!(flags & BPF_EXIST))
			return -E2BIG;
		p->head = (p->head + 1) % p->slots; /* the oldest makes room */
		p->n--;
	}
	memcpy(map_value(p, (uint32_t)(((uint64_t)p->head + p->n) % p->slots)), value, p->def.value_size);
	p->n++;
	return 0;
}

int isa_map_pop(struct isa_maps *m, unsigned i, void *value, bool keep)
{
	struct isa_map *p = m->map[i];
	uint32_t slot;

	if (p->kind != KIND_QUEUE && p->kind != KIND_STACK)
		return -EINVAL;
	if (!p->n) {
		memset(value, 0, p->def.value_size);
		return -ENOENT;
	}
	slot = p->kind == KIND_QUEUE ? p->head : (uint32_t)(((uint64_t)p->head + p->n - 1) % p->slots);
	memcpy(value, map_value(p, slot), p->def.value_size);
	if (!keep) {
		p->n--;
		p->head = p->kind == KIND_QUEUE ? (p->head + 1) % p->slots : p->head;
	}
	return 0;
}

int64_t isa_map_next(struct isa_maps *m, unsigned i, uint32_t *at, const void **key, uint32_t *index)
{
	struct isa_map *p = m->map[i];
	uint32_t slot = *at;

	if (p->kind == KIND_ARRAY) {
		if (slot >= p->slots)
			return -1;
		*index = slot;
		*key = index;
		*at = slot + 1;
		return value_off(p, slot);
	}
	if (p->kind != KIND_HASH)
		return -1;
	/* *at: 1 + the slot that comes next, 0 at the start, NO_SLOT at the end */
	slot = slot == 0 ? p->oldest : slot == NO_SLOT ? NO_SLOT : slot - 1;
	if (slot == NO_SLOT)
		return -1;
	*key = map_key(p, slot);
	*at = p->newer[slot] == NO_SLOT ? NO_SLOT : p->newer[slot] + 1;
	return value_off(p, slot);
}

int64_t isa_storage_get(struct isa_maps *m, unsigned i, uint64_t owner, const void *value, bool create)
{
	struct isa_map *p = m->map[i];
	uint32_t slot = map_hash_find(p, &owner, false);

	if (slot == NO_SLOT && create) {
		slot = map_hash_take(p, &owner);
		if (slot != NO_SLOT && value)
			memcpy(map_value(p, slot), value, p->def.value_size);
	}
	return value_off(p, slot);
}

int isa_storage_delete(struct isa_maps *m, unsigned i, uint64_t owner)
{
	uint32_t slot = map_hash_find(m->map[i], &owner, false);

	if (slot == NO_SLOT)
		return -ENOENT;
	map_hash_drop(m->map[i], slot);
	return 0;
}

int isa_map_set_inner(struct isa_maps *m, unsigned i, const void *key, unsigned inner)
{
	const struct isa_map_def *want, *have;
	uint32_t value = inner;

	if (!m->map[i]->inner || inner >= m->n)
		return -EINVAL;
	have = &m->map[inner]->def;
	want = m->map[i]->def.inner >= 0 && (unsigned)m->map[i]->def.inner < m->n
		       ? &m->map[m->map[i]->def.inner]->def
		       : have;
	if (want->type != have->type || want->key_size != have->key_size ||
	    want->value_size != have->value_size || want->flags != have->flags)
		return -EINVAL; /* kernel/bpf/map_in_map.c bpf_map_meta_equal */
	return isa_map_update(m, i, key, &value, BPF_ANY);
}

static int number_at(const uint8_t *value, unsigned n)
{
	uint32_t number;

	memcpy(&number, value, sizeof(number));
	return number < n ? (int)number : -1;
}

int isa_map_inner(struct isa_maps *m, unsigned i, const void *key)
{
	int64_t off = m->map[i]->inner ? isa_map_lookup(m, i, key) : -1;

	return off < 0 ? -1 : number_at(isa_map_at(m, i, off), m->n);
}

int isa_map_set_prog(struct isa_maps *m, unsigned i, uint32_t index, unsigned prog)
{
	uint32_t value = prog;

	if (m->map[i]->kind != KIND_PROGS)
		return -EINVAL;
	if (index >= m->map[i]->slots)
		return -E2BIG;
	memcpy(map_value(m->map[i], index), &value, sizeof(value));
	return 0;
}

int isa_map_prog(struct isa_maps *m, unsigned i, uint32_t index)
{
	if (m->map[i]->kind != KIND_PROGS || index >= m->map[i]->slots)
		return -1;
	return number_at(map_value(m->map[i], index), INT32_MAX);
}

/* kernel/bpf/ringbuf.c __bpf_ringbuf_reserve: 8 bytes of header, records of whole 8 bytes. Nothing wraps
 * around here: a record that does not fit before the end stands at the beginning. */
int64_t isa_ring_reserve(struct isa_maps *m, unsigned i, uint64_t size)
{
	struct isa_map *p = m->map[i];
	uint64_t whole = (size + 7 + 8) & ~UINT64_C(7), at;
	unsigned r;

	if (p->kind != KIND_RING || size > UINT32_MAX / 4 || whole > p->stride)
		return -1;
	for (r = 0; r < ISA_MAX_RECORDS && p->record[r].used; r++)
		;
	if (r == ISA_MAX_RECORDS)
		return -1;
	at = p->position % p->stride;
	if (at + whole > p->stride)
		at = 0;
	for (unsigned k = 0; k < ISA_MAX_RECORDS; k++)
		if (p->record[k].used && at < p->record[k].off + p->record[k].size &&
		    p->record[k].off < at + whole)
			return -1; /* would overtake one that is still reserved: full */
	p->position += whole;
	p->record[r] = (struct isa_record){.off = at + 8, .size = size, .used = true};
	return (int64_t)at + 8;
}

const uint8_t *isa_ring_release(struct isa_maps *m, unsigned i, uint64_t off, uint64_t *size)
{
	struct isa_map *p = m->map[i];

	for (unsigned r = 0; r < ISA_MAX_RECORDS; r++) {
		if (!p->record[r].used || p->record[r].off != off)
			continue;
		*size = p->record[r].size;
		p->record[r].used = false;
		return p->slab + off;
	}
	return NULL;
}

unsigned isa_ring_drop(struct isa_maps *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		for (unsigned r = 0; m->map[i]->kind == KIND_RING && r < ISA_MAX_RECORDS; r++) {
			n += m->map[i]->record[r].used;
			m->map[i]->record[r].used = false;
		}
	return n;
}

uint64_t isa_ring_position(const struct isa_maps *m, unsigned i)
{
	return m->map[i]->position;
}
