// Compresses rows around a robust centre, so that bursts weigh like square roots; the reference's operations in its order.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../parallel.h"
#include "arima.h"

namespace {

constexpr int kEvery = 5;  // a fifth of the known values tells the median; no divisor of a day's steps
constexpr double kWidth = 2, kNormal = 1.4826, kSpreadShare = 0.0625;

double middle(std::vector<double> &x) {
  const size_t half = x.size() / 2;
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(half), x.end());
  return x[half];
}

void scaleOf(const double *y, int end, std::vector<double> &sample, double *centre, double *unit) {
  sample.clear();
  int known = 0;
  for (int t = 0; t < end; t++) {
    if (!std::isfinite(y[t])) continue;
    if (known % kEvery == 0) sample.push_back(y[t]);
    known++;
  }
  *centre = 0;
  *unit = 1;
  if (known == 0) return;
  const double m = middle(sample);
  *centre = m;
  for (double &x : sample) x = std::fabs(x - m);
  const double mad = middle(sample), share = 1.0 / known;
  double spread = 0;
  for (int t = 0; t < end; t++) if (std::isfinite(y[t])) spread += std::fabs(y[t] - m) * share;
  const double width = kWidth * std::fmax(kNormal * mad, kSpreadShare * spread);
  if (width > 0) *unit = std::fmin(width, std::numeric_limits<double>::max());
}

// Whether yesterday's value foretells better than values of 1/4, 1/2, 3/4 of a season ago.
uint8_t isSeasonal(const double *z, int end, int season) {
  if (season < 4) return 0;
  const int lags[3] = {season / 4, season / 2, 3 * season / 4};
  double own = 0, others = 0;
  for (int t = season; t < end; t++) {
    const double a = std::fabs(z[t] - z[t - season]), b = std::fabs(z[t] - z[t - lags[0]]) + std::fabs(z[t] - z[t - lags[1]]) + std::fabs(z[t] - z[t - lags[2]]);
    const double both = a + b;
    if (!(both < std::numeric_limits<double>::infinity())) continue;
    own += a;
    others += b;
  }
  return own * 3 < 0.8 * others;
}

}  // namespace

extern "C" void sw_arima_compress(const sw_arima_job *job, int32_t fresh, double *out, double *centre, double *unit, double *low, double *high, uint8_t *seasonal) {
  constexpr int kPiece = 64;
  sw_parallel(job->threads, (job->rows + kPiece - 1) / kPiece, [&](int64_t piece) {
    std::vector<double> sample;
    for (int r = static_cast<int>(piece) * kPiece; r < job->rows && r < (piece + 1) * kPiece; r++) {
      const double *y = job->values + static_cast<int64_t>(r) * job->stride;
      double *z = out + static_cast<int64_t>(r) * job->end;
      if (fresh) scaleOf(y, job->end, sample, &centre[r], &unit[r]);
      const double m = centre[r], u = unit[r];
      double bottom = std::numeric_limits<double>::infinity(), top = -bottom;
      for (int t = 0; t < job->end; t++) {
        if (std::isfinite(y[t])) {
          bottom = y[t] < bottom ? y[t] : bottom;
          top = y[t] > top ? y[t] : top;
        }
        const double x = (y[t] - m) / u, size = std::sqrt(1 + 2 * std::fabs(x)) - 1;
        z[t] = u > 0 ? (x < 0 ? -size : size) : y[t];
      }
      low[r] = bottom;
      high[r] = top;
      seasonal[r] = isSeasonal(z, job->end, job->season);
    }
  });
}
