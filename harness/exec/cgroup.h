/* SPDX-License-Identifier: MIT */
/*
 * The cgroups that hookdiff lives in. One running backend owns one base directory, "hookdiff.<pid>", under
 * the process's own cgroup, or under the mount's root if that does not work:
 *
 *     hookdiff.4711           locked with flock(2) while its owner lives; only helper.h attaches here
 *     ├── home                the process, and every socket that must not be hooked (twins)
 *     ├── keeper              one idle program per hook, so that the kernel's static key stays on
 *     └── t0, t0/b, t0/b/c …  the levels of the cases
 *
 * A killed run leaves its directories behind with the lock free; cgroup_sweep removes those, by that name
 * and only that. Removing a cgroup detaches what the old-style attachments left on it. Nothing here is
 * ever attached to the root cgroup.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "../case/tcase.h"

struct cgroup {
	int dir;   /* O_DIRECTORY: attach, query and openat(2) target; -1: not open */
	int procs; /* its cgroup.procs, for writing */
};

struct cgroup_base {
	struct cgroup base, home;
	int parent;	     /* directory of the cgroup that holds the base */
	int origin;	     /* cgroup.procs of where the process came from; -1 if unknown */
	char name[32];	     /* hookdiff.<pid>[.<n>] */
	char path[PATH_MAX]; /* of the base */
};

struct cgroup_swept {
	unsigned removed;	  /* bases of dead runs that are gone now */
	unsigned busy;		  /* bases of dead runs that still hold processes: left alone */
	unsigned live;		  /* bases whose owner runs */
	char busy_path[PATH_MAX]; /* one of the busy ones */
};

/* One program on one cgroup and hook. */
struct attachment {
	int link;   /* a bpf link, or -1: attached the old way */
	int cgroup; /* borrowed */
	int prog;   /* borrowed */
	unsigned hook;
};

/* Where cgroup2 is mounted, from /proc/self/mountinfo; never a guess. 0 or -errno with a sentence. */
int cgroup_mount(char *path, size_t size, char *err, size_t errsize);

/* Removes what killed runs left anywhere below the mount. 0, or -errno if the mount cannot be read. */
int cgroup_sweep(struct cgroup_swept *out);

/* Makes and locks a base, and moves the process into its home. 0 or -errno with a sentence. */
int cgroup_base_open(struct cgroup_base *b, char *err, size_t size);
/* Moves the process back and removes the base with everything in it. */
void cgroup_base_close(struct cgroup_base *b);

/* Makes `name` in the directory `parent` and opens it. 0 or -errno. */
int cgroup_make(struct cgroup *cg, int parent, const char *name);
void cgroup_fini(struct cgroup *cg);
/* Removes `name` and all below it, waiting a little for processes that are just dying. 0 or -errno. */
int cgroup_remove(int parent, const char *name);

/* Moves the calling process. Sockets stay with the cgroup that they were made in. 0 or -errno. */
int cgroup_enter(const struct cgroup *cg);

/*
 * Attaches by a link (MODE_MULTI, if the kernel has links: 5.7) or by BPF_PROG_ATTACH. A link dies with the
 * process; the old way lasts until cgroup_detach or the end of the cgroup. 0 or -errno.
 */
int cgroup_attach(struct attachment *a, const struct cgroup *cg, int prog, unsigned hook,
		  enum attach_mode mode);
void cgroup_detach(struct attachment *a);
/*
 * Puts another program of the same hook, of which prog is borrowed, in the attachment's place. Without links
 * a MODE_MULTI one goes behind its neighbours, so the caller swaps all of a cgroup, in order. 0 or -errno.
 */
int cgroup_swap(struct attachment *a, int prog, enum attach_mode mode);

/*
 * Is any program effective for sockets made in this cgroup? 0 if none; else -EBUSY and a sentence that names
 * the program; -errno if the kernel would not say.
 */
int cgroup_foreign(int dir, char *err, size_t size);

#endif
