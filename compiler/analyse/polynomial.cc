// Tested by tests/compiler/analyse/effort_test.cc.
#include "compiler/analyse/polynomial.h"

#include <algorithm>

namespace headgate::analyse {

namespace {

constexpr double kHuge = 1e18;  // more than any budget

}  // namespace

Polynomial constant(double value) {
  Polynomial p{};
  p[0] = value;
  return p;
}

Polynomial linear(double value) {
  Polynomial p{};
  p[1] = value;
  return p;
}

Polynomial add(const Polynomial& a, const Polynomial& b) {
  Polynomial sum{};
  for (std::size_t i = 0; i < kDegrees; ++i) sum[i] = a[i] + b[i];
  return sum;
}

Polynomial larger(const Polynomial& a, const Polynomial& b) {
  Polynomial most{};
  for (std::size_t i = 0; i < kDegrees; ++i) most[i] = std::max(a[i], b[i]);
  return most;
}

const Polynomial& smaller(const Polynomial& a, const Polynomial& b) {
  for (std::size_t i = kDegrees; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? a : b;
  }
  return a;
}

Polynomial multiply(const Polynomial& a, const Polynomial& b) {
  Polynomial product{};
  for (std::size_t i = 0; i < kDegrees; ++i) {
    for (std::size_t j = 0; j < kDegrees; ++j) {
      const double term = a[i] * b[j];
      if (term == 0) continue;
      if (i + j < kDegrees)
        product[i + j] = std::min(kHuge, product[i + j] + term);
      else
        product[kDegrees - 1] = kHuge;
    }
  }
  return product;
}

std::size_t degree(const Polynomial& p) {
  std::size_t degree = kDegrees - 1;
  while (degree > 0 && p[degree] == 0) --degree;
  return degree;
}

double value_at(const Polynomial& p, double n) {
  double sum = 0;
  double binomial = 1;  // C(n+k, k)
  for (std::size_t k = 0; k < kDegrees; ++k) {
    if (k > 0) binomial *= (n + static_cast<double>(k)) / static_cast<double>(k);
    sum += p[k] * binomial;
  }
  return sum;
}

}  // namespace headgate::analyse
