# SPDX-License-Identifier: MIT
# version.h with HD_VERSION: the project's version and, in a git checkout, the commit, "+" if files differ from it,
# and HD_DATE: the commit's day, else the day of the build (or of SOURCE_DATE_EPOCH).
# Included by CMakeLists.txt it defines the target hd_version; run by that target (cmake -P) it writes the file.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  add_custom_target(hd_version_h
    COMMAND ${CMAKE_COMMAND} -DVERSION=${PROJECT_VERSION} -DSOURCE=${CMAKE_SOURCE_DIR}
            -DHEADER=${CMAKE_BINARY_DIR}/version/version.h -P ${CMAKE_CURRENT_LIST_FILE}
    BYPRODUCTS ${CMAKE_BINARY_DIR}/version/version.h
    COMMENT "version.h")
  add_library(hd_version INTERFACE)
  target_include_directories(hd_version INTERFACE ${CMAKE_BINARY_DIR}/version)
  add_dependencies(hd_version hd_version_h)
  return()
endif()

set(text ${VERSION})
string(TIMESTAMP date %Y-%m-%d UTC)
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty=+ --abbrev=12 --exclude *
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(text "${VERSION} (${commit})")
    execute_process(COMMAND git -C ${SOURCE} log -1 --format=%cd --date=short
      OUTPUT_VARIABLE day OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(day)
      set(date ${day})
    endif()
  endif()
endif()
file(WRITE ${HEADER}.tmp "#define HD_VERSION \"${text}\"\n#define HD_DATE \"${date}\"\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${HEADER}.tmp ${HEADER})
