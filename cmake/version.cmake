# SCOPS_VERSION and SCOPS_BUILD_EPOCH (Unix seconds) for agent/version.cpp alone: a new commit recompiles that file only.
# The epoch is SOURCE_DATE_EPOCH, else the time of the last commit, else 0: the same tree, the same binary.
set(epoch "$ENV{SOURCE_DATE_EPOCH}")
if(NOT epoch MATCHES "^[0-9]+$")
  execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
                  OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT epoch MATCHES "^[0-9]+$")
  set(epoch 0)
endif()
set_source_files_properties(agent/version.cpp TARGET_DIRECTORY agent PROPERTIES
  COMPILE_DEFINITIONS "SCOPS_VERSION=\"${PROJECT_VERSION}\";SCOPS_BUILD_EPOCH=${epoch}")
