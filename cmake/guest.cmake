# SPDX-License-Identifier: MIT
# hookdiff-guest: hookdiff for the inside of a virtual machine, in one static file. It is process 1 there
# (harness/guest) and has no commands that need a host. Without static libraries it is not built, and the commands
# that boot a kernel say SKIP.
include(CheckCSourceCompiles)

pkg_check_modules(HD_STATIC QUIET libbpf libelf zlib json-c liburing)
set(CMAKE_REQUIRED_LINK_OPTIONS -static -s ${HD_STATIC_STATIC_LDFLAGS_OTHER})
list(TRANSFORM HD_STATIC_STATIC_LIBRARY_DIRS PREPEND -L OUTPUT_VARIABLE dirs)
list(APPEND CMAKE_REQUIRED_LINK_OPTIONS ${dirs})
set(CMAKE_REQUIRED_LIBRARIES ${HD_STATIC_STATIC_LIBRARIES})
set(CMAKE_REQUIRED_INCLUDES ${HD_STATIC_INCLUDE_DIRS})
set(CMAKE_REQUIRED_DEFINITIONS -mfunction-return=keep) # the thunk is in hd_base
if(NOT HD_FAR_RETURN)
  set(CMAKE_REQUIRED_DEFINITIONS)
endif()
check_c_source_compiles("
  #include <bpf/libbpf.h>
  #include <json-c/json.h>
  int main(void) { return !bpf_object__open_file(\"\", 0) && json_object_new_object(); }" HD_HAS_STATIC_LIBS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_DEFINITIONS)

if(HD_SANITIZE OR HD_FUZZ)
  message(STATUS "hookdiff-guest is not built with sanitizers: commands that boot a kernel will say SKIP")
  return()
elseif(NOT HD_HAS_STATIC_LIBS)
  message(WARNING "hookdiff-guest is not built, commands that boot a kernel will say SKIP: libbpf, libelf, zlib or json-c "
    "have no static library here")
  return()
endif()

file(GLOB guest_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/guest/*.c ${CMAKE_SOURCE_DIR}/harness/cli/*.c)
list(FILTER guest_sources EXCLUDE REGEX "/(in_vm|in_vm_crash|cmd_kernel|cmd_matrix|cmd_man|cmd_completion|cmd_report|cmd_emit|cmd_bisect|cmd_campaign|cmd_drive|cmd_mutants|kernel_build|coverage_[a-z]+|bisect_[a-z]+)[.]c$")
add_executable(hookdiff-guest harness/main.c harness/vm/frame.c ${guest_sources})
target_compile_definitions(hookdiff-guest PRIVATE HD_GUEST)
set_target_properties(hookdiff-guest PROPERTIES HD_STATIC ON) # CMakeLists.txt: libraries by name, not by file
target_link_options(hookdiff-guest PRIVATE -static -s ${dirs})
target_link_libraries(hookdiff-guest hd_check hd_isa hd_campaign hd_race hd_storage hd_profiles hd_version ${HD_STATIC_STATIC_LIBRARIES})
