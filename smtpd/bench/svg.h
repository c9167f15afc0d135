// Svg: a drawing in the making: shapes and text in user units, coloured by the page's CSS classes so that print and screen
// agree. LogScale: decades along an axis.
//   Threads   one owner.        Errors  none; text is escaped here and nowhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headgate::bench {

// Of text for HTML and XML: valid UTF-8, nothing that could be markup.
std::string escaped(std::string_view text);

struct Point {
  double x = 0, y = 0;
};

enum class Anchor { start, middle, end };

enum class Mark { circle, square, triangle, diamond, cross };

class Svg {
 public:
  // `title` is read out to those who do not see it.
  Svg(double width, double height, std::string_view title);

  void line(Point from, Point to, std::string_view css);
  void path(const std::vector<Point>& points, std::string_view css);
  void area(const std::vector<Point>& points, std::string_view css);
  void rect(Point corner, double width, double height, std::string_view css);
  void mark(Point at, Mark shape, std::string_view css);
  void text(Point at, std::string_view words, Anchor anchor, std::string_view css);

  [[nodiscard]] std::string finish() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

class LogScale {
 public:
  // Of the decades around least and most, both greater than 0, along `from`..`to`.
  LogScale(double least, double most, double from, double to);

  [[nodiscard]] double at(double value) const;

  [[nodiscard]] std::vector<double> ticks() const;

 private:
  int first_ = 0, last_ = 1;  // powers of ten
  double from_, to_;
};

// Three digits: "0.00123", "3.44", "176", "1,098".
std::string short_number(double value);

}  // namespace headgate::bench
