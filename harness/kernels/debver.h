/* SPDX-License-Identifier: MIT */
/* The order of Debian's version numbers, deb-version(7): what `dpkg --compare-versions` does. */
#ifndef DEBVER_H
#define DEBVER_H

#include <stdbool.h>

/* Below, at or above zero as a sorts before, with or after b. '~' sorts before everything, even the end. */
int debver_compare(const char *a, const char *b);

/* Whether s is a version at all: [epoch:]upstream[-revision], beginning with a digit, of the allowed letters.
 */
bool debver_valid(const char *s);

#endif
