// Tested by tests/compiler/store/image_source_test.cc.
#include "compiler/store/builder_client.h"

#include "compiler/store/publish_table.h"

namespace headgate::store {

Result<void> InProcessBuilder::build(rules::Dialect dialect, const std::string& name,
                                     const rules::ImageSettings& settings,
                                     const std::atomic<bool>& cancelled) {
  if (cancelled) return fail(Code::cancelled, "cancelled", name);
  return publish_table(dialect, name, settings, {}, env_);
}

}  // namespace headgate::store
