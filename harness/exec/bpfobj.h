/* SPDX-License-Identifier: MIT */
/*
 * Loads copies of progs/interp.bpf.c, one for each (level, slot, hook), on first use. All copies share one
 * mmapable array of one `struct hd_shared` (progs/shared.h): user space writes action lists there and reads
 * traces, without a system call. Programs are loaded, never attached: that is cgroup.h's part.
 */
#ifndef BPFOBJ_H
#define BPFOBJ_H

#include <stdbool.h>
#include <stddef.h>

#include "../../progs/shared.h"

/* What the verifier of this kernel takes. */
struct bpfobj_traits {
	bool has_retval_helpers; /* bpf_get_retval, bpf_set_retval: Linux 5.18 */
	bool has_probe_read;	 /* bpf_probe_read_kernel: wants CONFIG_BPF_EVENTS */
	bool clamp_set_retval;	 /* on set, bpf_set_retval only takes -4095..0: Linux 7.2 */
	bool may_return_2;	 /* programs may return 2: the first proposal, no release */
};

struct bpfobj {
	struct bpfobj_traits traits;
	bool trace_by_run; /* set before the first program: traces lie by the number of the run (interp.bpf.c)
			    */
	bool shares;	   /* map_fd and shared are another bpfobj's */
	int map_fd;
	struct hd_shared *shared;	 /* the map's value, mapped here; owned */
	int prog_fd[HD_HOOKS][HD_PROGS]; /* -1: not loaded yet; owned */
};

/* Asks the verifier; needs no map. */
void bpfobj_traits(struct bpfobj_traits *out);

/* Makes the map. 0, or -errno with one sentence in err. */
int bpfobj_init(struct bpfobj *o, char *err, size_t size);
void bpfobj_fini(struct bpfobj *o);
/* Other copies of the programs on the map of `from`, which must live longer. */
void bpfobj_share(struct bpfobj *o, const struct bpfobj *from);

/*
 * The fd of copy id (level * HD_SLOTS + slot) for a hook, loaded if need be. It stays the bpfobj's.
 * -errno with one sentence in err, which ends with the verifier's last lines.
 */
int bpfobj_prog(struct bpfobj *o, unsigned hook, unsigned id, char *err, size_t size);

/* Loads the two-instruction program `return 1` for a hook; the caller closes the fd. -errno if that fails. */
int bpfobj_load_dummy(unsigned hook);

/* What libbpf says between the two is kept instead of printed. */
struct bpfobj_listener {
	void (*old)(void); /* who listened before */
};
void bpfobj_listen(struct bpfobj_listener *l);
void bpfobj_listen_end(const struct bpfobj_listener *l);
/*
 * The last lines of the verifier's log, on one line: what stands between the last instruction and the END
 * mark. Without a log, the last thing that libbpf said.
 */
void bpfobj_last_words(char *out, size_t size);

/* Raises RLIMIT_MEMLOCK, which kernels before 5.11 charge for maps and programs. */
void bpfobj_raise_memlock(void);

#endif
