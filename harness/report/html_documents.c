/* SPDX-License-Identifier: MIT */
/* The page's chapter on the documents: where they and the kernels part, and each of their sentences. */
#include <string.h>

#include "../../oracle/sentences.h"
#include "html_doc.h"

/* The words of s as an array of texts. */
static struct json_object *words(const char *s)
{
	struct json_object *all = json_object_new_array();

	for (size_t n; *(s += strspn(s, " ")); s += n) {
		n = strcspn(s, " ");
		json_object_array_add(all, json_object_new_string_len(s, (int)n));
	}
	return all;
}

static const char *document_name(unsigned in)
{
	return in & IN_DOC ? "doc" : "draft";
}

void html_documents(struct json_object *o)
{
	struct json_object *deviations = json_object_new_array(), *sentences = json_object_new_array();

	for (unsigned i = 0; i < deviation_count(); i++) {
		const struct deviation *d = deviation_at(i);
		struct json_object *row = json_object_new_object();

		html_text(row, "id", d->id);
		html_text(row, "in", document_name(d->in));
		html_text(row, "kind", deviation_kind_name(d->kind));
		html_text(row, "says", d->says);
		html_text(row, "does", d->does);
		json_object_object_add(row, "cases", words(d->cases));
		json_object_array_add(deviations, row);
	}
	for (unsigned i = 0; i < sentence_count(); i++) {
		const struct sentence *s = sentence_at(i);
		struct json_object *row = json_object_new_object();

		html_text(row, "in", document_name(s->in));
		html_text(row, "section", s->section);
		html_text(row, "text", s->text);
		json_object_object_add(row, "clauses", words(s->clauses));
		html_text(row, "without", s->without);
		json_object_array_add(sentences, row);
	}
	json_object_object_add(o, "deviations", deviations);
	json_object_object_add(o, "sentences", sentences);
}
