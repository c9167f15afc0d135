#include "tests/support/script_wire.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::testing_support {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'r')
      out += '\r';
    else if (c == 'n')
      out += '\n';
    else if (c == 't')
      out += '\t';
    else if (c == '0')
      out += '\0';
    else if (c == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else
      out += c;
  }
  return out;
}

std::string_view after_blank(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

std::optional<ScriptStep> parse_step(std::string_view line) {
  ScriptStep step;
  if (line.starts_with("C:")) {
    step.text = std::string(after_blank(line.substr(2))) + "\r\n";
  } else if (line.starts_with("C\\:")) {
    step.text = unescape(after_blank(line.substr(3)));
  } else if (line.starts_with("S:")) {
    step.kind = ScriptStep::Kind::server;
    step.text = after_blank(line.substr(2));
  } else if (line == "HANGUP") {
    step.kind = ScriptStep::Kind::hang_up;
  } else if (line == "TIMEOUT") {
    step.kind = ScriptStep::Kind::time_out;
  } else if (line == "CLOSED") {
    step.kind = ScriptStep::Kind::closed;
  } else if (line == "TLS") {
    step.kind = ScriptStep::Kind::tls;
  } else {
    return std::nullopt;
  }
  return step;
}

}  // namespace

std::vector<ScriptStep> parse_script(std::string_view text, std::vector<std::string>* other) {
  std::vector<ScriptStep> steps;
  int number = 0;
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    ++number;
    if (std::optional<ScriptStep> step = parse_step(line)) {
      step->line = number;
      steps.push_back(std::move(*step));
    } else if (other != nullptr && !line.empty() && line[0] != '#') {
      other->emplace_back(line);
    }
  }
  return steps;
}

void ScriptWire::fail_at(const ScriptStep& step, const std::string& what) {
  failures_.push_back(fmt::format("line {}: {}", step.line, what));
}

bool ScriptWire::match_one(const ScriptStep& step) {
  const bool one_line = step.text.size() > 3 && step.text[3] == '-';
  while (true) {
    const std::size_t end = output_.find("\r\n");
    if (end == std::string::npos) return false;
    const std::string line = output_.substr(0, end);
    output_.erase(0, end + 2);
    const bool continues = line.size() > 3 && line[3] == '-';
    if (continues && !one_line) continue;
    if (!line.starts_with(step.text))
      fail_at(step, fmt::format("expected \"{}\", got \"{}\"", step.text, line));
    return true;
  }
}

void ScriptWire::match_replies() {
  while (next_ < steps_.size() && steps_[next_].kind == ScriptStep::Kind::server) {
    if (!match_one(steps_[next_])) return;
    ++next_;
  }
}

Result<void> ScriptWire::more() {
  if (interrupted_) {
    interrupted_ = false;
    return fail(Code::cancelled, "interrupted");
  }
  match_replies();
  while (next_ < steps_.size() && steps_[next_].kind == ScriptStep::Kind::server) {
    fail_at(steps_[next_], fmt::format("expected \"{}\", got nothing: the server waits for input",
                                       steps_[next_].text));
    ++next_;
  }
  if (!output_.empty() && next_ < steps_.size())
    fail_at(steps_[next_], fmt::format("unexpected reply \"{}\"", std::exchange(output_, {})));
  if (next_ == steps_.size()) return fail(Code::closed, "end of script");
  switch (steps_[next_].kind) {
    case ScriptStep::Kind::hang_up:
      ++next_;
      return fail(Code::closed, "the client hung up");
    case ScriptStep::Kind::time_out:
      ++next_;
      return fail(Code::timeout, "the client was silent");
    case ScriptStep::Kind::closed:
      fail_at(steps_[next_++], "the server should have closed");
      return fail(Code::closed, "end of script");
    case ScriptStep::Kind::tls:
      fail_at(steps_[next_++], "the server does not shake hands");
      return fail(Code::closed, "end of script");
    default:
      break;
  }
  while (next_ < steps_.size() && steps_[next_].kind == ScriptStep::Kind::client)
    input_ += steps_[next_++].text;
  return {};
}

Task<Result<net::Line>> ScriptWire::read_line(std::size_t limit_bytes) {
  while (input_.find('\n') == std::string::npos) {
    const Result<void> got = more();
    if (!got) co_return tl::unexpected(got.error());
  }
  const std::size_t newline = input_.find('\n');
  line_ = input_.substr(0, newline);
  input_.erase(0, newline + 1);
  net::Line line;
  line.bare_newline = line_.empty() || line_.back() != '\r';
  while (!line_.empty() && line_.back() == '\r') line_.pop_back();
  line.truncated = line_.size() > limit_bytes;
  line_.resize(std::min(line_.size(), limit_bytes));
  line.text = line_;
  co_return line;
}

Task<Result<std::string_view>> ScriptWire::read_some() {
  if (input_.empty()) {
    const Result<void> got = more();
    if (!got) co_return tl::unexpected(got.error());
  }
  co_return std::string_view(input_).substr(0, most_);
}

void ScriptWire::consume(std::size_t bytes) { input_.erase(0, bytes); }

// Nothing that was not read yet is there before the server's replies have fitted: the client waits for them.
std::string_view ScriptWire::pending() { return input_; }

Task<Result<void>> ScriptWire::flush() {
  if (!queued_.empty()) ++flushes_;
  transcript_ += queued_;
  output_ += queued_;
  queued_.clear();
  match_replies();
  co_return Result<void>();
}

Task<Result<net::TlsInfo>> ScriptWire::start_tls(const net::TlsStart&) {
  input_.clear();
  match_replies();
  if (next_ == steps_.size() || steps_[next_].kind != ScriptStep::Kind::tls) {
    const Result<void> got = more();
    if (!got) co_return tl::unexpected(got.error());
    input_.clear();
    co_return fail(Code::io,
                   "TLS library problem: error:0A00010B:SSL routines::wrong version number");
  }
  ++next_;
  net::TlsInfo info;
  info.protocol = "TLSv1.3";
  info.cipher = "TLS_AES_256_GCM_SHA384";
  info.cipher_bits = info.algorithm_bits = 256;
  info.key_exchange = "X25519";
  co_return info;
}

void ScriptWire::finish() {
  output_ += std::exchange(queued_, {});
  match_replies();
  for (; next_ < steps_.size(); ++next_) {
    const ScriptStep& step = steps_[next_];
    if (step.kind == ScriptStep::Kind::closed && closed_) continue;
    fail_at(step, fmt::format("not reached: \"{}\"", step.text));
  }
  if (!output_.empty()) failures_.push_back(fmt::format("at the end: unexpected \"{}\"", output_));
}

}  // namespace headgate::testing_support
