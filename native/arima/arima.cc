// Rows in, fits out: standardises, groups rows by kind, picks the instruction set, shares work over threads.
//
// The order search gives every candidate a few iterations in float32 lanes, goes on with those near the best,
// and fits the three best by AICc to convergence in float64 lanes. All candidates are summed over the same last points.

#include "arima.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include "arima_rows.h"
#include "arima_start.h"

namespace {

constexpr int kScreenIterations = 4;
constexpr int kRaceIterations = 40;
constexpr double kRaceWindow = 40;  // of AICc: further behind after the screen, no order won on real VM load
constexpr int kRaceMost = 9;
constexpr double kFinalWindow = 1;  // of AICc: closer than float32 sums and a statistical end can tell apart
// Ends of a fit, relative to the sum of squares. Statistical: 0.01 of log-likelihood at 672 points.
constexpr double kStatistical = 3e-5, kValley = 2e-6, kFine = 1e-7, kExact = 1e-12;
constexpr double kValleyWindow = 6;
constexpr int kValleyMost = 4;
constexpr double kFilledWindow = 30;  // of AICc: what filled holes may blur
constexpr int kFilledMost = 7;
constexpr int kLanesMost = 16;
constexpr int kFinalists = 2;
constexpr int kScoredMin = 12;  // below, AICc has no room for the orders
constexpr int kRowsPerBlock = 128;  // a block is one unit of work; results do not depend on it

struct Prepared {
  sw_row row{};  // first: a task's row is its Prepared
  int32_t index = 0;
  bool usable = false;
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

sw_difference_row differencer(int isa) {
  return isa >= SW_AVX512 ? sw_difference_avx512 : isa == SW_AVX2 ? sw_difference_avx2 : sw_difference_baseline;
}

sw_standardise_row standardiser(int isa) {
  return isa >= SW_AVX512 ? sw_standardise_avx512 : isa == SW_AVX2 ? sw_standardise_avx2 : sw_standardise_baseline;
}

constexpr double kLambda = 1e-2;  // Marquardt (1963); less lets steps overshoot along flat valleys
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

// Memory of one thread, kept from block to block.
struct Workspace {
  std::vector<double> rows, filled, scratch;
  std::vector<float> points[4], floats;
  std::vector<sw_moments> moments[4];
  std::vector<char> made[4];
};

// Differenced points and moments of a block of rows, made when an order first asks for its (d, D).
class Moments {
 public:
  Moments(const sw_arima_job &job, Workspace &space, Prepared *rows, int gaps) : job_(job), space_(space), rows_(rows), gaps_(gaps) {
    space.scratch.resize(2 * static_cast<size_t>(job.end) + 2);
    space.floats.resize(2 * static_cast<size_t>(job.end) + 2);
    for (auto &made : space.made) made.assign(kRowsPerBlock, 0);
  }

  // `moments`: false where only the points are wanted.
  const sw_moments &of(int row, int d, int D, bool moments = true) {
    const int at = d + 2 * D;
    const size_t end = static_cast<size_t>(job_.end);
    space_.moments[at].resize(kRowsPerBlock);
    space_.points[at].resize(kRowsPerBlock * end + 1);
    sw_moments &own = space_.moments[at][row];
    if (space_.made[at][row]) return own;
    space_.made[at][row] = 1;
    sw_row &values = rows_[row].row;
    if (!gaps_) {
      float *w = space_.points[at].data() + row * end;
      values.w[at] = w;
      differencer(job_.isa)(&values, d, D, job_.season, w, moments ? space_.floats.data() : nullptr, &own);
    } else if (moments) {
      own = sw_moments_of(&values, d, D, job_.season, space_.scratch.data());
    }
    return own;
  }

 private:
  const sw_arima_job &job_;
  Workspace &space_;
  Prepared *rows_;
  int gaps_;
};

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

int32_t fitRows(const sw_arima_job &job, Workspace &space, Prepared *rows, int count, int gaps) {
  std::vector<sw_task> tasks(count);
  Moments moments(job, space, rows, gaps);
  for (int i = 0; i < count; i++) {
    const uint8_t *order = job.orders + static_cast<int64_t>(rows[i].index) * SW_ORDER_WIDTH;
    begin(&tasks[i], rows[i], order);
    const sw_moments &own = moments.of(i, order[SW_d], order[SW_D], !job.warm);
    if (job.warm) {
      std::memcpy(tasks[i].beta, job.fits + static_cast<int64_t>(rows[i].index) * SW_FIT_WIDTH, sizeof tasks[i].beta);
    } else {
      sw_start(order, &own, tasks[i].beta);
    }
  }
  const double tolerance = job.double_precision ? kExact : kStatistical;
  if (fitTasks(job, job.double_precision, tolerance, gaps, tasks, job.max_iterations)) return -1;
  for (int i = 0; i < count; i++) write(job, rows[i], &tasks[i], tasks[i].evaluations);
  return 0;
}

// Keeps the tasks of each row within `window` of its best AICc, at most `most` of them.
void keepBest(const Prepared *rows, int count, std::vector<sw_task> &tasks, double window, int most) {
  std::vector<std::vector<std::pair<double, int>>> byRow(count);
  std::vector<sw_task> kept;
  for (size_t k = 0; k < tasks.size(); k++) {
    const int i = static_cast<int>(reinterpret_cast<const Prepared *>(tasks[k].row) - rows);
    const double score = aicc(tasks[k].css, tasks[k].row->scored, tasks[k].order);
    if (std::isfinite(score)) byRow[i].push_back({score, static_cast<int>(k)});
  }
  for (auto &own : byRow) {
    std::sort(own.begin(), own.end());
    for (size_t k = 0; k < own.size() && static_cast<int>(k) < most; k++) {
      if (own[k].first <= own[0].first + window) kept.push_back(tasks[own[k].second]);
    }
  }
  tasks.swap(kept);
}

// Every candidate of every row, a few iterations; 16 rows stay in the lanes from order to order.
int32_t screenRows(const sw_arima_job &job, Workspace &space, Prepared *rows, int count, int gaps, std::vector<sw_task> &all) {
  Moments moments(job, space, rows, gaps);
  std::vector<sw_task> some;
  for (int from = 0; from < count; from += kLanesMost) {
    const int to = from + kLanesMost < count ? from + kLanesMost : count;
    for (int c = 0; c < job.candidate_count; c++) {
      const uint8_t *order = job.candidates + c * SW_ORDER_WIDTH;
      some.resize(to - from);
      for (int i = from; i < to; i++) {
        begin(&some[i - from], rows[i], order);
        sw_start(order, &moments.of(i, order[SW_d], order[SW_D]), some[i - from].beta);
      }
      const sw_plan plan = {job.season, kindOf(order, gaps), kScreenIterations, job.root_limit, kStatistical};
      if (runner(job.isa, false)(some.data(), to - from, &plan)) return -1;
      all.insert(all.end(), some.begin(), some.end());
    }
  }
  return 0;
}

// A row whose holes hold the value of a season before (or the last one): good enough to drop hopeless orders,
// and a pass over it costs a sixth of an exact one. `out`: row->length values.
void fillHoles(const sw_row *row, int season, sw_row *filled, double *out) {
  *filled = *row;
  filled->values = out;
  filled->gaps = 0;
  filled->scored = row->length - row->score_start;
  for (int t = 0; t < row->length; t++) {
    const double y = row->values[t];
    out[t] = y == y ? y : t >= season ? out[t - season] : out[t - 1];
  }
}

// Screen and race of rows with gaps run on filled rows, except where the row begins late.
int32_t screenGaps(const sw_arima_job &job, Workspace &space, Prepared *rows, int count, std::vector<sw_task> &all) {
  std::vector<Prepared> filled, late;
  std::vector<int> filledOf, lateOf;
  space.filled.resize(space.rows.size());
  for (int i = 0; i < count; i++) {
    Prepared copy = rows[i];
    const bool whole = rows[i].row.length == job.end;
    if (whole) fillHoles(&rows[i].row, job.season, &copy.row, space.filled.data() + filled.size() * static_cast<size_t>(job.end));
    (whole ? filled : late).push_back(copy);
    (whole ? filledOf : lateOf).push_back(i);
  }
  for (const bool whole : {true, false}) {
    std::vector<Prepared> &own = whole ? filled : late;
    std::vector<sw_task> tasks;
    if (own.empty()) continue;
    if (screenRows(job, space, own.data(), static_cast<int>(own.size()), whole ? 0 : 1, tasks)) return -1;
    keepBest(own.data(), static_cast<int>(own.size()), tasks, kRaceWindow, kRaceMost);
    if (whole) {
      if (fitTasks(job, false, kStatistical, 0, tasks, kRaceIterations)) return -1;
      keepBest(own.data(), static_cast<int>(own.size()), tasks, kFilledWindow, kFilledMost);
    }
    for (sw_task &task : tasks) {
      const auto at = reinterpret_cast<const Prepared *>(task.row) - own.data();
      task.row = &rows[(whole ? filledOf : lateOf)[at]].row;
      task.lambda = kLambda;
      task.measured = 0;
      task.status = SW_MAX_ITERATIONS;
      all.push_back(task);
    }
  }
  return 0;
}

// Screen, then race: those near the best go on to the optimum in float32. Final: the best, in float64.
int32_t searchRows(const sw_arima_job &job, Workspace &space, Prepared *rows, int count, int gaps) {
  std::vector<sw_task> all;
  all.reserve(static_cast<size_t>(job.candidate_count) * count);
  if (gaps ? screenGaps(job, space, rows, count, all) : screenRows(job, space, rows, count, 0, all)) return -1;
  std::vector<int> evaluations(count, 0);
  const auto count_evaluations = [&](const std::vector<sw_task> &tasks, int sign) {
    for (const sw_task &task : tasks) evaluations[reinterpret_cast<const Prepared *>(task.row) - rows] += sign * task.evaluations;
  };
  count_evaluations(all, 1);
  if (!gaps) keepBest(rows, count, all, kRaceWindow, kRaceMost);
  count_evaluations(all, -1);
  if (fitTasks(job, false, kStatistical, gaps, all, kRaceIterations)) return -1;
  count_evaluations(all, 1);
  if (!gaps) {  // flat valleys promise little at each step, and go far
    keepBest(rows, count, all, kValleyWindow, kValleyMost);
    count_evaluations(all, -1);
    for (sw_task &task : all) task.status = SW_MAX_ITERATIONS;
    if (fitTasks(job, false, kValley, gaps, all, kRaceIterations)) return -1;
    count_evaluations(all, 1);
  }
  keepBest(rows, count, all, kFinalWindow, gaps ? 1 : kFinalists);
  for (sw_task &task : all) {
    task.measured = task.evaluations = 0;
    task.status = SW_MAX_ITERATIONS;
    task.lambda = kLambda;
  }
  if (fitTasks(job, true, kFine, gaps, all, job.max_iterations)) return -1;
  count_evaluations(all, 1);
  keepBest(rows, count, all, kFinalWindow, 1);
  std::vector<const sw_task *> winner(count, nullptr);
  for (const sw_task &task : all) winner[reinterpret_cast<const Prepared *>(task.row) - rows] = &task;
  for (int i = 0; i < count; i++) write(job, rows[i], winner[i], evaluations[i]);
  return 0;
}

// Blocks of rows over threads; in each, rows without gaps and rows with gaps are worked apart.
template <class Work> int32_t overBlocks(const sw_arima_job &job, Work work) {
  const int blocks = (job.rows + kRowsPerBlock - 1) / kRowsPerBlock;
  std::atomic<int> next{0}, failed{0};
  auto loop = [&] {
    Workspace space;
    space.rows.resize(static_cast<size_t>(kRowsPerBlock) * job.end + 1);
    std::vector<Prepared> rows[2];
    for (int block = next++; block < blocks; block = next++) {
      for (auto &list : rows) list.clear();
      const int from = block * kRowsPerBlock;
      for (int i = 0; i < kRowsPerBlock && from + i < job.rows; i++) {
        const Prepared p = prepare(job, from + i, space.rows.data() + static_cast<size_t>(i) * job.end);
        if (p.usable) rows[p.row.gaps != 0].push_back(p);
        else write(job, p, nullptr, 0);
      }
      for (const int gaps : {0, 1}) {
        if (!rows[gaps].empty() && work(space, rows[gaps].data(), static_cast<int>(rows[gaps].size()), gaps) != 0) failed = 1;
      }
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
  return overBlocks(*job, [job](Workspace &space, Prepared *rows, int count, int gaps) { return fitRows(*job, space, rows, count, gaps); });
}

extern "C" int32_t sw_arima_search(const sw_arima_job *job) {
  return overBlocks(*job, [job](Workspace &space, Prepared *rows, int count, int gaps) { return searchRows(*job, space, rows, count, gaps); });
}
