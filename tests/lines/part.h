/* SPDX-License-Identifier: MIT */
/* clang-format off: a statement inside of subject_small(), in the third line */
a = subject_sink(a ^ 1);
