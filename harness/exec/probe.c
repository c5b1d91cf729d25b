/* SPDX-License-Identifier: MIT */
/*
 * The feature table. Each function tries the thing itself instead of reading a version: distributions
 * backport. A row may rely on rows above it (struct lab); when those are missing it says so in its own words.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf_uapi.h"
#include "bpfobj.h"
#include "cgroup.h"
#include "compat.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* What the rows share. */
struct lab {
	struct cgroup_base base;
	struct cgroup cgroup; /* for attachments */
	struct bpfobj obj;
	bool has_base, has_obj;
	int prog[HOOK_COUNT];
};

struct row {
	const char *name;
	enum probe_state (*fn)(struct lab *lab, char *text, size_t size);
	bool needed;
	const char *remedy;
};

static enum probe_state answer(int err, char *text, size_t size)
{
	snprintf(text, size, "%s", err == -ECANCELED ? "not tried" : err ? strerror(-err) : "yes");
	return err ? PROBE_MISSING : PROBE_OK;
}

static enum probe_state release(struct lab *lab, char *text, size_t size)
{
	struct utsname u;

	(void)lab;
	snprintf(text, size, "%s %s", uname(&u) ? "?" : u.release, u.machine);
	return PROBE_INFO;
}

static enum probe_state page_size(struct lab *lab, char *text, size_t size)
{
	(void)lab;
	snprintf(text, size, "%ld", sysconf(_SC_PAGESIZE));
	return PROBE_INFO;
}

static enum probe_state jit(struct lab *lab, char *text, size_t size)
{
	static const char *const words[] = {"off", "on", "on, dumping"};
	FILE *f = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	unsigned v = 9;

	(void)lab;
	if (f && fscanf(f, "%u", &v) != 1)
		v = 9;
	if (f)
		fclose(f);
	snprintf(text, size, "%s", v < 3 ? words[v] : "unknown");
	return PROBE_INFO;
}

static enum probe_state privilege(struct lab *lab, char *text, size_t size)
{
	enum { NET_ADMIN = 12, SYS_ADMIN = 21 };
	unsigned long long caps = 0;
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	(void)lab;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	snprintf(text, size, "uid %u, CAP_SYS_ADMIN %s, CAP_NET_ADMIN %s", geteuid(),
		 caps >> SYS_ADMIN & 1 ? "yes" : "no", caps >> NET_ADMIN & 1 ? "yes" : "no");
	return caps >> SYS_ADMIN & caps >> NET_ADMIN & 1 ? PROBE_OK : PROBE_MISSING;
}

static enum probe_state cgroup2(struct lab *lab, char *text, size_t size)
{
	int ret = cgroup_base_open(&lab->base, text, size);

	if (ret)
		return PROBE_MISSING;
	lab->has_base = true;
	ret = cgroup_make(&lab->cgroup, lab->base.base.dir, "probe");
	if (ret)
		return answer(ret, text, size);
	snprintf(text, size, "%.*s", (int)size - 1, lab->base.path);
	return PROBE_OK;
}

static enum probe_state hook(struct lab *lab, unsigned h, char *text, size_t size)
{
	lab->prog[h] = bpfobj_load_dummy(h);
	return answer(lab->prog[h] < 0 ? lab->prog[h] : 0, text, size);
}

static enum probe_state hook_get(struct lab *lab, char *text, size_t size)
{
	return hook(lab, HOOK_GET, text, size);
}

static enum probe_state hook_set(struct lab *lab, char *text, size_t size)
{
	return hook(lab, HOOK_SET, text, size);
}

static enum probe_state mmapable(struct lab *lab, char *text, size_t size)
{
	if (bpfobj_init(&lab->obj, text, size))
		return PROBE_MISSING;
	lab->has_obj = true;
	return answer(0, text, size);
}

static enum probe_state verifies(struct lab *lab, char *text, size_t size)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (!lab->has_obj) {
			snprintf(text, size, "not tried");
			return PROBE_MISSING;
		}
		if (bpfobj_prog(&lab->obj, h, 0, text, size) < 0)
			return PROBE_MISSING;
	}
	return answer(0, text, size);
}

static enum probe_state foreign(struct lab *lab, char *text, size_t size)
{
	if (lab->has_base && cgroup_foreign(lab->base.base.dir, text, size))
		return PROBE_MISSING;
	snprintf(text, size, "%s", lab->has_base ? "none" : "not tried");
	return lab->has_base ? PROBE_OK : PROBE_MISSING;
}

/* Attaches and detaches again the old way. */
static int try_attach(struct lab *lab, unsigned flags)
{
	int prog = lab->prog[HOOK_SET], ret;

	if (!lab->has_base || prog < 0)
		return -ECANCELED;
	ret = hd_prog_attach(lab->cgroup.dir, prog, HD_CGROUP_SETSOCKOPT, flags);
	if (!ret)
		hd_prog_detach(lab->cgroup.dir, prog, HD_CGROUP_SETSOCKOPT);
	return ret;
}

static enum probe_state attach(struct lab *lab, char *text, size_t size)
{
	return answer(try_attach(lab, HD_F_ALLOW_MULTI), text, size);
}

static enum probe_state links(struct lab *lab, char *text, size_t size)
{
	int fd;

	if (!lab->has_base || lab->prog[HOOK_SET] < 0)
		return answer(-ECANCELED, text, size);
	fd = hd_link_create(lab->cgroup.dir, lab->prog[HOOK_SET], HD_CGROUP_SETSOCKOPT, 0);
	if (fd >= 0)
		close(fd);
	return answer(fd < 0 ? fd : 0, text, size);
}

static enum probe_state preorder(struct lab *lab, char *text, size_t size)
{
	return answer(try_attach(lab, HD_F_ALLOW_MULTI | HD_F_PREORDER), text, size);
}

static enum probe_state before_after(struct lab *lab, char *text, size_t size)
{
	return answer(try_attach(lab, HD_F_ALLOW_MULTI | HD_F_BEFORE), text, size);
}

static enum probe_state retval_helpers(struct lab *lab, char *text, size_t size)
{
	struct bpfobj_traits t;

	(void)lab;
	bpfobj_traits(&t);
	return answer(t.has_retval_helpers ? 0 : -EOPNOTSUPP, text, size);
}

static enum probe_state retval_range(struct lab *lab, char *text, size_t size)
{
	struct bpfobj_traits t;

	(void)lab;
	bpfobj_traits(&t);
	snprintf(text, size, "%s",
		 !t.has_retval_helpers ? "no helper"
		 : t.clamp_set_retval  ? "-4095..0"
				       : "any number");
	return PROBE_INFO;
}

/* In a child: there is no way back for the process itself without keeping the old one open. */
static enum probe_state netns(struct lab *lab, char *text, size_t size)
{
	int status = 0;
	pid_t pid = fork();

	(void)lab;
	if (!pid)
		_exit(unshare(CLONE_NEWNET) ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return answer(-errno, text, size);
	return answer(WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR, text, size);
}

static enum probe_state io_uring(struct lab *lab, char *text, size_t size)
{
#ifdef __NR_io_uring_setup
	/* no entries, no parameters: a kernel that has it complains about those */
	syscall(__NR_io_uring_setup, 0, NULL);
	snprintf(text, size, "%s", errno == ENOSYS || errno == EPERM ? "no" : "yes");
#else
	snprintf(text, size, "unknown");
#endif
	(void)lab;
	return PROBE_INFO;
}

static enum probe_state compat(struct lab *lab, char *text, size_t size)
{
	(void)lab;
	if (compat_works(text, size))
		snprintf(text, size, "yes");
	return PROBE_INFO;
}

static enum probe_state families(struct lab *lab, char *text, size_t size)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} kinds[] = {
		{"TCP", AF_INET, SOCK_STREAM, 0},   {"UDP", AF_INET, SOCK_DGRAM, 0},
		{"TCP6", AF_INET6, SOCK_STREAM, 0}, {"UDP6", AF_INET6, SOCK_DGRAM, 0},
		{"UNIX", AF_UNIX, SOCK_STREAM, 0},  {"NETLINK", AF_NETLINK, SOCK_RAW, 0},
		{"PACKET", AF_PACKET, SOCK_RAW, 0}, {"MPTCP", AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
	};

	(void)lab;
	text[0] = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC, kinds[i].protocol);
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s%s%s", i ? " " : "", fd < 0 ? "no-" : "", kinds[i].name);
		if (fd >= 0)
			close(fd);
	}
	return PROBE_INFO;
}

static enum probe_state leftovers(struct lab *lab, char *text, size_t size)
{
	struct cgroup_swept s;

	(void)lab;
	if (cgroup_sweep(&s)) {
		snprintf(text, size, "not looked for");
		return PROBE_INFO;
	}
	snprintf(text, size, "%u removed, %u of running processes, %u still hold processes%s%.100s",
		 s.removed, s.live, s.busy, s.busy ? ": " : "", s.busy_path);
	return PROBE_INFO;
}

/* clang-format off */
static const struct row rows[] = {
	{ "kernel",               release,        false, NULL },
	{ "page size",            page_size,      false, NULL },
	{ "JIT",                  jit,            false, NULL },
	{ "leftovers",            leftovers,      false, NULL },
	{ "privilege",            privilege,      true,  "run as root" },
	{ "cgroup2",              cgroup2,        true,  "mount it writable: mount -t cgroup2 none /some/directory" },
	{ "getsockopt programs",  hook_get,       true,  "a kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF, Linux 5.3 or newer" },
	{ "setsockopt programs",  hook_set,       true,  "a kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF, Linux 5.3 or newer" },
	{ "no foreign programs",  foreign,        true,  "detach it, or run in a cgroup where it is not effective" },
	{ "attach",               attach,         true,  "a kernel with CONFIG_CGROUP_BPF" },
	{ "mmapable arrays",      mmapable,       true,  "Linux 5.5 or newer" },
	{ "interpreter verifies", verifies,       true,  "report the verifier's message: progs/interp.bpf.c must pass everywhere" },
	{ "network namespace",    netns,          true,  "a kernel with CONFIG_NET_NS" },
	{ "links",                links,          false, "Linux 5.7 or newer; without it a killed run detaches only at the next start" },
	{ "retval helpers",       retval_helpers, false, "Linux 5.18 or newer; cases that use set_retval are skipped" },
	{ "set_retval range",     retval_range,   false, NULL },
	{ "preorder",             preorder,       false, "Linux 6.15 or newer" },
	{ "before and after",     before_after,   false, "Linux 6.17 or newer" },
	{ "io_uring",             io_uring,       false, NULL },
	{ "32-bit calls",         compat,         false, NULL },
	{ "sockets",              families,       false, NULL },
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(N_ROWS <= PROBE_MAX, "PROBE_MAX is too small");

unsigned probe_run(struct probe_result out[PROBE_MAX])
{
	struct lab lab = {.cgroup = {-1, -1}, .prog = {-1, -1}};

	memset(out, 0, sizeof(*out) * PROBE_MAX);
	for (unsigned i = 0; i < N_ROWS; i++) {
		out[i].name = rows[i].name;
		out[i].needed = rows[i].needed;
		out[i].remedy = rows[i].remedy;
		out[i].state = rows[i].fn(&lab, out[i].text, sizeof(out[i].text));
	}
	for (unsigned h = 0; h < HOOK_COUNT; h++)
		if (lab.prog[h] >= 0)
			close(lab.prog[h]);
	if (lab.has_obj)
		bpfobj_fini(&lab.obj);
	cgroup_fini(&lab.cgroup);
	if (lab.has_base)
		cgroup_base_close(&lab.base);
	return N_ROWS;
}

const struct probe_result *probe_blocker(const struct probe_result *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (out[i].needed && out[i].state == PROBE_MISSING)
			return &out[i];
	return NULL;
}

bool probe_can_run(char *err, size_t size)
{
	struct probe_result *out = calloc(PROBE_MAX, sizeof(*out));
	const struct probe_result *b;
	bool ok;

	if (!out) {
		snprintf(err, size, "out of memory");
		return false;
	}
	b = probe_blocker(out, probe_run(out));
	ok = !b;
	if (b)
		snprintf(err, size, "%s: %s; needs: %s", b->name, b->text, b->remedy);
	free(out);
	return ok;
}
