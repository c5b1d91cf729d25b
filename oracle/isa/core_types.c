/* SPDX-License-Identifier: MIT */
/* include/uapi/linux/bpf.h; the versions are those of the commits that added a field to the kernel. */
#include "core.h"

#include <stddef.h>
#include <string.h>

#include "helpers.h"

/* clang-format off */
static const struct core_field bpf_sockopt[] = {
	{.name = "sk",         .offset = 0,  .size = 8},
	{.name = "optval",     .offset = 8,  .size = 8},
	{.name = "optval_end", .offset = 16, .size = 8},
	{.name = "level",      .offset = 24, .size = 4, .is_signed = true},
	{.name = "optname",    .offset = 28, .size = 4, .is_signed = true},
	{.name = "optlen",     .offset = 32, .size = 4, .is_signed = true},
	{.name = "retval",     .offset = 36, .size = 4, .is_signed = true},
	{0},
};

static const struct core_field bpf_sock[] = {
	{.name = "bound_dev_if",     .offset = 0,  .size = 4},
	{.name = "family",           .offset = 4,  .size = 4},
	{.name = "type",             .offset = 8,  .size = 4},
	{.name = "protocol",         .offset = 12, .size = 4},
	{.name = "mark",             .offset = 16, .size = 4},
	{.name = "priority",         .offset = 20, .size = 4},
	{.name = "src_ip4",          .offset = 24, .size = 4},
	{.name = "src_ip6",          .offset = 28, .size = 4, .n = 4},
	{.name = "src_port",         .offset = 44, .size = 4},
	{.name = "dst_port",         .offset = 48, .size = 4, .before = ISA_KERNEL(5, 18)},
	{.name = "dst_port",         .offset = 48, .size = 2, .since = ISA_KERNEL(5, 18)}, /* 4421a582718a */
	{.name = "dst_ip4",          .offset = 52, .size = 4},
	{.name = "dst_ip6",          .offset = 56, .size = 4, .n = 4},
	{.name = "state",            .offset = 72, .size = 4},
	{.name = "rx_queue_mapping", .offset = 76, .size = 4, .is_signed = true, .since = ISA_KERNEL(5, 8)}, /* c3c16f2ea6d2 */
	{0},
};

static const struct core_field bpf_tcp_sock[] = {
	{.name = "snd_cwnd",         .offset = 0,   .size = 4},
	{.name = "srtt_us",          .offset = 4,   .size = 4},
	{.name = "rtt_min",          .offset = 8,   .size = 4},
	{.name = "snd_ssthresh",     .offset = 12,  .size = 4},
	{.name = "rcv_nxt",          .offset = 16,  .size = 4},
	{.name = "snd_nxt",          .offset = 20,  .size = 4},
	{.name = "snd_una",          .offset = 24,  .size = 4},
	{.name = "mss_cache",        .offset = 28,  .size = 4},
	{.name = "ecn_flags",        .offset = 32,  .size = 4},
	{.name = "rate_delivered",   .offset = 36,  .size = 4},
	{.name = "rate_interval_us", .offset = 40,  .size = 4},
	{.name = "packets_out",      .offset = 44,  .size = 4},
	{.name = "retrans_out",      .offset = 48,  .size = 4},
	{.name = "total_retrans",    .offset = 52,  .size = 4},
	{.name = "segs_in",          .offset = 56,  .size = 4},
	{.name = "data_segs_in",     .offset = 60,  .size = 4},
	{.name = "segs_out",         .offset = 64,  .size = 4},
	{.name = "data_segs_out",    .offset = 68,  .size = 4},
	{.name = "lost_out",         .offset = 72,  .size = 4},
	{.name = "sacked_out",       .offset = 76,  .size = 4},
	{.name = "bytes_received",   .offset = 80,  .size = 8},
	{.name = "bytes_acked",      .offset = 88,  .size = 8},
	{.name = "dsack_dups",       .offset = 96,  .size = 4},
	{.name = "delivered",        .offset = 100, .size = 4},
	{.name = "delivered_ce",     .offset = 104, .size = 4},
	{.name = "icsk_retransmits", .offset = 108, .size = 4},
	{0},
};

/* The last number of enum bpf_func_id (a later release only adds); by the commits that made the helpers. */
static const struct {
	uint32_t kernel, last;
} helpers[] = {
	{ISA_KERNEL(5, 3), 109},  {ISA_KERNEL(5, 4), 110},  {ISA_KERNEL(5, 5), 115},  {ISA_KERNEL(5, 6), 118},
	{ISA_KERNEL(5, 7), 124},  {ISA_KERNEL(5, 8), 135},  {ISA_KERNEL(5, 9), 141},  {ISA_KERNEL(5, 10), 155},
	{ISA_KERNEL(5, 11), 162}, {ISA_KERNEL(5, 12), 163}, {ISA_KERNEL(5, 13), 165}, {ISA_KERNEL(5, 14), 168},
	{ISA_KERNEL(5, 15), 175}, {ISA_KERNEL(5, 16), 179}, {ISA_KERNEL(5, 17), 185}, {ISA_KERNEL(5, 18), 193},
	{ISA_KERNEL(5, 19), 203}, {ISA_KERNEL(6, 0), 207},  {ISA_KERNEL(6, 1), 209},  {ISA_KERNEL(6, 2), 211},
};

const struct core_type core_types[] = {
	{"bpf_sockopt", bpf_sockopt},
	{"bpf_sock", bpf_sock},
	{"bpf_tcp_sock", bpf_tcp_sock},
	{0},
};
/* clang-format on */

uint32_t core_helper_number(const char *name)
{
	const uint32_t n = sizeof(helpers) / sizeof(helpers[0]);

	for (uint32_t i = 1; !strncmp(name, "BPF_FUNC_", 9) && i <= helpers[n - 1].last; i++) {
		const char *known = isa_helper_name(i);

		if (known && !strcmp(known, name + 9))
			return i;
	}
	return 0;
}

bool core_helper_exists(uint32_t number, uint32_t kernel)
{
	uint32_t last = helpers[0].last;

	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (kernel >= helpers[i].kernel)
			last = helpers[i].last;
	return number <= last;
}

uint32_t core_type_size(const struct core_type *t, uint32_t kernel)
{
	uint32_t end = 0, align = 1;

	for (const struct core_field *f = t->fields; f->name; f++) {
		uint32_t to = f->offset + f->size * (f->n ? f->n : 1);

		if (kernel < f->since || (f->before && kernel >= f->before))
			continue;
		end = to > end ? to : end;
		align = f->size > align ? f->size : align;
	}
	return (end + align - 1) / align * align;
}
