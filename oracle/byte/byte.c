/* SPDX-License-Identifier: MIT */
#include "byte.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../isa/object_maps.h"

static void no_code(struct byte_object *b, uint32_t i, const char *why)
{
	snprintf(b->problem[i].text, sizeof(b->problem[i].text), "%s", why);
}

static void decode(struct byte_object *b, uint32_t i)
{
	const struct isa_prog *p = &b->object->progs[i];

	if (p->hook == ISA_PROG_OTHER)
		no_code(b, i, "a program for another hook");
	else if (p->refused)
		no_code(b, i, p->refused);
	else
		b->code[i] = isa_code_new(p->insns, p->n_insns, &b->problem[i]);
}

static uint32_t protocol_of(const struct tc_sock *s)
{
	if (s->protocol || (s->family != AF_INET && s->family != AF_INET6))
		return s->protocol;
	return s->type == SOCK_STREAM ? IPPROTO_TCP : s->type == SOCK_DGRAM ? IPPROTO_UDP : 0;
}

/* struct bpf_sock of a socket that nothing was done to: not bound, not connected but to the other end of its
 * pair. tests/test_byte_sock.c compares it with the running kernel's. */
/* include/net/tcp_states.h; UNIX sockets use the same numbers, and do not change theirs when the peer shuts
 * down. */
static uint32_t state_of(const struct tc_sock *s)
{
	switch ((enum sock_route)s->route) {
	case ROUTE_LISTENING:
		return BPF_TCP_LISTEN;
	case ROUTE_CLOSED:
		return s->family == AF_UNIX ? BPF_TCP_ESTABLISHED : BPF_TCP_CLOSE_WAIT;
	case ROUTE_SOCKETPAIR:
	case ROUTE_CONNECTED:
		return BPF_TCP_ESTABLISHED;
	case ROUTE_SOCKET:
	case ROUTE_COUNT:
		break;
	}
	return BPF_TCP_CLOSE;
}

static uint64_t sock_field(void *owner, uint64_t socket, unsigned off, unsigned width)
{
	const struct byte_object *b = owner;
	const struct tc_sock *s = b->sock;
	struct bpf_sock now = {0};
	uint64_t value = 0;

	(void)socket;
	if (!s || off + width > sizeof(now))
		return 0;
	now.family = s->family;
	now.type = s->type & 0xf; /* without SOCK_NONBLOCK */
	now.protocol = protocol_of(s);
	now.state = state_of(s);
	now.rx_queue_mapping = -1;
	memcpy(&value, (const uint8_t *)&now + off, width);
	return value;
}

static bool is_tcp(const struct tc_sock *s)
{
	return s && (s->family == AF_INET || s->family == AF_INET6) && s->type == SOCK_STREAM &&
	       (!s->protocol || s->protocol == IPPROTO_TCP);
}

/* Room for n programs, and a machine over b->maps. */
static int make(struct byte_object *b, uint32_t n, unsigned kernel, char *err, size_t size)
{
	b->host = (struct isa_host){.owner = b, .comm = "hookdiff", .sock = sock_field};
	b->code = calloc(n ? n : 1, sizeof(struct isa_code *));
	b->problem = calloc(n ? n : 1, sizeof(*b->problem));
	b->vm = isa_vm_new(&b->maps, &b->host);
	if (!b->code || !b->problem || !b->vm) {
		snprintf(err, size, "out of memory");
		return -ENOMEM;
	}
	isa_vm_kernel(b->vm, kernel);
	isa_vm_programs(b->vm, (const struct isa_code *const *)b->code, n);
	return 0;
}

int byte_object_open(struct byte_object *b, const void *bytes, size_t n, unsigned kernel, char *err,
		     size_t size)
{
	const struct isa_options opts = {.kernel = kernel};
	int ret;

	memset(b, 0, sizeof(*b));
	isa_maps_init(&b->maps, 0);
	ret = isa_object_open(bytes, n, &opts, &b->object, err, size);
	if (!ret && (isa_object_maps_add(b->object, &b->maps, err, size) ||
		     isa_object_maps_fill(b->object, &b->maps, err, size)))
		ret = -ENOTSUP;
	if (!ret)
		ret = make(b, b->object->n_progs, kernel, err, size);
	for (uint32_t i = 0; !ret && i < b->object->n_progs; i++)
		decode(b, i);
	if (ret)
		byte_object_fini(b);
	return ret;
}

int byte_object_from(struct byte_object *b, const struct bpf_insn *insns, size_t n, unsigned kernel,
		     char *err, size_t size)
{
	int ret;

	memset(b, 0, sizeof(*b));
	isa_maps_init(&b->maps, 0);
	ret = make(b, 1, kernel, err, size);
	if (!ret) {
		b->code[0] = isa_code_new(insns, n, &b->problem[0]);
		if (!b->code[0]) {
			snprintf(err, size, "instruction %zu: %s", b->problem[0].insn, b->problem[0].text);
			ret = -EINVAL;
		}
	}
	if (ret)
		byte_object_fini(b);
	return ret;
}

void byte_object_fini(struct byte_object *b)
{
	uint32_t n = b->object ? b->object->n_progs : 1;

	for (uint32_t i = 0; b->code && i < n; i++)
		isa_code_free(b->code[i]);
	free(b->code);
	free(b->problem);
	isa_vm_free(b->vm);
	isa_maps_fini(&b->maps);
	isa_object_free(b->object);
	memset(b, 0, sizeof(*b));
}

void byte_object_reset(struct byte_object *b)
{
	char err[200];

	if (!b->stored)
		return;
	isa_maps_reset(&b->maps);
	if (b->object)
		isa_object_maps_fill(b->object, &b->maps, err, sizeof(err)); /* it did the first time */
	b->stored = false;
}

/* The program's result: 0, 1, or ORACLE_LOST with the reason in run->text. */
static int result(const struct byte_object *b, enum isa_end end, uint64_t r0, struct byte_run *run)
{
	if (end != ISA_ENDED) {
		snprintf(run->text, sizeof(run->text), "%s", isa_vm_fault(b->vm)->text);
		return ORACLE_LOST;
	}
	if ((uint32_t)r0 > 1) {
		snprintf(run->text, sizeof(run->text), "returns %" PRId32 ": the verifier takes 0 and 1 only",
			 (int32_t)(uint32_t)r0);
		return ORACLE_LOST;
	}
	return (int)r0 & 1;
}

/* One program on one entry. */
static int execute(struct byte_chain *c, struct byte_object *b, uint32_t prog, struct oracle_entry *e)
{
	struct isa_sockopt ctx = {.hook = e->hook == HOOK_SET ? ISA_SETSOCKOPT : ISA_GETSOCKOPT,
				  .level = e->level,
				  .optname = e->optname,
				  .optlen = e->optlen,
				  .retval = e->retval,
				  .optval = e->window,
				  .window = e->size,
				  .socket = c->sockets + e->sock + 1,
				  .cgroup = e->id / TC_MAX_SLOTS + 1u};
	struct oracle_entry before = *e;
	struct byte_run run = {.object = b, .prog = prog, .before = &before, .after = e};
	uint64_t r0 = 0;
	enum isa_end end;

	b->sock = c->tc && e->sock < c->tc->n_socks ? &c->tc->sock[e->sock] : NULL;
	b->host.is_tcp = is_tcp(b->sock);
	memcpy(c->before, e->window, e->size);
	before.window = c->before;
	end = isa_run(b->vm, b->code[prog], &ctx, &r0);
	b->stored = true;
	e->level = ctx.level;
	e->optname = ctx.optname;
	e->optlen = ctx.optlen;
	e->retval = ctx.retval;
	run.same_bytes = !memcmp(c->before, e->window, e->size);
	e->wrote = (uint8_t)((ctx.wrote & ISA_WROTE_ARGS ? WROTE_ARGS : 0) |
			     (ctx.wrote & ISA_WROTE_OPTLEN ? WROTE_OPTLEN : 0) |
			     (ctx.wrote & ISA_WROTE_RETVAL ? WROTE_RETVAL : 0) |
			     (run.same_bytes ? 0 : WROTE_BYTES));
	run.ret = result(b, end, r0, &run);
	if (c->ran)
		c->ran(c->owner, &run);
	return run.ret;
}

static int run(void *owner, struct oracle_entry *e)
{
	struct byte_chain *c = owner;
	struct byte_object *b = c->place[e->hook][e->id].object;
	uint32_t prog = c->place[e->hook][e->id].prog;

	if (!b)
		return ORACLE_LIST;
	if (!b->code[prog] || e->size > sizeof(c->before))
		return ORACLE_LOST;
	return execute(c, b, prog, e);
}

void byte_chain_init(struct byte_chain *c)
{
	memset(c, 0, offsetof(struct byte_chain, before));
	c->engine = (struct oracle_engine){.run = run, .owner = c};
}

void byte_chain_put(struct byte_chain *c, enum hook hook, unsigned id, struct byte_object *b, uint32_t prog)
{
	c->place[hook][id].object = b;
	c->place[hook][id].prog = prog;
}
