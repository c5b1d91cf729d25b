/* SPDX-License-Identifier: MIT */
#include "helpers.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vm.h"

#define V(major, minor) ISA_KERNEL(major, minor)
#define BOTH		false
#define SET		true

#define MAX_ID 212

static const struct isa_helper rows[MAX_ID] = {
#define HELPER(id, name, since, hooks, fn) [id] = {#name, fn, since, hooks},
#define NO_MODEL(id, name, since, hooks)   [id] = {#name, NULL, since, hooks},
#include "helpers.def"
};

static const char *const names[] = {
#define NAME(x) #x
	__BPF_FUNC_MAPPER(NAME)};

const struct isa_helper *isa_helper_find(int64_t id)
{
	return id > 0 && id < MAX_ID && rows[id].name ? &rows[id] : NULL;
}

const char *isa_helper_name(int64_t id)
{
	const struct isa_helper *h = isa_helper_find(id);

	if (h)
		return h->name;
	return id > 0 && id < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[id] : NULL;
}

bool isa_helper_call(struct isa_vm *vm, int64_t id, uint64_t reg[11])
{
	const struct isa_helper *h = isa_helper_find(id);
	const char *name = isa_helper_name(id);

	if (id == ISA_POISON)
		return isa_vm_refuse(vm, FAULT_CALL,
				     "a field or type that this kernel does not have (CO-RE)");
	if (!h)
		return isa_vm_refuse(vm, FAULT_CALL, "helper %s#%" PRId64 " is not for sockopt programs",
				     name ? name : "unknown", id);
	if (h->set_only && vm->ctx->hook != ISA_SETSOCKOPT)
		return isa_vm_refuse(vm, FAULT_CALL, "helper %s is for setsockopt programs only", name);
	if (vm->kernel && vm->kernel < h->since)
		return isa_vm_refuse(vm, FAULT_CALL,
				     "helper %s is not for sockopt programs before Linux %u.%u", name,
				     h->since >> 8, h->since & 255U);
	if (!h->fn)
		return isa_vm_refuse(vm, FAULT_NO_MODEL, "helper %s is not modelled", name);
	return h->fn(vm, &reg[1], &reg[0]) && vm->fault.kind == FAULT_NONE;
}

bool isa_zero(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)vm;
	(void)arg;
	*r0 = 0;
	return true;
}

bool isa_ktime(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	*r0 = vm->host->ktime ? vm->host->ktime(vm->host->owner) : (vm->clock += 1000);
	return true;
}

bool isa_jiffies(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	isa_ktime(vm, arg, r0);
	*r0 = *r0 / 4000000 + UINT64_C(4294892296); /* 250 Hz; a kernel starts 5 minutes before 2^32 */
	return true;
}

bool isa_prandom(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	if (vm->host->prandom) {
		*r0 = vm->host->prandom(vm->host->owner);
		return true;
	}
	vm->random ^= vm->random << 13; /* xorshift64 */
	vm->random ^= vm->random >> 7;
	vm->random ^= vm->random << 17;
	*r0 = (uint32_t)(vm->random >> 32);
	return true;
}

bool isa_pid_tgid(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	*r0 = vm->host->pid_tgid;
	return true;
}

/* kernel/bpf/helpers.c bpf_get_ns_current_pid_tgid. The namespace that is asked for (device and inode) is
 * taken for the task's, which sees the task under the same numbers as the first one; there is none of inode
 * 0. */
bool isa_ns_pid_tgid(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t n = (uint32_t)arg[3];
	uint32_t info[2] = {(uint32_t)vm->host->pid_tgid, (uint32_t)(vm->host->pid_tgid >> 32)};
	uint8_t *to = isa_vm_bytes(vm, arg[2], n, true);
	bool found = n == sizeof(info) && arg[0] <= UINT32_MAX && arg[1];

	if (!to)
		return false;
	memset(to, 0, n);
	if (found)
		memcpy(to, info, sizeof(info));
	*r0 = found ? 0 : (uint64_t)-EINVAL;
	return true;
}

bool isa_uid_gid(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	*r0 = vm->host->uid_gid;
	return true;
}

/* kernel/bpf/helpers.c bpf_get_current_comm: cut, padded with zeros */
bool isa_comm(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint8_t *to = isa_vm_bytes(vm, arg[0], arg[1], true);
	size_t n = strnlen(vm->host->comm, sizeof(vm->host->comm) - 1);

	if (!to)
		return false;
	memset(to, 0, arg[1]);
	memcpy(to, vm->host->comm, n < arg[1] ? n : arg[1] - 1);
	*r0 = 0;
	return true;
}

bool isa_current_task(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)vm;
	(void)arg;
	*r0 = isa_addr(ISA_AT_TASK, 0);
	return true;
}

bool isa_netns_cookie(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	if (arg[0] && arg[0] != isa_addr(ISA_AT_CTX, 0))
		return isa_vm_refuse(vm, FAULT_CALL, "get_netns_cookie wants the context or NULL");
	*r0 = arg[0] ? vm->host->netns_cookie : 1;
	return true;
}

static uint64_t cgroup_id(struct isa_vm *vm, int level)
{
	return vm->host->cgroup_id ? vm->host->cgroup_id(vm->host->owner, level) : vm->ctx->cgroup;
}

bool isa_cgroup_id(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	*r0 = cgroup_id(vm, -1);
	return true;
}

bool isa_ancestor_cgroup_id(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	*r0 = (int32_t)(uint32_t)arg[0] < 0 ? 0 : cgroup_id(vm, (int32_t)(uint32_t)arg[0]);
	return true;
}

bool isa_get_retval(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	(void)arg;
	*r0 = (uint64_t)(int64_t)vm->ctx->retval;
	return true;
}

bool isa_set_retval(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int32_t value = (int32_t)(uint32_t)arg[0];

	/* kernel/bpf/verifier.c, b1f7f67b74c2: on setsockopt the argument must be an error or 0 */
	if (vm->kernel >= ISA_KERNEL(7, 2) && vm->ctx->hook == ISA_SETSOCKOPT && (value > 0 || value < -4095))
		return isa_vm_refuse(
			vm, FAULT_CALL,
			"set_retval(%d): since Linux 7.2 a setsockopt program sets -4095..0 only", value);
	vm->ctx->retval = value;
	vm->ctx->wrote |= ISA_WROTE_RETVAL;
	*r0 = 0;
	return true;
}

static bool is_sock(struct isa_vm *vm, uint64_t addr, const char *who)
{
	if (addr == isa_addr(ISA_AT_SOCK, 0) || addr == isa_addr(ISA_AT_TCP_SOCK, 0))
		return true;
	return isa_vm_refuse(vm, FAULT_CALL, "%s wants a socket, which ctx->sk is", who);
}

bool isa_tcp_sock(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	if (!is_sock(vm, arg[0], "tcp_sock"))
		return false;
	*r0 = vm->host->is_tcp ? isa_addr(ISA_AT_TCP_SOCK, 0) : 0;
	return true;
}

/* net/core/filter.c _bpf_getsockopt: after an error the whole value is zero */
bool isa_getsockopt(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int n = (int)(uint32_t)arg[4], ret = -EINVAL;
	uint8_t *value;

	if (!is_sock(vm, arg[0], "getsockopt"))
		return false;
	value = isa_vm_bytes(vm, arg[3], (uint32_t)n, true);
	if (!value)
		return false;
	if (n > 0 && vm->host->getsockopt)
		ret = vm->host->getsockopt(vm->host->owner, vm->ctx->socket, (int)(uint32_t)arg[1],
					   (int)(uint32_t)arg[2], value, n);
	if (ret < 0)
		memset(value, 0, (uint32_t)n);
	*r0 = (uint64_t)(int64_t)ret;
	return true;
}

bool isa_setsockopt(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	int n = (int)(uint32_t)arg[4], ret = -EINVAL;
	const uint8_t *value;

	if (!is_sock(vm, arg[0], "setsockopt"))
		return false;
	value = isa_vm_bytes(vm, arg[3], (uint32_t)n, false);
	if (!value)
		return false;
	if (n > 0 && vm->host->setsockopt)
		ret = vm->host->setsockopt(vm->host->owner, vm->ctx->socket, (int)(uint32_t)arg[1],
					   (int)(uint32_t)arg[2], value, n);
	*r0 = (uint64_t)(int64_t)ret;
	return true;
}

/* What cannot be read is -EFAULT and zeros, as in bpf_probe_read_kernel. */
bool isa_probe_read_kernel(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t n = (uint32_t)arg[1];
	const uint8_t *from;
	uint8_t *to;
	char why[200];

	*r0 = 0;
	if (!n)
		return true;
	to = isa_vm_bytes(vm, arg[0], n, true);
	if (!to)
		return false;
	from = isa_mem_find(&vm->mem, arg[2], n, false, why, sizeof(why));
	if (from) {
		memmove(to, from, n);
		return true;
	}
	memset(to, 0, n);
	*r0 = (uint64_t)-EFAULT;
	return true;
}

/* The string with its end, cut to n bytes; the result counts the end. */
bool isa_probe_read_kernel_str(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t n = (uint32_t)arg[1], len = 0;
	uint8_t *to;
	char why[200];

	*r0 = 0;
	if (!n)
		return true;
	to = isa_vm_bytes(vm, arg[0], n, true);
	if (!to)
		return false;
	while (len < n) {
		const uint8_t *from = isa_mem_find(&vm->mem, arg[2] + len, 1, false, why, sizeof(why));

		if (!from) {
			memset(to, 0, n);
			*r0 = (uint64_t)-EFAULT;
			return true;
		}
		to[len++] = *from;
		if (!*from)
			break;
	}
	to[len - 1] = 0;
	memset(to + len, 0, n - len);
	*r0 = len;
	return true;
}

/* There is no user memory here: every address of it is bad. */
bool isa_probe_read_user(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t n = (uint32_t)arg[1];
	uint8_t *to;

	*r0 = n ? (uint64_t)-EFAULT : 0;
	to = n ? isa_vm_bytes(vm, arg[0], n, true) : NULL;
	if (to)
		memset(to, 0, n);
	return !n || to;
}

/* kernel/bpf/core.c JMP_TAIL_CALL: what cannot be called is passed over, r0 stays. */
bool isa_tail_call(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t map = isa_addr_off(arg[1]) / 8;
	int prog;

	(void)r0;
	if (arg[0] != isa_addr(ISA_AT_CTX, 0))
		return isa_vm_refuse(vm, FAULT_CALL, "tail_call wants the context");
	if (isa_addr_region(arg[1]) != ISA_AT_MAP || isa_addr_off(arg[1]) % 8 || map >= vm->maps->n)
		return isa_vm_refuse(vm, FAULT_CALL, "tail_call wants a prog_array");
	if (vm->stop_depth)
		return isa_vm_refuse(vm, FAULT_CALL, "a callback cannot make tail calls");
	prog = isa_map_prog(vm->maps, (unsigned)map, (uint32_t)arg[2]);
	if (prog < 0 || (unsigned)prog >= vm->n_programs || vm->tail_calls == ISA_TAIL_CALLS)
		return true;
	vm->tail_calls++;
	vm->jump = vm->program[prog];
	return true;
}

/* kernel/bpf/bpf_iter.c bpf_loop: at most 2^23 rounds; a callback that returns not 0 ends it. */
bool isa_loop(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t n = (uint32_t)arg[0], i, ret = 0;
	int64_t func;

	if (arg[3]) {
		*r0 = (uint64_t)-EINVAL;
		return true;
	}
	if (n > 1U << 23) {
		*r0 = (uint64_t)-E2BIG;
		return true;
	}
	func = isa_vm_function(vm, arg[1]);
	if (func < 0)
		return false;
	for (i = 0; i < n && !ret;) {
		uint64_t call[5] = {i, arg[2]};

		if (!isa_vm_call(vm, (uint32_t)func, call, &ret))
			return false;
		i++;
	}
	*r0 = i;
	return true;
}
