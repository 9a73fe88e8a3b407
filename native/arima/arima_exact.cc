// Refines CSS fits by the exact likelihood: BFGS from the curvature of the sum of squares.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../parallel.h"
#include "arima.h"
#include "arima_rows.h"

namespace {

constexpr int kParameters = 7;
constexpr double kStep = 1e-6;        // of a forward difference; parameters are of size 1
constexpr double kGain = 1e-5;        // of -2 log-likelihood: a step that promises less is not taken
constexpr double kRootLimit = 0.9999;

struct Objective {
  const sw_arima_job *job;
  std::vector<double> w;
  const uint8_t *order;
  int gaps = 0, free_count = 0;
  int free_at[kParameters] = {};

  // Value, sum of squares, and gradient at b. Returns false where b is not stationary and invertible.
  bool at(const double *b, double *value, double *squares, int *known, double *gradient) const {
    double points[8 * kParameters], values[8], sums[8];
    for (int k = 0; k <= free_count; k++) {
      std::memcpy(points + k * kParameters, b, kParameters * sizeof(double));
      if (k > 0) points[k * kParameters + free_at[k - 1]] += b[free_at[k - 1]] > 0 ? -kStep : kStep;
    }
    if (!inside(b)) return false;
    const sw_exact_points run = job->isa >= SW_AVX512 ? sw_exact_avx512 : job->isa == SW_AVX2 ? sw_exact_avx2 : sw_exact_baseline;
    const int count = gradient ? free_count + 1 : 1;
    if (run(w.data(), static_cast<int>(w.size()), gaps, order, job->season, points, count, values, sums, known)) return false;
    *value = values[0];
    *squares = sums[0];
    for (int k = 0; gradient && k < free_count; k++) {
      const double step = b[free_at[k]] > 0 ? -kStep : kStep;
      gradient[k] = (values[k + 1] - values[0]) / step;
    }
    return std::isfinite(*value);
  }

  static double modulus(double c1, double c2) {
    const double d = c1 * c1 + 4 * c2;
    return d >= 0 ? (std::fabs(c1) + std::sqrt(d)) / 2 : std::sqrt(-c2);
  }
  static bool inside(const double *b) {
    return modulus(b[0], b[1]) < kRootLimit && modulus(-b[2], -b[3]) <= 1 && std::fabs(b[4]) < kRootLimit && std::fabs(b[5]) <= 1;
  }
};

// Inverse of the curvature n 2 J'J / S of the sum of squares; the unit matrix where it is singular.
void startInverse(const sw_task &task, const Objective &f, int n, double *inverse) {
  const int size = f.free_count;
  double rows[kParameters][2 * kParameters] = {};
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      const int a = f.free_at[i] > f.free_at[j] ? f.free_at[i] : f.free_at[j], c = f.free_at[i] + f.free_at[j] - a;
      rows[i][j] = 2.0 * n * task.normal[1 + kParameters + a * (a + 1) / 2 + c] / task.normal[0];
    }
    rows[i][i] *= 1.001;
    rows[i][size + i] = 1;
  }
  bool singular = false;
  for (int k = 0; k < size; k++) {
    if (!(rows[k][k] > 1e-9)) singular = true;
    if (singular) break;
    for (int i = 0; i < size; i++) {
      if (i == k) continue;
      const double factor = rows[i][k] / rows[k][k];
      for (int j = 0; j < 2 * size; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) inverse[i * size + j] = singular ? (i == j ? 1e-3 : 0) : rows[i][size + j] / rows[i][i];
  }
}

void updateInverse(double *B, int size, const double *s, const double *y) {
  double sy = 0, By[kParameters], yBy = 0;
  for (int i = 0; i < size; i++) sy += s[i] * y[i];
  if (!(sy > 1e-14)) return;
  for (int i = 0; i < size; i++) {
    By[i] = 0;
    for (int j = 0; j < size; j++) By[i] += B[i * size + j] * y[j];
    yBy += y[i] * By[i];
  }
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) B[i * size + j] += (1 + yBy / sy) * s[i] * s[j] / sy - (By[i] * s[j] + s[i] * By[j]) / sy;
  }
}

// Returns whether it converged; b, value, and squares are improved in place.
bool refine(const Objective &f, int iterations, double *inverse, double *b, double *value, double *squares, int *known, double *gradient) {
  const int size = f.free_count;
  for (int it = 0; it < iterations; it++) {
    double step[kParameters], slope = 0;
    for (int i = 0; i < size; i++) {
      step[i] = 0;
      for (int j = 0; j < size; j++) step[i] -= inverse[i * size + j] * gradient[j];
      slope += step[i] * gradient[i];
    }
    if (!(slope < -kGain)) return true;
    double share = 1, trial[kParameters], next, sums, after[kParameters];
    bool better = false;
    for (int halving = 0; halving < 8 && !better; halving++, share /= 4) {
      std::memcpy(trial, b, sizeof trial);
      for (int i = 0; i < size; i++) trial[f.free_at[i]] += share * step[i];
      better = f.at(trial, &next, &sums, known, after) && next < *value + 1e-4 * share * slope;
      if (better) break;
    }
    if (!better) return true;
    double moved[kParameters], changed[kParameters];
    for (int i = 0; i < size; i++) {
      moved[i] = trial[f.free_at[i]] - b[f.free_at[i]];
      changed[i] = after[i] - gradient[i];
    }
    updateInverse(inverse, size, moved, changed);
    const double gain = *value - next;
    std::memcpy(b, trial, sizeof trial);
    std::memcpy(gradient, after, sizeof after);
    *value = next;
    *squares = sums;
    if (gain < kGain) return true;
  }
  return false;
}

void exactRow(const sw_arima_job &job, int row, double *log_likelihood) {
  double *fit = job.fits + static_cast<int64_t>(row) * SW_FIT_WIDTH;
  uint8_t *o = job.orders + static_cast<int64_t>(row) * SW_ORDER_WIDTH;
  *log_likelihood = 0;
  if (o[SW_STATUS] == SW_DEGENERATE || !(fit[SW_SCALE] > 0)) return;
  const double *y = job.values + static_cast<int64_t>(row) * job.stride;
  int first = 0, last = job.end - 1;
  while (first < job.end && !std::isfinite(y[first])) first++;
  while (last > first && !std::isfinite(y[last])) last--;
  const int lost = o[SW_d] + o[SW_D] * job.season, m = job.season;
  std::vector<double> z;
  for (int t = first; t <= last; t++) z.push_back(std::isfinite(y[t]) ? (y[t] - fit[SW_SHIFT]) / fit[SW_SCALE] : std::nan(""));
  Objective f;
  f.job = &job;
  f.order = o;
  for (int t = lost; t < static_cast<int>(z.size()); t++) {
    double w = z[t];
    if (o[SW_d]) w -= z[t - 1];
    if (o[SW_D]) w -= o[SW_d] ? z[t - m] - z[t - m - 1] : z[t - m];
    if (std::isnan(w)) f.gaps = 1;
    f.w.push_back(w);
  }
  const bool has[kParameters] = {o[SW_p] > 0, o[SW_p] > 1, o[SW_q] > 0, o[SW_q] > 1, o[SW_P] > 0, o[SW_Q] > 0, o[SW_HAS_MEAN] > 0};
  for (int k = 0; k < kParameters; k++) if (has[k]) f.free_at[f.free_count++] = k;
  double b[kParameters], value, squares, gradient[kParameters], inverse[kParameters * kParameters];
  std::memcpy(b, fit, sizeof b);
  int known = 0;
  if (f.w.empty() || !f.at(b, &value, &squares, &known, gradient) || known == 0) return;
  if (job.max_iterations > 0 && f.free_count > 0) {
    sw_row own{};
    own.values = z.data();
    own.length = static_cast<int>(z.size());
    own.gaps = f.gaps;
    own.score_start = lost;
    own.scored = known;
    sw_task task{};
    task.row = &own;
    task.order = o;
    std::memcpy(task.beta, b, sizeof b);
    const sw_plan plan = {job.season, (f.gaps ? SW_GAPS : 0) | (o[SW_HAS_MEAN] ? SW_MEANS : 0), 0, 1, 0};
    const sw_run_tasks run = job.isa >= SW_AVX512 ? sw_run_f64_avx512 : job.isa == SW_AVX2 ? sw_run_f64_avx2 : sw_run_f64_baseline;
    if (run(&task, 1, &plan) != 0) return;
    startInverse(task, f, known, inverse);
    o[SW_STATUS] = refine(f, job.max_iterations, inverse, b, &value, &squares, &known, gradient) ? SW_CONVERGED : SW_MAX_ITERATIONS;
  }
  std::memcpy(fit, b, sizeof b);
  fit[SW_SIGMA2] = squares / known;
  fit[SW_SCORED] = known;
  const double k = f.free_count + 1.0, room = known - k - 1;
  const double minus2 = known * (std::log(2 * std::acos(-1.0)) + 1 + 2 * std::log(fit[SW_SCALE])) + value;
  *log_likelihood = -minus2 / 2;
  fit[SW_AICC] = room > 0 ? value + 2 * k + 2 * k * (k + 1) / room : std::numeric_limits<double>::infinity();
}

}  // namespace

extern "C" void sw_arima_exact(const sw_arima_job *job, double *log_likelihood) {
  constexpr int kPiece = 8;
  sw_parallel(job->threads, (job->rows + kPiece - 1) / kPiece, [&](int64_t piece) {
    for (int r = static_cast<int>(piece) * kPiece; r < job->rows && r < (piece + 1) * kPiece; r++) exactRow(*job, r, log_likelihood + r);
  });
}
