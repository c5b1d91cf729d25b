/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A socket and an option of it: together they cover the kinds of options, of families and of handler answers.
 */
static const struct subject {
	unsigned socket; /* row of sock_rows[] */
	int32_t level, optname;
	int32_t set; /* the option that the case's setsockopt names, if it is another one */
} subjects[] = {
	{0, IPPROTO_IP, IP_TOS, 0},		 /* one byte or an int */
	{0, SOL_SOCKET, SO_PRIORITY, 0},	 /* int */
	{0, SOL_SOCKET, SO_MARK, 0},		 /* int, every bit kept */
	{0, IPPROTO_TCP, TCP_NODELAY, 0},	 /* bool */
	{0, IPPROTO_TCP, TCP_CONGESTION, 0},	 /* string */
	{0, SOL_SOCKET, SO_LINGER, 0},		 /* struct */
	{0, IPPROTO_IP, IP_MSFILTER, 0},	 /* header and array */
	{0, 0x484b, 1, 0},			 /* a level that nobody knows */
	{0, SOL_SOCKET, SO_TYPE, 0},		 /* the handler refuses to set it */
	{1, SOL_SOCKET, SO_RCVBUF, 0},		 /* the handler changes the value */
	{1, IPPROTO_IP, IP_TTL, 0},		 /* byte, refused when out of range */
	{2, IPPROTO_IPV6, IPV6_TCLASS, 0},	 /* IPv6 */
	{2, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 0}, /* IPv6 */
	{4, SOL_SOCKET, SO_PRIORITY, 0},	 /* UNIX */
	{5, SOL_SOCKET, SO_PEERGROUPS, 0},	 /* an answer above PAGE_SIZE */
	{6, SOL_NETLINK, NETLINK_PKTINFO, 0},	 /* NETLINK */
	{6, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS,
	 NETLINK_ADD_MEMBERSHIP},	    /* an answer larger than the buffer */
	{7, SOL_PACKET, PACKET_AUXDATA, 0}, /* PACKET */
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

/* Chains of depth 1 to 3 (rows of topologies[]) and the level whose program acts. */
static const struct who {
	uint8_t topology, level;
} whos[] = {{0, 0}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {2, 2}};
#define WHOS (sizeof(whos) / sizeof(whos[0]))

#define PRODUCT (HOOK_COUNT * USER_OPTLENS * LEFT_COUNT * 2 * RV_COUNT * WHOS)

uint64_t sweep_count(void)
{
	return (uint64_t)PRODUCT * SUBJECTS;
}

uint64_t sweep_subject_count(void)
{
	return PRODUCT;
}

void sweep_describe(char *buf, size_t n)
{
	snprintf(buf, n,
		 "%d hooks x %d user lengths x %d lengths left x 2 returns x %d retvals x %zu places in "
		 "chains of 1 to 3 "
		 "x %zu options on %d kinds of sockets = %llu cases",
		 HOOK_COUNT, USER_OPTLENS, LEFT_COUNT, RV_COUNT, WHOS, SUBJECTS, SOCK_ROWS - 1,
		 (unsigned long long)sweep_count());
}

static unsigned digit(uint64_t *i, unsigned base)
{
	unsigned d = (unsigned)(*i % base);

	*i /= base;
	return d;
}

/* The user's memory is as large as optlen says, unless that is absurd. */
static void memory(struct tc_call *c, uint32_t own)
{
	struct tc_buf *b = &c->buf;

	b->place = BUF_PLAIN;
	b->fill = TC_FILL;
	b->size = c->optlen < 0 ? own : c->optlen <= 65536 ? (uint32_t)c->optlen : PAGE + 100;
	if (b->n_data > b->size)
		b->n_data = (uint8_t)b->size;
}

static void call(struct tc_call *c, enum hook hook, const struct subject *s, int32_t optlen, uint32_t salt)
{
	const struct option_info *info;
	uint32_t own;

	memset(c, 0, sizeof(*c));
	c->hook = (uint8_t)hook;
	c->level = s->level;
	c->optname = hook == HOOK_SET && s->set ? s->set : s->optname;
	info = option_find(c->level, c->optname);
	own = value_fill(info, salt, &c->buf);
	if (hook == HOOK_GET && (!info || info->kind != OPT_LARGE))
		c->buf.n_data = 0;
	c->optlen = optlen == INT32_MIN + 1 ? (int32_t)own : optlen;
	memory(c, own);
}

void sweep_case(uint64_t i, struct tcase *tc, unsigned *topology, unsigned *socket)
{
	const int32_t own_size = INT32_MIN + 1;
	const uint32_t salt = (uint32_t)(i * 2654435761u >> 8);
	enum hook hook = (enum hook)digit(&i, HOOK_COUNT);
	int32_t user = user_optlens[digit(&i, USER_OPTLENS)];
	enum left left = (enum left)digit(&i, LEFT_COUNT);
	uint32_t ret = digit(&i, 2);
	enum rv rv = (enum rv)digit(&i, RV_COUNT);
	const struct who *who = &whos[digit(&i, WHOS)];
	const struct subject *s = &subjects[digit(&i, SUBJECTS)];
	struct prog *p;

	topology_apply(&topologies[who->topology], tc);
	tc->n_socks = 1;
	tc->n_calls = 2;
	tc->sock[0] = sock_rows[s->socket].sock;
	tc->sock[0].level = tc->n_levels;
	call(&tc->call[0], HOOK_SET, s, hook == HOOK_SET ? user : own_size, salt);
	call(&tc->call[1], HOOK_GET, s, hook == HOOK_GET ? user : 64, salt);
	p = &tc->level[who->level].slot[hook][0].prog;
	if (left != LEFT_UNTOUCHED)
		prog_add(p, (struct act){.op = ACT_OPTLEN, .val = left_value(left, user)});
	if (rv != RV_UNTOUCHED)
		prog_add(p, rv_action(rv, hook, salt));
	p->ret = ret;
	*topology = who->topology;
	*socket = s->socket;
}
