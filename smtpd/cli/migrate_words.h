// table_words: the tables and files that a line of main.cf, master.cf or a match list names, with their place in it, so that they
// can be replaced and all else kept.
//   Units     offsets are bytes of the line.      Threads  pure.      Source  DATABASE_README, postconf(5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::cli {

struct TableWord {
  std::size_t begin = 0, size = 0;  // of "hash:/etc/postfix/access", or of "/etc/postfix/domains"
  std::string type;                 // "" = a file that is included
  std::string name;                 // as written: with $config_directory
};

// `with_files`: words that begin with / or $config_directory/ are files whose lines belong to the list.
std::vector<TableWord> table_words(std::string_view line, bool with_files);

// Lists in which a word that begins with / is a file of more words.
bool takes_files(std::string_view parameter);

}  // namespace headgate::cli
