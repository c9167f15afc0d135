// Handover: an upgrade without a moment in which nobody has the ports. MASTER writes down what it holds (sockets, doors, the
// spool's lock, the page, its children) in a memory file, and execs the new program with all of it open; that one finds
// the file's number in its environment.
//   Form      versioned; a program that does not know the version refuses, before anything was given up: see try_program().
//   Threads   MASTER's only.
//   Errors    exec() returns only to say why it failed; all is as it was. adopt(): false when there is nothing to adopt.
//   Source    execve(2), memfd_create(2); docs/roles.md, "Upgrade".
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace headgate::master {

class Master;

class Handover {
 public:
  // Whether the program before this one has left something.
  static bool pending();

  static Result<bool> adopt(Master& master);
  static Result<void> exec(Master& master);

  static std::string version_text();

  // Whether the program at the command's path runs, knows this form, and could start with the files as they are:
  // `headgate role handover VERSION` says so. Blocks, for some milliseconds or until it is killed.
  static Result<void> try_program(const std::vector<std::string>& command);
};

}  // namespace headgate::master
