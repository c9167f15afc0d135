// How it works: in a child, hs_expression_info() first sorts out what Hyperscan takes as it is, what only as a prefilter
// and what not at all; then one hs_compile_multi(), again without each pattern that it refuses all the same. The database
// comes back serialized, after a report of what was left out. Tested by tests/bench/peers_test.cc.
#include "bench/peers/hyperscan_rules.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <hs/hs.h>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/walk.h"
#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "engine/base/sha256.h"

namespace headgate::peers {

namespace {

struct Expression {
  std::uint32_t rule = 0, pattern = 0;
  std::string text;
  unsigned flags = 0;
};

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};

struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};

using Database = std::unique_ptr<hs_database_t, FreeDatabase>;

Expression expression_of(const rules::Pattern& pattern, HyperscanWay way) {
  const bool posix = pattern.recipe.engine == match::Engine::posix;
  const match::Pcre2Options& pcre2 = pattern.recipe.pcre2;
  const match::PosixOptions& ere = pattern.recipe.posix;
  Expression one;
  one.text = pattern.text;
  one.flags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
  if (posix ? ere.ignore_case : pcre2.caseless) one.flags |= HS_FLAG_CASELESS;
  const bool dot_is_any = posix ? !ere.newline : pcre2.dotall;
  if (way == HyperscanWay::whole_buffer || (posix ? ere.newline : pcre2.multiline))
    one.flags |= HS_FLAG_MULTILINE;
  if (way == HyperscanWay::text_by_text && dot_is_any) one.flags |= HS_FLAG_DOTALL;
  if (!posix && pcre2.extended) one.text = "(?x)" + one.text + "\n";
  if (!posix && pcre2.anchored) one.text = "^(?:" + one.text + ")";
  return one;
}

// The rules that a plain set of patterns can stand for.
std::vector<Expression> expressions(const rules::Program& program, HyperscanWay way, Made& made) {
  std::vector<Expression> list;
  const std::vector<rules::Op>& ops = program.ops();
  for (std::size_t at = 0; at < ops.size(); ++at) {
    const rules::Op& op = ops[at];
    if (op.kind != rules::OpKind::test) continue;
    if (op.role == rules::Role::guard) made.exact = false;
    if (op.role != rules::Role::rule) continue;
    const bool plain = !op.negated && ops[at + 1].kind == rules::OpKind::emit;
    if (!plain) {
      made.left_out.push_back({op.index, op.negated ? "negated" : "a pair of patterns"});
      continue;
    }
    list.push_back(expression_of(program.patterns()[op.index], way));
    list.back().rule = ops[at + 1].index;
    list.back().pattern = op.index;
  }
  return list;
}

// Why not, or "" when Hyperscan knows the expression with these flags.
std::string refusal(const Expression& one) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t came = hs_expression_info(one.text.c_str(), one.flags, &info, &error);
  std::free(info);
  std::string why;
  if (came != HS_SUCCESS) why = error != nullptr ? error->message : "no memory";
  hs_free_compile_error(error);
  return why;
}

class Compilation {
 public:
  explicit Compilation(std::vector<Expression> list) : list_(std::move(list)) {}

  // The child's whole work: report, then the serialized database (empty when there is none).
  std::string run() {
    const double begun = process_cpu_seconds();
    sort_out();
    Database database;
    while (!list_.empty() && database == nullptr && try_once(database)) {
    }
    return report(database.get(), process_cpu_seconds() - begun);
  }

 private:
  void sort_out() {
    std::vector<Expression> taken;
    for (Expression& one : list_) {
      if (!refusal(one).empty()) one.flags |= HS_FLAG_PREFILTER;
      const std::string why = refusal(one);
      if (why.empty())
        taken.push_back(std::move(one));
      else
        left_out_.push_back({one.pattern, why});
    }
    list_ = std::move(taken);
  }

  // False when nothing more can be tried.
  bool try_once(Database& database) {
    std::vector<const char*> texts;
    std::vector<unsigned> flags, ids;
    for (const Expression& one : list_) {
      texts.push_back(one.text.c_str());
      flags.push_back(one.flags);
      ids.push_back(one.rule);
    }
    hs_database_t* made = nullptr;
    hs_compile_error_t* error = nullptr;
    const hs_error_t came =
        hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                         HS_MODE_BLOCK, nullptr, &made, &error);
    database.reset(made);
    if (came == HS_SUCCESS) return true;
    problem_ = error != nullptr ? error->message : "no memory";
    const int offender = error != nullptr ? error->expression : -1;
    hs_free_compile_error(error);
    if (offender < 0 || static_cast<std::size_t>(offender) >= list_.size()) return false;
    Expression& one = list_[static_cast<std::size_t>(offender)];
    if ((one.flags & HS_FLAG_PREFILTER) == 0) {
      one.flags |= HS_FLAG_PREFILTER;
      return true;
    }
    left_out_.push_back({one.pattern, problem_});
    list_.erase(list_.begin() + offender);
    return true;
  }

  std::string report(const hs_database_t* database, double seconds) {
    ByteWriter out;
    out.u64(static_cast<std::uint64_t>(seconds * 1e6));
    out.u64(static_cast<std::uint64_t>(std::ranges::count_if(
        list_, [](const Expression& one) { return (one.flags & HS_FLAG_PREFILTER) != 0; })));
    out.string(problem_);
    out.u32(static_cast<std::uint32_t>(left_out_.size()));
    for (const LeftOut& one : left_out_) {
      out.u32(one.pattern);
      out.string(one.why);
    }
    char* bytes = nullptr;
    std::size_t length = 0;
    if (database != nullptr && hs_serialize_database(database, &bytes, &length) == HS_SUCCESS)
      out.raw({bytes, length});
    std::free(bytes);
    return std::move(out.bytes());
  }

  std::vector<Expression> list_;
  std::vector<LeftOut> left_out_;
  std::string problem_;
};

class HyperscanRules final : public Peer {
 public:
  HyperscanRules(HyperscanWay way, Database database, std::size_t rules)
      : way_(way), database_(std::move(database)) {
    seen_.reserve(rules);
  }

  bool prepare() {
    hs_scratch_t* scratch = nullptr;
    const bool ok = hs_alloc_scratch(database_.get(), &scratch) == HS_SUCCESS;
    scratch_.reset(scratch);
    return ok;
  }

  void scan(const Section& section, std::uint64_t first, Hits& hits) override {
    if (way_ == HyperscanWay::whole_buffer) return scan_whole(section.bytes, first, hits);
    scan_texts(section, first, hits, [this](std::string_view text) {
      std::uint32_t lowest = kNoRule;
      hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch_.get(),
              keep_lowest, &lowest);
      return lowest;
    });
  }

 private:
  static int keep_lowest(unsigned id, unsigned long long, unsigned long long, unsigned,
                         void* context) {
    std::uint32_t& lowest = *static_cast<std::uint32_t*>(context);
    lowest = std::min(lowest, id);
    return 0;
  }

  static int note(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
    static_cast<std::vector<std::uint32_t>*>(context)->push_back(id);
    return 0;
  }

  void scan_whole(std::string_view bytes, std::uint64_t first, Hits& hits) {
    seen_.clear();
    hs_scan(database_.get(), bytes.data(), static_cast<unsigned>(bytes.size()), 0, scratch_.get(),
            note, &seen_);
    std::ranges::sort(seen_);
    for (const std::uint32_t rule : seen_) hits.add(first, rule);
  }

  const HyperscanWay way_;
  Database database_;
  std::unique_ptr<hs_scratch_t, FreeScratch> scratch_;
  std::vector<std::uint32_t> seen_;
};

Database take_report(std::string_view report, Made& made) {
  ByteReader in(report);
  made.compile_seconds = static_cast<double>(in.u64()) * 1e-6;
  made.approximate = in.u64();
  made.problem = in.string();
  for (std::size_t left = in.count(8); left > 0; --left) {
    const std::uint32_t pattern = in.u32();
    made.left_out.push_back({pattern, std::string(in.string())});
  }
  const std::string_view bytes = in.rest();  // none when it failed
  hs_database_t* database = nullptr;
  if (!bytes.empty()) hs_deserialize_database(bytes.data(), bytes.size(), &database);
  if (database != nullptr) hs_database_size(database, &made.memory_bytes);
  return Database(database);
}

std::string kept_name(const std::vector<Expression>& list) {
  Sha256 digest;
  digest.add_counted(hs_version());
  for (const Expression& one : list) {
    digest.add_counted(fmt::format("{} {}", one.rule, one.flags));
    digest.add_counted(one.text);
  }
  return "hyperscan-" + hex(digest.finish()).substr(0, 32);
}

Result<std::string> report_on(std::vector<Expression> list, const Bounds& bounds,
                              const std::string& keep_in) {
  const std::string kept = keep_in.empty() ? "" : keep_in + '/' + kept_name(list);
  if (!kept.empty()) {
    auto found = read_file(kept);
    if (found) return found;
  }
  auto report = run_bounded(bounds, [&list] { return Compilation(std::move(list)).run(); });
  if (report && !kept.empty()) TRY_OK(write_file_atomically(kept, *report));
  return report;
}

}  // namespace

Made make_hyperscan_rules(const rules::Program& program, HyperscanWay way, const Bounds& bounds,
                          const std::string& keep_in) {
  Made made;
  std::vector<Expression> list = expressions(program, way, made);
  const Result<std::string> report = report_on(std::move(list), bounds, keep_in);
  if (!report) {
    made.problem = "compiling: " + report.error().text();
    return made;
  }
  Database database = take_report(*report, made);
  if (database == nullptr) {
    if (made.problem.empty()) made.problem = "it takes none of the patterns";
    return made;
  }
  auto peer = std::make_unique<HyperscanRules>(way, std::move(database), program.rules().size());
  if (!peer->prepare()) {
    made.problem = "no memory to scan with";
    return made;
  }
  made.problem.clear();
  made.exact = made.exact && way == HyperscanWay::text_by_text && made.approximate == 0 &&
               made.left_out.empty();
  made.peer = std::move(peer);
  return made;
}

}  // namespace headgate::peers
