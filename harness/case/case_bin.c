/* SPDX-License-Identifier: MIT */
#include "case_bin.h"

#include <string.h>

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "bin_parts.h"
#include "options.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Around every boundary of the hook: bypass, empty, int, the least buffer's 16, the stack buffer's 32, pages.
 */
static const int32_t interesting[] = {
	INT32_MIN, -1, 0,  1,  3,    4,	   15,	 16,   17,    31,	 32,
	33,	   63, 64, 65, 4095, 4096, 4097, 8192, 65536, INT32_MAX,
};
#define N_INTERESTING (sizeof(interesting) / sizeof(interesting[0]))

static const struct {
	uint16_t family, type, protocol;
} kinds[] = {
	{AF_INET, SOCK_STREAM, 0},
	{AF_INET, SOCK_DGRAM, 0},
	{AF_INET6, SOCK_STREAM, 0},
	{AF_INET6, SOCK_DGRAM, 0},
	{AF_UNIX, SOCK_STREAM, 0},
	{AF_UNIX, SOCK_DGRAM, 0},
	{AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
	{AF_PACKET, SOCK_DGRAM, 0},
	{AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
	{AF_INET, SOCK_RAW, IPPROTO_UDP},
	{AF_INET6, SOCK_RAW, IPPROTO_UDP},
	{AF_VSOCK, SOCK_STREAM, 0},
	{AF_INET, SOCK_STREAM, IPPROTO_TCP},
	{AF_INET, SOCK_DGRAM, IPPROTO_UDP},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Both bits set in the header: results of programs take two bits, so that one can be 2. */
#define WIDE 0xc0

enum {
	EXP_RET = 1,
	EXP_OPTLEN = 2,
	EXP_BYTES = 4,
	EXP_RET64 = 8,
	VIA_SHIFT = 4,
	VIA_BITS = 0x30,
	LEN_READONLY = 64,
	LEN_ELSEWHERE = 128, /* a byte follows: 0xff across a page's end, else the offset in the buffer */
	LEN_ACROSS = 0xff,
	LEN_MEANWHILE = 0xfb, /* + enum call_meanwhile: another thread's doing; len_next follows as int */
};

const int32_t *case_bin_interesting(size_t *n)
{
	*n = N_INTERESTING;
	return interesting;
}

/* ---- writing ---- */

void bin_put(struct bin_out *o, unsigned byte)
{
	if (o->n == o->cap)
		o->full = true;
	else
		o->p[o->n++] = (uint8_t)byte;
}

/* The low `bytes` bytes of v, little endian. */
void bin_put_le(struct bin_out *o, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		bin_put(o, (unsigned)(v >> 8 * i) & 0xff);
}

static void put_bytes(struct bin_out *o, const uint8_t *data, unsigned n)
{
	bin_put(o, n);
	for (unsigned i = 0; i < n; i++)
		bin_put(o, data[i]);
}

void bin_put_int(struct bin_out *o, int32_t v)
{
	for (unsigned i = 0; i < N_INTERESTING; i++) {
		if (interesting[i] == v) {
			bin_put(o, i);
			return;
		}
	}
	if (v >= 0 && v < 0x60) {
		bin_put(o, 0x20 + (unsigned)v);
	} else if (v >= INT16_MIN && v <= INT16_MAX) {
		bin_put(o, 0x80);
		bin_put_le(o, (uint32_t)v, 2);
	} else {
		bin_put(o, 0xc0);
		bin_put_le(o, (uint32_t)v, 4);
	}
}

static void put_offset(struct bin_out *o, uint32_t off)
{
	if (off < 0xf0) {
		bin_put(o, off);
	} else {
		bin_put(o, 0xf0);
		bin_put_le(o, off, 2);
	}
}

static void put_level(struct bin_out *o, int32_t level)
{
	for (unsigned i = 0; i < level_count(); i++) {
		if (level_at(i) == level) {
			bin_put(o, i);
			return;
		}
	}
	bin_put(o, 0x80);
	bin_put_le(o, (uint32_t)level, 4);
}

static void put_index(struct bin_out *o, size_t i)
{
	bin_put(o, (unsigned)(i >> 8));
	bin_put(o, i & 0xff);
}

#define LOW_OPTNAMES 256

/* 1 + the number of the first option with this optname; 0: there is none. */
static size_t first_option(int32_t optname)
{
	static uint16_t low[LOW_OPTNAMES]; /* the usual ones, looked up once */
	static bool filled;

	if (!filled)
		for (size_t i = option_count(); i-- > 0;)
			if ((uint32_t)option_at(i)->optname < LOW_OPTNAMES)
				low[option_at(i)->optname] = (uint16_t)(i + 1);
	filled = true;
	if ((uint32_t)optname < LOW_OPTNAMES)
		return low[optname];
	for (size_t i = 0; i < option_count(); i++)
		if (option_at(i)->optname == optname)
			return i + 1;
	return 0;
}

/* An optname without its level: the first option with that number will do. */
static void put_optname(struct bin_out *o, int32_t optname)
{
	size_t first = first_option(optname);

	if (first) {
		put_index(o, first - 1);
		return;
	}
	bin_put(o, 0x80);
	bin_put(o, 0);
	bin_put_int(o, optname);
}

static void put_option(struct bin_out *o, int32_t level, int32_t optname)
{
	const struct option_info *info = option_find(level, optname);

	if (info) {
		put_index(o, (size_t)(info - option_at(0)));
		return;
	}
	bin_put(o, 0x80);
	bin_put(o, 0);
	bin_put_int(o, level);
	bin_put_int(o, optname);
}

static void put_act(struct bin_out *o, const struct act *a)
{
	unsigned op = a->op - 1u;

	switch ((enum act_op)a->op) {
	case ACT_IF:
		bin_put(o, op);
		bin_put(o, a->field | (unsigned)a->cmp << 4);
		bin_put(o, a->n);
		if (a->field == FIELD_BYTE) {
			put_offset(o, a->off);
			bin_put(o, (unsigned)a->val);
		} else if (a->field == FIELD_LEVEL) {
			put_level(o, a->val);
		} else if (a->field == FIELD_OPTNAME) {
			put_optname(o, a->val);
		} else {
			bin_put_int(o, a->val);
		}
		break;
	case ACT_LEVEL:
		bin_put(o, op);
		put_level(o, a->val);
		break;
	case ACT_OPTNAME:
		bin_put(o, op);
		put_optname(o, a->val);
		break;
	case ACT_OPTLEN:
	case ACT_RETVAL:
	case ACT_SET_RETVAL:
		bin_put(o, op);
		bin_put_int(o, a->val);
		break;
	case ACT_BYTES:
		bin_put(o, op | (a->n >> 1) << 4); /* 1, 2, 4: 0, 1, 2 */
		put_offset(o, a->off);
		bin_put_le(o, (uint32_t)a->val, a->n);
		break;
	case ACT_RETURN:
		bin_put(o, op | (unsigned)a->val << 4);
		break;
	case ACT_KEEP_RETVAL:
	case ACT_NONE:
	case ACT_OP_COUNT:
		bin_put(o, op);
		break;
	}
}

void bin_put_prog(struct bin_out *o, const struct prog *p)
{
	bin_put(o, p->n | p->ret << (o->wide ? 6 : 7));
	for (uint32_t k = 0; k < p->n; k++)
		put_act(o, &p->act[k]);
}

static void put_levels(struct bin_out *o, const struct tcase *tc)
{
	for (unsigned i = 0; i < tc->n_levels; i++) {
		const struct tc_level *l = &tc->level[i];
		unsigned get = l->n[HOOK_GET], set = l->n[HOOK_SET];

		bin_put(o, get | set << 3);
		if (!get && !set)
			continue;
		bin_put(o, (get ? l->slot[HOOK_GET][0].mode : 0u) | (set ? l->slot[HOOK_SET][0].mode : 0u)
									    << 2);
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			for (unsigned s = 0; s < l->n[h]; s++)
				bin_put_prog(o, &l->slot[h][s].prog);
		}
	}
}

/* Family, type and protocol as a number below BIN_KIND_RAW if they are usual. */
unsigned bin_kind(uint16_t family, uint16_t type, uint16_t protocol)
{
	unsigned k = 0;

	while (k < N_KINDS &&
	       (kinds[k].family != family || kinds[k].type != type || kinds[k].protocol != protocol))
		k++;
	return k < N_KINDS ? k : BIN_KIND_RAW;
}

void bin_kind_of(unsigned k, uint16_t *family, uint16_t *type, uint16_t *protocol)
{
	*family = kinds[k % N_KINDS].family;
	*type = kinds[k % N_KINDS].type;
	*protocol = kinds[k % N_KINDS].protocol;
}

static void put_sock(struct bin_out *o, const struct tc_sock *s)
{
	static const uint8_t routes[ROUTE_COUNT] = {[ROUTE_SOCKETPAIR] = 0x80,
						    [ROUTE_LISTENING] = 0x10,
						    [ROUTE_CONNECTED] = 0x20,
						    [ROUTE_CLOSED] = 0x30};
	unsigned k = bin_kind(s->family, s->type, s->protocol), pair = routes[s->route];

	if (k != BIN_KIND_RAW) {
		bin_put(o, k | pair);
	} else {
		bin_put(o, BIN_KIND_RAW | pair);
		bin_put_le(o, s->family, 2);
		bin_put_le(o, s->type, 2);
		bin_put_le(o, s->protocol, 2);
	}
	bin_put(o, s->level);
}

void bin_put_call(struct bin_out *o, const struct tc_call *c)
{
	const struct tc_expect *e = &c->expect;
	unsigned flags =
		(e->has_ret ? EXP_RET : 0) | (e->has_optlen ? EXP_OPTLEN : 0) | (e->n_bytes ? EXP_BYTES : 0);
	unsigned sock = c->sock == TC_SOCK_BAD ? 7 : c->sock;

	if (e->has_ret && e->ret != (int32_t)e->ret)
		flags |= EXP_RET64;
	flags |= (unsigned)c->via << VIA_SHIFT | (c->optlen_ro ? LEN_READONLY : 0) |
		 (c->len_across || c->len_in || c->meanwhile ? LEN_ELSEWHERE : 0);
	bin_put(o, c->hook | sock << 1 | (unsigned)c->optlen_null << 4 | (unsigned)c->buf.place << 5 |
			   (flags ? 0x80 : 0));
	put_option(o, c->level, c->optname);
	if (!c->optlen_null)
		bin_put_int(o, c->optlen);
	if (c->buf.place != BUF_NULL) {
		bin_put_int(o, (int32_t)c->buf.size);
		put_bytes(o, c->buf.data, c->buf.n_data);
		bin_put(o, c->buf.fill);
	}
	if (!flags)
		return;
	bin_put(o, flags);
	if (flags & LEN_ELSEWHERE)
		bin_put(o, c->len_in	   ? c->len_off
			   : c->len_across ? (unsigned)LEN_ACROSS
					   : (unsigned)LEN_MEANWHILE + c->meanwhile);
	if (c->meanwhile)
		bin_put_int(o, c->meanwhile == MEANWHILE_DETACH ? 0 : c->len_next);
	if (flags & EXP_RET64)
		bin_put_le(o, (uint64_t)e->ret, 8);
	else if (flags & EXP_RET)
		bin_put_int(o, (int32_t)e->ret);
	if (flags & EXP_OPTLEN)
		bin_put_int(o, e->optlen);
	if (flags & EXP_BYTES)
		put_bytes(o, e->bytes, e->n_bytes);
}

size_t case_bin_encode(const struct tcase *tc, uint8_t *out, size_t cap)
{
	struct bin_out o = {.p = out, .cap = cap, .wide = tcase_returns_2(tc)};

	bin_put(&o, CASE_BIN_VERSION);
	bin_put(&o, (tc->n_levels - 1u) | (unsigned)tc->n_socks << 3 | (o.wide ? WIDE : 0));
	bin_put(&o, tc->n_calls);
	put_levels(&o, tc);
	for (unsigned i = 0; i < tc->n_socks; i++)
		put_sock(&o, &tc->sock[i]);
	for (unsigned i = 0; i < tc->n_calls; i++)
		bin_put_call(&o, &tc->call[i]);
	return o.full ? 0 : o.n;
}

/* ---- reading ---- */

int32_t bin_get_int(struct cursor *c)
{
	unsigned tag = cursor_u8(c);

	if (tag < 0x20)
		return interesting[tag % N_INTERESTING];
	if (tag < 0x80)
		return (int32_t)tag - 0x20;
	if (tag < 0xc0)
		return (int16_t)cursor_u16(c);
	return (int32_t)cursor_u32(c);
}

static uint32_t get_offset(struct cursor *c)
{
	unsigned tag = cursor_u8(c);

	return tag < 0xf0 ? tag : cursor_u16(c);
}

static int32_t get_level(struct cursor *c)
{
	unsigned tag = cursor_u8(c);

	return tag < 0x80 ? level_at(tag % level_count()) : (int32_t)cursor_u32(c);
}

/* NULL: it is written out. */
static const struct option_info *get_index(struct cursor *c)
{
	unsigned i = (unsigned)cursor_u8(c) << 8;

	i |= cursor_u8(c);
	return i & 0x8000 ? NULL : option_at(i % option_count());
}

static int32_t get_optname(struct cursor *c)
{
	const struct option_info *info = get_index(c);

	return info ? info->optname : bin_get_int(c);
}

static void get_act(struct cursor *c, enum hook hook, bool wide, struct act *a)
{
	unsigned b = cursor_u8(c), width;

	*a = (struct act){.op = (uint8_t)(1 + (b & 15) % (ACT_OP_COUNT - 1))};
	if (hook == HOOK_GET && (a->op == ACT_LEVEL || a->op == ACT_OPTNAME))
		a->op = ACT_OPTLEN;
	if (hook == HOOK_SET && a->op == ACT_RETVAL)
		a->op = ACT_SET_RETVAL;
	switch ((enum act_op)a->op) {
	case ACT_IF:
		b = cursor_u8(c);
		a->field = (uint8_t)((b & 15) % FIELD_COUNT);
		a->cmp = (uint8_t)((b >> 4 & 3) % CMP_COUNT);
		a->n = (uint8_t)(cursor_u8(c) % (ACT_MAX + 1));
		if (a->field == FIELD_BYTE) {
			a->off = get_offset(c);
			a->val = cursor_u8(c);
		} else if (a->field == FIELD_LEVEL) {
			a->val = get_level(c);
		} else if (a->field == FIELD_OPTNAME) {
			a->val = get_optname(c);
		} else {
			a->val = bin_get_int(c);
		}
		break;
	case ACT_LEVEL:
		a->val = get_level(c);
		break;
	case ACT_OPTNAME:
		a->val = get_optname(c);
		break;
	case ACT_OPTLEN:
	case ACT_RETVAL:
	case ACT_SET_RETVAL:
		a->val = bin_get_int(c);
		break;
	case ACT_BYTES:
		width = (b >> 4 & 3) % 3;
		a->n = (uint8_t)(1 << width);
		a->off = get_offset(c);
		a->val = a->n == 1 ? cursor_u8(c) : a->n == 2 ? cursor_u16(c) : (int32_t)cursor_u32(c);
		break;
	case ACT_RETURN:
		a->val = wide ? (int32_t)((b >> 4 & 3) % 3) : (int32_t)(b >> 4 & 1);
		break;
	case ACT_KEEP_RETVAL:
	case ACT_NONE:
	case ACT_OP_COUNT:
		break;
	}
}

void bin_get_prog(struct cursor *c, enum hook hook, bool wide, struct prog *p)
{
	uint32_t end[ACT_MAX + 1];
	unsigned depth = 0, b = cursor_u8(c);

	p->n = (b & 31) % (ACT_MAX + 1);
	p->ret = wide ? (b >> 6) % 3 : b >> 7;
	end[0] = p->n;
	for (uint32_t i = 0; i < p->n; i++) {
		struct act *a = &p->act[i];

		get_act(c, hook, wide, a);
		while (depth && end[depth] <= i)
			depth--;
		if (a->op != ACT_IF)
			continue;
		if (i + 1 + a->n > end[depth])
			a->n = (uint8_t)(end[depth] - i - 1);
		end[++depth] = i + 1 + a->n;
	}
}

/*
 * Attach rules, top-down as in tcase_check: the nearest level above with programs on the hook decides, and
 * above[] holds its mode (MODE_COUNT: there is none). Below none nothing may attach.
 */
static void get_level_progs(struct cursor *c, struct tc_level *l, bool wide, uint8_t above[HOOK_COUNT])
{
	unsigned counts = cursor_u8(c), modes;

	l->n[HOOK_GET] = (uint8_t)((counts & 7) % (TC_MAX_SLOTS + 1));
	l->n[HOOK_SET] = (uint8_t)((counts >> 3 & 7) % (TC_MAX_SLOTS + 1));
	if (!l->n[HOOK_GET] && !l->n[HOOK_SET])
		return;
	modes = cursor_u8(c);
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		uint8_t mode = (uint8_t)((modes >> 2 * h & 3) % MODE_COUNT);

		if (above[h] == MODE_NONE)
			l->n[h] = 0;
		if (!l->n[h])
			continue;
		if (mode != MODE_MULTI)
			l->n[h] = 1;
		above[h] = mode;
		for (unsigned s = 0; s < l->n[h]; s++) {
			l->slot[h][s].mode = mode;
			bin_get_prog(c, (enum hook)h, wide, &l->slot[h][s].prog);
		}
	}
}

static void get_sock(struct cursor *c, struct tc_sock *s, unsigned n_levels)
{
	unsigned b = cursor_u8(c), k = b & 15;

	s->route = b & 0x80   ? ROUTE_SOCKETPAIR
		   : b & 0x30 ? (uint8_t)(ROUTE_LISTENING - 1 + (b >> 4 & 3))
			      : ROUTE_SOCKET;
	if (k == BIN_KIND_RAW) {
		s->family = cursor_u16(c);
		s->type = cursor_u16(c);
		s->protocol = cursor_u16(c);
	} else {
		bin_kind_of(k, &s->family, &s->type, &s->protocol);
	}
	s->level = (uint8_t)(cursor_u8(c) % (n_levels + 1));
}

/* At most `room` bytes are kept; the rest is read all the same. Returns how many were kept. */
static uint8_t get_bytes(struct cursor *c, uint8_t data[TC_MAX_DATA], uint32_t room)
{
	unsigned n = cursor_u8(c) % (TC_MAX_DATA + 1u);

	cursor_bytes(c, data, n);
	return (uint8_t)(n < room ? n : room);
}

static void get_len_place(struct cursor *c, struct tc_call *call)
{
	unsigned at = cursor_u8(c);

	if (at > LEN_MEANWHILE && at < LEN_ACROSS) {
		call->len_next = bin_get_int(c);
		call->meanwhile = (uint8_t)(at - LEN_MEANWHILE);
		tc_len_settle(call);
		return;
	}
	if (call->hook != HOOK_GET || !tc_via_has_pointer(call->via))
		return;
	call->len_across = at == LEN_ACROSS;
	call->len_in = at != LEN_ACROSS;
	call->len_off = (uint8_t)(call->len_in ? at % (TC_MAX_DATA - 3) : 0);
	tc_len_settle(call);
	if (!call->len_in)
		call->len_off = 0;
}

void bin_get_call(struct cursor *c, struct tc_call *call, unsigned n_socks)
{
	struct tc_expect *e = &call->expect;
	const struct option_info *info;
	unsigned b = cursor_u8(c), sock = b >> 1 & 7, flags = 0;

	call->hook = b & 1;
	call->sock = (uint8_t)(sock == 7 || !n_socks ? TC_SOCK_BAD : sock % n_socks);
	call->optlen_null = (b >> 4 & 1) && call->hook == HOOK_GET;
	call->buf.place = (uint8_t)((b >> 5 & 3) % BUF_PLACE_COUNT);
	info = get_index(c);
	call->level = info ? info->level : bin_get_int(c);
	call->optname = info ? info->optname : bin_get_int(c);
	call->optlen = call->optlen_null ? 0 : bin_get_int(c);
	call->buf.size = 0;
	call->buf.n_data = 0;
	call->buf.fill = 0;
	if (call->buf.place != BUF_NULL) {
		call->buf.size = (uint32_t)bin_get_int(c) % (TC_MAX_BUF + 1u);
		call->buf.n_data = get_bytes(c, call->buf.data, call->buf.size);
		call->buf.fill = cursor_u8(c);
	}
	if (b & 0x80)
		flags = cursor_u8(c);
	call->via = (uint8_t)((flags & VIA_BITS) >> VIA_SHIFT) % VIA_COUNT;
	if (!tc_via_has_pointer(call->via) && call->optlen_null)
		call->via = VIA_SYSCALL;
	call->optlen_ro = flags & LEN_READONLY && call->hook == HOOK_GET && !call->optlen_null &&
			  tc_via_has_pointer(call->via);
	call->len_across = call->len_in = false;
	call->len_off = 0;
	call->meanwhile = MEANWHILE_NOTHING;
	call->len_next = 0;
	if (flags & LEN_ELSEWHERE)
		get_len_place(c, call);
	e->has_ret = flags & EXP_RET;
	e->ret = 0;
	if (flags & EXP_RET)
		e->ret = flags & EXP_RET64 ? (int64_t)cursor_u64(c) : bin_get_int(c);
	e->has_optlen = (flags & EXP_OPTLEN) && tc_call_has_len(call);
	e->optlen = flags & EXP_OPTLEN ? bin_get_int(c) : 0;
	e->n_bytes = flags & EXP_BYTES ? get_bytes(c, e->bytes, call->buf.size) : 0;
}

size_t case_bin_take_cut(const uint8_t *data, size_t n, struct tcase *out, bool *cut)
{
	struct cursor c = cursor_make(data, n);
	uint8_t above[HOOK_COUNT] = {MODE_COUNT, MODE_COUNT};
	unsigned header;

	*cut = false;
	if (n < CASE_BIN_MIN)
		return 0;
	cursor_u8(&c);
	header = cursor_u8(&c);
	out->n_levels = (uint8_t)(1 + (header & 7));
	out->n_socks = (uint8_t)((header >> 3 & 7) % (TC_MAX_SOCKS + 1));
	out->n_calls = (uint8_t)(cursor_u8(&c) % (TC_MAX_CALLS + 1));
	for (unsigned i = 0; i < out->n_levels; i++)
		get_level_progs(&c, &out->level[i], (header & WIDE) == WIDE, above);
	for (unsigned i = 0; i < out->n_socks; i++)
		get_sock(&c, &out->sock[i], out->n_levels);
	for (unsigned i = 0; i < out->n_calls; i++)
		bin_get_call(&c, &out->call[i], out->n_socks);
	*cut = c.over;
	return n - cursor_remaining(&c);
}

size_t case_bin_take(const uint8_t *data, size_t n, struct tcase *out)
{
	bool cut;

	return case_bin_take_cut(data, n, out, &cut);
}

bool case_bin_decode(const uint8_t *data, size_t n, struct tcase *out)
{
	return case_bin_take(data, n, out) != 0;
}
