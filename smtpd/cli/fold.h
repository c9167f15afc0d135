// How postconf(1) lays out what it prints: runs of white space become one space; with -f, no line is longer than 80.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace headgate::cli {

// The words of `text` joined by single spaces; with `fold`, continued on lines that start with four spaces.
std::string lay_out(std::string_view text, bool fold);

// A word that holds white space, in the braces that protect it.
std::string protect(const std::string& word);

}  // namespace headgate::cli
