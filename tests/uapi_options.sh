#!/bin/bash
# SPDX-License-Identifier: MIT
# Every socket option of the kernel's headers for user space is a row of harness/case/options.c, or an exception below with
# its reason. The headers are the installed ones (linux-libc-dev), or those below $HD_UAPI: a kernel source's include/uapi.
set -u
export LC_ALL=C
source_dir=${HD_SOURCE_DIR:?the source tree}
uapi=${HD_UAPI:-/usr/include}
table=$(cat "$source_dir"/harness/case/options.c "$source_dir"/harness/case/options_*.def)
failures=0 seen=0

# header: what the names of its options begin with, as an extended regular expression; decimal: all else in the header is
# hexadecimal or a member of an enum
headers='
asm-generic/socket.h SO_
linux/in.h (IP|MCAST)_
linux/in6.h (IPV6|MCAST)_
linux/tcp.h TCP_
linux/udp.h UDP_
linux/if_packet.h PACKET_
linux/netlink.h NETLINK_
linux/vm_sockets.h SO_VM_SOCKETS_
linux/if_xdp.h XDP_
linux/sctp.h SCTP_ decimal
linux/if_alg.h ALG_SET_
linux/mptcp.h MPTCP_(INFO|TCPINFO|SUBFLOW_ADDRS|FULL_INFO)$
linux/tls.h TLS_(TX|RX)
linux/smc.h SMC_LIMIT_HS
linux/icmp.h ICMP_FILTER
linux/icmpv6.h ICMPV6_FILTER$
linux/mroute.h MRT_
linux/mroute6.h MRT6_
'

# names that are no options: a regular expression, and why
exceptions='
IP_(PMTUDISC|DEFAULT|MAX)_.* values of IP_MTU_DISCOVER, defaults and limits
IPV6_(PMTUDISC|PREFER|FL|SRCRT|PRIORITY|TLV|OPT)_.* values, flags and header fields
IPV6_(RTHDR_TYPE_0|FLOWINFO_FLOWLABEL|FLOWINFO_PRIORITY) values and masks
IPV6_USE_MIN_MTU between #if 0 and #endif: not yet
IPV6_(ADD|DROP)_MEMBERSHIP the same number as IPV6_JOIN_GROUP and IPV6_LEAVE_GROUP
MCAST_(EXCLUDE|INCLUDE) values
TCP_(MSS|FLAG|CA|RECEIVE_ZEROCOPY|MD5SIG|AO_KEYF|AO_MAXKEYLEN|REPAIR)_.* values, flags and limits
TCP_(SYN_SENT|AO_MAXKEYLEN|NLA_.*|CM_INQ|RESERVED_BITS) no option
TCP_(NO_QUEUE|RECV_QUEUE|SEND_QUEUE|QUEUES_NR) values of TCP_REPAIR_QUEUE
TCPI_OPT_.* flags
UDP_ENCAP_.* values of UDP_ENCAP
UDP_(V4|V6)_FLOW flags of ethtool
PACKET_(HOST|BROADCAST|MULTICAST|OTHERHOST|OUTGOING|LOOPBACK|USER|KERNEL|FASTROUTE) types of packets
PACKET_(FANOUT|MR)_.* values of PACKET_FANOUT, PACKET_ADD_MEMBERSHIP
NETLINK_(ROUTE|UNUSED|USERSOCK|FIREWALL|SOCK_DIAG|NFLOG|XFRM|SELINUX|ISCSI|AUDIT|FIB_LOOKUP|CONNECTOR|NETFILTER|IP6_FW|DNRTMSG|KOBJECT_UEVENT|GENERIC|SCSITRANSPORT|ECRYPTFS|RDMA|CRYPTO|SMC|INET_DIAG) protocols
XDP_(SHARED_UMEM|COPY|ZEROCOPY|USE_NEED_WAKEUP|USE_SG|RING_NEED_WAKEUP|OPTIONS_ZEROCOPY|PGOFF_.*|UMEM_(PGOFF|UNALIGNED|TX).*|TXMD_.*|TX_METADATA|PKT_CONTD) flags and offsets
NETLINK_(CONNECTED|UNCONNECTED) states
SCTP_(FUTURE|CURRENT|ALL)_ASSOC values
TLS_(TX|RX)_(SW|DEVICE|RESYNC|INFO).* no option
MRT6?_(BASE|MAX|TABLE_.*|VIF_.*|FLUSH_.*) limits and flags
SO_EE_.* fields of an error message
SO_VM_SOCKETS_CONNECT_TIMEOUT one number or the other by the size of time_t
SO_(RCVTIMEO|SNDTIMEO|TIMESTAMP|TIMESTAMPNS|TIMESTAMPING) one number or the other by the size of time_t
'

excused() {
	local re
	while read -r re _; do
		[ -n "$re" ] && [[ $1 =~ ^($re)$ ]] && return 0
	done <<<"$exceptions"
	return 1
}

while read -r header prefix decimal; do
	[ -n "$header" ] || continue
	[ -r "$uapi/$header" ] || continue # an older kernel's
	# #define NAME NUMBER, and the members of enums
	while read -r name; do
		seen=$((seen + 1))
		[[ $table =~ (^|[^A-Za-z0-9_])$name([^A-Za-z0-9_]|$) ]] && continue
		excused "$name" && continue
		echo "FAIL: $name of $header has no row in harness/case/options.c, and no reason here why not"
		failures=$((failures + 1))
	done < <(if [ -n "$decimal" ]; then
		sed -nE 's/^#[ \t]*define[ \t]+([A-Z0-9_]+)[ \t]+(0|[1-9][0-9]*)([ \t].*)?$/\1/p' "$uapi/$header"
	else
		sed -nE 's/^[ \t]*#[ \t]*define[ \t]+([A-Z0-9_]+)[ \t]+(\(?[0-9A-Z].*)/\1/p; s/^[ \t]+([A-Z0-9_]+)[ \t]*(=.*)?,.*/\1/p' "$uapi/$header"
	fi | grep -E "^$prefix" | sort -u)
done <<<"$headers"
[ "$seen" -gt 250 ] || {
	echo "SKIP: only $seen options in the headers below $uapi: apt-get install linux-libc-dev"
	exit 77
}
echo "$seen names looked at, $failures missing"
[ "$failures" -eq 0 ]
