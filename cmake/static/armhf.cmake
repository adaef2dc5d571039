# Debian's cross compiler (g++-arm-linux-gnueabihf): ARMv7 with VFPv3-D16. What was built runs here under qemu-user. Times and
# sizes of files have 64 bits, as everywhere else. -Wno-psabi: nothing of C++ crosses to what another compiler made.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)
set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)
set(CMAKE_STRIP arm-linux-gnueabihf-strip)
set(CMAKE_CXX_FLAGS_INIT "-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Wno-psabi")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-arm-static)
