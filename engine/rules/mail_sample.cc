// Tested by tests/engine/rules/mail_sample_test.cc.
#include "engine/rules/mail_sample.h"

#include "engine/base/bytes.h"

namespace headgate::rules {

namespace {

constexpr std::string_view kMagic = "headgate mail 1\n";

}  // namespace

std::string mail_sample_bytes(const MailSample& sample) {
  ByteWriter out;
  out.raw(kMagic);
  out.u8(sample.body_lines ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(sample.texts.size()));
  for (const std::string& text : sample.texts) out.string(text);
  return std::move(out.bytes());
}

Result<MailSample> parse_mail_sample(std::string_view bytes) {
  ByteReader in(bytes);
  const bool is_sample = in.raw(kMagic.size()) == kMagic;
  MailSample sample;
  sample.body_lines = in.choice(1) == 1;
  for (std::size_t left = in.count(4); left > 0 && in.ok(); --left)
    sample.texts.emplace_back(in.string());
  if (!is_sample || !in.ok() || !in.at_end()) return fail(Code::corrupt, "not a sample of mail");
  return sample;
}

}  // namespace headgate::rules
