// How a line of the log names a table, and says what is wrong with it.
//   Threads   pure.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace headgate::cli {

// "type:name"; a text or a mapped file has no type.
std::string display_name(const std::string& type, const std::string& name);

// A table's name for a line of the log, with or without its type: an inline table is its own name, and would leave no room
// for the reason.
std::string short_name(const std::string& name);

// Why a table has no database, for a line that names the table already.
std::string reason_of(const Error& error, const std::string& table);

}  // namespace headgate::cli
