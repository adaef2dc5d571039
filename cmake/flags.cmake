# Language, warnings, hardening and instrumentation: the same for every target.
include(CheckCXXCompilerFlag)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -O1 in Debug: FORTIFY_SOURCE and half of the warnings need an optimiser, and the tests run quicker.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
# -O2, not CMake's -O3: there g++ 12 warns falsely about std::string and std::vector.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_EXE_LINKER_FLAGS_RELEASE "-s")
if(CMAKE_BUILD_TYPE STREQUAL Release)
  add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")  # the same binary from any folder
endif()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/warnings.txt)
file(STRINGS cmake/warnings.txt warnings REGEX "^all ")
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  file(STRINGS cmake/warnings.txt gnu_warnings REGEX "^g\\+\\+ ")
  list(APPEND warnings ${gnu_warnings})
endif()
list(TRANSFORM warnings REPLACE "^[^ ]+ " "")
add_compile_options(${warnings} $<$<BOOL:${SCOPS_WERROR}>:-Werror>)

# Files beyond 2 GiB where a word has 32 bits. For every source, as some libraries ask for it.
add_compile_definitions(_GLIBCXX_ASSERTIONS _FILE_OFFSET_BITS=64)
# CMake would compile OBJECT libraries with -fPIC; everything here ends in an executable.
add_compile_options(-fPIE)
if(SCOPS_STATIC)
  # A warning of the linker tells of a call that needs glibc's plug-ins on the board (names of hosts and users,
  # dlopen): nothing may make one.
  add_link_options(-Wl,--fatal-warnings)
  if(SCOPS_STATIC STREQUAL armhf)
    add_link_options(-static -no-pie)  # its glibc has no start file for one that moves
    add_compile_options(-Wno-useless-cast)  # from a size to 32 bits, which is what it has there
  else()
    add_link_options(-static-pie)
  endif()
  if(SCOPS_STATIC STREQUAL amd64)
    # Relative relocations packed: half a megabyte less to read at each start. Binutils know it of x86 alone yet.
    add_link_options(-Wl,-z,pack-relative-relocs)
  endif()
else()
  add_link_options(-pie -Wl,--as-needed)
endif()
if(SCOPS_SANITIZE)
  # Line tables do for a stack.
  add_compile_options(-fsanitize=${SCOPS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -gline-tables-only)
  add_link_options(-fsanitize=${SCOPS_SANITIZE})
  if(SCOPS_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize=function)  # NVIDIA's library, loaded at run time, names its types otherwise
  endif()
else()
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  foreach(flag -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "SCOPS_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
  # All rooms are linked everywhere, so that what is not used there is left out.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(SCOPS_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
