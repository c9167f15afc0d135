// How it works: a ByteReader that fails for good carries the bounds; what an index may be is checked where it is read, what
// a program must look like at the end (check_program), when all its parts are there. Nothing is allocated by a count that
// the remaining bytes could not hold.
// Tested by tests/compiler/back/image_test.cc (every byte flipped, every length) and tests/cases/rules (a round trip of
// every case).
#include "engine/rules/image.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/match/selftest.h"
#include "engine/rules/program.h"

namespace headgate::rules {

namespace {

struct Header {
  std::string_view meta, key, digest;
};

tl::unexpected<Error> corrupt(std::string what) {
  return fail(Code::corrupt, "not a usable image: " + std::move(what));
}

Result<Header> read_header(std::string_view bytes) {
  if (bytes.size() < kImageHeaderBytes) return corrupt("shorter than its header");
  ByteReader in(bytes.substr(0, kImageHeaderBytes));
  if (in.raw(kImageMagic.size()) != kImageMagic) return corrupt("not an image at all");
  if (const auto format = in.u32(); format != kImageFormat)
    return corrupt(fmt::format("format {}, wanted {}", format, kImageFormat));
  const std::uint32_t header_bytes = in.u32();
  const std::uint64_t size = in.u64();
  const std::uint64_t meta_offset = in.u64();
  const std::uint64_t meta_size = in.u64();
  Header header;
  header.key = in.raw(Digest{}.size());
  header.digest = in.raw(Digest{}.size());
  if (header_bytes != kImageHeaderBytes || size != bytes.size() ||
      meta_offset != kImageHeaderBytes || meta_size > bytes.size() - kImageHeaderBytes) {
    return corrupt("its length is not what its header says");
  }
  header.meta = bytes.substr(kImageHeaderBytes, static_cast<std::size_t>(meta_size));
  return header;
}

bool same(std::string_view bytes, const Digest& digest) {
  return std::equal(bytes.begin(), bytes.end(), digest.begin(), digest.end(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

struct Spelling {
  std::string text;
  match::Reference recipe;
  std::shared_ptr<const match::Confirmer> engine;
};

class Reader {
 public:
  Reader(std::string_view bytes, std::string_view meta, std::shared_ptr<const void> keeper)
      : bytes_(bytes), keeper_(std::move(keeper)), in_(meta) {}

  Result<CompiledTable> read() {
    CompiledTable table;
    in_.string();  // made by which libraries: for people
    dialect_ = in_.choice(1) == 0 ? Dialect::pcre : Dialect::regexp;
    name_ = in_.string();
    read_diagnostics(table);
    TRY_OK(read_spellings());
    TRY_OK(read_databases());
    const bool has_emergency = in_.choice(1) == 1;
    TRY(full, read_program());
    table.full = full;
    if (has_emergency) {
      TRY(emergency, read_program());
      table.emergency = emergency;
    }
    if (!in_.ok() || !in_.at_end()) return corrupt("its parts do not add up");
    return table;
  }

 private:
  // A line or column number.
  int place() {
    const std::uint32_t value = in_.u32();
    if (value > std::uint32_t{std::numeric_limits<int>::max()}) in_.fail();
    return in_.ok() ? static_cast<int>(value) : 0;
  }

  std::size_t size() {
    const std::uint64_t value = in_.u64();
    return static_cast<std::size_t>(value);
  }

  // An index below `end`.
  std::uint32_t index(std::size_t end) {
    const std::uint32_t value = in_.u32();
    if (value >= end) in_.fail();
    return in_.ok() ? value : 0;
  }

  void read_diagnostics(CompiledTable& table) {
    for (std::size_t left = in_.count(17); left > 0 && in_.ok(); --left) {
      Diagnostic diagnostic;
      diagnostic.severity = static_cast<Severity>(in_.choice(3));
      diagnostic.text = in_.string();
      diagnostic.file = in_.string();
      diagnostic.line = place();
      diagnostic.column = place();
      table.diagnostics.push_back(std::move(diagnostic));
    }
  }

  // PCRE2's patterns, which the writer had compiled, are compiled again when they are asked.
  static Result<std::shared_ptr<const match::Confirmer>> engine_of(const Spelling& spelling,
                                                                   std::size_t groups) {
    if (spelling.recipe.engine == match::Engine::pcre2)
      return match::pcre2_when_asked(spelling.text, spelling.recipe.pcre2, groups);
    auto engine = match::compile_reference(spelling.text, spelling.recipe);
    if (!engine) return corrupt("a pattern does not compile: " + engine.error().text);
    return std::move(*engine);
  }

  Result<void> read_spellings() {
    for (std::size_t left = in_.count(17); left > 0 && in_.ok(); --left) {
      Spelling spelling;
      spelling.recipe.engine = static_cast<match::Engine>(in_.choice(1));
      const std::uint32_t bits = in_.u32();
      spelling.recipe.groups_wanted = in_.u32();
      const std::uint32_t groups = in_.u32();
      spelling.text = in_.string();
      if (!in_.ok() || bits > match::kMostOptionBits ||
          spelling.text.find('\0') != std::string::npos) {
        return corrupt("a pattern is damaged");
      }
      match::set_option_bits(spelling.recipe, bits);
      TRY(engine, engine_of(spelling, groups));
      spelling.engine = std::move(engine);
      if (spelling.recipe.groups_wanted > spelling.engine->group_count())
        return corrupt("a pattern has fewer groups than it should");
      spellings_.push_back(std::move(spelling));
    }
    return {};
  }

  // The first database, where there is any, is that of the self-test.
  Result<void> read_databases() {
    const bool has_selftest = in_.choice(1) == 1;
    for (std::size_t left = in_.count(16); left > 0 && in_.ok(); --left) {
      const std::uint64_t offset = in_.u64();
      const std::uint64_t size = in_.u64();
      if (!in_.ok() || offset > bytes_.size() || size > bytes_.size() - offset)
        return corrupt("a database lies outside the file");
      auto scanner = match::Scanner::in_place(
          bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)), keeper_);
      if (scanner == nullptr) return corrupt("a database is not one that this libhs can use");
      databases_.push_back(std::move(scanner));
    }
    if (!has_selftest) return databases_.empty() ? Result<void>() : corrupt("no self-test");
    if (databases_.empty()) return corrupt("no self-test");
    const match::SelfTest selftest = match::run_selftest(*databases_.front());
    if (!selftest.ok) return fail(Code::unavailable, selftest.problem);
    return {};
  }

  Result<std::shared_ptr<const Program>> read_program() {
    ProgramParts parts;
    parts.dialect = dialect_;
    parts.name = name_;
    for (std::size_t left = in_.count(78); left > 0 && in_.ok(); --left) read_pattern(parts);
    for (std::size_t left = in_.count(16); left > 0 && in_.ok(); --left) read_rule(parts);
    const std::size_t ops = in_.count(15);
    for (std::size_t at = 0; at < ops && in_.ok(); ++at) read_op(parts, at, ops);
    read_plan(parts);
    if (!in_.ok() || !well_formed(parts)) return corrupt("a program is damaged");
    return std::make_shared<const Program>(std::move(parts));
  }

  void read_pattern(ProgramParts& parts) {
    const std::uint32_t spelling = index(spellings_.size());
    if (!in_.ok()) return;
    Pattern pattern;
    pattern.reference = spellings_[spelling].engine;
    pattern.recipe = spellings_[spelling].recipe;
    pattern.text = spellings_[spelling].text;
    pattern.strategy = static_cast<Strategy>(in_.choice(5));
    pattern.reason = in_.string();
    pattern.trusted_bytes = size();
    pattern.on_demand = in_.choice(1) == 1;
    pattern.sure = in_.choice(1) == 1;
    for (std::size_t sets = in_.count(12); sets > 0 && in_.ok(); --sets) {
      FurtherNeed need;
      need.trusted_bytes = size();
      for (std::size_t left = in_.count(4); left > 0 && in_.ok(); --left)
        need.any_of.emplace_back(in_.string());
      pattern.also.push_back(std::move(need));
    }
    pattern.spelled.scan = in_.u32();  // checked with the plan
    pattern.spelled.trusted_bytes = size();
    pattern.flags = in_.string();
    pattern.line = place();
    pattern.alone = read_outlook();
    pattern.in_block = read_outlook();
    parts.patterns.push_back(std::move(pattern));
  }

  // Of a way that somebody expected something of.
  double expectation() {
    const auto value = std::bit_cast<double>(in_.u64());
    if (!std::isfinite(value) || value < 0) in_.fail();
    return in_.ok() ? value : 0;
  }

  Outlook read_outlook() {
    Outlook outlook;
    outlook.per_byte = expectation();
    outlook.cost = expectation();
    for (std::size_t left = in_.count(4); left > 0 && in_.ok(); --left)
      outlook.literals.emplace_back(in_.string());
    outlook.more_literals = in_.u32();
    return outlook;
  }

  void read_rule(ProgramParts& parts) {
    Rule rule;
    rule.line = place();
    rule.value_text = in_.string();
    rule.pattern = index(parts.patterns.size());
    for (std::size_t left = in_.count(12); left > 0 && in_.ok(); --left) {
      Piece piece;
      piece.literal = in_.string();
      piece.group = size();
      if (in_.ok() && piece.group > parts.patterns[rule.pattern].reference->group_count())
        in_.fail();
      rule.value.push_back(std::move(piece));
    }
    parts.rules.push_back(std::move(rule));
  }

  // A jump goes forward, at most to the end: no walk is longer than the program.
  void read_op(ProgramParts& parts, std::size_t at, std::size_t ops) {
    Op op;
    op.kind = static_cast<OpKind>(in_.choice(1));
    op.role = static_cast<Role>(in_.choice(2));
    op.negated = in_.choice(1) == 1;
    op.line = place();
    op.index = index(op.kind == OpKind::test ? parts.patterns.size() : parts.rules.size());
    op.target = in_.u32();
    if (op.kind == OpKind::test && (op.target <= at || op.target > ops)) in_.fail();
    parts.ops.push_back(op);
  }

  std::vector<std::uint32_t> indices(std::size_t end) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t left = in_.count(4); left > 0 && in_.ok(); --left)
      numbers.push_back(index(end));
    return numbers;
  }

  Gate read_gate() {
    Gate gate;
    gate.all = in_.u64();
    for (match::Symbols& any : gate.any) any = in_.u64();
    gate.least_bytes = in_.u64();
    return gate;
  }

  Section read_section(const ProgramParts& parts) {
    Section section;
    section.name = in_.string();
    if (section.name.size() > NameIndex::kLongestName) in_.fail();
    section.scans = indices(parts.plan.scans.size());
    for (std::size_t left = in_.count(36); left > 0 && in_.ok(); --left) {
      Gated gated;
      gated.gate = read_gate();
      gated.pattern = index(parts.patterns.size());
      section.gated.push_back(gated);
    }
    for (std::size_t left = in_.count(52); left > 0 && in_.ok(); --left) {
      Doubt doubt;
      doubt.trusted_bytes = size();
      doubt.gate = read_gate();
      doubt.gate_trusted_bytes = size();
      doubt.pattern = index(parts.patterns.size());
      section.doubts.push_back(doubt);
    }
    const auto shorter = [](const Doubt& a, const Doubt& b) {
      return a.trusted_bytes < b.trusted_bytes;
    };
    if (!std::is_sorted(section.doubts.begin(), section.doubts.end(), shorter)) in_.fail();
    return section;
  }

  std::bitset<256> read_set() {
    std::bitset<256> set;
    for (unsigned byte = 0; byte < 256; byte += 64) {
      const std::uint64_t bits = in_.u64();
      for (unsigned i = 0; i < 64; ++i) set.set(byte + i, (bits >> i & 1) != 0);
    }
    return set;
  }

  RowOf read_row(const ProgramParts& parts) {
    RowOf of;
    of.pattern = index(parts.patterns.size());
    const std::size_t steps = in_.count(64);
    if (steps == 0 || steps > match::kLongestRow) in_.fail();
    for (std::size_t left = steps; left > 0 && in_.ok(); --left) {
      match::Step step;
      step.byte = read_set();
      step.between = read_set();
      of.row.push_back(step);
    }
    return of;
  }

  // Ids are those of the scan's database.
  std::shared_ptr<const match::LiteralFinder> read_finder(std::size_t ids) {
    if (in_.choice(1) == 0) return nullptr;
    std::vector<match::SoughtLiteral> literals;
    for (std::size_t left = in_.count(13); left > 0 && in_.ok(); --left) {
      match::SoughtLiteral literal;
      literal.id = index(ids);
      literal.bytes = in_.string();
      literal.caseless = in_.choice(1) == 1;
      literal.at = in_.u32();
      literals.push_back(std::move(literal));
    }
    if (!in_.ok()) return nullptr;
    auto finder = match::LiteralFinder::make(std::move(literals));
    if (finder == nullptr) in_.fail();
    return finder;
  }

  void read_plan(ProgramParts& parts) {
    ScanPlan& plan = parts.plan;
    plan.ready = in_.choice(1) == 1;
    plan.blocks = in_.choice(1) == 1;
    plan.measured = static_cast<MeasuredOn>(in_.choice(2));
    for (std::size_t left = in_.count(13); left > 0 && in_.ok(); --left) {
      Scan scan;
      const std::uint32_t database = index(databases_.size());
      if (in_.ok()) scan.scanner = databases_[database];
      scan.first = indices(std::numeric_limits<std::uint32_t>::max());
      scan.owners = indices(parts.patterns.size());
      // The owners of an id lie one after the other.
      if (scan.first.empty() || scan.first.back() != scan.owners.size() ||
          !std::is_sorted(scan.first.begin(), scan.first.end())) {
        in_.fail();
      }
      if (in_.ok()) scan.finder = read_finder(scan.first.size() - 1);
      plan.scans.push_back(std::move(scan));
    }
    for (const Pattern& pattern : parts.patterns) {
      if (pattern.spelled.trusted_bytes > 0 && pattern.spelled.scan >= plan.scans.size())
        in_.fail();
    }
    plan.any = read_section(parts);
    plan.block = read_section(parts);
    for (std::size_t left = in_.count(8); left > 0 && in_.ok(); --left)
      plan.block_rows.push_back(read_row(parts));
    for (std::size_t left = in_.count(12); left > 0 && in_.ok(); --left)
      plan.named.push_back(read_section(parts));
  }

  // The condition of a rule is followed by what it is the condition of.
  static bool well_formed(const ProgramParts& parts) {
    for (std::size_t at = 0; at < parts.ops.size(); ++at) {
      const Op& op = parts.ops[at];
      if (op.kind == OpKind::emit || op.role == Role::guard) continue;
      if (at + 1 == parts.ops.size()) return false;
      const Op& next = parts.ops[at + 1];
      if (next.kind == OpKind::test && (op.role != Role::rule || next.role != Role::second))
        return false;
    }
    return true;
  }

  std::string_view bytes_;
  std::shared_ptr<const void> keeper_;
  ByteReader in_;
  Dialect dialect_ = Dialect::pcre;
  std::string name_;
  std::vector<Spelling> spellings_;
  std::vector<std::shared_ptr<const match::Scanner>> databases_;
};

}  // namespace

Digest image_digest(std::string_view image) {
  Sha256 sha;
  sha.add(image.substr(0, kImageDigestOffset));
  sha.add(image.substr(kImageDigestOffset + Digest{}.size()));
  return sha.finish();
}

Result<CompiledTable> read_image(std::string_view bytes, std::shared_ptr<const void> keeper,
                                 const Digest& key) {
  TRY(header, read_header(bytes));
  if (!same(header.digest, image_digest(bytes))) return corrupt("its checksum differs");
  if (!same(header.key, key)) return corrupt("it was made for something else");
  return Reader(bytes, header.meta, std::move(keeper)).read();
}

}  // namespace headgate::rules
