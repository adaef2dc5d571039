# ccache when it is installed. The sloppiness is what ccache asks for when precompiled headers are used. Presets with the
# same flags share what was compiled (asan and fuzz): all paths are absolute, so their folders do not matter.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_NOHASHDIR=1;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE}")
endif()
