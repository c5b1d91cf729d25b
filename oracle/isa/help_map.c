/* SPDX-License-Identifier: MIT */
/* Helpers of maps and storage. Keys and values are checked as memory, then maps.h does the work. */
#include <errno.h>
#include <string.h>

#include "helpers.h"
#include "vm.h"

#define PERF_CURRENT_CPU UINT32_MAX

/* The index of the map that arg points at, or -1 with a fault. */
static int map_of(struct isa_vm *vm, uint64_t arg)
{
	uint64_t off = isa_addr_off(arg);

	if (isa_addr_region(arg) == ISA_AT_MAP && off % 8 == 0 && off / 8 < vm->maps->n)
		return (int)(off / 8);
	isa_vm_refuse(vm, FAULT_CALL, "the helper wants a map as an argument, and this is none");
	return -1;
}

/* map_of, and the map is of one of these types (a bit for each). */
static int map_of_type(struct isa_vm *vm, uint64_t arg, uint64_t allowed, const char *who)
{
	int i = map_of(vm, arg);
	uint32_t type;

	if (i < 0)
		return -1;
	type = isa_map_def(vm->maps, (unsigned)i)->type;
	if (allowed >> type & 1)
		return i;
	isa_vm_refuse(vm, FAULT_CALL, "%s does not work on maps of type %s", who, isa_map_type_name(type));
	return -1;
}

#define TYPE(x)	  (UINT64_C(1) << BPF_MAP_TYPE_##x)
#define SK	  (UINT64_C(1) << 24)
#define RING	  (UINT64_C(1) << 27)
#define CGRP	  (UINT64_C(1) << 32)
#define CGROUP	  (TYPE(CGROUP_STORAGE) | TYPE(PERCPU_CGROUP_STORAGE))
#define PERCPU	  (TYPE(PERCPU_ARRAY) | TYPE(PERCPU_HASH) | TYPE(LRU_PERCPU_HASH))
#define OF_VALUES (TYPE(ARRAY) | TYPE(HASH) | TYPE(LRU_HASH) | PERCPU)
#define OF_MAPS	  (TYPE(ARRAY_OF_MAPS) | TYPE(HASH_OF_MAPS))
#define OF_QUEUES (TYPE(QUEUE) | TYPE(STACK))

static const struct isa_map_def *def_of(struct isa_vm *vm, int i)
{
	return isa_map_def(vm->maps, (unsigned)i);
}

static uint64_t value_addr(int i, int64_t off)
{
	return off < 0 ? 0 : isa_addr(ISA_AT_MAPS + (uint64_t)i, (uint64_t)off);
}

static uint64_t result(int ret)
{
	return (uint64_t)(int64_t)ret;
}

bool isa_map_lookup_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], OF_VALUES | OF_MAPS, "map_lookup_elem"), inner;
	const uint8_t *key = i < 0 ? NULL : isa_vm_bytes(vm, arg[1], def_of(vm, i)->key_size, false);

	if (!key)
		return false;
	if (!(OF_MAPS >> def_of(vm, i)->type & 1)) {
		*r0 = value_addr(i, isa_map_lookup(vm->maps, (unsigned)i, key));
		return true;
	}
	inner = isa_map_inner(vm->maps, (unsigned)i, key);
	*r0 = inner < 0 ? 0 : isa_addr(ISA_AT_MAP, 8 * (uint64_t)inner);
	return true;
}

bool isa_map_lookup_percpu_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], PERCPU, "map_lookup_percpu_elem");

	*r0 = 0;
	if (i < 0)
		return false;
	return (uint32_t)arg[2] != 0 || isa_map_lookup_elem(vm, arg, r0); /* there is processor 0 only */
}

bool isa_map_update_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], OF_VALUES, "map_update_elem");
	const uint8_t *key = i < 0 ? NULL : isa_vm_bytes(vm, arg[1], def_of(vm, i)->key_size, false);
	const uint8_t *value = !key ? NULL : isa_vm_bytes(vm, arg[2], def_of(vm, i)->value_size, false);

	if (!value)
		return false;
	if (def_of(vm, i)->read_only)
		return isa_vm_refuse(vm, FAULT_CALL, "map_update_elem of %s, which is read-only",
				     def_of(vm, i)->name);
	*r0 = result(isa_map_update(vm->maps, (unsigned)i, key, value, arg[3]));
	return true;
}

bool isa_map_delete_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], OF_VALUES, "map_delete_elem");
	const uint8_t *key = i < 0 ? NULL : isa_vm_bytes(vm, arg[1], def_of(vm, i)->key_size, false);

	if (!key)
		return false;
	*r0 = result(isa_map_delete(vm->maps, (unsigned)i, key));
	return true;
}

bool isa_map_push_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], OF_QUEUES, "map_push_elem");
	const uint8_t *value = i < 0 ? NULL : isa_vm_bytes(vm, arg[1], def_of(vm, i)->value_size, false);

	if (!value)
		return false;
	*r0 = result(isa_map_push(vm->maps, (unsigned)i, value, arg[2]));
	return true;
}

static bool pop(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0, bool keep)
{
	int i = map_of_type(vm, arg[0], OF_QUEUES, keep ? "map_peek_elem" : "map_pop_elem");
	uint8_t *value = i < 0 ? NULL : isa_vm_bytes(vm, arg[1], def_of(vm, i)->value_size, true);

	if (!value)
		return false;
	*r0 = result(isa_map_pop(vm->maps, (unsigned)i, value, keep));
	return true;
}

bool isa_map_pop_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return pop(vm, arg, r0, false);
}

bool isa_map_peek_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return pop(vm, arg, r0, true);
}

/* One round of for_each_map_elem: the callback gets the map, the key, the value, and what the caller passed
 * on. False: fault, or there are no more elements (*more). */
static bool one_element(struct isa_vm *vm, int i, uint32_t *at, uint32_t func, const uint64_t arg[5],
			bool *more, uint64_t *ret)
{
	struct isa_region *key_region = &vm->mem.region[ISA_AT_KEY], outer = *key_region;
	uint32_t size = def_of(vm, i)->key_size, index;
	uint64_t call[5] = {arg[0], isa_addr(ISA_AT_KEY, 0), 0, arg[2]};
	uint8_t copy[512]; /* the element may go while the callback runs */
	const void *key;
	int64_t off = isa_map_next(vm->maps, (unsigned)i, at, &key, &index);
	bool ok;

	*more = off >= 0;
	if (off < 0)
		return false;
	if (size > sizeof(copy))
		return isa_vm_refuse(vm, FAULT_NO_MODEL,
				     "for_each_map_elem with keys of more than 512 bytes");
	memcpy(copy, key, size);
	isa_mem_bytes(&vm->mem, ISA_AT_KEY, "key", copy, size, true);
	call[2] = value_addr(i, off);
	ok = isa_vm_call(vm, func, call, ret);
	*key_region = outer;
	return ok;
}

/* kernel/bpf/arraymap.c bpf_for_each_array_elem, hashtab.c bpf_for_each_hash_elem */
bool isa_for_each_map_elem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], OF_VALUES, "for_each_map_elem");
	uint64_t ret = 0, n = 0;
	uint32_t at = 0, left;
	int64_t func;
	bool more;

	if (i < 0)
		return false;
	if (arg[3]) {
		*r0 = result(-EINVAL);
		return true;
	}
	func = isa_vm_function(vm, arg[1]);
	if (func < 0)
		return false;
	/* elements that the callback adds are not all visited */
	for (left = isa_map_count(vm->maps, (unsigned)i); left && !ret; left--, n++) {
		if (!one_element(vm, i, &at, (uint32_t)func, arg, &more, &ret)) {
			if (more)
				return false;
			break;
		}
	}
	*r0 = n;
	return true;
}

/* Locks keep nobody out here, but their rules hold: one at a time, in a value of a map. */
bool isa_spin_lock(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	if (isa_addr_region(arg[0]) < ISA_AT_MAPS || !isa_vm_bytes(vm, arg[0], 4, true))
		return isa_vm_refuse(vm, FAULT_CALL, "spin_lock wants a lock in a value of a map");
	if (vm->locked)
		return isa_vm_refuse(vm, FAULT_CALL, "spin_lock while a lock is held");
	vm->locked = true;
	*r0 = 0;
	return true;
}

bool isa_spin_unlock(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	if (isa_addr_region(arg[0]) < ISA_AT_MAPS || !isa_vm_bytes(vm, arg[0], 4, true) || !vm->locked)
		return isa_vm_refuse(vm, FAULT_CALL, "spin_unlock without a lock that is held");
	vm->locked = false;
	*r0 = 0;
	return true;
}

/* arg: map, owner, initial value or NULL, flags (1: create) */
static bool storage_get(struct isa_vm *vm, int i, uint64_t owner, bool is_owner, const uint64_t arg[5],
			uint64_t *r0)
{
	const uint8_t *value = NULL;

	*r0 = 0;
	if (arg[2]) {
		value = isa_vm_bytes(vm, arg[2], def_of(vm, i)->value_size, false);
		if (!value)
			return false;
	}
	if (is_owner && arg[3] <= 1)
		*r0 = value_addr(i, isa_storage_get(vm->maps, (unsigned)i, owner, value, arg[3] == 1));
	return true;
}

/* net/core/bpf_sk_storage.c bpf_sk_storage_get, bpf_sk_storage_delete */
bool isa_sk_storage_get(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], SK, "sk_storage_get");
	bool sock = arg[1] == isa_addr(ISA_AT_SOCK, 0) || arg[1] == isa_addr(ISA_AT_TCP_SOCK, 0);

	if (i < 0)
		return false;
	if (!sock && arg[1])
		return isa_vm_refuse(vm, FAULT_CALL, "sk_storage_get wants a socket, which ctx->sk is");
	return storage_get(vm, i, vm->ctx->socket, sock, arg, r0);
}

bool isa_sk_storage_delete(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], SK, "sk_storage_delete");
	bool sock = arg[1] == isa_addr(ISA_AT_SOCK, 0) || arg[1] == isa_addr(ISA_AT_TCP_SOCK, 0);

	if (i < 0)
		return false;
	if (!sock && arg[1])
		return isa_vm_refuse(vm, FAULT_CALL, "sk_storage_delete wants a socket, which ctx->sk is");
	*r0 = result(sock ? isa_storage_delete(vm->maps, (unsigned)i, vm->ctx->socket) : -EINVAL);
	return true;
}

/* kernel/bpf/cgroup.c bpf_get_local_storage: always there */
bool isa_get_local_storage(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], CGROUP, "get_local_storage");
	int64_t off;

	if (i < 0)
		return false;
	if (arg[1])
		return isa_vm_refuse(vm, FAULT_CALL, "the flags of get_local_storage are 0");
	off = isa_storage_get(vm->maps, (unsigned)i, vm->ctx->cgroup, NULL, true);
	if (off < 0)
		return isa_vm_refuse(vm, FAULT_NO_MODEL, "storage for more than %d cgroups", ISA_OWNERS);
	*r0 = value_addr(i, off);
	return true;
}

/* kernel/bpf/bpf_cgrp_storage.c; the owner is a cgroup pointer, of which a program has none but by kfuncs and
 * by walking the task, so NULL is what it can pass here. */
bool isa_cgrp_storage_get(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], CGRP, "cgrp_storage_get");
	uint64_t off = isa_addr_off(arg[1]);

	if (i < 0)
		return false;
	if (arg[1] && (isa_addr_region(arg[1]) != ISA_AT_CGROUP || off % 8))
		return isa_vm_refuse(vm, FAULT_CALL, "cgrp_storage_get wants a cgroup");
	return storage_get(vm, i, off / 8, arg[1] != 0, arg, r0);
}

bool isa_cgrp_storage_delete(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], CGRP, "cgrp_storage_delete");
	uint64_t off = isa_addr_off(arg[1]);

	if (i < 0)
		return false;
	if (arg[1] && (isa_addr_region(arg[1]) != ISA_AT_CGROUP || off % 8))
		return isa_vm_refuse(vm, FAULT_CALL, "cgrp_storage_delete wants a cgroup");
	*r0 = result(arg[1] ? isa_storage_delete(vm->maps, (unsigned)i, off / 8) : -EINVAL);
	return true;
}

static void show(struct isa_vm *vm, int map, const void *data, size_t n)
{
	if (vm->host->output)
		vm->host->output(vm->host->owner, (unsigned)map, data, n);
}

/* kernel/trace/bpf_trace.c __bpf_perf_event_output: the context, map, which buffer, data, size */
bool isa_perf_event_output(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[1], TYPE(PERF_EVENT_ARRAY), "perf_event_output");
	uint64_t index = arg[2] & UINT32_MAX;
	const uint8_t *data = NULL;

	if (i < 0)
		return false;
	if (arg[0] != isa_addr(ISA_AT_CTX, 0))
		return isa_vm_refuse(vm, FAULT_CALL, "perf_event_output wants the context");
	if (arg[4]) {
		data = isa_vm_bytes(vm, arg[3], arg[4], false);
		if (!data)
			return false;
	}
	index = index == PERF_CURRENT_CPU ? 0 : index;
	if (arg[2] & ~(uint64_t)UINT32_MAX) /* event_output_data: no flags but the index */
		*r0 = result(-EINVAL);
	else if (index >= def_of(vm, i)->max_entries)
		*r0 = result(-E2BIG);
	else if (index) /* a buffer that is open, but of another processor */
		*r0 = result(-EOPNOTSUPP);
	else {
		show(vm, i, data, arg[4]);
		*r0 = 0;
	}
	return true;
}

/* kernel/bpf/ringbuf.c */
bool isa_ringbuf_output(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], RING, "ringbuf_output");
	const uint8_t *data = NULL;
	uint64_t size;
	int64_t at;

	if (i < 0)
		return false;
	if (arg[2]) {
		data = isa_vm_bytes(vm, arg[1], arg[2], false);
		if (!data)
			return false;
	}
	if (arg[3] & ~UINT64_C(3)) { /* BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
		*r0 = result(-EINVAL);
		return true;
	}
	at = isa_ring_reserve(vm->maps, (unsigned)i, arg[2]);
	*r0 = at < 0 ? result(-EAGAIN) : 0;
	if (at >= 0) {
		isa_ring_release(vm->maps, (unsigned)i, (uint64_t)at, &size);
		show(vm, i, data, arg[2]);
	}
	return true;
}

bool isa_ringbuf_reserve(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], RING, "ringbuf_reserve");

	if (i < 0)
		return false;
	*r0 = arg[2] ? 0 : value_addr(i, isa_ring_reserve(vm->maps, (unsigned)i, arg[1]));
	return true;
}

static bool release(struct isa_vm *vm, const uint64_t arg[5], bool keep)
{
	uint64_t id = isa_addr_region(arg[0]), size;
	const uint8_t *data = NULL;

	if (id >= ISA_AT_MAPS && id < vm->mem.n &&
	    isa_map_def(vm->maps, (unsigned)(id - ISA_AT_MAPS))->type == 27)
		data = isa_ring_release(vm->maps, (unsigned)(id - ISA_AT_MAPS), isa_addr_off(arg[0]), &size);
	if (!data)
		return isa_vm_refuse(vm, FAULT_CALL, "%s of what ringbuf_reserve did not give",
				     keep ? "ringbuf_submit" : "ringbuf_discard");
	if (keep)
		show(vm, (int)(id - ISA_AT_MAPS), data, size);
	return true;
}

bool isa_ringbuf_submit(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	*r0 = 0;
	return release(vm, arg, true);
}

bool isa_ringbuf_discard(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	*r0 = 0;
	return release(vm, arg, false);
}

bool isa_ringbuf_query(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int i = map_of_type(vm, arg[0], RING, "ringbuf_query");
	uint64_t at;

	if (i < 0)
		return false;
	at = isa_ring_position(vm->maps, (unsigned)i);
	/* 0: bytes that wait (read at once here), 1: size, 2: how far was read, 3: how far was written */
	*r0 = arg[1] == 1 ? def_of(vm, i)->max_entries : arg[1] == 2 || arg[1] == 3 ? at : 0;
	return true;
}
