// Builders come and go: one a table whose image is missing or old. Tested by tests/e2e/images_builder_test.py.
#include <fmt/format.h>

#include "smtpd/master/master.h"

namespace headgate::master {

namespace {

constexpr std::size_t kMostBuilders = 8;

}  // namespace

// FRONT and DELIVER start no programs themselves.
void Master::start_build(const ChildPtr& child, const Message& wish) {
  if (stopping_ || builds_.size() >= kMostBuilders) {
    order(child, Order::built, "2 too many tables are being built", wish.number);
    return;
  }
  Result<ChildPtr> builder = launch(Role::builder, false, wish.text);
  if (!builder) {
    order(child, Order::built, "2 " + builder.error().text(), wish.number);
    return;
  }
  (*builder)->expected_to_end = true;
  builds_.push_back({std::move(*builder), child, wish.number});
}

void Master::end_build(const ChildPtr& builder, const std::string& result) {
  for (auto at = builds_.begin(); at != builds_.end(); ++at) {
    if (at->builder != builder) continue;
    const Build build = *at;
    builds_.erase(at);
    order(build.wanted_by, Order::built, result, build.number);
    return;
  }
}

}  // namespace headgate::master
