// RemoteBuilds: a ProgramSource whose build() asks MASTER for a builder, because a role that faces the net, or strangers'
// servers, starts no programs. Everything else is the source's own.
//   Lifetime  borrows the source and the link.
//   Threads   build() blocks on a thread of its own; answer() comes from the loop.
//   Errors    what the builder said.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/rules/program_source.h"
#include "smtpd/cli/role_link.h"

namespace headgate::cli {

class RemoteBuilds final : public rules::ProgramSource {
 public:
  RemoteBuilds(rules::ProgramSource& programs, const RoleLink& link)
      : programs_(programs), link_(link) {}

  void configure(const rules::ImageSettings& settings) override { programs_.configure(settings); }

  [[nodiscard]] rules::ImageSettings settings() const override { return programs_.settings(); }

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override {
    return programs_.load(dialect, name);
  }

  Result<std::string> read_text(const std::string& path, std::size_t limit_bytes,
                                const rules::TextForm& form) override {
    return programs_.read_text(path, limit_bytes, form);
  }

  Result<std::shared_ptr<const DataFile>> data_file(const std::string& path,
                                                    const rules::DataForm& form) override {
    return programs_.data_file(path, form);
  }

  [[nodiscard]] bool keeps_data(const std::string& path,
                                const rules::DataForm& form) const override {
    return programs_.keeps_data(path, form);
  }

  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const std::atomic<bool>& cancelled) override;

  Result<void> adopt(rules::Dialect dialect, const std::string& name,
                     const std::string& directory) override {
    return programs_.adopt(dialect, name, directory);
  }

  // Order::built: "" when all went well, else the Code's number and why.
  void answer(std::uint64_t number, std::string text);

 private:
  rules::ProgramSource& programs_;
  const RoleLink& link_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::optional<std::string>> waiting_;
};

// BUILDER's side: the task that build() has sent.
std::string build_task(rules::Dialect dialect, const std::string& name);
std::optional<std::pair<rules::Dialect, std::string>> parse_build_task(const std::string& task);

}  // namespace headgate::cli
