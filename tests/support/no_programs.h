// NoPrograms: a ProgramSource for tests that open no pcre: or regexp: table.
#pragma once

#include "engine/rules/program_source.h"

namespace headgate::testing_support {

class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect /*dialect*/, const std::string& name) override {
    return fail(Code::not_found, "no compiler in this test", name);
  }
};

}  // namespace headgate::testing_support
