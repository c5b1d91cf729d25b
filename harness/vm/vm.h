/* SPDX-License-Identifier: MIT */
/*
 * Boots a kernel in QEMU (or a User-Mode Linux as it is) with one static hookdiff as init, hands it a list of
 * hookdiff commands and streams back what they print while they run. Nothing of the host is mounted: what the
 * commands read is copied into the initramfs. One call is one VM; to run several at once, fork.
 */
#ifndef VM_H
#define VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/pulse.h"
#include "postmortem.h"

struct vm_file { /* a file or folder of the host, and where the guest finds it: an absolute path */
	const char *host, *guest;
};

struct vm_command {
	const char *const *argv; /* argv[0] is the hookdiff command: run, sweep, fuzz ...; NULL at the end */
	unsigned timeout;	 /* seconds; 0: only the VM's own limit */
};

enum vm_accel {
	VM_ACCEL_AUTO, /* KVM if a short boot has shown that it works here, else emulation */
	VM_ACCEL_TCG,
	VM_ACCEL_KVM,
};

struct vm_job {
	const char *kernel;  /* file for qemu -kernel, or the program itself */
	bool uml;	     /* the program: a User-Mode Linux */
	const char *modules; /* lib/modules/RELEASE of that kernel, for vsock and the like; NULL: none */
	const char *guest;   /* the static hookdiff; NULL: hookdiff-guest beside this program */
	const struct vm_file *file;
	unsigned n_files;
	const struct vm_command *command;
	unsigned n_commands;
	const char *cwd;     /* where the commands run; NULL: /tmp. Relative paths of theirs are below it */
	const char *collect; /* folder of the guest whose files are shown to vm_events.file; NULL: none */
	enum vm_accel accel;
	const int *plugin; /* for QEMU, which then emulates: descriptors of a shared object and of the file
			      that it is told as trace=FILE (harness/tcg); NULL: none */
	unsigned memory;   /* MiB; 0: the default */
	unsigned timeout;  /* seconds for the whole VM; 0: the default, a quarter of an hour */
	unsigned silence;  /* seconds that a command may show no sign of life; 0: the default, 60 */
};

/*
 * Called while the VM runs; each pointer is borrowed for the call. NULL members are left out. Lines are made
 * safe to print: a broken kernel may send anything.
 */
struct vm_events {
	void (*booted)(void *arg, const char *release,
		       const char *version); /* uname -r and -v of the guest */
	void (*line)(void *arg, unsigned command, const char *line,
		     size_t n); /* stdout, without the newline */
	void (*message)(void *arg, unsigned command, const char *line, size_t n); /* stderr */
	void (*ended)(void *arg, unsigned command, int exit_code); /* -SIGNAL if it was killed */
	/* n bytes more at the end of a file below vm_job.collect; path is relative, without "..", and
	 * harmless */
	void (*file)(void *arg, unsigned command, const char *path, const void *bytes, size_t n);
	/* counters of the command have moved; their sums since it began (base/pulse.h) */
	void (*pulse)(void *arg, unsigned command, const struct pulse_counts *sums);
	void (*splat)(void *arg, unsigned command, const char *text, const char *running);
	void *arg;
};

enum vm_end {
	VM_DONE,   /* every command ended, whatever its exit code */
	VM_SKIP,   /* no QEMU, no guest binary: why says the remedy */
	VM_FAILED, /* timeout, panic, oops, hang, QEMU died, the disk is full: why says which */
};

struct vm_result {
	enum vm_end end;
	char why[256]; /* one sentence; empty after VM_DONE */
	/* The same for programs, where it is a generated case: enum recorder_kind of base/recorder.h. */
	unsigned running_kind;
	uint64_t running_seed, running_index;
	bool crashed;	   /* the kernel under test panicked or oopsed */
	bool hung;	   /* it gave no sign of life for too long */
	bool interrupted;  /* a signal came meanwhile */
	char running[512]; /* the case that ran when the VM ended early: a path, or "sweep case 1234"; or
			      empty */
	struct postmortem_inputs *inputs; /* of a fuzz driver that ran; NULL: none */
	struct buf tail;    /* the console's last lines, made safe to print; freed by vm_result_fini */
	struct buf report;  /* what its kernel complained of on the console, and all that followed; empty:
			       nothing.  Safe to print, freed by vm_result_fini */
	double boot, total; /* seconds from start to the guest's first word, and to the end */
	uint64_t peak_rss;  /* bytes of QEMU's resident memory at its highest */
	bool kvm;
};

/*
 * Boots, runs the commands one after the other, and returns how that ended; *r is valid in any case and freed
 * by vm_result_fini. SIGINT and SIGTERM reach the running command (the second one ends the VM); they are the
 * caller's again afterwards. QEMU dies with the calling process, and no file is left behind.
 */
enum vm_end vm_run(const struct vm_job *job, const struct vm_events *events, struct vm_result *r);
void vm_result_fini(struct vm_result *r);

#endif
