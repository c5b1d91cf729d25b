/* SPDX-License-Identifier: MIT */
/*
 * .BTF.ext: a header with the place of three parts (functions, lines, CO-RE relocations). A part is the size
 * of its records, then for each section of the object the name, a count and the records.
 */
#include "btf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/buf.h"

#define BTF_MAGIC_LE 0xeb9fu
#define SHORT_HEADER 24u /* without CO-RE relocations: before LLVM 10 */
#define LONG_HEADER  32u
#define RECORD_BYTES 16u /* of a line and of a relocation; newer ones may be longer */
#define INSN_BYTES   8u

struct reading {
	struct btf_ext *x;
	const struct btf *b;
	const struct refusal *to;
};

static int add_line(struct reading *r, struct cursor *c, const struct btf_ext_section *s, uint32_t i)
{
	struct btf_line *line = &r->x->lines[s->first + i];
	uint32_t at = cursor_u32(c), file = cursor_u32(c), text = cursor_u32(c), place = cursor_u32(c);

	line->insn = at / INSN_BYTES;
	line->file = btf_string(r->b, file);
	line->text = btf_string(r->b, text);
	line->line = place >> 10;
	line->col = place & 0x3ff;
	if (at % INSN_BYTES || !line->file || !line->text)
		return refuse(r->to, -EBADMSG, ".BTF.ext: line record %u of section %.64s is damaged", i,
			      s->name);
	if (i && line->insn <= line[-1].insn)
		return refuse(r->to, -EBADMSG,
			      ".BTF.ext: line records %u and %u of section %.64s are out of order", i - 1, i,
			      s->name);
	return 0;
}

static int add_core(struct reading *r, struct cursor *c, const struct btf_ext_section *s, uint32_t i)
{
	struct btf_core *core = &r->x->cores[s->first + i];
	uint32_t at = cursor_u32(c), access;

	core->insn = at / INSN_BYTES;
	core->type = cursor_u32(c);
	access = cursor_u32(c);
	core->kind = cursor_u32(c);
	core->access = btf_string(r->b, access);
	if (at % INSN_BYTES || !core->access || core->type >= r->b->n)
		return refuse(r->to, -EBADMSG, ".BTF.ext: CO-RE relocation %u of section %.64s is damaged", i,
			      s->name);
	return 0;
}

/* One part: records of a kind, section by section. */
struct part {
	const char *what;
	int (*add)(struct reading *r, struct cursor *c, const struct btf_ext_section *s, uint32_t i);
	struct btf_ext_section **sections;
	uint32_t *n_sections;
	uint32_t *n_records;
};

static int read_part(struct reading *r, const struct part *p, struct cursor c)
{
	uint32_t size = cursor_u32(&c), name;
	size_t most = cursor_remaining(&c) / 8 + 1;
	int ret;

	if (c.over || size < RECORD_BYTES || size % 4)
		return refuse(r->to, -EBADMSG, ".BTF.ext: %s of %u bytes each: expected %u or more", p->what,
			      size, RECORD_BYTES);
	*p->sections = calloc(most, sizeof(**p->sections));
	if (!*p->sections)
		return refuse_memory(r->to);
	while (cursor_remaining(&c)) {
		struct btf_ext_section *s = &(*p->sections)[(*p->n_sections)++];

		name = cursor_u32(&c);
		s->n = cursor_u32(&c);
		s->first = *p->n_records;
		s->name = btf_string(r->b, name);
		if (c.over || !s->name || s->n > cursor_remaining(&c) / size)
			return refuse(r->to, -EBADMSG, ".BTF.ext: %s of section %u are cut off", p->what,
				      *p->n_sections - 1);
		for (uint32_t i = 0; i < s->n; i++, c.p += size) {
			struct cursor record = cursor_make(c.p, size);

			ret = p->add(r, &record, s, i);
			if (ret)
				return ret;
		}
		*p->n_records += s->n;
	}
	return 0;
}

int btf_ext_read(struct btf_ext *x, const struct btf *b, const uint8_t *bytes, size_t n,
		 const struct refusal *to)
{
	struct reading r = {.x = x, .b = b, .to = to};
	const struct part parts[] = {
		{"line records", add_line, &x->line_sections, &x->n_line_sections, &x->n_lines},
		{"CO-RE relocations", add_core, &x->core_sections, &x->n_core_sections, &x->n_cores},
	};
	struct cursor c = cursor_make(bytes, n);
	uint32_t magic = cursor_u16(&c), version = cursor_u8(&c), header, at, len;
	int ret = 0;

	*x = (struct btf_ext){0};
	cursor_u8(&c); /* flags */
	header = cursor_u32(&c);
	cursor_u64(&c); /* the functions: nothing here needs them */
	if (magic != BTF_MAGIC_LE || version != 1)
		return refuse(to, -EBADMSG, ".BTF.ext: expected magic eb9f and version 1, found %04x and %u",
			      magic, version);
	if (header < SHORT_HEADER || header > n)
		return refuse(to, -EBADMSG, ".BTF.ext: a header of %u bytes in a section of %zu", header, n);
	x->lines = calloc(n / RECORD_BYTES + 1, sizeof(*x->lines));
	x->cores = calloc(n / RECORD_BYTES + 1, sizeof(*x->cores));
	if (!x->lines || !x->cores)
		ret = refuse_memory(to);
	for (unsigned i = 0; i < (header < LONG_HEADER ? 1u : 2u) && !ret; i++) {
		at = cursor_u32(&c);
		len = cursor_u32(&c);
		if (at > n - header || len > n - header - at)
			ret = refuse(to, -EBADMSG,
				     ".BTF.ext: %s (%u bytes at %u) are cut off: there are %zu bytes",
				     parts[i].what, len, at, n - header);
		else if (len)
			ret = read_part(&r, &parts[i], cursor_make(bytes + header + at, len));
	}
	if (ret)
		btf_ext_fini(x);
	return ret;
}

void btf_ext_fini(struct btf_ext *x)
{
	free(x->lines);
	free(x->cores);
	free(x->line_sections);
	free(x->core_sections);
	*x = (struct btf_ext){0};
}
