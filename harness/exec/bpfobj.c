/* SPDX-License-Identifier: MIT */
/*
 * Loading through libbpf's skeleton: it places .rodata, relocates, and asks the verifier. Only the program fd
 * is kept; the object is closed at once, so that 64 copies cost the process 64 fds and nothing else. What
 * libbpf prints goes to a buffer and from there into the error sentence, never to stderr.
 */
#include "bpfobj.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpf_uapi.h"
#include "interp.skel.h"

static const char *const hook_names[HD_HOOKS] = {"getsockopt", "setsockopt"};

/* The tail of what libbpf said during one of our calls. */
static struct {
	char text[1024];
	size_t len;
} said;

static int listen_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *line;
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vasprintf(&line, fmt, ap);
	if (n < 0)
		return 0;
	/* A verifier log is one huge line: only its end says why. */
	const char *from = line;

	if ((size_t)n > sizeof(said.text) / 2) {
		from += n - sizeof(said.text) / 2;
		n = sizeof(said.text) / 2;
	}
	if (said.len + n > sizeof(said.text)) {
		size_t drop = said.len + n - sizeof(said.text);

		memmove(said.text, said.text + drop, said.len - drop);
		said.len -= drop;
	}
	memcpy(said.text + said.len, from, n);
	said.len += n;
	free(line);
	return 0;
}

void bpfobj_listen(struct bpfobj_listener *l)
{
	said.len = 0;
	l->old = (void (*)(void))libbpf_set_print(listen_print);
}

void bpfobj_listen_end(const struct bpfobj_listener *l)
{
	libbpf_set_print((libbpf_print_fn_t)l->old);
}

void bpfobj_last_words(char *out, size_t size)
{
	char *lines[64], *save = NULL, text[sizeof(said.text) + 1];
	int n = 0, end = -1;

	out[0] = 0;
	memcpy(text, said.text, said.len);
	text[said.len] = 0;
	for (char *l = strtok_r(text, "\n", &save); l && n < 64; l = strtok_r(NULL, "\n", &save)) {
		if (strstr(l, "END PROG LOAD LOG") && end < 0)
			end = n;
		lines[n++] = l;
	}
	if (end < 0)
		end = n;
	for (int i = end > 3 ? end - 3 : 0; i < end; i++) {
		if (!strncmp(lines[i], "processed ", 10) || !strncmp(lines[i], "; ", 2))
			continue;
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", len ? " / " : "", lines[i]);
	}
}

void bpfobj_raise_memlock(void)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &r);
}

static int load_insns(unsigned hook, const struct bpf_insn *insns, size_t n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = hd_attach_type(hook));
	int fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCKOPT, "hd_dummy", "GPL", insns, n, &opts);

	return fd < 0 ? -errno : fd;
}

#define INSN(c, d, s, o, i) ((struct bpf_insn){.code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i})
#define MOV_IMM(r, i)	    INSN(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, i)
#define LDX_W(d, s, o)	    INSN(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define CALL(f)		    INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()		    INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

int bpfobj_load_dummy(unsigned hook)
{
	const struct bpf_insn insns[] = {MOV_IMM(0, 1), EXIT()};

	return load_insns(hook, insns, 2);
}

static bool loads(unsigned hook, const struct bpf_insn *insns, size_t n)
{
	int fd = load_insns(hook, insns, n);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

void bpfobj_traits(struct bpfobj_traits *out)
{
	/* helper ids, hook, offset in the context */
	enum { SET_RETVAL = 187, PROBE_READ = 4, PROBE_READ_KERNEL = 113, HOOK_SET = 1, OFF_OPTLEN = 32 };
	const struct bpf_insn constant[] = {MOV_IMM(1, -1), CALL(SET_RETVAL), MOV_IMM(0, 1), EXIT()};
	const struct bpf_insn any[] = {LDX_W(1, 1, OFF_OPTLEN), CALL(SET_RETVAL), MOV_IMM(0, 1), EXIT()};

	const struct bpf_insn two[] = {MOV_IMM(0, 2), EXIT()};

	*out = (struct bpfobj_traits){0};
	out->may_return_2 = loads(HOOK_SET, two, 2);
	out->has_retval_helpers = loads(HOOK_SET, constant, 4);
	/* Under one of its names: libbpf replaces the newer (5.5) by the older. */
	for (unsigned i = 0; i < 2; i++) {
		const struct bpf_insn read[] = {INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0),
						INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -8),
						MOV_IMM(2, 8),
						INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0),
						CALL(i ? PROBE_READ : PROBE_READ_KERNEL),
						MOV_IMM(0, 1),
						EXIT()};

		out->has_probe_read |= loads(HOOK_SET, read, sizeof(read) / sizeof(*read));
	}
	out->clamp_set_retval = out->has_retval_helpers && !loads(HOOK_SET, any, 4);
}

int bpfobj_init(struct bpfobj *o, char *err, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int ret;

	memset(o, 0, sizeof(*o));
	for (unsigned h = 0; h < HD_HOOKS; h++)
		for (unsigned i = 0; i < HD_PROGS; i++)
			o->prog_fd[h][i] = -1;
	bpfobj_raise_memlock();
	o->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hd_shared", sizeof(__u32), sizeof(struct hd_shared),
				   1, &opts);
	if (o->map_fd < 0) {
		ret = -errno;
		snprintf(err, size,
			 "cannot create an mmapable BPF array: %s (needs root or CAP_BPF, and Linux 5.5)",
			 strerror(-ret));
		return ret;
	}
	o->shared = mmap(NULL, sizeof(struct hd_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			 o->map_fd, 0);
	if (o->shared == MAP_FAILED) {
		ret = -errno;
		o->shared = NULL;
		close(o->map_fd);
		snprintf(err, size, "cannot map the BPF array: %s", strerror(-ret));
		return ret;
	}
	bpfobj_traits(&o->traits);
	return 0;
}

void bpfobj_fini(struct bpfobj *o)
{
	if (!o->shared)
		return;
	for (unsigned h = 0; h < HD_HOOKS; h++)
		for (unsigned i = 0; i < HD_PROGS; i++)
			if (o->prog_fd[h][i] >= 0)
				close(o->prog_fd[h][i]);
	if (!o->shares) {
		munmap(o->shared, sizeof(struct hd_shared));
		close(o->map_fd);
	}
	o->shared = NULL;
}

void bpfobj_share(struct bpfobj *o, const struct bpfobj *from)
{
	*o = *from;
	o->shares = true;
	for (unsigned h = 0; h < HD_HOOKS; h++)
		for (unsigned i = 0; i < HD_PROGS; i++)
			o->prog_fd[h][i] = -1;
}

static int load(struct bpfobj *o, unsigned hook, unsigned id)
{
	struct interp *skel = interp__open();
	struct bpf_program *mine;
	int ret;

	if (!skel)
		return -errno;
	mine = hook ? skel->progs.interp_set : skel->progs.interp_get;
	bpf_program__set_autoload(hook ? skel->progs.interp_get : skel->progs.interp_set, false);
	skel->rodata->hd_id = id;
	skel->rodata->trace_by_run = o->trace_by_run;
	skel->rodata->has_retval_helpers = o->traits.has_retval_helpers;
	skel->rodata->may_return_2 = o->traits.may_return_2;
	skel->rodata->has_probe_read = o->traits.has_probe_read;
	skel->rodata->clamp_set_retval = o->traits.clamp_set_retval;
	ret = bpf_map__reuse_fd(skel->maps.bss, o->map_fd);
	if (!ret)
		ret = bpf_object__load(skel->obj);
	if (!ret) {
		ret = fcntl(bpf_program__fd(mine), F_DUPFD_CLOEXEC, 0);
		if (ret < 0)
			ret = -errno;
	}
	interp__destroy(skel);
	return ret;
}

int bpfobj_prog(struct bpfobj *o, unsigned hook, unsigned id, char *err, size_t size)
{
	struct bpfobj_listener listener;
	char words[512];
	int fd = o->prog_fd[hook][id];

	if (fd >= 0)
		return fd;
	bpfobj_listen(&listener);
	fd = load(o, hook, id);
	bpfobj_listen_end(&listener);
	if (fd < 0) {
		bpfobj_last_words(words, sizeof(words));
		snprintf(err, size, "cannot load the %s program: %s: %s", hook_names[hook], strerror(-fd),
			 words);
		return fd;
	}
	o->prog_fd[hook][id] = fd;
	return fd;
}
