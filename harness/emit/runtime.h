/* SPDX-License-Identifier: MIT */
/* The C files of runtime/ as strings: cmake/runtime.cmake makes them. */
#ifndef RUNTIME_H
#define RUNTIME_H

extern const char runtime_base[], runtime_record[], runtime_norecord[], runtime_uring[], runtime_compat[],
	runtime_helper[], runtime_held[], runtime_groups[], runtime_states[], runtime_tree[];

#endif
