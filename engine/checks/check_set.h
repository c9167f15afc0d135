// CheckSet: the tables of the four key classes, each an ordered list. header -> header_checks, mime ->
// mime_header_checks, nested -> nested_header_checks, body -> body_checks; and beside them milter_header_checks.
//   Ownership owns its Lookups. mime and nested may be left `inherit`ed: then the header list answers.
//   Threads   one owner (Lookups are not shared).
//   Source    content-checks §4.6; maps_find(3): the first table with an answer wins, an error stops the list.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checks/agent.h"
#include "engine/lookup.h"

namespace headgate::checks {

struct TableList {
  std::vector<std::unique_ptr<Lookup>> tables;

  [[nodiscard]] bool empty() const { return tables.empty(); }

  // First table with an answer, in order.
  Result<std::optional<Found>> find(std::string_view key);

  // Lookup::scan() of all tables: where the lines begin that any of them must be asked for. False: every line must be.
  bool scan(std::string_view block, std::vector<std::uint32_t>& touched);
  Result<std::optional<Found>> find_line(std::uint32_t offset, std::string_view line);

 private:
  template <class Ask>
  Result<std::optional<Found>> first_answer(const Ask& ask);
};

struct CheckSet {
  std::shared_ptr<TableList> header = std::make_shared<TableList>();
  std::shared_ptr<TableList> mime = header;    // default: $header_checks
  std::shared_ptr<TableList> nested = header;  // default: $header_checks
  std::shared_ptr<TableList> body = std::make_shared<TableList>();
  // milter_header_checks: no key class of a message, and nobody asks them before there are Milters.
  std::shared_ptr<TableList> milter = std::make_shared<TableList>();

  [[nodiscard]] TableList& of(KeyClass key_class);

  // Whether a message has nothing to be asked.
  [[nodiscard]] bool empty() const {
    return header->empty() && mime->empty() && nested->empty() && body->empty();
  }
};

}  // namespace headgate::checks
