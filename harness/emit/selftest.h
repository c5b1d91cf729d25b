/* SPDX-License-Identifier: MIT */
/*
 * A case as a row of the kernel's own table of tests, tools/testing/selftests/bpf/prog_tests/sockopt.c. A row
 * there is one program in one cgroup, an AF_INET stream socket, at most one setsockopt and then at most one
 * getsockopt, and of results only 0, EPERM, EFAULT (and EOPNOTSUPP on get). What does not fit is said.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include "repro.h"

/*
 * Appends the row, with what it leaves out as a comment before it; or only a comment that says why there is
 * none. True if there is a row and it leaves nothing out.
 */
bool selftest_print(const struct repro *r, struct buf *out);

#endif
