# Rooms: a folder with sources is an OBJECT library, and every executable links all of them. An
# archive would silently lose objects that nobody names; a list cannot.
#
#   scops_room(http_client.cpp http_server.cpp LINK curl microhttpd)
#
# is the whole CMakeLists.txt of a room. Sources are spelled out, headers are not; LINK takes names of
# cmake/dependencies.cmake (curl, sqlite3, zlib, zstd, microhttpd, json); fmt and threads come by themselves.
# core/model becomes the target core_model. Includes start at the root: "core/model/result.hpp".
# A room of headers only needs no CMakeLists.txt.

# Rooms that every sample, record or point passes through, as targets: these are compiled for speed.
set(busy_rooms "^(core_model|core_runtime|core_io|agent_pipeline|transport_outputs.*|collectors_listen.*)$")

# The flags of a room that are not those of every target.
function(scops_room_options name)
  # What works a few times a minute is compiled for size: on a board the program's pages are memory.
  if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT name MATCHES "${busy_rooms}")
    target_compile_options(${name} PRIVATE -Os)
  endif()
  # What guides a fuzzer, whose rooms are those of asan. -O2: fewer of the comparisons that are instrumented are left.
  if(SCOPS_SANITIZE MATCHES address)
    target_compile_options(${name} PRIVATE -O2 -ffunction-sections -fsanitize=fuzzer-no-link
                           "-fsanitize-coverage-ignorelist=${CMAKE_SOURCE_DIR}/fuzz/not_instrumented.txt")
  endif()
endfunction()

# What most sources include is parsed once for all rooms. Not in a release, which parses it once for each.
if(CMAKE_BUILD_TYPE STREQUAL Debug)
  file(CONFIGURE OUTPUT room_headers.cpp CONTENT "")
  add_library(room_headers OBJECT "${CMAKE_CURRENT_BINARY_DIR}/room_headers.cpp")
  target_link_libraries(room_headers PRIVATE PkgConfig::fmt)
  target_precompile_headers(room_headers PRIVATE <algorithm> <array> <chrono> <functional> <map> <memory> <mutex>
                            <optional> <span> <string> <string_view> <vector> <fmt/format.h>)
  scops_room_options(room_headers)
endif()

function(scops_share_headers target)
  if(TARGET room_headers)
    target_precompile_headers(${target} REUSE_FROM room_headers)
  endif()
endfunction()

function(scops_room)
  cmake_parse_arguments(PARSE_ARGV 0 room "" "" "LINK")
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${CMAKE_SOURCE_DIR}" OUTPUT_VARIABLE name)
  string(REPLACE "/" "_" name "${name}")
  add_library(${name} OBJECT ${room_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC PkgConfig::fmt Threads::Threads)
  foreach(library IN LISTS room_LINK)
    if(NOT TARGET PkgConfig::${library})
      message(FATAL_ERROR "${name}: LINK ${library} is not a name of cmake/dependencies.cmake")
    endif()
    target_link_libraries(${name} PUBLIC PkgConfig::${library})
  endforeach()
  scops_room_options(${name})
  scops_share_headers(${name})
  # One source to the compiler, in half of its time: what is in anonymous namespaces needs a name of its own in the
  # room. Not in dev, where one file changes at a time.
  if(SCOPS_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL Debug)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
    # What g++ then says falsely: of a class with a member out of an anonymous namespace, and of std::jthread.
    target_compile_options(${name} PRIVATE
      "$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage;-Wno-maybe-uninitialized>")
  endif()
  set_property(GLOBAL APPEND PROPERTY scops_rooms ${name})
endfunction()

# Adds those of the named folders that have a CMakeLists.txt; asks again at each build.
function(scops_rooms)
  list(TRANSFORM ARGN APPEND /CMakeLists.txt OUTPUT_VARIABLE files)
  list(TRANSFORM files PREPEND "${CMAKE_SOURCE_DIR}/")
  file(GLOB files CONFIGURE_DEPENDS ${files})
  foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    add_subdirectory("${folder}")
  endforeach()
endfunction()

# Adds one room for each line MACRO(name) of a .def file, from whichever of the folders has it.
function(scops_listed_rooms macro def)
  if(NOT EXISTS "${CMAKE_SOURCE_DIR}/${def}")
    return()
  endif()
  set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${def})
  file(STRINGS "${CMAKE_SOURCE_DIR}/${def}" lines REGEX "^${macro}\\(")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^${macro}\\( *([a-z0-9_]+) *\\).*" "\\1" name "${line}")
    list(TRANSFORM ARGN REPLACE "(.+)" "\\1/${name}" OUTPUT_VARIABLE folders)
    scops_rooms(${folders})
    get_property(rooms GLOBAL PROPERTY scops_rooms)
    string(REPLACE "/" "_" targets "${folders}")
    list(REMOVE_ITEM targets ${rooms})
    list(LENGTH targets lacking)
    list(LENGTH folders asked)
    if(lacking EQUAL asked)
      message(WARNING "${def}: no room for ${line}; looked for a CMakeLists.txt in: ${folders}")
    endif()
  endforeach()
endfunction()

# An executable with all rooms in it. Call it after the last room.
function(scops_executable name)
  get_property(rooms GLOBAL PROPERTY scops_rooms)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${rooms} PkgConfig::fmt Threads::Threads)
endfunction()
