// publish_table: compiles a table with its databases and publishes the image: a builder's whole work.
//   Errors    publish()'s, when the image cannot be kept. Code::unavailable: the machine had not the processes, memory or
//             time; nothing was published.
//             Code::corrupt, not_found, io of the mail that settings.choice names.
//   Threads   pure but for the disk.      Cost  the databases: see compiler/back/database.h.
#pragma once

#include <string>

#include "compiler/compile.h"
#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

Result<void> publish_table(rules::Dialect dialect, const std::string& name,
                           const compiler::TableText& text, const rules::ImageSettings& settings,
                           const compiler::CompileOptions& options, const Env& env);

}  // namespace headgate::store
