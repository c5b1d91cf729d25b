/* SPDX-License-Identifier: MIT */
/*
 * A case with operations as fuzzers mutate it: as case_bin.h, every byte string means a valid case, ints,
 * programs and calls are written as there, and archives hold text.
 *
 * The bytes, in this order ("n % k": the decoder reduces what is out of range, the encoder stays inside):
 *   version     1 (the decoder does not look)
 *   header      bits 0-3 cgroups - 1; bit 7 results of programs are 2 bits wide
 *   per cgroup  bits 0-4 parent: 0 the root, else 1 + its index % so many; bit 5: a step makes it, and those
 * behind it next byte: name, 'a' + n % 26 programs    % 33; each: bit 0 of a byte the hook, then the program
 *   steps       % 193
 *   step        bits 0-3 enum tree_op % 13, bit 4 has an expectation; then by operation
 *       ATTACH, LINK, DETACH
 *               cgroup; program (DETACH: % (programs + 1), the last one is none); options: bits 0-1 override,
 *               multi; 2 preorder; 3 before; 4 after; 5 replace (ATTACH: of a program that follows); 6 the
 * hook (not LINK); 7 more follows: bits 0-1 anchor % 3 (its number follows), 2 by id, 3 a revision as int, 4
 * other flags as u32 UPDATE  link, program, old program (% (programs + 1), the last one is none) LINK_DETACH,
 * CLOSE_LINK   link QUERY   cgroup; bit 0 the hook, 1 effective, 2 array, 3 room follows (% 129) MKDIR,
 * RMDIR, MOVE        cgroup (MOVE: % (cgroups + 1), the last one is outside) SOCKET  its number % sockets;
 * bits 0-3 one of the usual kinds, or 15: family, type, protocol as u16, bits 4-7 route % 9; cgroup, of an
 * accepted one connector and acceptor (outside as of MOVE) CLOSE_SOCK                its number % those made
 * so far CALL    a call of case_bin.h, with its expectation expectation bit 0 ret, 1 programs, 2 flags, 3
 * count, 4 revision; then those: int, count % 17 and programs, ints What cannot stand is repaired: a step
 * that tree_check refuses is left out, and so are cgroups and sockets that no step makes; sockets of threads
 * become plain ones if their cgroup is used in another way too.
 */
#ifndef TREE_BIN_H
#define TREE_BIN_H

#include <stddef.h>

#include "tree.h"

#define TREE_BIN_VERSION 1
#define TREE_BIN_MIN	 4     /* the shortest input that is decoded */
#define TREE_BIN_MAX	 32768 /* no case needs more */

/* Encodes a case that passes tree_check. Returns the length, 0 if cap is too small (TREE_BIN_MAX is not). */
size_t tree_bin_encode(const struct tree *t, uint8_t *out, size_t cap);

/*
 * Decodes any bytes into a case that passes tree_check; what is missing at the end reads as zeros, bytes that
 * are left over are ignored. decode(encode(x)) equals x. False only if n < TREE_BIN_MIN.
 */
bool tree_bin_decode(const uint8_t *data, size_t n, struct tree *out);

#endif
