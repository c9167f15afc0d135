#include "engine/base/base64.h"

#include <gtest/gtest.h>

namespace headgate::text {
namespace {

TEST(Base64, ThereAndBack) {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"},
                                                                {"\xff\xfe\xfd", "//79"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, WhatIsMalformed) {
  for (const std::string_view text : {"b!", "Zg=", "Zg", "Z===", "Zm9v=", "Z g=", "Zm9v\n", "=Zg="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace headgate::text
