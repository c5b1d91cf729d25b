/* SPDX-License-Identifier: MIT */
/*
 * The reader of BPF objects (oracle/isa/object.h) on the samples of progs/samples and on tests/objects:
 * names, hooks, maps, what relocations point to, source lines, CO-RE by kernel version; by hand. The same
 * against libbpf is in test_object_libbpf.c, damaged objects in test_object_damage.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "oracle/isa/core.h"
#include "oracle/isa/helpers.h"
#include "oracle/isa/interp.h"
#include "oracle/isa/object_maps.h"
#include "tests/object_files.h"

static uint32_t map_index(const struct isa_object *o, const char *name)
{
	for (uint32_t i = 0; i < o->n_maps; i++)
		if (!strcmp(o->maps[i].name, name) && !o->maps[i].is_template)
			return i;
	fail_msg("no map %s", name);
	return 0;
}

static const struct isa_prog *prog(const struct isa_object *o, const char *name)
{
	const struct isa_prog *p = isa_prog_find(o, name);

	assert_non_null(p);
	return p;
}

static bool has_note(const struct isa_object *o, const char *part)
{
	for (uint32_t i = 0; i < o->n_notes; i++)
		if (strstr(o->notes[i], part))
			return true;
	return false;
}

/* ---- by hand ---- */

static void programs(void **state)
{
	static const struct {
		const char *file, *name, *section;
		enum isa_prog_hook hook;
		bool autoload, sloppy;
	} rows[] = {
		{"progs/samples/document", "get", "cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true, false},
		{"progs/samples/document", "set", "cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true, false},
		{"progs/samples/custom_option", "tag_get", "cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true,
		 false},
		{"progs/samples/custom_option", "tag_set", "cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true,
		 false},
		{"progs/samples/congestion", "congestion", "cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true,
		 false},
		{"progs/samples/original_dst", "original_dst", "cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true,
		 false},
		{"progs/samples/deny", "deny_get", "cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true, false},
		{"progs/samples/deny", "deny_set", "cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true, false},
		{"progs/samples/count", "count_get", "cgroup/getsockopt", ISA_PROG_GETSOCKOPT, true, false},
		{"progs/samples/count", "count_set", "cgroup/setsockopt", ISA_PROG_SETSOCKOPT, true, false},
		{"tests/objects/features", "kernel_type", "?cgroup/getsockopt", ISA_PROG_GETSOCKOPT, false,
		 false},
		{"tests/objects/features", "other", "socket", ISA_PROG_OTHER, true, false},
		{"tests/objects/legacy", "sloppy", "cgroup/getsockopt/name", ISA_PROG_GETSOCKOPT, true, true},
		{"tests/objects/legacy", "android", "setsockopt/prog", ISA_PROG_SETSOCKOPT, true, true},
	};
	static const struct {
		const char *file;
		uint32_t n;
		const char *licence;
	} counts[] = {
		{"progs/samples/document", 2, "GPL"},
		{"progs/samples/custom_option", 2, "GPL"},
		{"progs/samples/congestion", 1, "GPL"},
		{"progs/samples/original_dst", 1, "GPL"},
		{"progs/samples/deny", 2, "GPL"},
		{"progs/samples/count", 2, "GPL"},
		{"tests/objects/features", 6, "Dual MIT/GPL"},
		{"tests/objects/legacy", 2, "GPL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct isa_object *o = open_object(rows[i].file);
		const struct isa_prog *p = prog(o, rows[i].name);

		assert_string_equal(p->section, rows[i].section);
		assert_int_equal(p->hook, rows[i].hook);
		assert_int_equal(p->autoload, rows[i].autoload);
		assert_int_equal(p->sloppy, rows[i].sloppy);
		assert_string_equal(p->funcs[0].name, rows[i].name);
		isa_object_free(o);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct isa_object *o = open_object(counts[i].file);

		assert_int_equal(o->n_progs, counts[i].n);
		assert_string_equal(o->licence, counts[i].licence);
		isa_object_free(o);
	}
}

static void maps(void **state)
{
	static const struct {
		const char *file, *name;
		uint32_t type, key, value, entries, flags;
	} rows[] = {
		{"progs/samples/custom_option", "tags", BPF_MAP_TYPE_SK_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC},
		{"progs/samples/custom_option", ".rodata", BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_RDONLY_PROG},
		{"progs/samples/original_dst", "destinations", BPF_MAP_TYPE_LRU_HASH, 8, 16, 65536, 0},
		{"progs/samples/deny", "policy", BPF_MAP_TYPE_HASH, 8, 4, 256, 0},
		{"progs/samples/count", "per_socket", BPF_MAP_TYPE_SK_STORAGE, 4, 16, 0, BPF_F_NO_PREALLOC},
		{"progs/samples/count", ".bss", BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0},
		{"tests/objects/features", "outer", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 3, 0},
		{"tests/objects/features", "progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2, 0},
		{"tests/objects/features", "events", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
		{"tests/objects/features", ".rodata.str1.1", BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG},
		{"tests/objects/features", ".rodata", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG},
		{"tests/objects/features", ".data", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0},
		{"tests/objects/legacy", "first", BPF_MAP_TYPE_HASH, 4, 8, 16, 0},
		{"tests/objects/legacy", "second", BPF_MAP_TYPE_ARRAY, 4, 32, 2, BPF_F_MMAPABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct isa_object *o = open_object(rows[i].file);
		const struct isa_object_map *m = &o->maps[map_index(o, rows[i].name)];

		assert_int_equal(m->type, rows[i].type);
		assert_int_equal(m->key_size, rows[i].key);
		assert_int_equal(m->value_size, rows[i].value);
		assert_int_equal(m->max_entries, rows[i].entries);
		assert_int_equal(m->flags, rows[i].flags);
		assert_int_equal(m->readonly, !strncmp(m->name, ".rodata", 7));
		assert_int_equal(m->is_data, m->name[0] == '.');
		isa_object_free(o);
	}
}

static void values(void **state)
{
	static const uint8_t number[4] = {7, 0x56, 0x34, 0x12},
			     numbers[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0x44};
	static const uint8_t kernel[5] = {0, 12, 6}; /* 6.12.0, then the weak CONFIG_ */
	struct isa_object *o = open_object("tests/objects/features");
	const struct isa_object_map *outer = &o->maps[map_index(o, "outer")],
				    *progs = &o->maps[map_index(o, "progs")];

	(void)state;
	assert_memory_equal(o->maps[map_index(o, ".data")].initial, number, 4);
	assert_memory_equal(o->maps[map_index(o, ".rodata")].initial, numbers, 16);
	assert_memory_equal(o->maps[map_index(o, ".rodata.str1.1")].initial, "abcdefg", 8);
	assert_int_equal(o->maps[map_index(o, ".kconfig")].value_size, 5);
	assert_memory_equal(o->maps[map_index(o, ".kconfig")].initial, kernel, 5);
	assert_int_equal(outer->n_slots, 3);
	assert_int_equal(outer->slots[0], map_index(o, "inner_one"));
	assert_int_equal(outer->slots[1], ISA_NO_MAP);
	assert_int_equal(outer->slots[2], map_index(o, "inner_two"));
	assert_true(o->maps[outer->inner].is_template);
	assert_int_equal(o->maps[outer->inner].value_size, 8);
	assert_int_equal(progs->inner, ISA_NO_MAP);
	assert_string_equal(o->progs[progs->slots[0]].name, "tail");
	assert_true(has_note(o, "events is pinned"));
	assert_true(has_note(o, "extern CONFIG_HOOKDIFF_WEAK reads 0"));
	isa_object_free(o);
	o = open_object("tests/objects/legacy");
	assert_true(has_note(o, "libbpf 1.0 and later refuse it"));
	assert_true(has_note(o, "map second: what follows"));
	assert_false(has_note(o, "map first"));
	isa_object_free(o);
}

/* The maps that a program names, in its order, as "map" or "map+offset". */
static void references(const struct isa_object *o, const struct isa_prog *p, char *out, size_t n)
{
	size_t at = 0;

	out[0] = 0;
	for (uint32_t i = 0; i < p->n_insns && at < n; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		if (insn->code != LD_IMM64)
			continue;
		if (insn->src_reg == 5)
			at += (size_t)snprintf(out + at, n - at, "%s ", o->maps[insn->imm].name);
		else if (insn->src_reg == 6)
			at += (size_t)snprintf(out + at, n - at, "%s+%d ", o->maps[insn->imm].name,
					       insn[1].imm);
		i++;
	}
}

static void relocations(void **state)
{
	static const struct {
		const char *file, *prog, *maps;
	} rows[] = {
		{"progs/samples/document", "get", ""},
		{"progs/samples/custom_option", "tag_get", "tags .rodata+0 "},
		{"progs/samples/custom_option", "tag_set", "tags "},
		{"progs/samples/original_dst", "original_dst", "destinations "},
		{"progs/samples/deny", "deny_set", "policy "}, /* in its subprogram */
		{"tests/objects/legacy", "sloppy", "second first "},
	};
	char found[256];
	struct isa_object *o;
	const struct isa_prog *p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		o = open_object(rows[i].file);
		references(o, prog(o, rows[i].prog), found, sizeof(found));
		assert_string_equal(found, rows[i].maps);
		isa_object_free(o);
	}
	o = open_object("progs/samples/count"); /* two variables in one section */
	references(o, prog(o, "count_get"), found, sizeof(found));
	assert_string_equal(found, "per_socket .bss+0 ");
	references(o, prog(o, "count_set"), found, sizeof(found));
	assert_string_equal(found, "per_socket .bss+8 ");
	isa_object_free(o);

	o = open_object("tests/objects/features");
	p = prog(o, "every"); /* each subprogram once, where it is first called, depth first */
	assert_int_equal(p->n_funcs, 4);
	assert_string_equal(p->funcs[1].name, "callback");
	assert_string_equal(p->funcs[2].name, "first");
	assert_string_equal(p->funcs[3].name, "second");
	for (uint32_t i = 0; i < p->n_insns; i++) {
		int64_t to = (int64_t)i + 1 + p->insns[i].imm;

		if (p->insns[i].code == LD_IMM64 && p->insns[i].src_reg == BPF_PSEUDO_FUNC)
			assert_int_equal(to, p->funcs[1].first);
		else if (p->insns[i].code == CALL && p->insns[i].src_reg)
			assert_true(to == p->funcs[2].first || to == p->funcs[3].first);
	}
	assert_string_equal(isa_prog_func(p, p->funcs[2].first)->name, "first");
	assert_string_equal(isa_prog_func(p, p->funcs[2].first - 1)->name, "callback");
	assert_string_equal(isa_prog_func(p, p->n_insns - 1)->name, "second");
	isa_object_free(o);
}

/* ---- source lines ---- */

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Line number `line` of the source is what the object says it is. */
static void check_line(const char *file, const struct isa_line *l)
{
	char path[512], text[512];
	FILE *f;

	snprintf(path, sizeof(path), HD_SOURCE_DIR "/%s.bpf.c", file);
	f = fopen(path, "r");
	assert_non_null(f);
	for (uint32_t i = 0; i < l->line; i++)
		assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	text[strcspn(text, "\n")] = 0;
	assert_string_equal(skip_blanks(text), skip_blanks(l->text));
}

static void lines(void **state)
{
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < N_FILES; i++) {
		struct isa_object *o = open_object(files[i]);

		for (uint32_t k = 0; k < o->n_progs; k++)
			for (uint32_t n = 0; n < o->progs[k].n_insns; n++) {
				const struct isa_line *l = isa_prog_line(o, &o->progs[k], n);

				assert_non_null(l); /* clang -g gives every instruction one */
				if (!l->line || !strstr(l->file, ".bpf.c"))
					continue;
				check_line(files[i], l);
				known++;
			}
		assert_null(isa_prog_line(o, &o->progs[0], o->progs[0].n_insns));
		isa_object_free(o);
	}
	assert_true(known > 200);
}

/* The instruction that stores to the context's optlen in `set` belongs to the one line that says so. */
static void line_of_an_instruction(void **state)
{
	struct isa_object *o = open_object("progs/samples/original_dst");
	const struct isa_prog *p = prog(o, "original_dst");
	bool lookup = false;

	(void)state;
	for (uint32_t i = 0; i < p->n_insns; i++) {
		if (p->insns[i].code != CALL || p->insns[i].imm != BPF_FUNC_map_lookup_elem)
			continue;
		assert_non_null(strstr(isa_prog_line(o, p, i)->text,
				       "found = bpf_map_lookup_elem(&destinations, &who);"));
		assert_true(isa_prog_line(o, p, i)->col > 1);
		lookup = true;
	}
	assert_true(lookup);
	isa_object_free(o);
}

/* ---- CO-RE ---- */

struct core_row {
	uint32_t kernel;
	int port_code; /* of the load of dst_port */
	int has_queue; /* the answer to bpf_core_field_exists(sk->rx_queue_mapping) */
	int sock_size;
};

static void check_core(const struct core_row *row)
{
	struct isa_object *o = open_at("tests/objects/features", row->kernel);
	const struct isa_prog *p = prog(o, "core");
	int sizes = 0, poison = 0, ports = 0, level = 0, ip6 = 0, ones = 0;

	assert_null(p->refused);
	for (uint32_t i = 0; i < p->n_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		poison += insn->code == CALL && insn->imm == ISA_POISON;
		sizes += insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn->imm == row->sock_size;
		ones += insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn->imm == 1;
		ports += insn->code == row->port_code && insn->off == 48;
		level += insn->code == (BPF_LDX | BPF_MEM | BPF_W) && insn->off == 24;
		ip6 += insn->code == (BPF_LDX | BPF_MEM | BPF_W) && insn->off == 28 + 2 * 4;
	}
	assert_int_equal(level, 1);
	assert_int_equal(ip6, 1);
	assert_int_equal(ports, 1);
	assert_int_equal(sizes, 1);
	assert_int_equal(ones, row->has_queue);
	assert_int_equal(poison, 1 + !row->has_queue); /* `gone` was never there */
	isa_object_free(o);
}

static void core(void **state)
{
	static const struct core_row rows[] = {
		{ISA_KERNEL(5, 7), BPF_LDX | BPF_MEM | BPF_W, 0, 76},
		{ISA_KERNEL(5, 8), BPF_LDX | BPF_MEM | BPF_W, 1, 80},
		{ISA_KERNEL(5, 17), BPF_LDX | BPF_MEM | BPF_W, 1, 80},
		{ISA_KERNEL(5, 18), BPF_LDX | BPF_MEM | BPF_H, 1, 80},
		{ISA_KERNEL(6, 12), BPF_LDX | BPF_MEM | BPF_H, 1, 80},
	};
	struct isa_object *o = open_object("tests/objects/features");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_core(&rows[i]);
	assert_string_equal(prog(o, "kernel_type")->refused,
			    "instruction 1 of function kernel_type: asks a running kernel about "
			    "sock___kernel.sk_mark (CO-RE): "
			    "only bpf_sockopt, bpf_sock and bpf_tcp_sock are known here");
	assert_non_null(strstr(prog(o, "kernel_function")->refused,
			       "calls the kernel function hookdiff_kfunc (a kfunc)"));
	assert_null(prog(o, "every")->refused);
	isa_object_free(o);
}

static int32_t immediate(const struct isa_prog *p, unsigned insn)
{
	assert_int_equal(p->insns[insn].code, BPF_LD | BPF_IMM | BPF_DW);
	return p->insns[insn].imm;
}

/* Values of enum bpf_func_id, which grows with the kernel; other enumerations are refused by name. */
static void core_enums(void **state)
{
	static const struct {
		uint32_t kernel;
		int set_retval, loop;
	} rows[] = {
		{ISA_KERNEL(5, 3), 0, 0},  {ISA_KERNEL(5, 16), 0, 0}, {ISA_KERNEL(5, 17), 0, 1},
		{ISA_KERNEL(5, 18), 1, 1}, {ISA_KERNEL(7, 3), 1, 1},
	};
	struct bytes b = slurp(HD_BUILD_DIR "/tests/objects/enums.bpf.o");
	uint8_t *bytes = b.p;
	struct isa_object *o;
	unsigned found = 0;
	char err[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct isa_options opts = {.kernel = rows[i].kernel};
		const struct isa_prog *p;

		assert_int_equal(isa_object_open(b.p, b.n, &opts, &o, err, sizeof(err)), 0);
		p = prog(o, "helpers");
		assert_null(p->refused);
		assert_int_equal(immediate(p, 2), 105); /* bpf_strtol, 5.2 */
		assert_int_equal(immediate(p, 0), rows[i].set_retval);
		assert_int_equal(immediate(p, 6), rows[i].loop);
		p = prog(o, "helper_absent");
		assert_null(p->refused);
		assert_int_equal(p->insns[0].code == (BPF_JMP | BPF_CALL) && p->insns[0].imm == ISA_POISON,
				 !rows[i].loop);
		assert_string_equal(
			prog(o, "other_enum")->refused,
			"instruction 0 of function other_enum: asks a running kernel for OTHER_VALUE of enum "
			"other (CO-RE): only helpers in enum bpf_func_id are known here");
		assert_string_equal(
			prog(o, "number")->refused,
			"instruction 0 of function number: asks for the number of a type in a running "
			"kernel's BTF: bpf_sockopt (CO-RE): not answered here");
		isa_object_free(o);
	}
	for (int64_t id = 1; id < 212; id++) { /* the two tables: no helper is allowed before it is there */
		const struct isa_helper *h = isa_helper_find(id);

		if (h && !core_helper_exists((uint32_t)id, h->since))
			fail_msg("%s is allowed since %u.%u, and in the enumeration since later", h->name,
				 h->since >> 8, h->since & 255U);
	}
	assert_int_equal(core_helper_number("BPF_FUNC_get_retval"), 186);
	assert_false(core_helper_exists(186, ISA_KERNEL(5, 17)));
	assert_true(core_helper_exists(185, ISA_KERNEL(5, 17)));
	assert_int_equal(core_helper_number("BPF_FUNC_"), 0);
	assert_int_equal(core_helper_number("loop"), 0);
	/* compilers before clang 15 do not ask if a type matches: the relocation of `number` is made to */
	for (size_t i = 0; i + 16 <= b.n; i++) {
		uint32_t record[4];

		memcpy(record, bytes + i, sizeof(record));
		if (record[0] == 24 * 8 && record[3] == 7) {
			bytes[i + 12] = 12;
			found++;
		}
	}
	assert_int_equal(found, 1);
	assert_int_equal(
		isa_object_open(b.p, b.n, &(struct isa_options){ISA_KERNEL(6, 12)}, &o, err, sizeof(err)), 0);
	assert_string_equal(
		prog(o, "number")->refused,
		"instruction 0 of function number: asks if a running kernel's type is like this one: "
		"bpf_sockopt (CO-RE): not answered here");
	isa_object_free(o);
	free(b.p);
}

/* The table against the kernel's own header. */
static void core_table(void **state)
{
#define FIELD(type, member)                                                                                  \
	{                                                                                                    \
#type, #member, offsetof(struct type, member), sizeof(((struct type *)0)->member)            \
	}
	static const struct {
		const char *type, *member;
		size_t offset, size;
	} rows[] = {
		FIELD(bpf_sockopt, sk),
		FIELD(bpf_sockopt, optval),
		FIELD(bpf_sockopt, optval_end),
		FIELD(bpf_sockopt, level),
		FIELD(bpf_sockopt, optname),
		FIELD(bpf_sockopt, optlen),
		FIELD(bpf_sockopt, retval),
		FIELD(bpf_sock, bound_dev_if),
		FIELD(bpf_sock, family),
		FIELD(bpf_sock, type),
		FIELD(bpf_sock, protocol),
		FIELD(bpf_sock, mark),
		FIELD(bpf_sock, priority),
		FIELD(bpf_sock, src_ip4),
		FIELD(bpf_sock, src_ip6),
		FIELD(bpf_sock, src_port),
		FIELD(bpf_sock, dst_port),
		FIELD(bpf_sock, dst_ip4),
		FIELD(bpf_sock, dst_ip6),
		FIELD(bpf_sock, state),
		FIELD(bpf_sock, rx_queue_mapping),
		FIELD(bpf_tcp_sock, snd_cwnd),
		FIELD(bpf_tcp_sock, srtt_us),
		FIELD(bpf_tcp_sock, rtt_min),
		FIELD(bpf_tcp_sock, snd_ssthresh),
		FIELD(bpf_tcp_sock, rcv_nxt),
		FIELD(bpf_tcp_sock, snd_nxt),
		FIELD(bpf_tcp_sock, snd_una),
		FIELD(bpf_tcp_sock, mss_cache),
		FIELD(bpf_tcp_sock, ecn_flags),
		FIELD(bpf_tcp_sock, rate_delivered),
		FIELD(bpf_tcp_sock, rate_interval_us),
		FIELD(bpf_tcp_sock, packets_out),
		FIELD(bpf_tcp_sock, retrans_out),
		FIELD(bpf_tcp_sock, total_retrans),
		FIELD(bpf_tcp_sock, segs_in),
		FIELD(bpf_tcp_sock, data_segs_in),
		FIELD(bpf_tcp_sock, segs_out),
		FIELD(bpf_tcp_sock, data_segs_out),
		FIELD(bpf_tcp_sock, lost_out),
		FIELD(bpf_tcp_sock, sacked_out),
		FIELD(bpf_tcp_sock, bytes_received),
		FIELD(bpf_tcp_sock, bytes_acked),
		FIELD(bpf_tcp_sock, dsack_dups),
		FIELD(bpf_tcp_sock, delivered),
		FIELD(bpf_tcp_sock, delivered_ce),
		FIELD(bpf_tcp_sock, icsk_retransmits),
	};
	size_t n = 0, hits;

	(void)state;
	for (const struct core_type *t = core_types; t->name; t++)
		for (const struct core_field *f = t->fields; f->name; f++, n++) {
			hits = 0;
			for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
				if (strcmp(rows[i].type, t->name) || strcmp(rows[i].member, f->name))
					continue;
				assert_int_equal(rows[i].offset, f->offset);
				if (strcmp(f->name, "dst_port")) /* changed: both are in the table */
					assert_int_equal(rows[i].size, f->size * (f->n ? f->n : 1));
				hits++;
			}
			assert_int_equal(hits, 1);
		}
	assert_int_equal(n, sizeof(rows) / sizeof(rows[0]) + 1); /* dst_port is there twice */
	assert_int_equal(core_type_size(&core_types[0], ISA_KERNEL(5, 3)), sizeof(struct bpf_sockopt));
	assert_int_equal(core_type_size(&core_types[2], ISA_KERNEL(5, 3)), 112);
}

/* The object's maps as an interpreter gets them: indices stay, values and maps of maps are filled, and the
 * program array leads to the program of its number. */
static void to_the_interpreter(void **state)
{
	struct isa_object *o = open_object("tests/objects/features");
	const struct isa_code *codes[8] = {NULL};
	struct isa_code *code[8] = {NULL};
	struct isa_problem problem;
	struct isa_maps maps;
	struct isa_vm *vm;
	struct isa_sockopt ctx = {.hook = ISA_GETSOCKOPT};
	uint32_t zero = 0, one = 1, every = (uint32_t)(prog(o, "every") - o->progs);
	char err[200] = "";
	uint64_t r0;

	(void)state;
	isa_maps_init(&maps, 0);
	if (isa_object_maps_add(o, &maps, err, sizeof(err)) ||
	    isa_object_maps_fill(o, &maps, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(maps.n, o->n_maps);
	assert_int_equal(isa_map_def(&maps, map_index(o, "outer"))->inner,
			 o->maps[map_index(o, "outer")].inner);
	assert_int_equal(isa_map_def(&maps, map_index(o, "events"))->inner, -1);
	assert_int_equal(isa_map_inner(&maps, map_index(o, "outer"), &zero), map_index(o, "inner_one"));
	assert_int_equal(isa_map_inner(&maps, map_index(o, "outer"), &one), -1);
	for (uint32_t i = 0; i < o->n_progs; i++)
		if (!o->progs[i].refused && o->progs[i].hook != ISA_PROG_OTHER)
			codes[i] = code[i] = isa_code_new(o->progs[i].insns, o->progs[i].n_insns, &problem);
	vm = isa_vm_new(&maps, NULL);
	assert_non_null(vm);
	isa_vm_programs(vm, codes, o->n_progs);
	/* tail() answers second(optlen) & 1: 3 * 0x12345607 + 'd' + 0x44000004 is odd, 4 * ... + 'e' + 1
	 * even; without it every() would answer 0 for both */
	ctx.optlen = 3;
	assert_int_equal(isa_run(vm, code[every], &ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 1);
	ctx.optlen = 4;
	assert_int_equal(isa_run(vm, code[every], &ctx, &r0), ISA_ENDED);
	assert_int_equal(r0, 0);
	/* in_bss counts the runs that found a map in slot 0 of outer */
	assert_int_equal(
		*isa_map_at(&maps, map_index(o, ".bss"), isa_map_lookup(&maps, map_index(o, ".bss"), &zero)),
		2);
	isa_maps_reset(&maps);
	assert_int_equal(isa_map_inner(&maps, map_index(o, "outer"), &zero), -1);
	isa_vm_free(vm);
	for (uint32_t i = 0; i < 8; i++)
		isa_code_free(code[i]);
	isa_maps_fini(&maps);
	isa_object_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),   cmocka_unit_test(maps),
		cmocka_unit_test(values),     cmocka_unit_test(relocations),
		cmocka_unit_test(lines),      cmocka_unit_test(line_of_an_instruction),
		cmocka_unit_test(core),	      cmocka_unit_test(core_enums),
		cmocka_unit_test(core_table), cmocka_unit_test(to_the_interpreter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
