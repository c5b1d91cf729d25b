# SPDX-License-Identifier: MIT
# cmake --install: the programs, the pages and completions (which the program writes), the cases, the documents.
include(GNUInstallDirs)

# hd_printed(FILE WORDS...): build/FILE is what `hookdiff WORDS...` prints.
function(hd_printed file)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${file}
    COMMAND $<TARGET_FILE:hookdiff> ${ARGN} >${CMAKE_BINARY_DIR}/${file}
    DEPENDS hookdiff COMMENT "${file}")
  set_property(GLOBAL APPEND PROPERTY HD_PRINTED ${CMAKE_BINARY_DIR}/${file})
endfunction()

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/manual)
hd_printed(manual/hookdiff.1 man hookdiff)
hd_printed(manual/hookdiff-case.5 man hookdiff-case)
hd_printed(manual/hookdiff completion bash)
hd_printed(manual/_hookdiff completion zsh)
hd_printed(manual/hookdiff.fish completion fish)
get_property(printed GLOBAL PROPERTY HD_PRINTED)
add_custom_target(manual ALL DEPENDS ${printed})

set(manual ${CMAKE_BINARY_DIR}/manual)
install(TARGETS hookdiff RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET hookdiff-guest) # hookdiff looks for it beside itself
  install(TARGETS hookdiff-guest RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET hookdiff-tcg) # the same
  install(TARGETS hookdiff-tcg LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${manual}/hookdiff.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/hookdiff-case.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${manual}/hookdiff DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual}/_hookdiff DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${manual}/hookdiff.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY corpus DESTINATION ${CMAKE_INSTALL_DATADIR}/hookdiff)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
