/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include "text.h"

/* A part of a file name; what came from a kernel may be anything. */
static void put_part(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_add(out, *s == '/' ? "-" : s, 1);
}

void replay_path(struct buf *out, const char *folder, const struct column *c, const struct column_finding *f)
{
	buf_printf(out, "%s/", folder);
	put_part(out, c->label);
	buf_printf(out, "-%s-", f->clause ? clause_info(f->clause)->name : "expectation");
	put_part(out, f->hook);
	buf_puts(out, "-");
	put_part(out, f->field);
	buf_puts(out, ".case");
}

void replay_command(struct buf *out, const struct column *c, const char *path)
{
	buf_puts(out, "hookdiff matrix --kernels ");
	text_shell(out, c->spec);
	buf_printf(out, " --profile %s --cases ", c->profile->name);
	text_shell(out, path);
}
