// Tested by tests/smtpd/master/roles_test.cc and tests/e2e/rights_test.py.
#include "smtpd/master/roles.h"

#include <array>

namespace headgate::master {

namespace {

// clang-format off
constexpr std::array<Rights, 4> kRights{{
    // role           network             reads              writes             executes
    {Role::front,   Network::resolver, Reads::everything, Writes::spool,     false},
    {Role::queue,   Network::none,     Reads::listed,     Writes::spool,     false},
    {Role::deliver, Network::client,   Reads::listed,     Writes::mailboxes, false},
    {Role::builder, Network::none,     Reads::everything, Writes::images,    true},
}};
// clang-format on

}  // namespace

const Rights& rights_of(Role role) { return kRights[static_cast<std::size_t>(role)]; }

}  // namespace headgate::master
