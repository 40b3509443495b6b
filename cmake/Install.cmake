# What `cmake --install` puts where: the command and its manual page, the library and its header,
# and the files by which CMake (find_package) and pkg-config find it.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/fewmul)

install(TARGETS fewmul EXPORT fewmul-targets)
install(TARGETS fewmul_command)
install(TARGETS fewmul_blas LIBRARY NAMELINK_SKIP)
install(FILES include/fewmul.h TYPE INCLUDE)
install(FILES LICENSE README.md TYPE DOC)
install(DIRECTORY docs TYPE DOC)
install(PROGRAMS scripts/check_certificate.py DESTINATION ${CMAKE_INSTALL_DATADIR}/fewmul)

install(EXPORT fewmul-targets NAMESPACE fewmul:: DESTINATION ${package_folder})
configure_package_config_file(cmake/fewmul-config.cmake.in fewmul-config.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(fewmul-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fewmul-config.cmake
        ${PROJECT_BINARY_DIR}/fewmul-config-version.cmake
        cmake/FindFLINT.cmake cmake/FindGMP.cmake DESTINATION ${package_folder})

# A static library brings its dependencies to every link, a shared one has them already.
set(PC_REQUIRES "")
set(PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  set(PC_REQUIRES "jansson nettle libzip")
  list(JOIN openmp_libraries " " PC_LIBS)
  string(PREPEND PC_LIBS "-lflint -lgmp -lm ")
endif()
# Relative to the .pc file, so that the installed tree can be moved.
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH PC_INCLUDE ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
     ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/fewmul.pc.in fewmul.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fewmul.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The command writes its own manual page, so a cross build has none.
if(NOT CMAKE_CROSSCOMPILING)
  add_custom_command(OUTPUT fewmul.1 COMMAND fewmul_command --manual > fewmul.1
                     DEPENDS fewmul_command VERBATIM)
  add_custom_target(fewmul_manual ALL DEPENDS fewmul.1)
  install(FILES ${PROJECT_BINARY_DIR}/fewmul.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
