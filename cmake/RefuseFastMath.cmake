# assay_refuse_fast_math(): fails if flags of the calling directory let the compiler reorder or
# approximate floating-point arithmetic. Called when assay is configured and when it is found.
function(assay_refuse_fast_math)
  get_directory_property(options COMPILE_OPTIONS)
  set(flags "${CMAKE_CXX_FLAGS} ${options}")
  foreach(config IN LISTS CMAKE_BUILD_TYPE CMAKE_CONFIGURATION_TYPES)
    string(TOUPPER "${config}" config)
    string(APPEND flags " ${CMAKE_CXX_FLAGS_${config}}")
  endforeach()
  if(flags MATCHES
     "-(ffast-math|Ofast|funsafe-math-optimizations|ffinite-math-only|fassociative-math|freciprocal-math)")
    message(FATAL_ERROR "assay: the compiler flags contain ${CMAKE_MATCH_0}; "
                        "results in units in the last place need exact IEEE arithmetic")
  endif()
endfunction()
