/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mroute.h>
#include <linux/mroute6.h>
#include <linux/netlink.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <linux/udp.h>
#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include "../base/names.h"

/* Newer than the oldest headers that we build with, or not in any header of user space. */
/* clang-format off */
#ifndef SOL_IP
#define SOL_IP 0
#endif
#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_IPV6
#define SOL_IPV6 41
#endif
#ifndef SOL_ICMPV6
#define SOL_ICMPV6 58
#endif
#ifndef SOL_SCTP
#define SOL_SCTP 132
#endif
#ifndef SOL_UDPLITE
#define SOL_UDPLITE 136
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef SOL_MCTP
#define SOL_MCTP 285
#endif
#ifndef SOL_SMC
#define SOL_SMC 286
#endif
#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM 73
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH 74
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_DEVMEM_LINEAR
#define SO_DEVMEM_LINEAR 78
#endif
#ifndef SO_DEVMEM_DMABUF
#define SO_DEVMEM_DMABUF 79
#endif
#ifndef SO_DEVMEM_DONTNEED
#define SO_DEVMEM_DONTNEED 80
#endif
#ifndef SO_RCVPRIORITY
#define SO_RCVPRIORITY 82
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY 37
#endif
#ifndef TCP_AO_ADD_KEY
#define TCP_AO_ADD_KEY 38
#define TCP_AO_DEL_KEY 39
#define TCP_AO_INFO 40
#define TCP_AO_GET_KEYS 41
#define TCP_AO_REPAIR 42
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif
#ifndef TCP_RTO_MIN_US
#define TCP_RTO_MIN_US 45
#endif
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif
#ifndef MPTCP_INFO
#define MPTCP_INFO 1
#define MPTCP_TCPINFO 2
#define MPTCP_SUBFLOW_ADDRS 3
#endif
#ifndef MPTCP_FULL_INFO
#define MPTCP_FULL_INFO 4
#endif
#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif
#ifndef TLS_TX_MAX_PAYLOAD_LEN
#define TLS_TX_MAX_PAYLOAD_LEN 5
#endif
#ifndef SCTP_REMOTE_UDP_ENCAPS_PORT
#define SCTP_REMOTE_UDP_ENCAPS_PORT 132
#endif
#ifndef SCTP_PLPMTUD_PROBE_INTERVAL
#define SCTP_PLPMTUD_PROBE_INTERVAL 133
#endif
/* <linux/if_alg.h>, <linux/smc.h>: the same numbers since they exist. */
#define ALG_SET_KEY 1
#define ALG_SET_IV 2
#define ALG_SET_OP 3
#define ALG_SET_AEAD_ASSOCLEN 4
#define ALG_SET_AEAD_AUTHSIZE 5
#define ALG_SET_DRBG_ENTROPY 6
#define ALG_SET_KEY_BY_KEY_SERIAL 7 /* 6.2 */
#define SMC_LIMIT_HS 1
#ifndef UDPLITE_SEND_CSCOV
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11
#endif
/* <linux/netfilter...> headers drag in half of the network; their numbers are ABI. */
#define IPT_SO_SET_REPLACE 64
#define IPT_SO_SET_ADD_COUNTERS 65
#define IPT_SO_GET_REVISION_MATCH 66
#define IPT_SO_GET_REVISION_TARGET 67
#define SO_ORIGINAL_DST 80
#define ARPT_SO_SET_REPLACE 96
#define ARPT_SO_SET_ADD_COUNTERS 97
#define ARPT_SO_GET_REVISION_TARGET 99
#define EBT_SO_SET_ENTRIES 128
#define EBT_SO_SET_COUNTERS 129
#define EBT_SO_GET_INIT_INFO 130
#define EBT_SO_GET_INIT_ENTRIES 131
#define IP6T_SO_SET_REPLACE 64
#define IP6T_SO_SET_ADD_COUNTERS 65
#define IP6T_SO_GET_REVISION_MATCH 68
#define IP6T_SO_GET_REVISION_TARGET 69
#define IP6T_SO_ORIGINAL_DST 80

#define V4	(SK_TCP4 | SK_UDP4 | SK_TCP6 | SK_UDP6 | SK_RAW4) /* v6 sockets pass SOL_IP on, raw ones do not */
#define DGRAM4	(SK_UDP4 | SK_UDP6 | SK_RAW4)
#define V6	(SK_TCP6 | SK_UDP6 | SK_RAW6)
#define DGRAM6	(SK_UDP6 | SK_RAW6)
#define INET	(V4 | V6 | SK_MPTCP)
#define TCP	(SK_TCP4 | SK_TCP6)
#define TCPM	(TCP | SK_MPTCP) /* MPTCP passes these to its subflows or keeps them itself */
#define UDP	(SK_UDP4 | SK_UDP6)
#define ANY	(INET | SK_UNIX | SK_NETLINK | SK_PACKET | SK_VSOCK | SK_XDP)
#define SOME	(ANY & ~SK_MPTCP) /* MPTCP refuses or ignores it: net/mptcp/sockopt.c mptcp_supported_sockopt */
#define PKT	SK_PACKET

enum { S = 1, G = 2, SG = S | G, V = 4 /* volatile */, U = 8 /* not safe on the host */, X = 16 /* shared */ };

#define ROW(lv, opt, name, kind, size, mask, flags, lo, hi, step) \
	{ lv, opt, name, OPT_##kind, size, mask, !!((flags) & S), !!((flags) & G), !!((flags) & V), !!((flags) & X), \
	  !((flags) & U), lo, hi, step },
/* #opt must stand here: one macro further in, opt would be its number already */
#define O(lv, opt, ...) ROW(lv, opt, #opt, __VA_ARGS__)
#define IP(opt, ...) ROW(SOL_IP, opt, #opt, __VA_ARGS__)
#define SO(opt, ...) ROW(SOL_SOCKET, opt, #opt, __VA_ARGS__)
#define TC(opt, ...) ROW(SOL_TCP, opt, #opt, __VA_ARGS__)
#define UD(opt, ...) ROW(SOL_UDP, opt, #opt, __VA_ARGS__)
#define I6(opt, ...) ROW(SOL_IPV6, opt, #opt, __VA_ARGS__)
#define PK(opt, ...) ROW(SOL_PACKET, opt, #opt, __VA_ARGS__)
#define NL(opt, ...) ROW(SOL_NETLINK, opt, #opt, __VA_ARGS__)

/* Sorted by level, then number (test_case_options checks): option_find() searches by halves. */
static const struct option_info options[] = {
	/* kind, size, sockets, flags, v_lo, v_hi, v_step */
	/* SOL_IP 0: net/ipv4/ip_sockglue.c do_ip_setsockopt, do_ip_getsockopt */
	IP(IP_TOS, BYTE, 4, V4 | SK_MPTCP, SG, 0, 252, 4) /* TCP keeps the ECN bits to itself */
	IP(IP_TTL, BYTE, 4, V4, SG, 1, 255, 1)
	IP(IP_HDRINCL, BYTE, 4, SK_RAW4, SG, 0, 1, 1)
	IP(IP_OPTIONS, STRUCT, 40, V4, SG, 0, 0, 0)
	IP(IP_ROUTER_ALERT, BYTE, 4, SK_RAW4, S | U, 0, 1, 1)
	IP(IP_RECVOPTS, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_RETOPTS, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_PKTINFO, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_PKTOPTIONS, STRUCT, 64, SK_TCP4 | SK_TCP6, SG | V, 0, 0, 0)
	IP(IP_MTU_DISCOVER, BYTE, 4, V4, SG, 0, 5, 1)
	IP(IP_RECVERR, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_RECVTTL, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_RECVTOS, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_MTU, INT, 4, V4, G, 0, 0, 0)
	IP(IP_FREEBIND, BYTE, 4, V4 | SK_MPTCP, SG, 0, 1, 1)
	IP(IP_IPSEC_POLICY, STRUCT, 8, V4, S | U, 0, 0, 0)
	IP(IP_XFRM_POLICY, STRUCT, 168, V4, S | U, 0, 0, 0)
	IP(IP_PASSSEC, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_TRANSPARENT, BYTE, 4, V4 | SK_MPTCP, SG, 0, 1, 1)
	IP(IP_ORIGDSTADDR, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_MINTTL, BYTE, 4, V4, SG | U, 0, 255, 1) /* turns on static key ip4_min_ttl for good */
	IP(IP_NODEFRAG, INT, 4, SK_RAW4, SG, 0, 1, 1)
	IP(IP_CHECKSUM, INT, 4, V4, SG, 0, 1, 1)
	IP(IP_BIND_ADDRESS_NO_PORT, BYTE, 4, V4 | SK_MPTCP, SG, 0, 1, 1)
	IP(IP_RECVFRAGSIZE, BYTE, 4, SK_RAW4 | UDP, SG, 0, 1, 1)
	IP(IP_RECVERR_RFC4884, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_MULTICAST_IF, STRUCT, 4, DGRAM4, SG, 0, 0, 0) /* a set takes ip_mreqn, 12 bytes, as well */
	IP(IP_MULTICAST_TTL, BYTE, 4, DGRAM4, SG, 0, 255, 1)
	IP(IP_MULTICAST_LOOP, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_ADD_MEMBERSHIP, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_DROP_MEMBERSHIP, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_UNBLOCK_SOURCE, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_BLOCK_SOURCE, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_ADD_SOURCE_MEMBERSHIP, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_DROP_SOURCE_MEMBERSHIP, STRUCT, 12, DGRAM4, S | U, 0, 0, 0)
	IP(IP_MSFILTER, LARGE, 16, DGRAM4, SG, 0, 0, 0)
	IP(MCAST_JOIN_GROUP, STRUCT, 136, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_BLOCK_SOURCE, STRUCT, 264, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_UNBLOCK_SOURCE, STRUCT, 264, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_LEAVE_GROUP, STRUCT, 136, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_JOIN_SOURCE_GROUP, STRUCT, 264, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_LEAVE_SOURCE_GROUP, STRUCT, 264, DGRAM4, S | U, 0, 0, 0)
	IP(MCAST_MSFILTER, LARGE, 144, DGRAM4, SG | U, 0, 0, 0)
	IP(IP_MULTICAST_ALL, BYTE, 4, V4, SG, 0, 1, 1)
	IP(IP_UNICAST_IF, INT, 4, V4, SG, 0, 0x01000000, 0x01000000) /* big endian index: none or lo */
	IP(IP_LOCAL_PORT_RANGE, INT, 4, V4 | SK_MPTCP, SG, 0x40000000, 0x50000000, 0x1000000) /* hi << 16 | lo */
	IP(IP_PROTOCOL, INT, 4, V4, G | V, 0, 0, 0) /* inet_num: of a bound or connected socket its port */
	IP(IPT_SO_SET_REPLACE, LARGE, 96, V4, SG | U | X, 0, 0, 0)
	IP(IPT_SO_SET_ADD_COUNTERS, LARGE, 40, V4, SG | U | X, 0, 0, 0)
	IP(IPT_SO_GET_REVISION_MATCH, STRUCT, 30, V4, G | U, 0, 0, 0)
	IP(IPT_SO_GET_REVISION_TARGET, STRUCT, 30, V4, G | U, 0, 0, 0)
	IP(SO_ORIGINAL_DST, STRUCT, 16, V4, G, 0, 0, 0)
	IP(ARPT_SO_SET_REPLACE, LARGE, 96, V4, SG | U | X, 0, 0, 0)
	IP(ARPT_SO_SET_ADD_COUNTERS, LARGE, 40, V4, SG | U | X, 0, 0, 0)
	IP(ARPT_SO_GET_REVISION_TARGET, STRUCT, 30, V4, G | U, 0, 0, 0)
	IP(EBT_SO_SET_ENTRIES, LARGE, 120, V4, SG | U | X, 0, 0, 0)
	IP(EBT_SO_SET_COUNTERS, LARGE, 120, V4, SG | U | X, 0, 0, 0)
	IP(EBT_SO_GET_INIT_INFO, LARGE, 120, V4, G | U | X, 0, 0, 0)
	IP(EBT_SO_GET_INIT_ENTRIES, LARGE, 120, V4, G | U | X, 0, 0, 0)
	IP(MRT_INIT, INT, 4, SK_RAW4, SG | U | X, 0, 0, 0)
	IP(MRT_DONE, INT, 4, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_ADD_VIF, STRUCT, 16, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_DEL_VIF, STRUCT, 16, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_ADD_MFC, STRUCT, 60, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_DEL_MFC, STRUCT, 60, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_VERSION, INT, 4, SK_RAW4, G | U | X, 0, 0, 0)
	IP(MRT_ASSERT, INT, 4, SK_RAW4, SG | U | X, 0, 0, 0)
	IP(MRT_PIM, INT, 4, SK_RAW4, SG | U | X, 0, 0, 0)
	IP(MRT_TABLE, INT, 4, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_ADD_MFC_PROXY, STRUCT, 60, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_DEL_MFC_PROXY, STRUCT, 60, SK_RAW4, S | U | X, 0, 0, 0)
	IP(MRT_FLUSH, INT, 4, SK_RAW4, S | U | X, 0, 0, 0)

	/* SOL_SOCKET 1: net/core/sock.c sk_setsockopt, sk_getsockopt */
	SO(SO_DEBUG, BOOL, 4, ANY, SG, 0, 1, 1)
	SO(SO_REUSEADDR, BOOL, 4, ANY, SG, 0, 1, 1)
	SO(SO_TYPE, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_ERROR, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_DONTROUTE, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_BROADCAST, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_SNDBUF, INT, 4, ANY, SG, 4608, 65536, 128) /* reads back doubled */
	SO(SO_RCVBUF, INT, 4, ANY, SG, 2304, 65536, 128)
	SO(SO_KEEPALIVE, BOOL, 4, ANY, SG, 0, 1, 1)
	SO(SO_OOBINLINE, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_NO_CHECK, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_PRIORITY, INT, 4, ANY, SG, 0, 6, 1)
	SO(SO_LINGER, STRUCT, 8, ANY, SG, 0, 0, 0)
	SO(SO_BSDCOMPAT, BOOL, 4, ANY, SG, 0, 0, 0)
	SO(SO_REUSEPORT, BOOL, 4, INET, SG, 0, 1, 1)
	SO(SO_PASSCRED, BOOL, 4, SK_UNIX | SK_NETLINK, SG, 0, 1, 1)
	SO(SO_PEERCRED, STRUCT, 12, ANY, G, 0, 0, 0)
	SO(SO_RCVLOWAT, INT, 4, ANY, SG, 1, 1024, 1)
	SO(SO_SNDLOWAT, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_RCVTIMEO_OLD, STRUCT, 16, ANY, SG, 0, 0, 0)
	SO(SO_SNDTIMEO_OLD, STRUCT, 16, ANY, SG, 0, 0, 0)
	SO(SO_SECURITY_AUTHENTICATION, INT, 4, ANY, 0, 0, 0, 0)
	SO(SO_SECURITY_ENCRYPTION_TRANSPORT, INT, 4, ANY, 0, 0, 0, 0)
	SO(SO_SECURITY_ENCRYPTION_NETWORK, INT, 4, ANY, 0, 0, 0, 0)
	SO(SO_BINDTODEVICE, STRING, 16, ANY, SG | U, 0, 0, 0)
	SO(SO_ATTACH_FILTER, STRUCT, 16, ANY, SG | U, 0, 0, 0) /* a pointer; as a get: SO_GET_FILTER */
	SO(SO_DETACH_FILTER, INT, 4, ANY, S, 0, 0, 0)
	SO(SO_PEERNAME, STRUCT, 128, ANY, G | V, 0, 0, 0) /* the peer's port is the kernel's choice */
	SO(SO_TIMESTAMP_OLD, BOOL, 4, ANY, SG | U, 0, 1, 1) /* static key netstamp_needed */
	SO(SO_ACCEPTCONN, BOOL, 4, ANY, G, 0, 0, 0)
	SO(SO_PEERSEC, STRING, 256, ANY, G, 0, 0, 0)
	SO(SO_SNDBUFFORCE, INT, 4, ANY, S, 4608, 65536, 128)
	SO(SO_RCVBUFFORCE, INT, 4, ANY, S, 2304, 65536, 128)
	SO(SO_PASSSEC, BOOL, 4, SK_UNIX | SK_NETLINK, SG, 0, 1, 1)
	SO(SO_TIMESTAMPNS_OLD, BOOL, 4, ANY, SG | U, 0, 1, 1)
	SO(SO_MARK, INT, 4, ANY, SG, 0, 255, 1)
	SO(SO_TIMESTAMPING_OLD, INT, 4, ANY, SG | U, 0, 0, 0)
	SO(SO_PROTOCOL, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_DOMAIN, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_RXQ_OVFL, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_WIFI_STATUS, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_PEEK_OFF, INT, 4, SK_UNIX | UDP | TCP, SG, 0, 1024, 1)
	SO(SO_NOFCS, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_LOCK_FILTER, BOOL, 4, SOME, SG, 0, 1, 1) /* once locked, 0 is EPERM */
	SO(SO_SELECT_ERR_QUEUE, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_BUSY_POLL, INT, 4, ANY, SG | U, 0, 50, 1)
	SO(SO_MAX_PACING_RATE, INT, 4, SOME, SG, 1000, 1000000, 1000) /* or 8 bytes */
	SO(SO_BPF_EXTENSIONS, INT, 4, ANY, G, 0, 0, 0)
	SO(SO_INCOMING_CPU, INT, 4, ANY, SG | V, 0, 1, 1)
	SO(SO_ATTACH_BPF, INT, 4, ANY, S | U, 0, 0, 0)
	SO(SO_ATTACH_REUSEPORT_CBPF, STRUCT, 16, INET, S | U, 0, 0, 0)
	SO(SO_ATTACH_REUSEPORT_EBPF, INT, 4, INET, S | U, 0, 0, 0)
	SO(SO_CNX_ADVICE, INT, 4, SOME, S, 0, 1, 1)
	SO(SO_MEMINFO, STRUCT, 36, ANY, G | V, 0, 0, 0)
	SO(SO_INCOMING_NAPI_ID, INT, 4, ANY, G | V, 0, 0, 0)
	SO(SO_COOKIE, U64, 8, ANY, G | V, 0, 0, 0)
	SO(SO_PEERGROUPS, LARGE, 4, SK_UNIX, G, 0, 0, 0)
	SO(SO_ZEROCOPY, BOOL, 4, TCP | UDP, SG, 0, 1, 1)
	SO(SO_TXTIME, STRUCT, 8, ANY, SG, 0, 0, 0)
	SO(SO_BINDTOIFINDEX, INT, 4, ANY, SG, 0, 1, 1) /* none or lo */
	SO(SO_TIMESTAMP_NEW, BOOL, 4, ANY, SG | U, 0, 1, 1)
	SO(SO_TIMESTAMPNS_NEW, BOOL, 4, ANY, SG | U, 0, 1, 1)
	SO(SO_TIMESTAMPING_NEW, STRUCT, 8, ANY, SG | U, 0, 0, 0)
	SO(SO_RCVTIMEO_NEW, STRUCT, 16, ANY, SG, 0, 0, 0)
	SO(SO_SNDTIMEO_NEW, STRUCT, 16, ANY, SG, 0, 0, 0)
	SO(SO_DETACH_REUSEPORT_BPF, INT, 4, INET, S, 0, 0, 0)
	SO(SO_PREFER_BUSY_POLL, BOOL, 4, ANY, SG | U, 0, 1, 1)
	SO(SO_BUSY_POLL_BUDGET, INT, 4, ANY, SG | U, 1, 64, 1)
	SO(SO_NETNS_COOKIE, U64, 8, ANY, G, 0, 0, 0)
	SO(SO_BUF_LOCK, INT, 4, SOME, SG, 0, 3, 1)
	SO(SO_RESERVE_MEM, INT, 4, ANY, SG | U, 0, 0, 0)
	SO(SO_TXREHASH, INT, 4, TCP, SG, 0, 1, 1)
	SO(SO_RCVMARK, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_PASSPIDFD, BOOL, 4, SK_UNIX, SG, 0, 1, 1)
	SO(SO_PEERPIDFD, INT, 4, SK_UNIX, G | V | U, 0, 0, 0) /* makes a descriptor */
	SO(SO_DEVMEM_LINEAR, INT, 4, TCP, 0 | U, 0, 0, 0)
	SO(SO_DEVMEM_DMABUF, INT, 4, TCP, 0 | U, 0, 0, 0)
	SO(SO_DEVMEM_DONTNEED, LARGE, 8, TCP, S | U, 0, 0, 0)
	SO(SO_RCVPRIORITY, BOOL, 4, SOME, SG, 0, 1, 1)
	SO(SO_PASSRIGHTS, BOOL, 4, SK_UNIX, SG, 0, 1, 1)
	SO(SO_INQ, BOOL, 4, SK_UNIX, SG, 0, 1, 1)

	/* SOL_TCP 6: net/ipv4/tcp.c do_tcp_setsockopt, do_tcp_getsockopt */
	TC(TCP_NODELAY, BOOL, 4, TCPM, SG, 0, 1, 1)
	TC(TCP_MAXSEG, INT, 4, TCPM, SG, 88, 32767, 1)
	TC(TCP_CORK, BOOL, 4, TCPM, SG, 0, 1, 1)
	TC(TCP_KEEPIDLE, INT, 4, TCPM, SG, 1, 32767, 1)
	TC(TCP_KEEPINTVL, INT, 4, TCPM, SG, 1, 32767, 1)
	TC(TCP_KEEPCNT, INT, 4, TCPM, SG, 1, 127, 1)
	TC(TCP_SYNCNT, INT, 4, TCP, SG, 1, 127, 1)
	TC(TCP_LINGER2, INT, 4, TCP, SG, 1, 60, 1)
	TC(TCP_DEFER_ACCEPT, INT, 4, TCPM, SG, 0, 120, 1) /* reads back as a sum of retransmit timeouts */
	TC(TCP_WINDOW_CLAMP, INT, 4, TCP, SG, 2304, 65535, 1)
	TC(TCP_INFO, STRUCT, 248, TCPM, G | V, 0, 0, 0)
	TC(TCP_QUICKACK, BOOL, 4, TCP, SG, 0, 1, 1)
	TC(TCP_CONGESTION, STRING, 16, TCPM, SG, 0, 0, 0) /* "reno" and "cubic" are always there; others may load a module */
	TC(TCP_MD5SIG, STRUCT, 216, TCP, S | U, 0, 0, 0)
	TC(TCP_THIN_LINEAR_TIMEOUTS, BOOL, 4, TCP, SG, 0, 1, 1)
	TC(TCP_THIN_DUPACK, BOOL, 4, TCP, SG, 0, 0, 0)
	TC(TCP_USER_TIMEOUT, INT, 4, TCP, SG, 0, 600000, 1)
	TC(TCP_REPAIR, INT, 4, TCP, SG | U, 0, 1, 1)
	TC(TCP_REPAIR_QUEUE, INT, 4, TCP, SG | U, 0, 2, 1)
	TC(TCP_QUEUE_SEQ, INT, 4, TCP, SG | U | V, 0, 0, 0)
	TC(TCP_REPAIR_OPTIONS, LARGE, 8, TCP, S | U, 0, 0, 0)
	TC(TCP_FASTOPEN, INT, 4, TCPM, SG, 0, 127, 1)
	TC(TCP_TIMESTAMP, INT, 4, TCP, SG | V | U, 0, 0, 0)
	TC(TCP_NOTSENT_LOWAT, INT, 4, TCPM, SG, 0, 65536, 1)
	TC(TCP_CC_INFO, STRUCT, 20, TCPM, G | V, 0, 0, 0)
	TC(TCP_SAVE_SYN, INT, 4, TCP, SG, 0, 1, 1)
	TC(TCP_SAVED_SYN, LARGE, 4, TCP, G, 0, 0, 0)
	TC(TCP_REPAIR_WINDOW, STRUCT, 20, TCP, SG | V | U, 0, 0, 0)
	TC(TCP_FASTOPEN_CONNECT, BOOL, 4, TCPM, SG, 0, 1, 1)
	TC(TCP_ULP, STRING, 16, TCP, SG | U, 0, 0, 0)
	TC(TCP_MD5SIG_EXT, STRUCT, 216, TCP, S | U, 0, 0, 0)
	TC(TCP_FASTOPEN_KEY, STRUCT, 16, TCPM, SG, 0, 0, 0)
	TC(TCP_FASTOPEN_NO_COOKIE, BOOL, 4, TCPM, SG, 0, 1, 1)
	TC(TCP_ZEROCOPY_RECEIVE, STRUCT, 64, TCP, G | U, 0, 0, 0) /* maps pages; the hook is bypassed */
	TC(TCP_INQ, BOOL, 4, TCPM, SG, 0, 1, 1)
	TC(TCP_TX_DELAY, INT, 4, TCP, SG | U, 0, 1000, 1) /* static key tcp_tx_delay_enabled */
	TC(TCP_AO_ADD_KEY, STRUCT, 280, TCP, S | U, 0, 0, 0)
	TC(TCP_AO_DEL_KEY, STRUCT, 144, TCP, S | U, 0, 0, 0)
	TC(TCP_AO_INFO, STRUCT, 56, TCP, SG | U, 0, 0, 0)
	TC(TCP_AO_GET_KEYS, LARGE, 280, TCP, G | U, 0, 0, 0)
	TC(TCP_AO_REPAIR, STRUCT, 16, TCP, SG | U, 0, 0, 0)
	TC(TCP_IS_MPTCP, BOOL, 4, TCPM, G, 0, 0, 0)
	TC(TCP_RTO_MAX_MS, INT, 4, TCP, SG, 1000, 120000, 1)
	TC(TCP_RTO_MIN_US, INT, 4, TCP, SG, 20000, 200000, 1000) /* at least 2 jiffies */
	TC(TCP_DELACK_MAX_US, INT, 4, TCP, SG, 20000, 200000, 1000) /* at least 2 jiffies */

	/* SOL_UDP 17: net/ipv4/udp.c udp_lib_setsockopt */
	UD(UDP_CORK, BOOL, 4, UDP, SG, 0, 1, 1)
	UD(UDP_ENCAP, INT, 4, UDP, SG | U, 0, 0, 0) /* static key udp_encap_needed_key */
	UD(UDP_NO_CHECK6_TX, BOOL, 4, UDP, SG, 0, 1, 1)
	UD(UDP_NO_CHECK6_RX, BOOL, 4, UDP, SG, 0, 1, 1)
	UD(UDP_SEGMENT, INT, 4, UDP, SG, 0, 65535, 1)
	UD(UDP_GRO, BOOL, 4, UDP, SG | U, 0, 1, 1) /* static key udp_encap_needed_key */

	/* AF_VSOCK 40: net/vmw_vsock/af_vsock.c vsock_connectible_setsockopt */
	O(AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, U64, 8, SK_VSOCK, SG, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE, U64, 8, SK_VSOCK, SG, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, U64, 8, SK_VSOCK, SG, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_PEER_HOST_VM_ID, INT, 4, SK_VSOCK, 0, 0, 0, 0) /* VMware's: no handler knows it */
	O(AF_VSOCK, SO_VM_SOCKETS_TRUSTED, INT, 4, SK_VSOCK, 0, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD, STRUCT, 16, SK_VSOCK, SG, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_NONBLOCK_TXRX, INT, 4, SK_VSOCK, 0, 0, 0, 0)
	O(AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, STRUCT, 16, SK_VSOCK, SG, 0, 0, 0)

	/* SOL_IPV6 41: net/ipv6/ipv6_sockglue.c do_ipv6_setsockopt, do_ipv6_getsockopt */
	I6(IPV6_ADDRFORM, INT, 4, V6, SG | U, 0, 0, 0) /* turns the socket into an AF_INET one */
	I6(IPV6_2292PKTINFO, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_2292HOPOPTS, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_2292DSTOPTS, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_2292RTHDR, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_2292PKTOPTIONS, STRUCT, 64, V6, SG | V, 0, 0, 0)
	I6(IPV6_CHECKSUM, INT, 4, SK_RAW6, SG, 0, 8, 2)
	I6(IPV6_2292HOPLIMIT, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_NEXTHOP, STRUCT, 28, V6, SG | U, 0, 0, 0)
	I6(IPV6_AUTHHDR, INT, 4, V6, 0, 0, 0, 0)
	I6(IPV6_FLOWINFO, INT, 4, V6, 0, 0, 0, 0)
	I6(IPV6_UNICAST_HOPS, INT, 4, V6, SG, 0, 255, 1)
	I6(IPV6_MULTICAST_IF, INT, 4, DGRAM6, SG, 0, 1, 1)
	I6(IPV6_MULTICAST_HOPS, INT, 4, DGRAM6, SG, 0, 255, 1)
	I6(IPV6_MULTICAST_LOOP, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_ADD_MEMBERSHIP, STRUCT, 20, DGRAM6, S | U, 0, 0, 0)
	I6(IPV6_DROP_MEMBERSHIP, STRUCT, 20, DGRAM6, S | U, 0, 0, 0)
	I6(IPV6_ROUTER_ALERT, INT, 4, SK_RAW6, S | U, 0, 1, 1)
	I6(IPV6_MTU_DISCOVER, INT, 4, V6, SG, 0, 5, 1)
	I6(IPV6_MTU, INT, 4, V6, SG, 1280, 9000, 1)
	I6(IPV6_RECVERR, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_V6ONLY, BOOL, 4, SK_TCP6 | SK_UDP6, SG, 0, 1, 1)
	I6(IPV6_JOIN_ANYCAST, STRUCT, 20, DGRAM6, S | U, 0, 0, 0)
	I6(IPV6_LEAVE_ANYCAST, STRUCT, 20, DGRAM6, S | U, 0, 0, 0)
	I6(IPV6_MULTICAST_ALL, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_ROUTER_ALERT_ISOLATE, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_RECVERR_RFC4884, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_FLOWLABEL_MGR, STRUCT, 32, V6, SG | U | X, 0, 0, 0) /* static key ipv6_flowlabel_exclusive */
	I6(IPV6_FLOWINFO_SEND, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_IPSEC_POLICY, STRUCT, 8, V6, S | U, 0, 0, 0)
	I6(IPV6_XFRM_POLICY, STRUCT, 168, V6, S | U, 0, 0, 0)
	I6(IPV6_HDRINCL, BOOL, 4, SK_RAW6, SG, 0, 1, 1)
	I6(MCAST_JOIN_GROUP, STRUCT, 136, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_BLOCK_SOURCE, STRUCT, 264, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_UNBLOCK_SOURCE, STRUCT, 264, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_LEAVE_GROUP, STRUCT, 136, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_JOIN_SOURCE_GROUP, STRUCT, 264, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_LEAVE_SOURCE_GROUP, STRUCT, 264, DGRAM6, S | U, 0, 0, 0)
	I6(MCAST_MSFILTER, LARGE, 144, DGRAM6, SG | U, 0, 0, 0)
	I6(IPV6_RECVPKTINFO, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_PKTINFO, STRUCT, 20, V6, S, 0, 0, 0)
	I6(IPV6_RECVHOPLIMIT, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_HOPLIMIT, INT, 4, V6, 0, 0, 0, 0)
	I6(IPV6_RECVHOPOPTS, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_HOPOPTS, STRUCT, 8, V6, SG, 0, 0, 0)
	I6(IPV6_RTHDRDSTOPTS, STRUCT, 8, V6, SG, 0, 0, 0)
	I6(IPV6_RECVRTHDR, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_RTHDR, STRUCT, 24, V6, SG, 0, 0, 0)
	I6(IPV6_RECVDSTOPTS, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_DSTOPTS, STRUCT, 8, V6, SG, 0, 0, 0)
	I6(IPV6_RECVPATHMTU, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_PATHMTU, STRUCT, 32, V6, G, 0, 0, 0)
	I6(IPV6_DONTFRAG, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IP6T_SO_SET_REPLACE, LARGE, 96, V6, SG | U | X, 0, 0, 0)
	I6(IP6T_SO_SET_ADD_COUNTERS, LARGE, 40, V6, SG | U | X, 0, 0, 0)
	I6(IPV6_RECVTCLASS, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_TCLASS, INT, 4, V6, SG, 0, 252, 4)
	I6(IP6T_SO_GET_REVISION_MATCH, STRUCT, 30, V6, G | U, 0, 0, 0)
	I6(IP6T_SO_GET_REVISION_TARGET, STRUCT, 30, V6, G | U, 0, 0, 0)
	I6(IPV6_AUTOFLOWLABEL, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_ADDR_PREFERENCES, INT, 4, V6, SG, 1, 2, 1)
	I6(IPV6_MINHOPCOUNT, INT, 4, V6, SG | U, 0, 255, 1) /* turns on static key ip6_min_hopcount for good */
	I6(IPV6_ORIGDSTADDR, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_TRANSPARENT, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_UNICAST_IF, INT, 4, V6, SG, 0, 0x01000000, 0x01000000)
	I6(IPV6_RECVFRAGSIZE, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IPV6_FREEBIND, BOOL, 4, V6, SG, 0, 1, 1)
	I6(IP6T_SO_ORIGINAL_DST, STRUCT, 28, V6, G, 0, 0, 0)
	I6(MRT6_INIT, INT, 4, SK_RAW6, SG | U | X, 0, 0, 0)
	I6(MRT6_DONE, INT, 4, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_ADD_MIF, STRUCT, 12, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_DEL_MIF, STRUCT, 2, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_ADD_MFC, STRUCT, 92, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_DEL_MFC, STRUCT, 92, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_VERSION, INT, 4, SK_RAW6, G | U | X, 0, 0, 0)
	I6(MRT6_ASSERT, INT, 4, SK_RAW6, SG | U | X, 0, 0, 0)
	I6(MRT6_PIM, INT, 4, SK_RAW6, SG | U | X, 0, 0, 0)
	I6(MRT6_TABLE, INT, 4, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_ADD_MFC_PROXY, STRUCT, 92, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_DEL_MFC_PROXY, STRUCT, 92, SK_RAW6, S | U | X, 0, 0, 0)
	I6(MRT6_FLUSH, INT, 4, SK_RAW6, S | U | X, 0, 0, 0)

	/* SOL_ICMPV6 58 and SOL_RAW 255 (only IPPROTO_ICMP sockets have a filter), SOL_UDPLITE 136 */
	O(SOL_ICMPV6, ICMPV6_FILTER, STRUCT, 32, SK_RAW6, SG, 0, 0, 0)
#include "options_sctp.def"
	O(SOL_UDPLITE, UDPLITE_SEND_CSCOV, INT, 4, 0, SG, 0, 65535, 1)
	O(SOL_UDPLITE, UDPLITE_RECV_CSCOV, INT, 4, 0, SG, 0, 65535, 1)
	O(SOL_RAW, ICMP_FILTER, STRUCT, 4, SK_RAW4, SG, 0, 0, 0)

	/* SOL_PACKET 263: net/packet/af_packet.c packet_setsockopt, packet_getsockopt */
	PK(PACKET_ADD_MEMBERSHIP, STRUCT, 16, PKT, S | U, 0, 0, 0)
	PK(PACKET_DROP_MEMBERSHIP, STRUCT, 16, PKT, S | U, 0, 0, 0)
	PK(PACKET_RECV_OUTPUT, INT, 4, PKT, 0, 0, 0, 0)
	PK(PACKET_RX_RING, STRUCT, 16, PKT, S | U, 0, 0, 0)
	PK(PACKET_STATISTICS, STRUCT, 8, PKT, G | V, 0, 0, 0)
	PK(PACKET_COPY_THRESH, INT, 4, PKT, S, 0, 65536, 1)
	PK(PACKET_AUXDATA, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_ORIGDEV, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_VERSION, INT, 4, PKT, SG, 0, 2, 1)
	PK(PACKET_HDRLEN, INT, 4, PKT, G, 0, 0, 0)
	PK(PACKET_RESERVE, INT, 4, PKT, SG, 0, 4096, 1)
	PK(PACKET_TX_RING, STRUCT, 16, PKT, S | U, 0, 0, 0)
	PK(PACKET_LOSS, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_VNET_HDR, BOOL, 4, PKT, SG, 0, 1, 1) /* SOCK_RAW only */
	PK(PACKET_TX_TIMESTAMP, INT, 4, PKT, 0, 0, 0, 0)
	PK(PACKET_TIMESTAMP, INT, 4, PKT, SG, 0, 64, 1)
	PK(PACKET_FANOUT, INT, 4, PKT, SG | U | X, 0, 0, 0)
	PK(PACKET_TX_HAS_OFF, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_QDISC_BYPASS, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_ROLLOVER_STATS, STRUCT, 24, PKT, G | V, 0, 0, 0)
	PK(PACKET_FANOUT_DATA, STRUCT, 16, PKT, S | U | X, 0, 0, 0)
	PK(PACKET_IGNORE_OUTGOING, BOOL, 4, PKT, SG, 0, 1, 1)
	PK(PACKET_VNET_HDR_SZ, INT, 4, PKT, SG, 10, 12, 2) /* SOCK_RAW only */

	/* SOL_NETLINK 270: net/netlink/af_netlink.c netlink_setsockopt, netlink_getsockopt */
	NL(NETLINK_ADD_MEMBERSHIP, INT, 4, SK_NETLINK, S, 1, 31, 1)
	NL(NETLINK_DROP_MEMBERSHIP, INT, 4, SK_NETLINK, S, 1, 31, 1)
	NL(NETLINK_PKTINFO, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_BROADCAST_ERROR, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_NO_ENOBUFS, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_RX_RING, STRUCT, 16, SK_NETLINK, 0 | U, 0, 0, 0)
	NL(NETLINK_TX_RING, STRUCT, 16, SK_NETLINK, 0 | U, 0, 0, 0)
	NL(NETLINK_LISTEN_ALL_NSID, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_LIST_MEMBERSHIPS, LARGE, 4, SK_NETLINK, G, 0, 0, 0) /* reports more than it copies */
	NL(NETLINK_CAP_ACK, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_EXT_ACK, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)
	NL(NETLINK_GET_STRICT_CHK, BOOL, 4, SK_NETLINK, SG, 0, 1, 1)

	/* SOL_ALG 279: crypto/af_alg.c alg_setsockopt; those that a message carries are no options */
	O(SOL_ALG, ALG_SET_KEY, LARGE, 16, SK_ALG, S, 0, 0, 0)
	O(SOL_ALG, ALG_SET_IV, LARGE, 4, SK_ALG, 0, 0, 0, 0)
	O(SOL_ALG, ALG_SET_OP, INT, 4, SK_ALG, 0, 0, 0, 0)
	O(SOL_ALG, ALG_SET_AEAD_ASSOCLEN, INT, 4, SK_ALG, 0, 0, 0, 0)
	O(SOL_ALG, ALG_SET_AEAD_AUTHSIZE, STRUCT, 1, SK_ALG, S, 0, 0, 0) /* the length is the value */
	O(SOL_ALG, ALG_SET_DRBG_ENTROPY, LARGE, 16, SK_ALG, S | U, 0, 0, 0)
	O(SOL_ALG, ALG_SET_KEY_BY_KEY_SERIAL, INT, 4, SK_ALG, S | U, 0, 0, 0)

	/* SOL_TLS 282: only after TCP_ULP "tls" */
	O(SOL_TLS, TLS_TX, STRUCT, 40, TCP, SG | U, 0, 0, 0)
	O(SOL_TLS, TLS_RX, STRUCT, 40, TCP, SG | U, 0, 0, 0)
	O(SOL_TLS, TLS_TX_ZEROCOPY_RO, BOOL, 4, TCP, SG | U, 0, 1, 1)
	O(SOL_TLS, TLS_RX_EXPECT_NO_PAD, BOOL, 4, TCP, SG | U, 0, 1, 1)
	O(SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, INT, 4, TCP, SG | U, 0, 0, 0)

	/* SOL_XDP 283: net/xdp/xsk.c xsk_setsockopt, xsk_getsockopt */
	O(SOL_XDP, XDP_MMAP_OFFSETS, STRUCT, 128, SK_XDP, G, 0, 0, 0)
	O(SOL_XDP, XDP_RX_RING, INT, 4, SK_XDP, S | U, 0, 0, 0)
	O(SOL_XDP, XDP_TX_RING, INT, 4, SK_XDP, S | U, 0, 0, 0)
	O(SOL_XDP, XDP_UMEM_REG, STRUCT, 32, SK_XDP, S | U, 0, 0, 0)
	O(SOL_XDP, XDP_UMEM_FILL_RING, INT, 4, SK_XDP, S | U, 0, 0, 0)
	O(SOL_XDP, XDP_UMEM_COMPLETION_RING, INT, 4, SK_XDP, S | U, 0, 0, 0)
	O(SOL_XDP, XDP_STATISTICS, STRUCT, 48, SK_XDP, G | V, 0, 0, 0)
	O(SOL_XDP, XDP_OPTIONS, STRUCT, 4, SK_XDP, G, 0, 0, 0)

	/* SOL_MPTCP 284: net/mptcp/sockopt.c mptcp_getsockopt_sol_mptcp */
	O(SOL_MPTCP, MPTCP_INFO, STRUCT, 96, SK_MPTCP, G | V, 0, 0, 0)
	O(SOL_MPTCP, MPTCP_TCPINFO, LARGE, 16, SK_MPTCP, G | V, 0, 0, 0)
	O(SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, LARGE, 16, SK_MPTCP, G | V, 0, 0, 0)
	O(SOL_MPTCP, MPTCP_FULL_INFO, LARGE, 64, SK_MPTCP, G | V | U, 0, 0, 0) /* user pointers */

	/* SOL_SMC 286: net/smc/af_smc.c __smc_setsockopt (5.16); every other level is the inner TCP socket's */
	O(SOL_SMC, SMC_LIMIT_HS, BOOL, 4, SK_SMC, SG, 0, 1, 1)
};

/* The first name of a level is printed, all are understood. IPPROTO_ICMP (1) is not here: 1 is SOL_SOCKET. */
static const struct name levels[] = {
	{ "SOL_IP", SOL_IP }, { "SOL_SOCKET", SOL_SOCKET }, { "SOL_TCP", SOL_TCP }, { "SOL_UDP", SOL_UDP },
	{ "SOL_IPV6", SOL_IPV6 }, { "AF_VSOCK", AF_VSOCK }, { "SOL_ICMPV6", SOL_ICMPV6 },
	{ "SOL_SCTP", SOL_SCTP }, { "SOL_UDPLITE", SOL_UDPLITE }, { "SOL_RAW", SOL_RAW },
	{ "SOL_X25", SOL_X25 }, { "SOL_PACKET", SOL_PACKET }, { "SOL_ATM", SOL_ATM }, { "SOL_AAL", SOL_AAL },
	{ "SOL_LLC", SOL_LLC }, { "SOL_DCCP", SOL_DCCP }, { "SOL_NETLINK", SOL_NETLINK },
	{ "SOL_TIPC", SOL_TIPC }, { "SOL_RXRPC", SOL_RXRPC }, { "SOL_PPPOL2TP", SOL_PPPOL2TP },
	{ "SOL_BLUETOOTH", SOL_BLUETOOTH }, { "SOL_PNPIPE", SOL_PNPIPE }, { "SOL_RDS", SOL_RDS },
	{ "SOL_IUCV", SOL_IUCV }, { "SOL_CAIF", SOL_CAIF }, { "SOL_ALG", SOL_ALG }, { "SOL_NFC", SOL_NFC },
	{ "SOL_KCM", SOL_KCM }, { "SOL_TLS", SOL_TLS }, { "SOL_XDP", SOL_XDP }, { "SOL_MPTCP", SOL_MPTCP },
	{ "SOL_MCTP", SOL_MCTP }, { "SOL_SMC", SOL_SMC }, { "SOL_VSOCK", SOL_VSOCK },
#define LEVEL_SYNONYMS 7
	{ "IPPROTO_IP", SOL_IP }, { "IPPROTO_TCP", SOL_TCP }, { "IPPROTO_UDP", SOL_UDP },
	{ "IPPROTO_IPV6", SOL_IPV6 }, { "IPPROTO_ICMPV6", SOL_ICMPV6 }, { "IPPROTO_UDPLITE", SOL_UDPLITE },
	{ "IPPROTO_RAW", SOL_RAW },
	{ NULL, 0 },
};

static const struct synonym { int level; const char *name; int optname; } synonyms[] = {
	{ SOL_SOCKET, "SO_GET_FILTER", SO_ATTACH_FILTER },
	{ SOL_SOCKET, "SO_DETACH_BPF", SO_DETACH_FILTER },
	{ SOL_SOCKET, "SO_RCVTIMEO", SO_RCVTIMEO_OLD },
	{ SOL_SOCKET, "SO_SNDTIMEO", SO_SNDTIMEO_OLD },
	{ SOL_SOCKET, "SO_TIMESTAMP", SO_TIMESTAMP_OLD },
	{ SOL_SOCKET, "SO_TIMESTAMPNS", SO_TIMESTAMPNS_OLD },
	{ SOL_SOCKET, "SO_TIMESTAMPING", SO_TIMESTAMPING_OLD },
	{ SOL_IP, "IP_RECVRETOPTS", IP_RETOPTS },
	{ SOL_IP, "IP_RECVORIGDSTADDR", IP_ORIGDSTADDR },
	{ SOL_IP, "IPT_SO_GET_INFO", IPT_SO_SET_REPLACE },
	{ SOL_IP, "IPT_SO_GET_ENTRIES", IPT_SO_SET_ADD_COUNTERS },
	{ SOL_IP, "ARPT_SO_GET_INFO", ARPT_SO_SET_REPLACE },
	{ SOL_IP, "ARPT_SO_GET_ENTRIES", ARPT_SO_SET_ADD_COUNTERS },
	{ SOL_IP, "EBT_SO_GET_INFO", EBT_SO_SET_ENTRIES },
	{ SOL_IP, "EBT_SO_GET_ENTRIES", EBT_SO_SET_COUNTERS },
	{ SOL_SCTP, "SCTP_DELAYED_ACK", SCTP_DELAYED_ACK_TIME },
	{ SOL_SCTP, "SCTP_DELAYED_SACK", SCTP_DELAYED_ACK_TIME },
	{ SOL_SCTP, "SCTP_EXPOSE_PF_STATE", SCTP_EXPOSE_POTENTIALLY_FAILED_STATE },
	{ SOL_IPV6, "IPV6_JOIN_GROUP", IPV6_ADD_MEMBERSHIP },
	{ SOL_IPV6, "IPV6_LEAVE_GROUP", IPV6_DROP_MEMBERSHIP },
	{ SOL_IPV6, "IPV6_RECVORIGDSTADDR", IPV6_ORIGDSTADDR },
	{ SOL_IPV6, "IP6T_SO_GET_INFO", IP6T_SO_SET_REPLACE },
	{ SOL_IPV6, "IP6T_SO_GET_ENTRIES", IP6T_SO_SET_ADD_COUNTERS },
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Places in options[] + 1 by hash, 0: nothing. A search by halves would mispredict each of its branches. */
#define BUCKETS 1024
static uint16_t buckets[BUCKETS];

_Static_assert(COUNT(options) < BUCKETS / 2, "buckets are few");

static unsigned bucket_of(int32_t level, int32_t optname)
{
	return ((uint32_t)level * 31 + (uint32_t)optname) * 0x9e3779b1u >> 22;
}

static void fill_buckets(void)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		unsigned b = bucket_of(options[i].level, options[i].optname);

		while (buckets[b])
			b = (b + 1) % BUCKETS;
		buckets[b] = (uint16_t)(i + 1);
	}
}

const struct option_info *option_find(int32_t level, int32_t optname)
{
	static bool filled;

	if (!filled)
		fill_buckets();
	filled = true;
	for (unsigned b = bucket_of(level, optname); buckets[b]; b = (b + 1) % BUCKETS) {
		const struct option_info *o = &options[buckets[b] - 1];

		if (o->level == level && o->optname == optname)
			return o;
	}
	return NULL;
}

static bool same(const char *name, const char *s, size_t n)
{
	return strlen(name) == n && !memcmp(name, s, n);
}

/* any: whatever the level. */
static const struct option_info *by_name(int32_t level, bool any, const char *s, size_t n)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if ((any || options[i].level == level) && same(options[i].name, s, n))
			return &options[i];
	for (size_t i = 0; i < COUNT(synonyms); i++)
		if ((any || synonyms[i].level == level) && same(synonyms[i].name, s, n))
			return option_find(synonyms[i].level, synonyms[i].optname);
	return NULL;
}

const char *option_synonym(const struct option_info *o, unsigned n)
{
	for (size_t i = 0; i < COUNT(synonyms); i++)
		if (synonyms[i].level == o->level && synonyms[i].optname == o->optname && !n--)
			return synonyms[i].name;
	return NULL;
}

const struct option_info *option_by_name(int32_t level, const char *s, size_t n)
{
	return by_name(level, false, s, n);
}

size_t option_count(void)
{
	return COUNT(options);
}

const struct option_info *option_at(size_t i)
{
	return &options[i];
}

size_t level_count(void)
{
	return COUNT(levels) - LEVEL_SYNONYMS - 1;
}

int32_t level_at(size_t i)
{
	return (int32_t)levels[i].value;
}

const char *level_name(int32_t level)
{
	return name_of(levels, level);
}

const char *option_name(int32_t level, int32_t optname)
{
	const struct option_info *o = option_find(level, optname);

	return o ? o->name : NULL;
}

void level_print(struct buf *b, int32_t level)
{
	name_print(b, levels, level);
}

void option_print(struct buf *b, int32_t level, int32_t optname)
{
	const char *name = option_name(level, optname);

	if (name)
		buf_puts(b, name);
	else
		number_print(b, optname);
}

static bool parse_number(const char *s, size_t n, int32_t *value)
{
	int64_t v;

	if (!number_parse(s, n, &v) || v < INT32_MIN || v > UINT32_MAX)
		return false;
	*value = (int32_t)(uint32_t)v;
	return true;
}

bool level_parse(const char *s, size_t n, int32_t *level)
{
	int64_t v;

	if (!name_value(levels, s, n, &v))
		return parse_number(s, n, level);
	*level = (int32_t)v;
	return true;
}

static bool has_rows(int32_t level)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].level == level)
			return true;
	return false;
}

bool option_parse(int32_t level, const char *s, size_t n, int32_t *optname)
{
	const struct option_info *o = by_name(level, !has_rows(level), s, n);

	if (!o)
		return parse_number(s, n, optname);
	*optname = o->optname;
	return true;
}

bool option_parse_any(const char *s, size_t n, int32_t *optname)
{
	const struct option_info *o = by_name(0, true, s, n);

	if (!o)
		return parse_number(s, n, optname);
	*optname = o->optname;
	return true;
}

static const char *const kind_names[OPT_KIND_COUNT] = {
	[OPT_NONE] = "unknown", [OPT_INT] = "int",	 [OPT_BOOL] = "bool",	  [OPT_BYTE] = "byte",
	[OPT_U64] = "u64",	[OPT_STRING] = "string", [OPT_STRUCT] = "struct", [OPT_LARGE] = "large",
};

const char *opt_kind_name(unsigned kind)
{
	return kind_names[kind < OPT_KIND_COUNT ? kind : OPT_NONE];
}
