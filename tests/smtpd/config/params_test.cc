#include "smtpd/config/params.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "smtpd/config/fill.h"

namespace headgate::config {
namespace {

TEST(Params, TablesAreSortedAndDisjoint) {
  for (std::size_t i = 1; i < params().size(); ++i)
    EXPECT_LT(params()[i - 1].name, params()[i].name);
  for (std::size_t i = 1; i < known_params().size(); ++i) {
    EXPECT_LT(known_params()[i - 1].name, known_params()[i].name);
  }
  for (const KnownParam& known : known_params())
    EXPECT_EQ(find_param(known.name), nullptr) << known.name;
}

TEST(Params, EveryDefaultFillsItsField) {
  std::vector<Diagnostic> errors;
  const SettingsPtr settings = fill_settings(Dictionary({}), errors);
  for (const Diagnostic& error : errors) ADD_FAILURE() << error.text;
  // Where settings.h gives an initial value it is the default too, so that a Settings{} in a test is no surprise.
  const Settings plain;
  for (const Param& param : params()) {
    std::visit(
        [&](auto field) {
          using FieldType = decltype(field);
          if constexpr (std::is_same_v<FieldType, bool Settings::*> ||
                        std::is_same_v<FieldType, std::int64_t Settings::*> ||
                        std::is_same_v<FieldType, seconds Settings::*>) {
            // compatibility_level 0 turns some off: the level that new installations set is what settings.h shows.
            if (param.fallback.find("compatibility_level") == std::string_view::npos) {
              EXPECT_EQ((*settings).*field, plain.*field) << param.name;
            }
          }
        },
        param.field);
  }
}

TEST(Params, RawNamesAreFound) {
  EXPECT_TRUE(is_raw("smtpd_reject_footer"));
  EXPECT_TRUE(is_raw("default_rbl_reply"));
  EXPECT_FALSE(is_raw("smtpd_banner"));
}

TEST(Params, EachStandsInTheCompatibilityTable) {
  std::ifstream file(HEADGATE_COMPAT);
  ASSERT_TRUE(file) << HEADGATE_COMPAT;
  std::stringstream text;
  text << file.rdbuf();
  for (const Param& param : params()) {
    EXPECT_NE(text.str().find("`" + std::string(param.name) + "` |"), std::string::npos)
        << param.name << " has no row in docs/compat.md";
  }
}

}  // namespace
}  // namespace headgate::config
