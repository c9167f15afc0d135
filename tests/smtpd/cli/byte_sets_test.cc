// How rows and gates are shown to people.
#include "smtpd/cli/byte_sets.h"

#include <gtest/gtest.h>

namespace headgate::cli {
namespace {

std::bitset<256> set_of(std::string_view bytes) {
  std::bitset<256> set;
  for (const char c : bytes) set.set(static_cast<unsigned char>(c));
  return set;
}

TEST(ByteSets, AreWrittenAsInPatterns) {
  struct Row {
    std::string_view bytes, text;
  };

  const Row rows[] = {{"v", "v"},        {"vV", "v"},       {"V", "V"},
                      {"abcd", "[a-d]"}, {"aAbB", "[ab]"},  {"ab-]", "[\\-\\]ab]"},
                      {"\n", "\\x0a"},   {"\xff", "\\xff"}, {"019", "[019]"}};
  for (const Row& row : rows) EXPECT_EQ(set_text(set_of(row.bytes)), row.text);
  EXPECT_EQ(set_text(std::bitset<256>().set()), ".");
  EXPECT_EQ(set_text(~set_of("\n")), "[^\\x0a]");
}

TEST(ByteSets, RowsHaveTheirAnchorsAndWhatMayStandBetween) {
  const match::Row row = {
      {set_of("\n")}, {set_of("vV"), set_of("_.")}, {set_of("\n")}, {set_of("a")}, {set_of("\n")}};
  EXPECT_EQ(row_text(row), "^v[._]*\\x0aa$");
}

TEST(ByteSets, GatesSayWhatTheyNeed) {
  rules::Gate gate;
  EXPECT_EQ(gate_text(gate), "");
  gate.all = match::symbols_of("xV");
  gate.any[0] = match::symbols_of("12");
  gate.least_bytes = 7;
  EXPECT_EQ(gate_text(gate), "the bytes vx, one of [12], at least 7 bytes");
}

}  // namespace
}  // namespace headgate::cli
