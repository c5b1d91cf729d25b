/* SPDX-License-Identifier: MIT */
/*
 * The reader of BPF objects (oracle/isa/object.h) against libbpf's view of the same files: programs, maps,
 * and the instructions after relocation, which must be the same but for how a map is named. Comparing
 * instructions needs root, since libbpf relocates as it loads; without root that part says so and is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/object_files.h"

/* libbpf puts the object's name before a data section's. */
static const struct isa_object_map *same_map(const struct isa_object *o, const struct bpf_map *m)
{
	const char *name = bpf_map__name(m), *dot = strchr(name, '.');
	const char *full = NULL;

	for (uint32_t i = 0; i < o->n_maps; i++) {
		full = o->maps[i].name;
		if (!o->maps[i].is_template &&
		    (bpf_map__is_internal(m) ? dot && !strcmp(full, dot) : !strcmp(full, name)))
			return &o->maps[i];
	}
	return NULL;
}

static void compare_maps(const struct isa_object *o, const struct bpf_object *b)
{
	const struct bpf_map *m;
	uint32_t n = 0;

	bpf_object__for_each_map(m, b)
	{
		const struct isa_object_map *ours = same_map(o, m);
		const void *initial;
		size_t size;

		if (!ours) {
			fail_msg("map %s is not there", bpf_map__name(m));
			return;
		}
		n++;
		assert_int_equal(ours->type, bpf_map__type(m));
		assert_int_equal(ours->key_size, bpf_map__key_size(m));
		assert_int_equal(ours->value_size, bpf_map__value_size(m));
		assert_int_equal(ours->max_entries, bpf_map__max_entries(m));
		assert_int_equal(ours->flags, bpf_map__map_flags(m) & ~(ours->is_data ? BPF_F_MMAPABLE : 0u));
		initial = bpf_map__initial_value((struct bpf_map *)m, &size);
		assert_int_equal(initial != NULL, ours->is_data);
		if (initial && strcmp(ours->name, ".kconfig")) { /* libbpf fills that one as it loads */
			assert_int_equal(size, ours->value_size);
			assert_memory_equal(initial, ours->initial, size);
		}
	}
	for (uint32_t i = 0; i < o->n_maps; i++)
		n += o->maps[i].is_template;
	assert_int_equal(n, o->n_maps);
}

static struct bpf_object *libbpf_open(const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "o");
	char path[512];
	struct bpf_object *b;
	struct bpf_map *m;
	struct bytes file;

	snprintf(path, sizeof(path), HD_BUILD_DIR "/%s.bpf.o", name);
	file = slurp(path);
	b = bpf_object__open_mem(file.p, file.n, &opts);
	assert_non_null(b);
	free(file.p);
	bpf_object__for_each_map(m, b)
	{
		if (bpf_map__is_pinned(m) || bpf_map__pin_path(m))
			bpf_map__set_pin_path(m, NULL);
	}
	return b;
}

static void libbpf_maps_and_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_FILES; i++) {
		struct isa_object *o = open_object(files[i]);
		struct bpf_object *b = libbpf_open(files[i]);
		struct bpf_program *p;
		uint32_t n = 0;

		compare_maps(o, b);
		bpf_object__for_each_program(p, b)
		{
			const struct isa_prog *ours = &o->progs[n++];

			assert_string_equal(ours->name, bpf_program__name(p)); /* in the same order */
			assert_string_equal(ours->section + !ours->autoload,
					    bpf_program__section_name(p) +
						    (bpf_program__section_name(p)[0] == '?'));
			assert_int_equal(ours->autoload, bpf_program__autoload(p));
			assert_int_equal(ours->hook != ISA_PROG_OTHER,
					 bpf_program__type(p) == BPF_PROG_TYPE_CGROUP_SOCKOPT);
			if (ours->hook != ISA_PROG_OTHER)
				assert_int_equal(ours->hook == ISA_PROG_SETSOCKOPT,
						 bpf_program__expected_attach_type(p) ==
							 BPF_CGROUP_SETSOCKOPT);
		}
		assert_int_equal(n, o->n_progs);
		bpf_object__close(b);
		isa_object_free(o);
	}
}

/* libbpf's instruction in our words: a map by its descriptor becomes a map by its index. */
static struct bpf_insn in_our_words(const struct isa_object *o, const struct bpf_object *b,
				    struct bpf_insn insn)
{
	const struct bpf_map *m;

	if (insn.code != LD_IMM64 ||
	    (insn.src_reg != BPF_PSEUDO_MAP_FD && insn.src_reg != BPF_PSEUDO_MAP_VALUE))
		return insn;
	bpf_object__for_each_map(m, b)
	{
		if (bpf_map__fd(m) != insn.imm)
			continue;
		insn.imm = (int32_t)(same_map(o, m) - o->maps);
		insn.src_reg = insn.src_reg == BPF_PSEUDO_MAP_FD ? 5 : 6;
		return insn;
	}
	fail_msg("a descriptor %d of no map", insn.imm);
	return insn;
}

static uint32_t running_kernel(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	return ISA_KERNEL(major, minor);
}

static void compare_insns(const char *file)
{
	struct isa_object *o = open_at(file, running_kernel());
	struct bpf_object *b = libbpf_open(file);
	struct bpf_program *p;
	uint32_t n = 0;

	if (bpf_object__load(b))
		fail_msg("%s: libbpf or the kernel refuses it", file);
	bpf_object__for_each_program(p, b)
	{
		const struct isa_prog *ours = &o->progs[n++];
		const struct bpf_insn *theirs = bpf_program__insns(p);

		if (!ours->autoload)
			continue;
		assert_int_equal(ours->n_insns, bpf_program__insn_cnt(p));
		for (uint32_t i = 0; i < ours->n_insns; i++) {
			struct bpf_insn want = in_our_words(o, b, theirs[i]);

			if (memcmp(&want, &ours->insns[i], sizeof(want)))
				fail_msg("%s: %s: instruction %u: libbpf has %02x %x,%x %d %d, we %02x %x,%x "
					 "%d %d",
					 file, ours->name, i, want.code, want.dst_reg, want.src_reg, want.off,
					 want.imm, ours->insns[i].code, ours->insns[i].dst_reg,
					 ours->insns[i].src_reg, ours->insns[i].off, ours->insns[i].imm);
		}
	}
	bpf_object__close(b);
	isa_object_free(o);
}

static void libbpf_instructions(void **state)
{
	(void)state;
	if (geteuid()) {
		print_message("skipped: libbpf relocates as it loads; run as root\n");
		skip();
	}
	for (size_t i = 0; i < N_FILES; i++)
		compare_insns(files[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libbpf_maps_and_names),
		cmocka_unit_test(libbpf_instructions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
