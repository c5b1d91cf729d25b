/* SPDX-License-Identifier: MIT */
/*
 * The maps of a program: arrays, hashes (also least recently used ones and the ones for each processor, of
 * which there is one here), queues and stacks, ring and perf buffers, storage by socket and by cgroup, maps
 * of maps, programs for tail calls. Results are the kernel's (kernel/bpf/arraymap.c, hashtab.c,
 * queue_stack_maps.c, ringbuf.c, bpf_local_storage.c, local_storage.c): tests/test_isa_maps.c runs the same
 * programs on the running kernel.
 *
 * What differs: which element a full least-recently-used hash gives up (here exactly the oldest; the kernel
 * looks at a few), the order of for_each_map_elem in a hash (here the one of insertion), and ring buffers,
 * which are read at once and so never full.
 */
#ifndef ISA_MAPS_H
#define ISA_MAPS_H

#include "insn.h"
#include "mem.h"

#define ISA_MAX_RECORDS 32   /* reserved and not yet submitted at a time */
#define ISA_OWNERS	1024 /* sockets or cgroups that one storage map knows */

/* What a loader knows of a map. initial, if not NULL, fills the one value of an array (.rodata, .data). */
struct isa_map_def {
	const char *name; /* borrowed for the life of the map */
	uint32_t type;	  /* BPF_MAP_TYPE_* */
	uint32_t key_size, value_size, max_entries, flags;
	int inner; /* maps of maps: index of the map that the inner ones look like; -1 */
	const void *initial;
	size_t n_initial;
	bool read_only; /* for the program: .rodata, BPF_F_RDONLY_PROG */
};

struct isa_map;

struct isa_maps {
	struct isa_map *map[ISA_MAX_MAPS]; /* owned */
	unsigned n;
	size_t limit, used; /* bytes */
};

/* limit: bytes that all maps together may take (0: 256 MiB). */
void isa_maps_init(struct isa_maps *m, size_t limit);
void isa_maps_fini(struct isa_maps *m);
/* Adds a map; its index, or -1 with a sentence in err: a type that is not modelled, sizes that the kernel
 * would refuse too, or too large. */
int isa_maps_add(struct isa_maps *m, const struct isa_map_def *def, char *err, size_t size);
/* All maps as they were after isa_maps_add (maps of maps and programs lose what was put into them). */
void isa_maps_reset(struct isa_maps *m);
/* Makes the values of map i region ISA_AT_MAPS + i. */
void isa_maps_regions(const struct isa_maps *m, struct isa_mem *mem);

const struct isa_map_def *isa_map_def(const struct isa_maps *m, unsigned i);
bool isa_map_is_storage(uint32_t type);
/* BPF_MAP_TYPE_* without its prefix, in small letters; "type 99" if unknown. */
const char *isa_map_type_name(uint32_t type);

/*
 * The operations, for helpers and for whoever fills and reads maps from outside. Keys and values have the
 * sizes of the definition and are copied. Results are 0 or -errno as in the kernel. A value is found as an
 * offset in the map's region: -1 if there is none; isa_map_at gives its bytes.
 */
int64_t isa_map_lookup(struct isa_maps *m, unsigned i, const void *key);
int isa_map_update(struct isa_maps *m, unsigned i, const void *key, const void *value, uint64_t flags);
int isa_map_delete(struct isa_maps *m, unsigned i, const void *key);
uint8_t *isa_map_at(struct isa_maps *m, unsigned i, int64_t off);
/* Queues and stacks. */
int isa_map_push(struct isa_maps *m, unsigned i, const void *value, uint64_t flags);
int isa_map_pop(struct isa_maps *m, unsigned i, void *value, bool keep);

/* The elements in turn: *at starts as 0; the offset of the value and its key, or -1 at the end. An array's
 * key is written to *index and *key points there. */
int64_t isa_map_next(struct isa_maps *m, unsigned i, uint32_t *at, const void **key, uint32_t *index);
uint32_t isa_map_count(const struct isa_maps *m, unsigned i);

/* Storage of an owner (a socket, a cgroup) by number; made, zeroed or from value, if create. -1: none. */
int64_t isa_storage_get(struct isa_maps *m, unsigned i, uint64_t owner, const void *value, bool create);
int isa_storage_delete(struct isa_maps *m, unsigned i, uint64_t owner);

/* A map of maps: puts map `inner` there (host side). The index of the map found there, or -1. */
int isa_map_set_inner(struct isa_maps *m, unsigned i, const void *key, unsigned inner);
int isa_map_inner(struct isa_maps *m, unsigned i, const void *key);
/* A program array: puts program `prog` there; the number found there, or -1. */
int isa_map_set_prog(struct isa_maps *m, unsigned i, uint32_t index, unsigned prog);
int isa_map_prog(struct isa_maps *m, unsigned i, uint32_t index);

/* Ring buffer: room for a record, as an offset, or -1; gives it back, and where it was and how long. */
int64_t isa_ring_reserve(struct isa_maps *m, unsigned i, uint64_t size);
const uint8_t *isa_ring_release(struct isa_maps *m, unsigned i, uint64_t off, uint64_t *size);
/* How many records are still reserved in all maps; drops them. */
unsigned isa_ring_drop(struct isa_maps *m);
uint64_t isa_ring_position(const struct isa_maps *m, unsigned i);

#endif
