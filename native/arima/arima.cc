// Rows in, fits out: standardises, groups rows by kind, picks the instruction set, shares work over threads.
//
// The order search gives every candidate a few iterations in float32 lanes, goes on with those near the best,
// and fits the three best by AICc to convergence in float64 lanes. All candidates are summed over the same last points.

#include "arima.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "arima_rows.h"
#include "arima_start.h"

namespace {

constexpr int kScreenIterations = 6;
constexpr int kRaceIterations = 16;
constexpr double kRaceWindow = 40;  // of AICc: further behind after the screen, no order won on real VM load
constexpr int kFinalists = 3;
constexpr int kRowsPerBlock = 64;  // a block is one unit of work; results do not depend on it

struct Prepared {
  sw_row row{};
  int32_t index = 0;
  bool usable = false;
};

struct Choice {
  double aicc = std::numeric_limits<double>::infinity();
  sw_task task{};
};

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

constexpr double kLambda = 1e-3;  // Marquardt (1963)
// After these iterations the open fits are packed into full registers again: a few rows in long flat valleys
// would otherwise keep their converged neighbours' lanes busy. A row's own path does not change.
constexpr int kRounds[] = {6, 8, 12, 1 << 20};

// Fits all tasks of one kind; those with and without a mean apart, since their code differs.
int32_t fitTasks(const sw_arima_job &job, bool wide, int gaps, std::vector<sw_task> &tasks, int iterations, bool resume) {
  for (const int means : {0, 1}) {
    std::vector<int> open;
    for (size_t i = 0; i < tasks.size(); i++) {
      if ((tasks[i].order[SW_HAS_MEAN] != 0) != (means != 0)) continue;
      if (!resume) {
        tasks[i].lambda = kLambda;
        tasks[i].evaluations = 0;
      }
      open.push_back(static_cast<int>(i));
    }
    int left = iterations;
    for (const int round : kRounds) {
      if (open.empty() || left <= 0) break;
      const int now = round < left ? round : left;
      left -= now;
      std::vector<sw_task> packed;
      for (const int i : open) packed.push_back(tasks[i]);
      const int kind = (gaps ? SW_GAPS : 0) | (means ? SW_MEANS : 0);
      if (runner(job.isa, wide)(packed.data(), static_cast<int32_t>(packed.size()), job.season, kind, now, job.root_limit)) return -1;
      std::vector<int> still;
      for (size_t k = 0; k < packed.size(); k++) {
        tasks[open[k]] = packed[k];
        if (packed[k].status == SW_MAX_ITERATIONS) still.push_back(open[k]);
      }
      open = still;
    }
  }
  return 0;
}

// Standardises one row into `out` (at least end values). The operations and their order are the reference's.
Prepared prepare(const sw_arima_job &job, int32_t index, double *out) {
  Prepared p;
  p.index = index;
  const double *y = job.values + static_cast<int64_t>(index) * job.stride;
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
  p.usable = p.row.scored >= 12;
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

int32_t fitRows(const sw_arima_job &job, Prepared *rows, int count, int gaps) {
  std::vector<sw_task> tasks(count);
  std::vector<double> buffer(job.end);
  for (int i = 0; i < count; i++) {
    const uint8_t *order = job.orders + static_cast<int64_t>(rows[i].index) * SW_ORDER_WIDTH;
    tasks[i].row = &rows[i].row;
    tasks[i].order = order;
    if (job.warm) {
      std::memcpy(tasks[i].beta, job.fits + static_cast<int64_t>(rows[i].index) * SW_FIT_WIDTH, sizeof tasks[i].beta);
    } else {
      const sw_moments moments = sw_moments_of(&rows[i].row, order[SW_d], order[SW_D], job.season, buffer.data());
      sw_start(order, &moments, tasks[i].beta);
    }
  }
  if (fitTasks(job, job.double_precision, gaps, tasks, job.max_iterations, false)) return -1;
  for (int i = 0; i < count; i++) write(job, rows[i], &tasks[i], tasks[i].evaluations);
  return 0;
}

// Screen: every candidate, a few iterations. Race: those near the best go on. Final: the best, in float64.
int32_t searchRows(const sw_arima_job &job, Prepared *rows, int count, int gaps) {
  std::vector<sw_task> all;
  all.reserve(static_cast<size_t>(job.candidate_count) * count);
  std::vector<double> buffer(job.end);
  std::vector<int> evaluations(count, 0);
  std::vector<sw_moments> moments[4];  // by d + 2 D, where a candidate wants it
  std::vector<double> lead(count, std::numeric_limits<double>::infinity());
  for (int c = 0; c < job.candidate_count; c++) {
    const uint8_t *order = job.candidates + c * SW_ORDER_WIDTH;
    std::vector<sw_moments> &own = moments[order[SW_d] + 2 * order[SW_D]];
    while (static_cast<int>(own.size()) < count) {
      own.push_back(sw_moments_of(&rows[own.size()].row, order[SW_d], order[SW_D], job.season, buffer.data()));
    }
    std::vector<sw_task> tasks(count);
    for (int i = 0; i < count; i++) {
      tasks[i].row = &rows[i].row;
      tasks[i].order = order;
      sw_start(order, &own[i], tasks[i].beta);
    }
    if (fitTasks(job, false, gaps, tasks, kScreenIterations, false)) return -1;
    for (int i = 0; i < count; i++) {
      const double score = aicc(tasks[i].css, rows[i].row.scored, order);
      if (score < lead[i]) lead[i] = score;
      all.push_back(tasks[i]);
    }
  }
  std::vector<sw_task> race;
  std::vector<size_t> place;
  for (size_t k = 0; k < all.size(); k++) {
    const int i = static_cast<int>(k % count);
    if (all[k].status != SW_MAX_ITERATIONS || !(aicc(all[k].css, rows[i].row.scored, all[k].order) < lead[i] + kRaceWindow)) continue;
    race.push_back(all[k]);
    place.push_back(k);
  }
  if (fitTasks(job, false, gaps, race, kRaceIterations, true)) return -1;
  for (size_t k = 0; k < race.size(); k++) all[place[k]] = race[k];

  std::vector<Choice> best(static_cast<size_t>(count) * kFinalists);
  for (size_t k = 0; k < all.size(); k++) {
    const int i = static_cast<int>(k % count);
    evaluations[i] += all[k].evaluations;
    Choice *places = &best[static_cast<size_t>(i) * kFinalists];
    const double score = aicc(all[k].css, rows[i].row.scored, all[k].order);
    int at = kFinalists;
    while (at > 0 && score < places[at - 1].aicc) at--;
    if (at == kFinalists) continue;
    for (int j = kFinalists - 1; j > at; j--) places[j] = places[j - 1];
    places[at] = {score, all[k]};
  }
  std::vector<sw_task> finals;
  std::vector<int> owner;
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < kFinalists; k++) {
      if (!std::isfinite(best[static_cast<size_t>(i) * kFinalists + k].aicc)) continue;
      finals.push_back(best[static_cast<size_t>(i) * kFinalists + k].task);
      owner.push_back(i);
    }
  }
  const int finalists = static_cast<int>(finals.size());
  if (fitTasks(job, true, gaps, finals, job.max_iterations, false)) return -1;
  std::vector<const sw_task *> winner(count, nullptr);
  std::vector<double> score(count, std::numeric_limits<double>::infinity());
  for (int f = 0; f < finalists; f++) {
    const int i = owner[f];
    evaluations[i] += finals[f].evaluations;
    const double value = aicc(finals[f].css, rows[i].row.scored, finals[f].order);
    if (value < score[i]) {
      score[i] = value;
      winner[i] = &finals[f];
    }
  }
  for (int i = 0; i < count; i++) write(job, rows[i], winner[i], evaluations[i]);
  return 0;
}

// Blocks of rows over threads: first all rows without gaps, then all rows with gaps.
template <class Work> int32_t overBlocks(const sw_arima_job &job, Work work) {
  std::vector<int32_t> list[2];
  for (int r = 0; r < job.rows; r++) {
    const double *y = job.values + static_cast<int64_t>(r) * job.stride;
    bool gaps = false;
    for (int t = 0; t < job.end && !gaps; t++) gaps = !std::isfinite(y[t]);
    list[gaps].push_back(r);
  }
  const int whole = static_cast<int>((list[0].size() + kRowsPerBlock - 1) / kRowsPerBlock);
  const int blocks = whole + static_cast<int>((list[1].size() + kRowsPerBlock - 1) / kRowsPerBlock);
  std::atomic<int> next{0}, failed{0};
  auto loop = [&] {
    std::vector<double> buffer(static_cast<size_t>(kRowsPerBlock) * (job.end > 0 ? job.end : 1));
    for (int block = next++; block < blocks; block = next++) {
      const int gaps = block >= whole;
      const std::vector<int32_t> &from = list[gaps];
      const size_t begin = static_cast<size_t>(gaps ? block - whole : block) * kRowsPerBlock;
      std::vector<Prepared> rows;
      for (size_t i = begin; i < from.size() && i < begin + kRowsPerBlock; i++) {
        Prepared p = prepare(job, from[i], buffer.data() + rows.size() * static_cast<size_t>(job.end));
        if (p.usable) rows.push_back(p);
        else write(job, p, nullptr, 0);
      }
      if (!rows.empty() && work(rows.data(), static_cast<int>(rows.size()), gaps) != 0) failed = 1;
    }
  };
  const int extra = (job.threads < blocks ? job.threads : blocks) - 1;
  std::vector<std::thread> threads;
  for (int i = 0; i < extra; i++) threads.emplace_back(loop);
  loop();
  for (std::thread &thread : threads) thread.join();
  return failed ? -1 : 0;
}

}  // namespace

extern "C" int32_t sw_score_start(int32_t length, int32_t season) {
  const int lost = season > 1 ? season + 1 : 1;
  const int settled = season > 1 ? 2 * season + 3 : 4;
  return length >= 4 * season + 4 ? settled : lost;
}

extern "C" int32_t sw_arima_fit(const sw_arima_job *job) {
  return overBlocks(*job, [job](Prepared *rows, int count, int gaps) { return fitRows(*job, rows, count, gaps); });
}

extern "C" int32_t sw_arima_search(const sw_arima_job *job) {
  return overBlocks(*job, [job](Prepared *rows, int count, int gaps) { return searchRows(*job, rows, count, gaps); });
}
