# What both consumers are: a program that computes, and a test of a backward of their own.
enable_testing()

add_executable(computes ${CMAKE_CURRENT_LIST_DIR}/computes.cpp)
target_link_libraries(computes PRIVATE assay::assay)
add_test(NAME computes COMMAND computes)

add_executable(cube_test ${CMAKE_CURRENT_LIST_DIR}/cube_test.cpp)
target_link_libraries(cube_test PRIVATE assay::gtest GTest::gtest_main)
add_test(NAME cube_test COMMAND cube_test)
set_tests_properties(cube_test PROPERTIES PASS_REGULAR_EXPRESSION "PASSED  . 3 tests"
                                          FAIL_REGULAR_EXPRESSION "FAILED|SKIPPED")
