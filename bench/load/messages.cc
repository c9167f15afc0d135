#include "bench/load/messages.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "engine/base/file.h"

namespace headgate::load {
namespace {

constexpr std::size_t kLineBytes = 76;
constexpr std::array<std::string_view, 16> kWords{
    "the",    "report", "of",      "meeting", "and",     "a",       "schedule", "please",
    "answer", "to",     "invoice", "team",    "project", "comment", "with",     "morning"};

void add(std::vector<std::string>& messages, std::string_view message) {
  if (!message.empty()) messages.push_back(for_data(message));
}

std::vector<std::string> split_mbox(std::string_view text) {
  std::vector<std::string> messages;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find('\n'), text.size() - 1) + 1;  // behind "From "
    const std::size_t next = text.find("\nFrom ", begin - 1);
    const std::size_t end = next == std::string_view::npos ? text.size() : next + 1;
    std::string_view message = text.substr(begin, end - begin);
    if (next != std::string_view::npos && message.ends_with("\n\n")) message.remove_suffix(1);
    add(messages, message);
    text.remove_prefix(end);
  }
  return messages;
}

Result<std::vector<std::string>> read_folder(const std::string& path) {
  std::vector<std::string> names, messages;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".eml") names.push_back(entry.path().string());
  }
  if (error) return fail(Code::not_found, error.message(), path);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    TRY(text, read_file(name));
    add(messages, text);
  }
  return messages;
}

}  // namespace

std::string for_data(std::string_view message) {
  std::string data;
  data.reserve(message.size() + message.size() / 32 + 8);
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) data += '.';
    data += line;
    data += "\r\n";
  }
  return data + ".\r\n";
}

Result<std::vector<std::string>> read_messages(const std::string& path) {
  std::vector<std::string> messages;
  if (std::filesystem::is_directory(path)) {
    TRY(found, read_folder(path));
    messages = std::move(found);
  } else {
    TRY(text, read_file(path));
    if (text.starts_with("From "))
      messages = split_mbox(text);
    else
      add(messages, text);
  }
  if (messages.empty()) return fail(Code::invalid, "no message found", path);
  return messages;
}

std::vector<std::string> generate_messages(std::size_t count, std::size_t size_bytes,
                                           std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = fmt::format(
        "From: <sender@client.example>\nTo: <user@dest.example>\nSubject: load {}\n"
        "Date: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <{}.{}@client.example>\n\n",
        i, seed, i);
    std::size_t line = 0;
    while (text.size() < size_bytes) {
      const std::string_view word = kWords[random() % kWords.size()];
      const bool wraps = line + word.size() >= kLineBytes;
      text += word;
      text += wraps ? '\n' : ' ';
      line = wraps ? 0 : line + word.size() + 1;
    }
    add(messages, text);
  }
  return messages;
}

// Not std::shuffle: its order differs from one standard library to another.
void shuffle(std::vector<std::string>& messages, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t left = messages.size(); left > 1; --left)
    std::swap(messages[left - 1], messages[random() % left]);
}

}  // namespace headgate::load
