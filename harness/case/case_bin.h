/* SPDX-License-Identifier: MIT */
/*
 * A case as fuzzers mutate it: short, and every byte string means a valid case. Lengths and options that
 * matter are one or two bytes, so that a single mutated byte moves between interesting values.
 * Indices point into tables of this build (options.c): archives hold text, case_text.h, not this.
 *
 * The bytes, in this order ("n % k": the decoder reduces what is out of range, the encoder stays inside):
 *   version     1 (the decoder does not look: 1 is the only one so far)
 *   header      bits 0-2 levels - 1; bits 3-5 sockets % 5; bits 6-7 both set: programs may return 2, and a
 *               result is 2 bits wide. Else it is 1 bit, because no kernel runs a case with a 2
 *   calls       % 17
 *   per level   counts: bits 0-2 getsockopt programs % 5, bits 3-5 setsockopt programs % 5;
 *               if there is one: modes, bits 0-1 get % 3, bits 2-3 set % 3; then its programs, get first
 *   program     bits 0-4 actions % 17, bit 7 the result (wide: bits 6-7 % 3); then the actions
 *   action      bits 0-3 (op - 1) % 9, bits 4-7 depend on op:
 *       IF          next byte: bits 0-3 field % 6, bits 4-5 comparison; next byte: skip % 17; then for
 *                   FIELD_BYTE offset and u8, else level, option or int
 *       LEVEL/OPTNAME   level / option
 *       BYTES       bits 4-5: width 1, 2, 4 (% 3); offset; width bytes
 *       RETURN      bit 4: the result (wide: bits 4-5 % 3)
 *       OPTLEN, RETVAL, SET_RETVAL   int
 *   socket      bits 0-3 one of the usual kinds, or 15: family, type, protocol as u16; bit 7 socketpair;
 *               else bits 4-5: 1 listening, 2 connected, 3 closed;
 *               next byte: level % (levels + 1)
 *   call        bit 0 hook; bits 1-3 socket % sockets (7: bad fd); bit 4 optlen NULL (get); bits 5-6 place;
 *               bit 7 has an expectation; then level and option; optlen as int (if not NULL);
 *               buffer (if not BUF_NULL): size as int, % (TC_MAX_BUF + 1); data length % 129; data; fill
 *   expectation bit 0 ret, bit 1 optlen, bit 2 bytes, bit 3 ret is 8 bytes, bits 4-5 how the call enters the
 *               kernel % VIA_COUNT (tcase.h), bit 6 a read-only optlen, bit 7 one that lies elsewhere: its
 * place (0xff across a page's end, 0xfc..0xfe what another thread does, with
 *               an int, else the offset in the buffer); then those: ret as int or u64, optlen as
 * int, count % 129 and the bytes int         0..0x1f an index % count of the interesting values; 0x20..0x7f
 * is 0..95; 0x80..0xbf and 2 bytes, sign extended; 0xc0.. and 4 bytes offset      0..0xef itself; 0xf0.. and
 * 2 bytes level       0..0x7f an index % count of the levels with names; 0x80.. and 4 bytes option      big
 * endian u15: an index % count of options (in an action only its optname counts); with the top bit: no index,
 * level (in a call) and optname as ints follow What cannot stand is repaired: blocks of ifs are cut at the
 * end of the block around them, programs that the kernel would not attach are dropped, a hook's forbidden
 * actions become allowed ones.
 */
#ifndef CASE_BIN_H
#define CASE_BIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tcase.h"

#define CASE_BIN_VERSION 1
#define CASE_BIN_MIN	 3     /* the shortest input that is decoded */
#define CASE_BIN_MAX	 20480 /* no case needs more */

/* The lengths (and other ints) that break things, as one byte: count in *n. */
const int32_t *case_bin_interesting(size_t *n);

/* Encodes a case that passes tcase_check. Returns the length, 0 if cap is too small (CASE_BIN_MAX is not). */
size_t case_bin_encode(const struct tcase *tc, uint8_t *out, size_t cap);

/*
 * Decodes any bytes into a case that passes tcase_check; what is missing at the end reads as zeros, bytes
 * that are left over are ignored. decode(encode(x)) equals x. False only if n < CASE_BIN_MIN.
 * Parts of *out that are not in use keep their old content: start from a zeroed or an earlier case.
 */
bool case_bin_decode(const uint8_t *data, size_t n, struct tcase *out);

/*
 * The same for the first of several cases that stand one behind the other, as the fuzz drivers hold them.
 * Returns how many bytes it took: at least CASE_BIN_MIN, 0 if there are fewer. After case_bin_encode(x) with
 * anything behind it that is exactly x's length.
 */
size_t case_bin_take(const uint8_t *data, size_t n, struct tcase *out);

/* The same. *cut: the bytes end before the case does, so that bytes put behind them would change it. */
size_t case_bin_take_cut(const uint8_t *data, size_t n, struct tcase *out, bool *cut);

#endif
