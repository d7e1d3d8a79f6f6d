file(STRINGS ${SOURCE}/VERSION version LIMIT_COUNT 1)
execute_process(COMMAND git -c safe.directory=* -C ${SOURCE} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
    # In what "git archive" gives, as an image is built from, the commit stands in a file (.gitattributes).
    file(STRINGS ${SOURCE}/cmake/commit.txt commit LIMIT_COUNT 1)
    string(REGEX MATCH "^[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
        commit "${commit}")
endif()
set(text "#include \"embedded/version.hpp\"

namespace bb::embedded {
const std::string_view version = \"${version}\";
const std::string_view commit = \"${commit}\";
}  // namespace bb::embedded
")
if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL "${before}")
    file(WRITE ${OUTPUT} "${text}")
endif()
