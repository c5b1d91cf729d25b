/* SPDX-License-Identifier: MIT */
/* The HTML page of page/, with its style and script in it, around the place where its data goes. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

extern const unsigned char page_head[], page_tail[];
extern const size_t page_head_size, page_tail_size;

#endif
