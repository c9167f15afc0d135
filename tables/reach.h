// reach_of: what must be within reach of a process for a table to answer: its files and TCP servers, and those of the tables in it.
//   Use       for who gives up rights before he opens tables (master/privileges), and who wants to see each table by itself.
//   Errors    none: what cannot be understood is left out, open_table() will say what is wrong with it.
//   Cost      memcache: files are read. What is on the disk now may be other than what will be opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::tables {

struct Reach {
  std::vector<std::string> tables;   // the table and those in it, "type:name" without proxy:
  std::vector<std::string> files;    // as the tables name them, where the name begins with /
  std::vector<std::uint16_t> ports;  // of TCP servers
};

Reach reach_of(std::string_view spec);

}  // namespace headgate::tables
