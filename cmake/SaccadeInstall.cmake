# The installed package: headers, targets and what find_package(saccade) reads. Nothing in it names a path.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/saccade")

install(TARGETS saccade EXPORT saccade_targets FILE_SET HEADERS)
install(
  EXPORT saccade_targets
  NAMESPACE saccade::
  FILE saccade-targets.cmake
  DESTINATION "${package_dir}")

configure_package_config_file(cmake/saccade-config.cmake.in "${PROJECT_BINARY_DIR}/saccade-config.cmake"
                              INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR)
# Below 1.0 a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/saccade-config-version.cmake" COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/saccade-config.cmake" "${PROJECT_BINARY_DIR}/saccade-config-version.cmake"
              cmake/saccade_io.cmake cmake/Findstb.cmake cmake/saccade_compiled.cmake cmake/saccade_cuda.cmake
              cmake/FindCUDNN.cmake cmake/saccade_slides.cmake cmake/FindOpenSlide.cmake cmake/saccade_mpi.cmake
              cmake/saccade_nccl.cmake cmake/FindNCCL.cmake
        DESTINATION "${package_dir}")
# The sources of saccade::compiled, which is built where it is used.
install(DIRECTORY src/ DESTINATION "${CMAKE_INSTALL_DATADIR}/saccade/src")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
