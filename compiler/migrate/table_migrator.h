// TableMigrator: the Migrator of the house: translate, group, and compare the whole tables by their reference engines.
//   Threads   one caller at a time.
#pragma once

#include "engine/rules/migrator.h"

namespace headgate::migrate {

class TableMigrator final : public rules::Migrator {
 public:
  Result<rules::Migration> migrate(const rules::MigrationRequest& request) override;
};

}  // namespace headgate::migrate
