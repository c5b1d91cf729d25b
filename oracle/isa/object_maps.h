/* SPDX-License-Identifier: MIT */
/* From an object's maps (object.h) to maps that programs run on (maps.h). */
#ifndef ISA_OBJECT_MAPS_H
#define ISA_OBJECT_MAPS_H

#include "maps.h"
#include "object.h"

/* One map in the words of maps.h. Names and bytes are borrowed from the object. */
struct isa_map_def isa_object_map_def(const struct isa_object_map *m);

/*
 * Adds all maps of an object, templates too, to *maps, which is empty: indices stay what instructions say. 0,
 * or -1 with a sentence in err: a map that is not modelled or too large.
 */
int isa_object_maps_add(const struct isa_object *o, struct isa_maps *maps, char *err, size_t size);

/*
 * Puts into maps of maps and of programs what the object says; after isa_object_maps_add and after each
 * isa_maps_reset. Programs have the numbers that they have in the object. 0, or -1 with a sentence in err.
 */
int isa_object_maps_fill(const struct isa_object *o, struct isa_maps *maps, char *err, size_t size);

#endif
