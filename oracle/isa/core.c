/* SPDX-License-Identifier: MIT */
/*
 * CO-RE relocations: what each asks for (linux/bpf.h, struct bpf_core_relo), what the table of core_types.c
 * answers, and the instruction that is changed. libbpf: bpf_core_calc_relo_insn, bpf_core_patch_insn.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn_bytes.h"
#include "load.h"

#define MOST_STEPS 64 /* of an access; libbpf: BPF_CORE_SPEC_MAX_LEN */
#define WHERE	   "instruction %u of function %.64s: "

enum ask { /* numbers of enum bpf_core_relo_kind, which older headers lack */
	   ASK_OFFSET,
	   ASK_SIZE,
	   ASK_EXISTS,
	   ASK_SIGNED,
	   ASK_LSHIFT,
	   ASK_RSHIFT,
	   ASK_LOCAL_ID,
	   ASK_TARGET_ID,
	   ASK_TYPE_EXISTS,
	   ASK_TYPE_SIZE,
	   ASK_VALUE_EXISTS,
	   ASK_VALUE,
	   ASK_TYPE_MATCHES,
	   ASKS
};

/* What an access means for one layout of the type. */
struct meaning {
	uint32_t offset, size;
	bool is_signed;
};

struct asked {
	struct load *l;
	struct func *f;
	uint32_t insn;
	const struct btf_core *core;
	const char *type; /* name in the object */
	struct meaning local;
	const char *field[2]; /* names on the way; [0] NULL: the type itself */
	uint32_t n_fields;
	uint32_t index; /* of an array, 0 if none */
};

/* ---- the access in the object's own types ---- */

/* The next number of "0:1:2". -1: the end, -2: damaged. */
static int64_t next_step(const char **s)
{
	char *end;
	unsigned long n;

	if (!**s)
		return -1;
	if (**s < '0' || **s > '9')
		return -2;
	n = strtoul(*s, &end, 10);
	if (n > INT32_MAX || (*end && (*end != ':' || !end[1])))
		return -2;
	*s = *end ? end + 1 : end;
	return (int64_t)n;
}

/* Goes one step into the type *id. 0, or the sentence's end. */
static const char *step(struct asked *a, uint32_t *id, uint32_t i)
{
	const struct btf *b = &a->l->btf;
	struct btf_view v = btf_type(b, *id);
	struct btf_member_view m;
	uint64_t offset;

	if (v.kind == BTF_ARRAY) {
		int64_t size = btf_size(b, btf_array(b, &v).type);

		*id = btf_plain(b, btf_array(b, &v).type);
		offset = size < 0 ? UINT64_MAX : (uint64_t)size * i + a->local.offset;
		a->index = i;
	} else if ((v.kind == BTF_STRUCT || v.kind == BTF_UNION) && i < v.vlen) {
		m = btf_member(b, &v, i);
		if (m.bits || m.bit_offset % 8)
			return "is a bit field";
		if (m.name[0] && a->n_fields < 2)
			a->field[a->n_fields] = m.name;
		a->n_fields += m.name[0] != 0;
		*id = btf_plain(b, m.type);
		offset = (uint64_t)a->local.offset + m.bit_offset / 8;
	} else {
		return "is not what its access says";
	}
	if (offset > INT32_MAX)
		return "lies beyond 2^31";
	a->local.offset = (uint32_t)offset;
	return NULL;
}

static const char *walk(struct asked *a)
{
	const struct btf *b = &a->l->btf;
	const char *s = a->core->access, *why;
	uint32_t id = btf_plain(b, a->core->type);
	struct btf_view v;
	int64_t i = next_step(&s), size;

	if (i != 0)
		return i < 0 ? "has a damaged access" : "is an element of an array of its type";
	for (int n = 0; n < MOST_STEPS; n++) {
		i = next_step(&s);
		if (i < -1)
			return "has a damaged access";
		if (i < 0)
			break;
		why = step(a, &id, (uint32_t)i);
		if (why)
			return why;
	}
	size = btf_size(b, id);
	v = btf_type(b, id);
	a->local.size = size < 0 ? 0 : (uint32_t)size;
	a->local.is_signed = v.kind == BTF_INT && a->l->btf.types[v.body + 3] & 1; /* BTF_INT_SIGNED */
	return NULL;
}

/* ---- the answer ---- */

/* Is it the table's name, or that with ___something behind it? */
static bool same_type(const char *name, const char *known)
{
	size_t n = strlen(known);

	return !strncmp(name, known, n) && (!name[n] || !strncmp(name + n, "___", 3));
}

static const struct core_type *known_type(const struct asked *a)
{
	if (btf_type(&a->l->btf, btf_plain(&a->l->btf, a->core->type)).kind != BTF_STRUCT)
		return NULL;
	for (const struct core_type *t = core_types; t->name; t++)
		if (same_type(a->type, t->name))
			return t;
	return NULL;
}

/* NULL: this kernel does not have it. */
static const struct core_field *known_field(const struct asked *a, const struct core_type *t)
{
	uint32_t kernel = a->l->opts->kernel;

	for (const struct core_field *f = t->fields; f->name && a->n_fields == 1; f++)
		if (!strcmp(f->name, a->field[0]) && kernel >= f->since && (!f->before || kernel < f->before))
			return a->index < (f->n ? f->n : 1) ? f : NULL;
	return NULL;
}

static uint64_t answer(enum ask ask, const struct meaning *m)
{
	switch (ask) {
	case ASK_OFFSET:
		return m->offset;
	case ASK_SIZE:
		return m->size;
	case ASK_SIGNED:
		return m->is_signed;
	case ASK_LSHIFT: /* of a value that was loaded in 8 bytes, little endian */
	case ASK_RSHIFT:
		return m->size <= 8 ? 64 - 8 * m->size : 0;
	default:
		return 1;
	}
}

/* ---- the instruction ---- */

static void poison(struct bpf_insn *insn)
{
	*insn = (struct bpf_insn){.code = OP_CALL, .imm = ISA_POISON};
}

static bool access_size(uint32_t bytes, uint8_t *bits)
{
	static const struct {
		uint8_t bytes, bits;
	} sizes[] = {{1, BPF_B}, {2, BPF_H}, {4, BPF_W}, {8, BPF_DW}};

	for (unsigned i = 0; i < 4; i++) {
		if (sizes[i].bytes != bytes)
			continue;
		*bits = sizes[i].bits;
		return true;
	}
	return false;
}

static int mismatch(const struct asked *a, int64_t found, uint64_t want)
{
	return func_refuse(a->l, a->f,
			   WHERE "CO-RE: holds %lld, but struct %.64s of the object's types says %llu",
			   a->insn, a->f->name, (long long)found, a->type, (unsigned long long)want);
}

static int patch_memory(const struct asked *a, struct bpf_insn *insn, uint64_t from, uint64_t to,
			const struct meaning *target)
{
	uint8_t was, now;

	if (insn->off != (int64_t)from)
		return mismatch(a, insn->off, from);
	if (to > INT16_MAX)
		return func_refuse(a->l, a->f, WHERE "CO-RE: offset %llu does not fit", a->insn, a->f->name,
				   (unsigned long long)to);
	insn->off = (int16_t)to;
	if (a->core->kind != ASK_OFFSET || a->local.size == target->size)
		return 0;
	if (!access_size(a->local.size, &was) || !access_size(target->size, &now) ||
	    BPF_SIZE(insn->code) != was || a->local.is_signed || target->is_signed)
		return func_refuse(a->l, a->f,
				   WHERE
				   "CO-RE: struct %.64s: the field has %u bytes here and %u in the kernel",
				   a->insn, a->f->name, a->type, a->local.size, target->size);
	insn->code = (uint8_t)((insn->code & ~0x18) | now);
	return 0;
}

static int patch(const struct asked *a, uint64_t from, uint64_t to, const struct meaning *target)
{
	struct bpf_insn *insn = &a->f->insns[a->insn];

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (BPF_SRC(insn->code) != BPF_K)
			break;
		if (insn->imm != (int64_t)from)
			return mismatch(a, insn->imm, from);
		insn->imm = (int32_t)to;
		return 0;
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		return patch_memory(a, insn, from, to, target);
	case BPF_LD:
		if (insn->code != OP_LD_IMM64 || insn->src_reg)
			break;
		if ((uint32_t)insn[0].imm != (uint32_t)from || (uint32_t)insn[1].imm != from >> 32)
			return mismatch(a, insn->imm, from);
		insn[0].imm = (int32_t)(uint32_t)to;
		insn[1].imm = (int32_t)(to >> 32);
		return 0;
	default:
		break;
	}
	return func_refuse(a->l, a->f, WHERE "CO-RE: a relocation at opcode %02x, which takes none", a->insn,
			   a->f->name, insn->code);
}

static int patch_absent(const struct asked *a)
{
	struct bpf_insn *insn = &a->f->insns[a->insn];

	if (insn->code == OP_LD_IMM64)
		poison(insn + 1);
	poison(insn);
	return 0;
}

/* ---- one relocation ---- */

static int apply_field(struct asked *a, const struct core_type *t)
{
	const struct core_field *f = known_field(a, t);
	struct meaning target = {0};
	enum ask ask = (enum ask)a->core->kind;

	if (ask == ASK_EXISTS)
		return patch(a, 1, f != NULL, &target);
	if (!f)
		return patch_absent(a);
	target = (struct meaning){
		.offset = f->offset + a->index * f->size, .size = f->size, .is_signed = f->is_signed};
	return patch(a, answer(ask, &a->local), answer(ask, &target), &target);
}

static int apply_type(struct asked *a, const struct core_type *t)
{
	struct meaning none = {0};

	if (a->core->kind == ASK_TYPE_EXISTS)
		return patch(a, 1, 1, &none);
	return patch(a, a->local.size, core_type_size(t, a->l->opts->kernel), &none);
}

static int refuse_unknown(const struct asked *a)
{
	static const char *const asks[ASKS] = {
		[ASK_TARGET_ID] = "asks for the number of a type in a running kernel's BTF: ",
		[ASK_TYPE_MATCHES] = "asks if a running kernel's type is like this one: ",
	};

	if (a->core->kind < ASKS && asks[a->core->kind])
		return func_refuse(a->l, a->f, WHERE "%s%.64s (CO-RE): not answered here", a->insn,
				   a->f->name, asks[a->core->kind], a->type[0] ? a->type : "an unnamed type");
	return func_refuse(a->l, a->f,
			   WHERE "asks a running kernel about %.64s%s%.64s (CO-RE): only bpf_sockopt, "
				 "bpf_sock and bpf_tcp_sock are known here",
			   a->insn, a->f->name, a->type[0] ? a->type : "an unnamed type",
			   a->field[0] ? "." : "", a->field[0] ? a->field[0] : "");
}

/* A value of an enumeration: those of enum bpf_func_id have the same numbers in every kernel that has them.
 */
static int apply_value(struct asked *a, const struct btf_view *v)
{
	const char *s = a->core->access;
	struct meaning none = {0};
	int64_t i = next_step(&s);
	uint32_t number;
	bool exists;

	if ((v->kind != BTF_ENUM && v->kind != BTF_ENUM64) || i < 0 || i >= v->vlen || *s)
		return func_refuse(a->l, a->f, WHERE "CO-RE: %.64s is no value of an enumeration", a->insn,
				   a->f->name, a->type);
	a->field[0] = btf_enumerator(&a->l->btf, v, (uint32_t)i);
	number = v->kind == BTF_ENUM && same_type(a->type, "bpf_func_id") ? core_helper_number(a->field[0])
									  : 0;
	if (!number)
		return func_refuse(
			a->l, a->f,
			WHERE "asks a running kernel for %.64s of enum %.64s (CO-RE): only helpers in enum "
			      "bpf_func_id are known here",
			a->insn, a->f->name, a->field[0], a->type);
	exists = core_helper_exists(number, a->l->opts->kernel);
	if (a->core->kind == ASK_VALUE_EXISTS)
		return patch(a, 1, exists, &none);
	if (!exists)
		return patch_absent(a);
	return patch(a, btf_enum_value(&a->l->btf, v, (uint32_t)i), number, &none);
}

static int apply(struct load *l, struct func *f, uint32_t insn, const struct btf_core *core)
{
	struct asked a = {.l = l, .f = f, .insn = insn, .core = core};
	struct btf_view v = btf_type(&l->btf, btf_plain(&l->btf, core->type));
	const struct core_type *t;
	const char *why;

	a.type = v.name;
	if (core->kind >= ASKS)
		return func_refuse(l, f, WHERE "a CO-RE relocation of the unknown kind %u", insn, f->name,
				   core->kind);
	if (f->mark[insn] == MARK_SECOND)
		return func_refuse(l, f, WHERE "a CO-RE relocation in the middle of it", insn, f->name);
	if (core->kind == ASK_LOCAL_ID)
		return patch(&a, core->type, core->type, &a.local);
	if (core->kind == ASK_VALUE || core->kind == ASK_VALUE_EXISTS)
		return apply_value(&a, &v);
	why = walk(&a);
	if (why)
		return func_refuse(l, f, WHERE "CO-RE: %.64s%s%.64s %s", insn, f->name, a.type,
				   a.field[0] ? "." : "", a.field[0] ? a.field[0] : "", why);
	t = known_type(&a);
	if (!t || core->kind == ASK_TARGET_ID || core->kind == ASK_TYPE_MATCHES)
		return refuse_unknown(&a);
	return core->kind <= ASK_RSHIFT ? apply_field(&a, t) : apply_type(&a, t);
}

int core_apply(struct load *l)
{
	const struct btf_ext *x = &l->ext;
	int ret = 0;

	if (x->n_core_sections > l->elf.n_sections)
		return refuse(l->to, -EBADMSG,
			      ".BTF.ext: CO-RE relocations of %u sections, the object has %u",
			      x->n_core_sections, l->elf.n_sections);
	for (uint32_t i = 0; i < x->n_core_sections; i++) {
		const struct btf_ext_section *s = &x->core_sections[i];
		uint32_t section = elffile_find(&l->elf, s->name), at;

		for (uint32_t k = s->first; section && k < s->first + s->n && !ret; k++) {
			at = func_at(l, section, x->cores[k].insn);
			if (at != NO_FUNC)
				ret = apply(l, &l->funcs[at], x->cores[k].insn - l->funcs[at].first,
					    &x->cores[k]);
		}
	}
	return ret;
}
