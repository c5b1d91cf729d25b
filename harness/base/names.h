/* SPDX-License-Identifier: MIT */
/*
 * Tables of named constants and the numbers behind them. A table is an array of rows that ends with a row
 * whose name is NULL. Several names may share a value: the first one is printed, all are understood.
 * Levels and options of sockets are not here but in harness/case/options.h.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct name {
	const char *name;
	int64_t value;
};

extern const struct name names_errno[];	   /* EPERM ..., with the kernel's own 512..530 */
extern const struct name names_family[];   /* AF_* */
extern const struct name names_socktype[]; /* SOCK_STREAM ... (no flags) */
extern const struct name names_protocol[]; /* IPPROTO_* */
extern const struct name names_netlink[];  /* NETLINK_ROUTE ...: protocols of AF_NETLINK */

/* The first name of value, or NULL. Static string. */
const char *name_of(const struct name *table, int64_t value);
/* The value of the name s[0..n). False, *value untouched, if the table does not hold it. */
bool name_value(const struct name *table, const char *s, size_t n, int64_t *value);
/* Appends the name of value, else the number: hex from 10 up, decimal for small and negative ones. */
void name_print(struct buf *b, const struct name *table, int64_t value);
/* Appends a number that has no name, the way name_print does. */
void number_print(struct buf *b, int64_t value);

/*
 * Reads s[0..n) as a whole as a number: optional '-', then decimal digits or 0x and hex digits.
 * The range is INT64_MIN..INT64_MAX. False, *value untouched, if it is not one.
 */
bool number_parse(const char *s, size_t n, int64_t *value);

/* "EPERM" for 1; NULL if there is no such errno. */
const char *errno_name(int err);

#endif
