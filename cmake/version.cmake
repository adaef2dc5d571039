# SCOPS_VERSION and SCOPS_BUILD_EPOCH (Unix seconds) for agent/version.cpp alone: a new commit recompiles that file only.
# The epoch is SOURCE_DATE_EPOCH, else the time of the last commit: the same tree, the same binary. It is never before the
# date below, which is also that of a tree that knows neither, such as an image is built from: a clock in 1970 must be told
# from one that is set. `cmake -P cmake/version.cmake` prints it, for the folder it is called in.
set(released 1795219200)  # 2026-11-21, of PROJECT_VERSION: moves with it

set(epoch "$ENV{SOURCE_DATE_EPOCH}")
if(NOT epoch MATCHES "^[0-9]+$")
  execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
                  OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT epoch MATCHES "^[0-9]+$" OR epoch LESS released)
  set(epoch ${released})
endif()
if(CMAKE_SCRIPT_MODE_FILE)
  message("${epoch}")
  return()
endif()
set_source_files_properties(agent/version.cpp TARGET_DIRECTORY agent PROPERTIES
  COMPILE_DEFINITIONS "SCOPS_VERSION=\"${PROJECT_VERSION}\";SCOPS_BUILD_EPOCH=${epoch}")
