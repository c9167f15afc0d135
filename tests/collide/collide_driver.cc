// collide_driver TABLEDIR INPUTDIR -c CONFDIR [-o OUT] [--modes h,b,hb,hm,bm,hbm,q] [--paths scan,confirm]
// Runs `headgate map -q -` in process for every table (*.pcre *.regexp, and *.inline: a table spec a file) and input
// (*.eml: messages, *.keys: keys, a line each) and writes what it printed, a JSON record a line, in the form of
// the oracle: {"table","mode","input","rc","out":[lines],"warn":[lines]} plus "path". Bytes are Latin-1 characters.
// Two paths: `scan` (Hyperscan proposes, the reference matcher confirms) and `confirm` (the reference matcher alone);
// collide.py holds both against Postfix.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "engine/base/text.h"
#include "smtpd/cli/map.h"
#include "smtpd/config/load.h"

namespace headgate::collide {

namespace {

constexpr std::string_view kPrefix = "headgate: ";

struct Arguments {
  std::string tables, inputs, configuration, output;
  std::vector<std::string> modes{"h", "b", "hb", "hm", "bm", "hbm", "q"};
  std::vector<std::string> paths{"scan", "confirm"};
  config::SettingsPtr settings;  // of `configuration`, read once
};

struct Input {
  std::string name, bytes;
  bool is_message = false;
};

// Compiles a table once, although each case opens it anew; the diagnostics come back each time.
class CachingSource final : public rules::ProgramSource {
 public:
  explicit CachingSource(rules::ProgramSource& source) : source_(source) {}

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override {
    if (!cached_ || dialect != dialect_ || name != name_) {
      cached_ = source_.load(dialect, name);
      dialect_ = dialect;
      name_ = name;
    }
    return *cached_;
  }

 private:
  rules::ProgramSource& source_;
  std::optional<Result<rules::CompiledTable>> cached_;
  rules::Dialect dialect_ = rules::Dialect::pcre;
  std::string name_;
};

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::vector<std::string> names_in(const std::string& directory,
                                  const std::vector<std::string>& extensions) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string extension = entry.path().extension().string();
    if (std::find(extensions.begin(), extensions.end(), extension) != extensions.end())
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string json_string(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7E) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_lines(std::string_view bytes, std::string_view prefix) {
  std::string out = "[";
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    std::string_view line = bytes.substr(0, newline);
    if (!prefix.empty() && line.starts_with(prefix)) line.remove_prefix(prefix.size());
    if (out.size() > 1) out += ", ";
    out += json_string(line);
    bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
  }
  return out + ']';
}

std::string spec_of(const std::string& table) {
  const std::filesystem::path path(table);
  if (path.extension() == ".inline") return std::string(text::trim(read_all(path)));
  return path.extension().string().substr(1) + ':' + table;
}

// One case: what `headgate map` prints for this table, mode and input, as a record.
std::string record(const Arguments& arguments, const std::string& path,
                   rules::ProgramSource& programs, const std::string& table,
                   const std::string& mode, const Input& input) {
  std::istringstream in(input.bytes);
  std::ostringstream out, err;
  std::vector<std::string> words{"-q", "-", spec_of(table)};
  if (mode != "q") words.insert(words.begin(), "-" + mode);
  if (path == "confirm") words.insert(words.begin(), "--confirm-only");
  cli::Invocation invocation{words, arguments.configuration, {}, 0, false, programs, in, out, err};
  const int status = cli::run_map(invocation, cli::parse_map_options(words), arguments.settings);
  return fmt::format(
      R"({{"table": {}, "mode": "{}", "input": {}, "path": "{}", "rc": {}, "out": {}, "warn": {}}})"
      "\n",
      json_string(table), mode, json_string(input.name), path, status, json_lines(out.str(), {}),
      json_lines(err.str(), kPrefix));
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  for (const auto item : text::split(list, ",")) out.emplace_back(item);
  return out;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  std::vector<std::string> places;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with('-')) {
      places.push_back(word);
      continue;
    }
    if (++i == argc) return false;
    if (word == "-c")
      arguments.configuration = std::filesystem::absolute(argv[i]);
    else if (word == "-o")
      arguments.output = std::filesystem::absolute(argv[i]);
    else if (word == "--modes")
      arguments.modes = split(argv[i]);
    else if (word == "--paths")
      arguments.paths = split(argv[i]);
    else
      return false;
  }
  if (places.size() != 2 || arguments.configuration.empty()) return false;
  arguments.tables = std::filesystem::absolute(places[0]);
  arguments.inputs = std::filesystem::absolute(places[1]);
  return true;
}

int run(const Arguments& arguments) {
  std::vector<Input> inputs;
  for (const std::string& name : names_in(arguments.inputs, {".eml", ".keys"}))
    inputs.push_back(
        {name, read_all(std::filesystem::path(arguments.inputs) / name), name.ends_with(".eml")});
  std::ofstream file;
  if (!arguments.output.empty()) file.open(arguments.output, std::ios::binary);
  std::ostream& out = arguments.output.empty() ? std::cout : file;
  std::filesystem::current_path(
      arguments.tables);  // so that warnings name tables as the oracle's do
  for (const std::string& path : arguments.paths) {
    compiler::CompilingSource compiling;
    CachingSource programs(compiling);
    for (const std::string& table : names_in(".", {".pcre", ".regexp", ".inline"})) {
      for (const Input& input : inputs) {
        for (const std::string& mode : arguments.modes) {
          if ((mode == "q") == input.is_message) continue;
          out << record(arguments, path, programs, table, mode, input);
        }
      }
    }
  }
  out.flush();
  return out ? 0 : 74;
}

}  // namespace

}  // namespace headgate::collide

int main(int argc, char** argv) {
  headgate::collide::Arguments arguments;
  if (headgate::collide::parse(argc, argv, arguments)) {
    headgate::config::LoadOptions load;
    load.directory = arguments.configuration;
    const auto configuration = headgate::config::load(load);
    if (configuration) {
      arguments.settings = configuration->main;
      return headgate::collide::run(arguments);
    }
    std::cerr << "collide_driver: " << configuration.error().text() << '\n';
    return 78;
  }
  std::cerr << "usage: collide_driver TABLEDIR INPUTDIR -c CONFDIR [-o OUT] [--modes LIST] "
               "[--paths LIST]\n";
  return 64;
}
