// Ten tries are Postfix's, and the second between them; that a kept connection turns out to be dead is no try, for servers
// close idle connections.
// Tested by tests/tables/tcp_table_test.cc and, beside postmap(1), by tests/tables/clients_agree_test.py.
#include "tables/tcp_table.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::tables {

namespace {

constexpr int kTries = 10;
constexpr std::size_t kMostLineBytes = 4096;  // with the newline

std::string encode(std::string_view key) {
  std::string encoded;
  for (const char c : key) {
    if (c > ' ' && c <= '~' && c != '%')
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

int hex_digit(char c) {
  if (text::is_digit(c)) return c - '0';
  const char lower = text::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> decode(std::string_view coded) {
  std::string decoded;
  for (std::size_t i = 0; i < coded.size(); ++i) {
    if (coded[i] != '%') {
      decoded += coded[i];
      continue;
    }
    if (coded.size() - i < 3) return std::nullopt;
    const int high = hex_digit(coded[i + 1]), low = hex_digit(coded[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

class TcpTable final : public Lookup {
 public:
  TcpTable(std::string_view name, Endpoint server, WarningSink warn, const ClientLimits& limits)
      : name_(name), client_(std::move(server)), warn_(std::move(warn)), limits_(limits) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    const auto reply = ask("get " + encode(key) + "\n");
    if (!reply) return failed(reply.error().code, reply.error().what);
    return interpret(*reply);
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

  [[nodiscard]] bool may_wait() const override { return true; }

 private:
  Result<std::string> ask(const std::string& request) {
    const auto deadline = StreamClient::Clock::now() + limits_.total;
    for (int tries = 1;; ++tries) {
      const bool kept = client_.usable();
      auto reply = kept ? exchange(request, deadline) : ask_anew(request, deadline);
      if (reply) return reply;
      client_.close();
      if (kept && reply.error().code == Code::closed) {
        --tries;  // it has been idle for too long, perhaps
        continue;
      }
      if (tries == kTries || StreamClient::Clock::now() + limits_.pause >= deadline) return reply;
      std::this_thread::sleep_for(limits_.pause);
    }
  }

  Result<std::string> ask_anew(const std::string& request, StreamClient::Time deadline) {
    const auto connected = client_.connect(deadline);
    if (!connected) {
      const Error& error = connected.error();
      return fail(error.code,
                  fmt::format("connect to TCP map {}: {}", client_.endpoint().text, error.what));
    }
    return exchange(request, deadline);
  }

  Result<std::string> exchange(const std::string& request, StreamClient::Time deadline) {
    const auto sent = client_.send(request, deadline);
    if (!sent)
      return fail(sent.error().code, fmt::format("write TCP map query to {}: {}",
                                                 client_.endpoint().text, sent.error().what));
    auto reply = client_.read_line(kMostLineBytes, deadline);
    if (!reply) return fail(reply.error().code, of_reply(reply.error().what));
    return reply;
  }

  Result<std::optional<Found>> interpret(std::string_view reply) {
    const std::string_view status = reply.substr(0, 3);
    const bool formed = reply.size() > 3 && text::all_digits(status) && text::is_space(reply[3]);
    auto value = formed ? decode(reply.substr(4)) : std::nullopt;
    if (!value) return malformed("malformed reply", reply);
    switch (status.front()) {  // the rest of it does not count, as for Postfix
      case '5':
        return std::nullopt;
      case '4':
        return fail(Code::unavailable, fmt::format("TCP map server temporary error: {}", *value),
                    name_);
      case '2':
        break;
      default:
        return malformed("bad status code", reply);
    }
    value->resize(std::min(value->find('\0'), value->size()));
    return Found{std::move(*value), name_, 0};
  }

  [[nodiscard]] std::string of_reply(std::string_view what) const {
    return fmt::format("read TCP map reply from {}: {}", client_.endpoint().text, what);
  }

  // Nothing is known of what comes next on this connection.
  Result<std::optional<Found>> malformed(std::string_view what, std::string_view reply) {
    client_.close();
    return failed(Code::corrupt, of_reply(fmt::format("{}: {}", what, reply)));
  }

  Result<std::optional<Found>> failed(Code code, const std::string& what) {
    warn_(Diagnostic{Severity::warning, what, name_, 0, 0});
    return fail(code, what, name_);
  }

  std::string name_;
  StreamClient client_;
  WarningSink warn_;
  ClientLimits limits_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_tcp_table(std::string_view spec, std::string_view name,
                                               const WarningSink& warn,
                                               const ClientLimits& limits) {
  TRY(server, parse_host_port(name));
  return std::unique_ptr<Lookup>(std::make_unique<TcpTable>(spec, std::move(server), warn, limits));
}

}  // namespace headgate::tables
