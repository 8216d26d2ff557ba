# assay_provenance(TARGET): adds the definition of assay::verify::build_info() to TARGET. The commit is
# read at every build; TARGET is compiled again only if it changed.
function(assay_provenance target)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
  get_target_property(options assay INTERFACE_COMPILE_OPTIONS)
  list(JOIN options " " options)
  set(flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}} ${options}")
  string(REGEX REPLACE "[^ ]*[/\"\\\\][^ ]*" "" flags "${flags}")  # no paths of this machine
  string(REGEX REPLACE " +" " " flags "${flags}")
  string(STRIP "${flags}" flags)

  set(rapidcheck_version "")  # its package states none, except to Debian
  find_program(DPKG_QUERY dpkg-query)
  mark_as_advanced(DPKG_QUERY)
  if(DPKG_QUERY)
    execute_process(COMMAND ${DPKG_QUERY} -W -f "\${Version}" librapidcheck-dev
      OUTPUT_VARIABLE rapidcheck_version ERROR_QUIET)
  endif()

  set(dir "${CMAKE_CURRENT_BINARY_DIR}/provenance")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/provenance.cpp.in" "${dir}/provenance.cpp" @ONLY)
  find_package(Git QUIET)
  add_custom_target(assay_commit VERBATIM
    COMMAND ${CMAKE_COMMAND} -D "GIT=${GIT_EXECUTABLE}" -D "SOURCE=${PROJECT_SOURCE_DIR}"
            -D "OUTPUT=${dir}/commit.inc" -P "${PROJECT_SOURCE_DIR}/cmake/commit.cmake"
    BYPRODUCTS "${dir}/commit.inc"
    COMMENT "Reading the commit")
  target_sources(${target} PRIVATE "${dir}/provenance.cpp")
  add_dependencies(${target} assay_commit)
endfunction()
