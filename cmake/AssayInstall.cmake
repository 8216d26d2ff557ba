# Installs the package: find_package(assay CONFIG REQUIRED COMPONENTS verify).
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/assay")

install(DIRECTORY lib/assay verify/include/assay DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp")

install(TARGETS assay EXPORT assay)
install(TARGETS assay_verify assay_gtest EXPORT assay_verify)
set(exports assay assay_verify)
if(TARGET assay_data)
  install(TARGETS assay_data EXPORT assay_data)
  list(APPEND exports assay_data)
endif()
foreach(export IN LISTS exports)
  install(EXPORT ${export} NAMESPACE assay:: DESTINATION "${package_dir}" FILE ${export}-targets.cmake)
endforeach()
if(ASSAY_BUILD_PROGRAM)
  install(TARGETS assay_program)
endif()

write_basic_package_version_file("${PROJECT_BINARY_DIR}/assay-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES cmake/assay-config.cmake cmake/FindMPFR.cmake cmake/RefuseFastMath.cmake
              "${PROJECT_BINARY_DIR}/assay-config-version.cmake"
        DESTINATION "${package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
