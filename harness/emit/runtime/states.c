
/* ---- sockets that listen, are connected over the loopback, or whose other end will send no more ---- */

#include <netinet/in.h>

MAYBE_UNUSED static int make_listening(unsigned level, int family, int type, int protocol)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	sa_family_t local = AF_UNIX; /* a name is made */
	int fd = make_socket(level, family, type, protocol), ret;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	if (family == AF_INET)
		ret = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	else if (family == AF_INET6)
		ret = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	else
		ret = bind(fd, (struct sockaddr *)&local, sizeof(local));
	if (ret || (type != SOCK_DGRAM && listen(fd, 1)))
		cannot("listening");
	return fd;
}

static int connected(unsigned level, int family, int type, int protocol, int *far)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);
	int fd;

	*far = make_listening(level, family, type, protocol);
	fd = make_socket(level, family, type, protocol);
	if (getsockname(*far, (struct sockaddr *)&at, &n) || connect(fd, (struct sockaddr *)&at, n))
		cannot("connecting");
	if (type != SOCK_DGRAM)
		*far = accept(*far, NULL, NULL);
	if (*far < 0)
		cannot("accept");
	return fd;
}

MAYBE_UNUSED static int make_connected(unsigned level, int family, int type, int protocol)
{
	int far;

	return connected(level, family, type, protocol, &far);
}

MAYBE_UNUSED static int make_closed(unsigned level, int family, int type, int protocol)
{
	int far, fd = connected(level, family, type, protocol, &far);

	if (shutdown(far, SHUT_WR))
		cannot("shutdown");
	return fd;
}
