// How it works: leave out halves, quarters … single items as long as a difference remains, first of the lines, then of the
// key's bytes, then of each line's bytes. Any difference will do: a smaller one is usually the same mistake.
#include "tests/collide/lookups/minimise.h"

#include <fmt/format.h>

namespace headgate::collide {

namespace {

class Minimiser {
 public:
  Minimiser(const Judge& judge, Finding finding, const std::function<void(Phase)>& phase)
      : judge_(judge), phase_(phase), best_(std::move(finding)) {}

  Finding run() {
    for (int round = 0; round < 3; ++round) {
      const std::string before = case_text(best_);
      shorten(best_.table.lines.size(), [](Finding& candidate, std::size_t at, std::size_t count) {
        auto& lines = candidate.table.lines;
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at),
                    lines.begin() + static_cast<std::ptrdiff_t>(at + count));
      });
      if (best_.difference.key) {
        shorten(best_.difference.key->size(),
                [](Finding& candidate, std::size_t at, std::size_t count) {
                  candidate.difference.key->erase(at, count);
                });
      }
      for (std::size_t line = 0; line < best_.table.lines.size(); ++line) {
        shorten(best_.table.lines[line].size(),
                [line](Finding& candidate, std::size_t at, std::size_t count) {
                  candidate.table.lines[line].erase(at, count);
                });
      }
      if (case_text(best_) == before) break;
    }
    return best_;
  }

 private:
  static constexpr int kMostTries = 1500;

  template <class Remove>
  void shorten(std::size_t size, const Remove& remove) {
    for (std::size_t count = std::max<std::size_t>(1, size / 2); size > 0; count /= 2) {
      for (std::size_t at = 0; at < size && tries_ < kMostTries;) {
        const std::size_t some = std::min(count, size - at);
        Finding candidate = best_;
        remove(candidate, at, some);
        if (still_differs(candidate)) {
          best_ = std::move(candidate);
          size -= some;
        } else {
          at += some;
        }
      }
      if (count <= 1) break;
    }
  }

  bool still_differs(Finding& candidate) {
    ++tries_;
    std::vector<std::string> keys;
    if (candidate.difference.key) keys.push_back(*candidate.difference.key);
    auto outcome = contest(judge_, candidate.table, keys, phase_);
    if (!outcome.difference ||
        outcome.difference->key.has_value() != candidate.difference.key.has_value())
      return false;
    candidate.difference = std::move(*outcome.difference);
    return true;
  }

  const Judge& judge_;
  const std::function<void(Phase)>& phase_;
  Finding best_;
  int tries_ = 0;
};

std::string escape(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c < ' ' || c > '~' || (c == ' ' && (i == 0 || i + 1 == bytes.size())))
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

// A text that would be read as something else gets its first byte escaped.
std::string escape_field(std::string_view bytes) {
  std::string out = escape(bytes);
  for (const std::string_view word :
       {"none", "emergency ", "warning: ", "error: ", "-----", "====="}) {
    if (out.starts_with(word))
      out = fmt::format("\\x{:02x}", static_cast<unsigned>(out[0])) + out.substr(1);
  }
  for (const std::string_view mark : {"=>", "  line "}) {
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark))
      out.replace(at, 1, fmt::format("\\x{:02x}", static_cast<unsigned>(out[at])));
  }
  return out;
}

}  // namespace

Finding minimise(const Judge& judge, Finding finding, const std::function<void(Phase)>& phase) {
  return Minimiser(judge, std::move(finding), phase).run();
}

std::string case_text(const Finding& finding) {
  const Table& table = finding.table;
  const char* dialect = table.dialect == rules::Dialect::pcre ? "pcre:" : "regexp:";
  std::string out;
  if (table.is_inline) {
    out = dialect + table.text() + "\n";
  } else {
    out = fmt::format("{} escaped\n", dialect);
    std::string text = table.text();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out += escape_field(std::string_view(text).substr(at, end - at)) + "\n";
      at = end + 1;
    }
  }
  out += "----------\n";
  for (const std::string& warning : finding.difference.opening)
    out += "warning: " + escape(warning) + "\n";
  if (finding.difference.key) {
    const Answer& answer = finding.difference.expected;
    out += fmt::format("{} => {}\n", escape_field(*finding.difference.key),
                       answer.value ? escape_field(*answer.value) : "none");
    for (const std::string& warning : answer.warnings) out += "warning: " + escape(warning) + "\n";
  }
  return out;
}

std::string describe(const Answer& answer) {
  std::string out = answer.value ? "\"" + escape(*answer.value) + "\"" : "none";
  if (!answer.error.empty()) out += " error: " + answer.error;
  for (const std::string& warning : answer.warnings) out += "\n      warning: " + escape(warning);
  return out;
}

}  // namespace headgate::collide
