# SPDX-License-Identifier: MIT
# harness/report/page/ -> ${build}/page.c, in hd_report.
set(HD_PAGE ${CMAKE_SOURCE_DIR}/harness/report/page)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/page.c
  COMMAND ${CMAKE_COMMAND} -DFROM=${HD_PAGE} -DTO=${CMAKE_BINARY_DIR}/page.c -P ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
  DEPENDS ${HD_PAGE}/page.html ${HD_PAGE}/page.css ${HD_PAGE}/page.js ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
  COMMENT "HTML page" VERBATIM)
target_sources(hd_report PRIVATE ${CMAKE_BINARY_DIR}/page.c)
