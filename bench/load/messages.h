// Messages: what a load sends, ready for DATA: lines end in CRLF, dots are stuffed, the end of the data stands behind.
//   Units     sizes in bytes of the message as it is in its file.
//   Threads   pure functions.        Errors  as Results; a source without a message is Code::invalid.
//   Source    RFC 5321 §4.5.2; mbox(5): a line "From " begins a message, and its ">From " lines are left as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace headgate::load {

// An mbox file, one message file, or a folder of *.eml files in the order of their names.
Result<std::vector<std::string>> read_messages(const std::string& path);

// So many different messages of about `size_bytes` each; words are drawn by the seed.
std::vector<std::string> generate_messages(std::size_t count, std::size_t size_bytes,
                                           std::uint64_t seed);

std::string for_data(std::string_view message);

// The same messages in an order that the seed decides: the first few are then a sample of all.
void shuffle(std::vector<std::string>& messages, std::uint64_t seed);

}  // namespace headgate::load
