/* SPDX-License-Identifier: MIT */
#include "sockctx.h"

#include <stddef.h>

#include "mem.h"

#define SOURCE "kernel/bpf/cgroup.c cg_sockopt_is_valid_access"
#define NONE   ACCESS_NONE
#define READ   ACCESS_READ
#define BOTH   ACCESS_BOTH

/* clang-format off */
const struct isa_ctx_row isa_ctx_rows[] = {
	/* name        off size  get   set */
	{"sk",          0, 8, {READ, READ}, SOURCE ": PTR_TO_SOCKET"},
	{"optval",      8, 8, {READ, READ}, SOURCE ": PTR_TO_PACKET"},
	{"optval_end", 16, 8, {READ, READ}, SOURCE ": PTR_TO_PACKET_END"},
	{"level",      24, 4, {READ, BOTH}, SOURCE ": writes for BPF_CGROUP_SETSOCKOPT"},
	{"optname",    28, 4, {READ, BOTH}, SOURCE ": writes for BPF_CGROUP_SETSOCKOPT"},
	{"optlen",     32, 4, {BOTH, BOTH}, SOURCE},
	{"retval",     36, 4, {BOTH, NONE}, SOURCE ": BPF_CGROUP_GETSOCKOPT only"},
};
/* clang-format on */
const unsigned isa_ctx_n_rows = sizeof(isa_ctx_rows) / sizeof(isa_ctx_rows[0]);

enum { SK, OPTVAL, OPTVAL_END, LEVEL, OPTNAME, OPTLEN, RETVAL }; /* indices of the rows */

const struct isa_ctx_row *isa_ctx_access(enum isa_hook hook, uint64_t off, unsigned width, bool write,
					 const char **why)
{
	for (unsigned i = 0; i < isa_ctx_n_rows; i++) {
		const struct isa_ctx_row *row = &isa_ctx_rows[i];

		if (off < row->off || off >= (uint64_t)row->off + row->size)
			continue;
		if (off != row->off || width != row->size)
			*why = row->size == 8 ? "this field is taken with all its 8 bytes or not at all"
					      : "this field is taken with all its 4 bytes or not at all";
		else if (row->access[hook] == ACCESS_NONE)
			*why = "retval is a field for getsockopt programs only; use bpf_get_retval and "
			       "bpf_set_retval";
		else if (write && row->access[hook] != ACCESS_BOTH)
			*why = hook == ISA_GETSOCKOPT ? "a getsockopt program cannot write this field"
						      : "a setsockopt program cannot write this field";
		else
			return row;
		return NULL;
	}
	*why = "struct bpf_sockopt has 40 bytes";
	return NULL;
}

/* The field of a row that is a number. */
static int32_t *number(struct isa_sockopt *c, const struct isa_ctx_row *row)
{
	switch (row - isa_ctx_rows) {
	case LEVEL:
		return &c->level;
	case OPTNAME:
		return &c->optname;
	case OPTLEN:
		return &c->optlen;
	default:
		return &c->retval;
	}
}

const char *isa_ctx_field(void *ctx, uint64_t off, unsigned width, bool write, uint64_t *value)
{
	struct isa_sockopt *c = ctx;
	const char *why = NULL;
	const struct isa_ctx_row *row = isa_ctx_access(c->hook, off, width, write, &why);

	if (!row)
		return why;
	if (write) {
		*number(c, row) = (int32_t)(uint32_t)*value;
		c->wrote |= row == &isa_ctx_rows[OPTLEN]   ? ISA_WROTE_OPTLEN
			    : row == &isa_ctx_rows[RETVAL] ? ISA_WROTE_RETVAL
							   : ISA_WROTE_ARGS;
	} else if (row->size == 4)
		*value = (uint32_t)*number(c, row);
	else
		*value = row == &isa_ctx_rows[SK]
				 ? isa_addr(ISA_AT_SOCK, 0)
				 : isa_addr(ISA_AT_OPTVAL, row == &isa_ctx_rows[OPTVAL] ? 0 : c->window);
	return NULL;
}

/* net/core/filter.c bpf_sock_is_valid_access: WHOLE with 4 bytes only, FIRST also narrower at its first byte,
 * PARTS anywhere in it, PORT as 4 bytes or narrower within its two, PADDING never. */
enum sock_rule { WHOLE, FIRST, PARTS, PORT, PADDING };

static const struct {
	uint8_t off, end, rule;
} sock_rows[] = {
	{0, 4, WHOLE},	   /* bound_dev_if */
	{4, 8, FIRST},	   /* family */
	{8, 12, FIRST},	   /* type */
	{12, 16, FIRST},   /* protocol */
	{16, 24, WHOLE},   /* mark, priority */
	{24, 44, PARTS},   /* src_ip4, src_ip6 */
	{44, 48, FIRST},   /* src_port */
	{48, 50, PORT},	   /* dst_port */
	{50, 52, PADDING}, /* since 5.18 */
	{52, 72, PARTS},   /* dst_ip4, dst_ip6 */
	{72, 76, FIRST},   /* state */
	{76, 80, FIRST},   /* rx_queue_mapping, since 5.8 */
};

const char *isa_sock_access(uint64_t off, unsigned width, bool write)
{
	if (write)
		return "a socket cannot be written";
	for (size_t i = 0; i < sizeof(sock_rows) / sizeof(sock_rows[0]); i++) {
		uint64_t start = sock_rows[i].off;
		enum sock_rule rule = sock_rows[i].rule;

		if (off < start || off >= sock_rows[i].end || width > 4 || off % width || rule == PADDING)
			continue;
		if (width == 4 || rule == PARTS || rule == PORT || (rule == FIRST && off == start))
			return NULL;
		return "this field is taken with all its 4 bytes or not at all";
	}
	return "no such field of struct bpf_sock, or not with this width";
}

const char *isa_tcp_sock_access(uint64_t off, unsigned width, bool write)
{
	bool wide = off >= 80 && off < 96; /* bytes_received, bytes_acked */

	if (write)
		return "a socket cannot be written";
	if (off % width || off >= ISA_TCP_SOCK_SIZE || width != (wide ? 8u : 4u))
		return "no such field of struct bpf_tcp_sock, or not with this width";
	return NULL;
}
