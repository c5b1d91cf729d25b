/* SPDX-License-Identifier: MIT */
/*
 * Dynptrs: 16 bytes of the stack that name memory and its size, in a map's value or in a record of a ring
 * buffer (kernel/bpf/helpers.c struct bpf_dynptr_kern, kernel/bpf/ringbuf.c). A verifier lets nobody else
 * touch the 16 bytes; here a program that does so finds no dynptr there, or one whose memory is checked again
 * at each use. What dynptr_data returns is bounded by the memory, not by the length that was asked for.
 */
#include <errno.h>
#include <string.h>

#include "helpers.h"
#include "vm.h"

#define MOST ((1U << 24) - 1) /* DYNPTR_MAX_SIZE */

enum kind { KIND_NEVER, KIND_MEMORY, KIND_RECORD, KIND_NULL };

struct dynptr {
	uint64_t addr;
	uint32_t size, kind;
};

/* The 16 bytes of an argument, or NULL with a fault. */
static uint8_t *place(struct isa_vm *vm, uint64_t arg)
{
	uint64_t id = isa_addr_region(arg);

	if (id >= ISA_AT_STACK && id < ISA_AT_CTX && isa_addr_off(arg) % 8 == 0)
		return isa_vm_bytes(vm, arg, sizeof(struct dynptr), true);
	isa_vm_refuse(vm, FAULT_CALL, "a dynptr is 16 bytes of the stack, aligned to 8");
	return NULL;
}

/* A dynptr that some helper filled; false: fault. */
static bool take(struct isa_vm *vm, uint64_t arg, struct dynptr *d)
{
	const uint8_t *p = place(vm, arg);

	if (!p)
		return false;
	memcpy(d, p, sizeof(*d));
	if ((d->kind == KIND_MEMORY || d->kind == KIND_RECORD || d->kind == KIND_NULL) && d->size <= MOST)
		return true;
	return isa_vm_refuse(vm, FAULT_CALL, "the argument is no dynptr that a helper has filled");
}

static bool fill(struct isa_vm *vm, uint64_t arg, struct dynptr d)
{
	uint8_t *p = place(vm, arg);

	if (p)
		memcpy(p, &d, sizeof(d));
	return p != NULL;
}

static uint64_t result(int ret)
{
	return (uint64_t)(int64_t)ret;
}

static bool outside(const struct dynptr *d, uint32_t off, uint32_t n)
{
	return n > d->size || off > d->size - n;
}

/* arg: data, size, flags, dynptr */
bool isa_dynptr_from_mem(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint32_t size = (uint32_t)arg[1];
	int ret = size > MOST ? -E2BIG : arg[2] ? -EINVAL : 0;

	if (isa_addr_region(arg[0]) < ISA_AT_MAPS)
		return isa_vm_refuse(vm, FAULT_CALL, "dynptr_from_mem wants a value of a map");
	if (size && !isa_vm_bytes(vm, arg[0], size, true))
		return false;
	*r0 = result(ret);
	return fill(vm, arg[3],
		    ret ? (struct dynptr){.kind = KIND_NULL}
			: (struct dynptr){.addr = arg[0], .size = size, .kind = KIND_MEMORY});
}

/* arg: where to, size, dynptr, offset, flags */
bool isa_dynptr_read(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint32_t n = (uint32_t)arg[1], off = (uint32_t)arg[3];
	uint8_t *to = n ? isa_vm_bytes(vm, arg[0], n, true) : NULL;
	const uint8_t *from;
	struct dynptr d;

	if ((n && !to) || !take(vm, arg[2], &d))
		return false;
	*r0 = result(d.kind == KIND_NULL || arg[4] ? -EINVAL : outside(&d, off, n) ? -E2BIG : 0);
	if (*r0 || !n)
		return true;
	from = isa_vm_bytes(vm, d.addr + off, n, false);
	if (from)
		memmove(to, from, n);
	return from != NULL;
}

/* arg: dynptr, offset, from where, size, flags */
bool isa_dynptr_write(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint32_t n = (uint32_t)arg[3], off = (uint32_t)arg[1];
	const uint8_t *from = n ? isa_vm_bytes(vm, arg[2], n, false) : NULL;
	uint8_t *to;
	struct dynptr d;

	if ((n && !from) || !take(vm, arg[0], &d))
		return false;
	*r0 = result(d.kind == KIND_NULL ? -EINVAL : outside(&d, off, n) ? -E2BIG : arg[4] ? -EINVAL : 0);
	if (*r0 || !n)
		return true;
	to = isa_vm_bytes(vm, d.addr + off, n, true);
	if (to)
		memmove(to, from, n);
	return to != NULL;
}

/* arg: dynptr, offset, size */
bool isa_dynptr_data(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint32_t off = (uint32_t)arg[1], n = (uint32_t)arg[2];
	struct dynptr d;

	if (!take(vm, arg[0], &d))
		return false;
	*r0 = d.kind == KIND_NULL || outside(&d, off, n) ? 0 : d.addr + off;
	return true;
}

/* arg: map, size, flags, dynptr. Also after an error the dynptr must be given back. */
bool isa_ringbuf_reserve_dynptr(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	const uint64_t reserve[5] = {arg[0], (uint32_t)arg[1]};
	uint32_t size = (uint32_t)arg[1];
	uint64_t record = 0;

	*r0 = result(arg[2] ? -EINVAL : size > MOST ? -E2BIG : 0);
	if (!*r0) {
		if (!isa_ringbuf_reserve(vm, reserve, &record))
			return false;
		*r0 = record ? 0 : result(-EINVAL);
	}
	return fill(vm, arg[3],
		    *r0 ? (struct dynptr){.kind = KIND_NULL}
			: (struct dynptr){.addr = record, .size = size, .kind = KIND_RECORD});
}

static bool give_back(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0, isa_helper_fn *how)
{
	struct dynptr d;
	bool ok = take(vm, arg[0], &d);

	*r0 = 0;
	if (ok && d.kind == KIND_MEMORY)
		return isa_vm_refuse(vm, FAULT_CALL, "the dynptr is of no record of a ring buffer");
	if (ok && d.kind == KIND_RECORD)
		ok = how(vm, (const uint64_t[5]){d.addr, arg[1]}, r0);
	return ok && fill(vm, arg[0], (struct dynptr){0});
}

bool isa_ringbuf_submit_dynptr(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return give_back(vm, arg, r0, isa_ringbuf_submit);
}

bool isa_ringbuf_discard_dynptr(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return give_back(vm, arg, r0, isa_ringbuf_discard);
}
