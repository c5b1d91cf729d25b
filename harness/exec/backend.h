/* SPDX-License-Identifier: MIT */
/*
 * Where cases run. A backend is one small struct of functions; the loop (campaign/) never asks which one it
 * talks to. exec/kernel.c is the kernel of this machine. A backend sees the case and the plan, never a want.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "../case/outcome.h"

struct backend;

struct control_counts { /* calls that prove that a hook ran, or that it did not, per hook */
	uint64_t ran_ok[HOOK_COUNT],
		ran_bad[HOOK_COUNT]; /* positive: made in the chain; bad: the hook did not run */
	uint64_t silent_ok[HOOK_COUNT], silent_bad[HOOK_COUNT]; /* negative: made outside, or after detach */
};

struct backend_ops {
	const char *name;
	/*
	 * Optional (NULL: no use for it): says before begin which call the case will make, in order, each
	 * with its plan, which is borrowed for the call. A backend that is far away then answers a case in
	 * one go.
	 */
	void (*ahead)(struct backend *b, const struct tcase *tc, unsigned call, const struct plan *p);
	/*
	 * Prepares cgroups, attachments and sockets for the case; with fresh, sockets that no earlier case
	 * used. 0; -EOPNOTSUPP: this kernel or machine cannot express the case; another -errno: it failed.
	 * Why: error.
	 */
	int (*begin)(struct backend *b, const struct tcase *tc, bool fresh);
	/* Hands the programs' action lists to the kernel; begin has done it once. */
	void (*load)(struct backend *b, const struct tcase *tc);
	/* Makes the planned call on the twin of the call's socket. */
	void (*handler)(struct backend *b, const struct tc_call *c, const struct plan *p,
			struct handler_result *hr);
	/* Makes the call itself, on the hooked socket. */
	void (*call)(struct backend *b, const struct tc_call *c, struct outcome *got);
	/* Ends the case. irregular: something differed, so its sockets must not be used again. */
	void (*end)(struct backend *b, bool irregular);
	const struct control_counts *(*controls)(const struct backend *b);
	/* Detaches everything, makes the last controls, frees b. final (may be NULL): the counts with those.
	 */
	void (*close)(struct backend *b, struct control_counts *final);
};

struct backend {
	const struct backend_ops *ops;
	uint32_t page_size;
	uint64_t births; /* grows whenever a case is given sockets that no earlier case used */
	/*
	 * Set by the caller between cases: each program is loaded as instructions of its own (emit/insn.h)
	 * in place of the interpreter. Only a backend with `straightens` can.
	 */
	bool straight;
	bool straightens;
	char release[65]; /* kernel release under test */
	char version[65]; /* uname -v: the stable version on Debian (oracle/profiles.h) */
	char arch[65];	  /* uname -m */
	const char *
		command; /* NULL: this process; else what was started for it, as a shell reads it; borrowed */
	bool failed;	 /* a handler or call since begin has no answer (error says why): compare nothing */
	bool gone;	 /* nothing can be asked of it any more: every begin fails */
	char error[256]; /* why the last begin, handler or call failed, one sentence */
};

#endif
