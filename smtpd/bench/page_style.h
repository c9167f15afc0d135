// The look of the report's page: dark on light, one column on a phone, two on a screen, and on paper without what only a
// screen needs.
#pragma once

#include <string_view>

namespace headgate::bench {

constexpr std::string_view kPageStyle = R"css(
:root { --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --paper: #ffffff; --wash: #f6f8fa; --ours: #0b6e4f; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 44px 0 6px; padding-top: 16px; border-top: 3px solid var(--ink);
     overflow-wrap: anywhere; }
h3 { font-size: 1.02rem; margin: 0 0 4px; }
p { margin: 6px 0; max-width: 70ch; }
.soft { color: var(--soft); font-size: 0.88rem; }
.lead { font-size: 1.12rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 16px 0; }
.fact { background: var(--wash); border: 1px solid var(--rule); border-radius: 6px; padding: 10px 12px; }
.fact b { display: block; font-size: 1.3rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.fact span { color: var(--soft); font-size: 0.85rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 28px 36px; margin: 18px 0; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
section { break-inside: auto; margin: 22px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule); }
thead th { border-bottom: 2px solid var(--ink); font-weight: 600; vertical-align: bottom; }
td.n, th.n { text-align: right; white-space: nowrap; }
td code, li code, p code { font: 0.92em ui-monospace, "Liberation Mono", Menlo, monospace; }
td code { overflow-wrap: anywhere; }
td.pattern { min-width: 200px; }
.bar { display: block; height: 6px; background: #c1440e; border-radius: 3px; margin-top: 4px; min-width: 1px; }
ol, ul { padding-left: 1.3em; max-width: 80ch; }
li { margin: 4px 0; }
.warn { border-left: 4px solid #b35900; padding-left: 10px; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, "Liberation Sans", Arial, sans-serif; }
svg .label { fill: var(--ink); font-size: 12.5px; }
svg .value { font-weight: 600; }
svg .tick, svg .axis { fill: var(--soft); font-size: 11.5px; }
svg .grid { stroke: #dfe3e8; stroke-width: 1; }
svg .even { stroke: #8b949e; stroke-dasharray: 4 4; }
svg .under { fill: #c1440e; fill-opacity: 0.12; stroke: none; }
svg .curve { fill: none; stroke-width: 2; }
svg .stem { stroke-width: 2; stroke-opacity: 0.45; }
svg .whisker { stroke-width: 9; stroke-opacity: 0.3; }
svg .stroke { stroke-width: 2.5; }
.e-headgate { fill: #0b6e4f; stroke: #0b6e4f; }
.e-headgate-message { fill: #5aa786; stroke: #5aa786; }
.e-pcre2, .e-regexec { fill: #c1440e; stroke: #c1440e; }
.e-pcre2-flat { fill: #a87b00; stroke: #a87b00; }
.e-pcre2-jit { fill: #8250df; stroke: #8250df; }
.e-hyperscan { fill: #0969da; stroke: #0969da; }
.e-hyperscan-buffer { fill: #57606a; stroke: #57606a; }
.mix0 { fill: #0b6e4f; } .mix1 { fill: #5aa786; } .mix2 { fill: #c1440e; } .mix3 { fill: #e0a458; } .mix4 { fill: #8250df; }
.mix5 { fill: #8b949e; }
@media (max-width: 560px) {
  main { padding: 16px 14px 32px; }
  body { font-size: 15px; }
  .facts { grid-template-columns: 1fr 1fr; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .charts { grid-template-columns: 1fr; gap: 16px; }
  .charts svg { max-width: 130mm; }
  .facts { grid-template-columns: repeat(3, 1fr); }
  .wide { overflow: visible; }
  h2 { break-after: avoid; }
  h3 { break-after: avoid; }
  tr, .fact { break-inside: avoid; }
  .fact, .bar, svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  thead { display: table-header-group; }
}
)css";

}  // namespace headgate::bench
