// Tested by tests/compiler/store/image_source_test.cc.
#include "compiler/store/publish_table.h"

#include "compiler/back/image_writer.h"
#include "compiler/store/cache_key.h"
#include "compiler/store/image_cache.h"

namespace headgate::store {

Result<void> publish_table(rules::Dialect dialect, const std::string& name,
                           const compiler::TableText& text, const rules::ImageSettings& settings,
                           const compiler::CompileOptions& options, const Env& env) {
  const std::string made_by = environment();
  const Digest key = cache_key(dialect, name, text.text, settings, made_by);
  const rules::CompiledTable table = compiler::compile_table(dialect, name, text, options);
  TRY(image, back::write_image(table, key, made_by));
  return ImageCache(settings.directory, env).publish(key, image);
}

}  // namespace headgate::store
