/* SPDX-License-Identifier: MIT */
/* Names of the dimensions that the generator counts, and of their values: for the histogram and its check. */
#include "gen.h"

#include <stdio.h>

static const char *const class_names[CLASS_COUNT] = {"int",   "string",	       "struct",
						     "large", "unknown level", "refused"};

static const struct {
	const char *name;
	unsigned values;
} dims[DIM_COUNT] = {
	[DIM_TOPOLOGY] = {"topology", TOPOLOGIES},
	[DIM_SOCKET] = {"socket", SOCK_ROWS},
	[DIM_OPTION] = {"option", CLASS_COUNT},
	[DIM_VIA] = {"way in", VIA_COUNT},
	[DIM_PLACE] = {"buffer", BUF_PLACE_COUNT},
	[DIM_USER_SET] = {"set optlen", USER_OPTLENS + 1},
	[DIM_USER_GET] = {"get optlen", USER_OPTLENS + 1},
	[DIM_LEFT_SET] = {"set left", LEFT_COUNT},
	[DIM_LEFT_GET] = {"get left", LEFT_COUNT},
	[DIM_RETVAL_SET] = {"set retval", RV_COUNT},
	[DIM_RETVAL_GET] = {"get retval", RV_COUNT},
	[DIM_RETURN_SET] = {"set return", 2},
	[DIM_RETURN_GET] = {"get return", 2},
};

const char *dim_name(enum dim d)
{
	return dims[d].name;
}

unsigned dim_values(enum dim d)
{
	return dims[d].values;
}

const char *dim_value_name(enum dim d, unsigned v, char buf[24])
{
	static const char *const vias[] = {"syscall", "io_uring", "compat", "helper"};
	static const char *const places[] = {"plain", "NULL", "readonly", "edge"};

	switch (d) {
	case DIM_TOPOLOGY:
		return topologies[v].name;
	case DIM_SOCKET:
		return sock_rows[v].name;
	case DIM_OPTION:
		return class_names[v];
	case DIM_VIA:
		return vias[v];
	case DIM_PLACE:
		return places[v];
	case DIM_LEFT_SET:
	case DIM_LEFT_GET:
		return left_names[v];
	case DIM_RETVAL_SET:
	case DIM_RETVAL_GET:
		return rv_names[v];
	case DIM_USER_SET:
	case DIM_USER_GET:
		if (v == USER_OPTLENS)
			return "own size";
		snprintf(buf, 24, "%d", user_optlens[v]);
		return buf;
	case DIM_RETURN_SET:
	case DIM_RETURN_GET:
		return v ? "1" : "0";
	case DIM_COUNT:
		break;
	}
	return "?";
}
