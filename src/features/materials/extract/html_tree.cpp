#include "features/materials/extract/html_tree.hpp"

#include <algorithm>
#include <csetjmp>
#include <ctime>
#include <new>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

constexpr std::size_t slab_bytes = 1u << 20;
constexpr std::size_t alignment = 16;

double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

// Gumbo knows no failing allocation and frees its tree by recursion: it is left by a jump over its own
// frames, which are plain C, and the slabs go as a whole.
struct HtmlTree::Pool {
    std::vector<std::unique_ptr<char[]>> slabs;
    std::size_t free_in_slab = 0;
    char* next = nullptr;
    std::size_t used = 0;
    std::size_t most = 0;
    double end = 0;
    unsigned asked = 0;
    std::jmp_buf leave{};
};

void HtmlTree::Free::operator()(Pool* pool) const {
    delete pool;
}

void* HtmlTree::allocate(void* userdata, std::size_t size) {
    Pool& pool = *static_cast<Pool*>(userdata);
    if (size > pool.most) std::longjmp(pool.leave, 1);
    const std::size_t taken = (size + alignment - 1) / alignment * alignment;
    if (++pool.asked % 64 == 0 && processor_seconds() > pool.end) std::longjmp(pool.leave, 1);
    if (taken > pool.free_in_slab) {
        const std::size_t slab = std::max(slab_bytes, taken);
        pool.used += slab;
        char* const fresh = pool.used > pool.most ? nullptr : new (std::nothrow) char[slab];
        if (!fresh) std::longjmp(pool.leave, 1);
        pool.slabs.emplace_back(fresh);
        pool.next = pool.slabs.back().get();
        pool.free_in_slab = slab;
    }
    char* const given = pool.next;
    pool.next += taken;
    pool.free_in_slab -= taken;
    return given;
}

const GumboOutput* HtmlTree::run(Pool& pool, std::string_view page) {
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = allocate;
    options.deallocator = [](void*, void*) {
    };
    options.userdata = &pool;
    options.max_errors = 0;
    if (setjmp(pool.leave) != 0) return nullptr;
    return gumbo_parse_with_options(&options, page.data(), page.size());
}

Read<const GumboNode*> HtmlTree::parse(std::string_view page, std::size_t most, int seconds) {
    pool_.reset(new Pool);
    pool_->most = most;
    pool_->slabs.reserve(most / slab_bytes + 1);
    pool_->end = processor_seconds() + seconds;
    const GumboOutput* output = run(*pool_, page);
    if (!output) return too_much();
    return output->root;
}

}  // namespace bb::materials::extract
