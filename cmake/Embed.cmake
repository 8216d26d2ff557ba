# Writes OUTPUT, a source that defines `std::string_view NAMESPACE::NAME()` as the bytes of INPUT.
cmake_minimum_required(VERSION 3.25)

file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include <string_view>

namespace ${NAMESPACE} {
std::string_view ${NAME}();
namespace {
// One byte more than the content, so that an empty file compiles.
constexpr unsigned char ${NAME}_bytes[] = {
${bytes}0};
}  // namespace
std::string_view ${NAME}() {
  return {reinterpret_cast<const char*>(${NAME}_bytes), sizeof ${NAME}_bytes - 1};
}
}  // namespace ${NAMESPACE}
")
