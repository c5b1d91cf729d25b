/* SPDX-License-Identifier: MIT */
/*
 * Reads DWARF by libdw. Of each unit that the table names, two things: the tree of its functions with what
 * was inlined into them (scopes), and its line table. Scopes are painted over the addresses from the
 * outermost to the innermost, so that each address has one owner; then each row of the line table is cut at
 * the borders of owners. What is inlined from functions that nobody asked for counts as the line of its call.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines_impl.h"

#define MOST_DEPTH  100	    /* of scopes in each other */
#define MOST_SCOPES 50000   /* ranges of addresses in one unit; kernel/bpf/cgroup.c has some thousand */
#define MOST_DIES   4000000 /* in one unit: a sibling may point backwards */
#define MOST_ROWS   500000
#define MOST_ROW    (1u << 20) /* bytes of code in one row */

enum { NOBODY = -1 };

/* Whose code it is: a function of the table, and the line of a call if it was inlined from elsewhere. */
struct owner {
	int function;
	unsigned call_line; /* 0: the line table's row says the line */
};

struct scope {
	uint64_t start, end;
	unsigned depth;
	struct owner owner;
};

struct reader {
	struct lines *l;
	Dwarf *dwarf;
	struct scope *scope;
	size_t n_scopes, cap_scopes;
	uint64_t *border;    /* of scopes, ascending, each once */
	struct owner *paint; /* of the addresses from a border to the next */
	size_t n_borders;
	uint64_t dies;
	unsigned functions; /* whole ones so far */
	char *why;
	size_t size;
};

static int __attribute__((format(printf, 3, 4))) fail(struct reader *r, int ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->why, r->size, format, ap);
	va_end(ap);
	return ret;
}

/* Whether a path ends in all of another one's components. */
static bool path_ends(const char *path, const char *end)
{
	size_t n = path ? strlen(path) : 0, m = strlen(end);

	return path && n >= m && !strcmp(path + n - m, end) && (n == m || path[n - m - 1] == '/');
}

static bool is_unit(const struct lines *l, const char *path)
{
	for (unsigned i = 0; i < l->n_functions; i++) {
		size_t n = strlen(l->function[i].file);

		if (n > 2 && !strcmp(l->function[i].file + n - 2, ".c") &&
		    path_ends(path, l->function[i].file))
			return true;
	}
	return false;
}

/* ---- scopes ---- */

static int find_function(const struct lines *l, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die), *file = NULL;

	for (unsigned i = 0; name && i < l->n_functions; i++) {
		if (strcmp(name, l->function[i].name) != 0)
			continue;
		if (!file)
			file = dwarf_decl_file(die);
		if (path_ends(file, l->function[i].file))
			return (int)i;
	}
	return NOBODY;
}

static unsigned number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value) || value > 10000000)
		return 0;
	return (unsigned)value;
}

static int add_body(struct reader *r, uint64_t start, uint64_t end, bool entry)
{
	struct lines *l = r->l;

	if (!lines_room((void **)&l->body, &l->cap_bodies, l->n_bodies, sizeof(*l->body)))
		return fail(r, -ENOMEM, "out of memory");
	l->body[l->n_bodies++] = (struct lines_body){start, end, entry, r->functions};
	return 0;
}

/* Adds the ranges of one function or inlined copy. */
static int add_scope(struct reader *r, Dwarf_Die *die, bool whole, struct owner owner, unsigned depth)
{
	Dwarf_Addr base, start, end, entry = 0;
	ptrdiff_t at = 0;
	bool has_entry = whole && !dwarf_entrypc(die, &entry), first = true;
	int ret = 0;

	r->functions += whole;

	while (!ret && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		if (start >= end || end - start > UINT32_MAX)
			continue; /* removed by the linker */
		if (r->n_scopes >= MOST_SCOPES ||
		    !lines_room((void **)&r->scope, &r->cap_scopes, r->n_scopes, sizeof(*r->scope)))
			return fail(r, -EFBIG,
				    "its debug information has more than %d ranges of code in one unit",
				    MOST_SCOPES);
		r->scope[r->n_scopes++] = (struct scope){start, end, depth, owner};
		if (owner.function >= 0)
			r->l->has[owner.function] = true;
		if (whole)
			ret = add_body(r, start, end, has_entry ? entry == start : first);
		first = false; /* of several, the one that is not cold comes first */
	}
	return ret;
}

/* The code of an inlined function that nobody asked for belongs to the line that calls it. */
static struct owner owner_of(struct reader *r, Dwarf_Die *die, bool whole, struct owner outer)
{
	struct owner owner = {find_function(r->l, die), 0};

	if (whole)
		outer = (struct owner){NOBODY, 0};
	if (owner.function >= 0 && (outer.function >= 0 || !r->l->function[owner.function].inlined))
		return owner;
	if (outer.function >= 0 && !outer.call_line)
		outer.call_line = number(die, DW_AT_call_line);
	return outer;
}

static int walk(struct reader *r, Dwarf_Die *parent, struct owner outer, unsigned depth)
{
	Dwarf_Die die;
	int more = dwarf_child(parent, &die), ret = 0;

	if (depth > MOST_DEPTH)
		return fail(r, -EBADMSG, "its debug information nests deeper than %d", MOST_DEPTH);
	for (; !more && !ret; more = dwarf_siblingof(&die, &die)) {
		int tag = dwarf_tag(&die);
		bool whole = tag == DW_TAG_subprogram;
		struct owner owner = outer;

		if (++r->dies > MOST_DIES)
			return fail(r, -EFBIG, "its debug information has more than %d entries in one unit",
				    MOST_DIES);
		if (!whole && tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block)
			continue;
		if (tag != DW_TAG_lexical_block) {
			owner = owner_of(r, &die, whole, outer);
			ret = add_scope(r, &die, whole, owner, depth);
		}
		if (!ret)
			ret = walk(r, &die, owner, depth + 1);
	}
	if (!ret && more < 0)
		return fail(r, -EBADMSG, "its debug information is damaged: %s", dwarf_errmsg(-1));
	return ret;
}

/* ---- painting ---- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_depth(const void *a, const void *b)
{
	const struct scope *x = a, *y = b;

	return x->depth < y->depth ? -1 : x->depth > y->depth;
}

/* The border at or before an address; n_borders if there is none. */
static size_t border_at(const struct reader *r, uint64_t address)
{
	size_t low = 0, high = r->n_borders;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->border[mid] <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? low - 1 : r->n_borders;
}

static int paint(struct reader *r)
{
	size_t n = 0;

	free(r->border);
	free(r->paint);
	r->border = calloc(2 * r->n_scopes + 1, sizeof(*r->border));
	r->paint = calloc(2 * r->n_scopes + 1, sizeof(*r->paint));
	if (!r->border || !r->paint)
		return fail(r, -ENOMEM, "out of memory");
	for (size_t i = 0; i < r->n_scopes; i++) {
		r->border[n++] = r->scope[i].start;
		r->border[n++] = r->scope[i].end;
	}
	r->n_borders = 0;
	if (!n)
		return 0;
	qsort(r->border, n, sizeof(*r->border), compare_u64);
	for (size_t i = 0; i < n; i++)
		if (!r->n_borders || r->border[i] != r->border[r->n_borders - 1])
			r->border[r->n_borders++] = r->border[i];
	for (size_t i = 0; i < r->n_borders; i++)
		r->paint[i] = (struct owner){NOBODY, 0};
	qsort(r->scope, r->n_scopes, sizeof(*r->scope), by_depth);
	for (size_t i = 0; i < r->n_scopes; i++)
		for (size_t b = border_at(r, r->scope[i].start);
		     b < r->n_borders && r->border[b] < r->scope[i].end; b++)
			r->paint[b] = r->scope[i].owner;
	return 0;
}

/* ---- the line table ---- */

static int add_piece(struct reader *r, struct lines_piece piece)
{
	struct lines *l = r->l;

	if (!lines_room((void **)&l->piece, &l->cap_pieces, l->n_pieces, sizeof(*l->piece)))
		return fail(r, -ENOMEM, "out of memory, or too many lines");
	l->piece[l->n_pieces++] = piece;
	return 0;
}

/* One row: the instructions in [start, end) are of a line of a file. */
static int add_row(struct reader *r, uint64_t start, uint64_t end, const char *file, unsigned line)
{
	size_t b = border_at(r, start);
	int ret = 0;

	for (; !ret && b + 1 < r->n_borders && r->border[b] < end; b++) {
		struct owner o = r->paint[b];
		struct lines_piece p = {.start = r->border[b] > start ? r->border[b] : start,
					.end = r->border[b + 1] < end ? r->border[b + 1] : end,
					.line = o.call_line ? o.call_line : line};

		if (o.function < 0 || p.start >= p.end || !p.line)
			continue;
		if (!o.call_line && !path_ends(file, r->l->function[o.function].file))
			continue; /* a function that was written in two files */
		p.function = (unsigned)o.function;
		ret = add_piece(r, p);
	}
	return ret;
}

static int read_rows(struct reader *r, Dwarf_Die *unit)
{
	Dwarf_Lines *rows;
	size_t n;
	int ret = 0;

	if (dwarf_getsrclines(unit, &rows, &n))
		return fail(r, -EBADMSG, "its line table is damaged: %s", dwarf_errmsg(-1));
	if (n > MOST_ROWS)
		return fail(r, -EFBIG, "its line table has more than %d rows in one unit", MOST_ROWS);
	for (size_t i = 0; !ret && i + 1 < n; i++) {
		Dwarf_Line *row = dwarf_onesrcline(rows, i), *next = dwarf_onesrcline(rows, i + 1);
		Dwarf_Addr start, end;
		bool last;
		int line;

		if (dwarf_lineaddr(row, &start) || dwarf_lineaddr(next, &end) ||
		    dwarf_lineendsequence(row, &last) || dwarf_lineno(row, &line))
			return fail(r, -EBADMSG, "its line table is damaged: %s", dwarf_errmsg(-1));
		if (last || line <= 0 || start >= end || end - start > MOST_ROW)
			continue;
		ret = add_row(r, start, end, dwarf_linesrc(row, NULL, NULL), (unsigned)line);
	}
	return ret;
}

/* ---- all of it ---- */

static int read_units(struct reader *r)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	unsigned found = 0;
	int more, ret = 0;

	while (!ret && !(more = dwarf_get_units(r->dwarf, cu, &cu, NULL, &type, &die, NULL))) {
		if (type != DW_UT_compile || dwarf_tag(&die) != DW_TAG_compile_unit ||
		    !is_unit(r->l, dwarf_diename(&die)))
			continue;
		found++;
		r->n_scopes = 0;
		r->dies = 0;
		ret = walk(r, &die, (struct owner){NOBODY, 0}, 0);
		if (!ret)
			ret = paint(r);
		if (!ret)
			ret = read_rows(r, &die);
	}
	if (!ret && more < 0)
		return fail(r, -EBADMSG, "its debug information is damaged: %s", dwarf_errmsg(-1));
	if (!ret && !found)
		return fail(r, -ENOENT,
			    "its debug information has none of the files that were asked for, such as %s",
			    r->l->n_functions ? r->l->function[0].file : "");
	return ret;
}

/* Only functions that hold lines of ours are worth a look for calls. */
static void keep_bodies(struct lines *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_bodies; i++) {
		bool wanted = false;

		for (size_t p = 0; p < l->n_pieces && !wanted; p++)
			wanted = l->piece[p].start >= l->body[i].start && l->piece[p].start < l->body[i].end;
		if (wanted)
			l->body[n++] = l->body[i];
	}
	l->n_bodies = n;
}

int lines_read(struct lines *l, int fd, char *why, size_t size)
{
	struct reader r = {.l = l, .why = why, .size = size};
	GElf_Ehdr header;
	Elf *elf;
	int ret;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN)) {
		ret = fail(&r, -EBADMSG, "expected a linked ELF program such as a vmlinux, found none");
		goto out;
	}
	r.dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!r.dwarf) {
		ret = fail(&r, -ENOENT, "expected debug information in it, found none: %s", dwarf_errmsg(-1));
		goto out;
	}
	ret = read_units(&r);
	if (!ret) {
		keep_bodies(l);
		ret = lines_find_sites(l, elf);
	}
out:
	free(r.scope);
	free(r.border);
	free(r.paint);
	dwarf_end(r.dwarf);
	elf_end(elf);
	return ret;
}
