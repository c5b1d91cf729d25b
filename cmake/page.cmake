# SPDX-License-Identifier: MIT
# harness/report/page/ -> ${build}/page.c, in hd_report.
set(HD_PAGE ${CMAKE_SOURCE_DIR}/harness/report/page)
# In the order in which they know each other.
set(HD_PAGE_SCRIPTS base.js evidence.js summary.js grid.js panel.js chapters.js filter.js)
list(TRANSFORM HD_PAGE_SCRIPTS PREPEND ${HD_PAGE}/ OUTPUT_VARIABLE HD_PAGE_SCRIPT_FILES)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/page.c
  COMMAND ${CMAKE_COMMAND} -DFROM=${HD_PAGE} "-DSCRIPTS=${HD_PAGE_SCRIPTS}"
    -DTO=${CMAKE_BINARY_DIR}/page.c -P ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
  DEPENDS ${HD_PAGE}/page.html ${HD_PAGE}/page.css ${HD_PAGE_SCRIPT_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed_page.cmake
  COMMENT "HTML page" VERBATIM)
target_sources(hd_report PRIVATE ${CMAKE_BINARY_DIR}/page.c)
