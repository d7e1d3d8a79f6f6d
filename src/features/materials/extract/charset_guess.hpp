#pragma once
#include <string_view>

namespace bb::materials::extract {

/// The encoding of text that is no UTF-8, as iconv(3) calls it: Shift_JIS ("cp932"), GB18030 or Windows-1251,
/// where the bytes leave hardly a doubt; else empty.
std::string_view guessed_charset(std::string_view bytes);

}  // namespace bb::materials::extract
