#include "features/materials/extract/child.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/extract/walls.hpp"

namespace bb::materials::extract {
namespace {

constexpr const char* filipino_letters = "/usr/share/tesseract-ocr/5/tessdata/fil.traineddata";

int say(int code, std::string_view words) {
    while (!words.empty()) {
        const auto sent = ::write(STDOUT_FILENO, words.data(), words.size());
        if (sent <= 0) return not_shut_in;
        words.remove_prefix(static_cast<std::size_t>(sent));
    }
    return code;
}

int refuse(Fault fault, std::string_view words) {
    return say(refused, std::string(name_of(fault)) + "\n" + std::string(words));
}

/// The file on standard input, which the parent has in memory.
std::string_view whole_input() {
    struct stat state {};
    if (fstat(STDIN_FILENO, &state) != 0 || state.st_size <= 0) return {};
    const auto size = static_cast<std::size_t>(state.st_size);
    void* at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    return at == MAP_FAILED ? std::string_view() : std::string_view(static_cast<const char*>(at), size);
}

/// No process can be shut in, for this reason.
struct Open : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void close_behind(const Walls& walls) {
    try {
        shut_in(walls);
    } catch (const std::exception& fault) {
        throw Open(fault.what());
    }
}

int read_here(std::string_view name) {
    const auto kind = kind_of_name(name);
    if (!kind) return refuse(Fault::mismatch, "Files of this kind cannot be read.");
    const auto bytes = whole_input();
    prepare_encodings();
    close_behind({});
    const auto text = read(*kind, bytes, name);
    return text ? say(0, *text) : refuse(text.error().fault, text.error().words);
}

/// Becomes a program of Debian's, shut in.
int become(std::vector<std::string> words, const char* package) {
    if (::access(words[0].c_str(), X_OK) != 0)
        return refuse(Fault::missing_reader, "The server needs " + std::string(package) +
                                                 " to read such files, and does not have it.");
    std::string one_thread = "OMP_THREAD_LIMIT=1";
    char* const environment[] = {one_thread.data(), nullptr};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    Walls walls;
    walls.program = arguments[0];
    close_behind(walls);
    execve(arguments[0], arguments.data(), environment);
    return not_shut_in;
}

int read_as(std::string_view what, const std::string& word) {
    if (what == read_kind) return read_here(word);
    if (what == read_pdf) {  // from one page to another: "1-150"
        const auto dash = word.find('-');
        return become({"/usr/bin/pdftotext", "-enc", "UTF-8", "-eol", "unix", "-f", word.substr(0, dash),
                       "-l", word.substr(dash + 1), "-", "-"},
                      "poppler-utils");
    }
    if (what == list_pdf_pictures)
        return become({"/usr/bin/pdfimages", "-list", "-l", word, "-"}, "poppler-utils");
    if (what == read_pdf_picture)
        return become({"/usr/bin/pdftoppm", "-png", "-gray", "-r", "300", "-scale-to", "3000", "-f", word,
                       "-l", word, "-"},
                      "poppler-utils");
    if (what == read_picture) {
        const bool knows_filipino = ::access(filipino_letters, R_OK) == 0;
        return become({"/usr/bin/tesseract", "stdin", "stdout", "-l", knows_filipino ? "eng+fil" : "eng"},
                      "tesseract-ocr");
    }
    return say(not_shut_in, "what should be read?");
}

}  // namespace

std::optional<int> read_as_child(int argc, char** argv) {
    if (argc != 4 || std::string_view(argv[1]) != reading_word) return std::nullopt;
    try {
        return read_as(argv[2], argv[3]);
    } catch (const Open& open) {
        return say(not_shut_in, open.what());
    } catch (const std::bad_alloc&) {
        return refuse(Fault::too_large, "The file takes more memory to read than it may.");
    } catch (const std::exception&) {
        return refuse(Fault::damaged, "The file is damaged: its reader gave up.");
    }
}

}  // namespace bb::materials::extract
