/* SPDX-License-Identifier: MIT */
#include "object_maps.h"

#include <stdio.h>
#include <string.h>

struct isa_map_def isa_object_map_def(const struct isa_object_map *m)
{
	return (struct isa_map_def){.name = m->name,
				    .type = m->type,
				    .key_size = m->key_size,
				    .value_size = m->value_size,
				    .max_entries = m->max_entries,
				    .flags = m->flags,
				    .inner = m->inner == ISA_NO_MAP ? -1 : (int)m->inner,
				    .initial = m->initial,
				    .n_initial = m->initial ? m->value_size : 0,
				    .read_only = m->readonly};
}

int isa_object_maps_add(const struct isa_object *o, struct isa_maps *maps, char *err, size_t size)
{
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct isa_map_def def = isa_object_map_def(&o->maps[i]);

		if (isa_maps_add(maps, &def, err, size) < 0)
			return -1;
	}
	return 0;
}

int isa_object_maps_fill(const struct isa_object *o, struct isa_maps *maps, char *err, size_t size)
{
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct isa_object_map *m = &o->maps[i];

		for (uint32_t key = 0; key < m->n_slots; key++) {
			int ret = 0;

			if (m->slots[key] == ISA_NO_MAP)
				continue;
			if (m->type == BPF_MAP_TYPE_PROG_ARRAY)
				ret = isa_map_set_prog(maps, i, key, m->slots[key]);
			else
				ret = isa_map_set_inner(maps, i, &key, m->slots[key]);
			if (ret) {
				snprintf(err, size, "map %s: initial value %u: %s", m->name, key,
					 strerror(-ret));
				return -1;
			}
		}
	}
	return 0;
}
