// tar_members: the regular files in a tar archive, in order. ustar, with the long names of pax and of GNU tar.
//   Threads   the caller's.        Errors  Code::corrupt, with the byte at which the archive makes no sense.
#pragma once

#include <functional>
#include <string>

#include "smtpd/corpus/byte_source.h"

namespace headgate::corpus {

bool is_tar(ByteSource& source);

// `on_member` gets the member's name and a source that ends where it ends; what it leaves unread is skipped.
Result<void> read_tar(
    ByteSource& archive,
    const std::function<Result<void>(const std::string& name, ByteSource&)>& on_member);

}  // namespace headgate::corpus
