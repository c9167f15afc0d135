// ScratchFolder: a new, empty folder for what a run builds; it goes with its owner.
//   Errors    path() is "" when none could be made.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace headgate::bench {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    std::string name =
        (std::filesystem::temp_directory_path(error) / "headgate-bench.XXXXXX").string();
    if (!error && mkdtemp(name.data()) != nullptr) path_ = name;
  }

  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace headgate::bench
