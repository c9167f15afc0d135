// The promises of docs/roles.md about the table.
#include "smtpd/master/roles.h"

#include <gtest/gtest.h>

namespace headgate::master {
namespace {

TEST(Roles, EachHasItsRow) {
  for (const Role role : {Role::front, Role::queue, Role::deliver, Role::builder})
    EXPECT_EQ(rights_of(role).role, role) << name_of(role);
}

TEST(Roles, WhoFacesStrangersStartsNoPrograms) {
  for (const Role role : {Role::front, Role::queue, Role::deliver})
    EXPECT_FALSE(rights_of(role).executes) << name_of(role);
  EXPECT_TRUE(rights_of(Role::builder).executes);
}

TEST(Roles, TheSpoolIsWrittenByThoseWhoKeepItOnly) {
  EXPECT_EQ(rights_of(Role::deliver).writes, Writes::mailboxes);
  EXPECT_EQ(rights_of(Role::builder).writes, Writes::images);
}

TEST(Roles, OnlyDeliverConnectsToAnybody) {
  EXPECT_EQ(rights_of(Role::queue).network, Network::none);
  EXPECT_EQ(rights_of(Role::front).network, Network::resolver);
  EXPECT_EQ(rights_of(Role::deliver).network, Network::client);
}

}  // namespace
}  // namespace headgate::master
