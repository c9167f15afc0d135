// AsOwner: while it lives this process, if it is root, has the rights of a file's owner, and no others: what it writes is
// the owner's, and a name that leads elsewhere (a link in a folder of the owner's) leads nowhere that the owner could not go.
//   Errors    failed() tells; then nothing may be written.
//   Threads   all of the process's: only for programs with one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "engine/base/error.h"

namespace headgate::cli {

class AsOwner {
 public:
  AsOwner(uid_t user, gid_t group);
  AsOwner(const AsOwner&) = delete;
  AsOwner& operator=(const AsOwner&) = delete;
  ~AsOwner();

  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  bool switched_ = false;
  gid_t group_before_ = 0;
  std::vector<gid_t> groups_before_;
  std::optional<Error> failed_;
};

}  // namespace headgate::cli
