// Tested by tests/tables/map_agrees_test.py and map_types_test.py, both beside postmap(1).
#include "smtpd/cli/map_list.h"

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/base64.h"
#include "smtpd/cli/map_types.h"
#include "smtpd/cli/map_voice.h"
#include "tables/inline_table.h"
#include "tables/map_maker.h"
#include "tables/open.h"
#include "tables/text_table.h"
#include "tables/type_spec.h"
#include "tables/utf8_table.h"

namespace headgate::cli {

namespace {

constexpr int kListed = 0, kFailed = 1;
constexpr std::size_t kBufferBytes = 65536;

// Writes entries; with -F what their values decode to.
class EntryWriter {
 public:
  EntryWriter(Invocation& invocation, MapVoice& voice, bool decode, std::string table)
      : invocation_(invocation), voice_(voice), decode_(decode), table_(std::move(table)) {}

  EntryWriter(const EntryWriter&) = delete;
  EntryWriter& operator=(const EntryWriter&) = delete;

  ~EntryWriter() { flush(); }

  bool write(std::string_view key, std::string_view value) {
    std::string decoded;
    if (decode_) {
      auto bytes = text::decode_base64(value);
      if (!bytes) {
        voice_.warn(
            fmt::format("table {}: key {}: malformed BASE64 value: {}", table_, key, value));
        return true;
      }
      value = decoded = std::move(*bytes);
    }
    if (invocation_.json) {
      const nlohmann::ordered_json entry = {{"key", key}, {"value", value}};
      lines_ += entry.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
    } else {
      (lines_.append(key) += '\t').append(value) += '\n';
    }
    if (lines_.size() >= kBufferBytes) flush();
    return static_cast<bool>(invocation_.out);
  }

 private:
  void flush() {
    invocation_.out.write(lines_.data(), static_cast<std::streamsize>(lines_.size()));
    lines_.clear();
  }

  Invocation& invocation_;
  MapVoice& voice_;
  bool decode_;
  std::string table_, lines_;
};

}  // namespace

int list_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings) {
  MapVoice voice(invocation, settings.smtputf8_enable);
  const std::string& spec = options.tables.front();
  const auto refuse = [&voice](std::string_view text) {
    voice.fatal(text);
    return kFailed;
  };
  const auto split = tables::split_type(spec);
  if (!split) return refuse(split.error().text());
  std::string why;
  const MapListing listing = listing_of(split->type, split->name, why);
  if (listing == MapListing::refused) return refuse(why);

  EntryWriter writer(invocation, voice, options.files, spec);
  const tables::VisitEntry visit = [&writer](std::string_view key, std::string_view value) {
    return writer.write(key, value);
  };
  tables::OpenOptions open;
  open.fold = options.fold;
  open.utf8 = settings.smtputf8_enable && !options.disable_utf8;
  open.duplicates = true;
  if (listing ==
      MapListing::stead) {  // whether it may stand in, and what to do if not, its opening says
    const auto opened = tables::open_table(spec, invocation.programs, voice.sink(), open);
    if (!opened) return refuse(opened.error().text());
  }
  if (listing == MapListing::compiled || listing == MapListing::stead) {
    auto listed = tables::for_each_entry(split->type, std::string(split->name), visit);
    return listed ? kListed : refuse(listed.error().text());
  }
  if (listing == MapListing::text) {
    auto listed = split->type == "inline"
                      ? tables::for_each_inline_entry(spec, split->name, open, visit)
                      : tables::for_each_text_entry(spec, std::string(split->name), voice.sink(),
                                                    open, visit);
    return listed ? kListed : refuse(listed.error().text());
  }
  const auto opened = tables::open_table(spec, invocation.programs, voice.sink(), open);
  if (!opened) return refuse(opened.error().text());
  return refuse(
      fmt::format("table {}: sequence operation is not supported", tables::shown_name(spec)));
}

}  // namespace headgate::cli
