# SPDX-License-Identifier: MIT
# Text as the definition of a C array and of its size. Include in a script that has TO, the file it makes.
# c_array(VAR NAME TEXT)
function(c_array var name text)
  file(WRITE ${TO}.part "${text}")
  file(READ ${TO}.part hex HEX)
  file(REMOVE ${TO}.part)
  string(LENGTH ${hex} digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" hex ${hex})
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex ${hex})
  set(${var} "const unsigned char ${name}[] = {\n${hex}};\nconst size_t ${name}_size = ${size};\n" PARENT_SCOPE)
endfunction()
