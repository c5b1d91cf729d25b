/* SPDX-License-Identifier: MIT */
/* A program decoded, and the machine it runs in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers.h"
#include "vm.h"

void isa_code_free(struct isa_code *code)
{
	if (!code)
		return;
	free(code->op);
	free(code->insn);
	free(code->form);
	free(code->func);
	free(code);
}

static void decode(struct isa_code *c, size_t i)
{
	const struct bpf_insn *in = &c->insn[i];
	struct isa_op *op = &c->op[i];

	*op = (struct isa_op){
		.form = c->form[i], .dst = in->dst_reg, .src = in->src_reg, .off = in->off, .imm = in->imm};
	if (op->form == ISA_SECOND_SLOT)
		return;
	if (isa_forms[op->form].imm == JUMP)
		op->target = (uint32_t)((int64_t)i + 1 + in->imm);
	else if (isa_forms[op->form].off == JUMP)
		op->target = (uint32_t)((int64_t)i + 1 + in->off);
	if (op->form == ISA_LD_IMM64)
		op->imm = (int64_t)((uint64_t)(uint32_t)in[1].imm << 32 | (uint32_t)in->imm);
	else if (op->form == ISA_LD_MAP)
		op->imm = (int64_t)isa_addr(ISA_AT_MAP, 8 * (uint64_t)(uint32_t)in->imm);
	else if (op->form == ISA_LD_MAP_VALUE)
		op->imm = (int64_t)isa_addr(ISA_AT_MAPS + (uint64_t)(uint32_t)in->imm, (uint32_t)in[1].imm);
	else if (op->form == ISA_LD_FUNC)
		op->imm = (int64_t)isa_addr(ISA_AT_FUNC, 8 * (uint64_t)op->target);
}

struct isa_code *isa_code_new(const struct bpf_insn *insn, size_t n, struct isa_problem *p)
{
	struct isa_code *c = calloc(1, sizeof(*c));
	size_t room = n ? n : 1;

	*p = (struct isa_problem){0};
	if (c) {
		c->n = n;
		c->op = calloc(room, sizeof(*c->op));
		c->insn = calloc(room, sizeof(*c->insn));
		c->form = calloc(room, sizeof(*c->form));
		c->func = calloc(room, sizeof(*c->func));
	}
	if (!c || !c->op || !c->insn || !c->form || !c->func) {
		strcpy(p->text, "out of memory");
		isa_code_free(c);
		return NULL;
	}
	if (n)
		memcpy(c->insn, insn, n * sizeof(*insn));
	if (!isa_check(c->insn, n, c->form, c->func, p)) {
		isa_code_free(c);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		bool map = c->form[i] == ISA_LD_MAP || c->form[i] == ISA_LD_MAP_VALUE;

		if (map && (uint32_t)insn[i].imm >= ISA_MAX_MAPS) {
			p->insn = i;
			snprintf(p->text, sizeof(p->text), "there is no map %d", insn[i].imm);
			isa_code_free(c);
			return NULL;
		}
		decode(c, i);
	}
	return c;
}

const struct bpf_insn *isa_code_insns(const struct isa_code *code, size_t *n)
{
	*n = code->n;
	return code->insn;
}

unsigned isa_code_since(const struct isa_code *code, enum isa_hook hook, size_t *at)
{
	unsigned since = isa_since(code->form, code->n, at);

	for (size_t i = 0; i < code->n; i++) {
		const struct isa_helper *h;

		if (code->form[i] != ISA_CALL || code->insn[i].imm == ISA_POISON)
			continue;
		h = isa_helper_find(code->insn[i].imm);
		if (!h || (h->set_only && hook != ISA_SETSOCKOPT)) {
			*at = i;
			return ISA_NEVER;
		}
		if (h->since > since) {
			since = h->since;
			*at = i;
		}
	}
	return since;
}

int64_t isa_vm_function(struct isa_vm *vm, uint64_t addr)
{
	uint64_t off = isa_addr_off(addr);

	if (isa_addr_region(addr) == ISA_AT_FUNC && off % 8 == 0 && off / 8 < vm->code->n &&
	    vm->code->func[off / 8])
		return (int64_t)(off / 8);
	isa_vm_refuse(vm, FAULT_CALL, "the callback is no function of the program");
	return -1;
}

static const char *sock_field(void *owner, uint64_t off, unsigned width, bool write, uint64_t *value)
{
	struct isa_vm *vm = owner;
	const char *why = isa_sock_access(off, width, write);

	if (!why)
		*value = vm->host->sock
				 ? vm->host->sock(vm->host->owner, vm->ctx->socket, (unsigned)off, width)
				 : 0;
	return why;
}

static const char *tcp_sock_field(void *owner, uint64_t off, unsigned width, bool write, uint64_t *value)
{
	struct isa_vm *vm = owner;
	const char *why = isa_tcp_sock_access(off, width, write);

	if (!why)
		*value = vm->host->tcp_sock
				 ? vm->host->tcp_sock(vm->host->owner, vm->ctx->socket, (unsigned)off, width)
				 : 0;
	return why;
}

/* Regions that stay the same from run to run. */
static void regions(struct isa_vm *vm)
{
	struct isa_mem *m = &vm->mem;
	static const char *const stack[ISA_FRAMES] = {"stack",	  "stack[1]", "stack[2]", "stack[3]",
						      "stack[4]", "stack[5]", "stack[6]", "stack[7]"};

	for (unsigned i = 0; i < ISA_FRAMES; i++) {
		isa_mem_bytes(m, ISA_AT_STACK + i, stack[i], vm->stack[i], ISA_STACK, false);
		m->region[ISA_AT_STACK + i].aligned = UINT64_MAX;
	}
	isa_mem_fields(m, ISA_AT_SOCK, "sk", ISA_SOCK_SIZE, sock_field, vm);
	isa_mem_fields(m, ISA_AT_TCP_SOCK, "tcp_sock", ISA_TCP_SOCK_SIZE, tcp_sock_field, vm);
	isa_mem_handles(m, ISA_AT_TASK, "task", 1);
	isa_mem_handles(m, ISA_AT_CGROUP, "cgroup", 1);
	isa_mem_handles(m, ISA_AT_MAP, "map", vm->maps->n);
	isa_mem_handles(m, ISA_AT_FUNC, "function", 0);
	isa_mem_handles(m, ISA_AT_KEY, "key", 0);
	isa_maps_regions(vm->maps, m);
}

struct isa_vm *isa_vm_new(struct isa_maps *maps, const struct isa_host *host)
{
	static const struct isa_host nothing = {.comm = "hookdiff"};
	struct isa_vm *vm = calloc(1, sizeof(*vm));

	if (!vm || !isa_mem_init(&vm->mem, ISA_AT_MAPS + maps->n)) {
		free(vm);
		return NULL;
	}
	vm->maps = maps;
	vm->host = host ? host : &nothing;
	vm->budget = ISA_BUDGET;
	vm->clock = 1000000000;
	vm->random = 88172645463325252U;
	vm->ctx = &vm->no_ctx;
	regions(vm);
	return vm;
}

void isa_vm_free(struct isa_vm *vm)
{
	if (!vm)
		return;
	isa_mem_fini(&vm->mem);
	free(vm);
}

void isa_vm_budget(struct isa_vm *vm, uint64_t budget)
{
	vm->budget = budget;
}

void isa_vm_programs(struct isa_vm *vm, const struct isa_code *const *program, unsigned n)
{
	vm->program = program;
	vm->n_programs = n;
}

void isa_vm_kernel(struct isa_vm *vm, unsigned kernel)
{
	vm->kernel = kernel;
}

enum isa_end isa_run(struct isa_vm *vm, const struct isa_code *code, struct isa_sockopt *ctx, uint64_t *r0)
{
	uint64_t reg[11] = {0};
	enum isa_end end;

	vm->code = code;
	vm->ctx = ctx;
	vm->left = vm->budget;
	vm->depth = vm->stop_depth = vm->tail_calls = 0;
	vm->locked = false;
	vm->jump = NULL;
	memset(&vm->fault, 0, sizeof(vm->fault));
	memset(vm->stack[0], 0, ISA_STACK);
	isa_mem_fields(&vm->mem, ISA_AT_CTX, "ctx", ISA_CTX_SIZE, isa_ctx_field, ctx);
	isa_mem_bytes(&vm->mem, ISA_AT_OPTVAL, "optval", ctx->optval, ctx->window, false);
	vm->mem.region[ISA_AT_OPTVAL].no_atomics = true;
	reg[1] = isa_addr(ISA_AT_CTX, 0);
	reg[10] = isa_addr(ISA_AT_STACK, ISA_STACK);
	end = isa_interpret(vm, 0, reg);
	*r0 = reg[0];
	if (isa_ring_drop(vm->maps) && end == ISA_ENDED)
		isa_vm_refuse(vm, FAULT_LEAK, "the program ended with a reserved record of a ring buffer");
	if (vm->locked && end == ISA_ENDED)
		isa_vm_refuse(vm, FAULT_LEAK, "the program ended with a spin lock held");
	if (vm->fault.kind == FAULT_LEAK) {
		vm->fault.code = vm->code;
		end = ISA_FAULT;
	}
	vm->ctx = &vm->no_ctx;
	return end;
}

const struct isa_fault *isa_vm_fault(const struct isa_vm *vm)
{
	return &vm->fault;
}

uint64_t isa_vm_executed(const struct isa_vm *vm)
{
	return vm->budget - vm->left;
}
