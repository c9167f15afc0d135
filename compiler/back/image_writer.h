// write_image: a compiled table -> the bytes of an image. The layout is docs/image_format.md, the reader engine/rules/image.
//   Errors    Code::unavailable when a database cannot be laid out (no memory), Code::limit for more than 4 GB of text.
//   Threads   pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/sha256.h"
#include "engine/rules/program_source.h"

namespace headgate::back {

// `made_by` names the libraries, for people who look into the file.
Result<std::string> write_image(const rules::CompiledTable& table, const Digest& key,
                                std::string_view made_by);

}  // namespace headgate::back
