# SPDX-License-Identifier: MIT
# Run as a script: the files PARTS (apart by commas) of the folder FROM as strings in the C file TO.
set(text "#include \"harness/emit/runtime.h\"\n")
string(REPLACE "," ";" parts "${PARTS}")
foreach(part ${parts})
  file(READ ${FROM}/${part}.c hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "const char runtime_${part}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${TO} "${text}")
