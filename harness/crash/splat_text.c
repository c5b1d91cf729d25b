/* SPDX-License-Identifier: MIT */
#include "splat_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/text.h"

/* ---- kinds ---- */

enum severity { FINE, COMPLAINT, PANIC, ERROR };

/*
 * The first row whose words stand in the line says what it is. `more`: the word behind them belongs to the
 * kind ("BUG: KASAN: slab-out-of-bounds in f").
 */
static const struct kind {
	const char *words, *name;
	enum severity severity;
	bool more;
} kinds[] = {
	{"BUG: KASAN: ", "kasan", ERROR, true},
	{"BUG: KMSAN: ", "kmsan", ERROR, true},
	{"BUG: KFENCE: ", "kfence", ERROR, true},
	{"BUG: KCSAN: ", "kcsan", COMPLAINT, true},
	{"UBSAN: ", "ubsan", COMPLAINT, true},
	{"BUG: kernel NULL pointer dereference", "null-pointer", ERROR, false},
	{"BUG: unable to handle", "page-fault", ERROR, false},
	{"BUG: soft lockup", "lockup", COMPLAINT, false},
	{"general protection fault", "protection-fault", ERROR, false},
	{"kernel BUG at ", "bug", ERROR, false},
	{"divide error: ", "divide-error", ERROR, false},
	{"stack segment: ", "stack-segment", ERROR, false},
	{"Oops: ", "oops", ERROR, false},
	{"Kernel panic - not syncing", "panic", PANIC, false},
	{"WARNING: ", "warning", COMPLAINT, false},
	{"refcount_t: ", "refcount", COMPLAINT, false},
	{"self-detected stall", "stall", COMPLAINT, false},
	{"detected stall", "stall", COMPLAINT, false},
	{"blocked for more than", "hung-task", COMPLAINT, false},
	{"BUG: ", "bug", ERROR, false},
};

static const struct kind *kind_of(const char *line)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strstr(line, kinds[i].words))
			return &kinds[i];
	return NULL;
}

bool crash_begins(const char *line)
{
	return kind_of(line) != NULL;
}

/* ---- lines ---- */

struct line {
	char s[CRASH_BY_LINE];
	size_t n;
};

/* "<4>", "[    1.234567] ", "[   T12] ": what printk and the console put before a message. */
static const char *skip_head(const char *p)
{
	for (;;) {
		const char *q = p;

		if (*q == '<' && isdigit((unsigned char)q[1])) {
			q += 1 + strspn(q + 1, "0123456789");
			if (*q != '>')
				return p;
			p = q + 1;
			continue;
		}
		if (*q != '[' || q[1] == '<') /* "[<address>]" is of a trace */
			return p;
		q += 1 + strspn(q + 1, " ");
		if (*q == 'T' || *q == 'C')
			q++;
		if (!isdigit((unsigned char)*q))
			return p;
		q += strspn(q, "0123456789.@");
		if (*q != ']')
			return p;
		p = q + 1 + (q[1] == ' ');
	}
}

/* The next line of a text, without its head and its end. False at the end of the text. */
static bool next_line(const char **p, const char *end, struct line *out)
{
	char raw[CRASH_BY_LINE];
	const char *stop, *from;
	size_t n = 0;

	if (*p >= end)
		return false;
	stop = memchr(*p, '\n', (size_t)(end - *p));
	for (const char *q = *p; q < (stop ? stop : end) && n + 1 < sizeof(raw); q++)
		if (*q && *q != '\r')
			raw[n++] = *q;
	raw[n] = 0;
	from = skip_head(raw);
	out->n = strlen(from);
	memcpy(out->s, from, out->n + 1);
	*p = stop ? stop + 1 : end;
	return true;
}

static void keep(struct crash_report *r, const struct line *l)
{
	text_safe(&r->text, l->s, l->n);
	buf_puts(&r->text, "\n");
}

/* ---- frames ---- */

/* Functions that only say or notice that something is wrong: by how they begin. */
static const char *const reporters[] = {
	"dump_stack",
	"show_stack",
	"show_trace",
	"dump_trace",
	"print_report",
	"print_address_",
	"kasan_",
	"__kasan_",
	"__asan_",
	"asan_",
	"__ubsan_",
	"ubsan_",
	"__hwasan",
	"__warn",
	"warn_",
	"report_bug",
	"handle_bug",
	"exc_",
	"asm_",
	"panic",
	"vpanic",
	"check_panic",
	"end_report",
	"die",
	"__die",
	"oops_",
	"page_fault_oops",
	"do_user_addr_",
	"bad_area",
	"__bad_area",
	"_printk",
	"printk",
	"vprintk",
	"refcount_warn",
	"refcount_saturated",
	"__report_bad",
	"memcpy",
	"__memcpy",
	"memset",
	"__memset",
	"memmove",
	"__memmove",
	"handle_page_fault",
	"segv",
	"sig_handler",
	"userspace_",
	"__stack_chk",
	"fortify_panic",
	"__fortify_",
	"__list_",
	"do_exit",
	"make_task_dead",
	"notify_die",
	"atomic_notifier",
	"do_trap",
	"do_error_trap",
	"check_stack",
	"__copy_overflow",
	"usercopy_abort",
	"__check_object",
};

static bool is_reporters(const char *function)
{
	for (size_t i = 0; i < sizeof(reporters) / sizeof(reporters[0]); i++)
		if (!strncmp(function, reporters[i], strlen(reporters[i])))
			return true;
	return false;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* Digits after "0x", at most 32 bits. */
static const char *take_hex(const char *p, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (p[0] != '0' || p[1] != 'x' || !isxdigit((unsigned char)p[2]))
		return NULL;
	v = strtoul(p, &end, 16);
	if (v > UINT32_MAX || end - p > 12)
		return NULL;
	*out = (uint32_t)v;
	return end;
}

/* The first "name+0x1/0x2" of a line. */
static bool find_frame(const char *s, struct crash_frame *f)
{
	for (const char *plus = s; (plus = strchr(plus, '+')); plus++) {
		const char *from = plus, *p;

		while (from > s && is_name_char(from[-1]))
			from--;
		if (from == plus || (size_t)(plus - from) >= sizeof(f->function))
			continue;
		p = take_hex(plus + 1, &f->offset);
		if (!p || *p != '/' || !take_hex(p + 1, &f->size))
			continue;
		memcpy(f->function, from, (size_t)(plus - from));
		f->function[plus - from] = 0;
		f->unsure = from - s >= 2 && from[-1] == ' ' && from[-2] == '?';
		f->exact = strstr(s, "RIP: ") != NULL;
		f->reporters = is_reporters(f->function);
		return true;
	}
	return false;
}

/* What begins a part of a report whose frames say how the memory came to be, not what was wrong. */
static bool is_history(const char *s)
{
	static const char *const words[] = {
		"Allocated by task",	     "Freed by task", "Last potentially related",
		"The buggy address belongs", "Object ",	      "Uninit was"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(s, words[i], strlen(words[i])))
			return true;
	return false;
}

/* ---- one report ---- */

static bool ends(const struct kind *k, const struct line *l)
{
	return strstr(l->s, "---[ end") || strstr(l->s, "Rebooting in") ||
	       (k->severity != PANIC && strstr(l->s, "Kernel panic - not syncing")) ||
	       (k->more && !strncmp(l->s, "==========", 10));
}

/* "slab-out-of-bounds" of "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2" */
static void name_kind(const struct kind *k, const char *line, char *out, size_t size)
{
	const char *word = strstr(line, k->words) + strlen(k->words);
	size_t n = strcspn(word, " :"), at;

	if (!k->more || !n) {
		snprintf(out, size, "%s", k->name);
		return;
	}
	snprintf(out, size, "%s-%.*s", k->name, n > 30 ? 30 : (int)n, word);
	for (at = 0; out[at]; at++)
		out[at] = isalnum((unsigned char)out[at]) ? (char)tolower((unsigned char)out[at]) : '-';
}

/* Names a compiler made of one: "f.isra.0", "f.cold" are f. */
static size_t plain_length(const char *function)
{
	return strcspn(function, ".");
}

/* "f" of "BUG: failure at net/core/sock.c:12/f()!". */
static bool sign_by_name(struct crash_report *r)
{
	const char *end = strstr(r->headline, "()"), *p = end;
	size_t at = strlen(r->signature);

	while (p && p > r->headline && is_name_char(p[-1]))
		p--;
	if (!p || p == end)
		return false;
	snprintf(r->signature + at, sizeof(r->signature) - at, " %.*s", end - p > 60 ? 60 : (int)(end - p),
		 p);
	return true;
}

/* Words of a line that has no frames, from `from` on; not numbers, which are addresses and processes. */
static void sign_by_words(struct crash_report *r, const char *from)
{
	size_t at = strlen(r->signature), words = 0;

	for (const char *p = from; *p && words < 8 && at + 2 < CRASH_NAME;) {
		size_t n = strcspn(p, " "), letters = 0;
		bool plain = n < 20;

		for (size_t i = 0; i < n; i++) {
			letters += isalpha((unsigned char)p[i]) != 0;
			plain = plain && (isalpha((unsigned char)p[i]) ||
					  (i + 1 == n && ispunct((unsigned char)p[i])));
		}
		if (plain && letters) {
			r->signature[at++] = ' ';
			for (size_t i = 0; i < n && at + 1 < CRASH_NAME; i++)
				if (isalpha((unsigned char)p[i]))
					r->signature[at++] = (char)tolower((unsigned char)p[i]);
			words++;
		}
		p += n + (p[n] == ' ');
	}
	r->signature[at] = 0;
}

/* unsure: also functions that the unwinder is not sure of. How many were added. */
static unsigned sign_by_frames(struct crash_report *r, bool unsure)
{
	unsigned found = 0;
	size_t at;

	for (unsigned i = 0; i < r->n_frames && found < CRASH_DEEP; i++) {
		const struct crash_frame *f = &r->frame[i];
		int n = (int)plain_length(f->function);

		if (f->reporters || f->elsewhere || (f->unsure && !unsure) || !n)
			continue;
		at = strlen(r->signature);
		if (at >= (size_t)n && !strncmp(r->signature + at - n, f->function, (size_t)n))
			continue; /* the headline and the trace name it both */
		snprintf(r->signature + at, sizeof(r->signature) - at, " %.*s", n > 60 ? 60 : n, f->function);
		found++;
	}
	return found;
}

static void sign(const struct kind *k, struct crash_report *r)
{
	const char *words = strstr(r->headline, k->words);

	snprintf(r->signature, sizeof(r->signature), "%s", r->kind);
	if (!sign_by_frames(r, false) && !sign_by_frames(r, true) && !sign_by_name(r))
		sign_by_words(r, words ? words + strlen(k->words) : r->headline);
}

static void take_report(const struct kind *k, struct line *l, const char *p, const char *end,
			struct crash_report *r)
{
	struct buf head = {0};
	bool history = false;
	unsigned lines = 0;

	name_kind(k, l->s, r->kind, sizeof(r->kind));
	text_safe(&head, l->s, l->n);
	snprintf(r->headline, sizeof(r->headline), "%s", buf_str(&head));
	buf_fini(&head);
	do {
		struct crash_frame *f = &r->frame[r->n_frames];
		const struct kind *other = lines ? kind_of(l->s) : NULL;

		if (lines >= CRASH_LINES || r->text.n > CRASH_TEXT ||
		    (other && other->severity == COMPLAINT && other->severity <= k->severity))
			break;
		keep(r, l);
		history = history || is_history(l->s);
		if (r->n_frames < CRASH_FRAMES && find_frame(l->s, f)) {
			f->line = lines;
			f->elsewhere = history;
			r->n_frames++;
		}
		if (lines++ && ends(k, l))
			break;
	} while (next_line(&p, end, l));
	sign(k, r);
}

bool crash_extract(const char *text, size_t n, struct crash_report *r)
{
	const struct kind *worst = NULL;
	const char *p = text, *end = text + n, *behind = NULL;
	struct line l, first;

	memset(r, 0, sizeof(*r));
	while (next_line(&p, end, &l)) {
		const struct kind *k = kind_of(l.s);

		if (k && (!worst || k->severity > worst->severity)) {
			worst = k;
			first = l;
			behind = p;
		}
	}
	if (!worst)
		return false;
	take_report(worst, &first, behind, end, r);
	return true;
}

void crash_report_fini(struct crash_report *r)
{
	buf_fini(&r->text);
}

void crash_stem(const struct crash_report *r, char *out, size_t size)
{
	size_t i = 0;

	for (; r->signature[i] && i + 1 < size; i++) {
		char c = r->signature[i];

		out[i] = isalnum((unsigned char)c) || c == '_' || c == '-' ? c : '-';
	}
	out[i] = 0;
	if (!i && size > 5)
		snprintf(out, size, "crash");
}
