// The table of rights: what each role may do. privileges.h makes it so, docs/roles.md tells it to people.
//   Threads   static data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "smtpd/master/messages.h"

namespace headgate::master {

enum class Network : std::uint8_t {
  none,      // Unix sockets only
  resolver,  // asks name servers and the servers of lookup tables; accepts on sockets that it is given
  client,  // connects to other servers
};

enum class Reads : std::uint8_t {
  everything,  // what its user may: lookup tables lie anywhere
  listed,      // the system's files, the configuration, and the places of its kind below
};

enum class Writes : std::uint8_t { nothing, spool, mailboxes, images };

struct Rights {
  Role role;
  Network network;
  Reads reads;
  Writes writes;
  bool executes = false;  // starts another program (headgate-compiler)
};

const Rights& rights_of(Role role);

// Where a configuration has what the table speaks of.
struct Places {
  std::vector<std::string> configuration;  // directories and files to read
  std::vector<std::string> spool, mailboxes, images;
  std::vector<std::uint16_t> ports;  // of the TCP servers that lookup tables ask
};

}  // namespace headgate::master
