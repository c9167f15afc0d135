// MimeParser: records in; logical headers and body records out, in message order. Decodes nothing, keeps no message.
// What an admin's table sees is decided here, so this is Postfix's own state machine, oddities included: a delimiter
// matches by prefix, an unknown content type changes nothing, a line that is no header ends the header block.
//   Units     a record is a line without its end, or a chunk of a longer line with `continued` set.
//   Limits    header_size_limit: no piece is added to a header that has reached it (so a key may exceed it by one
//             piece); nesting_limit + 2 boundaries of at most boundary_length_limit bytes each. They bound the memory.
//   Lifetime  borrows the MimeSink; the views it passes are valid during the call only.      Threads  one owner.
//   Source    RFC 2045, RFC 2046 §5.1; mime_state(3) of Postfix 3.7, as recorded in docs/walk.md; strict_* of postconf(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mail/lines.h"

namespace headgate::mail {

enum class HeaderClass {
  primary,    // of the message itself
  multipart,  // of a MIME part
  nested,     // of an attached message/rfc822 or message/global
};

// What a MIME message may do wrong and is told of once.
enum class MimeError {
  nesting,  // more boundaries than mime_nesting_limit + 2
  eight_bit_header,
  eight_bit_body,  // while the encoding, declared or by default, is 7bit
  encoding_domain  // an encoded multipart or attached message; a message/partial that is not 7bit
};

struct MimeOptions {
  std::size_t header_size_limit = 102400;
  std::size_t nesting_limit = 100;
  std::size_t boundary_length_limit = 2048;
  bool mime = true;  // false: disable_mime_input_processing, or postmap without -m

  // 8-bit and binary parts leave as quoted-printable lines (RFC 2045 §6.7), under a new
  // Content-Transfer-Encoding at the end of their header block; what holds parts becomes 7bit.
  bool downgrade = false;

  // Which errors to tell. Without `mime` there are none, and nothing is downgraded.
  bool report_nesting = false, report_eight_bit_headers = false, report_eight_bit_body = false,
       report_encoding_domain = false;
};

class MimeSink {
 public:
  MimeSink() = default;
  MimeSink(const MimeSink&) = delete;
  MimeSink& operator=(const MimeSink&) = delete;
  virtual ~MimeSink() = default;

  // A whole logical header, "Name: text\n folded"; free of NUL. `name` is its part before the
  // colon; "" for the Content-Transfer-Encoding that a downgrade makes.
  virtual void header(HeaderClass header_class, std::string_view text, std::string_view name) = 0;

  // Once, before the first body record; also when the message ends without a body. A reader that
  // wants nothing but the primary headers (postmap -h) stops feeding the parser when it hears this.
  virtual void end_of_primary_headers() {}

  // A body record as it came in, NULs included; empty lines, delimiters, preamble and epilogue are
  // body records too. `offset`: bytes since the segment began, each record counted with its end.
  // Garbage that ends the primary headers is announced by an empty record of its own.
  virtual void body(std::string_view record, bool continued, std::uint64_t offset) = 0;

  // Body records that came together: whole lines, each with its \n. `offset`: of the first.
  virtual void body_lines(std::string_view lines, std::uint64_t offset) {
    each_line(lines, [&](std::string_view line) {
      body(line, false, offset);
      offset += line.size() + 1;
    });
  }

  // Each error once, before header() or body() of what it was found in. `text`: the header, the
  // record, or for encoding_domain the name of the encoding.
  virtual void mime_error(MimeError error, std::string_view text) {
    (void)error;
    (void)text;
  }
};

class MimeParser {
 public:
  MimeParser(const MimeOptions& options, MimeSink& sink);

  void record(std::string_view bytes, bool continued);
  void end();  // once, after the last record

  // In a body, and its records leave as they come.
  [[nodiscard]] bool takes_lines() const {
    return state_ == State::body && !after_chunk_ && (!options_.downgrade || seven_bit_domain());
  }

  // As mail::TakesLines has it: takes those that are body records and nothing more, none unless takes_lines().
  std::size_t lines(std::string_view lines);

  // Of the next body record, while takes_lines().
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  enum class State { primary, multipart, nested, body };
  // fragment: message/partial and message/external-body; global: message/global, attached as rfc822 is.
  enum class Type { text, message, fragment, rfc822, global, multipart, other };
  enum class Encoding { seven_bit, eight_bit, binary, quoted_printable, base64 };

  struct Level {
    std::string boundary;
    Type part_type;  // of its parts, until they say otherwise
  };

  bool take_header_record(std::string_view bytes, bool after_chunk);
  void start_header(std::string_view bytes, std::size_t name_length);
  void flush_header();
  void take_content_type(std::string_view field_body);
  void take_content_encoding(std::string_view field_body);
  void check_encoding_domain();
  void report(MimeError error, std::string_view text);
  [[nodiscard]] bool minds_eight_bit() const;
  void emit_header(std::string_view text, std::string_view name);
  void emit_body(std::string_view record, bool continued);
  void emit_encoded(std::string_view record, bool continued);

  // Binary counts as 8-bit, the encodings as what they are made of.
  [[nodiscard]] bool seven_bit_domain() const {
    return encoding_ != Encoding::eight_bit && encoding_ != Encoding::binary;
  }

  void finish_header_block();
  void end_of_headers(bool at_empty_line);
  void follow_delimiter(std::string_view line);

  MimeOptions options_;
  MimeSink& sink_;
  State state_ = State::primary;
  Type type_ = Type::text;
  Encoding encoding_ = Encoding::seven_bit;
  unsigned reported_ = 0;  // a bit for each MimeError
  std::vector<Level> levels_;
  std::string header_;           // the held header; empty = none
  std::string encoded_;          // a quoted-printable line in the making
  std::size_t name_length_ = 0;  // of the held header
  std::uint64_t offset_ = 0;
  bool after_chunk_ = false;  // the previous record was a chunk with more to follow
  bool primary_ended_ = false;
};

}  // namespace headgate::mail
