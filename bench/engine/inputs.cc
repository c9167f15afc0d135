// How it works: tables come as the server gets them, from images that headgate-compiler builds under its limits.
#include "bench/engine/inputs.h"

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "bench/peers/cpu_clock.h"
#include "smtpd/corpus/message_files.h"

namespace headgate::ratios {

namespace {

constexpr std::size_t kLineLengthLimit = 2048;

class Keeper final : public corpus::MessageReader {
 public:
  explicit Keeper(peers::MailKeys& keys) : keys_(keys) {}

  void begin(const std::string& name) override { keys_.begin(name); }

  void record(std::string_view bytes, bool continued) override { keys_.record(bytes, continued); }

  void end() override { keys_.end(); }

 private:
  peers::MailKeys& keys_;
};

double children_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// A folder that goes with its owner.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& parent) : path_(parent + "/from-nothing") {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    std::filesystem::create_directories(path_, ignored);
  }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

rules::Dialect dialect_of(const std::string& path) {
  return path.ends_with(".regexp") ? rules::Dialect::regexp : rules::Dialect::pcre;
}

const std::atomic<bool> kNeverCancelled{false};

}  // namespace

Inputs::Inputs(std::string data, std::string kept)
    : data_(std::move(data)), kept_(std::move(kept)), source_(source(kept_ + "/images")) {
  std::error_code ignored;
  std::filesystem::create_directories(kept_, ignored);
}

std::unique_ptr<store::ImageSource> Inputs::source(const std::string& images) const {
  rules::ImageSettings settings;
  settings.directory = images;
  settings.table_limit = std::chrono::minutes(15);
  return std::make_unique<store::ImageSource>(settings,
                                              std::make_unique<store::ProcessBuilder>(env_), env_);
}

Result<ProgramPtr> Inputs::load(const std::string& path) {
  const auto known = loaded_.find(path);
  if (known != loaded_.end()) return known->second;
  TRY(found, source_->load(dialect_of(path), path));
  if (found.wants_build) {
    std::cerr << "building the image of " << path << '\n';
    TRY_OK(source_->build(dialect_of(path), path, kNeverCancelled));
    TRY(built, source_->load(dialect_of(path), path));
    found = std::move(built);
  }
  return loaded_[path] = found.full;
}

Result<ProgramPtr> Inputs::table(const std::string& name) { return load(path_of(name)); }

Result<std::string> Inputs::real_path(const std::string& name) const {
  const char* shared = std::getenv("HEADGATE_SHARED");
  const std::string path = std::string(shared != nullptr ? shared : "") + "/corpus/" + name;
  std::error_code error;
  if (shared == nullptr || !std::filesystem::exists(path, error))
    return fail(Code::not_found, "HEADGATE_SHARED names no folder with corpus/" + name);
  return path;
}

Result<ProgramPtr> Inputs::real_table(const std::string& name) {
  TRY(path, real_path("rules/" + name + ".pcre"));
  return load(path);
}

Result<const Messages*> Inputs::read(const std::string& path, peers::MailKeys& into) const {
  if (into.messages().empty()) {
    Keeper keeper(into);
    TRY_OK(corpus::read_messages(path, kLineLengthLimit, std::cin, keeper));
  }
  return &into.messages();
}

Result<const Messages*> Inputs::mail() { return read(data_ + "/mail.mbox", mail_); }

Result<const Messages*> Inputs::real_mail() {
  TRY(path, real_path("mail/dev"));
  return read(path, real_mail_);
}

Result<BuildCost> Inputs::build_cost(const std::string& path) const {
  const TemporaryFolder folder(kept_);
  const auto fresh = source(folder.path());
  const double cpu = children_cpu_seconds(), wall = peers::wall_seconds();
  TRY_OK(fresh->build(dialect_of(path), path, kNeverCancelled));
  return BuildCost{children_cpu_seconds() - cpu, peers::wall_seconds() - wall};
}

Result<double> Inputs::warm_start(const std::string& path) const {
  const double begun = peers::process_cpu_seconds();
  const auto fresh = source(kept_ + "/images");
  TRY(table, fresh->load(dialect_of(path), path));
  if (table.wants_build) return fail(Code::not_found, "no image", path);
  return peers::process_cpu_seconds() - begun;
}

}  // namespace headgate::ratios
