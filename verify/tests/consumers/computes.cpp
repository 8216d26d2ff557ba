#include <assay/assay.hpp>
#include <cmath>
#include <cstdio>

int main() {
  const double y = assay::sigmoid(0.5);
  assay::Mat<double> x(1, 2);
  x << 0.5, -0.5;
  const assay::Mat<double> s = assay::sigmoid(x);
  std::printf("%.17g %.17g %.17g\n", y, s(0, 0), s(0, 1));
  const bool right = std::abs(y - 0.62245933120185459) < 1e-15 && s(0, 0) == y &&
                     std::abs(s(0, 0) + s(0, 1) - 1) < 1e-15;
  return right ? 0 : 1;
}
