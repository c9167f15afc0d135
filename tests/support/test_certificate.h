// test_certificate(): a key and a certificate for it, made at run time, as PEM: no test needs a key in the repository.
//   Errors    an exception, which fails the test.
#pragma once

#include <string>

namespace headgate::testing_support {

struct TestCertificate {
  std::string key, certificate;  // PEM

  [[nodiscard]] std::string chain() const { return key + certificate; }
};

// A P-256 key; self-signed, valid for a day.
TestCertificate test_certificate(const std::string& common_name);

}  // namespace headgate::testing_support
