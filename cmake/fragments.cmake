# SPDX-License-Identifier: MIT
# kernels/config/*.config -> ${build}/fragments.c: the fragments that kernels of ours are configured from, as strings, in hd_build.
file(GLOB fragments CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/config/*.config)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/fragments.c
  COMMAND ${CMAKE_COMMAND} "-DFILES=${fragments}" -DTO=${CMAKE_BINARY_DIR}/fragments.c
    -P ${CMAKE_SOURCE_DIR}/cmake/embed_fragments.cmake
  DEPENDS ${fragments} ${CMAKE_SOURCE_DIR}/cmake/embed_fragments.cmake
  COMMENT "kernel configuration" VERBATIM)
target_sources(hd_build PRIVATE ${CMAKE_BINARY_DIR}/fragments.c)
