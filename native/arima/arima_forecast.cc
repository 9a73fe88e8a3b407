// Filters a row up to its end and forecasts with psi-weight variances through the integrated model.
//
// Plain scalar float64, compiled without contraction: the same bits as the reference on every machine. A forecast is
// the model run on with e = 0; a psi weight is the model's answer to one e = 1 (Box & Jenkins 1976, 5.1).

#include <atomic>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include "arima.h"

namespace {

struct Model {
  double f1, f2, t1, t2, F, Q, mean;
  int d, D, m;
};

// The model run on from state arrays of `at` known steps: out[h] for h in [0, horizon).
// z, e, y hold at least `at + horizon` values, filled up to `at`; u and g are the last two of theirs.
struct State {
  std::vector<double> y, z, e;
  double u1 = 0, u2 = 0, g1 = 0, g2 = 0;
};

double back(const std::vector<double> &x, int t, int lag) { return t >= lag ? x[t - lag] : 0.0; }

// One step with a known innovation; returns the differenced value less its mean.
double advance(const Model &k, State &s, int t, double innovation) {
  const double g = innovation + k.Q * back(s.e, t, k.m);
  const double v = g + k.t1 * s.g1 + k.t2 * s.g2;
  const double u = v + k.f1 * s.u1 + k.f2 * s.u2;
  const double z = u + k.F * back(s.z, t, k.m);
  s.e[t] = innovation;
  s.z[t] = z;
  s.g2 = s.g1;
  s.g1 = g;
  s.u2 = s.u1;
  s.u1 = u;
  return z;
}

// One step with a known differenced value.
void observe(const Model &k, State &s, int t, double w) {
  const double z = w - k.mean;
  const double u = z - k.F * back(s.z, t, k.m);
  const double v = u - k.f1 * s.u1 - k.f2 * s.u2;
  const double g = v - k.t1 * s.g1 - k.t2 * s.g2;
  s.e[t] = g - k.Q * back(s.e, t, k.m);
  s.z[t] = z;
  s.g2 = s.g1;
  s.g1 = g;
  s.u2 = s.u1;
  s.u1 = u;
}

// What differencing took away at t, from values before t.
double integrated(const Model &k, const std::vector<double> &y, int t) {
  double sum = 0;
  if (k.d) sum += back(y, t, 1);
  if (k.D) sum += k.d ? back(y, t, k.m) - back(y, t, k.m + 1) : back(y, t, k.m);
  return sum;
}

void forecastRow(const double *values, int end, int horizon, const Model &k, const double *fit, double *mean, double *variance) {
  const double shift = fit[SW_SHIFT], scale = fit[SW_SCALE];
  int first = 0, last = end - 1;
  while (first < end && !std::isfinite(values[first])) first++;
  while (last > first && !std::isfinite(values[last])) last--;
  if (first >= end) {
    for (int h = 0; h < horizon; h++) mean[h] = variance[h] = 0;
    return;
  }
  const int known = last - first + 1, waiting = end - 1 - last, total = known + waiting + horizon;
  const int lost = k.d + k.D * k.m;
  State s;
  s.y.assign(total, 0.0);
  s.z.assign(total, 0.0);
  s.e.assign(total, 0.0);
  std::vector<uint8_t> gap(total, 0);
  for (int t = 0; t < known; t++) {
    const double raw = values[first + t];
    gap[t] = !std::isfinite(raw);
    if (!gap[t]) s.y[t] = (raw - shift) / scale;
    if (t < lost) {
      if (gap[t]) s.y[t] = s.y[t - 1];
      continue;
    }
    const bool whole = !gap[t] && !(k.d && gap[t - 1]) && !(k.D && (gap[t - k.m] || (k.d && gap[t - k.m - 1])));
    const double before = integrated(k, s.y, t);
    if (whole) {
      observe(k, s, t, s.y[t] - before);
    } else {
      const double z = advance(k, s, t, 0.0);
      if (gap[t]) s.y[t] = z + k.mean + before;
    }
  }
  for (int t = known; t < total; t++) {
    if (t < lost) {
      s.y[t] = s.y[t - 1];
      continue;
    }
    const double before = integrated(k, s.y, t);
    s.y[t] = advance(k, s, t, 0.0) + k.mean + before;
  }
  State r;
  const int steps = waiting + horizon;
  r.y.assign(steps, 0.0);
  r.z.assign(steps, 0.0);
  r.e.assign(steps, 0.0);
  double sum = 0;
  const double unit = fit[SW_SIGMA2] * scale * scale;
  for (int t = 0; t < steps; t++) {
    const double before = integrated(k, r.y, t);
    r.y[t] = advance(k, r, t, t == 0 ? 1.0 : 0.0) + before;
    sum += r.y[t] * r.y[t];
    const int h = t - waiting;
    if (h < 0) continue;
    mean[h] = s.y[known + t] * scale + shift;
    variance[h] = sum * unit;
  }
}

}  // namespace

extern "C" int32_t sw_arima_forecast(const sw_arima_job *job, int32_t horizon, double *mean, double *variance) {
  constexpr int kRowsPerBlock = 64;
  std::atomic<int32_t> next{0};
  auto loop = [&] {
    for (int32_t from = kRowsPerBlock * next++; from < job->rows; from = kRowsPerBlock * next++) {
      for (int32_t r = from; r < job->rows && r < from + kRowsPerBlock; r++) {
        const uint8_t *o = job->orders + static_cast<int64_t>(r) * SW_ORDER_WIDTH;
        const double *fit = job->fits + static_cast<int64_t>(r) * SW_FIT_WIDTH;
        const Model k = {fit[0], fit[1], fit[2], fit[3], fit[4], fit[5], fit[6], o[SW_d], o[SW_D], job->season};
        forecastRow(job->values + static_cast<int64_t>(r) * job->stride, job->end, horizon, k, fit,
                    mean + static_cast<int64_t>(r) * horizon, variance + static_cast<int64_t>(r) * horizon);
      }
    }
  };
  std::vector<std::thread> threads;
  for (int32_t i = 1; i < job->threads && i * kRowsPerBlock < job->rows; i++) threads.emplace_back(loop);
  loop();
  for (std::thread &thread : threads) thread.join();
  return 0;
}
