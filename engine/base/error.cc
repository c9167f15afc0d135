#include "engine/base/error.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace headgate {

namespace {

Code code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case ENOMEM:
      return Code::unavailable;
    case ETIMEDOUT:
      return Code::timeout;
    default:
      return Code::io;
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(std::string_view action, std::string_view path, int error_number) {
  return fail(code_of(error_number), fmt::format("{} {}: {}", action, path,
                                                 std::generic_category().message(error_number)));
}

}  // namespace headgate
