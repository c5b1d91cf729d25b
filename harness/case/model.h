/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own handlers of a few options, for a prediction without a kernel: which value they store, what
 * they return, which bytes and which length they write. Only what tests/test_model.c holds against the
 * running kernel is here (seen on 6.18); of everything else the model says that it does not know. It is about
 * the plain handler, without programs: the hooks are the oracle's business (oracle/oracle.h).
 *
 * The modelled task may do everything (CAP_NET_ADMIN: SO_MARK, SO_PRIORITY above 6), in a network namespace
 * whose sysctls have their defaults (IP_TTL 64). The modelled sockets are TCP and UDP over IPv4 and IPv6, and
 * AF_UNIX.
 *
 * Source of the rules: net/socket.c do_sock_setsockopt; net/core/sock.c sk_setsockopt, sk_getsockopt;
 * net/ipv4/ip_sockglue.c do_ip_setsockopt, do_ip_getsockopt; net/ipv4/tcp.c do_tcp_setsockopt,
 * do_tcp_getsockopt; net/ipv6/ipv6_sockglue.c. Each is cited at its rule in model.c.
 */
#ifndef MODEL_H
#define MODEL_H

#include "tcase.h"

/* Options whose value a socket has. */
enum model_value {
	MV_PRIORITY,
	MV_MARK,
	MV_REUSEADDR,
	MV_KEEPALIVE,
	MV_BROADCAST,
	MV_TYPE,
	MV_DOMAIN,
	MV_PROTOCOL,
	MV_TOS,
	MV_TTL, /* -1: the namespace's default */
	MV_FREEBIND,
	MV_NODELAY,
	MV_COUNT,
};

/* One socket's values. Flat, owns nothing. */
struct model {
	uint16_t kind; /* one SK_* of options.h; 0: nothing is known of this socket */
	bool stream;   /* type SOCK_STREAM */
	int32_t v[MV_COUNT];
};

/* The values of a new socket. Any *s will do: of one that is not modelled nothing is known. */
void model_init(struct model *m, const struct tc_sock *s);

/* From here on nothing is known of the socket: something was done to it that the caller cannot say. */
void model_forget(struct model *m);

/*
 * setsockopt on the handler, as the system call gives it: val[0..readable) can be read, the byte behind
 * cannot (NULL: readable is 0). True: *ret is the raw result and *m holds the new value. False: not modelled,
 * *ret untouched; if the option is one that changes what modelled ones do (TCP_ULP, ...) the model forgets
 * the socket.
 */
bool model_set(struct model *m, int32_t level, int32_t optname, const uint8_t *val, uint32_t readable,
	       int32_t optlen, int64_t *ret);

/*
 * getsockopt on the handler: mem[0..writable) is the user's buffer, changed as the handler changes it;
 * *optlen is the user's length before and after, NULL: a NULL pointer. True: *ret is the raw result. False:
 * not modelled (also if only a part of the answer can be written), nothing is changed.
 */
bool model_get(const struct model *m, int32_t level, int32_t optname, uint8_t *mem, uint32_t writable,
	       int32_t *optlen, int64_t *ret);

/* Whether a getsockopt of a modelled option that ends so reached for the user's optval: it copied a value. */
bool model_touches(const struct tc_call *c, int64_t ret, int32_t optlen);

/*
 * Where the user's optlen lies inside of optval, a handler that has answered in mem and *optlen writes over
 * its own answer: SOL_SOCKET's the length over the value (sk_getsockopt), the others' the value over the
 * length. Puts both as they lie then; *optlen becomes what stands there. The same for a length that
 * another thread writes while the value is held back.
 */
void model_overlap(const struct tc_call *c, uint8_t *mem, int64_t ret, int32_t *optlen);

/* Does a handler that has an answer get to copying it, although optlen may not be there to be written? */
bool model_reaches(const struct tc_call *c);

/*
 * Where the user's optlen can be read and not written, a handler that has answered in mem and *optlen fails
 * after all: SOL_SOCKET's has copied the value by then (sk_getsockopt), the others' puts the length first
 * (do_ip_getsockopt, do_ipv6_getsockopt, do_tcp_getsockopt). What fails earlier, a negative length as EINVAL,
 * stays. Puts mem, *ret and *optlen as they are then.
 */
void model_read_only(const struct tc_call *c, uint8_t *mem, int64_t *ret, int32_t *optlen);

#endif
