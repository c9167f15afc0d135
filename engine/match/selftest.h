// Self-test of libhs: does it find what it must find, also in a database that was stored and is used where it lies? Vectorscan 5.4.9, which installs under Hyperscan's name, does not.
//   Errors    a broken library is a result, not an Error: run without it (confirm-only) and warn loudly.
//   Cost      some tiny databases: 0.1 to 0.2 s of CPU time.      Threads  pure.
#pragma once

#include <string>
#include <vector>

namespace headgate::match {

struct SelfTest {
  bool ok = false;
  std::string library;  // hs_version(): "5.4.0 2020-12-29"
  std::string cpu;      // what libhs can use of this CPU: "AVX2"
  std::string problem;  // empty when ok; else a sentence with the cure
  std::vector<std::string>
      missed;  // "pattern on text" that was not found, or found where it must not be
};

SelfTest run_selftest();

class Scanner;

// For whoever only scans what another process has compiled and tested: some patterns of the self-test in one database, laid
// out as Scanner::in_place() takes it (empty: it cannot be made), and whether this process's libhs reads it rightly. Some
// microseconds; compiling the patterns takes a fifth of a second.
std::string selftest_database();
SelfTest run_selftest(const Scanner& database);

// What a database depends on besides its patterns.
struct HyperscanBuild {
  std::string version;  // hs_version()
  std::string cpu;      // what it can use of this CPU, with its tuning for it: "SSSE3 AVX2, tune 9"
};

HyperscanBuild hyperscan_build();

}  // namespace headgate::match
