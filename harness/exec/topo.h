/* SPDX-License-Identifier: MIT */
/*
 * Topologies: the cgroups, attachments and sockets of one shape of case (how many levels, how many programs
 * on each, in which mode). Building one costs milliseconds, so they are kept: up to TOPO_MAX, the one that
 * was not used for longest goes first. Programs are the same copies everywhere (bpfobj.h): they carry no
 * data.
 */
#ifndef TOPO_H
#define TOPO_H

#include <stddef.h>
#include <stdint.h>

#include "bpfobj.h"
#include "cgroup.h"
#include "control.h"
#include "sock.h"

#define TOPO_MAX     64
#define TOPO_BATCH   16	   /* sockets made in one visit to a level */
#define TOPO_BUCKETS 64	   /* pairs of one topology, hashed by kind */
#define TOPO_FDS     16384 /* open sockets, all topologies together, before old topologies go */

struct topo_key {
	uint64_t hook[HOOK_COUNT]; /* a byte a level: programs | mode << 3 */
	uint32_t n_levels;
	bool straight; /* its programs are exchanged for each case: straight.h */
};

/* A socket in the chain and its twin outside, and some more of the former kept ready. */
struct topo_pair {
	struct topo_pair *next;
	uint64_t key;
	struct sock_fds hooked, twin;
	uint32_t uses;
	uint16_t family;
	uint8_t level;
	uint8_t batch, n_spare;
	struct sock_fds spare[TOPO_BATCH];
};

struct topo_used {
	uint8_t hook, id;
};

struct topo {
	struct topo_key key;
	uint64_t last_use;
	char name[16]; /* its top directory, in the base */
	unsigned n_cgroups, n_att, n_used;
	struct cgroup cgroup[TC_MAX_LEVELS];
	struct attachment att[HD_HOOKS * HD_PROGS];
	struct topo_used used[HD_HOOKS * HD_PROGS]; /* programs in use */
	struct control_ids ids[HOOK_COUNT];
	uint8_t top[HOOK_COUNT];	      /* the first level with a program, 1..; 0: none */
	struct topo_pair *last[TC_MAX_SOCKS]; /* what this socket of the case got last time */
	struct topo_pair *bucket[TOPO_BUCKETS];
};

struct topo_set {
	struct bpfobj obj;
	struct cgroup_base base;
	struct control control;
	struct sock_reaper reaper;
	unsigned reuse; /* cases per pair */
	unsigned n, n_fds, serial;
	uint64_t tick;
	struct topo_key key[TOPO_MAX]; /* of topo[], close together */
	struct topo *topo[TOPO_MAX];
	uint8_t hint[256]; /* by hash of the key: where it was last found */
};

static inline struct topo_key topo_key(const struct tcase *tc)
{
	struct topo_key k = {.n_levels = tc->n_levels};

	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			if (tc->level[l].n[h])
				k.hook[h] |= (uint64_t)(tc->level[l].n[h] | tc->level[l].slot[h][0].mode << 3)
					     << 8 * l;
	return k;
}

static inline bool topo_key_equal(const struct topo_key *a, const struct topo_key *b)
{
	return !((a->hook[0] ^ b->hook[0]) | (a->hook[1] ^ b->hook[1]) | (a->n_levels ^ b->n_levels) |
		 (uint64_t)(a->straight ^ b->straight));
}

/* The topology of that shape, built if need be; it stays the set's. NULL with a sentence in err. */
struct topo *topo_get(struct topo_set *s, const struct topo_key *key, char *err, size_t size);

/*
 * The pair of the case's i-th socket, with sockets that may still be used, or new ones if fresh or worn out
 * (*born is set then). 0, or -errno: that of socket(2) if the machine does not know the kind of socket.
 */
int topo_pair(struct topo_set *s, struct topo *t, const struct tc_sock *sock, unsigned i, bool fresh,
	      struct topo_pair **out, bool *born);

/* Ends the life of a pair's current sockets. */
void topo_pair_retire(struct topo_set *s, struct topo_pair *p);

/*
 * Takes the programs of a hook off all levels, and puts them back in their order. 0 or -errno; then no later
 * case gets this topology, half of whose programs are not there.
 */
void topo_hook_off(struct topo *t, enum hook hook);
int topo_hook_on(struct topo_set *s, struct topo *t, enum hook hook);

/* Detaches and removes all topologies, with a last negative control on each. */
void topo_drop_all(struct topo_set *s);

#endif
