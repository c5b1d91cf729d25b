/* SPDX-License-Identifier: MIT */
/*
 * What a call must give while certain programs are attached: the pipeline of every other command (plan, the
 * handler's answer on a twin socket, predict), its answers kept by chain. May be asked by several threads.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <pthread.h>

#include "../../oracle/oracle.h"
#include "scene.h"

#define EXPECT_MAX   16384 /* more than there are chains: 2 * (1 + 8 + 8^2 + 8^3 + 8^4) */
#define EXPECT_BYTES 16

/* What one call gave, or must give. */
struct race_seen {
	int64_t ret;
	int32_t optlen; /* getsockopt */
	bool untouched; /* setsockopt, wanted: the handler was not reached, and bytes are as before the call
			 */
	uint8_t bytes[EXPECT_BYTES]; /* getsockopt: the user's; setsockopt: 4 bytes of the mark afterwards */
};

struct race_chain {
	uint8_t n, prog[SCENE_LOG]; /* of the scene's tree */
};

struct expect {
	struct oracle *oracle;
	const struct tree *tree;
	int twin;
	pthread_mutex_t lock;
	unsigned n;
	struct {
		uint8_t hook;
		struct race_chain chain;
		struct race_seen seen;
	} entry[EXPECT_MAX];
	uint16_t table[2 * EXPECT_MAX]; /* entry + 1 by hash; 0: none */
	char error[160];
};

/* The tree is borrowed. 0 or -errno with a sentence in error. The calling task must live outside of the
 * scene's cgroups. */
int expect_init(struct expect *e, const struct profile *p, const struct tree *t);
void expect_fini(struct expect *e);

/* The number of the entry that says what the chain does; -errno with a sentence in error. */
int expect_chain(struct expect *e, enum hook hook, const struct race_chain *c);

/* Is that what came? before: the bytes that a setsockopt found. */
bool expect_same(enum hook hook, const struct race_seen *want, const struct race_seen *got,
		 const uint8_t *before);

/* Makes the scene's call on a socket. */
void expect_call(int fd, enum hook hook, struct race_seen *got);
/* After a setsockopt: reads what it left. 0 or -errno. */
int expect_read(int fd, enum hook hook, struct race_seen *got);

#endif
