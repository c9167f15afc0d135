// lookup_collider [--seed N] [--lookups N] [--minutes N] [--jobs N] [--keys N] [--table N] [--show N] [--near] [--tables DIR]
// Random tables, random keys: headgate against the installed Postfix, both in this process, thousands of lookups a second.
// What is compared: the table's warnings, and for each key the value, whether there is one, and the warnings, in order.
// A difference is minimised and printed as a case for tests/cases/rules. --table N plays that one table again.
// --near: keys are made from the patterns' trees: they match, or miss by a byte. --tables: each file of a folder, as a table of
// both dialects, instead of random ones.
// Exit 0: no difference; 1: some, or headgate died or hung; 77: no Postfix here.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "tests/collide/lookups/crew.h"

namespace headgate::collide {

namespace {

// The files of a folder, each of which is a table twice.
bool take_tables(const std::string& folder, Orders& orders) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.is_regular_file())
      orders.files.push_back(std::filesystem::absolute(entry.path()).string());
  std::sort(orders.files.begin(), orders.files.end());
  return !error && !orders.files.empty();
}

bool parse(int argc, char** argv, Orders& orders) {
  for (int i = 1; i < argc; i += 2) {
    const std::string word = argv[i];
    if (word == "--near") {
      orders.near = true;
      --i;
      continue;
    }
    if (i + 1 == argc) return false;
    if (word == "--tables") {
      if (!take_tables(argv[i + 1], orders)) return false;
      continue;
    }
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(argv[i + 1], &end, 10);
    if (end == argv[i + 1] || *end != '\0') return false;
    if (word == "--seed") {
      orders.seed = number;
    } else if (word == "--lookups") {
      orders.lookups = number;
    } else if (word == "--minutes") {
      orders.time = std::chrono::minutes(number);
      orders.lookups = ~std::uint64_t{0};
    } else if (word == "--jobs" && number > 0) {
      orders.jobs = static_cast<unsigned>(number);
    } else if (word == "--keys") {
      orders.keys = number;
    } else if (word == "--show") {
      orders.show = static_cast<unsigned>(number);
    } else if (word == "--table") {
      orders.first_table = number;
      orders.most_tables = 1;
      orders.jobs = 1;
    } else {
      return false;
    }
  }
  const std::uint64_t files = orders.files.size() * 2;
  if (files > 0 && orders.first_table >= files) return false;
  if (files > 0) orders.most_tables = std::min(orders.most_tables, files - orders.first_table);
  return true;
}

int report(const Orders& orders, const Tally& t, double seconds) {
  fmt::print(
      "seed {}: {} lookups in {} tables on each path, {:.0f} lookups/s, {} found, {} warnings of "
      "Postfix's\n",
      orders.seed, t.lookups, t.tables, static_cast<double>(t.lookups) / seconds, t.hits,
      t.warnings);
  if (t.cut_short + t.postfix_slow + t.postfix_died > 0)
    fmt::print(
        "  because of Postfix itself: {} tables cut short, {} given up as too slow, {} it died "
        "of; headgate played {} of them alone\n",
        t.cut_short, t.postfix_slow, t.postfix_died, t.played_alone);
  if (t.bombs > 0)
    fmt::print("  {} tables with a pattern that takes too long or too much\n", t.bombs);
  fmt::print("  differences = {}", t.differences);
  if (t.headgate_slow + t.headgate_died > 0)
    fmt::print(", headgate hung {} times, died {} times", t.headgate_slow, t.headgate_died);
  if (t.no_place > 0) fmt::print(", {} workers could not use their directory", t.no_place);
  fmt::print("\n");
  const std::uint64_t wrong = t.differences + t.headgate_slow + t.headgate_died + t.no_place;
  return wrong == 0 && t.lookups > 0 ? 0 : 1;
}

}  // namespace

}  // namespace headgate::collide

int main(int argc, char** argv) {
  using namespace headgate::collide;  // NOLINT
  Orders orders;
  if (!parse(argc, argv, orders)) {
    fmt::print(stderr,
               "usage: lookup_collider [--seed N] [--lookups N | --minutes N] [--jobs N] [--keys "
               "N] [--table N] [--show N] [--near] [--tables DIR]\n");
    return 64;
  }
  const auto judge = Judge::load();
  if (!judge) {
    fmt::print(stderr, "SKIP: {}\n", judge.error().text());
    return 77;
  }
  // Images are published with fsync: memory serves as well as a disk here.
  const std::filesystem::path memory = "/dev/shm";
  const auto place =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  std::string directory = (place / "lookups-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return 74;
  const auto begin = std::chrono::steady_clock::now();
  const Tally tally = hold_contests(*judge, orders, directory);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::filesystem::remove_all(directory);
  return report(orders, tally, took.count());
}
