// lint_plain_table: what is wrong with a cidr: or texthash: table, or with the text that a hash:, btree:, cdb: or lmdb: table is
// made of: what Postfix warns of, networks behind wider ones, misspelt actions.
//   Errors    Code::not_found/io for the file.      Threads  pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/rules/linter.h"

namespace headgate::cli {

bool is_plain_table(std::string_view spec);

std::span<const rules::FindingKind> plain_kinds();

Result<rules::LintReport> lint_plain_table(const std::string& spec);

}  // namespace headgate::cli
