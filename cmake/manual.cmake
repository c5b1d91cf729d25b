# SPDX-License-Identifier: MIT
# The pages for man and the completion of shells: their texts go into the binary, which then writes them for
# `cmake --install`.
set(texts
  page harness/cli/manual/hookdiff.md
  users docs/users.md
  case_format docs/case-format.md
  bash harness/cli/manual/completion.bash
  zsh harness/cli/manual/completion.zsh
  fish harness/cli/manual/completion.fish)
set(names)
set(files)
while(texts)
  list(POP_FRONT texts name file)
  list(APPEND names ${name})
  list(APPEND files ${file})
endwhile()
list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/texts.c
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DTO=${CMAKE_BINARY_DIR}/texts.c "-DNAMES=${names}" "-DFILES=${files}"
    -P ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake
  DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake ${CMAKE_SOURCE_DIR}/cmake/c_array.cmake
  COMMENT "texts of the manual" VERBATIM)
hd_lib(manual harness/cli/manual hd_oracle hd_version)
target_sources(hd_manual PRIVATE ${CMAKE_BINARY_DIR}/texts.c)
