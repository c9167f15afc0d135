// How it works: user units are CSS pixels of a chart 480 wide, so that type stays readable when a phone shrinks it. Scales
// are logarithmic: the engines lie four decades apart. Dots and not bars, as a bar on such a scale has no honest length.
// Tested by tests/smtpd/bench/charts_test.cc and tests/e2e/bench_test.py.
#include "smtpd/bench/charts.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "smtpd/bench/engines.h"
#include "smtpd/bench/svg.h"

namespace headgate::bench {

namespace {

constexpr double kWidth = 480, kRight = 458;

bool is_drawn(const EngineRun& run) { return run.problem.empty() && !run.seconds.empty(); }

std::size_t place_of(const std::string& engine) {
  const auto kinds = engine_kinds();
  const auto found = std::ranges::find(kinds, engine, &EngineKind::name);
  return static_cast<std::size_t>(found - kinds.begin());
}

Mark mark_of(const std::string& engine) {
  constexpr std::array kMarks = {Mark::circle,   Mark::circle,  Mark::square,  Mark::cross,
                                 Mark::triangle, Mark::diamond, Mark::diamond, Mark::triangle};
  return kMarks[place_of(engine) % kMarks.size()];
}

struct Range {
  double least = 1e300, most = 0;

  void include(double value) {
    if (value <= 0) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

void horizontal_ticks(Svg& svg, const LogScale& scale, double top, double bottom,
                      std::string_view unit) {
  for (const double tick : scale.ticks()) {
    const double x = scale.at(tick);
    svg.line({x, top}, {x, bottom}, "grid");
    svg.text({x, bottom + 16}, short_number(tick), Anchor::middle, "tick");
  }
  svg.text({kRight, bottom + 34}, unit, Anchor::end, "axis");
}

// The largest of 1, 2, 5, 10, 20 … that makes four steps or more of a range.
double round_step(double range) {
  double step = 1;
  for (;;) {
    for (const double factor : {2.0, 5.0, 10.0})
      if (range / (step * factor) < 4) return factor == 2.0 ? step : step * (factor == 5.0 ? 2 : 5);
    step *= 10;
  }
}

}  // namespace

std::string css_of(const std::string& engine) { return "e-" + engine; }

std::string title_of(const std::string& engine) {
  const EngineKind* kind = find_engine(engine);
  return std::string(kind != nullptr ? kind->title : engine);
}

std::string throughput_chart(const TableReport& table) {
  Range range;
  std::size_t drawn = 0;
  for (const EngineRun& run : table.engines) {
    if (!is_drawn(run)) continue;
    const peers::Spread rate = run.megabytes_a_second();
    range.include(rate.least);
    range.include(rate.most);
    ++drawn;
  }
  if (drawn == 0) return {};
  constexpr double kRow = 40, kTop = 6;
  const double bottom = kTop + kRow * static_cast<double>(drawn) + 6;
  Svg svg(kWidth, bottom + 42, "Throughput by engine");
  const LogScale scale(range.least, range.most, 14, kRight);
  horizontal_ticks(svg, scale, kTop, bottom, "MB of text a second of CPU time");
  double y = kTop + 14;
  for (const EngineRun& run : table.engines) {
    if (!is_drawn(run)) continue;
    const peers::Spread rate = run.megabytes_a_second();
    const std::string css = css_of(run.engine);
    svg.text({16, y}, title_of(run.engine), Anchor::start, "label");
    svg.text({kRight, y}, short_number(rate.median) + " MB/s", Anchor::end, "label value");
    svg.line({scale.at(rate.least), y + 13}, {scale.at(rate.most), y + 13}, css + " whisker");
    svg.line({14, y + 13}, {scale.at(rate.median), y + 13}, css + " stem");
    svg.mark({scale.at(rate.median), y + 13}, mark_of(run.engine), css);
    y += kRow;
  }
  return svg.finish();
}

std::string growth_chart(const TableReport& table) {
  Range rules, cost;
  for (const GrowthPoint& point : table.growth) {
    for (const EngineRun& run : point.engines) {
      if (!is_drawn(run)) continue;
      rules.include(static_cast<double>(point.rules));
      cost.include(run.nanoseconds_a_byte());
    }
  }
  if (table.growth.size() < 2 || cost.most == 0) return {};
  std::vector<std::string> engines;
  for (const EngineRun& run : table.growth.back().engines) engines.push_back(run.engine);
  const double legend = 20 * static_cast<double>((engines.size() + 1) / 2);
  const double top = 42 + legend, bottom = top + 220;
  Svg svg(kWidth, bottom + 42, "Cost by number of rules");
  const LogScale x(rules.least, rules.most, 66, kRight), y(cost.least, cost.most, bottom, top);
  horizontal_ticks(svg, x, top, bottom, "rules");
  for (const double tick : y.ticks()) {
    svg.line({66, y.at(tick)}, {kRight, y.at(tick)}, "grid");
    svg.text({54, y.at(tick) + 4}, short_number(tick), Anchor::end, "tick");
  }
  svg.text({8, top - 14}, "ns of CPU time a byte", Anchor::start, "axis");
  double place = 0;
  for (const std::string& engine : engines) {
    std::vector<Point> points;
    for (const GrowthPoint& point : table.growth)
      for (const EngineRun& run : point.engines)
        if (run.engine == engine && is_drawn(run))
          points.push_back(
              {x.at(static_cast<double>(point.rules)), y.at(run.nanoseconds_a_byte())});
    const std::string css = css_of(engine);
    svg.path(points, css + " curve");
    for (const Point& point : points) svg.mark(point, mark_of(engine), css);
    const Point at{static_cast<int>(place) % 2 == 0 ? 14.0 : 246.0,
                   14 + 20 * static_cast<double>(static_cast<int>(place) / 2)};
    svg.mark(at, mark_of(engine), css);
    svg.text({at.x + 12, at.y + 4}, title_of(engine), Anchor::start, "label");
    place += 1;
  }
  return svg.finish();
}

std::string cost_chart(const TableReport& table) {
  std::vector<double> costs;
  for (const RuleRow& row : table.rows) costs.push_back(row.cost(table.cost_texts));
  std::ranges::sort(costs, std::ranges::greater());
  const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
  if (costs.size() < 10 || total <= 0) return {};
  constexpr double kTop = 28, kBottom = 228, kLeft = 56;
  Svg svg(kWidth, kBottom + 42, "Share of the time by the dearest rules");
  const auto x = [&](double rank) {
    return kLeft + (kRight - kLeft) * rank / static_cast<double>(costs.size());
  };
  const auto y = [&](double share) { return kBottom - (kBottom - kTop) * share; };
  for (int percent = 0; percent <= 100; percent += 25) {
    svg.line({kLeft, y(percent / 100.0)}, {kRight, y(percent / 100.0)}, "grid");
    svg.text({kLeft - 6, y(percent / 100.0) + 4}, fmt::format("{} %", percent), Anchor::end,
             "tick");
  }
  const double step = round_step(static_cast<double>(costs.size()));
  for (double rank = 0; rank <= static_cast<double>(costs.size()); rank += step)
    svg.text({x(rank), kBottom + 16}, short_number(rank), Anchor::middle, "tick");
  svg.text({8, kTop - 12}, "share of Postfix's time", Anchor::start, "axis");
  svg.text({kRight, kBottom + 34}, "rules and guards, the dearest first", Anchor::end, "axis");
  std::vector<Point> curve = {{x(0), y(0)}};
  double sum = 0;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    sum += costs[i];
    curve.push_back({x(static_cast<double>(i + 1)), y(sum / total)});
  }
  std::vector<Point> under = curve;
  under.push_back({x(static_cast<double>(costs.size())), y(0)});
  svg.area(under, "under");
  svg.path(curve, "e-pcre2 curve");
  svg.line({x(0), y(0)}, {x(static_cast<double>(costs.size())), y(1)}, "even");
  return svg.finish();
}

std::string mix_chart(const TableReport& table) {
  std::vector<std::pair<std::string, std::size_t>> parts;
  for (const MixRow& row : table.mix) {
    const auto known = std::ranges::find(parts, row.strategy, &decltype(parts)::value_type::first);
    if (known == parts.end())
      parts.emplace_back(row.strategy, row.patterns);
    else
      known->second += row.patterns;
  }
  if (parts.empty()) return {};
  std::ranges::stable_sort(parts, std::ranges::greater(), &decltype(parts)::value_type::second);
  Svg svg(kWidth, 46 + 22 * static_cast<double>(parts.size()), "Patterns by strategy");
  double x = 8, y = 56;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const double share = static_cast<double>(parts[i].second) / static_cast<double>(table.patterns);
    const double width = (kRight - 8) * share;
    const std::string css = fmt::format("mix{}", std::min<std::size_t>(i, 5));
    svg.rect({x, 8}, std::max(width, 1.0), 26, css);
    svg.rect({8, y - 10}, 12, 12, css);
    svg.text({28, y}, parts[i].first, Anchor::start, "label");
    svg.text({kRight, y},
             fmt::format("{} patterns, {} %", short_number(static_cast<double>(parts[i].second)),
                         short_number(100 * share)),
             Anchor::end, "label value");
    x += width;
    y += 22;
  }
  return svg.finish();
}

}  // namespace headgate::bench
