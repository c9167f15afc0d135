// Tested by tests/tables/memcache_table_test.cc and, beside postmap(1), by tests/tables/clients_agree_test.py.
#include "tables/memcache_table.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "tables/case_fold.h"
#include "tables/memcache_config.h"

namespace headgate::tables {

namespace {

constexpr std::chrono::seconds kNoTimeout{100};  // timeout = 0

using Answer = Result<std::optional<std::string>>;

// "VALUE key flags bytes [more]"; nothing: the line is no such line.
std::optional<int> bytes_of_value(std::string_view line) {
  const auto words = text::split(line, " \t\r\n\v\f");
  if (words.size() < 4 || words[0] != "VALUE" || !line.starts_with("VALUE")) return std::nullopt;
  std::string_view number = words[3];
  if (number.starts_with('+')) number.remove_prefix(1);
  int bytes = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), bytes);
  if (parsed.ec != std::errc()) return std::nullopt;
  return bytes;
}

// Whether "VALUE key …" is about the key of "get key": a reply that is out of step would be another key's answer. A key with
// white space in it is several to a memcached, and none of its answers is the whole key's.
bool answers(std::string_view line, std::string_view request) {
  const auto asked = text::split(request, " \t\r\n\v\f");
  const auto words = text::split(line, " \t\r\n\v\f");
  return asked.size() != 2 || words.size() < 2 || words[1] == asked[1];
}

class MemcacheTable final : public Lookup {
 public:
  MemcacheTable(std::string_view name, std::string_view path, MemcacheConfig config,
                MemcacheDomains domains, std::unique_ptr<Lookup> backup, WarningSink warn,
                Folding folding)
      : name_(name),
        path_(path),
        config_(std::move(config)),
        domains_(std::move(domains)),
        backup_(std::move(backup)),
        client_(config_.server),
        warn_(std::move(warn)),
        folding_(folding) {}

  Result<std::optional<Found>> find(std::string_view given) override {
    std::string memory;
    const std::string key(fold_key(given, folding_, memory));
    const auto allowed = domains_.allow(key);
    if (!allowed) {
      say(fmt::format("{}: {}", path_, allowed.error().what));
      return tl::unexpected(allowed.error());
    }
    const auto asked = memcache_key(config_.key_format, key);
    if (!*allowed || !asked) return std::nullopt;
    auto answer = ask(fmt::format("get {}\r\n", *asked));
    if (answer && *answer) return Found{std::move(**answer), name_, 0};
    if (!answer) say(answer.error().what);
    if (backup_) return of_backup(key);
    if (answer) return std::nullopt;
    return tl::unexpected(std::move(answer.error()));
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool may_wait() const override { return true; }

 private:
  Result<std::optional<Found>> of_backup(const std::string& key) {
    TRY(found, backup_->find(key));
    if (!found) return std::nullopt;
    return Found{std::move(found->value), name_, 0};
  }

  Answer ask(const std::string& request) {
    for (int tries = 1;; ++tries) {
      const auto limit = config_.timeout == 0 ? kNoTimeout : std::chrono::seconds(config_.timeout);
      const auto deadline = StreamClient::Clock::now() + limit;
      const bool kept = client_.usable();
      if (!kept) {
        const auto connected = client_.connect(deadline);
        if (!connected)
          return fail(connected.error().code, fmt::format("connect to {}: {}", config_.server.text,
                                                          connected.error().what));
      }
      auto answer = exchange(request, deadline);
      if (answer) return answer;
      client_.close();
      if (kept && answer.error().code == Code::closed) {
        --tries;  // it has been idle for too long, perhaps
        continue;
      }
      if (tries >= config_.max_try) return answer;
      std::this_thread::sleep_for(std::chrono::seconds(config_.retry_pause));
    }
  }

  Answer exchange(const std::string& request, StreamClient::Time deadline) {
    const auto broken = [&](const Error& error) {
      return fail(error.code, fmt::format("database {}: I/O error: {}", name_, error.what));
    };
    const auto line_bytes = static_cast<std::size_t>(config_.line_size_limit) + 1;
    const auto sent = client_.send(request, deadline);
    if (!sent) return broken(sent.error());
    auto line = client_.read_line(line_bytes, deadline);
    if (!line) return broken(line.error());
    if (line->ends_with('\r')) line->pop_back();
    if (*line == "END") return std::nullopt;
    const auto bytes = bytes_of_value(*line);
    if (!bytes || *bytes < 0 || *bytes > config_.data_size_limit || !answers(*line, request))
      return fail(Code::corrupt,
                  fmt::format("{}: unexpected memcache server reply: {}", path_, *line));
    auto data = client_.read_exactly(static_cast<std::size_t>(*bytes) + 2, deadline);
    if (!data) return broken(data.error());
    if (!data->ends_with("\r\n"))
      return fail(Code::corrupt,
                  fmt::format("{}: memcache server reply is longer than it says", path_));
    const auto end = client_.read_line(line_bytes, deadline);
    if (!end) return broken(end.error());
    if (*end != "END" && *end != "END\r")
      return fail(Code::corrupt,
                  fmt::format("{}: unexpected memcache server reply: {}", path_, *end));
    data->resize(std::min(data->find('\0'), data->size() - 2));
    return std::move(*data);
  }

  void say(const std::string& what) { warn_(Diagnostic{Severity::warning, what, name_, 0, 0}); }

  std::string name_, path_;
  MemcacheConfig config_;
  MemcacheDomains domains_;
  std::unique_ptr<Lookup> backup_;
  StreamClient client_;
  WarningSink warn_;
  Folding folding_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_memcache_table(std::string_view spec, std::string_view name,
                                                    rules::ProgramSource& programs,
                                                    const WarningSink& warn,
                                                    const OpenOptions& options) {
  if (!name.starts_with('/') && !name.starts_with('.'))
    return fail(Code::invalid,
                fmt::format("memcache:{}: name a file by its path: {}_memcache and the like in "
                            "main.cf are not read",
                            name, name));
  const std::string path(name);
  rules::TextForm form{"memcache", [&path](std::string_view text) -> Result<void> {
                         TRY(config, parse_memcache_config(path, text, [](const Diagnostic&) {}));
                         static_cast<void>(config);
                         return {};
                       }};
  TRY(text, programs.read_text(path, kMostMemcacheConfigBytes, form));
  TRY(config, parse_memcache_config(path, text, warn));
  const Nesting nesting(spec, options.within);
  OpenOptions inner = options;
  inner.within = &nesting;
  TRY(domains, MemcacheDomains::open(config.domain, programs, warn, inner));
  std::unique_ptr<Lookup> backup;
  if (!config.backup.empty()) {
    if (config.backup.find(':') == std::string::npos)
      return fail(Code::invalid,
                  fmt::format("open dictionary: expecting \"type:name\" form instead of \"{}\"",
                              config.backup));
    TRY(opened, open_table(config.backup, programs, warn, inner));
    backup = std::move(opened.full);
  }
  return std::unique_ptr<Lookup>(std::make_unique<MemcacheTable>(
      spec, path, std::move(config), std::move(domains), std::move(backup), warn,
      folding_of(options.fold, options.utf8)));
}

}  // namespace headgate::tables
