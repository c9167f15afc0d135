// Warnings are compared as they would be logged: Postfix makes them printable before anybody sees them.
#include "tests/collide/lookups/paths.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/image_writer.h"
#include "compiler/compile.h"
#include "compiler/store/cache_key.h"
#include "compiler/store/image_cache.h"
#include "engine/base/env.h"
#include "engine/base/text.h"
#include "engine/rules/image.h"
#include "tests/support/block_lookup.h"

namespace headgate::collide {

namespace {

OurPath make_path(std::string name, const rules::CompiledTable& table, rules::Path path) {
  OurPath ours;
  ours.name = std::move(name);
  for (const Diagnostic& diagnostic : table.diagnostics)
    ours.warnings.push_back(text::printable(diagnostic.text));
  ours.said = std::make_shared<std::vector<std::string>>();
  const WarningSink sink = [said = ours.said](const Diagnostic& diagnostic) {
    said->push_back(text::printable(diagnostic.text));
  };
  ours.lookup = std::make_unique<rules::ProgramLookup>(table.full, "t", sink, path);
  return ours;
}

// What Lookups of the room tables say of it at each question.
OurPath broken(rules::Dialect dialect, const std::string& name, const std::string& error) {
  OurPath ours;
  ours.name = "scan";
  ours.error = text::printable(
      fmt::format("{}:{} is unavailable. {}", rules::name_of(dialect), name, error));
  ours.warnings.push_back(text::printable(error));
  return ours;
}

// From memory that is aligned as a mapping is.
Result<rules::CompiledTable> read_back(const std::string& bytes, const Digest& key) {
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  constexpr std::size_t kAlignment = rules::kImageDatabaseAlignment;
  const std::size_t room = (bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  const std::shared_ptr<void> memory(std::aligned_alloc(kAlignment, room), Free{});
  std::memcpy(memory.get(), bytes.data(), bytes.size());
  const std::string_view image(static_cast<const char*>(memory.get()), bytes.size());
  return rules::read_image(image, memory, key);
}

void add_image(const char* name, const Result<rules::CompiledTable>& table,
               std::vector<OurPath>& paths) {
  OurPath ours;
  if (table) {
    ours = make_path(name, *table, rules::Path::scan);
  } else {
    ours.name = name;
    ours.warnings.push_back("image: " + table.error().text());
  }
  paths.push_back(std::move(ours));
}

// Of the optimisations, the one that this table does without.
back::Switches one_off(const std::string& text) {
  back::Switches switches;
  constexpr std::array kAll = {&back::Switches::literals, &back::Switches::gates,
                               &back::Switches::names,    &back::Switches::also,
                               &back::Switches::spelled,  &back::Switches::guards,
                               &back::Switches::regexes,  &back::Switches::blocks,
                               &back::Switches::rows,     &back::Switches::finders};
  switches.*kAll[std::hash<std::string>()(text) % kAll.size()] = false;
  return switches;
}

}  // namespace

Answer OurPath::find(const std::string& key) {
  Answer answer;
  if (lookup == nullptr) {
    answer.error = "the table cannot be opened";
    answer.warnings.push_back(error);
    return answer;
  }
  said->clear();
  auto found = in_blocks ? find_in_block(*lookup, key) : lookup->find(key);
  if (!found)
    answer.error = found.error().text();
  else if (*found)
    answer.value = std::move((*found)->value);
  answer.warnings = *said;
  return answer;
}

std::vector<OurPath> open_paths(rules::Dialect dialect, const std::string& name, bool is_inline,
                                const std::string& text) {
  std::vector<OurPath> paths;
  const auto source = is_inline ? compiler::read_table(dialect, name)
                                : Result<compiler::TableText>(compiler::TableText{text, name});
  if (!source) {
    paths.push_back(broken(dialect, name, source.error().text()));
    return paths;
  }
  const auto table = compiler::compile_table(dialect, name, *source, {});
  compiler::CompileOptions no_scan;
  no_scan.use_hyperscan = false;
  const auto unscanned = compiler::compile_table(dialect, name, *source, no_scan);
  paths.push_back(make_path("scan", table, rules::Path::scan));
  paths.push_back(make_path("block", table, rules::Path::scan));
  paths.back().in_blocks = true;
  compiler::CompileOptions without;
  without.switches = one_off(source->text);
  paths.push_back(make_path("without", compiler::compile_table(dialect, name, *source, without),
                            rules::Path::scan));
  paths.back().in_blocks = true;
  paths.push_back(make_path("unbuilt", unscanned, rules::Path::scan));
  paths.push_back(make_path("confirm", table, rules::Path::confirm_only));

  const Digest key = store::cache_key(dialect, name, source->text, {}, "collider");
  const auto bytes = back::write_image(table, key, "collider");
  if (!bytes) {
    paths.push_back(broken(dialect, name, bytes.error().text()));
    return paths;
  }
  add_image("cold", read_back(*bytes, key), paths);
  const SystemEnv env;
  const store::ImageCache cache("images", env);
  const auto published = cache.publish(key, *bytes);
  auto found = published ? cache.find(key) : tl::unexpected(published.error());
  std::filesystem::remove(cache.path_of(key));
  add_image("warm", found.map([](store::FoundImage& image) { return std::move(image.table); }),
            paths);
  return paths;
}

}  // namespace headgate::collide
