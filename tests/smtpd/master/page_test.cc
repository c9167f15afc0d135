#include "smtpd/master/page.h"

#include <unistd.h>

#include <gtest/gtest.h>

namespace headgate::master {
namespace {

TEST(Page, WhatOneMappingWritesTheOtherReads) {
  const Result<Fd> memory = MappedPage::make();
  ASSERT_TRUE(memory);
  const Result<MappedPage> one = MappedPage::map(*memory), other = MappedPage::map(*memory);
  ASSERT_TRUE(one && other);
  EXPECT_EQ((*other)->wakes_lost, 0U);
  (*one)->wakes_lost += 2;
  EXPECT_EQ((*other)->wakes_lost, 2U);
}

TEST(Page, NobodyCanMakeItShorter) {
  const Result<Fd> memory = MappedPage::make();
  ASSERT_TRUE(memory);
  EXPECT_NE(::ftruncate(memory->get(), 0), 0);
}

}  // namespace
}  // namespace headgate::master
