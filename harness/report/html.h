/* SPDX-License-Identifier: MIT */
/* A grid as one HTML page that needs nothing beside it. */
#ifndef HTML_H
#define HTML_H

#include "../base/buf.h"
#include "grid.h"

/* Appends the page. 0, -ENOMEM, or -ENOSYS: this build has no such writer. */
int report_html(struct buf *out, const struct grid *g, const char *version);

#endif
