/* SPDX-License-Identifier: MIT */
/*
 * extern ... __kconfig: numbers of the kernel's configuration, which become one read-only value.
 * LINUX_KERNEL_VERSION is the profile's. A CONFIG_ option is not known here: a weak one reads 0, as libbpf
 * gives it when the kernel does not have the option; a strong one is a refusal.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define MOST_EXTERNS 1024u
#define MOST_BYTES   4096u /* of one; libbpf's strings end there too */

/* What libbpf itself answers, whatever the kernel's configuration. */
static bool answer(const struct load *l, const char *name, uint64_t *value)
{
	uint32_t kernel = l->opts->kernel;

	if (!strcmp(name, "LINUX_KERNEL_VERSION"))
		*value = kernel << 8; /* KERNEL_VERSION(major, minor, 0) */
	else if (!strcmp(name, "LINUX_HAS_BPF_COOKIE"))
		*value = kernel >= ISA_KERNEL(5, 15);
	else if (!strcmp(name, "LINUX_HAS_SYSCALL_WRAPPER"))
		*value = kernel >= ISA_KERNEL(4, 17);
	else
		return false;
	return true;
}

static uint32_t undefined_symbol(const struct load *l, const char *name)
{
	for (uint32_t i = 1; i < l->elf.n_symbols; i++)
		if (!l->elf.symbols[i].section && !strcmp(l->elf.symbols[i].name, name))
			return i;
	return 0;
}

static int add(struct load *l, uint32_t type)
{
	struct btf_view v = btf_type(&l->btf, type);
	struct ext *x = &l->externs[l->n_externs];
	struct btf_view plain;
	int64_t size;
	bool weak;

	if (v.kind != BTF_VAR)
		return refuse(l->to, -EBADMSG, ".BTF: an entry of .kconfig is not a variable");
	x->name = v.name;
	x->symbol = undefined_symbol(l, v.name);
	if (!x->symbol)
		return 0; /* declared and not used */
	weak = l->elf.symbols[x->symbol].bind == STB_WEAK;
	size = btf_size(&l->btf, v.size_or_type);
	if (size <= 0 || size > MOST_BYTES)
		return refuse(l->to, -ENOTSUP,
			      "extern %.64s: has %lld bytes: expected a number or a string of up to %u",
			      x->name, (long long)size, MOST_BYTES);
	x->size = (uint32_t)size;
	x->align = btf_align(&l->btf, v.size_or_type);
	plain = btf_type(&l->btf, btf_plain(&l->btf, v.size_or_type));
	l->n_externs++;
	if (answer(l, x->name, &x->answer)) {
		if (plain.kind != BTF_INT || (size < 8 && x->answer >> (size * 8)))
			return refuse(l->to, -EBADMSG, "extern %.64s: %llu does not fit its %u bytes",
				      x->name, (unsigned long long)x->answer, x->size);
		return 0;
	}
	if (!weak)
		return refuse(l->to, -ENOTSUP,
			      "extern %.64s: the kernel's configuration is not known here (declare it "
			      "__weak: then it reads 0)",
			      x->name);
	return load_note(l, "extern %.64s reads 0: the kernel's configuration is not known here", x->name);
}

/* libbpf's order: cmp_externs */
static int in_order(const void *a, const void *b)
{
	const struct ext *x = a, *y = b;

	if (x->align != y->align)
		return x->align > y->align ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int make_map(struct load *l)
{
	struct isa_object_map *m;
	uint32_t n = 0;
	int map;

	qsort(l->externs, l->n_externs, sizeof(*l->externs), in_order);
	for (uint32_t i = 0; i < l->n_externs; i++) {
		struct ext *x = &l->externs[i];

		x->offset = (n + x->align - 1) / x->align * x->align;
		n = x->offset + x->size;
	}
	map = load_add_data(l, ".kconfig", n, true);
	if (map < 0)
		return map;
	l->kconfig_map = (uint32_t)map;
	m = &l->obj->maps[map];
	for (uint32_t i = 0; i < l->n_externs; i++) {
		const struct ext *x = &l->externs[i];

		for (uint32_t k = 0; k < x->size && k < 8; k++)
			m->initial[x->offset + k] = (uint8_t)(x->answer >> (8 * k));
	}
	return 0;
}

int extern_read(struct load *l)
{
	uint32_t id = l->has_btf ? btf_find(&l->btf, BTF_DATASEC, ".kconfig") : 0;
	struct btf_view sec;
	int ret;

	if (!id)
		return 0;
	sec = btf_type(&l->btf, id);
	if (sec.vlen > MOST_EXTERNS)
		return refuse(l->to, -E2BIG, "%u externs in .kconfig: at most %u are read", sec.vlen,
			      MOST_EXTERNS);
	l->externs = calloc(sec.vlen + 1, sizeof(*l->externs));
	if (!l->externs)
		return refuse_memory(l->to);
	for (uint32_t i = 0; i < sec.vlen; i++) {
		ret = add(l, btf_var(&l->btf, &sec, i).type);
		if (ret)
			return ret;
	}
	return l->n_externs ? make_map(l) : 0;
}

bool extern_offset(const struct load *l, uint32_t symbol, uint32_t *offset)
{
	for (uint32_t i = 0; i < l->n_externs; i++) {
		if (l->externs[i].symbol != symbol)
			continue;
		*offset = l->externs[i].offset;
		return true;
	}
	return false;
}
