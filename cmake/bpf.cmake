# SPDX-License-Identifier: MIT
# progs/NAME.bpf.c -> ${build}/skel/NAME.skel.h, by clang and bpftool.
find_program(HD_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14 REQUIRED)

# Ubuntu's /usr/sbin/bpftool is a script that refuses to run unless linux-tools of the *running* kernel are
# installed; any version of the tool itself can make a skeleton, so look past the script.
file(GLOB bpftools /usr/lib/linux-tools/*/bpftool /usr/lib/linux-tools-*/bpftool)
list(SORT bpftools COMPARE NATURAL ORDER DESCENDING)
find_program(HD_BPFTOOL_IN_PATH NAMES bpftool HINTS /usr/sbin /usr/local/sbin)
mark_as_advanced(HD_BPFTOOL_IN_PATH)
foreach(tool ${HD_BPFTOOL} ${HD_BPFTOOL_IN_PATH} ${bpftools})
  execute_process(COMMAND ${tool} version RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    set(HD_BPFTOOL ${tool} CACHE FILEPATH "the bpftool that makes skeletons" FORCE)
    break()
  endif()
endforeach()
if(NOT HD_BPFTOOL)
  message(FATAL_ERROR "bpftool: none that runs was found; install it (Debian: bpftool, Ubuntu: linux-tools-generic) "
    "or give it by -DHD_BPFTOOL=/path/to/bpftool")
endif()

execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE HD_MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT HD_MULTIARCH)
  set(HD_MULTIARCH ${CMAKE_LIBRARY_ARCHITECTURE})
endif()

set(HD_BPF_FLAGS -target bpf -O2 -g -Wall -Wextra -Werror -I/usr/include/${HD_MULTIARCH})
set(HD_SKEL_DIR ${CMAKE_BINARY_DIR}/skel)
file(MAKE_DIRECTORY ${HD_SKEL_DIR})
file(GLOB HD_BPF_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/progs/*.bpf.c)
file(GLOB HD_BPF_HEADERS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/progs/*.h)
set(HD_SKELS)
foreach(source ${HD_BPF_SOURCES})
  get_filename_component(name ${source} NAME)
  string(REPLACE ".bpf.c" "" name ${name})
  set(object ${HD_SKEL_DIR}/${name}.bpf.o)
  set(skel ${HD_SKEL_DIR}/${name}.skel.h)
  add_custom_command(OUTPUT ${skel}
    COMMAND ${HD_CLANG} ${HD_BPF_FLAGS} -I${CMAKE_SOURCE_DIR} -c ${source} -o ${object}
    COMMAND ${HD_BPFTOOL} gen skeleton ${object} name ${name} > ${skel}.tmp
    COMMAND ${CMAKE_COMMAND} -E rename ${skel}.tmp ${skel}
    DEPENDS ${source} ${HD_BPF_HEADERS} ${CMAKE_SOURCE_DIR}/harness/case/act.h
    COMMENT "BPF ${name}" VERBATIM)
  list(APPEND HD_SKELS ${skel})
endforeach()
add_custom_target(hd_skel_headers DEPENDS ${HD_SKELS})
add_library(hd_skel INTERFACE)
target_include_directories(hd_skel INTERFACE ${HD_SKEL_DIR})
add_dependencies(hd_skel hd_skel_headers)

# hd_bpf_objects(TARGET DIR): DIR/NAME.bpf.c -> ${build}/DIR/NAME.bpf.o, by clang alone. The target's property HD_OBJECTS
# lists them.
function(hd_bpf_objects target dir)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*.bpf.c)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${dir})
  set(objects)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME)
    string(REGEX REPLACE "c$" "o" object ${CMAKE_BINARY_DIR}/${dir}/${name})
    add_custom_command(OUTPUT ${object}
      COMMAND ${HD_CLANG} ${HD_BPF_FLAGS} -Wno-unused-parameter -c ${source} -o ${object}
      DEPENDS ${source} COMMENT "BPF ${dir}/${name}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${objects})
  set_target_properties(${target} PROPERTIES HD_OBJECTS "${objects}")
endfunction()
hd_bpf_objects(hd_samples progs/samples)
hd_bpf_objects(hd_test_objects tests/objects)
