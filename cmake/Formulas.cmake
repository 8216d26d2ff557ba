# Writes OUTPUT: of every header in FOLDER the lines that begin with `///`, a letter or `}` (comments,
# and what they belong to), and `static constexpr auto name =` or `domain =` up to the semicolon.
cmake_minimum_required(VERSION 3.25)

file(GLOB headers "${FOLDER}/*.hpp")
list(SORT headers)
set(all "")
string(ASCII 31 end)  # a semicolon would divide a list
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  string(REPLACE ";" "${end}" text "${text}")
  string(REGEX MATCHALL "\n(///[^\n]*|[a-zA-Z}][^\n]*| *static constexpr auto (name|domain) =[^${end}]*${end})"
         parts "${text}")
  string(REPLACE ";" "" parts "${parts}")
  string(REPLACE "${end}" ";" parts "${parts}")
  string(APPEND all "${parts}\n")
endforeach()
file(WRITE "${OUTPUT}" "${all}")
