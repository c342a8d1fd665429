# What the project builds on; all of it is packaged by Debian 12 and by Fedora (integration/packages lists the names).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(absl REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(LIBMNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(LIBNFTABLES REQUIRED IMPORTED_TARGET libnftables)

# Asio ships headers and no CMake package.
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(kvtep-asio INTERFACE)
target_include_directories(kvtep-asio SYSTEM INTERFACE ${ASIO_INCLUDE_DIR})
# Without the last one it depends on what a file includes first whether a handler is allocated by aligned_alloc() or by
# new, and two files of one program may disagree.
target_compile_definitions(kvtep-asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(kvtep-asio INTERFACE Threads::Threads)

# toml++ is used as headers alone: its shared library would be one more thing to install for one file.
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
