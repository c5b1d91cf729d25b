/* SPDX-License-Identifier: MIT */
#include "boundary.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

const int32_t user_optlens[USER_OPTLENS] = {
	INT_MIN, -1, 0,	 1,  3,	       4,    15,       16,	 17,	31,	 32,
	33,	 63, 64, 65, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 65536, INT_MAX,
};

const char *const left_names[LEFT_COUNT] = {
	[LEFT_UNTOUCHED] = "untouched",
	[LEFT_INT_MIN] = "INT_MIN",
	[LEFT_MINUS2] = "-2",
	[LEFT_MINUS1] = "-1",
	[LEFT_0] = "0",
	[LEFT_1] = "1",
	[LEFT_SMALLER] = "smaller",
	[LEFT_EQUAL] = "equal",
	[LEFT_PLUS1] = "+1",
	[LEFT_16] = "16",
	[LEFT_17] = "17",
	[LEFT_PAGE] = "PAGE_SIZE",
	[LEFT_PAGE1] = "PAGE_SIZE+1",
	[LEFT_INT_MAX] = "INT_MAX",
};

void left_values(int32_t user, int32_t val[LEFT_COUNT])
{
	static const int32_t fixed[LEFT_COUNT] = {
		[LEFT_INT_MIN] = INT_MIN,
		[LEFT_MINUS2] = -2,
		[LEFT_MINUS1] = -1,
		[LEFT_0] = 0,
		[LEFT_1] = 1,
		[LEFT_16] = 16,
		[LEFT_17] = 17,
		[LEFT_PAGE] = PAGE,
		[LEFT_PAGE1] = PAGE + 1,
		[LEFT_INT_MAX] = INT_MAX,
	};

	memcpy(val, fixed, sizeof(fixed));
	val[LEFT_UNTOUCHED] = val[LEFT_EQUAL] = user;
	val[LEFT_SMALLER] = user > 1 ? user - user / 3 - 1 : user;
	val[LEFT_PLUS1] = user < INT_MAX ? user + 1 : user;
}

int32_t left_value(enum left l, int32_t user)
{
	int32_t val[LEFT_COUNT];

	left_values(user, val);
	return val[l];
}

const char *const rv_names[RV_COUNT] = {
	[RV_UNTOUCHED] = "untouched",	[RV_ZERO] = "0",
	[RV_ORIGINAL] = "original",	[RV_EPERM] = "-EPERM",
	[RV_NEGATIVE] = "other -errno", [RV_POSITIVE] = "positive",
	[RV_BELOW] = "below -4095",
};

const struct rv_class rv_classes[RV_COUNT] = {
	[RV_UNTOUCHED] = {1, {0}},
	[RV_ZERO] = {1, {0}},
	[RV_ORIGINAL] = {1, {0}},
	[RV_EPERM] = {1, {-EPERM}},
	[RV_NEGATIVE] = {5, {-EINVAL, -EFAULT, -ENOPROTOOPT, -4095, -2}},
	[RV_POSITIVE] = {4, {1, 7, 123, INT_MAX}},
	[RV_BELOW] = {3, {-4096, -5000, INT_MIN}},
};

struct act rv_action(enum rv v, enum hook hook, uint32_t pick)
{
	struct act a = {.op = hook == HOOK_GET && pick % 2 ? ACT_RETVAL : ACT_SET_RETVAL};

	if (v == RV_ORIGINAL)
		a.op = ACT_KEEP_RETVAL;
	a.val = rv_classes[v].val[pick / 2 % rv_classes[v].n];
	return a;
}

const struct sock_row sock_rows[SOCK_ROWS + SOCK_GUEST] = {
	{"tcp", {.family = AF_INET, .type = SOCK_STREAM}, SK_TCP4},
	{"udp", {.family = AF_INET, .type = SOCK_DGRAM}, SK_UDP4},
	{"tcp6", {.family = AF_INET6, .type = SOCK_STREAM}, SK_TCP6},
	{"udp6", {.family = AF_INET6, .type = SOCK_DGRAM}, SK_UDP6},
	{"unix", {.family = AF_UNIX, .type = SOCK_STREAM}, SK_UNIX},
	{"unixpair", {.route = ROUTE_SOCKETPAIR, .family = AF_UNIX, .type = SOCK_STREAM}, SK_UNIX},
	{"netlink", {.family = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_ROUTE}, SK_NETLINK},
	{"packet", {.family = AF_PACKET, .type = SOCK_DGRAM}, SK_PACKET},
	{"raw", {.family = AF_INET, .type = SOCK_RAW, .protocol = IPPROTO_ICMP}, SK_RAW4},
	{"igmp", {.family = AF_INET, .type = SOCK_RAW, .protocol = IPPROTO_IGMP}, SK_RAW4},	/* MRT_* */
	{"icmp6", {.family = AF_INET6, .type = SOCK_RAW, .protocol = IPPROTO_ICMPV6}, SK_RAW6}, /* MRT6_* */
	{"mptcp", {.family = AF_INET, .type = SOCK_STREAM, .protocol = 262}, SK_MPTCP},
	{"vsock", {.family = AF_VSOCK, .type = SOCK_STREAM}, SK_VSOCK},
	{"xdp", {.family = AF_XDP, .type = SOCK_RAW}, SK_XDP},
	{"sctp", {.family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_SCTP}, SK_SCTP},
	{"alg", {.family = AF_ALG, .type = SOCK_SEQPACKET}, SK_ALG},
	{"rawpacket", {.family = AF_PACKET, .type = SOCK_RAW}, SK_PACKET},
};

const struct topology topologies[TOPOLOGIES] = {
	{"one", 1, {"m1", "m1"}},
	{"two", 2, {"m1m1", "m1m1"}},
	{"three", 3, {"m1m1m1", "m1m1m1"}},
	{"pair in leaf", 2, {"m1m2", "m1m2"}},
	{"slots", 3, {"m2m1m3", "m2m1m3"}},
	{"override", 2, {"o1o1", "o1o1"}},
	{"inherited override", 3, {"o1-0-0", "o1-0-0"}},
	{"none", 2, {"n1-0", "n1-0"}},
	{"multi over none", 2, {"m1n1", "m1n1"}},
	{"gap", 4, {"m1-0-0m1", "m1-0m1-0"}},
	{"eight", 8, {"m1m1m1m1m1m1m1m1", "m1m1m1m1m1m1m1m1"}},
	{"get only", 2, {"m1m1", "-0-0"}},
	{"set only", 2, {"-0-0", "m1m1"}},
	{"override over multi", 3, {"m1o1m2", "o1m1m1"}},
};

unsigned topology_slots(const struct topology *t, unsigned hook, unsigned level)
{
	return (unsigned)(t->shape[hook][2 * level + 1] - '0');
}

enum attach_mode topology_mode(const struct topology *t, unsigned hook, unsigned level)
{
	char c = t->shape[hook][2 * level];

	return c == 'o' ? MODE_OVERRIDE : c == 'n' ? MODE_NONE : MODE_MULTI;
}

void topology_apply(const struct topology *t, struct tcase *tc)
{
	tc->n_levels = t->n_levels;
	for (unsigned l = 0; l < t->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			struct tc_level *v = &tc->level[l];

			v->n[h] = (uint8_t)topology_slots(t, h, l);
			for (unsigned s = 0; s < v->n[h]; s++) {
				v->slot[h][s].mode = (uint8_t)topology_mode(t, h, l);
				v->slot[h][s].prog.n = 0;
				v->slot[h][s].prog.ret = 1;
			}
		}
}

bool prog_add(struct prog *p, struct act a)
{
	if (p->n == ACT_MAX)
		return false;
	p->act[p->n++] = a;
	return true;
}

static void put_i32(uint8_t *p, int32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)((uint32_t)v >> (8 * i));
}

static int32_t get_i32(const uint8_t *p)
{
	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static const char *const congestion[] = {"reno", "cubic"};

static uint32_t fill_string(const struct option_info *info, uint32_t salt, struct tc_buf *b)
{
	const char *s = info->level == IPPROTO_TCP ? congestion[salt % 2] : salt % 2 ? "lo" : "";

	b->n_data = (uint8_t)strlen(s);
	memcpy(b->data, s, b->n_data);
	return b->n_data;
}

uint32_t value_fill(const struct option_info *info, uint32_t salt, struct tc_buf *b)
{
	enum opt_kind kind = info ? info->kind : OPT_INT;
	uint32_t size = info && info->size ? info->size : 4;

	if (kind == OPT_STRING)
		return fill_string(info, salt, b);
	if (size > TC_MAX_DATA)
		size = TC_MAX_DATA;
	memset(b->data, 0, size);
	b->n_data = (uint8_t)size;
	if (kind == OPT_STRUCT ||
	    kind == OPT_LARGE) { /* small numbers: on/off and seconds, addresses that are refused */
		put_i32(b->data, 1);
		if (size >= 8)
			put_i32(b->data + 4, (int32_t)(1 + salt % 100));
	} else if (info && info->v_step > 0) {
		uint32_t n = (uint32_t)((int64_t)info->v_hi - info->v_lo) / (uint32_t)info->v_step + 1;

		put_i32(b->data, info->v_lo + (int32_t)(n ? salt % n : salt) * info->v_step);
	} else {
		put_i32(b->data, (int32_t)(salt & 0xff));
	}
	return size;
}

bool value_next(struct tc_call *c)
{
	const struct option_info *info = option_find(c->level, c->optname);
	struct tc_buf *b = &c->buf;

	if (info && info->kind == OPT_STRING && b->n_data >= 4) {
		if (info->level != IPPROTO_TCP)
			return false;
		b->n_data = 0;
		fill_string(info, memcmp(b->data, "reno", 4) ? 0 : 1, b);
		if (b->size < b->n_data)
			b->n_data = (uint8_t)b->size;
		return true;
	}
	if (b->n_data >= 8 && info && (info->kind == OPT_STRUCT || info->kind == OPT_LARGE)) {
		put_i32(b->data + 4, get_i32(b->data + 4) % 1000 + 1);
		return true;
	}
	if (b->n_data >= 4 && info && info->v_step > 0 && info->v_lo < info->v_hi) {
		int64_t v = (int64_t)get_i32(b->data) + info->v_step;

		put_i32(b->data, v > info->v_hi || v < info->v_lo ? info->v_lo : (int32_t)v);
		return true;
	}
	if (b->n_data > 0) {
		b->data[0] ^= 1;
		return true;
	}
	if (b->size > 0) {
		b->fill ^= 1;
		return true;
	}
	return false;
}
