# What `cmake --install` puts where, and the .deb that `./dev package` makes of it with CPack.
include(GNUInstallDirs)
set(units /lib/systemd/system)  # where deb-systemd-helper of all releases looks
install(TARGETS scops RUNTIME)
install(FILES systemd/scops.service DESTINATION ${units})
# Few lines that never change, as it is a conffile; every setting is in the example.
install(FILES systemd/scops.env DESTINATION /etc/scops PERMISSIONS OWNER_READ OWNER_WRITE)
install(FILES docker/scops.env.example DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY systemd/drop-ins DESTINATION ${CMAKE_INSTALL_DATADIR}/scops)
install(FILES docs/generated/scops.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME scops)
install(FILES docs/systemd.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# gzip -n: the same tree, the same package.
foreach(page docs/generated/scops.1 CHANGELOG.md)
  cmake_path(GET page FILENAME name)
  set(zipped "${CMAKE_BINARY_DIR}/${name}.gz")
  add_custom_command(OUTPUT "${zipped}" DEPENDS "${CMAKE_SOURCE_DIR}/${page}"
                     COMMAND gzip -9nc "${CMAKE_SOURCE_DIR}/${page}" > "${zipped}" VERBATIM)
  list(APPEND zipped_pages "${zipped}")
endforeach()
add_custom_target(pages ALL DEPENDS ${zipped_pages})

# Of a Debian machine: for packages that contain the libraries.
add_custom_command(OUTPUT copyright DEPENDS packaging/notices VERBATIM
  COMMAND packaging/notices libc6 libstdc++6 libfmt-dev libcurl4 libssl3 libsqlite3-0 zlib1g libzstd1 libhiredis0.14 libmicrohttpd12
          nlohmann-json3-dev libc-ares2 > "${CMAKE_BINARY_DIR}/copyright"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
add_custom_target(notices DEPENDS copyright)
add_dependencies(notices pages)  # ./dev package builds the program and this, and no tests
install(FILES "${CMAKE_BINARY_DIR}/copyright" DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(FILES "${CMAKE_BINARY_DIR}/scops.1.gz" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES "${CMAKE_BINARY_DIR}/CHANGELOG.md.gz" DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME changelog.gz)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Scops authors <scops@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)  # zstd is unknown to the dpkg of a 2018 Ubuntu
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE "${SCOPS_STATIC}")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "small agent that delivers a device's metrics through bad links
 Scops collects metrics of the host, of NVIDIA Jetson boards, of containers and of
 applications, keeps them safe on the device while the link is down, and delivers
 them in batches to a remote metrics API.")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/packaging/deb/${script}")
endforeach()
include(CPack)
