/* SPDX-License-Identifier: MIT */
/*
 * What a program can point at: a table of regions. A pointer is a 64-bit number,
 *
 *     63        36 35                                0
 *    | region      | 2^35 + offset in the region      |
 *
 * so that an offset that went out of its region, below or above, still belongs to it: the access is refused
 * and the report can say by how much it missed. Region 0 is never there, so small numbers point nowhere.
 * Every access of the interpreter and of its helpers goes through this table.
 */
#ifndef ISA_MEM_H
#define ISA_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISA_REGION_SHIFT 36
#define ISA_REGION_BIAS	 (UINT64_C(1) << 35)
#define ISA_FRAMES	 8
#define ISA_STACK	 512 /* bytes of one frame, MAX_BPF_STACK */

/* The regions with fixed numbers; maps follow from ISA_AT_MAPS on, one each. */
enum isa_region_id {
	ISA_AT_NOTHING,
	ISA_AT_STACK, /* frame 0, the others behind it */
	ISA_AT_CTX = ISA_AT_STACK + ISA_FRAMES,
	ISA_AT_OPTVAL,
	ISA_AT_SOCK,
	ISA_AT_TCP_SOCK,
	ISA_AT_TASK,   /* what get_current_task_btf returns; nothing of it is modelled */
	ISA_AT_CGROUP, /* offset: 8 * number of the cgroup */
	ISA_AT_MAP,    /* offset: 8 * index of the map: the map itself, not its values */
	ISA_AT_FUNC,   /* offset: 8 * instruction */
	ISA_AT_KEY,    /* the key that for_each_map_elem hands to its callback */
	ISA_AT_MAPS,
};

enum isa_mem_rule {
	MEM_BYTES,   /* bytes in one piece */
	MEM_SLOTS,   /* values of a map: an access stays inside one of them */
	MEM_RECORDS, /* a ring buffer: an access stays inside a reserved record */
	MEM_FIELDS,  /* fields that a callback answers: the context, the socket */
	MEM_HANDLE,  /* may be passed on, not looked into */
};

/*
 * Answers an access to a field. NULL: *value was read or written; otherwise why it is refused (a sentence
 * that follows "... at ctx+8: ").
 */
typedef const char *isa_field_fn(void *owner, uint64_t off, unsigned width, bool write, uint64_t *value);

/*
 * Values of a map. In the slab they lie densely, stride apart, lead bytes into their slots. For the program
 *they lie 4 strides apart, so that a pointer that runs out of a value meets nothing:
 *
 *	4 * stride * slot   + 2 * stride        + 2 * stride + size           4 * stride * (slot + 1)
 *	| nothing           | value             | nothing                     |
 */
struct isa_slots {
	uint64_t stride, lead, size; /* stride >= size */
};

struct isa_record {
	uint64_t off, size;
	bool used;
};

struct isa_region {
	const char *name;
	enum isa_mem_rule rule;
	uint8_t *p;		     /* borrowed; NULL for MEM_FIELDS and MEM_HANDLE */
	uint64_t size;		     /* all of it */
	uint64_t readable, writable; /* how far the plain path may go: 0, or size */
	uint64_t aligned;	     /* all ones: an access must be aligned to its width */
	bool read_only;
	bool no_atomics;
	isa_field_fn *field;
	void *owner; /* of field */
	struct isa_slots slots;
	const struct isa_record *records;
	unsigned n_records;
};

struct isa_mem {
	struct isa_region *region; /* owned */
	uint64_t n;
};

static inline uint64_t isa_addr(uint64_t region, uint64_t off)
{
	return (region << ISA_REGION_SHIFT) + ISA_REGION_BIAS + off;
}

static inline uint64_t isa_addr_region(uint64_t addr)
{
	return addr >> ISA_REGION_SHIFT;
}

static inline uint64_t isa_slot_off(const struct isa_slots *s, uint64_t slot)
{
	return slot * 4 * s->stride + 2 * s->stride;
}

/* The offset in the region, as a number that is huge when it lies below. */
static inline uint64_t isa_addr_off(uint64_t addr)
{
	return (addr & ((UINT64_C(1) << ISA_REGION_SHIFT) - 1)) - ISA_REGION_BIAS;
}

/* The bytes behind addr, if the plain path can reach them; NULL: ask isa_mem_slow. */
static inline uint8_t *isa_mem_fast(const struct isa_mem *m, uint64_t addr, uint64_t width, bool write)
{
	uint64_t id = isa_addr_region(addr), off = isa_addr_off(addr), size;
	const struct isa_region *r;

	if (__builtin_expect(id >= m->n, 0))
		return NULL;
	r = &m->region[id];
	size = write ? r->writable : r->readable;
	if (__builtin_expect(off >= size || width > size - off || (off & (width - 1) & r->aligned), 0))
		return NULL;
	return r->p + off;
}

/* Room for n regions; all are "nothing". False: out of memory. */
bool isa_mem_init(struct isa_mem *m, uint64_t n);
void isa_mem_fini(struct isa_mem *m);

/* Makes region id n bytes at p (borrowed). */
void isa_mem_bytes(struct isa_mem *m, uint64_t id, const char *name, void *p, uint64_t n, bool read_only);
/* Makes region id a set of fields of n bytes. */
void isa_mem_fields(struct isa_mem *m, uint64_t id, const char *name, uint64_t n, isa_field_fn *fn,
		    void *owner);
/* Makes region id a space of n handles. */
void isa_mem_handles(struct isa_mem *m, uint64_t id, const char *name, uint64_t n);

/*
 * The bytes [addr, addr + n) for a helper or for what the plain path refused, or NULL with a sentence in
 * why. n > 0. Fields and handles have no bytes.
 */
uint8_t *isa_mem_find(const struct isa_mem *m, uint64_t addr, uint64_t n, bool write, char *why, size_t size);

/* A number as a pointer: "optval+4", "NULL", or as hex. */
void isa_addr_print(const struct isa_mem *m, uint64_t addr, char *text, size_t size);

#endif
