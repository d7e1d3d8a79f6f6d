set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# By hand, because the shared precompiled header wants the same flags in libraries and programs.
add_compile_options(-fPIE)
add_link_options(-pie)

option(BB_PCH "Precompile the stable third-party headers" ON)
option(BB_UNITY "Compile the files of a folder eight at a time, for whole builds" OFF)
option(BB_FUZZ "Build the fuzz targets (needs clang)" OFF)
option(BB_COVERAGE "Record which lines run (needs clang)" OFF)
set(BB_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

find_program(bb_ccache ccache)
if(bb_ccache)
    # The precompiled header carries a time of its own; without this ccache would never hit.
    # Paths below the clone are seen as relative, so that two clones share what they compiled.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${bb_ccache})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        # CMake also names the header's own source, by an absolute path that ccache cannot make relative.
        set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
    endif()
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_program(bb_mold NAMES mold)
if(bb_mold)
    add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed -Wl,-z,relro,-z,now)

add_compile_options(
    $<$<COMPILE_LANGUAGE:CXX>:-Wall>
    $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror=return-type>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror=switch>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror=uninitialized>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror=reorder>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror=unused-result>
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>
    $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>
    $<$<COMPILE_LANGUAGE:CXX>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=>
    # Both are false alarms of g++ 12 about coroutine frames and appended strings.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-mismatched-new-delete>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fpch-instantiate-templates>)
if(BB_UNITY)
    # g++ warns of a type from an unnamed namespace only where a file is included, not where it is compiled itself.
    add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

if(BB_SANITIZE)
    add_compile_options(-fsanitize=${BB_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${BB_SANITIZE})
    if(BB_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
        # Clang 14 cannot place this check's data in a coroutine that it has split.
        add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-sanitize=function>)
    endif()
    if(BB_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-tsan)
    endif()
endif()
if(BB_COVERAGE)
    # What runs without LLVM_PROFILE_FILE, as on hosts of a fleet, counts nowhere, and says nothing of it.
    add_compile_options(-fprofile-instr-generate=/dev/null -fcoverage-mapping)
    add_link_options(-fprofile-instr-generate)
endif()
if(BB_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
