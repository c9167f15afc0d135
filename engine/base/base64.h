// base64 of RFC 4648 §4, one line, as postmap -F writes and reads it.
//   Errors    decode: nothing when the text is not well formed (alphabet, padding, length).      Threads  pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::text {

std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace headgate::text
