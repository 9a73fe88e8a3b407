// Rows in, fits out: standardises, groups rows by kind, picks the instruction set, shares work over threads.
//
// The order search gives every candidate a few iterations in float32 lanes, goes on with those near the best,
// races the best to their optimum, and finishes the winner in float64 lanes. All candidates are summed over the same last points.

#include "arima.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "arima_block.h"
#include "arima_start.h"

using namespace sw_arima;

namespace {

constexpr int kScreenIterations = 4;
constexpr int kRaceIterations = 40;
constexpr double kRaceWindow = 40;  // of AICc: further behind after the screen, no order won on real VM load
constexpr int kRaceMost = 9;
constexpr double kFinalWindow = 1;  // of AICc: closer than float32 sums and a statistical end can tell apart
constexpr double kValleyWindow = 6;
constexpr int kValleyMost = 4;
constexpr double kFilledWindow = 30;  // of AICc: what filled holes may blur
constexpr int kFilledMost = 7;
constexpr int kLanesMost = 16;
constexpr int kFinalists = 2;

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
