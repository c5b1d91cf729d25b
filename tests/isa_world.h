/* SPDX-License-Identifier: MIT */
/* For the tests of maps and helpers: an interpreter with a host that writes down what it is asked. */
#ifndef TESTS_ISA_WORLD_H
#define TESTS_ISA_WORLD_H

#include "harness/base/buf.h"
#include "isa_maps.h"

struct world {
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_host host;
	struct isa_sockopt ctx;
	uint8_t window[64];
	struct buf trace, output;
	int last_map, level, optname, n;
	uint64_t socket;
};

static inline void on_trace(void *owner, const char *s, size_t n)
{
	buf_add(&((struct world *)owner)->trace, s, n);
}

static inline void on_output(void *owner, unsigned map, const void *data, size_t n)
{
	struct world *w = owner;

	w->last_map = (int)map;
	buf_add(&w->output, data, n);
}

static inline int on_getsockopt(void *owner, uint64_t socket, int level, int optname, void *value, int n)
{
	struct world *w = owner;

	w->socket = socket;
	w->level = level;
	w->optname = optname;
	w->n = n;
	memset(value, 0x11, (size_t)n);
	return optname == 99 ? -ENOPROTOOPT : 0;
}

static inline int on_setsockopt(void *owner, uint64_t socket, int level, int optname, const void *value,
				int n)
{
	struct world *w = owner;

	w->level = level;
	w->optname = optname;
	w->n = n;
	buf_add(&w->output, value, (size_t)n);
	return 0;
}

static inline uint64_t on_sock(void *owner, uint64_t socket, unsigned off, unsigned width)
{
	(void)owner;
	return socket * 1000 + off * 10 + width;
}

static inline void world_open(struct world *w, const struct isa_map_def *def, unsigned n)
{
	char err[200];

	memset(w, 0, sizeof(*w));
	isa_maps_init(&w->maps, 0);
	for (unsigned i = 0; i < n; i++)
		if (isa_maps_add(&w->maps, &def[i], err, sizeof(err)) != (int)i)
			fail_msg("%s", err);
	w->host = (struct isa_host){.owner = w,
				    .trace = on_trace,
				    .output = on_output,
				    .getsockopt = on_getsockopt,
				    .setsockopt = on_setsockopt,
				    .sock = on_sock,
				    .tcp_sock = on_sock,
				    .is_tcp = true,
				    .pid_tgid = 0x700000008,
				    .uid_gid = 0x300000004,
				    .comm = "author",
				    .netns_cookie = 4242};
	w->vm = isa_vm_new(&w->maps, &w->host);
	w->ctx = (struct isa_sockopt){.hook = ISA_SETSOCKOPT,
				      .optval = w->window,
				      .window = sizeof(w->window),
				      .socket = 5,
				      .cgroup = 9};
}

static inline void world_close(struct world *w)
{
	isa_vm_free(w->vm);
	isa_maps_fini(&w->maps);
	buf_fini(&w->trace);
	buf_fini(&w->output);
}

static inline uint64_t world_run(struct world *w)
{
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	uint64_t r0 = 0;
	enum isa_end end;

	if (!code)
		fail_msg("insn %zu: %s", p.insn, p.text);
	end = isa_run(w->vm, code, &w->ctx, &r0);
	isa_code_free(code);
	if (end != ISA_ENDED)
		fail_msg("insn %zu: %s", isa_vm_fault(w->vm)->insn, isa_vm_fault(w->vm)->text);
	return r0;
}

static const char *world_fault(struct world *w)
{
	struct isa_problem p;
	struct isa_code *code = isa_code_new(text.insn, text.n, &p);
	uint64_t r0 = 0;

	if (!code)
		fail_msg("insn %zu: %s", p.insn, p.text);
	assert_int_equal(isa_run(w->vm, code, &w->ctx, &r0), ISA_FAULT);
	isa_code_free(code);
	return isa_vm_fault(w->vm)->text;
}

#endif
