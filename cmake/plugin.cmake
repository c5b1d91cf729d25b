# SPDX-License-Identifier: MIT
# hookdiff-tcg.so: QEMU's plugin (harness/tcg), beside hookdiff. It runs in QEMU's process, so no sanitizer goes into it; the
# functions that it calls are QEMU's, and it links nothing.
if(HD_SANITIZE OR HD_FUZZ)
  return()
endif()
add_library(hookdiff-tcg MODULE harness/tcg/plugin/plugin.c)
set_target_properties(hookdiff-tcg PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
if(HD_FAR_RETURN)
  target_compile_options(hookdiff-tcg PRIVATE -mfunction-return=keep)
endif()
