/* SPDX-License-Identifier: MIT */
/*
 * One row an option, one function a family of handlers. The order of the checks in each function is the
 * kernel's: it decides which errno wins.
 */
#include "model.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"

#define DEFAULT_TTL 64 /* IPDEFTTL, net.ipv4.ip_default_ttl */
#define ECN_MASK    3  /* INET_ECN_MASK */
#define SK_INET	    (SK_TCP4 | SK_UDP4 | SK_TCP6 | SK_UDP6)
#define SK_TCP	    (SK_TCP4 | SK_TCP6)
#define SK_ALL	    (SK_INET | SK_UNIX)

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* How a set value is stored. */
enum store { ST_NEVER /* read-only */, ST_INT, ST_BOOL, ST_TOS, ST_TTL };

/* clang-format off */
static const struct row {
	int32_t level, optname;
	enum model_value value;
	enum store store;
	uint16_t kinds;
} rows[] = {
	{SOL_SOCKET, SO_PRIORITY,  MV_PRIORITY,  ST_INT,   SK_ALL},
	{SOL_SOCKET, SO_MARK,      MV_MARK,      ST_INT,   SK_ALL},
	{SOL_SOCKET, SO_REUSEADDR, MV_REUSEADDR, ST_BOOL,  SK_ALL},
	{SOL_SOCKET, SO_KEEPALIVE, MV_KEEPALIVE, ST_BOOL,  SK_ALL},
	{SOL_SOCKET, SO_BROADCAST, MV_BROADCAST, ST_BOOL,  SK_ALL},
	{SOL_SOCKET, SO_TYPE,      MV_TYPE,      ST_NEVER, SK_ALL},
	{SOL_SOCKET, SO_DOMAIN,    MV_DOMAIN,    ST_NEVER, SK_ALL},
	{SOL_SOCKET, SO_PROTOCOL,  MV_PROTOCOL,  ST_NEVER, SK_ALL},
	{SOL_IP,     IP_TOS,       MV_TOS,       ST_TOS,   SK_INET},
	{SOL_IP,     IP_TTL,       MV_TTL,       ST_TTL,   SK_INET},
	{SOL_IP,     IP_FREEBIND,  MV_FREEBIND,  ST_BOOL,  SK_INET},
	{SOL_TCP,    TCP_NODELAY,  MV_NODELAY,   ST_BOOL,  SK_TCP},
};

/* Sets that change what the rows above do: other protocol functions, another family, a forced SO_REUSEADDR. */
static const struct {
	int32_t level, optname;
} spoilers[] = {
	{SOL_TCP, TCP_ULP},
	{SOL_TCP, TCP_REPAIR},
	{SOL_IPV6, IPV6_ADDRFORM},
};
/* clang-format on */

static const struct row *find(const struct model *m, int32_t level, int32_t optname)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level && rows[i].optname == optname && rows[i].kinds & m->kind)
			return &rows[i];
	return NULL;
}

static uint16_t kind_of(const struct tc_sock *s)
{
	bool tcp = s->type == SOCK_STREAM && (s->protocol == 0 || s->protocol == IPPROTO_TCP);
	bool udp = s->type == SOCK_DGRAM && (s->protocol == 0 || s->protocol == IPPROTO_UDP);

	if (s->route > ROUTE_SOCKETPAIR)
		return 0;
	if (s->family == AF_UNIX && s->protocol == 0 &&
	    (s->type == SOCK_STREAM || s->type == SOCK_DGRAM || s->type == SOCK_SEQPACKET))
		return SK_UNIX;
	if (s->route != ROUTE_SOCKET || (!tcp && !udp))
		return 0;
	if (s->family == AF_INET)
		return tcp ? SK_TCP4 : SK_UDP4;
	if (s->family == AF_INET6)
		return tcp ? SK_TCP6 : SK_UDP6;
	return 0;
}

void model_init(struct model *m, const struct tc_sock *s)
{
	memset(m, 0, sizeof(*m));
	m->kind = kind_of(s);
	m->stream = s->type == SOCK_STREAM;
	m->v[MV_TYPE] = s->type;
	m->v[MV_DOMAIN] = s->family;
	m->v[MV_PROTOCOL] = m->kind == SK_UNIX ? 0 : m->kind & SK_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	m->v[MV_TTL] = -1;
}

void model_forget(struct model *m)
{
	m->kind = 0;
}

/* Levels that no handler of this socket knows. The named ones below do know some, or hand them on. */
static bool unknown_level(const struct model *m, int32_t level)
{
	if (level == SOL_SOCKET)
		return false;
	if (m->kind == SK_UNIX) /* struct proto_ops of af_unix.c has no handler for other levels */
		return true;
	if (level == SOL_IP || (level == SOL_IPV6 && m->kind & (SK_TCP6 | SK_UDP6)))
		return false;
	if (m->kind & SK_TCP)
		return level != SOL_TCP;
	return level != IPPROTO_UDP && level != IPPROTO_UDPLITE /* udp_setsockopt */;
}

static int32_t load32(const uint8_t *p)
{
	return (int32_t)(p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24);
}

/* net/ipv4/ip_sockglue.c __ip_sock_set_tos: a stream keeps its ECN bits, and a new value brings its priority.
 */
static void store_tos(struct model *m, int32_t val)
{
	static const uint8_t priority[4] = {0, 2, 6, 4}; /* net/ipv4/route.c ip_tos2prio */
	int32_t old = m->v[MV_TOS];

	if (m->stream)
		val = (val & ~ECN_MASK) | (old & ECN_MASK);
	if (val == old) /* compared before it is cut to a byte */
		return;
	m->v[MV_TOS] = (uint8_t)val;
	m->v[MV_PRIORITY] = priority[val >> 3 & 3];
}

static int64_t store(struct model *m, const struct row *r, int32_t val)
{
	switch (r->store) {
	case ST_NEVER:
		return -ENOPROTOOPT; /* sk_setsockopt: SO_TYPE, SO_PROTOCOL, SO_DOMAIN */
	case ST_INT:
		m->v[r->value] = val;
		return 0;
	case ST_BOOL:
		m->v[r->value] = val != 0;
		return 0;
	case ST_TOS:
		store_tos(m, val);
		return 0;
	case ST_TTL: /* do_ip_setsockopt, IP_TTL */
		if (val != -1 && (val < 1 || val > 255))
			return -EINVAL;
		m->v[MV_TTL] = val;
		return 0;
	}
	return 0;
}

/* net/core/sock.c sk_setsockopt and net/ipv4/tcp.c do_tcp_setsockopt: a whole int or nothing. */
static int64_t set_int(struct model *m, const struct row *r, const uint8_t *val, uint32_t readable,
		       int32_t optlen)
{
	if (optlen < 4)
		return -EINVAL;
	if (readable < 4)
		return -EFAULT;
	return store(m, r, load32(val));
}

/* do_ip_setsockopt: an int, or of a shorter length the first byte, or 0 if there is none. */
static int64_t set_ip(struct model *m, const struct row *r, const uint8_t *val, uint32_t readable,
		      int32_t optlen)
{
	uint32_t width = optlen >= 4 ? 4 : optlen >= 1 ? 1 : 0;

	if (readable < width)
		return -EFAULT;
	if (optlen < 1 && r->store != ST_TOS) /* IP_TTL and IP_FREEBIND insist on a byte */
		return -EINVAL;
	return store(m, r, width == 4 ? load32(val) : width ? val[0] : 0);
}

bool model_set(struct model *m, int32_t level, int32_t optname, const uint8_t *val, uint32_t readable,
	       int32_t optlen, int64_t *ret)
{
	const struct row *r = find(m, level, optname);

	if (!m->kind)
		return false;
	if (optlen < 0) { /* net/socket.c do_sock_setsockopt */
		*ret = -EINVAL;
		return true;
	}
	if (unknown_level(
		    m,
		    level)) { /* ip_setsockopt, ipv6_setsockopt; do_sock_setsockopt if there is no handler */
		*ret = m->kind == SK_UNIX ? -EOPNOTSUPP : -ENOPROTOOPT;
		return true;
	}
	if (!r) {
		for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++)
			if (spoilers[i].level == level && spoilers[i].optname == optname)
				model_forget(m);
		return false;
	}
	*ret = level == SOL_IP ? set_ip(m, r, val, readable, optlen) : set_int(m, r, val, readable, optlen);
	return true;
}

/* What getsockopt answers: a kept default resolved, little endian. */
static void answer(const struct model *m, const struct row *r, uint8_t out[4])
{
	int32_t v = m->v[r->value];

	if (r->value == MV_TTL && v < 0)
		v = DEFAULT_TTL; /* do_ip_getsockopt */
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)((uint32_t)v >> 8 * i);
}

bool model_get(const struct model *m, int32_t level, int32_t optname, uint8_t *mem, uint32_t writable,
	       int32_t *optlen, int64_t *ret)
{
	const struct row *r = find(m, level, optname);
	uint8_t out[4];
	int32_t len;

	if (!m->kind)
		return false;
	if (unknown_level(m, level)) { /* before optlen is looked at: do_ip_getsockopt, ipv6_getsockopt */
		*ret = m->kind & (SK_TCP6 | SK_UDP6) ? -ENOPROTOOPT : -EOPNOTSUPP;
		return true;
	}
	if (!r)
		return false;
	if (!optlen || *optlen < 0) {
		*ret = optlen ? -EINVAL : -EFAULT;
		return true;
	}
	len = *optlen < 4 ? *optlen : 4;
	if (level == SOL_IP && len > 0 && len < 4)
		len = 1; /* do_ip_getsockopt: the values of our rows fit a byte */
	if (writable && writable < (uint32_t)len)
		return false; /* how much of a copy arrives before the fault is not promised */
	*ret = writable < (uint32_t)len ? -EFAULT : 0;
	if (level != SOL_SOCKET || !*ret)
		*optlen = len; /* IP and TCP write the length first, sk_getsockopt the value */
	if (*ret)
		return true;
	answer(m, r, out);
	if (len)
		memcpy(mem, out, (size_t)len);
	return true;
}

bool model_reaches(const struct tc_call *c)
{
	return !c->optlen_ro || c->level == SOL_SOCKET;
}

void model_read_only(const struct tc_call *c, uint8_t *mem, int64_t *ret, int32_t *optlen)
{
	if (!c->optlen_ro)
		return;
	*optlen = c->optlen;
	if (*ret < 0)
		return;
	*ret = -EFAULT;
	if (!model_reaches(c))
		tc_buf_image(&c->buf, mem, c->buf.size + TC_PAST);
}

bool model_touches(const struct tc_call *c, int64_t ret, int32_t optlen)
{
	return !ret && optlen > 0 && c->optlen > 0 && model_reaches(c);
}

void model_overlap(const struct tc_call *c, uint8_t *mem, int64_t ret, int32_t *optlen)
{
	uint32_t value = ret || *optlen < 0    ? 0
			 : *optlen < c->optlen ? (uint32_t)*optlen
					       : (uint32_t)c->optlen;
	uint8_t word[4];

	if (c->meanwhile == MEANWHILE_HELD && !ret && value && c->level != SOL_SOCKET)
		*optlen = c->len_next; /* the value comes last, and waits */
	if (!c->len_in)
		return;
	tc_put_word(word, *optlen);
	for (uint32_t i = 0; !ret && i < sizeof(word); i++)
		if (c->level == SOL_SOCKET || c->len_off + i >= value)
			mem[c->len_off + i] = word[i];
	*optlen = tc_word(mem + c->len_off);
}
