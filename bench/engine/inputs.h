// Inputs: the tables and the mail that a benchmark runs over: those of bench/data/generate.py, and real ones where the
// environment's HEADGATE_SHARED names a folder that has them.
//   Lifetime  keeps all that it has loaded.        Threads  one owner.
//   Errors    as ProgramSource and corpus::read_messages; Code::not_found where there is no real mail.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "bench/peers/mail_keys.h"
#include "compiler/store/image_source.h"
#include "engine/base/env.h"
#include "engine/rules/program.h"

namespace headgate::ratios {

using ProgramPtr = std::shared_ptr<const rules::Program>;
using Messages = std::deque<peers::MailMessage>;

// What building a table's image took.
struct BuildCost {
  double cpu_seconds = 0;  // of all its processes
  double wall_seconds = 0;
};

class Inputs {
 public:
  // `data`: what generate.py wrote. `kept`: a folder for images and for the databases of peers.
  Inputs(std::string data, std::string kept);

  // "body_1000.if.pcre" of the generated tables; its image is built when there is none.
  Result<ProgramPtr> table(const std::string& name);

  // "body_checks" or "header_checks", made of SpamAssassin's rules.
  Result<ProgramPtr> real_table(const std::string& name);

  Result<const Messages*> mail();
  Result<const Messages*> real_mail();

  // Where a generated, or a real, table lies.
  [[nodiscard]] std::string path_of(const std::string& name) const { return data_ + '/' + name; }

  [[nodiscard]] Result<std::string> real_path(const std::string& name) const;

  [[nodiscard]] const std::string& kept() const { return kept_; }

  // Of the table in that file, from nothing.
  Result<BuildCost> build_cost(const std::string& path) const;

  // Seconds, CPU time, from a process that knows nothing to a table that answers; its image is there.
  Result<double> warm_start(const std::string& path) const;

 private:
  Result<ProgramPtr> load(const std::string& path);
  Result<const Messages*> read(const std::string& path, peers::MailKeys& into) const;
  [[nodiscard]] std::unique_ptr<store::ImageSource> source(const std::string& images) const;

  SystemEnv env_;
  std::string data_, kept_;
  std::unique_ptr<store::ImageSource> source_;
  std::map<std::string, ProgramPtr> loaded_;
  peers::MailKeys mail_, real_mail_;
};

}  // namespace headgate::ratios
