/* SPDX-License-Identifier: MIT */
#include "btf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/buf.h"

#define BTF_MAGIC_LE   0xeb9fu
#define HEADER_BYTES   24u
#define TYPE_BYTES     12u
#define MOST_NESTED    32 /* typedefs in typedefs, arrays in arrays; libbpf: MAX_RESOLVE_DEPTH */
#define LINKAGE_EXTERN 2u

static uint32_t u32_at(const struct btf *b, uint32_t offset)
{
	struct cursor c = cursor_make(b->types + offset, b->types_n - offset);

	return cursor_u32(&c);
}

/* ---- reading ---- */

/* What follows a type: so many bytes for each of vlen entries, and so many once. */
static const struct {
	uint8_t once, each;
} bodies[BTF_KINDS] = {
	[BTF_INT] = {4, 0},	   [BTF_ARRAY] = {12, 0},  [BTF_STRUCT] = {0, 12},  [BTF_UNION] = {0, 12},
	[BTF_ENUM] = {0, 8},	   [BTF_VAR] = {4, 0},	   [BTF_DATASEC] = {0, 12}, [BTF_DECL_TAG] = {4, 0},
	[BTF_FUNC_PROTO] = {0, 8}, [BTF_ENUM64] = {0, 12},
};

struct btf_view btf_type(const struct btf *b, uint32_t id)
{
	uint32_t at, info;

	if (!id)
		return (struct btf_view){.kind = BTF_VOID, .name = "void"};
	at = b->at[id];
	info = u32_at(b, at + 4);
	return (struct btf_view){
		.kind = (enum btf_kind)(info >> 24 & 0x1f),
		.name = b->strings + u32_at(b, at),
		.vlen = info & 0xffff,
		.kflag = info >> 31,
		.size_or_type = u32_at(b, at + 8),
		.body = at + TYPE_BYTES,
	};
}

/* Does size_or_type of that kind name a type? */
static bool has_type(enum btf_kind kind)
{
	switch (kind) {
	case BTF_PTR:
	case BTF_TYPEDEF:
	case BTF_VOLATILE:
	case BTF_CONST:
	case BTF_RESTRICT:
	case BTF_FUNC:
	case BTF_FUNC_PROTO:
	case BTF_VAR:
	case BTF_DECL_TAG:
	case BTF_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

static bool check_entry(const struct btf *b, const struct btf_view *v, uint32_t i)
{
	uint32_t at = v->body + i * bodies[v->kind].each;

	switch (v->kind) {
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_FUNC_PROTO:
		return u32_at(b, at) < b->strings_n && u32_at(b, at + 4) < b->n;
	case BTF_ENUM:
	case BTF_ENUM64:
		return u32_at(b, at) < b->strings_n;
	case BTF_DATASEC:
		return u32_at(b, at) < b->n;
	default:
		return true;
	}
}

static bool check_type(const struct btf *b, uint32_t id)
{
	struct btf_view v;

	if (u32_at(b, b->at[id]) >= b->strings_n)
		return false;
	v = btf_type(b, id);
	if (has_type(v.kind) && v.size_or_type >= b->n)
		return false;
	if (v.kind == BTF_ARRAY && (u32_at(b, v.body) >= b->n || u32_at(b, v.body + 4) >= b->n))
		return false;
	for (uint32_t i = 0; bodies[v.kind].each && i < v.vlen; i++)
		if (!check_entry(b, &v, i))
			return false;
	return true;
}

static int index_types(struct btf *b, const struct refusal *to)
{
	uint32_t at = 0, kind, info;
	size_t room;

	b->at = calloc(b->types_n / TYPE_BYTES + 1, sizeof(*b->at));
	if (!b->at)
		return refuse_memory(to);
	for (b->n = 1; at < b->types_n; b->n++) {
		if (b->types_n - at < TYPE_BYTES)
			return refuse(to, -EBADMSG, ".BTF: type %u is cut off", b->n);
		info = u32_at(b, at + 4);
		kind = info >> 24 & 0x1f;
		if (kind == BTF_VOID || kind >= BTF_KINDS)
			return refuse(to, -ENOTSUP, ".BTF: type %u is of the unknown kind %u", b->n, kind);
		room = TYPE_BYTES + bodies[kind].once + (size_t)bodies[kind].each * (info & 0xffff);
		if (b->types_n - at < room)
			return refuse(to, -EBADMSG, ".BTF: type %u is cut off", b->n);
		b->at[b->n] = at;
		at += (uint32_t)room;
	}
	for (uint32_t id = 1; id < b->n; id++)
		if (!check_type(b, id))
			return refuse(to, -EBADMSG,
				      ".BTF: type %u names a type or a string that is not there", id);
	return 0;
}

int btf_read(struct btf *b, uint8_t *bytes, size_t n, const struct refusal *to)
{
	struct cursor c = cursor_make(bytes, n);
	uint32_t magic = cursor_u16(&c), version = cursor_u8(&c), header, type_at, type_n, str_at, str_n;
	uint8_t *strings;
	int ret;

	*b = (struct btf){0};
	cursor_u8(&c); /* flags */
	header = cursor_u32(&c);
	type_at = cursor_u32(&c);
	type_n = cursor_u32(&c);
	str_at = cursor_u32(&c);
	str_n = cursor_u32(&c);
	if (c.over)
		return refuse(to, -EBADMSG, ".BTF: the header is cut off: it has %u bytes, the section %zu",
			      HEADER_BYTES, n);
	if (magic != BTF_MAGIC_LE || version != 1)
		return refuse(to, -EBADMSG, ".BTF: expected magic eb9f and version 1, found %04x and %u",
			      magic, version);
	if (header < HEADER_BYTES || header > n)
		return refuse(to, -EBADMSG, ".BTF: a header of %u bytes in a section of %zu", header, n);
	n -= header;
	if (type_at > n || type_n > n - type_at || str_at > n || str_n > n - str_at ||
	    type_at + type_n > str_at)
		return refuse(to, -EBADMSG,
			      ".BTF: types (%u bytes at %u) and strings (%u bytes at %u) do not lie one "
			      "behind the other in %zu bytes",
			      type_n, type_at, str_n, str_at, n);
	strings = bytes + header + str_at;
	if (!str_n || strings[0] || strings[str_n - 1])
		return refuse(to, -EBADMSG, ".BTF: the strings do not begin and end with a zero byte");
	for (uint32_t i = 0; i < str_n; i++) {
		if (strings[i] == '\t')
			strings[i] = ' ';
		else if (strings[i] && (strings[i] < ' ' || strings[i] == 0x7f))
			strings[i] = '?';
	}
	b->types = bytes + header + type_at;
	b->types_n = type_n;
	b->strings = (const char *)strings;
	b->strings_n = str_n;
	ret = index_types(b, to);
	if (ret)
		btf_fini(b);
	return ret;
}

void btf_fini(struct btf *b)
{
	free(b->at);
	*b = (struct btf){0};
}

/* ---- looking ---- */

struct btf_member_view btf_member(const struct btf *b, const struct btf_view *v, uint32_t i)
{
	uint32_t at = v->body + i * 12, offset = u32_at(b, at + 8);

	return (struct btf_member_view){
		.name = b->strings + u32_at(b, at),
		.type = u32_at(b, at + 4),
		.bit_offset = v->kflag ? offset & 0xffffff : offset,
		.bits = v->kflag ? offset >> 24 : 0,
	};
}

struct btf_array_view btf_array(const struct btf *b, const struct btf_view *v)
{
	return (struct btf_array_view){.type = u32_at(b, v->body), .n = u32_at(b, v->body + 8)};
}

struct btf_var_view btf_var(const struct btf *b, const struct btf_view *v, uint32_t i)
{
	uint32_t at = v->body + i * 12;

	return (struct btf_var_view){
		.type = u32_at(b, at), .offset = u32_at(b, at + 4), .size = u32_at(b, at + 8)};
}

bool btf_extern(const struct btf *b, const struct btf_view *v)
{
	if (v->kind == BTF_FUNC)
		return v->vlen == LINKAGE_EXTERN;
	return v->kind == BTF_VAR && u32_at(b, v->body) == LINKAGE_EXTERN;
}

const char *btf_enumerator(const struct btf *b, const struct btf_view *v, uint32_t i)
{
	return b->strings + u32_at(b, v->body + i * bodies[v->kind].each);
}

uint32_t btf_enum_value(const struct btf *b, const struct btf_view *v, uint32_t i)
{
	return u32_at(b, v->body + i * bodies[v->kind].each + 4);
}

uint32_t btf_plain(const struct btf *b, uint32_t id)
{
	for (int depth = 0; depth < MOST_NESTED; depth++) {
		struct btf_view v = btf_type(b, id);

		switch (v.kind) {
		case BTF_TYPEDEF:
		case BTF_VOLATILE:
		case BTF_CONST:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			id = v.size_or_type;
			break;
		default:
			return id;
		}
	}
	return 0;
}

int64_t btf_size(const struct btf *b, uint32_t id)
{
	uint64_t times = 1;

	for (int depth = 0; depth < MOST_NESTED; depth++) {
		struct btf_view v = btf_type(b, btf_plain(b, id));
		struct btf_array_view a;
		uint64_t size;

		switch (v.kind) {
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
		case BTF_DATASEC:
			size = v.size_or_type;
			break;
		case BTF_PTR:
			size = 8;
			break;
		case BTF_ARRAY:
			a = btf_array(b, &v);
			times *= a.n;
			if (times > INT32_MAX)
				return -1;
			id = a.type;
			continue;
		default:
			return -1;
		}
		return size * times > INT32_MAX ? -1 : (int64_t)(size * times);
	}
	return -1;
}

uint32_t btf_align(const struct btf *b, uint32_t id)
{
	struct btf_view v = btf_type(b, btf_plain(b, id));

	for (int depth = 0; v.kind == BTF_ARRAY && depth < MOST_NESTED; depth++)
		v = btf_type(b, btf_plain(b, btf_array(b, &v).type));
	switch (v.kind) {
	case BTF_PTR:
		return 8;
	case BTF_INT:
	case BTF_ENUM:
	case BTF_ENUM64:
		return v.size_or_type > 8 ? 8 : v.size_or_type ? v.size_or_type : 1;
	default:
		return 1;
	}
}

uint32_t btf_find(const struct btf *b, enum btf_kind kind, const char *name)
{
	for (uint32_t id = 1; id < b->n; id++) {
		struct btf_view v = btf_type(b, id);

		if (v.kind == kind && !strcmp(v.name, name))
			return id;
	}
	return 0;
}

const char *btf_string(const struct btf *b, uint32_t offset)
{
	return offset < b->strings_n ? b->strings + offset : NULL;
}
