// publish_table: reads a table, compiles it with its databases and publishes the image: a builder's whole work.
//   Errors    Code::not_found or io when the table cannot be read, publish()'s when it cannot be kept.
//   Threads   pure but for the disk.      Cost  the databases: see compiler/back/database.h.
#pragma once

#include <string>

#include "compiler/compile.h"
#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

Result<void> publish_table(rules::Dialect dialect, const std::string& name,
                           const rules::ImageSettings& settings,
                           const compiler::CompileOptions& options, const Env& env);

}  // namespace headgate::store
