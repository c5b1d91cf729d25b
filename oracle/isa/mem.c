/* SPDX-License-Identifier: MIT */
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool isa_mem_init(struct isa_mem *m, uint64_t n)
{
	m->region = calloc(n, sizeof(*m->region));
	m->n = m->region ? n : 0;
	for (uint64_t i = 0; i < m->n; i++)
		m->region[i].rule = MEM_HANDLE;
	return m->region != NULL;
}

void isa_mem_fini(struct isa_mem *m)
{
	free(m->region);
	*m = (struct isa_mem){0};
}

void isa_mem_bytes(struct isa_mem *m, uint64_t id, const char *name, void *p, uint64_t n, bool read_only)
{
	m->region[id] = (struct isa_region){
		.name = name,
		.rule = MEM_BYTES,
		.p = p,
		.size = n,
		.readable = n,
		.writable = read_only ? 0 : n,
		.read_only = read_only,
	};
}

void isa_mem_fields(struct isa_mem *m, uint64_t id, const char *name, uint64_t n, isa_field_fn *fn,
		    void *owner)
{
	m->region[id] = (struct isa_region){
		.name = name,
		.rule = MEM_FIELDS,
		.size = n,
		.field = fn,
		.owner = owner,
		.no_atomics = true,
	};
}

void isa_mem_handles(struct isa_mem *m, uint64_t id, const char *name, uint64_t n)
{
	m->region[id] =
		(struct isa_region){.name = name, .rule = MEM_HANDLE, .size = 8 * n, .no_atomics = true};
}

/* Of an offset in a region of slots: which slot, and where relative to its value. */
static uint64_t slot_of(const struct isa_region *r, uint64_t off, int64_t *in)
{
	uint64_t apart = 4 * r->slots.stride;

	*in = (int64_t)(off % apart) - (int64_t)(2 * r->slots.stride);
	return off / apart;
}

void isa_addr_print(const struct isa_mem *m, uint64_t addr, char *text, size_t size)
{
	uint64_t id = isa_addr_region(addr), off = isa_addr_off(addr);
	const struct isa_region *r = id < m->n && m->region[id].name ? &m->region[id] : NULL;
	int64_t in = (int64_t)off;

	if (!addr)
		snprintf(text, size, "NULL");
	else if (!r)
		snprintf(text, size, "0x%" PRIx64, addr);
	else if (r->rule == MEM_SLOTS && off < r->size) {
		uint64_t slot = slot_of(r, off, &in);

		snprintf(text, size, in ? "%s[%" PRIu64 "]%+" PRId64 : "%s[%" PRIu64 "]", r->name, slot, in);
	} else
		snprintf(text, size, in ? "%s%+" PRId64 : "%s", r->name, in);
}

static uint8_t *refuse(const struct isa_mem *m, uint64_t addr, uint64_t n, bool write, const char *reason,
		       char *why, size_t size)
{
	char at[80];

	isa_addr_print(m, addr, at, sizeof(at));
	snprintf(why, size, "%s of %" PRIu64 " bytes at %s: %s", write ? "write" : "read", n, at, reason);
	return NULL;
}

/* The bytes of [off, off + n) if they lie inside one value, or inside one reserved record; or NULL. */
static uint8_t *inside(const struct isa_region *r, uint64_t off, uint64_t n)
{
	if (r->rule == MEM_SLOTS) {
		int64_t in;
		uint64_t slot = slot_of(r, off, &in);

		if ((uint64_t)in >= r->slots.size || n > r->slots.size - (uint64_t)in)
			return NULL;
		return r->p + slot * r->slots.stride + r->slots.lead + in;
	}
	if (r->rule != MEM_RECORDS)
		return r->p + off;
	for (unsigned i = 0; i < r->n_records; i++)
		if (r->records[i].used && off - r->records[i].off < r->records[i].size &&
		    n <= r->records[i].size - (off - r->records[i].off))
			return r->p + off;
	return NULL;
}

uint8_t *isa_mem_find(const struct isa_mem *m, uint64_t addr, uint64_t n, bool write, char *why, size_t size)
{
	uint64_t id = isa_addr_region(addr), off = isa_addr_off(addr);
	const struct isa_region *r;
	char text[120];
	uint8_t *p;

	if (id >= m->n || !m->region[id].name)
		return refuse(m, addr, n, write, addr ? "this is no pointer" : "the pointer is NULL", why,
			      size);
	r = &m->region[id];
	if (r->rule == MEM_HANDLE)
		return refuse(m, addr, n, write, "what it points at is not modelled", why, size);
	snprintf(text, sizeof(text), "%s has %" PRIu64 " bytes", r->name, r->size);
	if (r->rule == MEM_SLOTS)
		snprintf(text, sizeof(text), "a value of %s has %" PRIu64 " bytes", r->name, r->slots.size);
	if (n == 0 || off >= r->size || n > r->size - off)
		return refuse(m, addr, n, write, n ? text : "an argument of no bytes", why, size);
	if (r->rule == MEM_FIELDS)
		return refuse(m, addr, n, write, "these are fields, not bytes", why, size);
	if (write && r->read_only)
		return refuse(m, addr, n, write, "it can only be read", why, size);
	p = inside(r, off, n);
	if (!p)
		return refuse(m, addr, n, write, r->rule == MEM_SLOTS ? text : "not inside a reserved record",
			      why, size);
	return p;
}
