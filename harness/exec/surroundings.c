/* SPDX-License-Identifier: MIT */
#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfobj.h"
#include "topo.h"

#define N_GROUPS 1100 /* SO_PEERGROUPS answers with more than a page */

static int keeper_open(struct keeper *k, const struct cgroup_base *base, char *err, size_t size)
{
	int ret = cgroup_make(&k->cgroup, base->base.dir, "keeper");

	if (ret) {
		snprintf(err, size, "cannot make the keeper cgroup: %s", strerror(-ret));
		return ret;
	}
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		k->prog[h] = bpfobj_load_dummy(h);
		ret = k->prog[h] < 0 ? k->prog[h]
				     : cgroup_attach(&k->att[h], &k->cgroup, k->prog[h], h, MODE_MULTI);
		if (ret) {
			snprintf(err, size,
				 "this kernel takes no %ssockopt program: %s (needs CONFIG_CGROUP_BPF and "
				 "root)",
				 h == HOOK_GET ? "get" : "set", strerror(-ret));
			return ret;
		}
		k->attached[h] = true;
	}
	return 0;
}

static void keeper_close(struct keeper *k)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (k->attached[h])
			cgroup_detach(&k->att[h]);
		if (k->prog[h] >= 0)
			close(k->prog[h]);
	}
	cgroup_fini(&k->cgroup);
}

static void raise_nofile(void)
{
	struct rlimit r;
	rlim_t want = 4 * TOPO_FDS;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	if (r.rlim_max < want)
		r.rlim_max = want;
	if (!setrlimit(RLIMIT_NOFILE, &r))
		return;
	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* Failure only means that SO_PEERGROUPS answers are short. */
static void many_groups(struct surroundings *s)
{
	gid_t gids[N_GROUPS];

	s->n_old_groups = getgroups(0, NULL);
	s->old_groups = calloc(s->n_old_groups > 0 ? s->n_old_groups : 1, sizeof(gid_t));
	if (!s->old_groups || getgroups(s->n_old_groups, s->old_groups) < 0) {
		s->n_old_groups = -1;
		return;
	}
	for (unsigned i = 0; i < N_GROUPS; i++)
		gids[i] = 100000 + i;
	if (setgroups(N_GROUPS, gids))
		s->n_old_groups = -1;
}

/* Ping sockets are for certain groups, in a new namespace for none. Where /proc is not writable, cases skip.
 */
static void allow_ping(void)
{
	static const char all[] = "0 2147483647";
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, all, sizeof(all) - 1) < 0)
		fprintf(stderr, "hookdiff: no ping sockets here: %s\n", strerror(errno));
	close(fd);
}

static int enter_netns(struct surroundings *s, char *err, size_t size)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, ret;

	s->old_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->old_netns < 0 || unshare(CLONE_NEWNET)) {
		ret = -errno;
		snprintf(err, size, "cannot make a network namespace: %s (needs root and CONFIG_NET_NS)",
			 strerror(-ret));
		if (s->old_netns >= 0)
			close(s->old_netns);
		s->old_netns = -1;
		return ret;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &ifr); /* cases that need lo will say so themselves */
		close(fd);
	}
	allow_ping();
	return 0;
}

void surroundings_init(struct surroundings *s)
{
	*s = (struct surroundings){
		.keeper = {.prog = {-1, -1}, .cgroup = {-1, -1}}, .old_netns = -1, .n_old_groups = -1};
}

int surroundings_open(struct surroundings *s, const struct cgroup_base *base, bool own_netns, char *err,
		      size_t size)
{
	int ret = keeper_open(&s->keeper, base, err, size);

	if (ret)
		return ret;
	raise_nofile();
	many_groups(s);
	return own_netns ? enter_netns(s, err, size) : 0;
}

void surroundings_close(struct surroundings *s)
{
	keeper_close(&s->keeper);
	if (s->old_netns >= 0) {
		setns(s->old_netns, CLONE_NEWNET);
		close(s->old_netns);
	}
	if (s->n_old_groups >= 0)
		setgroups((size_t)s->n_old_groups, s->old_groups);
	free(s->old_groups);
}
