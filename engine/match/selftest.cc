// How it works: each reproducer is compiled alone and together with the others, since a library may choose another
// engine for a set. The first two are Vectorscan 5.4.9's false negatives, cut down; the rest walk through the engines
// (pure literal, class, repeat, anchored, alternation) so that any other broken build has a chance to show.
// Tested by tests/engine/match/selftest_test.cc.
#include "engine/match/selftest.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <hs/hs.h>

#include "engine/match/scanner.h"
#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

struct Reproducer {
  const char* pattern;
  unsigned flags;
  std::string_view text;
  bool matches;
};

constexpr unsigned kFlags = HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL;
constexpr std::array kReproducers = {
    Reproducer{R"(<%[\s\S]+%>)", kFlags | HS_FLAG_CASELESS, "<%out.print();int a%>", true},
    Reproducer{R"(curl.*\|\s*python)", kFlags, "curl http://xxx:8000/ 2>&1 | python", true},
    Reproducer{R"(curl.*\|\s*python)", kFlags | HS_FLAG_CASELESS,
               "CURL http://xxx:8000/ 2>&1 | python", true},
    Reproducer{R"(<%[\s\S]+%>)", kFlags, "<%out.print();int a>", false},
    Reproducer{R"(viagra)", kFlags | HS_FLAG_CASELESS,
               "Subject: buy ViAgRa now and save a lot of money", true},
    Reproducer{R"(viagra)", kFlags, "Subject: buy ViAgRa now and save a lot of money", false},
    Reproducer{R"(^Subject:.*[0-9]{3,5}\s*\$)", kFlags, "Subject: win 2500  $", true},
    Reproducer{R"(\bfree\b)", kFlags, "not freedom but free, at last", true},
    Reproducer{R"(\bfree\b)", kFlags, "freedom carefree", false},
    Reproducer{R"((foo|bar|[a-c]x)+\.(exe|scr|pif)$)", kFlags, "name=foobarax.scr", true},
    Reproducer{R"([\x80-\xff]{4})", kFlags, "caf\xc3\xa9 \xe2\x82\xac\xc3\xa9", true},
};

using Set = std::vector<const Reproducer*>;

// Ids are places in the set. Null, and told, when libhs does not take it.
hs_database* compile(const Set& set, SelfTest& result) {
  std::vector<const char*> patterns;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Reproducer* one : set) {
    patterns.push_back(one->pattern);
    flags.push_back(one->flags);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(patterns.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    result.missed.push_back(
        fmt::format("does not compile: {}", error != nullptr ? error->message : "?"));
    hs_free_compile_error(error);
    return nullptr;
  }
  return database;
}

void scan_set(const Set& set, const Scanner& scanner, SelfTest& result) {
  Scratch scratch;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto found = scanner.ids_in(set[i]->text, scratch);
    if (!found || found->contains(static_cast<unsigned>(i)) != set[i]->matches)
      result.missed.push_back(fmt::format("{} on {}", set[i]->pattern, set[i]->text));
  }
}

void run_set(const Set& set, SelfTest& result) {
  if (hs_database* database = compile(set, result); database != nullptr)
    scan_set(set, Scanner(database), result);
}

// A known false negative, a literal that is there and one that is not: together they are small.
Set few_reproducers() { return {&kReproducers[1], &kReproducers[4], &kReproducers[5]}; }

Set all_reproducers() {
  Set all;
  for (const Reproducer& one : kReproducers) all.push_back(&one);
  return all;
}

// As an image is used: laid out by one process, scanned where it lies by another.
void run_stored(SelfTest& result) {
  const Reproducer& one = kReproducers.front();
  constexpr std::string_view kText = "a database that is stored and used again";
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile(one.pattern, one.flags, HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    hs_free_compile_error(error);
    return;  // said already
  }
  const auto bytes = Scanner(database).laid_out();
  const std::size_t room = bytes ? (bytes->size() + 63) / 64 * 64 : 64;
  const std::shared_ptr<char> place(static_cast<char*>(std::aligned_alloc(64, room)), std::free);
  if (!bytes || place == nullptr) {
    result.missed.push_back(fmt::format("{}: cannot be", kText));
    return;
  }
  std::copy(bytes->begin(), bytes->end(), place.get());
  const auto scanner = Scanner::in_place({place.get(), bytes->size()}, place);
  Scratch scratch;
  const auto found = scanner == nullptr ? std::nullopt : scanner->ids_in(one.text, scratch);
  if (!found || !found->contains(0))
    result.missed.push_back(fmt::format("{}: {} on {}", kText, one.pattern, one.text));
}

std::string cpu_features() {
  hs_platform_info_t platform{};
  if (hs_populate_platform(&platform) != HS_SUCCESS) return "unknown";
  std::string features = "SSSE3";
  if ((platform.cpu_features & HS_CPU_FEATURES_AVX2) != 0) features += " AVX2";
  if ((platform.cpu_features & HS_CPU_FEATURES_AVX512) != 0) features += " AVX512";
  if ((platform.cpu_features & HS_CPU_FEATURES_AVX512VBMI) != 0) features += " AVX512VBMI";
  return features;
}

}  // namespace

HyperscanBuild hyperscan_build() {
  hs_platform_info_t platform{};
  if (hs_populate_platform(&platform) != HS_SUCCESS) return {hs_version(), "unknown"};
  return {hs_version(), fmt::format("{}, tune {}", cpu_features(), platform.tune)};
}

namespace {

// What can be known without a scan; false: nothing more need be tried.
bool begin(SelfTest& result) {
  result.library = hs_version();
  if (hs_valid_platform() != HS_SUCCESS) {
    result.problem =
        "this CPU lacks what libhs needs (SSSE3): it is not used, patterns are tried one by one; a "
        "virtual machine may have to be told to show its host's CPU";
    return false;
  }
  result.cpu = cpu_features();
  return true;
}

SelfTest judged(SelfTest result) {
  result.ok = result.missed.empty();
  if (!result.ok) {
    result.problem = fmt::format(
        "libhs {} gives wrong answers ({} of its self-tests fail, the first: {}): it is not used, "
        "patterns are tried one "
        "by one; reinstall libhyperscan5 (libvectorscan5 will not do) and restart",
        result.library, result.missed.size(), result.missed.front());
  }
  return result;
}

}  // namespace

SelfTest run_selftest() {
  SelfTest result;
  if (!begin(result)) return result;
  for (const Reproducer& one : kReproducers) run_set({&one}, result);
  run_set(all_reproducers(), result);
  run_stored(result);
  return judged(std::move(result));
}

SelfTest run_selftest(const Scanner& database) {
  SelfTest result;
  if (!begin(result)) return result;
  scan_set(few_reproducers(), database, result);
  return judged(std::move(result));
}

std::string selftest_database() {
  static const std::string database = [] {
    SelfTest ignored;
    hs_database* compiled = compile(few_reproducers(), ignored);
    return compiled == nullptr ? std::string() : Scanner(compiled).laid_out().value_or("");
  }();
  return database;
}

}  // namespace headgate::match
