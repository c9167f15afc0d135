// FakeResolver: answers from maps; a name that is in none of them does not exist. `failing` names answer "try again".
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "smtpd/net/resolver.h"

namespace headgate::testing_support {

class FakeResolver final : public net::Resolver {
 public:
  std::map<std::string, std::vector<std::string>> hosts;
  std::map<std::string, std::vector<net::MxHost>> exchangers;
  std::map<std::string, std::string> names;
  std::set<std::string> failing;

  Task<Result<std::vector<std::string>>> addresses(
      std::string host, std::chrono::milliseconds /*deadline*/) override {
    if (net::is_numeric_address(host)) {
      std::vector<std::string> itself(1, host);
      co_return itself;
    }
    co_return look_up(hosts, host);
  }

  Task<Result<std::vector<net::MxHost>>> mail_exchangers(
      std::string domain, std::chrono::milliseconds /*deadline*/) override {
    co_return look_up(exchangers, domain);
  }

  Task<Result<std::string>> name_of(std::string address,
                                    std::chrono::milliseconds /*deadline*/) override {
    co_return look_up(names, address);
  }

 private:
  template <class T>
  [[nodiscard]] Result<T> look_up(const std::map<std::string, T>& map,
                                  const std::string& key) const {
    if (failing.count(key) != 0) return fail(Code::unavailable, "Host not found, try again", key);
    const auto it = map.find(key);
    if (it == map.end()) return fail(Code::not_found, "Host not found", key);
    return it->second;
  }
};

}  // namespace headgate::testing_support
