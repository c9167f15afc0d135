// How it works: the databases are laid out first, in the form in which a scan uses them, because the table of contents that
// stands before them needs their sizes. Tested by tests/compiler/back/image_test.cc.
#include "compiler/back/image_writer.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/match/selftest.h"
#include "engine/rules/image.h"
#include "engine/rules/program.h"

namespace headgate::back {

namespace {

using rules::Program;

// A Program's patterns and scanners by their numbers in the image; the emergency program shares what it can.
class Pool {
 public:
  // Before all others: by it a reader tests the libhs that it has.
  Result<void> add_selftest() {
    laid_out_.push_back(match::selftest_database());
    if (laid_out_.back().empty())
      return fail(Code::unavailable, "a Hyperscan database cannot be laid out");
    return {};
  }

  Result<void> add(const Program& program) {
    for (const rules::Pattern& pattern : program.patterns()) {
      if (numbers_.emplace(pattern.reference.get(), patterns_.size()).second)
        patterns_.push_back(&pattern);
    }
    for (const rules::Scan& scan : program.plan().scans) {
      if (!databases_.emplace(scan.scanner.get(), laid_out_.size()).second) continue;
      auto bytes = scan.scanner->laid_out();
      if (!bytes) return fail(Code::unavailable, "a Hyperscan database cannot be laid out");
      laid_out_.push_back(std::move(*bytes));
    }
    return {};
  }

  [[nodiscard]] std::uint32_t number(const rules::Pattern& pattern) const {
    return static_cast<std::uint32_t>(numbers_.at(pattern.reference.get()));
  }

  [[nodiscard]] std::uint32_t number(const match::Scanner& scanner) const {
    return static_cast<std::uint32_t>(databases_.at(&scanner));
  }

  [[nodiscard]] const std::vector<const rules::Pattern*>& patterns() const { return patterns_; }

  [[nodiscard]] const std::vector<std::string>& databases() const { return laid_out_; }

 private:
  std::map<const match::Confirmer*, std::size_t> numbers_;
  std::vector<const rules::Pattern*> patterns_;
  std::map<const match::Scanner*, std::size_t> databases_;
  std::vector<std::string> laid_out_;
};

void write_count(ByteWriter& out, std::size_t count) { out.u32(static_cast<std::uint32_t>(count)); }

void write_place(ByteWriter& out, int place) { out.u32(static_cast<std::uint32_t>(place)); }

void write_diagnostics(ByteWriter& out, const std::vector<Diagnostic>& diagnostics) {
  write_count(out, diagnostics.size());
  for (const Diagnostic& diagnostic : diagnostics) {
    out.u8(static_cast<std::uint8_t>(diagnostic.severity));
    out.string(diagnostic.text);
    out.string(diagnostic.file);
    write_place(out, diagnostic.line);
    write_place(out, diagnostic.column);
  }
}

void write_spellings(ByteWriter& out, const Pool& pool) {
  write_count(out, pool.patterns().size());
  for (const rules::Pattern* pattern : pool.patterns()) {
    out.u8(static_cast<std::uint8_t>(pattern->recipe.engine));
    out.u32(match::option_bits(pattern->recipe));
    out.u32(pattern->recipe.groups_wanted);
    out.u32(static_cast<std::uint32_t>(pattern->reference->group_count()));
    out.string(pattern->text);
  }
}

void write_numbers(ByteWriter& out, const std::vector<std::uint32_t>& numbers) {
  write_count(out, numbers.size());
  for (const std::uint32_t number : numbers) out.u32(number);
}

void write_gate(ByteWriter& out, const rules::Gate& gate) {
  out.u64(gate.all);
  for (const match::Symbols any : gate.any) out.u64(any);
  out.u64(gate.least_bytes);
}

void write_section(ByteWriter& out, const rules::Section& section) {
  out.string(section.name);
  write_numbers(out, section.scans);
  write_count(out, section.gated.size());
  for (const rules::Gated& gated : section.gated) {
    write_gate(out, gated.gate);
    out.u32(gated.pattern);
  }
  write_count(out, section.doubts.size());
  for (const rules::Doubt& doubt : section.doubts) {
    out.u64(doubt.trusted_bytes);
    write_gate(out, doubt.gate);
    out.u64(doubt.gate_trusted_bytes);
    out.u32(doubt.pattern);
  }
}

void write_set(ByteWriter& out, const std::bitset<256>& set) {
  for (unsigned byte = 0; byte < 256; byte += 64) {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 64; ++i) bits |= std::uint64_t{set.test(byte + i)} << i;
    out.u64(bits);
  }
}

void write_row(ByteWriter& out, const rules::RowOf& of) {
  out.u32(of.pattern);
  write_count(out, of.row.size());
  for (const match::Step& step : of.row) {
    write_set(out, step.byte);
    write_set(out, step.between);
  }
}

void write_finder(ByteWriter& out, const match::LiteralFinder* finder) {
  out.u8(finder != nullptr ? 1 : 0);
  if (finder == nullptr) return;
  write_count(out, finder->literals().size());
  for (const match::SoughtLiteral& literal : finder->literals()) {
    out.u32(literal.id);
    out.string(literal.bytes);
    out.u8(literal.caseless ? 1 : 0);
    out.u32(literal.at);
  }
}

void write_plan(ByteWriter& out, const rules::ScanPlan& plan, const Pool& pool) {
  out.u8(plan.ready ? 1 : 0);
  out.u8(plan.blocks ? 1 : 0);
  out.u8(static_cast<std::uint8_t>(plan.measured));
  write_count(out, plan.scans.size());
  for (const rules::Scan& scan : plan.scans) {
    out.u32(pool.number(*scan.scanner));
    write_numbers(out, scan.first);
    write_numbers(out, scan.owners);
    write_finder(out, scan.finder.get());
  }
  write_section(out, plan.any);
  write_section(out, plan.block);
  write_count(out, plan.block_rows.size());
  for (const rules::RowOf& of : plan.block_rows) write_row(out, of);
  write_count(out, plan.named.size());
  for (const rules::Section& section : plan.named) write_section(out, section);
}

void write_also(ByteWriter& out, const std::vector<rules::FurtherNeed>& also) {
  write_count(out, also.size());
  for (const rules::FurtherNeed& need : also) {
    out.u64(need.trusted_bytes);
    write_count(out, need.any_of.size());
    for (const std::string& literal : need.any_of) out.string(literal);
  }
}

void write_outlook(ByteWriter& out, const rules::Outlook& outlook) {
  out.u64(std::bit_cast<std::uint64_t>(outlook.per_byte));
  out.u64(std::bit_cast<std::uint64_t>(outlook.cost));
  write_count(out, outlook.literals.size());
  for (const std::string& literal : outlook.literals) out.string(literal);
  out.u32(outlook.more_literals);
}

void write_program(ByteWriter& out, const Program& program, const Pool& pool) {
  write_count(out, program.patterns().size());
  for (const rules::Pattern& pattern : program.patterns()) {
    out.u32(pool.number(pattern));
    out.u8(static_cast<std::uint8_t>(pattern.strategy));
    out.string(pattern.reason);
    out.u64(pattern.trusted_bytes);
    out.u8(pattern.on_demand ? 1 : 0);
    out.u8(pattern.sure ? 1 : 0);
    write_also(out, pattern.also);
    out.u32(pattern.spelled.scan);
    out.u64(pattern.spelled.trusted_bytes);
    out.string(pattern.flags);
    write_place(out, pattern.line);
    write_outlook(out, pattern.alone);
    write_outlook(out, pattern.in_block);
  }
  write_count(out, program.rules().size());
  for (const rules::Rule& rule : program.rules()) {
    write_place(out, rule.line);
    out.string(rule.value_text);
    out.u32(rule.pattern);
    write_count(out, rule.value.size());
    for (const rules::Piece& piece : rule.value) {
      out.string(piece.literal);
      out.u64(piece.group);
    }
  }
  write_count(out, program.ops().size());
  for (const rules::Op& op : program.ops()) {
    out.u8(static_cast<std::uint8_t>(op.kind));
    out.u8(static_cast<std::uint8_t>(op.role));
    out.u8(op.negated ? 1 : 0);
    write_place(out, op.line);
    out.u32(op.index);
    out.u32(op.target);
  }
  write_plan(out, program.plan(), pool);
}

std::size_t aligned(std::size_t offset) {
  constexpr std::size_t kTo = rules::kImageDatabaseAlignment;
  return (offset + kTo - 1) / kTo * kTo;
}

// Returns the end of the last database.
std::size_t write_contents(ByteWriter& out, const std::vector<std::string>& databases,
                           std::size_t begin) {
  write_count(out, databases.size());
  for (const std::string& database : databases) {
    begin = aligned(begin);
    out.u64(begin);
    out.u64(database.size());
    begin += database.size();
  }
  return begin;
}

void write_header(ByteWriter& out, std::size_t size, std::size_t meta_size, const Digest& key) {
  out.raw(rules::kImageMagic);
  out.u32(rules::kImageFormat);
  out.u32(static_cast<std::uint32_t>(rules::kImageHeaderBytes));
  out.u64(size);
  out.u64(rules::kImageHeaderBytes);
  out.u64(meta_size);
  out.raw(std::string(key.begin(), key.end()));
  out.raw(std::string(rules::kImageHeaderBytes - out.size(), '\0'));
}

}  // namespace

Result<std::string> write_image(const rules::CompiledTable& table, const Digest& key,
                                std::string_view made_by) {
  Pool pool;
  const bool has_scans =
      !table.full->plan().scans.empty();  // of which the emergency program's are some
  if (has_scans) TRY_OK(pool.add_selftest());
  TRY_OK(pool.add(*table.full));
  if (table.emergency) TRY_OK(pool.add(*table.emergency));
  ByteWriter front;
  front.string(made_by);
  front.u8(table.full->dialect() == rules::Dialect::pcre ? 0 : 1);
  front.string(table.full->name());
  write_diagnostics(front, table.diagnostics);
  write_spellings(front, pool);
  front.u8(has_scans ? 1 : 0);
  ByteWriter back;
  back.u8(table.emergency ? 1 : 0);
  write_program(back, *table.full, pool);
  if (table.emergency) write_program(back, *table.emergency, pool);
  const std::size_t contents_size = 4 + 16 * pool.databases().size();
  const std::size_t meta_size = front.size() + contents_size + back.size();
  if (meta_size > 0xffffffffU) return fail(Code::limit, "the table is too large for an image");
  const std::size_t meta_end = rules::kImageHeaderBytes + meta_size;
  const std::size_t end = write_contents(front, pool.databases(), meta_end);

  ByteWriter out;
  out.bytes().reserve(end);
  write_header(out, end, meta_size, key);
  out.raw(front.bytes());
  out.raw(back.bytes());
  for (const std::string& database : pool.databases()) {
    out.pad_to(rules::kImageDatabaseAlignment);
    out.raw(database);
  }
  const Digest digest = rules::image_digest(out.bytes());
  std::copy(digest.begin(), digest.end(),
            out.bytes().begin() + static_cast<std::ptrdiff_t>(rules::kImageDigestOffset));
  return std::move(out.bytes());
}

}  // namespace headgate::back
