// ratios: the table of what the engine must reach, measured in one run.
//   ratios [--data DIR] [--kept DIR] [--rounds N] [--seed N] [--limit SECONDS] [--only WORD[,WORD…]] [--skip WORD[,…]]
//          [--json FILE] [--yardstick COMMAND] [--list]
// --data: where bench/data/generate.py wrote (default build/data); --kept: images and the databases of peers, so that the
// second run is quick; --limit: of a peer's compilation; --only and --skip take the names that --list prints, or their
// beginnings. --yardstick: a command whose output is printed below, with $DATA for the folder.
// Exit: 0, also where a row misses its must; 64 usage.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/engine/rows.h"

namespace headgate::ratios {
namespace {

struct Options {
  std::string data = "build/data", kept, json, yardstick;
  std::vector<std::string> only, skip;
  bool list = false;
  Plan plan;
};

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) out.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--list") {
      options.list = true;
      continue;
    }
    if (++i == argc) return false;
    const std::string value = argv[i];
    if (name == "--data")
      options.data = value;
    else if (name == "--kept")
      options.kept = value;
    else if (name == "--json")
      options.json = value;
    else if (name == "--yardstick")
      options.yardstick = value;
    else if (name == "--only")
      options.only = words(value);
    else if (name == "--skip")
      options.skip = words(value);
    else if (name == "--rounds")
      options.plan.rounds = std::max(1UL, std::strtoul(value.c_str(), nullptr, 10));
    else if (name == "--seed")
      options.plan.seed = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "--limit")
      options.plan.compile_limit = std::chrono::seconds(std::strtoul(value.c_str(), nullptr, 10));
    else
      return false;
  }
  if (options.kept.empty()) options.kept = options.data + "/kept";
  return true;
}

bool named(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::any_of(list, [&](const std::string& one) { return name.starts_with(one); });
}

std::string_view judge(const Row& row, double value) {
  const auto reaches = [&](double goal) {
    return row.better == Better::more ? value >= goal : value <= goal;
  };
  return reaches(row.aim) ? "AIM" : reaches(row.must) ? "must" : "missed";
}

std::string print(const Row& row, const Outcome& outcome) {
  const std::string measure = fmt::format("{:<76}", row.measure);
  if (!outcome.problem.empty()) return fmt::format("{} no figure: {}\n", measure, outcome.problem);
  const peers::Spread& value = outcome.value;
  const std::string spread = fmt::format("[{:.4g}..{:.4g}]", value.least, value.most);
  return fmt::format("{} {:>8.4g} {:<2} {:<20} {:>6g} {:>6g}  {:<6}\n    {}: {}\n", measure,
                     value.median, row.unit, spread, row.must, row.aim, judge(row, value.median),
                     row.name, outcome.detail);
}

nlohmann::ordered_json as_json(const Row& row, const Outcome& outcome) {
  nlohmann::ordered_json out = {
      {"name", row.name},        {"measure", row.measure},
      {"unit", row.unit},        {"must", row.must},
      {"aim", row.aim},          {"better", row.better == Better::more ? "more" : "less"},
      {"detail", outcome.detail}};
  if (!outcome.problem.empty()) {
    out["problem"] = outcome.problem;
    return out;
  }
  out["median"] = outcome.value.median;
  out["least"] = outcome.value.least;
  out["most"] = outcome.value.most;
  out["reached"] = judge(row, outcome.value.median);
  return out;
}

// How busy the machine is: what others do to caches and clocks shows in the figures all the same.
std::string load_average() {
  std::string words;
  std::getline(std::ifstream("/proc/loadavg"), words);
  return words;
}

int run(const Options& options) {
  Inputs inputs(options.data, options.kept);
  if (!options.list) std::cout << "load average: " << load_average() << '\n';
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  std::cout << fmt::format("{:<76} {:>8}    {:<20} {:>6} {:>6}\n", "measure", "median",
                           "least..most", "must", "aim");
  for (const Row& row : rows()) {
    if (!options.only.empty() && !named(options.only, row.name)) continue;
    if (named(options.skip, row.name)) continue;
    if (options.list) {
      std::cout << fmt::format("{:<12} {}\n", row.name, row.measure);
      continue;
    }
    const Outcome outcome = row.run(inputs, options.plan);
    std::cout << print(row, outcome) << std::flush;
    document.push_back(as_json(row, outcome));
  }
  if (!options.list) std::cout << "load average: " << load_average() << '\n';
  if (!options.json.empty()) std::ofstream(options.json) << document.dump(1) << '\n';
  if (options.yardstick.empty() || options.list) return 0;
  std::cout << "\nyardstick: " << options.yardstick << '\n' << std::flush;
  setenv("DATA", options.data.c_str(), 1);
  return std::system(options.yardstick.c_str()) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace headgate::ratios

int main(int argc, char** argv) {
  headgate::ratios::Options options;
  if (!headgate::ratios::parse(argc, argv, options)) {
    std::cerr
        << "usage: ratios [--data DIR] [--kept DIR] [--rounds N] [--seed N] [--limit SECONDS] "
           "[--only WORDS] [--skip WORDS] [--json FILE] [--yardstick COMMAND] [--list]\n";
    return 64;
  }
  return headgate::ratios::run(options);
}
