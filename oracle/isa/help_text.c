/* SPDX-License-Identifier: MIT */
/* Helpers that format and read text: trace_printk, trace_vprintk, snprintf, strtol, strncmp. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helpers.h"
#include "vm.h"

#define TEXT 512 /* what one call can print: MAX_TRACE_PRINTK_VARARGS and its buffer, roughly */

/* One conversion: "%-08llx" -> flags and width, length, letter. */
struct spec {
	char flags[12];
	unsigned longs;
	char letter;
	size_t n; /* characters taken */
};

static bool parse(const char *f, struct spec *s)
{
	size_t i = 1, k = 0, digits = 0;

	*s = (struct spec){0};
	for (; f[i] && strchr("-+ #0123456789", f[i]); i++) {
		digits += f[i] >= '0' && f[i] <= '9';
		if (k + 1 == sizeof(s->flags) ||
		    digits > 3) /* a width of 1000 is nothing that a kernel prints either */
			return false;
		s->flags[k++] = f[i];
	}
	for (; f[i] == 'l' && s->longs < 2; i++)
		s->longs++;
	s->letter = f[i];
	s->n = i + 1;
	if (s->letter == 'p' && isalnum((unsigned char)f[i + 1]))
		s->n++; /* %pK, %ps, %pI4: the address is shown */
	return s->letter && strchr("dixXupsc%", s->letter);
}

/* A string that the program points at, cut. */
static void string_at(struct isa_vm *vm, uint64_t addr, char *text, size_t size)
{
	char why[200];
	size_t n = 0;

	for (; n + 1 < size; n++) {
		const uint8_t *p = isa_mem_find(&vm->mem, addr + n, 1, false, why, sizeof(why));

		if (!p || !*p)
			break;
		text[n] = (char)*p;
	}
	text[n] = '\0';
}

static int one(struct isa_vm *vm, const struct spec *s, uint64_t v, char *out, size_t size)
{
	char format[32], text[128];

	switch (s->letter) {
	case '%':
		return snprintf(out, size, "%%");
	case 's':
		string_at(vm, v, text, sizeof(text));
		return snprintf(out, size, "%s", text);
	case 'c':
		return snprintf(out, size, "%c", (int)(v & 0x7f));
	case 'p':
		return snprintf(out, size, "0x%" PRIx64, v);
	case 'd':
	case 'i':
		snprintf(format, sizeof(format), "%%%s" PRId64, s->flags);
		return snprintf(out, size, format, s->longs ? (int64_t)v : (int64_t)(int32_t)(uint32_t)v);
	default:
		snprintf(format, sizeof(format), "%%%s%s", s->flags,
			 s->letter == 'x'   ? PRIx64
			 : s->letter == 'X' ? PRIX64
					    : PRIu64);
		return snprintf(out, size, format, s->longs ? v : (uint64_t)(uint32_t)v);
	}
}

/* The text, and how long it would be; -EINVAL as the kernel for a conversion it does not know or too many. */
static int format_text(struct isa_vm *vm, const char *f, const uint64_t *arg, unsigned n, char *out,
		       size_t size)
{
	size_t at = 0;
	unsigned used = 0;

	out[0] = '\0';
	while (*f) {
		struct spec s;
		int len = 1;

		if (*f != '%') {
			if (at + 1 < size)
				out[at] = *f, out[at + 1] = '\0';
			f++;
		} else {
			if (!parse(f, &s) || (s.letter != '%' && used == n))
				return -EINVAL;
			len = one(vm, &s, s.letter == '%' ? 0 : arg[used++], at < size ? out + at : NULL,
				  at < size ? size - at : 0);
			f += s.n;
		}
		if (len < 0 || at > TEXT * 8)
			return -EINVAL;
		at += (size_t)len;
	}
	return (int)at;
}

/* A format of at most n bytes that ends with 0; NULL with a fault, or with *r0 = -EINVAL and no fault. */
static const char *format_at(struct isa_vm *vm, uint64_t addr, uint64_t n, char *copy, uint64_t *r0)
{
	const uint8_t *p = isa_vm_bytes(vm, addr, n, false);

	if (!p)
		return NULL;
	*r0 = (uint64_t)-EINVAL;
	if (n > TEXT || p[n - 1])
		return NULL;
	memcpy(copy, p, n);
	return copy;
}

static bool print(struct isa_vm *vm, const char *format, const uint64_t *arg, unsigned n, uint64_t *r0)
{
	char text[TEXT];
	int len = format_text(vm, format, arg, n, text, sizeof(text));

	*r0 = (uint64_t)(int64_t)len;
	if (len >= 0 && vm->host->trace)
		vm->host->trace(vm->host->owner, text, strlen(text));
	return true;
}

bool isa_trace_printk(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	char copy[TEXT];
	const char *format = format_at(vm, arg[0], (uint32_t)arg[1], copy, r0);

	return format ? print(vm, format, &arg[2], 3, r0) : vm->fault.kind == FAULT_NONE;
}

/* arg: format, its size, an array of 64-bit numbers, its size in bytes */
bool isa_trace_vprintk(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t values[12] = {0}, n = (uint32_t)arg[3];
	char copy[TEXT];
	const char *format;
	const uint8_t *p;

	format = format_at(vm, arg[0], (uint32_t)arg[1], copy, r0);
	if (!format || n % 8 || n > sizeof(values))
		return vm->fault.kind == FAULT_NONE;
	p = n ? isa_vm_bytes(vm, arg[2], n, false) : NULL;
	if (n && !p)
		return false;
	if (p)
		memcpy(values, p, n);
	return print(vm, format, values, (unsigned)(n / 8), r0);
}

/* arg: buffer, size, format (ends with 0), array of numbers, its size. The length counts the end, also of
 * what did not fit. */
bool isa_snprintf(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	uint64_t values[12] = {0}, n = (uint32_t)arg[4], size = (uint32_t)arg[1];
	char format[TEXT], text[TEXT * 2];
	const uint8_t *p = NULL;
	uint8_t *to = NULL;
	int len;

	string_at(vm, arg[2], format, sizeof(format));
	*r0 = (uint64_t)-EINVAL;
	if (n % 8 || n > sizeof(values))
		return true;
	p = n ? isa_vm_bytes(vm, arg[3], n, false) : NULL;
	to = size ? isa_vm_bytes(vm, arg[0], size, true) : NULL;
	if ((n && !p) || (size && !to))
		return false;
	if (p)
		memcpy(values, p, n);
	len = format_text(vm, format, values, (unsigned)(n / 8), text, sizeof(text));
	if (len < 0)
		return true;
	if (to) {
		size_t have = strlen(text), room = size - 1;

		memcpy(to, text, have < room ? have : room);
		to[have < room ? have : room] = '\0';
	}
	*r0 = (uint64_t)len + 1;
	return true;
}

static int digit(uint8_t c)
{
	return isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 99;
}

/* kernel/bpf/helpers.c __bpf_strtoull: blanks, a sign, digits; how many bytes were taken. */
static int to_number(const uint8_t *p, uint64_t n, uint64_t flags, uint64_t *v, bool *negative)
{
	unsigned base = (unsigned)flags & 31;
	uint64_t i = 0, start;

	if (!n || (base != 0 && base != 8 && base != 10 && base != 16) || flags & ~UINT64_C(31))
		return -EINVAL;
	while (i < n && isspace(p[i]))
		i++;
	*negative = i < n && p[i] == '-';
	i += *negative;
	if (!base || base == 16) {
		bool hex = i + 2 < n && p[i] == '0' && (p[i + 1] == 'x' || p[i + 1] == 'X') &&
			   digit(p[i + 2]) < 16;

		if (!base)
			base = hex ? 16 : i < n && p[i] == '0' ? 8 : 10;
		i += hex ? 2 : 0;
	}
	*v = 0;
	for (start = i; i < n && digit(p[i]) < (int)base; i++)
		if (__builtin_mul_overflow(*v, base, v) ||
		    __builtin_add_overflow(*v, (uint64_t)digit(p[i]), v))
			return -ERANGE;
	return i == start ? -EINVAL : (int)i;
}

/* arg: text, size, flags (the base), where the result goes */
static bool strto(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0, bool is_signed)
{
	const uint8_t *p = isa_vm_bytes(vm, arg[0], (uint32_t)arg[1], false);
	uint8_t *to = p ? isa_vm_bytes(vm, arg[3], 8, true) : NULL;
	bool negative = false;
	uint64_t v = 0;
	int ret;

	if (!to)
		return false;
	ret = to_number(p, (uint32_t)arg[1], arg[2], &v, &negative);
	if (ret >= 0 && negative && !is_signed)
		ret = -EINVAL;
	if (ret >= 0 && is_signed && v > (uint64_t)INT64_MAX + negative)
		ret = -ERANGE;
	if (ret >= 0) {
		v = negative ? 0 - v : v;
		memcpy(to, &v, 8);
	}
	*r0 = (uint64_t)(int64_t)ret;
	return true;
}

bool isa_strtol(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return strto(vm, arg, r0, true);
}

bool isa_strtoul(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	return strto(vm, arg, r0, false);
}

/* arg: text, its size, a constant string */
bool isa_strncmp(struct isa_vm *vm, const uint64_t arg[5], uint64_t *r0)
{
	const uint8_t *p = isa_vm_bytes(vm, arg[0], (uint32_t)arg[1], false);
	char other[TEXT];

	if (!p)
		return false;
	string_at(vm, arg[2], other, sizeof(other));
	*r0 = 0;
	for (uint64_t i = 0; i < (uint32_t)arg[1]; i++) {
		uint8_t a = p[i], b = i < sizeof(other) ? (uint8_t)other[i] : 0;

		if (a != b) {
			*r0 = (uint64_t)(int64_t)(a < b ? -1 : 1); /* lib/string.c strncmp */
			return true;
		}
		if (!a)
			break;
	}
	return true;
}
