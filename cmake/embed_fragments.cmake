# SPDX-License-Identifier: MIT
# Run as a script: FILES as the table fragment_files (harness/build/fragment.h) in the C file TO.
set(text "#include \"harness/build/fragment.h\"\n")
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const char text_${name}[] = {${bytes}0};\n")
  string(APPEND rows "\t{\"${name}\", text_${name}},\n")
endforeach()
file(WRITE ${TO} "${text}const struct fragment_file fragment_files[] = {\n${rows}\t{0, 0},\n};\n")
