/* SPDX-License-Identifier: MIT */
#include "helper.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "carrier.skel.h"
#include "rawcall.h"

static int load(const struct bpfobj *obj)
{
	struct carrier *skel = carrier__open();
	int ret;

	if (!skel)
		return -errno;
	ret = bpf_map__reuse_fd(skel->maps.bss, obj->map_fd);
	if (!ret)
		ret = bpf_object__load(skel->obj);
	if (!ret) {
		ret = fcntl(bpf_program__fd(skel->progs.carrier), F_DUPFD_CLOEXEC, 0);
		if (ret < 0)
			ret = -errno;
	}
	carrier__destroy(skel);
	return ret;
}

int helper_open(struct helper *h, const struct bpfobj *obj, const struct cgroup *top, char *err, size_t size)
{
	struct bpfobj_listener listener;
	char words[256];

	bpfobj_listen(&listener);
	h->prog = load(obj);
	bpfobj_listen_end(&listener);
	if (h->prog < 0) {
		bpfobj_last_words(words, sizeof(words));
		snprintf(err, size,
			 "setsockopt programs of this kernel cannot call bpf_setsockopt (Linux 5.15): %.150s",
			 words);
		return h->prog;
	}
	h->top = top;
	h->shared = obj->shared;
	return 0;
}

void helper_close(struct helper *h)
{
	if (h->prog >= 0)
		close(h->prog);
	h->prog = -1;
}

bool helper_can_carry(const struct tcase *tc, char *err, size_t size)
{
	for (unsigned i = 0; i < tc->n_calls; i++)
		if (tc->call[i].via == VIA_HELPER && !tc_helper_fits(&tc->call[i])) {
			snprintf(err, size,
				 "a helper's value has 1 to %d bytes, and all of them lie in a plain buffer "
				 "of a socket's call",
				 HD_HELPER_MAX);
			return false;
		}
	return true;
}

/* The programs below the carrier run for its call too: meanwhile they do nothing. */
struct quiet {
	__u32 n[HD_PROGS], ret[HD_PROGS];
};

static void quiet_begin(struct hd_shared *s, struct quiet *q)
{
	for (unsigned i = 0; i < HD_PROGS; i++) {
		q->n[i] = s->prog[HOOK_SET][i].n;
		q->ret[i] = s->prog[HOOK_SET][i].ret;
		s->prog[HOOK_SET][i].n = 0;
		s->prog[HOOK_SET][i].ret = 1;
	}
}

static void quiet_end(struct hd_shared *s, const struct quiet *q)
{
	for (unsigned i = 0; i < HD_PROGS; i++) {
		s->prog[HOOK_SET][i].n = q->n[i];
		s->prog[HOOK_SET][i].ret = q->ret[i];
	}
}

int helper_sockopt(struct helper *h, int fd, const struct tc_call *c, uint8_t *val, int64_t *ret, char *err,
		   size_t size)
{
	struct hd_helper *made = &h->shared->helper;
	struct attachment att;
	struct quiet quiet;
	int32_t nothing = 0;
	int64_t carried;
	int e = cgroup_attach(&att, h->top, h->prog, HOOK_SET, MODE_MULTI);

	if (e) {
		snprintf(err, size, "cannot attach the program that calls the helper: %s", strerror(-e));
		return e;
	}
	*made = (struct hd_helper){.is_get = c->hook == HOOK_GET,
				   .level = c->level,
				   .optname = c->optname,
				   .optlen = (uint32_t)c->optlen,
				   .armed = 1};
	memcpy(made->bytes, val, (size_t)c->optlen);
	quiet_begin(h->shared, &quiet);
	carried = raw_setsockopt(fd, HD_HELPER_LEVEL, 1, &nothing, sizeof(nothing));
	quiet_end(h->shared, &quiet);
	cgroup_detach(&att);
	if (!made->done) {
		snprintf(err, size,
			 "the program that calls the helper did not run (the call it hangs on: %lld)",
			 (long long)carried);
		return -EIO;
	}
	if (c->hook == HOOK_GET)
		memcpy(val, made->bytes, (size_t)c->optlen);
	*ret = made->ret;
	return 0;
}
