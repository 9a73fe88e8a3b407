// The ranked windows of each row's day: prefix sums, scores of all starts, the best that do not overlap.

#include "windows.h"

#include <limits>

#include "../parallel.h"
#include "correct_cost.h"

namespace {

using sw_windows::Cost;
using sw_windows::corrected;
using sw_windows::Costs;
using sw_windows::roundedLoad;
using sw_windows::roundHalfUp;
using sw_windows::Size;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kSmoothHalf = 6;  // half an hour of five-minute steps
constexpr double kHarmWeights = 1.0 + 1.0 + 0.3;

double roundTo(double value, double scale) {  // core's roundTo
  const double size = roundHalfUp(std::fabs(value) * scale);
  const double rounded = (value < 0 ? -size : size) / scale;
  return rounded == 0 ? 0 : rounded;
}

struct Span { double mean, low, median, high; };

// One thread's buffers: prefix sums over the steps of a day.
struct Day {
  int steps = 0;
  std::vector<double> mean, low, median, high, harm, harmSum, scores;
  double meanMax = 0;
  explicit Day(int count)
      : steps(count), mean(count + 1), low(count + 1), median(count + 1), high(count + 1), harm(count + 1),
        harmSum(count + 1), scores(count + 1) {}

  void read(const sw_rank_job &job, int row) {
    const int64_t horizon = job.horizon;
    const double *means = job.mean + row * horizon, *q = job.quantiles + static_cast<int64_t>(row) * job.levels * horizon;
    const auto level = [&](int which, int t) {
      const double left = q[job.left[which] * horizon + t], right = q[job.right[which] * horizon + t];
      return left + job.share[which] * (right - left);
    };
    meanMax = 0;
    mean[0] = low[0] = median[0] = high[0] = harm[0] = 0;
    int step = 0;
    for (int t = 0; t < job.horizon; t++) {
      const double m = means[t], lowest = level(0, t), middle = level(1, t), highest = level(2, t);
      const double harmful = (1.0 * m + 1.0 * middle + 0.3 * highest) / kHarmWeights;
      if (m > meanMax) meanMax = m;
      for (int i = 0; i < job.finer; i++, step++) {
        mean[step + 1] = mean[step] + m;
        low[step + 1] = low[step] + lowest;
        median[step + 1] = median[step] + middle;
        high[step + 1] = high[step] + highest;
        harm[step + 1] = harm[step] + harmful;
      }
    }
    harmSum[0] = 0;
    for (int t = 0; t < steps; t++) {
      const int from = std::max(0, t - kSmoothHalf), to = std::min(steps, t + kSmoothHalf);
      harmSum[t + 1] = harmSum[t] + (harm[to] - harm[from]) / (to - from);
    }
  }

  Span span(int from, int to) const {
    const auto of = [&](const std::vector<double> &sums) { return roundTo((sums[to] - sums[from]) / (to - from), 100); };
    return {of(mean), of(low), of(median), of(high)};
  }

  void score(int first, int length) {
    const int last = steps - length;
    for (int step = first; step <= last; step++) {
      scores[step] = roundHalfUp((harmSum[step + length] - harmSum[step]) / (step + length - step) * 10000) / 10000;
    }
  }

  // Starts whose window would hold a barred step are never chosen.
  void bar(const uint8_t *barred, int first, int length) {
    int open = 0;  // steps without a bar from here on
    for (int step = steps - 1; step >= first; step--) {
      open = barred[step] != 0 ? 0 : open + 1;
      if (step <= steps - length && open < length) scores[step] = kInfinity;
    }
  }
};

void write(double *to, const Span &load, const Cost &cost) {
  const double figures[] = {load.mean, load.low, load.median, load.high, cost.total50, cost.total95,
                            cost.pause50, cost.pause95, cost.sent50, cost.sent95, cost.success};
  for (int i = 0; i < 11; i++) to[i] = figures[i];
}

double between(double limit, double left, double right, double chance) {
  return chance + 0.45 * ((limit - left) / (right - left));
}

double chanceBelow(double limit, const Span &load) {
  if (limit >= load.high) return 0.95;
  if (limit < load.low) return 0.05;
  if (limit >= load.median) return between(limit, load.median, load.high, 0.5);
  return between(limit, load.low, load.median, 0.05);
}

void rankRow(const sw_rank_job &job, int row, Day &day, Costs &costs) {
  const int width = SW_DAY_WIDTH + job.windows_max * SW_WINDOW_WIDTH;
  double *figures = job.figures + static_cast<int64_t>(row) * width;
  for (int i = 0; i < width; i++) figures[i] = std::numeric_limits<double>::quiet_NaN();
  job.counts[row] = -1;
  job.modes[row] = SW_NO_MODE;
  if (job.skip[row] != 0) return;
  const double *learned = job.corrections == nullptr ? nullptr : job.corrections + static_cast<int64_t>(row) * SW_CORRECTION_WIDTH;
  Size size(job.vcpus[row], job.memory[row], job.used_memory[row]);
  const auto cost = [&](double load, int mode) {
    const Cost plain = costs.at(size, roundedLoad(load), mode);
    return learned == nullptr ? plain : corrected(plain, learned + mode * SW_MODE_CORRECTION_WIDTH);
  };
  day.read(job, row);
  const Span load = day.span(0, day.steps);
  const double success = cost(load.mean, SW_PRE_COPY).success;
  const int mode = success >= 0.9 ? SW_PRE_COPY : success >= 0.5 ? SW_AUTO_CONVERGE : SW_POST_COPY;
  const double needed = std::max(job.length_ms_min, cost(day.meanMax, mode).total95);
  const double lengthSteps = std::ceil(needed / job.step_ms) + std::ceil(job.slack_ms / job.step_ms);
  const double lengthMs = lengthSteps * job.step_ms;
  write(figures, load, cost(load.mean, mode));
  figures[11] = lengthMs;
  figures[12] = success;
  job.counts[row] = 0;
  if (!(job.first_step + lengthSteps <= day.steps)) return;
  job.modes[row] = mode;
  const int length = static_cast<int>(lengthSteps), last = day.steps - length;
  day.score(job.first_step, length);
  if (job.barred != nullptr) day.bar(job.barred + static_cast<int64_t>(row) * day.steps, job.first_step, length);
  for (int rank = 0; rank < job.windows_max; rank++) {
    int best = -1;
    double lowest = kInfinity;
    for (int step = job.first_step; step <= last; step++) {
      if (day.scores[step] < lowest) lowest = day.scores[best = step];
    }
    if (best < 0) break;
    double *to = figures + SW_DAY_WIDTH + rank * SW_WINDOW_WIDTH;
    const Span window = day.span(best, best + length);
    const Cost own = cost(window.mean, mode);
    write(to, window, own);
    to[11] = job.start_ms + best * job.step_ms;
    to[13] = to[11] + lengthMs;
    to[12] = to[13] - own.total95;
    to[14] = lowest;
    to[15] = roundTo(chanceBelow(load.mean, window), 1000);
    job.counts[row] = rank + 1;
    const int from = std::max(0, best - length + 1), end = std::min(last + 1, best + length);
    for (int step = from; step < end; step++) day.scores[step] = kInfinity;
  }
}

}  // namespace

extern "C" int32_t sw_windows_rank(const sw_rank_job *job) {
  constexpr int kRowsPerPart = 512;
  const int parts = (job->rows + kRowsPerPart - 1) / kRowsPerPart;
  sw_parallel(job->threads, parts, [&](int64_t piece) {
    const int part = static_cast<int>(piece);
    thread_local Costs costs;
    costs.use(job->copy, job->isa);
    Day day(job->horizon * job->finer);
    const int end = std::min(job->rows, (part + 1) * kRowsPerPart);
    for (int row = part * kRowsPerPart; row < end; row++) rankRow(*job, row, day, costs);
  });
  return 0;
}
