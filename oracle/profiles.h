/* SPDX-License-Identifier: MIT */
/*
 * One version of the contract is a record of named traits; the pipeline (chain.c, set.c, get.c) asks for
 * traits and never for versions. Where a document says nothing, the trait's value is *_FREE: anything is
 * allowed and the call counts as silent.
 */
#ifndef PROFILES_H
#define PROFILES_H

#include <stdbool.h>
#include <stdint.h>

enum trait_order { ORDER_UP, ORDER_DOWN };
enum trait_chains { CHAINS_ALL, CHAINS_MULTI };
enum trait_after_reject { REJECT_ALL_RUN, REJECT_STOPS, REJECT_FREE };
enum trait_reject { REJECT_KEEPS_ERRNO, REJECT_EPERM };
enum trait_retval { RETVAL_SHARED, RETVAL_FRESH };
enum trait_set_negative { NEGATIVE_EINVAL, NEGATIVE_CALLED };
enum trait_get_negative { GET_NEGATIVE_EINVAL, GET_NEGATIVE_CALLED };
enum trait_fault { FAULT_EFAULT, FAULT_FREE };
enum trait_window { WINDOW_MIN16, WINDOW_EXACT, WINDOW_FREE };
enum trait_bound { BOUND_WINDOW, BOUND_USER };
enum trait_zero { ZERO_ORIGINAL, ZERO_LITERAL };
enum trait_large { LARGE_IGNORED, LARGE_EFAULT, LARGE_EINVAL, LARGE_ORIGINAL };
enum trait_positive { POSITIVE_SKIPS, POSITIVE_RUNS };
enum trait_set_retval { SET_RETVAL_RESULT, SET_RETVAL_FREE };
enum trait_export { EXPORT_KEPT, EXPORT_DROPPED };
enum trait_error_window { ERROR_ZEROS, ERROR_FREE };
enum trait_long { LONG_KEPT, LONG_CLAMPED };
enum trait_get_bound { GET_BOUND_WINDOW, GET_BOUND_RAISED };
enum trait_get_retval { GET_RETVAL_ANY, GET_RETVAL_ORIGINAL };
enum trait_get_negative_retval { NEGATIVE_NO_COPY, NEGATIVE_COPIES };
enum trait_null_optval { NULL_UNCHECKED, NULL_CHECKED, NULL_FREE };
enum trait_below { BELOW_EFAULT, BELOW_FREE };
enum trait_badfd { BADFD_FIRST, BADFD_AFTER_LENGTH, BADFD_FREE };
enum trait_helper { HELPER_ANY, HELPER_RANGE, HELPER_NONE };
enum trait_uring { URING_IOCTL, URING_ALL, URING_NO_COMMAND, URING_NO_OPCODE };
/* Do the option helpers work through the handlers (6.1)? Before, and in series that had both, nothing is
 * said. */
enum trait_sockopt_helper { SOCKOPT_HELPER_SHARED, SOCKOPT_HELPER_FREE };
enum trait_early { EARLY_NEVER, EARLY_PACKET, EARLY_MORE };

/*
 * Which options that make descriptors go past getsockopt's hook: SO_PEERPIDFD and SCTP's; SO_PEERPIDFD only
 * where the kernel knows it (stable series without it share the profile); SCTP's; of these it is not known
 * (some releases do); none.
 */
enum trait_bypass { BYPASS_PIDFD, BYPASS_SOME, BYPASS_SCTP, BYPASS_FREE, BYPASS_NONE };
/*
 * TCP_ZEROCOPY_RECEIVE runs its programs inside TCP, on the struct of 5.12 or on 5.10's shorter one; that is
 * not known (some releases do); it is as any other option.
 */
enum trait_zerocopy { ZEROCOPY_LONG, ZEROCOPY_SHORT, ZEROCOPY_FREE, ZEROCOPY_HOOK };

enum trait_pipeline { PIPELINE_HOOKS, PIPELINE_DRAFT };

/* Rows: name of the field, the enum it holds. */
struct traits {
	uint8_t pipeline; /* trait_pipeline: set.c and get.c, or draft.c, which asks for no other trait
			   * but helper and badfd */
	uint8_t chains; /* trait_chains: all, or only one multi program a cgroup and nothing said of others */
	uint8_t order;	/* trait_order: which end of the chain runs first */
	uint8_t after_reject;	  /* trait_after_reject: the rest of the chain after a return 0 */
	uint8_t reject;		  /* trait_reject: does return 0 keep an errno set before it */
	uint8_t retval_chain;	  /* trait_retval: is retval passed up the chain */
	uint8_t set_negative;	  /* trait_set_negative: user's optlen < 0 */
	uint8_t set_fault;	  /* trait_fault: unreadable optval */
	uint8_t set_window;	  /* trait_window */
	uint8_t set_bound;	  /* trait_bound: how far a program may raise optlen */
	uint8_t set_zero;	  /* trait_zero: optlen 0, U <= PAGE_SIZE */
	uint8_t set_large;	  /* trait_large: U > PAGE_SIZE and optlen beyond the window */
	uint8_t set_positive;	  /* trait_positive: retval > 0 */
	uint8_t set_retval;	  /* trait_set_retval: does the document know retval on setsockopt */
	uint8_t set_export;	  /* trait_export: do level and optname reach the handler */
	uint8_t get_negative;	  /* trait_get_negative: user's optlen < 0 */
	uint8_t get_fault;	  /* trait_fault: NULL optlen, answer unreadable, buffer unwritable */
	uint8_t get_window;	  /* trait_window */
	uint8_t get_error_window; /* trait_error_window: what programs see if the handler failed */
	uint8_t get_bound;	  /* trait_get_bound: beyond the window, or raised by a program beyond U */
	uint8_t get_below;	  /* trait_below: optlen < 0 left by a program */
	uint8_t get_zero;	  /* trait_zero: optlen 0, original length <= PAGE_SIZE */
	uint8_t get_large;	  /* trait_large: original length > PAGE_SIZE and optlen beyond the window */
	uint8_t get_retval;	  /* trait_get_retval */
	uint8_t get_negative_ret; /* trait_get_negative_retval: is anything copied when retval < 0 */
	uint8_t get_null;	  /* trait_null_optval */
	uint8_t get_long;	  /* trait_long: a handler that reports more than the window holds */
	uint8_t get_early;	  /* trait_early: families whose handler's caller looks at optlen first */
	uint8_t helper;	  /* trait_helper: bpf_set_retval on setsockopt (and whether it is there at all) */
	uint8_t uring;	  /* trait_uring: the socket commands are for protocols with an ioctl, ... */
	uint8_t bypass;	  /* trait_bypass: options that go past getsockopt's hook */
	uint8_t zerocopy; /* trait_zerocopy */
	uint8_t badfd;	  /* trait_badfd: what comes first on setsockopt, descriptor or length */
	uint8_t sockopt_helper; /* trait_sockopt_helper: bpf_setsockopt, bpf_getsockopt */
};

/* How we know that a kernel profile is true. */
enum evidence {
	EVIDENCE_BOOTED,   /* the corpus and the sweep agree on a kernel of this epoch */
	EVIDENCE_SOURCE,   /* a kernel's source was read for it */
	EVIDENCE_PATCH,	   /* only the text of patches, and sources of the neighbours */
	EVIDENCE_DOCUMENT, /* it is a document, not a kernel */
	EVIDENCE_COUNT,
};

struct profile {
	const char *name;
	const char *what;     /* the change that began it, one line for people */
	const char *releases; /* the kernels, for people; NULL for a document */
	unsigned in;	      /* one of enum clause_in: its family */
	enum evidence evidence;
	struct traits traits;
};

/* The kernels stand first, oldest to newest; then the documents. */
unsigned profile_count(void);
const struct profile *profile_at(unsigned i);
/* By name; NULL if there is none. */
const struct profile *profile_find(const char *name);
/*
 * The profile of a kernel, from uname's release ("6.1.0-56-cloud-amd64") and version ("#1 SMP Debian
 * 6.1.192-2 (2026-..)"), which on Debian alone holds the stable version; version may be NULL. NULL if no row
 * covers it: a kernel newer than the table is not taken for the newest.
 */
const struct profile *profile_for_kernel(const char *release, const char *version);
/* The number of a kernel, named as for profile_for_kernel: major << 16 | minor << 8 | patch; 0 if it has
 * none. */
uint32_t kernel_number(const char *release, const char *version);
/*
 * The releases of a kernel's profile, as major << 8 | minor: the first and the last one that it holds in, or
 * in a part of whose stable series; those between may belong to others. False for a document.
 */
bool profile_kernels(const struct profile *p, unsigned *first, unsigned *last);
/* Does the clause hold in the profile? Follows from its family and its traits. */
bool profile_has(const struct profile *p, unsigned clause);
const char *evidence_name(enum evidence e);

#endif
