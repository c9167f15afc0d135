// Confirmer: one compiled pattern of a reference engine. It says whether a text matches, and with which captures.
// Whatever a scan proposes, this decides: PCRE2's interpreter for pcre:, glibc's regexec for regexp:.
//   Lifetime  immutable after construction; the Scratch is the caller's.
//   Threads   test() may be called from several threads, each with its own Scratch.
//   Errors    Answer::failed with the engine's own text ("match limit exceeded"); the caller warns as Postfix does.
//   Source    dict_pcre(3), dict_regexp(3) of Postfix 3.7. The process must be in the C locale: call setlocale nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::match {

class Scratch;

enum class Answer : std::uint8_t { no, yes, failed };

// Byte offsets into the subject. begin == end: the group is empty or took no part.
struct Group {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Outcome {
  Answer answer = Answer::no;
  std::string error;  // only with Answer::failed
};

constexpr std::size_t kLastByteReach =
    1'000;  // PCRE2 10.42 looks through 4,999, its first versions through 1,999

class Confirmer {
 public:
  Confirmer() = default;
  Confirmer(const Confirmer&) = delete;
  Confirmer& operator=(const Confirmer&) = delete;
  virtual ~Confirmer() = default;

  // `groups`, when given and the answer is yes, gets the captures by number; [0] is the whole match.
  virtual Outcome test(std::string_view subject, Scratch& scratch,
                       std::vector<Group>* groups) const = 0;

  [[nodiscard]] virtual std::size_t group_count() const = 0;

  // On a shorter subject the engine answers no before it tries anything; 0 where it does not tell.
  [[nodiscard]] virtual std::size_t least_bytes() const { return 0; }

  // A byte, of either case if it is a letter, without which the engine answers no before it tries anything, on subjects of at
  // most kLastByteReach bytes.
  [[nodiscard]] virtual std::optional<unsigned char> last_byte() const { return std::nullopt; }
};

// Why a pattern does not compile. `offset` into the pattern, npos where the engine does not tell.
struct PatternError {
  std::string
      text;  // as Postfix prints it: "error in regex at offset 1: missing closing parenthesis"
  std::size_t offset = std::string::npos;
};

}  // namespace headgate::match
