// A block of rows: standardised, grouped by kind, fitted in the lanes of the instruction set, and written.
#include "arima_block.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "arima_start.h"

namespace sw_arima {

constexpr int kScoredMin = 12;  // below, AICc has no room for the orders

int orderSize(const uint8_t *o) { return o[SW_p] + o[SW_q] + o[SW_P] + o[SW_Q] + o[SW_HAS_MEAN]; }

double aicc(double css, int scored, const uint8_t *order) {
  const double k = orderSize(order) + 1.0;
  const double room = scored - k - 1;
  if (room <= 0 || !(css >= 0)) return std::numeric_limits<double>::infinity();
  const double variance = std::fmax(css / scored, 1e-12);  // of a series of variance 1
  return scored * std::log(variance) + 2 * k + 2 * k * (k + 1) / room;
}

sw_run_tasks runner(int isa, bool wide) {
  if (isa >= SW_AVX512) return wide ? sw_run_f64_avx512 : sw_run_f32_avx512;
  if (isa == SW_AVX2) return wide ? sw_run_f64_avx2 : sw_run_f32_avx2;
  return wide ? sw_run_f64_baseline : sw_run_f32_baseline;
}

sw_difference_row differencer(int isa) {
  return isa >= SW_AVX512 ? sw_difference_avx512 : isa == SW_AVX2 ? sw_difference_avx2 : sw_difference_baseline;
}

sw_standardise_row standardiser(int isa) {
  return isa >= SW_AVX512 ? sw_standardise_avx512 : isa == SW_AVX2 ? sw_standardise_avx2 : sw_standardise_baseline;
}

// After these iterations the open fits are packed into full registers again: a few rows in long flat valleys
// would otherwise keep their converged neighbours' lanes busy. A row's own path does not change.
constexpr int kRounds[] = {2, 1, 1, 1, 1, 1, 2, 2, 4, 8, 1 << 20};

int kindOf(const uint8_t *o, bool gaps) {
  return (o[SW_p] ? SW_HAS_AR : 0) | (o[SW_q] ? SW_HAS_MA : 0) | (o[SW_P] ? SW_HAS_SAR : 0) |
         (o[SW_Q] ? SW_HAS_SMA : 0) | (o[SW_HAS_MEAN] ? SW_MEANS : 0) | (gaps ? SW_GAPS : 0);
}

void begin(sw_task *task, const Prepared &row, const uint8_t *order) {
  task->row = &row.row;
  task->order = order;
  task->lambda = kLambda;
  task->measured = task->evaluations = 0;
  task->status = SW_MAX_ITERATIONS;
}

// Goes on with the open tasks, those of one kind together, `iterations` further at most.
int32_t fitTasks(const sw_arima_job &job, bool wide, double tolerance, int gaps, std::vector<sw_task> &tasks, int iterations) {
  std::vector<int> kinds[SW_KINDS];
  for (size_t i = 0; i < tasks.size(); i++) {
    if (tasks[i].status == SW_MAX_ITERATIONS) kinds[kindOf(tasks[i].order, gaps) & (SW_KINDS - 1)].push_back(static_cast<int>(i));
  }
  std::vector<sw_task> packed;
  std::vector<int> still;
  for (int kind = 0; kind < SW_KINDS; kind++) {
    std::vector<int> &open = kinds[kind];
    int left = iterations;
    for (const int round : kRounds) {
      if (open.empty() || left <= 0) break;
      const int now = round < left ? round : left;
      left -= now;
      packed.clear();
      for (const int i : open) packed.push_back(tasks[i]);
      const sw_plan plan = {job.season, kind | (gaps ? SW_GAPS : 0), now, job.root_limit, tolerance};
      if (runner(job.isa, wide)(packed.data(), static_cast<int32_t>(packed.size()), &plan)) return -1;
      still.clear();
      for (size_t k = 0; k < packed.size(); k++) {
        tasks[open[k]] = packed[k];
        if (packed[k].status == SW_MAX_ITERATIONS) still.push_back(open[k]);
      }
      open = still;
    }
  }
  return 0;
}

// Standardises one row into `out` (at least end values).
Prepared prepare(const sw_arima_job &job, int32_t index, double *out) {
  Prepared p;
  p.index = index;
  const double *y = job.values + static_cast<int64_t>(index) * job.stride;
  p.row.scale = 1;
  p.row.values = out;
  p.row.length = job.end;
  p.row.score_start = sw_score_start(job.end, job.season);
  if (standardiser(job.isa)(y, job.end, &p.row, out)) {
    p.row.scored = job.end - p.row.score_start;
    p.usable = p.row.scale != 1 || job.end == 0 ? p.row.scored >= kScoredMin : false;
    return p;
  }
  int first = 0;
  while (first < job.end && !std::isfinite(y[first])) first++;
  const int n = job.end - first;
  double peak = 0;
  int known = 0;
  for (int t = first; t < job.end; t++) {
    if (!std::isfinite(y[t])) continue;
    known++;
    if (std::fabs(y[t]) > peak) peak = std::fabs(y[t]);
  }
  p.row.scale = 1;
  if (known == 0) return p;
  double sum = 0;
  for (int t = first; t < job.end; t++) if (std::isfinite(y[t])) sum += y[t] / known;
  const double shift = sum;
  double squares = 0;
  const double unit = peak > 0 ? peak : 1;
  for (int t = first; t < job.end; t++) {
    if (!std::isfinite(y[t])) continue;
    const double x = (y[t] - shift) / unit;
    squares += x * x;
  }
  const double scale = unit * std::sqrt(squares / known);
  p.row.shift = shift;
  if (!(scale > peak * 1e-12) || !std::isfinite(scale)) return p;
  p.row.scale = scale;
  p.row.values = out;
  p.row.length = n;
  p.row.gaps = first > 0 || known < n;
  p.row.score_start = sw_score_start(n, job.season);
  for (int t = 0; t < n; t++) {
    const double v = y[first + t];
    out[t] = std::isfinite(v) ? (v - shift) / scale : std::nan("");
  }
  // A point is scored when it is known after every differencing, so that all orders share it.
  for (int t = p.row.score_start; t < n; t++) p.row.scored += sw_scored(out, t, job.season);
  p.usable = p.row.scored >= kScoredMin;
  return p;
}

void write(const sw_arima_job &job, const Prepared &p, const sw_task *task, int evaluations) {
  double *fit = job.fits + static_cast<int64_t>(p.index) * SW_FIT_WIDTH;
  uint8_t *order = job.orders + static_cast<int64_t>(p.index) * SW_ORDER_WIDTH;
  std::memset(fit, 0, SW_FIT_WIDTH * sizeof(double));
  fit[SW_SHIFT] = p.row.shift;
  fit[SW_SCALE] = p.row.scale;
  fit[SW_EVALUATIONS] = evaluations;
  if (task == nullptr || !std::isfinite(task->css)) {
    std::memset(order, 0, SW_ORDER_WIDTH);
    order[SW_d] = 1;  // a random walk: the last value
    order[SW_STATUS] = SW_DEGENERATE;
    return;
  }
  if (task->order != order) std::memcpy(order, task->order, SW_STATUS);
  for (int k = 0; k < 7; k++) fit[k] = task->beta[k];
  fit[SW_SCORED] = p.row.scored;
  fit[SW_SIGMA2] = task->css / p.row.scored;
  fit[SW_AICC] = aicc(task->css, p.row.scored, order);
  order[SW_STATUS] = static_cast<uint8_t>(task->status);
}
}  // namespace sw_arima
