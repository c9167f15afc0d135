// ImageSource: the ProgramSource of the programs that people run. load() maps a table's image when there is one; when not,
// the table works at once by its reference engines alone, and wants_build says that build() would give it databases.
// build() has a builder process make the image; the next load() finds it.
//   Ownership Programs are shared: equal loads (same text, same image) give the same ones as long as somebody holds them.
//   Threads   any; a load holds no lock while it reads, verifies or compiles.
//   Errors    load: as ProgramSource; Code::unavailable when a regexp: table's patterns cannot be tried. An image that is refused is a warning among the diagnostics, not an Error.
//             build: why the table stays without: killed, out of time, no space, unwritable directory, each with its cure.
//             A libhs that fails its self-test is never used: no image is mapped or built, and a warning says so.
//   Cost      with an image: a SHA-256 pass and a compilation a pattern; without: the latter alone.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/store/builder_client.h"
#include "compiler/store/image_cache.h"
#include "engine/base/env.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

class ImageSource final : public rules::ProgramSource {
 public:
  // `limits` hold until configure() says otherwise; an empty directory: nothing is kept. `builder` makes images.
  ImageSource(rules::ImageSettings limits, std::unique_ptr<Builder> builder, const Env& env);

  void configure(const rules::ImageSettings& settings) override;
  [[nodiscard]] rules::ImageSettings settings() const override;

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override;

  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const std::atomic<bool>& cancelled) override;

  Result<void> adopt(rules::Dialect dialect, const std::string& name,
                     const std::string& directory) override;

 private:
  // What one table came to last, as long as it is in use.
  struct Remembered {
    std::weak_ptr<const rules::Program> full, emergency;
    bool has_emergency = false, wants_build = false;
    std::vector<Diagnostic> diagnostics;
    FileIdentity image;  // all zero: without one
  };

  Result<rules::CompiledTable> load_text(rules::Dialect dialect, const std::string& name,
                                         const compiler::TableText& text);
  std::optional<rules::CompiledTable> remembered(const Digest& key, const FileIdentity& image);
  void remember(const Digest& key, const FileIdentity& image, const rules::CompiledTable& table);
  void keep_in_use(const ImageCache& cache, const Digest& key);
  void prune(const ImageCache& cache);
  const match::SelfTest& selftest();
  void refuse_libhs(std::string problem);

  mutable std::mutex mutex_;  // over the next two
  rules::ImageSettings settings_;
  std::map<Digest, Remembered> remembered_;
  std::unique_ptr<Builder> builder_;
  const Env& env_;
  const std::string environment_;
  std::once_flag tested_;
  std::atomic<bool> libhs_refused_{false};
  match::SelfTest selftest_;
};

// Where command-line tools keep images when no configuration says: $XDG_CACHE_HOME/headgate, ~/.cache/headgate, or "".
std::string user_image_directory();

}  // namespace headgate::store
