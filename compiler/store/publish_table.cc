// Tested by tests/compiler/store/image_source_test.cc.
#include "compiler/store/publish_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/image_writer.h"
#include "compiler/back/shortage.h"
#include "compiler/store/cache_key.h"
#include "compiler/store/image_cache.h"
#include "engine/base/file.h"
#include "engine/rules/mail_sample.h"

namespace headgate::store {

namespace {

Result<void> leave_out(std::string_view ways, back::Switches& switches) {
  while (!ways.empty()) {
    const std::string_view way = ways.substr(0, ways.find(','));
    ways.remove_prefix(std::min(way.size() + 1, ways.size()));
    if (way == "rows")
      switches.rows = false;
    else if (way == "spellings")
      switches.spelled = false;
    else
      return fail(Code::invalid, fmt::format("there is no way \"{}\" to leave out", way));
  }
  return {};
}

Result<rules::MailSample> read_mail(const std::string& file) {
  TRY(bytes, read_file(file));
  auto sample = rules::parse_mail_sample(bytes);
  if (!sample) sample.error().where = file;
  return sample;
}

}  // namespace

Result<void> publish_table(rules::Dialect dialect, const std::string& name,
                           const compiler::TableText& text, const rules::ImageSettings& settings,
                           const compiler::CompileOptions& options, const Env& env) {
  const std::string made_by = environment();
  const Digest key = cache_key(dialect, name, text.text, settings, made_by);
  compiler::CompileOptions asking = options;
  TRY_OK(leave_out(settings.choice.without, asking.switches));
  rules::MailSample mail;
  if (!settings.choice.mail_file.empty()) {
    TRY(sample, read_mail(settings.choice.mail_file));
    mail = std::move(sample);
    asking.mail = &mail;
  }
  back::Shortage shortage;
  asking.shortage = &shortage;
  const rules::CompiledTable table = compiler::compile_table(dialect, name, text, asking);
  // What the machine could not do today would be missing for as long as the table does not change.
  if (shortage.any()) {
    return fail(Code::unavailable,
                shortage.what + ": nothing is kept, it is compiled again at the next reload", name);
  }
  TRY(image, back::write_image(table, key, made_by));
  return ImageCache(settings.directory, env).publish(key, image);
}

}  // namespace headgate::store
