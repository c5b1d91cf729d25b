/* SPDX-License-Identifier: MIT */
/* Files of the tree that are in the binary (cmake/manual.cmake lists them), with their sizes in bytes. */
#ifndef MANUAL_TEXTS_H
#define MANUAL_TEXTS_H

#include <stddef.h>

#define TEXT(name)                                                                                           \
	extern const unsigned char text_##name[];                                                            \
	extern const size_t text_##name##_size

TEXT(page);	   /* the prose of hookdiff(1) */
TEXT(users);	   /* docs/users.md: its examples */
TEXT(case_format); /* docs/case-format.md: hookdiff-case(5) */
TEXT(bash);	   /* completion */
TEXT(zsh);
TEXT(fish);

#undef TEXT

#endif
