# What a header drags in, as claims: a test lists the files that including it reads.
function(assay_header_is_free_of header target forbidden)
  set(includes $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  add_test(NAME boundary.${header} COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -ffp-contract=off -M
           "-I$<JOIN:${includes},;-I>" -include assay/${header} -x c++ /dev/null COMMAND_EXPAND_LISTS)
  set_tests_properties(boundary.${header} PROPERTIES FAIL_REGULAR_EXPRESSION "/(${forbidden})")
endfunction()

assay_header_is_free_of(assay.hpp assay "gtest|rapidcheck|nlohmann|fmt/|zlib|mpfr|boost/multiprecision")
assay_header_is_free_of(verify.hpp assay_verify "gtest|rapidcheck|nlohmann|fmt/|boost/multiprecision")

if(TARGET assay_report)
  foreach(header assay verify)
    set(includes $<TARGET_PROPERTY:assay_report,INCLUDE_DIRECTORIES>)
    add_test(NAME boundary.renderer_cannot_include_${header}
             COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only "-I$<JOIN:${includes},;-I>"
                     -include assay/${header}.hpp -x c++ /dev/null COMMAND_EXPAND_LISTS)
    set_tests_properties(boundary.renderer_cannot_include_${header} PROPERTIES
      PASS_REGULAR_EXPRESSION "assay/${header}.hpp: No such file|'assay/${header}.hpp' file not found")
  endforeach()
endif()

# Each public header compiles alone.
foreach(header assay data verify gtest)
  set(target $<IF:$<TARGET_EXISTS:assay_${header}>,assay_${header},assay>)
  set(includes $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  add_test(NAME boundary.${header}.hpp_alone
           COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -ffp-contract=off -fsyntax-only
                   "-I$<JOIN:${includes},;-I>" -include assay/${header}.hpp -x c++ /dev/null
           COMMAND_EXPAND_LISTS)
endforeach()

# All headers of the suite in one source: a type that two of them define would be one to the linker
# and two to the compiler.
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/verify/*.hpp"
     "${PROJECT_SOURCE_DIR}/verify/catalogue/*.hpp" "${PROJECT_SOURCE_DIR}/verify/wrong/*.hpp")
list(FILTER headers EXCLUDE REGEX "/fill_[a-z]+.hpp$")  # of these a source has one
list(TRANSFORM headers REPLACE "(.+)" "#include \"\\1\"")
list(JOIN headers "\n" together)
file(CONFIGURE OUTPUT together.cpp CONTENT "${together}\n" @ONLY)
set(includes $<TARGET_PROPERTY:assay_tests,INCLUDE_DIRECTORIES>)
add_test(NAME boundary.headers_of_the_suite_together
         COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -ffp-contract=off -fsyntax-only
                 "-I$<JOIN:${includes},;-I>" "${CMAKE_CURRENT_BINARY_DIR}/together.cpp"
         COMMAND_EXPAND_LISTS)
