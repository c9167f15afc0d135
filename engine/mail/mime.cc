// How it works: at most one header is held back, because only the next record shows whether it goes on. In body state
// every record leaves at once. The row numbers are those of the state table in docs/walk.md.
// Why not a real MIME parser: rules written for Postfix rely on what Postfix sees, also where RFC 2046 says otherwise.
// Tested by mime_test, and by collide/mime_keys against libpostfix itself.
#include "engine/mail/mime.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/text.h"
#include "engine/mail/header.h"
#include "engine/mail/mime_tokens.h"

namespace headgate::mail {

namespace {

std::string_view up_to_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

std::size_t find_eight_bit(std::string_view text) {
  const auto found = std::find_if(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

bool has_eight_bit(std::string_view text) { return find_eight_bit(text) != std::string_view::npos; }

unsigned bit_of(MimeError error) { return 1U << static_cast<unsigned>(error); }

// In the order of MimeParser::Encoding.
constexpr std::array<std::string_view, 5> kEncodings = {"7bit", "8bit", "binary",
                                                        "quoted-printable", "base64"};

}  // namespace

MimeParser::MimeParser(const MimeOptions& options, MimeSink& sink)
    : options_(options), sink_(sink) {
  if (options_.mime) return;
  options_.downgrade = options_.report_nesting = options_.report_eight_bit_headers =
      options_.report_eight_bit_body = options_.report_encoding_domain = false;
}

void MimeParser::record(std::string_view bytes, bool continued) {
  const bool after_chunk = std::exchange(after_chunk_, continued);
  if (state_ != State::body) {
    if (take_header_record(bytes, after_chunk)) return;
    end_of_headers(bytes.empty());
  }
  if (!after_chunk && !levels_.empty() && bytes.size() > 2 && bytes.starts_with("--")) {  // row 9
    follow_delimiter(bytes.substr(2));
  }
  if (minds_eight_bit() && has_eight_bit(bytes)) report(MimeError::eight_bit_body, bytes);
  if (options_.downgrade && state_ == State::body && !seven_bit_domain()) {
    emit_encoded(bytes, continued);
  } else {
    emit_body(bytes, continued);  // row 10
  }
}

std::size_t MimeParser::lines(std::string_view lines) {
  if (!takes_lines()) return 0;
  if (!levels_.empty()) lines = lines.substr(0, find_delimiter_like(lines));
  if (minds_eight_bit()) lines = lines_before(lines, find_eight_bit(lines));
  if (lines.empty()) return 0;
  sink_.body_lines(lines, offset_);
  offset_ += lines.size();  // each line with its end, as emit_body() counts
  return lines.size();
}

bool MimeParser::minds_eight_bit() const {
  return options_.report_eight_bit_body && encoding_ == Encoding::seven_bit &&
         (reported_ & bit_of(MimeError::eight_bit_body)) == 0;
}

void MimeParser::emit_body(std::string_view record, bool continued) {
  sink_.body(record, continued, offset_);
  offset_ += record.size() + 1;
}

// Lines of at most 75 bytes and a soft line break; a chunk's last line waits for the next chunk.
void MimeParser::emit_encoded(std::string_view record, bool continued) {
  constexpr std::size_t kLongEnough = 72;
  const auto encode = [this](char c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    encoded_ += {'=', kDigits[byte >> 4U], kDigits[byte & 15U]};
  };
  for (const char c : record) {
    if (encoded_.size() > kLongEnough) {
      encoded_ += '=';
      emit_body(encoded_, false);
      encoded_.clear();
    }
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 32 && c != '\t') || c == '=' || byte > 126) {
      encode(c);
    } else {
      encoded_ += c;
    }
  }
  if (continued) return;
  if (!encoded_.empty() && (encoded_.back() == ' ' || encoded_.back() == '\t')) {
    const char last = encoded_.back();
    encoded_.pop_back();
    encode(last);
  }
  emit_body(encoded_, false);
  encoded_.clear();
}

void MimeParser::end() {
  if (after_chunk_) record({}, false);
  if (state_ != State::body) {
    flush_header();
    finish_header_block();
  }
  state_ = State::body;
}

// Rows 1 to 4. False when the record is no part of a header.
bool MimeParser::take_header_record(std::string_view bytes, bool after_chunk) {
  const bool held = !header_.empty();
  const bool folded = !bytes.empty() && (bytes.front() == ' ' || bytes.front() == '\t');
  if (held && (after_chunk || folded)) {
    if (header_.size() < options_.header_size_limit) {
      if (!after_chunk) header_ += '\n';
      header_ += up_to_nul(bytes);
    }
    return true;
  }
  flush_header();
  const std::size_t name_length = header_name_length(bytes);
  if (name_length == 0) return false;
  start_header(bytes, name_length);
  return true;
}

// "Name  : x" becomes "Name: x".
void MimeParser::start_header(std::string_view bytes, std::size_t name_length) {
  name_length_ = name_length;
  if (bytes[name_length] == ':') {
    header_.assign(up_to_nul(bytes));  // no NUL stands in a name
    return;
  }
  header_.assign(bytes.substr(0, name_length));
  header_ += up_to_nul(bytes.substr(bytes.find(':', name_length)));
}

void MimeParser::flush_header() {
  if (header_.empty()) return;
  const std::string_view text = header_;
  const std::string_view name = text.substr(0, name_length_);
  if (options_.mime && text::equal_ignore_case(name, "Content-Type"))
    take_content_type(text.substr(name_length_ + 1));
  if (options_.mime && text::equal_ignore_case(name, "Content-Transfer-Encoding"))
    take_content_encoding(text.substr(name_length_ + 1));
  if (options_.report_eight_bit_headers && has_eight_bit(text))
    report(MimeError::eight_bit_header, text);
  const bool replaced = options_.downgrade && !seven_bit_domain() &&
                        text::equal_ignore_case(name, "Content-Transfer-Encoding");
  if (!replaced) emit_header(text, name);
  header_.clear();
}

void MimeParser::emit_header(std::string_view text, std::string_view name) {
  const HeaderClass header_class = state_ == State::primary     ? HeaderClass::primary
                                   : state_ == State::multipart ? HeaderClass::multipart
                                                                : HeaderClass::nested;
  sink_.header(header_class, text, name);
}

// Only text, message and multipart change the type; application/pdf, say, leaves it as it was.
void MimeParser::take_content_type(std::string_view field_body) {
  MimeItems items(field_body);
  const auto type = items.next();
  if (!type || type->empty()) {
    type_ = Type::other;
    return;
  }
  const bool has_subtype = type->size() == 3 && (*type)[1].is_special('/');
  const auto subtype_is = [&](std::string_view word) {
    return has_subtype && (*type)[2].is_word(word);
  };
  if (type->front().is_word("text")) {
    type_ = Type::text;
  } else if (type->front().is_word("message")) {
    type_ = subtype_is("rfc822")                                   ? Type::rfc822
            : subtype_is("global")                                 ? Type::global
            : subtype_is("partial") || subtype_is("external-body") ? Type::fragment
                                                                   : Type::message;
  } else if (type->front().is_word("multipart")) {
    type_ = Type::multipart;
    const Type part_type = subtype_is("digest") ? Type::rfc822 : Type::text;
    while (const auto item = items.next()) {
      if (item->size() < 3 || !item->front().is_word("boundary") || !(*item)[1].is_special('='))
        continue;
      if (levels_.size() >= options_.nesting_limit + 2) {
        if (options_.report_nesting) report(MimeError::nesting, header_);
        continue;
      }
      levels_.push_back({(*item)[2].text.substr(0, options_.boundary_length_limit), part_type});
    }
  }
}

void MimeParser::take_content_encoding(std::string_view field_body) {
  const auto item = MimeItems(field_body, MimeItems::kAddressSpecials).next();
  if (!item || item->empty()) return;
  for (std::size_t i = 0; i < kEncodings.size(); ++i) {
    if (item->front().is_word(kEncodings[i])) encoding_ = static_cast<Encoding>(i);
  }
}

void MimeParser::report(MimeError error, std::string_view text) {
  const unsigned bit = bit_of(error);
  if ((reported_ & bit) != 0) return;
  reported_ |= bit;
  sink_.mime_error(error, text);
}

// RFC 2045 §6.4, RFC 2046 §5.2: composite types take no encoding, fragments nothing but 7bit.
void MimeParser::check_encoding_domain() {
  const bool encoded = encoding_ == Encoding::base64 || encoding_ == Encoding::quoted_printable;
  const bool wide = encoding_ == Encoding::eight_bit || encoding_ == Encoding::binary;
  const bool composite = type_ == Type::multipart || type_ == Type::rfc822;
  if ((composite && encoded) || (type_ == Type::fragment && wide))
    report(MimeError::encoding_domain, kEncodings[static_cast<std::size_t>(encoding_)]);
}

void MimeParser::finish_header_block() {
  if (options_.downgrade && !seven_bit_domain()) {
    const bool holds_parts = type_ == Type::multipart || type_ == Type::rfc822 ||
                             type_ == Type::message || type_ == Type::fragment;
    emit_header(holds_parts ? "Content-Transfer-Encoding: 7bit"
                            : "Content-Transfer-Encoding: quoted-printable",
                "");
  }
  if (state_ == State::primary && !primary_ended_) {
    primary_ended_ = true;
    sink_.end_of_primary_headers();
  }
  if (options_.report_encoding_domain) check_encoding_domain();
}

// Rows 5 to 8: the record at hand is no header.
void MimeParser::end_of_headers(bool at_empty_line) {
  finish_header_block();
  if (state_ == State::primary && !at_empty_line) sink_.body({}, false, 0);
  offset_ = 0;
  // RFC 6532 lets message/global be encoded: then it is one opaque part.
  const bool opaque = options_.downgrade && !seven_bit_domain() && type_ == Type::global;
  if (at_empty_line && (type_ == Type::rfc822 || (type_ == Type::global && !opaque))) {
    state_ = State::nested;
    type_ = Type::text;
    encoding_ = Encoding::seven_bit;
  } else {
    state_ = State::body;
    if (at_empty_line && type_ == Type::multipart) {
      type_ = Type::other;
      encoding_ = Encoding::seven_bit;
    }
  }
}

// Innermost level first; a boundary that is a prefix counts, and what follows it is ignored.
void MimeParser::follow_delimiter(std::string_view line) {
  for (std::size_t depth = levels_.size(); depth-- > 0;) {
    const std::string& boundary = levels_[depth].boundary;
    if (!line.starts_with(boundary)) continue;
    if (line.substr(boundary.size()).starts_with("--")) {
      levels_.resize(depth);
      state_ = State::body;
      type_ = Type::other;
      offset_ = 0;
    } else {
      state_ = State::multipart;
      type_ = levels_[depth].part_type;
      levels_.resize(depth + 1);
    }
    encoding_ = Encoding::seven_bit;
    return;
  }
}

}  // namespace headgate::mail
