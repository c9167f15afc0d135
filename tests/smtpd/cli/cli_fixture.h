// CliTest: runs `headgate …` in process on a configuration directory of its own.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

class CliTest : public testing::Test {
 protected:
  CliTest() {
    unsetenv("MAIL_CONFIG");
    std::string name = std::filesystem::temp_directory_path() / "cli_test.XXXXXX";
    directory_ = mkdtemp(name.data());
    put("master.cf", "2525 inet n - n - 20 smtpd\n");
  }

  ~CliTest() override { std::filesystem::remove_all(directory_); }

  void put(const char* file, std::string_view text) const {
    std::ofstream(directory_ / file) << text;
  }

  [[nodiscard]] std::string path(const char* file) const { return (directory_ / file).string(); }

  int headgate(std::vector<std::string> arguments) {
    std::istringstream in;
    std::ostringstream out, err;
    const int code = run(std::move(arguments), programs_, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  // The same with -c DIRECTORY.
  int configured(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", directory_.string()});
    return headgate(std::move(arguments));
  }

  std::filesystem::path directory_;
  compiler::CompilingSource programs_;
  std::string out_, err_;
};

}  // namespace headgate::cli
