// What the instruction-set files share with the plain ones: prepared rows and one task per lane.
#ifndef SLACKWATER_ARIMA_ROWS_H
#define SLACKWATER_ARIMA_ROWS_H

#include "arima.h"

// A row in standardised units. values: (length), NaN = missing, values[0] known.
typedef struct {
  double *values;
  int32_t length, gaps, score_start, scored;
  double shift, scale;
} sw_row;

// Whether every order of a search knows point t (t > season): known, and known at each lag of differencing.
static inline int32_t sw_scored(const double *y, int32_t t, int32_t season) {
  const double sum = y[t] + (t >= 1 ? y[t - 1] : 0.0) + (t >= season ? y[t - season] : 0.0) +
                     (t >= season + 1 ? y[t - season - 1] : 0.0);
  return sum == sum;
}

// One series under one order, in one lane.
typedef struct {
  const sw_row *row;
  const uint8_t *order;
  double beta[7];  // in: start; out: optimum
  double css;      // out
  double lambda;        // in, out: Marquardt's damping, so that a fit can be taken up again
  int32_t evaluations;  // in, out: added to
  int32_t status;  // out
} sw_task;

// Kinds of a call: some row has a gap (leading ones count); some order has a mean.
enum { SW_GAPS = 1, SW_MEANS = 2 };

// Runs `count` tasks, lanes at a time. All rows of a call end at the same column. The caller derives the
// kind from each row and order alone, so that a row meets the same code whatever its neighbours are.
typedef int32_t (*sw_run_tasks)(sw_task *tasks, int32_t count, int32_t season, int32_t kind,
                                int32_t max_iterations, double root_limit);

#ifdef __cplusplus
extern "C" {
#endif
int32_t sw_run_f32_avx512(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
int32_t sw_run_f64_avx512(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
int32_t sw_run_f32_avx2(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
int32_t sw_run_f64_avx2(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
int32_t sw_run_f32_baseline(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
int32_t sw_run_f64_baseline(sw_task *, int32_t, int32_t, int32_t, int32_t, double);
void sw_fma_avx512(int64_t, float *);
void sw_fma_avx2(int64_t, float *);
void sw_fma_baseline(int64_t, float *);
#ifdef __cplusplus
}
#endif
#endif
