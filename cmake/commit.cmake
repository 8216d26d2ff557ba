# Writes OUTPUT: the commit of SOURCE and whether its files differ from it; "" where git knows none.
cmake_minimum_required(VERSION 3.25)

function(git result)
  execute_process(COMMAND "${GIT}" --no-optional-locks ${ARGN} WORKING_DIRECTORY "${SOURCE}"
    OUTPUT_VARIABLE out ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    set(out "failed")
  endif()
  set(${result} "${out}" PARENT_SCOPE)
endfunction()

set(COMMIT "")
set(DIRTY false)
if(GIT)
  git(prefix rev-parse --show-prefix)
  git(head rev-parse --verify HEAD)
  # A copy inside someone else's repository has that repository's commit, not ours.
  if(prefix STREQUAL "" AND NOT head STREQUAL "failed")
    set(COMMIT "${head}")
    git(changes status --porcelain)
    if(NOT changes STREQUAL "")
      set(DIRTY true)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT
  "constexpr const char* commit = \"@COMMIT@\";\nconstexpr bool dirty = @DIRTY@;\n")
