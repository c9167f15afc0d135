// Tested by tests/compiler/store/image_source_test.cc.
#include "compiler/store/publish_table.h"

#include "compiler/back/image_writer.h"
#include "compiler/back/shortage.h"
#include "compiler/store/cache_key.h"
#include "compiler/store/image_cache.h"

namespace headgate::store {

Result<void> publish_table(rules::Dialect dialect, const std::string& name,
                           const compiler::TableText& text, const rules::ImageSettings& settings,
                           const compiler::CompileOptions& options, const Env& env) {
  const std::string made_by = environment();
  const Digest key = cache_key(dialect, name, text.text, settings, made_by);
  compiler::CompileOptions asking = options;
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
