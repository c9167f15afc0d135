#include "tables/maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::tables {

namespace {

class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "open " + name + ": No such file or directory");
  }
};

struct Case {
  std::vector<std::string> tables;
  std::string key;
  KeyPart part;
  std::string answer;
};

std::string ask(const Case& c) {
  NoPrograms programs;
  Maps maps(c.tables, programs, [](const Diagnostic&) {});
  const auto found = maps.find(c.key, c.part);
  if (!found) return "error: " + found.error().text();
  return *found ? (*found)->value : "(none)";
}

TEST(Maps, FirstAnswerWinsAndAnErrorStops) {
  const std::string gone = "error: pcre:/no is unavailable. open /no: No such file or directory";
  const Case kCases[] = {
      {{}, "a", KeyPart::whole, "(none)"},
      {{"inline:{a=1}", "inline:{a=2,b=3}"}, "a", KeyPart::whole, "1"},
      {{"inline:{a=1}", "inline:{a=2,b=3}"}, "b", KeyPart::whole, "3"},
      {{"inline:{a=}", "static:x"}, "a", KeyPart::whole, ""},  // an empty value is an answer
      {{"inline:{a=1}", "pcre:/no"}, "a", KeyPart::whole, "1"},
      {{"inline:{a=1}", "pcre:/no", "static:x"}, "b", KeyPart::whole, gone},
      {{"randmap:{x}"}, "b", KeyPart::partial, "(none)"},
      {{"randmap:{x}", "inline:{b=2}"}, "b", KeyPart::partial, "2"},
  };
  for (const Case& c : kCases) EXPECT_EQ(ask(c), c.answer);
}

TEST(Maps, SaysWhatCannotBeOpened) {
  NoPrograms programs;
  std::vector<std::string> said;
  const std::vector<std::string> tables{"foo:x", "static:y"};
  Maps maps(tables, programs, [&](const Diagnostic& d) { said.push_back(d.text); });
  EXPECT_THAT(said, testing::ElementsAre("unsupported dictionary type: foo"));
  EXPECT_FALSE(maps.empty());
  EXPECT_FALSE(maps.find("a"));
}

}  // namespace

}  // namespace headgate::tables
