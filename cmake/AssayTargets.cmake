# What every target of this project has in common.
include_guard()

# assay_target(NAME): warnings, and no path of this machine in __FILE__.
function(assay_target name)
  target_compile_options(${name} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wshadow
    $<$<BOOL:${ASSAY_WERROR}>:-Werror>
    "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # A false alarm of g++ 12 on "text" + std::string, GCC bug 105329.
    target_compile_options(${name} PRIVATE -Wno-restrict)
    if(ASSAY_NATIVE)
      # It takes its own AVX-512 intrinsics, as Eigen uses them, for reads of what was never set.
      target_compile_options(${name} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# assay_library(NAME SOURCES...): a static library that a user's shared library may contain.
function(assay_library name)
  add_library(${name} STATIC ${ARGN})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  assay_target(${name})
endfunction()

# assay_public(NAME SHORT): the name under which others know a target: assay::SHORT.
function(assay_public name short)
  add_library(assay::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
endfunction()

# embed(TARGET NAMESPACE NAME FILE): compiles `std::string_view NAMESPACE::NAME()`, the bytes of FILE.
function(embed target namespace name file)
  get_filename_component(input "${file}" ABSOLUTE)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp")
  set(script "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake")
  add_custom_command(OUTPUT "${output}" VERBATIM
    COMMAND ${CMAKE_COMMAND} -D "INPUT=${input}" -D "OUTPUT=${output}"
            -D NAMESPACE=${namespace} -D NAME=${name} -P "${script}"
    DEPENDS "${input}" "${script}"
    COMMENT "Embedding ${name}")
  target_sources(${target} PRIVATE "${output}")
endfunction()

# assay_tests(NAME SOURCES...): a GoogleTest program, each of its tests a test of ctest, run from the
# root of the tree. A program without tests, or a test that runs nothing, fails.
function(assay_tests name)
  add_executable(${name} ${ARGN})
  assay_target(${name})
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gtest_main)
  gtest_discover_tests(${name}
    TEST_PREFIX ${name}.
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${name} FAIL_REGULAR_EXPRESSION "Running 0 tests"
               ENVIRONMENT ASSAY_PROGRAM=${PROJECT_BINARY_DIR}/assay)
  add_test(NAME ${name}.has_tests COMMAND ${name} --gtest_list_tests)
  set_tests_properties(${name}.has_tests PROPERTIES PASS_REGULAR_EXPRESSION "\n  [A-Za-z]")
endfunction()
