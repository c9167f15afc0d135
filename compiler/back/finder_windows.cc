// Tested by tests/compiler/back/finder_windows_test.cc.
#include "compiler/back/finder_windows.h"

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "compiler/analyse/frequency.h"

namespace headgate::back {

namespace {

// Of more literals, some window is found in most texts, and a database is faster. Measured on headers.
constexpr std::size_t kMostLiterals = 500;
// More literals with the same window are not worth it: each is compared where that window is found.
constexpr std::uint32_t kMostAlike = 32;
// What the table takes for rarest is found now and then all the same.
constexpr double kLeastFrequency = 1e-6;

struct Known {
  double frequency = 0;
  std::uint32_t literals = 0;  // that are found by it
};

class Choice {
 public:
  // Chooses where the windows of the literal begin; false when all places are crowded.
  bool place(match::SoughtLiteral& literal, match::Windows windows) {
    const std::string_view bytes = literal.bytes;
    double least = std::numeric_limits<double>::max();
    for (std::uint32_t at = 0; at + windows.span() <= bytes.size(); ++at) {
      double cost = 0;
      bool crowded = false;
      for (std::uint32_t i = at; i < at + windows.stride; ++i) {
        const Known& known = look_up(bytes.substr(i, windows.width));
        cost += known.frequency * (1 + known.literals);
        crowded = crowded || known.literals >= kMostAlike;
      }
      if (crowded || cost >= least) continue;
      least = cost;
      literal.at = at;
    }
    if (least == std::numeric_limits<double>::max()) return false;
    for (std::uint32_t i = literal.at; i < literal.at + windows.stride; ++i)
      ++look_up(bytes.substr(i, windows.width)).literals;
    return true;
  }

 private:
  Known& look_up(std::string_view window) {
    const auto [at, is_new] = known_.try_emplace(match::window_key(window));
    if (is_new) {
      at->second.frequency =
          kLeastFrequency + analyse::frequency_of(analyse::Literal{std::string(window), true});
    }
    return at->second;
  }

  std::unordered_map<std::uint32_t, Known> known_;
};

}  // namespace

std::shared_ptr<const match::LiteralFinder> make_finder(
    const std::vector<const analyse::Literal*>& literals, const std::vector<std::uint32_t>& ids) {
  if (literals.size() > kMostLiterals) return nullptr;
  std::vector<match::SoughtLiteral> sought;
  for (std::size_t i = 0; i < literals.size(); ++i)
    sought.push_back({ids[i], literals[i]->bytes, literals[i]->caseless, 0});
  const unsigned stride = match::stride_of(sought);
  std::array<Choice, 3> by_width;  // of 1, 2, 4
  for (match::SoughtLiteral& literal : sought) {
    const match::Windows windows = match::windows_of(literal.bytes.size(), stride);
    if (!by_width[windows.width / 2].place(literal, windows)) return nullptr;
  }
  return match::LiteralFinder::make(std::move(sought));
}

}  // namespace headgate::back
