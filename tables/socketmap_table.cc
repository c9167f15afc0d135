// Tested by tests/tables/socketmap_table_test.cc and, beside postmap(1), by tests/tables/clients_agree_test.py.
#include "tables/socketmap_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace headgate::tables {

namespace {

constexpr int kTries = 2;
constexpr std::size_t kMostReplyBytes = 100000;

struct Refusal {
  std::string_view word, meaning;
};

constexpr auto kRefusals =
    std::to_array<Refusal>({{"TEMP", "temporary"}, {"TIMEOUT", "timeout"}, {"PERM", "permanent"}});

// As Postfix words it.
std::string reason_of(const Error& error) {
  if (error.code == Code::closed) return "unexpected disconnect";
  if (error.code == Code::timeout) return "time limit exceeded";
  return error.what;
}

class SocketmapTable final : public Lookup {
 public:
  SocketmapTable(std::string_view name, Endpoint server, std::string_view map, WarningSink warn,
                 const ClientLimits& limits)
      : name_(name),
        client_(std::move(server)),
        map_(map),
        warn_(std::move(warn)),
        limits_(limits) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    const std::string request = fmt::format("{} {}", map_, key);
    const auto reply = ask(fmt::format("{}:{},", request.size(), request));
    if (reply) return interpret(*reply);
    return failed(reply.error().code,
                  fmt::format("table {} lookup error: {}", name_, reason_of(reply.error())));
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

  [[nodiscard]] bool may_wait() const override { return true; }

 private:
  [[nodiscard]] bool kept() const {
    const auto now = StreamClient::Clock::now();
    return now - client_.used_at() < limits_.idle && now - client_.connected_at() < limits_.life &&
           client_.usable();
  }

  Result<std::string> ask(const std::string& request) {
    const auto deadline = StreamClient::Clock::now() + limits_.total;
    for (int tries = 1;; ++tries) {
      if (!kept()) {
        const auto connected = client_.connect(deadline);
        if (!connected) {
          say(fmt::format("connect to {}: {}", client_.endpoint().text, connected.error().what));
          return tl::unexpected(connected.error());
        }
      }
      auto reply = exchange(request, deadline);
      if (reply) return reply;
      client_.close();
      if (tries == kTries || reply.error().code != Code::closed) return reply;
    }
  }

  Result<std::string> exchange(const std::string& request, StreamClient::Time deadline) {
    TRY_OK(client_.send(request, deadline));
    return client_.read_netstring(kMostReplyBytes, deadline);
  }

  Result<std::optional<Found>> interpret(std::string_view reply) {
    reply = reply.substr(0, reply.find('\0'));
    const std::size_t space = reply.find(' ');
    const std::string_view word = reply.substr(0, space);
    if (word == "NOTFOUND") return std::nullopt;
    if (word == "OK") {
      if (space == std::string_view::npos) return std::nullopt;  // as for Postfix
      return Found{std::string(reply.substr(space + 1)), name_, 0};
    }
    const auto known = std::find_if(kRefusals.begin(), kRefusals.end(),
                                    [&](const Refusal& refusal) { return refusal.word == word; });
    const bool is_known = known != kRefusals.end();
    std::string what = fmt::format("{} socketmap server {} error", name_,
                                   is_known ? known->meaning : std::string_view("unknown"));
    if (space < reply.size() - 1) what += fmt::format(": {}", reply.substr(space + 1));
    if (!is_known) client_.close();
    return failed(is_known ? Code::unavailable : Code::corrupt, what);
  }

  void say(const std::string& what) { warn_(Diagnostic{Severity::warning, what, name_, 0, 0}); }

  Result<std::optional<Found>> failed(Code code, const std::string& what) {
    say(what);
    return fail(code, what);
  }

  std::string name_;
  StreamClient client_;
  std::string map_;
  WarningSink warn_;
  ClientLimits limits_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_socketmap_table(std::string_view spec, std::string_view name,
                                                     const WarningSink& warn,
                                                     const ClientLimits& limits) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos)
    return fail(Code::invalid, "socketmap requires server:socketmap argument");
  TRY(server, parse_endpoint(name.substr(0, colon)));
  return std::unique_ptr<Lookup>(std::make_unique<SocketmapTable>(
      spec, std::move(server), name.substr(colon + 1), warn, limits));
}

}  // namespace headgate::tables
