// A block of rows: standardised, differenced, and fitted as tasks. Shared by the fit and the search.
#ifndef SLACKWATER_ARIMA_BLOCK_H
#define SLACKWATER_ARIMA_BLOCK_H

#include <cstddef>
#include <vector>

#include "arima.h"
#include "arima_rows.h"
#include "arima_start.h"

namespace sw_arima {

// Ends of a fit, relative to the sum of squares. Statistical: 0.01 of log-likelihood at 672 points.
constexpr double kStatistical = 3e-5, kValley = 2e-6, kFine = 1e-7, kExact = 1e-12;
constexpr int kRowsPerBlock = 128;  // a block is one unit of work; results do not depend on it
constexpr double kLambda = 1e-2;  // Marquardt (1963); less lets steps overshoot along flat valleys

struct Prepared {
  sw_row row{};  // first: a task's row is its Prepared
  int32_t index = 0;
  bool usable = false;
};

double aicc(double css, int scored, const uint8_t *order);
sw_run_tasks runner(int isa, bool wide);
sw_difference_row differencer(int isa);
int kindOf(const uint8_t *order, bool gaps);
void begin(sw_task *task, const Prepared &row, const uint8_t *order);
// Goes on with the open tasks, those of one kind together, `iterations` further at most. -1 when memory is short.
int32_t fitTasks(const sw_arima_job &job, bool wide, double tolerance, int gaps, std::vector<sw_task> &tasks, int iterations);
// Standardises one row into `out` (at least end values).
Prepared prepare(const sw_arima_job &job, int32_t index, double *out);
// The answer of one row; no task = degenerate.
void write(const sw_arima_job &job, const Prepared &p, const sw_task *task, int evaluations);

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
    space.scratch.resize(2 * static_cast<std::size_t>(job.end) + 2);
    space.floats.resize(2 * static_cast<std::size_t>(job.end) + 2);
    for (auto &made : space.made) made.assign(kRowsPerBlock, 0);
  }

  // `moments`: false where only the points are wanted.
  const sw_moments &of(int row, int d, int D, bool moments = true) {
    const int at = d + 2 * D;
    const std::size_t end = static_cast<std::size_t>(job_.end);
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
}  // namespace sw_arima

#endif
