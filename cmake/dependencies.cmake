find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(bb_pkgs REQUIRED IMPORTED_TARGET libpq libsodium libssl libcrypto libcurl zlib libarchive libseccomp gumbo pugixml libzstd libbrotlienc
                  libbrotlidec libfido2 libcbor)

find_path(bb_boost_include boost/asio/awaitable.hpp REQUIRED)
file(STRINGS ${bb_boost_include}/boost/version.hpp bb_boost_version REGEX "define BOOST_VERSION ")
if(NOT bb_boost_version MATCHES "1081[0-9][0-9]|108[2-9][0-9][0-9]|109[0-9][0-9][0-9]")
    message(FATAL_ERROR "Boost 1.81 or newer is needed. On Debian 12 install libboost1.81-dev, "
                        "never libboost-dev (1.74), which removes it.")
endif()

# PostgreSQL's own parser, which comes without a file for pkg-config.
find_path(bb_pg_query_include pg_query.h REQUIRED)
find_library(bb_pg_query NAMES pg_query REQUIRED)

add_library(bb_deps INTERFACE)
target_include_directories(bb_deps INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/cmake/include)
target_include_directories(bb_deps SYSTEM INTERFACE ${bb_boost_include} ${bb_pg_query_include})
target_compile_definitions(bb_deps INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
    BOOST_ALL_NO_LIB BOOST_ERROR_CODE_HEADER_ONLY SPDLOG_FMT_EXTERNAL)
target_link_libraries(bb_deps INTERFACE
    Threads::Threads PkgConfig::bb_pkgs spdlog::spdlog fmt::fmt ${bb_pg_query})

# The parts of Boost that are compiled once: see cmake/boost.cpp.
add_library(bb_boost STATIC cmake/boost.cpp)
target_link_libraries(bb_boost PUBLIC bb_deps)
