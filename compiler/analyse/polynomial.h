// Polynomial: how something grows with the length of a text. In u = 1/(1-z), the generating function of "so many bytes": u^k at
// n bytes is C(n+k, k), the number of ways to cut n bytes into k + 1 parts. Coefficients are not negative.
//   Threads   pure.
#pragma once

#include <array>
#include <cstddef>

namespace headgate::analyse {

constexpr std::size_t kDegrees = 8;

using Polynomial = std::array<double, kDegrees>;  // coefficient of u^k

Polynomial constant(double value);
Polynomial linear(double value);
Polynomial add(const Polynomial& a, const Polynomial& b);
Polynomial larger(const Polynomial& a, const Polynomial& b);  // by coefficients
// The one that is less for long texts.
const Polynomial& smaller(const Polynomial& a, const Polynomial& b);
// Degrees beyond the last are more than any text can stand: they become a coefficient that no budget allows.
Polynomial multiply(const Polynomial& a, const Polynomial& b);
std::size_t degree(const Polynomial& p);
double value_at(const Polynomial& p, double n);

}  // namespace headgate::analyse
