# SPDX-License-Identifier: MIT
# harness/emit/runtime/*.c -> ${build}/runtime.c: the parts that reproducers are put together from, as strings, in hd_emit.
set(HD_RUNTIME ${CMAKE_SOURCE_DIR}/harness/emit/runtime)
set(parts base record norecord uring compat helper held groups states tree)
set(part_files ${parts})
list(TRANSFORM part_files PREPEND ${HD_RUNTIME}/)
list(TRANSFORM part_files APPEND .c)
string(REPLACE ";" "," part_names "${parts}")
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/runtime.c
  COMMAND ${CMAKE_COMMAND} -DFROM=${HD_RUNTIME} -DPARTS=${part_names} -DTO=${CMAKE_BINARY_DIR}/runtime.c
    -P ${CMAKE_SOURCE_DIR}/cmake/embed_runtime.cmake
  DEPENDS ${part_files} ${CMAKE_SOURCE_DIR}/cmake/embed_runtime.cmake
  COMMENT "reproducer runtime" VERBATIM)
target_sources(hd_emit PRIVATE ${CMAKE_BINARY_DIR}/runtime.c)
