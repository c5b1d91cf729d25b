/* SPDX-License-Identifier: MIT */
/* Inside of the binary forms only (case_bin.c, tree_bin.c): what both are put together from. See case_bin.h.
 */
#ifndef BIN_PARTS_H
#define BIN_PARTS_H

#include "../base/buf.h"
#include "tcase.h"

#define BIN_KIND_RAW 15 /* a socket's family, type and protocol as numbers of their own */

struct bin_out {
	uint8_t *p;
	size_t n, cap;
	bool full;
	bool wide; /* some program may return 2 */
};

void bin_put(struct bin_out *o, unsigned byte);
/* The low `bytes` bytes of v, little endian. */
void bin_put_le(struct bin_out *o, uint64_t v, unsigned bytes);
void bin_put_int(struct bin_out *o, int32_t v);
void bin_put_prog(struct bin_out *o, const struct prog *p);
void bin_put_call(struct bin_out *o, const struct tc_call *c);
unsigned bin_kind(uint16_t family, uint16_t type, uint16_t protocol);
void bin_kind_of(unsigned k, uint16_t *family, uint16_t *type, uint16_t *protocol);

int32_t bin_get_int(struct cursor *c);
void bin_get_prog(struct cursor *c, enum hook hook, bool wide, struct prog *p);
void bin_get_call(struct cursor *c, struct tc_call *call, unsigned n_socks);

#endif
