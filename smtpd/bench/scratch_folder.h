// ScratchFolder: a new, empty folder for what a run builds; it goes with its owner. What runs that were killed have left, the
// next one removes.
//   Errors    path() is "" when none could be made.
#pragma once

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace headgate::bench {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    if (error) return;
    sweep(parent);
    std::string name = (parent / (kPrefix + std::to_string(getpid()) + ".XXXXXX")).string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }

  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static constexpr const char* kPrefix = "headgate-bench.";

  // Folders of this user whose process is no more.
  static void sweep(const std::filesystem::path& parent) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(kPrefix)) continue;
      const long process = std::strtol(name.c_str() + std::strlen(kPrefix), nullptr, 10);

      struct stat status {};

      const bool is_ours = lstat(entry.path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                           status.st_uid == geteuid();
      const bool is_over =
          process > 0 && kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
      if (is_ours && is_over) std::filesystem::remove_all(entry.path(), error);
    }
  }

  std::string path_;
};

}  // namespace headgate::bench
