/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../case/case_bin.h"
#include "../case/case_text.h"
#include "../emit/repro.h"
#include "../report/folder.h"
#include "../report/text.h"
#include "symbol.h"

struct finding_text {
	const struct crash_opts *opts;
	const struct crash_report *rep;
	const struct crash_result *r;
	const struct tcase *const *tc; /* the cases that are written */
	unsigned n;
	struct buf report, command;
	char place[300];    /* where the first function of the signature was; "" */
	char unplaced[200]; /* why there are no source lines; "" */
	struct case_meta meta;
};

/* "copy include/linux/copy.h:49, inlined in f net/f.c:11" */
static void name_place(const char *lines, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (const char *p = lines; *p && at < size; p += strcspn(p, "\n") + 1)
		at += (size_t)snprintf(out + at, size - at, "%s%.*s", at ? ", inlined in " : "",
				       (int)strcspn(p, "\n"), p);
}

static void find_places(struct finding_text *t)
{
	struct crash_place place[CRASH_FRAMES] = {0};

	if (t->opts->elf)
		crash_places(t->rep, t->opts->elf, place, t->unplaced, sizeof(t->unplaced));
	crash_annotate(t->rep, place, &t->report);
	for (unsigned i = 0; i < t->rep->n_frames && !t->place[0]; i++)
		if (!t->rep->frame[i].reporters && !t->rep->frame[i].elsewhere && !t->rep->frame[i].unsure)
			name_place(buf_str(&place[i].lines), t->place, sizeof(t->place));
	crash_places_fini(place);
}

static void put_command(struct finding_text *t, const char *folder)
{
	struct buf path = {0};

	buf_puts(&t->command, "hookdiff run ");
	if (t->opts->profile) {
		buf_puts(&t->command, "--profile ");
		text_shell(&t->command, t->opts->profile);
		buf_puts(&t->command, " ");
	}
	if (t->opts->spec) {
		buf_puts(&t->command, "--kernel ");
		text_shell(&t->command, t->opts->spec);
		buf_puts(&t->command, " ");
	}
	buf_printf(&path, t->n == 1 || t->opts->text ? "%s/case.case" : "%s", folder);
	text_shell(&t->command, buf_str(&path));
	buf_fini(&path);
}

/* ---- the card ---- */

/* "4 of 4 fresh machines": what is known of whether it comes again. */
static void recurrence(const struct finding_text *t, struct buf *out)
{
	if (!t->opts->lab || (!t->n && !t->opts->text))
		buf_puts(out, "not tried");
	else if (!t->r->cases)
		buf_puts(out, "not seen again");
	else
		buf_printf(out, "%u of %u fresh machines", t->r->recurred, t->r->reruns);
}

static void put_card(struct finding_text *t, struct folder *d)
{
	struct buf card = {0};

	buf_printf(&card, "CRASH: %s\n", t->rep->headline);
	buf_printf(&card, "  signature  %s\n", t->rep->signature);
	if (t->place[0])
		buf_printf(&card, "  place      %s\n", t->place);
	else if (t->unplaced[0])
		buf_printf(&card, "  place      not known: %s\n", t->unplaced);
	buf_puts(&card, "  kernel     ");
	text_safe(&card, t->opts->release, strlen(t->opts->release));
	if (t->opts->spec) {
		buf_puts(&card, " (");
		text_safe(&card, t->opts->spec, strlen(t->opts->spec));
		buf_puts(&card, ")");
	}
	buf_puts(&card, "\n  recurs     ");
	recurrence(t, &card);
	if (t->r->cases == 1)
		buf_printf(&card, "; %s after %u boots\n",
			   t->r->minimal ? "smallest case" : "not the smallest case: time was up",
			   t->r->boots);
	else
		buf_puts(&card, "\n");
	if (t->n == 1) {
		struct buf text = {0};

		tcase_print(t->tc[0], NULL, &text);
		buf_puts(&card, "  case\n");
		for (const char *p = buf_str(&text); *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] != 0))
			buf_printf(&card, "    %.*s\n", (int)strcspn(p, "\n"), p);
		buf_fini(&text);
	} else if (t->n) {
		buf_printf(&card, "  cases      %u, in the order of their names%s\n", t->n,
			   t->r->cases ? ": it takes all of them"
				       : ": what ran last; the crash depends on something else as well");
	}
	buf_puts(&card, "  report     report.txt\n");
	buf_printf(&card, "reproduce: %s\n", buf_str(&t->command));
	folder_put_text(d, "card.txt", &card);
	buf_fini(&card);
}

static void add_text(struct json_object *o, const char *key, const char *value)
{
	if (value && *value)
		json_object_object_add(o, key, json_object_new_string(value));
}

static void add_safe(struct json_object *o, const char *key, const char *value)
{
	struct buf safe = {0};

	if (value)
		text_safe(&safe, value, strlen(value));
	add_text(o, key, buf_str(&safe));
	buf_fini(&safe);
}

static void put_json(struct finding_text *t, struct folder *d)
{
	struct json_object *o = json_object_new_object();
	struct buf line = {0};

	add_text(o, "type", "crash");
	add_text(o, "kind", t->rep->kind);
	add_text(o, "title", t->rep->headline);
	add_text(o, "signature", t->rep->signature);
	add_text(o, "place", t->place);
	add_safe(o, "kernel", t->opts->release);
	add_safe(o, "spec", t->opts->spec);
	add_text(o, "text", buf_str(&t->report));
	json_object_object_add(o, "cases", json_object_new_int((int)t->n));
	json_object_object_add(o, "needed", json_object_new_int((int)t->r->cases));
	json_object_object_add(o, "reruns", json_object_new_int((int)t->r->reruns));
	json_object_object_add(o, "failed", json_object_new_int((int)t->r->recurred));
	json_object_object_add(o, "minimal", json_object_new_boolean(t->r->minimal));
	add_text(o, "reproduce", buf_str(&t->command));
	buf_puts(&line,
		 json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(&line, "\n");
	json_object_put(o);
	folder_put_text(d, "card.json", &line);
	buf_fini(&line);
}

/* ---- what ran ---- */

/* Nobody knows what the calls should have returned; the program makes them, and the kernel does the rest. */
static void put_program(struct finding_text *t, struct folder *d, const char *text)
{
	struct repro *r = calloc(1, sizeof(*r));
	struct buf c = {0};

	if (r && !tcase_returns_2(t->tc[0])) {
		*r = (struct repro){.tc = t->tc[0],
				    .title = t->meta.title,
				    .text = text,
				    .origin = "nobody: on a kernel with this bug it does not come back.",
				    .n_calls = t->tc[0]->n_calls};
		for (unsigned i = 0; i < r->n_calls; i++)
			r->call[i].call = &t->tc[0]->call[i];
		repro_print(r, &c);
		folder_put_text(d, "repro.c", &c);
		repro_fini(r);
	} else if (!r && !d->err) {
		d->err = -ENOMEM;
	}
	buf_fini(&c);
	free(r);
}

static void put_cases(struct finding_text *t, struct folder *d)
{
	static uint8_t bin[CASE_BIN_MAX];

	for (unsigned i = 0; i < t->n && i < FOLDER_FILES - 8; i++) {
		struct buf text = {0};
		char name[FOLDER_NAME] = "case.case";

		if (t->n > 1)
			snprintf(name, sizeof(name), "case-%02u.case", i);
		tcase_print(t->tc[i], i + 1 == t->n ? &t->meta : NULL, &text);
		folder_put_text(d, name, &text);
		if (t->n == 1) {
			folder_put(d, "case.bin", bin, case_bin_encode(t->tc[0], bin, sizeof(bin)));
			put_program(t, d, buf_str(&text));
		}
		buf_fini(&text);
	}
	if (t->opts->text && !t->n)
		folder_put(d, "case.case", t->opts->text, strlen(t->opts->text));
}

int crash_write(const struct crash_opts *opts, const struct crash_report *rep, const struct hunt *h,
		const struct tcase *const *cases, unsigned n, const struct crash_result *r)
{
	struct finding_text t = {.opts = opts, .rep = rep, .r = r};
	struct folder d;
	unsigned most = FOLDER_FILES - 8;

	t.tc = h->n ? (const struct tcase *const *)h->tc : cases;
	t.n = h->n ? h->n : n;
	if (t.n > most) { /* the last ones say most */
		t.tc += t.n - most;
		t.n = most;
	}
	snprintf(t.meta.title, sizeof(t.meta.title), "Linux %.40s crashes: %.140s", opts->release,
		 rep->headline);
	folder_begin(&d, opts->folder, r->stem);
	find_places(&t);
	put_command(&t, d.path);
	folder_put_text(&d, "report.txt", &t.report);
	put_cases(&t, &d);
	put_card(&t, &d);
	put_json(&t, &d);
	buf_fini(&t.report);
	buf_fini(&t.command);
	return folder_end(&d);
}
