# SPDX-License-Identifier: MIT
# cmake -DSOURCE=tree -DTO=texts.c -DNAMES=a;b -DFILES=docs/a.md;docs/b.md -P embed_text.cmake
# Files as arrays text_a and text_b (harness/cli/manual/texts.h).
include(${CMAKE_CURRENT_LIST_DIR}/c_array.cmake)

file(WRITE ${TO} "/* made by cmake/embed_text.cmake */\n#include \"harness/cli/manual/texts.h\"\n")
foreach(name file IN ZIP_LISTS NAMES FILES)
  file(READ ${SOURCE}/${file} text)
  c_array(array text_${name} "${text}")
  file(APPEND ${TO} "\n/* ${file} */\n${array}")
endforeach()
