// crc32c: CRC-32C (Castagnoli), the checksum of queue files.
//   Threads   pure functions.        Source    RFC 3720 §B.4.
#pragma once

#include <cstdint>
#include <string_view>

namespace headgate::queue {

// `seed` is the value over the bytes before.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// Where the processor has no instruction for it; the same values.
std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace headgate::queue
