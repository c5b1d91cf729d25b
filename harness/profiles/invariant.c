/* SPDX-License-Identifier: MIT */
#include "invariant.h"

#include <errno.h>

#include "../../oracle/clauses.h"

#define MAX_ERRNO  4095
#define WINDOW_MIN 16

static bool is_kernel(const struct invariant_call *v)
{
	return v->profile->in == IN_KERNEL;
}

static bool certain(const struct invariant_call *v, unsigned any)
{
	return !(v->w->any & any);
}

static bool hits_hold(const struct invariant_call *v)
{
	uint64_t over = 0;

	for (unsigned i = 0; i < CLAUSE_WORDS; i++)
		over |= v->w->hits.w[i] & ~v->clauses->w[i];
	return !over;
}

static bool result_named(const struct invariant_call *v)
{
	return !certain(v, ANY_RET) || (v->w->c_ret && clause_has(v->clauses, v->w->c_ret));
}

static bool effective_order(const struct invariant_call *v)
{
	unsigned n = v->w->n_seen;

	if (n > v->n_ids)
		return false;
	for (unsigned k = 0; k < n; k++)
		if (v->w->seen[k].id != v->ids[v->profile->traits.order == ORDER_DOWN ? v->n_ids - 1 - k : k])
			return false;
	return true;
}

static bool window_bound(const struct invariant_call *v)
{
	int32_t user = v->c->optlen_null || v->c->optlen < 0 ? 0 : v->c->optlen;
	uint32_t limit = v->c->hook == HOOK_SET && user < WINDOW_MIN ? WINDOW_MIN : (uint32_t)user;

	limit = limit < v->page ? limit : v->page;
	for (unsigned k = 0; k < v->w->n_seen; k++)
		if (v->w->seen[k].size > limit || v->w->seen[k].split > v->w->seen[k].size)
			return false;
	return true;
}

static bool window_fixed(const struct invariant_call *v)
{
	for (unsigned k = 1; k < v->w->n_seen; k++)
		if (v->w->seen[k].size != v->w->seen[0].size)
			return false;
	return true;
}

static bool first_args(const struct invariant_call *v)
{
	const struct want_seen *s = &v->w->seen[0];

	return !v->w->n_seen || s->any & SEEN_ANY_ARGS ||
	       (s->level == v->c->level && s->optname == v->c->optname);
}

static bool first_optlen(const struct invariant_call *v)
{
	const struct want_seen *s = &v->w->seen[0];

	return !v->w->n_seen || s->any & SEEN_ANY_OPTLEN || s->optlen == v->c->optlen;
}

static bool plan_bound(const struct invariant_call *v)
{
	const struct plan *p = v->plan;

	if (!p->called)
		return true;
	if (!p->kernel_buf)
		return !p->bytes && p->optlen == v->c->optlen;
	return p->bytes && p->optlen >= 0 && (uint32_t)p->optlen <= v->page;
}

static bool plan_user(const struct invariant_call *v)
{
	const struct plan *p = v->plan;

	return !p->called || (!p->kernel_buf && p->level == v->c->level && p->optname == v->c->optname);
}

static bool set_memory(const struct invariant_call *v)
{
	return !v->w->n_out && !v->w->base;
}

static bool set_result(const struct invariant_call *v)
{
	int64_t ret = v->w->ret;

	if (!certain(v, ANY_RET))
		return true;
	if (v->plan->called)
		return ret == v->hr->ret;
	return (ret <= 0 && ret >= -MAX_ERRNO) || v->w->c_ret == C_SET_RETVAL_RAW;
}

static bool set_negative(const struct invariant_call *v)
{
	if (!is_kernel(v) || v->c->via != VIA_SYSCALL || v->c->optlen >= 0)
		return true;
	return !v->w->n_seen && !v->plan->called && certain(v, ANY_RET) &&
	       (v->w->ret == -EINVAL || (v->w->ret == -EBADF && v->c->sock == TC_SOCK_BAD));
}

/* Did the call end with an errno, in a kernel that copies nothing then (5.18)? */
static bool errno_result(const struct invariant_call *v)
{
	return is_kernel(v) && v->c->via != VIA_HELPER &&
	       v->profile->traits.get_negative_ret == NEGATIVE_NO_COPY && certain(v, ANY_RET) &&
	       v->w->ret < 0;
}

static bool errno_memory(const struct invariant_call *v)
{
	if (!errno_result(v))
		return true;
	if (v->w->c_out == C_ZC_FAILED) /* the handler's copy comes after the programs, and does not come */
		return true;
	if (v->w->n_out) /* the buffer is copied before the length, which has nowhere to go */
		return (v->c->optlen_null || v->c->optlen_ro) && v->w->ret == -EFAULT;
	return !v->plan->called || v->w->base == v->hr->mem;
}

static bool errno_optlen(const struct invariant_call *v)
{
	if (!errno_result(v) || !certain(v, ANY_OPTLEN) || !tc_call_has_len(v->c))
		return true;
	return v->w->optlen == (v->plan->called ? v->hr->optlen : v->c->optlen);
}

static bool optlen_bound(const struct invariant_call *v)
{
	const struct want *w = v->w;
	int32_t limit = v->c->optlen < 0 ? 0 : v->c->optlen;

	if (!is_kernel(v) || !certain(v, ANY_RET | ANY_OPTLEN) || !tc_call_has_len(v->c) || !w->n_seen ||
	    v->c->buf.place == BUF_NULL)
		return true;
	limit = (uint32_t)limit < v->page ? limit : (int32_t)v->page;
	return (w->optlen >= 0 && w->optlen <= limit) || (v->hr && w->optlen == v->hr->optlen);
}

/* An optlen inside of optval: the window, and the length over it or behind it. */
static bool out_overlaps(const struct invariant_call *v)
{
	const struct want *w = v->w;
	uint32_t end = v->c->len_off + 4u;

	/* As without an overlap a user who lies about the buffer's size gets more than that. */
	return v->c->len_in && w->out && w->n_seen && w->n_out >= end &&
	       w->n_out <= (w->n_out == end ? v->c->buf.size + TC_PAST : w->seen[0].size) &&
	       (!certain(v, ANY_OPTLEN) || w->optlen == tc_word(w->out + v->c->len_off));
}

static bool out_bound(const struct invariant_call *v)
{
	const struct want *w = v->w;

	if (!w->n_out)
		return true;
	if (w->c_out == C_GET_OVERLAP)
		return out_overlaps(v);
	if (!w->out || !w->n_seen || w->n_out > w->seen[0].size || v->c->buf.place == BUF_NULL ||
	    v->c->buf.place == BUF_READONLY)
		return false;
	if (v->c->buf.place == BUF_EDGE && w->n_out > v->c->buf.size)
		return false;
	return !is_kernel(v) || !certain(v, ANY_OPTLEN) || v->c->optlen_null || v->c->optlen_ro ||
	       v->c->via != VIA_SYSCALL || w->optlen == (int32_t)w->n_out || w->c_out == C_ZC_COPYOUT ||
	       w->c_out == C_ZC_FAILED;
}

static bool bad_descriptor(const struct invariant_call *v)
{
	if (v->c->sock != TC_SOCK_BAD)
		return true;
	return !v->w->n_seen && !v->plan->called && (!certain(v, ANY_RET) || v->w->ret < 0);
}

static bool no_program(const struct invariant_call *v)
{
	if (!is_kernel(v) || v->c->sock == TC_SOCK_BAD || v->n_ids || !v->plan->called)
		return true;
	if (v->plan->kernel_buf || v->plan->level != v->c->level || v->plan->optname != v->c->optname)
		return false;
	return !certain(v, ANY_RET) || v->w->ret == v->hr->ret ||
	       (v->c->via == VIA_URING && !v->hr->ret && v->w->ret == v->hr->optlen);
}

static bool lost_is_free(const struct invariant_call *v)
{
	return !(v->w->lost || v->plan->unsure) || !certain(v, ANY_RET);
}

static bool uring_optlen(const struct invariant_call *v)
{
	return tc_via_has_pointer(v->c->via) || !certain(v, ANY_OPTLEN) || v->w->optlen == v->c->optlen;
}

static bool compat_silent(const struct invariant_call *v)
{
	if (!is_kernel(v) || v->c->via != VIA_COMPAT || v->w->c_runs == C_ZC_INSIDE ||
	    v->w->any & ANY_SEEN_TAIL)
		return true; /* TCP itself runs them for TCP_ZEROCOPY_RECEIVE */
	if (v->w->n_seen || v->w->n_out || v->plan->kernel_buf)
		return false;
	return !v->plan->called || (certain(v, ANY_RET) && v->w->ret == v->hr->ret);
}

static bool helper_silent(const struct invariant_call *v)
{
	if (!is_kernel(v) || v->c->via != VIA_HELPER || v->w->any & ANY_SEEN_TAIL)
		return true;
	if (v->w->n_seen || v->w->n_out || v->plan->kernel_buf)
		return false;
	return !certain(v, ANY_RET) || v->w->ret == (v->plan->called ? v->hr->ret : -EINVAL);
}

enum { ON_GET = 1 << HOOK_GET, ON_SET = 1 << HOOK_SET, ON_BOTH = ON_GET | ON_SET };

/* clang-format off */
static const struct invariant table[] = {
	{"hits-hold", "every clause that had a say holds in the profile",
	 "oracle/clauses.def", ON_BOTH, hits_hold},
	{"result-named", "a result that is certain has a clause of the profile behind it",
	 "oracle/clauses.def", ON_BOTH, result_named},
	{"effective-order", "only effective programs of the socket run, each once, in their order",
	 "compute_effective_progs(); doc, Cgroup Inheritance", ON_BOTH, effective_order},
	{"window-bound", "a program's window is no longer than a page, nor than the user's length (set: or 16)",
	 "sockopt_alloc_buf(), max_t(int, 16, *optlen); doc, Large optval", ON_BOTH, window_bound},
	{"window-fixed", "every program of a chain has the same window",
	 "struct bpf_sockopt_kern.optval_end is written once; CHAIN.WINDOW", ON_BOTH, window_fixed},
	{"first-args", "the first program sees the call's level and optname",
	 "__cgroup_bpf_run_filter_setsockopt, _getsockopt; doc, BPF_CGROUP_SETSOCKOPT", ON_BOTH, first_args},
	{"first-optlen", "the first setsockopt program sees the call's optlen",
	 "__cgroup_bpf_run_filter_setsockopt; doc, BPF_CGROUP_SETSOCKOPT", ON_SET, first_optlen},
	{"plan-bound", "the handler gets at most a page from programs, else the user's own buffer and length",
	 "__cgroup_bpf_run_filter_setsockopt: kernel_optval; doc, Large optval", ON_BOTH, plan_bound},
	{"plan-user", "getsockopt's handler gets the user's own arguments",
	 "net/socket.c do_sock_getsockopt: the handler comes first", ON_GET, plan_user},
	{"set-memory", "setsockopt writes nothing to the user's memory",
	 "__cgroup_bpf_run_filter_setsockopt has no copy_to_user", ON_SET, set_memory},
	{"set-result", "setsockopt gives the handler's result or an errno",
	 "net/socket.c do_sock_setsockopt; retval beyond MAX_ERRNO: SET.RETVAL.RAW", ON_SET, set_result},
	{"set-negative", "setsockopt with a negative optlen is EINVAL before any program",
	 "net/socket.c do_sock_setsockopt: if (optlen < 0)", ON_SET, set_negative},
	{"errno-memory", "getsockopt that ends with an errno leaves the buffer as the handler left it",
	 "__cgroup_bpf_run_filter_getsockopt: if (ret < 0) goto out (5.18)", ON_GET, errno_memory},
	{"errno-optlen", "getsockopt that ends with an errno leaves optlen as the handler left it",
	 "__cgroup_bpf_run_filter_getsockopt: put_user only on success (5.18)", ON_GET, errno_optlen},
	{"optlen-bound", "programs write no optlen beyond the user's length or a page, unless the handler said it",
	 "__cgroup_bpf_run_filter_getsockopt: ctx.optlen > max_optlen; doc, BPF_CGROUP_GETSOCKOPT", ON_GET, optlen_bound},
	{"out-bound", "what is copied to the user lies in the window, in writable memory, and optlen says its length",
	 "__cgroup_bpf_run_filter_getsockopt: copy_to_user(optval, ctx.optval, ctx.optlen)", ON_GET, out_bound},
	{"bad-descriptor", "on a descriptor that is not open neither program nor handler runs",
	 "net/socket.c __sys_setsockopt, __sys_getsockopt; HOOK.BADFD", ON_BOTH, bad_descriptor},
	{"no-program", "without an effective program the handler gets the call as it is, and its result is the call's",
	 "include/linux/bpf-cgroup.h cgroup_bpf_sock_enabled; HOOK.NONE", ON_BOTH, no_program},
	{"lost-is-free", "where the oracle lost track it promises no result",
	 "oracle/oracle.h want.lost, plan.unsure", ON_BOTH, lost_is_free},
	{"uring-optlen", "io_uring's command has no optlen of the user's to write",
	 "io_uring/uring_cmd.c io_uring_cmd_getsockopt", ON_GET, uring_optlen},
	{"compat-silent", "a 32-bit task's call runs no program, and the handler's result is the call's",
	 "net/socket.c do_sock_setsockopt, do_sock_getsockopt: in_compat_syscall()", ON_BOTH, compat_silent},
	{"helper-silent", "a program's own call runs no program; its result is the handler's, or EINVAL",
	 "net/core/filter.c __bpf_setsockopt, __bpf_getsockopt", ON_BOTH, helper_silent},
};
/* clang-format on */
#define N_ROWS (sizeof(table) / sizeof(table[0]))

unsigned invariant_count(void)
{
	return N_ROWS;
}

const struct invariant *invariant_at(unsigned i)
{
	return &table[i];
}

const struct invariant *invariant_broken(const struct invariant_call *v)
{
	for (const struct invariant *r = table; r < table + N_ROWS; r++)
		if (r->hooks >> v->c->hook & 1 && !r->holds(v))
			return r;
	return NULL;
}
