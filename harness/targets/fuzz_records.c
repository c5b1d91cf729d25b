/* SPDX-License-Identifier: MIT */
/* Hostile JSON lines for the reader of records, and what it keeps of them through every format. Needs no
 * root. */
#include <string.h>

#include "harness/report/delta.h"
#include "harness/report/formats.h"
#include "harness/report/html.h"
#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const formats[])(struct buf *, const struct grid *, const struct format_opts *) = {
		format_junit, format_ktap, format_sarif, format_kcidb, format_markdown};
	static struct column c; /* large */
	struct column *columns[] = {&c, &c};
	struct grid g = {.column = columns, .n = 2};
	struct format_opts opts = {.version = "0", .origin = "fuzz"};
	struct buf out = {0};
	unsigned pick = size ? data[0] % 7 : 0;
	struct delta d;

	stats_execution();
	column_init(&c, "");
	if (size)
		data++, size--;
	for (const uint8_t *end, *p = data; size; size -= (size_t)(end - p), p = end) {
		const uint8_t *newline = memchr(p, '\n', size);
		size_t n = newline ? (size_t)(newline - p) : size;

		column_line(&c, (const char *)p, n);
		end = p + n + (newline != NULL);
	}
	column_close(&c, NULL);
	delta_init(&d);
	if (pick < 5)
		formats[pick](&out, &g, &opts);
	else if (pick == 5)
		report_html(&out, &g, "0");
	else if (!delta_pair(&d, &c, &c))
		delta_text(&out, &d, true);
	delta_fini(&d);
	buf_fini(&out);
	column_fini(&c);
	return 0;
}
