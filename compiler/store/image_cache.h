// ImageCache: the images of one directory: find, publish, prune.
//   Ownership prune() removes old images and left-over temporaries, known by their names, and nothing else.
//             It must be root's or this process's user's; another's is as good as empty, and nothing is published there.
//   Errors    find: Code::not_found, or Code::corrupt for one that was refused (and removed, if possible). publish: the
//             system's reason; nothing is left behind.
//   Threads   any, and any number of processes: what is published appears by rename(2).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/base/mapped_file.h"
#include "engine/base/sha256.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

struct CacheLimits {
  std::uint64_t total_bytes = std::uint64_t{2} << 30;
  std::chrono::seconds unused{std::chrono::hours{24 * 30}};
  std::chrono::seconds just_used{std::chrono::hours{1}};  // … is never removed
};

struct FoundImage {
  rules::CompiledTable table;
  FileIdentity identity;
};

class ImageCache {
 public:
  ImageCache(std::string directory, const Env& env) : directory_(std::move(directory)), env_(env) {}

  // Maps, verifies and marks as used.
  [[nodiscard]] Result<FoundImage> find(const Digest& key) const;

  // For one that was found before and is still in use: the identity that it has now, if it is still the known file.
  FileIdentity mark_used(const Digest& key, const FileIdentity& known) const;

  // The directory is created when it is missing (mode 0700), and so are its parents.
  [[nodiscard]] Result<void> publish(const Digest& key, std::string_view image) const;

  // How many were removed.
  std::size_t prune(const CacheLimits& limits) const;

  [[nodiscard]] std::string path_of(const Digest& key) const;

 private:
  std::string directory_;
  const Env& env_;
};

}  // namespace headgate::store
