/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>

/* The numbers are written out: they are Linux's generic ABI, which is what a case speaks on any machine. */
/* clang-format off */
const struct name names_errno[] = {
	{ "EPERM", 1 }, { "ENOENT", 2 }, { "ESRCH", 3 }, { "EINTR", 4 }, { "EIO", 5 },
	{ "ENXIO", 6 }, { "E2BIG", 7 }, { "ENOEXEC", 8 }, { "EBADF", 9 }, { "ECHILD", 10 },
	{ "EAGAIN", 11 }, { "ENOMEM", 12 }, { "EACCES", 13 }, { "EFAULT", 14 },
	{ "ENOTBLK", 15 }, { "EBUSY", 16 }, { "EEXIST", 17 }, { "EXDEV", 18 }, { "ENODEV", 19 },
	{ "ENOTDIR", 20 }, { "EISDIR", 21 }, { "EINVAL", 22 }, { "ENFILE", 23 },
	{ "EMFILE", 24 }, { "ENOTTY", 25 }, { "ETXTBSY", 26 }, { "EFBIG", 27 },
	{ "ENOSPC", 28 }, { "ESPIPE", 29 }, { "EROFS", 30 }, { "EMLINK", 31 }, { "EPIPE", 32 },
	{ "EDOM", 33 }, { "ERANGE", 34 }, { "EDEADLK", 35 }, { "ENAMETOOLONG", 36 },
	{ "ENOLCK", 37 }, { "ENOSYS", 38 }, { "ENOTEMPTY", 39 }, { "ELOOP", 40 },
	{ "ENOMSG", 42 }, { "EIDRM", 43 }, { "ECHRNG", 44 }, { "EL2NSYNC", 45 },
	{ "EL3HLT", 46 }, { "EL3RST", 47 }, { "ELNRNG", 48 }, { "EUNATCH", 49 },
	{ "ENOCSI", 50 }, { "EL2HLT", 51 }, { "EBADE", 52 }, { "EBADR", 53 }, { "EXFULL", 54 },
	{ "ENOANO", 55 }, { "EBADRQC", 56 }, { "EBADSLT", 57 }, { "EBFONT", 59 },
	{ "ENOSTR", 60 }, { "ENODATA", 61 }, { "ETIME", 62 }, { "ENOSR", 63 }, { "ENONET", 64 },
	{ "ENOPKG", 65 }, { "EREMOTE", 66 }, { "ENOLINK", 67 }, { "EADV", 68 },
	{ "ESRMNT", 69 }, { "ECOMM", 70 }, { "EPROTO", 71 }, { "EMULTIHOP", 72 },
	{ "EDOTDOT", 73 }, { "EBADMSG", 74 }, { "EOVERFLOW", 75 }, { "ENOTUNIQ", 76 },
	{ "EBADFD", 77 }, { "EREMCHG", 78 }, { "ELIBACC", 79 }, { "ELIBBAD", 80 },
	{ "ELIBSCN", 81 }, { "ELIBMAX", 82 }, { "ELIBEXEC", 83 }, { "EILSEQ", 84 },
	{ "ERESTART", 85 }, { "ESTRPIPE", 86 }, { "EUSERS", 87 }, { "ENOTSOCK", 88 },
	{ "EDESTADDRREQ", 89 }, { "EMSGSIZE", 90 }, { "EPROTOTYPE", 91 }, { "ENOPROTOOPT", 92 },
	{ "EPROTONOSUPPORT", 93 }, { "ESOCKTNOSUPPORT", 94 }, { "EOPNOTSUPP", 95 },
	{ "EPFNOSUPPORT", 96 }, { "EAFNOSUPPORT", 97 }, { "EADDRINUSE", 98 },
	{ "EADDRNOTAVAIL", 99 }, { "ENETDOWN", 100 }, { "ENETUNREACH", 101 },
	{ "ENETRESET", 102 }, { "ECONNABORTED", 103 }, { "ECONNRESET", 104 },
	{ "ENOBUFS", 105 }, { "EISCONN", 106 }, { "ENOTCONN", 107 }, { "ESHUTDOWN", 108 },
	{ "ETOOMANYREFS", 109 }, { "ETIMEDOUT", 110 }, { "ECONNREFUSED", 111 },
	{ "EHOSTDOWN", 112 }, { "EHOSTUNREACH", 113 }, { "EALREADY", 114 },
	{ "EINPROGRESS", 115 }, { "ESTALE", 116 }, { "EUCLEAN", 117 }, { "ENOTNAM", 118 },
	{ "ENAVAIL", 119 }, { "EISNAM", 120 }, { "EREMOTEIO", 121 }, { "EDQUOT", 122 },
	{ "ENOMEDIUM", 123 }, { "EMEDIUMTYPE", 124 }, { "ECANCELED", 125 }, { "ENOKEY", 126 },
	{ "EKEYEXPIRED", 127 }, { "EKEYREVOKED", 128 }, { "EKEYREJECTED", 129 },
	{ "EOWNERDEAD", 130 }, { "ENOTRECOVERABLE", 131 }, { "ERFKILL", 132 },
	{ "EHWPOISON", 133 }, { "ERESTARTSYS", 512 }, { "ERESTARTNOINTR", 513 },
	{ "ERESTARTNOHAND", 514 }, { "ENOIOCTLCMD", 515 }, { "ERESTART_RESTARTBLOCK", 516 },
	{ "EPROBE_DEFER", 517 }, { "EOPENSTALE", 518 }, { "ENOPARAM", 519 },
	{ "EBADHANDLE", 521 }, { "ENOTSYNC", 522 }, { "EBADCOOKIE", 523 }, { "ENOTSUPP", 524 },
	{ "ETOOSMALL", 525 }, { "ESERVERFAULT", 526 }, { "EBADTYPE", 527 }, { "EJUKEBOX", 528 },
	{ "EIOCBQUEUED", 529 }, { "ERECALLCONFLICT", 530 }, { "EWOULDBLOCK", 11 },
	{ "EDEADLOCK", 35 }, { "ENOTSUP", 95 },
	{ NULL, 0 },
};

const struct name names_family[] = {
	{ "AF_UNSPEC", 0 }, { "AF_UNIX", 1 }, { "AF_INET", 2 }, { "AF_AX25", 3 },
	{ "AF_IPX", 4 }, { "AF_APPLETALK", 5 }, { "AF_NETROM", 6 }, { "AF_BRIDGE", 7 },
	{ "AF_ATMPVC", 8 }, { "AF_X25", 9 }, { "AF_INET6", 10 }, { "AF_ROSE", 11 },
	{ "AF_DECnet", 12 }, { "AF_NETBEUI", 13 }, { "AF_SECURITY", 14 }, { "AF_KEY", 15 },
	{ "AF_NETLINK", 16 }, { "AF_PACKET", 17 }, { "AF_ASH", 18 }, { "AF_ECONET", 19 },
	{ "AF_ATMSVC", 20 }, { "AF_RDS", 21 }, { "AF_SNA", 22 }, { "AF_IRDA", 23 },
	{ "AF_PPPOX", 24 }, { "AF_WANPIPE", 25 }, { "AF_LLC", 26 }, { "AF_IB", 27 },
	{ "AF_MPLS", 28 }, { "AF_CAN", 29 }, { "AF_TIPC", 30 }, { "AF_BLUETOOTH", 31 },
	{ "AF_IUCV", 32 }, { "AF_RXRPC", 33 }, { "AF_ISDN", 34 }, { "AF_PHONET", 35 },
	{ "AF_IEEE802154", 36 }, { "AF_CAIF", 37 }, { "AF_ALG", 38 }, { "AF_NFC", 39 },
	{ "AF_VSOCK", 40 }, { "AF_KCM", 41 }, { "AF_QIPCRTR", 42 }, { "AF_SMC", 43 },
	{ "AF_XDP", 44 }, { "AF_MCTP", 45 }, { "AF_LOCAL", 1 }, { "AF_ROUTE", 16 },
	{ NULL, 0 },
};

const struct name names_socktype[] = {
	{ "SOCK_STREAM", 1 }, { "SOCK_DGRAM", 2 }, { "SOCK_RAW", 3 }, { "SOCK_RDM", 4 },
	{ "SOCK_SEQPACKET", 5 }, { "SOCK_DCCP", 6 }, { "SOCK_PACKET", 10 },
	{ NULL, 0 },
};

const struct name names_protocol[] = {
	{ "IPPROTO_IP", 0 }, { "IPPROTO_ICMP", 1 }, { "IPPROTO_IGMP", 2 },
	{ "IPPROTO_IPIP", 4 }, { "IPPROTO_TCP", 6 }, { "IPPROTO_EGP", 8 },
	{ "IPPROTO_PUP", 12 }, { "IPPROTO_UDP", 17 }, { "IPPROTO_IDP", 22 },
	{ "IPPROTO_TP", 29 }, { "IPPROTO_DCCP", 33 }, { "IPPROTO_IPV6", 41 },
	{ "IPPROTO_RSVP", 46 }, { "IPPROTO_GRE", 47 }, { "IPPROTO_ESP", 50 },
	{ "IPPROTO_AH", 51 }, { "IPPROTO_MTP", 92 }, { "IPPROTO_BEETPH", 94 },
	{ "IPPROTO_ENCAP", 98 }, { "IPPROTO_PIM", 103 }, { "IPPROTO_COMP", 108 },
	{ "IPPROTO_L2TP", 115 }, { "IPPROTO_SCTP", 132 }, { "IPPROTO_UDPLITE", 136 },
	{ "IPPROTO_MPLS", 137 }, { "IPPROTO_ETHERNET", 143 }, { "IPPROTO_RAW", 255 },
	{ "IPPROTO_MPTCP", 262 }, { "IPPROTO_HOPOPTS", 0 }, { "IPPROTO_ROUTING", 43 },
	{ "IPPROTO_FRAGMENT", 44 }, { "IPPROTO_ICMPV6", 58 }, { "IPPROTO_NONE", 59 },
	{ "IPPROTO_DSTOPTS", 60 }, { "IPPROTO_MH", 135 }, { "IPPROTO_SMC", 256 },
	{ NULL, 0 },
};

const struct name names_netlink[] = {
	{ "NETLINK_ROUTE", 0 }, { "NETLINK_UNUSED", 1 }, { "NETLINK_USERSOCK", 2 },
	{ "NETLINK_FIREWALL", 3 }, { "NETLINK_SOCK_DIAG", 4 }, { "NETLINK_NFLOG", 5 },
	{ "NETLINK_XFRM", 6 }, { "NETLINK_SELINUX", 7 }, { "NETLINK_ISCSI", 8 },
	{ "NETLINK_AUDIT", 9 }, { "NETLINK_FIB_LOOKUP", 10 }, { "NETLINK_CONNECTOR", 11 },
	{ "NETLINK_NETFILTER", 12 }, { "NETLINK_IP6_FW", 13 }, { "NETLINK_DNRTMSG", 14 },
	{ "NETLINK_KOBJECT_UEVENT", 15 }, { "NETLINK_GENERIC", 16 },
	{ "NETLINK_SCSITRANSPORT", 18 }, { "NETLINK_ECRYPTFS", 19 }, { "NETLINK_RDMA", 20 },
	{ "NETLINK_CRYPTO", 21 }, { "NETLINK_SMC", 22 },
	{ NULL, 0 },
};

/* clang-format on */

const char *name_of(const struct name *table, int64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

bool name_value(const struct name *table, const char *s, size_t n, int64_t *value)
{
	for (; table->name; table++) {
		if (strlen(table->name) == n && !memcmp(table->name, s, n)) {
			*value = table->value;
			return true;
		}
	}
	return false;
}

void number_print(struct buf *b, int64_t value)
{
	if (value >= 10)
		buf_printf(b, "0x%llx", (unsigned long long)value);
	else
		buf_printf(b, "%lld", (long long)value);
}

void name_print(struct buf *b, const struct name *table, int64_t value)
{
	const char *name = name_of(table, value);

	if (name)
		buf_puts(b, name);
	else
		number_print(b, value);
}

bool number_parse(const char *s, size_t n, int64_t *value)
{
	bool negative = n && s[0] == '-';
	size_t i = negative;
	unsigned base = 10, digit;
	uint64_t limit = (uint64_t)INT64_MAX + negative, v = 0;

	if (n - i > 2 && s[i] == '0' && (s[i + 1] == 'x' || s[i + 1] == 'X')) {
		base = 16;
		i += 2;
	}
	if (i == n)
		return false;
	for (; i < n; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else if (base == 16 && c >= 'A' && c <= 'F')
			digit = (unsigned)(c - 'A') + 10;
		else
			return false;
		if (v > (limit - digit) / base)
			return false;
		v = v * base + digit;
	}
	*value = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

const char *errno_name(int err)
{
	return name_of(names_errno, err);
}
