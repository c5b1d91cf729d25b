/* SPDX-License-Identifier: MIT */
/*
 * One row a feature. A row returns 0 or -errno of the thing that it tries; which errors mean "this kernel
 * does not have it" is the same for all rows (judge), every other error means that it could not be found out.
 */
#include "feature.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf_uapi.h"
#include "bpfobj.h"
#include "cgroup.h"

enum { GET_RETVAL = 186, SET_RETVAL = 187 }; /* helpers */

struct bench {
	struct cgroup_base base;
	struct cgroup cgroup;
	bool has_base;
	int a, b; /* two setsockopt programs that let everything pass */
	char why[120];
};

#define INSN(c, d, s, o, i) ((struct bpf_insn){.code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i})
#define MOV_IMM(r, i)	    INSN(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, i)
#define LDX_W(d, s, o)	    INSN(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define ST_W(d, o, i)	    INSN(BPF_ST | BPF_MEM | BPF_W, d, 0, o, i)
#define CALL(f)		    INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()		    INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define OPTLEN		    ((int)offsetof(struct bpf_sockopt, optlen))

static int try_load(unsigned hook, const struct bpf_insn *insns, unsigned n)
{
	int fd = hd_prog_load_sockopt(hook, insns, n);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Attaches b, where a is attached already if `beside`, and undoes it all. */
static int try_attach(struct bench *t, bool beside, struct hd_attr_attach *attr)
{
	int ret = beside ? hd_prog_attach(t->cgroup.dir, t->a, HD_CGROUP_SETSOCKOPT, HD_F_ALLOW_MULTI) : 0;

	if (ret)
		return -ECANCELED;
	attr->target_fd = t->cgroup.dir;
	attr->prog_fd = t->b;
	attr->attach_type = HD_CGROUP_SETSOCKOPT;
	ret = hd_bpf(HD_BPF_PROG_ATTACH, attr, sizeof(*attr));
	if (!ret)
		hd_prog_detach(t->cgroup.dir, t->b, HD_CGROUP_SETSOCKOPT);
	if (beside)
		hd_prog_detach(t->cgroup.dir, t->a, HD_CGROUP_SETSOCKOPT);
	return ret;
}

static int attach_flags(struct bench *t, bool beside, unsigned flags)
{
	struct hd_attr_attach a = {.attach_flags = flags};

	return try_attach(t, beside, &a);
}

static int attach_multi(struct bench *t)
{
	return attach_flags(t, false, HD_F_ALLOW_MULTI);
}

static int attach_replace(struct bench *t)
{
	struct hd_attr_attach a = {.attach_flags = HD_F_ALLOW_MULTI | HD_F_REPLACE,
				   .replace_prog_fd = (uint32_t)t->a};

	return try_attach(t, true, &a);
}

static int attach_preorder(struct bench *t)
{
	return attach_flags(t, false, HD_F_ALLOW_MULTI | HD_F_PREORDER);
}

static int attach_before(struct bench *t)
{
	return attach_flags(t, true, HD_F_ALLOW_MULTI | HD_F_BEFORE);
}

static int attach_after(struct bench *t)
{
	return attach_flags(t, true, HD_F_ALLOW_MULTI | HD_F_AFTER);
}

static int attach_anchor(struct bench *t)
{
	struct hd_attr_attach a = {.attach_flags = HD_F_ALLOW_MULTI | HD_F_BEFORE,
				   .relative_fd = (uint32_t)t->a};

	return try_attach(t, true, &a);
}

/* A revision that cannot be: whoever looks at it says ESTALE. */
static int attach_revision(struct bench *t)
{
	struct hd_attr_attach a = {.attach_flags = HD_F_ALLOW_MULTI, .expected_revision = 1ull << 60};
	int ret = try_attach(t, false, &a);

	return ret == -ESTALE ? 0 : ret ? ret : -EOPNOTSUPP;
}

static int link_flags(struct bench *t, unsigned flags)
{
	int fd = hd_link_create(t->cgroup.dir, t->a, HD_CGROUP_SETSOCKOPT, flags);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int link_create(struct bench *t)
{
	return link_flags(t, 0);
}

static int link_before(struct bench *t)
{
	return link_flags(t, HD_F_BEFORE);
}

static int link_preorder(struct bench *t)
{
	return link_flags(t, HD_F_PREORDER);
}

/* Revisions count from 1; a kernel that does not know the field leaves the zero, or refuses the attribute. */
static int query_revision(struct bench *t)
{
	struct hd_attr_query q = {.target_fd = (uint32_t)t->cgroup.dir, .attach_type = HD_CGROUP_SETSOCKOPT};
	int ret = hd_prog_attach(t->cgroup.dir, t->a, HD_CGROUP_SETSOCKOPT, HD_F_ALLOW_MULTI);

	if (ret)
		return -ECANCELED;
	ret = hd_bpf(HD_BPF_PROG_QUERY, &q, sizeof(q));
	hd_prog_detach(t->cgroup.dir, t->a, HD_CGROUP_SETSOCKOPT);
	return ret ? ret : q.revision ? 0 : -EOPNOTSUPP;
}

static int set_retval(int value)
{
	const struct bpf_insn insns[] = {MOV_IMM(1, value), CALL(SET_RETVAL), MOV_IMM(0, 1), EXIT()};

	return try_load(HOOK_SET, insns, 4);
}

static int set_retval_errno(struct bench *t)
{
	(void)t;
	return set_retval(-1);
}

static int set_retval_positive(struct bench *t)
{
	(void)t;
	return set_retval(1);
}

static int set_retval_below(struct bench *t)
{
	(void)t;
	return set_retval(-4096);
}

static int set_retval_any(struct bench *t)
{
	const struct bpf_insn insns[] = {LDX_W(1, 1, OPTLEN), CALL(SET_RETVAL), MOV_IMM(0, 1), EXIT()};

	(void)t;
	return try_load(HOOK_SET, insns, 4);
}

static int get_retval(struct bench *t)
{
	const struct bpf_insn insns[] = {CALL(GET_RETVAL), MOV_IMM(0, 1), EXIT()};

	(void)t;
	return try_load(HOOK_SET, insns, 3);
}

static int store_imm(struct bench *t)
{
	const struct bpf_insn insns[] = {ST_W(1, OPTLEN, 4), MOV_IMM(0, 1), EXIT()};

	(void)t;
	return try_load(HOOK_SET, insns, 3);
}

static const struct row {
	const char *name;
	int (*fn)(struct bench *t);
	const char *what;
} rows[] = {
	{"attach.multi", attach_multi, "BPF_PROG_ATTACH accepts BPF_F_ALLOW_MULTI"},
	{"attach.replace", attach_replace, "BPF_PROG_ATTACH accepts BPF_F_REPLACE"},
	{"attach.preorder", attach_preorder, "BPF_PROG_ATTACH accepts BPF_F_PREORDER"},
	{"attach.before", attach_before, "BPF_PROG_ATTACH accepts BPF_F_BEFORE"},
	{"attach.after", attach_after, "BPF_PROG_ATTACH accepts BPF_F_AFTER"},
	{"attach.anchor", attach_anchor,
	 "BPF_PROG_ATTACH accepts BPF_F_BEFORE with a program to stand before"},
	{"attach.revision", attach_revision, "BPF_PROG_ATTACH looks at expected_revision"},
	{"link.create", link_create, "BPF_LINK_CREATE attaches to a cgroup"},
	{"link.before", link_before, "BPF_LINK_CREATE accepts BPF_F_BEFORE"},
	{"link.preorder", link_preorder, "BPF_LINK_CREATE accepts BPF_F_PREORDER"},
	{"query.revision", query_revision, "BPF_PROG_QUERY tells the revision"},
	{"load.get_retval", get_retval, "a setsockopt program may call bpf_get_retval()"},
	{"load.set_retval", set_retval_errno, "a setsockopt program may call bpf_set_retval(-1)"},
	{"load.set_retval.positive", set_retval_positive, "a setsockopt program may call bpf_set_retval(1)"},
	{"load.set_retval.below", set_retval_below, "a setsockopt program may call bpf_set_retval(-4096)"},
	{"load.set_retval.any", set_retval_any,
	 "a setsockopt program may call bpf_set_retval() with a number that the verifier does not know"},
	{"load.store_imm", store_imm, "a program may store a constant to its context (BPF_ST)"},
};

#define N_ROWS ((unsigned)(sizeof(rows) / sizeof(rows[0])))
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FEATURE_MAX, "FEATURE_MAX is too small");

unsigned feature_count(void)
{
	return N_ROWS;
}

const char *feature_name(unsigned i)
{
	return i < N_ROWS ? rows[i].name : NULL;
}

const char *feature_what(unsigned i)
{
	return i < N_ROWS ? rows[i].what : NULL;
}

int feature_find(const char *name)
{
	for (unsigned i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return (int)i;
	return -1;
}

const char *feature_state_name(enum feature_state s)
{
	static const char *const names[] = {
		[FEATURE_PRESENT] = "present", [FEATURE_ABSENT] = "absent", [FEATURE_UNKNOWN] = "unknown"};

	return names[s];
}

/*
 * EINVAL: a flag, a command or a program that is not accepted; EACCES: the verifier's other word; E2BIG: an
 * attribute with fields that this kernel does not know.
 */
static enum feature_state judge(int err, char *text, size_t size)
{
	snprintf(text, size, "%s", err ? strerror(-err) : "accepted");
	switch (-err) {
	case 0:
		return FEATURE_PRESENT;
	case EINVAL:
	case EACCES:
	case E2BIG:
	case EOPNOTSUPP:
		return FEATURE_ABSENT;
	}
	return FEATURE_UNKNOWN;
}

/* Everything that the rows rely on. False with a sentence. */
static bool set_up(struct bench *t)
{
	bpfobj_raise_memlock();
	t->a = bpfobj_load_dummy(HOOK_SET);
	t->b = bpfobj_load_dummy(HOOK_SET);
	if (t->a < 0 || t->b < 0) {
		snprintf(t->why, sizeof(t->why), "no setsockopt program can be loaded: %s",
			 strerror(t->a < 0 ? -t->a : -t->b));
		return false;
	}
	if (cgroup_base_open(&t->base, t->why, sizeof(t->why)))
		return false;
	t->has_base = true;
	if (cgroup_make(&t->cgroup, t->base.base.dir, "feature")) {
		snprintf(t->why, sizeof(t->why), "no cgroup can be made");
		return false;
	}
	return true;
}

unsigned feature_run(struct feature_result out[FEATURE_MAX])
{
	struct bench t = {.cgroup = {-1, -1}, .a = -1, .b = -1};
	bool ready = set_up(&t);

	for (unsigned i = 0; i < N_ROWS; i++) {
		out[i] = (struct feature_result){.name = rows[i].name, .what = rows[i].what};
		if (ready) {
			out[i].state = judge(rows[i].fn(&t), out[i].text, sizeof(out[i].text));
		} else {
			out[i].state = FEATURE_UNKNOWN;
			snprintf(out[i].text, sizeof(out[i].text), "%s", t.why);
		}
	}
	if (t.a >= 0)
		close(t.a);
	if (t.b >= 0)
		close(t.b);
	cgroup_fini(&t.cgroup);
	if (t.has_base)
		cgroup_base_close(&t.base);
	return N_ROWS;
}
