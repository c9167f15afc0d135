// Tested by tests/smtpd/bench/svg_test.cc.
#include "smtpd/bench/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::bench {

namespace {

std::string_view name_of(Anchor anchor) {
  return anchor == Anchor::start ? "start" : anchor == Anchor::middle ? "middle" : "end";
}

std::string listed(const std::vector<Point>& points) {
  std::string out;
  for (const Point& point : points)
    out += fmt::format("{}{:.1f},{:.1f}", out.empty() ? "" : " ", point.x, point.y);
  return out;
}

std::string with_commas(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  const std::string clean = text::printable(text);
  for (const char c : text::valid_utf8(clean) ? clean : text::printable(text, false)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

Svg::Svg(double width, double height, std::string_view title)
    : body_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:g} {:g}\" "
                        "role=\"img\"><title>{}</title>\n",
                        width, height, escaped(title))) {}

void Svg::line(Point from, Point to, std::string_view css) {
  body_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)",
                       from.x, from.y, to.x, to.y, css) +
           '\n';
}

void Svg::path(const std::vector<Point>& points, std::string_view css) {
  body_ += fmt::format(R"(<polyline points="{}" class="{}"/>)", listed(points), css) + '\n';
}

void Svg::area(const std::vector<Point>& points, std::string_view css) {
  body_ += fmt::format(R"(<polygon points="{}" class="{}"/>)", listed(points), css) + '\n';
}

void Svg::rect(Point corner, double width, double height, std::string_view css) {
  body_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>)",
                       corner.x, corner.y, width, height, css) +
           '\n';
}

void Svg::mark(Point at, Mark shape, std::string_view css) {
  constexpr double kSize = 5;
  const auto offset = [&](double x, double y) { return Point{at.x + x * kSize, at.y + y * kSize}; };
  switch (shape) {
    case Mark::circle:
      body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:g}" class="{}"/>)", at.x, at.y,
                           kSize, css) +
               '\n';
      return;
    case Mark::square:
      return rect(offset(-0.9, -0.9), 1.8 * kSize, 1.8 * kSize, css);
    case Mark::triangle:
      return area({offset(0, -1.1), offset(1.1, 0.9), offset(-1.1, 0.9)}, css);
    case Mark::diamond:
      return area({offset(0, -1.3), offset(1.2, 0), offset(0, 1.3), offset(-1.2, 0)}, css);
    case Mark::cross:
      line(offset(-1, -1), offset(1, 1), fmt::format("{} stroke", css));
      return line(offset(-1, 1), offset(1, -1), fmt::format("{} stroke", css));
  }
}

void Svg::text(Point at, std::string_view words, Anchor anchor, std::string_view css) {
  body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>)", at.x,
                       at.y, name_of(anchor), css, escaped(words)) +
           '\n';
}

LogScale::LogScale(double least, double most, double from, double to) : from_(from), to_(to) {
  constexpr double kTiny = 1e-9;
  first_ = static_cast<int>(std::floor(std::log10(std::max(least, kTiny)) + kTiny));
  last_ = static_cast<int>(std::ceil(std::log10(std::max(most, kTiny)) - kTiny));
  last_ = std::max(last_, first_ + 1);
}

double LogScale::at(double value) const {
  constexpr double kTiny = 1e-9;
  const double share =
      (std::log10(std::max(value, kTiny)) - first_) / static_cast<double>(last_ - first_);
  return from_ + (to_ - from_) * std::clamp(share, 0.0, 1.0);
}

std::vector<double> LogScale::ticks() const {
  std::vector<double> values;
  for (int power = first_; power <= last_; ++power) values.push_back(std::pow(10.0, power));
  return values;
}

std::string short_number(double value) {
  if (value >= 99.95) return with_commas(fmt::format("{:.0f}", value));
  if (value <= 0) return "0";
  const int digits = std::clamp(2 - static_cast<int>(std::floor(std::log10(value))), 0, 7);
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

}  // namespace headgate::bench
