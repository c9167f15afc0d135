// How it works: the key is computed from the text that was read, so a changed table simply has another image. What is
// still in use is remembered by key; with an image it is believed only while the file is the one that was verified, so that
// damage done to a file is found by the next load even when its table is in use.
// Tested by tests/compiler/store/image_source_test.cc.
#include "compiler/store/image_source.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/shortage.h"
#include "compiler/store/cache_key.h"
#include "engine/rules/program.h"

namespace headgate::store {

namespace {

Diagnostic our_warning(const std::string& name, std::string text) {
  return Diagnostic{Severity::warning, std::move(text), name, 0, 0};
}

// The key of what is compiled without an image must differ from that of its image.
constexpr std::string_view kNoImage = "its database is not built yet";

}  // namespace

ImageSource::ImageSource(rules::ImageSettings limits, std::unique_ptr<Builder> builder,
                         const Env& env)
    : settings_(std::move(limits)),
      builder_(std::move(builder)),
      env_(env),
      environment_(environment()) {}

void ImageSource::configure(const rules::ImageSettings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
}

rules::ImageSettings ImageSource::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

const match::SelfTest& ImageSource::selftest() {
  std::call_once(tested_, [this] {
    selftest_ = match::run_selftest();
    libhs_refused_ = !selftest_.ok;
  });
  return selftest_;
}

// The self-test that an image brings along has failed; the whole one would, too. It holds until the next start.
void ImageSource::refuse_libhs(std::string problem) {
  std::call_once(tested_, [&] { selftest_.problem = std::move(problem); });
  libhs_refused_ = true;
}

std::optional<rules::CompiledTable> ImageSource::remembered(const Digest& key,
                                                            const FileIdentity& image) {
  const std::lock_guard lock(mutex_);
  const auto known = remembered_.find(key);
  if (known == remembered_.end() || known->second.image != image) return std::nullopt;
  const Remembered& what = known->second;
  rules::CompiledTable table;
  table.full = what.full.lock();
  table.emergency = what.emergency.lock();
  if (table.full == nullptr || (what.has_emergency && table.emergency == nullptr))
    return std::nullopt;
  table.diagnostics = what.diagnostics;
  table.wants_build = what.wants_build;
  return table;
}

void ImageSource::remember(const Digest& key, const FileIdentity& image,
                           const rules::CompiledTable& table) {
  const std::lock_guard lock(mutex_);
  std::erase_if(remembered_, [](const auto& entry) { return entry.second.full.expired(); });
  remembered_[key] = Remembered{table.full,        table.emergency,   table.emergency != nullptr,
                                table.wants_build, table.diagnostics, image};
}

// An image is as good as used just now while its Programs are: whoever prunes the directory must not take it away.
void ImageSource::keep_in_use(const ImageCache& cache, const Digest& key) {
  const std::lock_guard lock(mutex_);
  const auto known = remembered_.find(key);
  if (known == remembered_.end() || known->second.full.expired()) return;
  FileIdentity& image = known->second.image;
  if (image != FileIdentity{}) image = cache.mark_used(key, image);
}

void ImageSource::prune(const ImageCache& cache) {
  std::vector<Digest> keys;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, table] : remembered_) keys.push_back(key);
  }
  for (const Digest& key : keys) keep_in_use(cache, key);
  cache.prune({});
}

Result<rules::CompiledTable> ImageSource::load_text(rules::Dialect dialect, const std::string& name,
                                                    const compiler::TableText& text) {
  const rules::ImageSettings limits = settings();
  const Digest key = cache_key(dialect, name, text.text, limits, environment_);
  std::optional<Diagnostic> refused;
  FileIdentity none;
  if (!libhs_refused_ && !limits.directory.empty()) {
    const ImageCache cache(limits.directory, env_);
    const auto identity = file_identity(cache.path_of(key));
    if (identity) {
      if (auto known = remembered(key, *identity)) {
        keep_in_use(cache, key);
        return std::move(*known);
      }
    }
    auto found = cache.find(key);
    if (found) {
      remember(key, found->identity, found->table);
      return std::move(found->table);
    }
    if (found.error().code == Code::unavailable) {
      refuse_libhs(found.error().what);
    } else if (found.error().code == Code::corrupt) {
      refused = our_warning(
          name, fmt::format("{}: it is not used, a new one has to be built", found.error().text()));
    } else if (found.error().code != Code::not_found) {
      refused = our_warning(name, fmt::format("{}: matching without it", found.error().text()));
    }
  }
  if (!refused) {
    if (auto known = remembered(key, none)) return std::move(*known);
  }
  const bool libhs_ok = selftest().ok && !libhs_refused_;
  compiler::CompileOptions options;
  options.use_hyperscan = false;
  options.why_no_scan = libhs_ok ? std::string(kNoImage) : "libhs failed its self-test";
  back::Shortage shortage;
  options.shortage = &shortage;
  rules::CompiledTable table = compiler::compile_table(dialect, name, text, options);
  if (shortage.rules_missing) return fail(Code::unavailable, shortage.what, name);
  table.wants_build = libhs_ok && !limits.directory.empty() && !table.full->patterns().empty();
  if (!libhs_ok)
    table.diagnostics.insert(table.diagnostics.begin(), our_warning(name, selftest().problem));
  if (!shortage.any()) remember(key, none, table);
  if (refused) table.diagnostics.insert(table.diagnostics.begin(), std::move(*refused));
  return table;
}

Result<rules::CompiledTable> ImageSource::load(rules::Dialect dialect, const std::string& name) {
  TRY(text, compiler::read_table(dialect, name));
  return load_text(dialect, name, text);
}

Result<void> ImageSource::build(rules::Dialect dialect, const std::string& name,
                                const std::atomic<bool>& cancelled) {
  const rules::ImageSettings limits = settings();
  if (limits.directory.empty())
    return fail(Code::unavailable, "there is no directory for compiled tables", name);
  if (!selftest().ok || libhs_refused_) return fail(Code::unavailable, selftest().problem, name);
  // Another server of this directory may have been quicker.
  TRY(present, load(dialect, name));
  if (!present.wants_build) return {};
  const ImageCache cache(limits.directory, env_);
  prune(cache);  // before, too: the disk may be full of what is old
  TRY_OK(builder_->build(dialect, name, limits, cancelled));
  prune(cache);
  return {};
}

Result<void> ImageSource::adopt(rules::Dialect dialect, const std::string& name,
                                const std::string& directory) {
  const rules::ImageSettings limits = settings();
  if (limits.directory.empty())
    return fail(Code::unavailable, "there is no directory for compiled tables", name);
  TRY(text, compiler::read_table(dialect, name));
  const Digest key = cache_key(dialect, name, text.text, limits, environment_);
  const ImageCache from(directory, env_), to(limits.directory, env_);
  TRY_OK(from.find(key));
  TRY(image, MappedFile::open(from.path_of(key)));
  prune(to);
  return to.publish(key, image->bytes());
}

std::string user_image_directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return fmt::format("{}/headgate", cache);
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return fmt::format("{}/.cache/headgate", home);
  return {};
}

}  // namespace headgate::store
