# SCOPS_STATIC=amd64, arm64 or armhf: one static program that needs nothing of the board but a kernel; of amd64 and arm64
# it is position-independent.
# Its libraries are made at the first configuration (cmake/static/libraries) and kept beside the builds; the names of
# dependencies.cmake then mean those, and nothing of this machine's own.
set(SCOPS_STATIC_LIBRARIES "${CMAKE_SOURCE_DIR}/build/static" CACHE PATH "Where the libraries of static programs are kept")
execute_process(COMMAND "${CMAKE_SOURCE_DIR}/cmake/static/libraries" "${SCOPS_STATIC}" "${SCOPS_STATIC_LIBRARIES}"
                COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/static/libraries)
set(static_libraries "${SCOPS_STATIC_LIBRARIES}/${SCOPS_STATIC}")
list(PREPEND CMAKE_PREFIX_PATH "${static_libraries}")

# scops_static_library(NAME FILE... [NEEDS NAME...])
function(scops_static_library name)
  cmake_parse_arguments(PARSE_ARGV 1 library "" "" "NEEDS")
  add_library(PkgConfig::${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(PkgConfig::${name} INTERFACE "${static_libraries}/include")
  list(TRANSFORM library_UNPARSED_ARGUMENTS REPLACE "(.+)" "${static_libraries}/lib/lib\\1.a")
  list(TRANSFORM library_NEEDS PREPEND PkgConfig::)
  target_link_libraries(PkgConfig::${name} INTERFACE ${library_UNPARSED_ARGUMENTS} ${library_NEEDS})
endfunction()

scops_static_library(fmt fmt)
scops_static_library(zlib z)
scops_static_library(zstd zstd)
scops_static_library(json)
scops_static_library(sqlite3 sqlite3)
scops_static_library(microhttpd microhttpd)
scops_static_library(hiredis hiredis)
scops_static_library(openssl ssl crypto)
scops_static_library(cares cares)
scops_static_library(curl curl NEEDS cares openssl)
