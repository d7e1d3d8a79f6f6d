# Files carried inside the program: the built page (identity, gzip, brotli), the migrations, the version.
set(bb_embedded_dir ${CMAKE_BINARY_DIR}/embedded)

file(GLOB_RECURSE bb_web_sources CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/* ${CMAKE_SOURCE_DIR}/web/scripts/*)
file(GLOB bb_web_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*)
file(GLOB bb_migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/migrations/*.sql)
foreach(path ${bb_web_files})
    if(IS_DIRECTORY ${path} OR path MATCHES "/\\.")
        list(REMOVE_ITEM bb_web_files ${path})
    endif()
endforeach()

set(bb_web_stamp ${bb_embedded_dir}/web.stamp)
add_custom_command(
    OUTPUT ${bb_web_stamp}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/build-web ${bb_web_stamp}
    DEPENDS ${bb_web_sources} ${bb_web_files} ${CMAKE_SOURCE_DIR}/scripts/build-web
    COMMENT "Building the page" USES_TERMINAL VERBATIM)

add_custom_command(
    OUTPUT ${bb_embedded_dir}/assets.S ${bb_embedded_dir}/assets.cpp
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/embed-files ${bb_web_stamp} ${CMAKE_SOURCE_DIR}/migrations ${bb_embedded_dir}
    DEPENDS ${bb_web_stamp} ${bb_migrations} ${CMAKE_SOURCE_DIR}/scripts/embed-files
    COMMENT "Embedding the page and the migrations" VERBATIM)

# The commit changes often: only version.cpp is compiled again, and only when it did.
add_custom_target(bb_version_stamp
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUTPUT=${bb_embedded_dir}/version.cpp
            -P ${CMAKE_SOURCE_DIR}/cmake/write-version.cmake
    BYPRODUCTS ${bb_embedded_dir}/version.cpp
    COMMENT "" VERBATIM)

# What a host that has nothing yet is given.
file(READ ${CMAKE_SOURCE_DIR}/packages/run.txt run_packages)
file(READ ${CMAKE_SOURCE_DIR}/deploy/systemd/brainbytes.service service_unit)
file(READ ${CMAKE_SOURCE_DIR}/deploy/systemd/brainbytes.socket socket_unit)
file(READ ${CMAKE_SOURCE_DIR}/deploy/host/prepare prepare_host)
configure_file(${CMAKE_SOURCE_DIR}/cmake/host_files.cpp.in ${bb_embedded_dir}/host_files.cpp @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/packages/run.txt ${CMAKE_SOURCE_DIR}/deploy/systemd/brainbytes.service
    ${CMAKE_SOURCE_DIR}/deploy/systemd/brainbytes.socket ${CMAKE_SOURCE_DIR}/deploy/host/prepare)

add_library(bb_embedded STATIC
    ${bb_embedded_dir}/assets.S ${bb_embedded_dir}/assets.cpp ${bb_embedded_dir}/version.cpp
    ${bb_embedded_dir}/host_files.cpp)
add_dependencies(bb_embedded bb_version_stamp)
target_include_directories(bb_embedded PUBLIC ${CMAKE_SOURCE_DIR}/cmake/include)
