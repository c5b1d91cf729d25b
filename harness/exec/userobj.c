/* SPDX-License-Identifier: MIT */
/*
 * An object is opened anew for each attempt, since libbpf closes one that failed. First all programs are
 * tried together; only if that fails is each one tried alone, to say who is to blame.
 */
#include "userobj.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_uapi.h"
#include "bpfobj.h"

/* An array's values as they were, each as user space reads it. */
struct userobj_array {
	struct userobj_array *next;
	int fd; /* borrowed */
	uint32_t size, entries;
	uint8_t bytes[];
};

void userobj_init(struct userobj *u, const void *bytes, size_t n)
{
	memset(u, 0, sizeof(*u));
	u->bytes = bytes;
	u->n = n;
}

void userobj_want(struct userobj *u, const char *name, enum hook hook)
{
	u->prog[u->n_progs++] = (struct userobj_prog){.name = name, .hook = hook, .fd = -1};
}

static void unload(struct userobj *u)
{
	while (u->array) {
		struct userobj_array *next = u->array->next;

		free(u->array);
		u->array = next;
	}
	bpf_object__close(u->object);
	u->object = NULL;
	for (unsigned i = 0; i < u->n_progs; i++)
		u->prog[i].fd = -1;
}

void userobj_fini(struct userobj *u)
{
	unload(u);
}

/* Only the wanted programs of the mask are loaded, for their hooks whatever their sections are named. */
static void choose(const struct userobj *u, struct bpf_object *o, uint64_t mask)
{
	struct bpf_program *p;
	struct bpf_map *m;
	bool calls_others = false; /* by a program array, which libbpf fills with what is loaded */

	bpf_object__for_each_map(m, o) calls_others |= bpf_map__type(m) == BPF_MAP_TYPE_PROG_ARRAY;
	bpf_object__for_each_program(p, o) if (!calls_others ||
					       bpf_program__type(p) != BPF_PROG_TYPE_CGROUP_SOCKOPT)
		bpf_program__set_autoload(p, false);
	for (unsigned i = 0; i < u->n_progs; i++) {
		p = bpf_object__find_program_by_name(o, u->prog[i].name);
		if (!p || !(mask >> i & 1))
			continue;
		bpf_program__set_type(p, BPF_PROG_TYPE_CGROUP_SOCKOPT);
		bpf_program__set_expected_attach_type(p,
						      (enum bpf_attach_type)hd_attach_type(u->prog[i].hook));
		bpf_program__set_autoload(p, true);
	}
	/* every run begins with maps of its own */
	bpf_object__for_each_map(m, o) bpf_map__set_pin_path(m, NULL);
}

/* One attempt. 0, or -errno with a line in why. */
static int attempt(struct userobj *u, uint64_t mask, char *why, size_t size)
{
	struct bpfobj_listener listener;
	struct bpf_object *o;
	char words[500];
	int ret = 0;

	bpfobj_listen(&listener);
	o = bpf_object__open_mem(u->bytes, u->n, NULL);
	if (!o)
		ret = -errno;
	if (o) {
		choose(u, o, mask);
		ret = bpf_object__load(o);
	}
	bpfobj_listen_end(&listener);
	if (ret) {
		bpfobj_last_words(words, sizeof(words));
		snprintf(why, size, "%s: %s", strerror(-ret), words);
		bpf_object__close(o);
		return ret;
	}
	u->object = o;
	for (unsigned i = 0; i < u->n_progs; i++)
		if (mask >> i & 1)
			u->prog[i].fd = bpf_program__fd(bpf_object__find_program_by_name(o, u->prog[i].name));
	return 0;
}

/* ---- maps ---- */

static int keep_array(struct userobj *u, int fd, uint32_t size, uint32_t entries)
{
	struct userobj_array *a = calloc(1, sizeof(*a) + (size_t)size * entries);

	if (!a)
		return -ENOMEM;
	a->next = u->array;
	a->fd = fd;
	a->size = size;
	a->entries = entries;
	u->array = a;
	for (uint32_t i = 0; i < entries; i++)
		if (bpf_map_lookup_elem(fd, &i, a->bytes + (size_t)i * size))
			return -errno;
	return 0;
}

/* Remembers what is in the map, or that it cannot be put back. */
static int look_at_map(struct userobj *u, const struct bpf_map *m)
{
	uint32_t size = bpf_map__value_size(m), entries = bpf_map__max_entries(m);

	switch (bpf_map__type(m)) {
	case BPF_MAP_TYPE_ARRAY:
		if (bpf_map__map_flags(m) & BPF_F_RDONLY_PROG)
			return 0;
		if ((uint64_t)size * entries > USEROBJ_ARRAY) {
			u->stays = true;
			return 0;
		}
		return keep_array(u, bpf_map__fd(m), size, entries);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		u->stays |= bpf_map__key_size(m) > 512;
		return 0;
	case BPF_MAP_TYPE_SK_STORAGE: /* goes with the sockets */
	case BPF_MAP_TYPE_PROG_ARRAY: /* programs cannot change it */
		return 0;
	default:
		u->stays = true;
		return 0;
	}
}

static int look_at_maps(struct userobj *u, char *err, size_t size)
{
	const struct bpf_map *m;

	u->stays = false;
	bpf_object__for_each_map(m, (struct bpf_object *)u->object)
	{
		int ret = bpf_map__fd(m) < 0 ? 0 : look_at_map(u, m);

		if (ret) {
			snprintf(err, size, "cannot read the map %.100s: %s", bpf_map__name(m),
				 strerror(-ret));
			return ret;
		}
	}
	return 0;
}

static void empty_hash(int fd)
{
	uint8_t key[512];

	while (!bpf_map_get_next_key(fd, NULL, key) && !bpf_map_delete_elem(fd, key))
		;
}

int userobj_load(struct userobj *u, char *err, size_t size)
{
	uint64_t all = ((uint64_t)1 << u->n_progs) - 1, good = 0;
	int ret;

	bpfobj_raise_memlock();
	ret = attempt(u, all, err, size);
	for (unsigned i = 0; ret && i < u->n_progs; i++)
		if (!attempt(u, (uint64_t)1 << i, u->prog[i].why, sizeof(u->prog[i].why))) {
			good |= (uint64_t)1 << i;
			unload(u);
		}
	if (ret)
		ret = attempt(u, good, err, size);
	if (!ret)
		err[0] = 0;
	return ret ? ret : look_at_maps(u, err, size);
}

int userobj_reset(struct userobj *u, char *err, size_t size)
{
	const struct bpf_map *m;
	uint64_t mask = 0;

	if (u->stays) {
		for (unsigned i = 0; i < u->n_progs; i++)
			mask |= (uint64_t)(u->prog[i].fd >= 0) << i;
		unload(u);
		return attempt(u, mask, err, size);
	}
	for (const struct userobj_array *a = u->array; a; a = a->next)
		for (uint32_t i = 0; i < a->entries; i++)
			if (bpf_map_update_elem(a->fd, &i, a->bytes + (size_t)i * a->size, 0)) {
				snprintf(err, size, "cannot put back an array: %s", strerror(errno));
				return -errno;
			}
	bpf_object__for_each_map(m, (struct bpf_object *)u->object)
	{
		enum bpf_map_type type = bpf_map__type(m);

		if (bpf_map__fd(m) >= 0 &&
		    (type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
		     type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH))
			empty_hash(bpf_map__fd(m));
	}
	return 0;
}
