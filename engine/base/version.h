// Our own version, for people and for keys.
#pragma once

#include <string_view>

namespace headgate {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace headgate
