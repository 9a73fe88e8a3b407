// What the instruction-set files share with the plain ones: prepared rows and one task per lane.
#ifndef SLACKWATER_ARIMA_ROWS_H
#define SLACKWATER_ARIMA_ROWS_H

#include "arima.h"

enum { SW_EXACT_STATES = SW_SEASON_MAX + 4 };
enum { SW_LONG_LAGS = 8, SW_NORMAL = 1 + 7 + 28 };

// Mean and autocovariances of a differenced series; a missing pair adds nothing to its lag.
typedef struct {
  double mean, gamma[SW_LONG_LAGS + 1];
  double raw[3], white[3];  // at lags 0, m, 2m: of the series, and of the residual of its long autoregression
  double psi[SW_LONG_LAGS + 1], sigma2;  // of the long autoregression
} sw_moments;

// A row in standardised units. values: (length), NaN = missing, values[0] known.
typedef struct {
  double *values;
  const float *w[4];  // by d + 2 D, rows without gaps: (length), differenced, 0 before its first point
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
  double normal[SW_NORMAL];  // in, out: S, G, H at beta, where `measured`
  int32_t measured;
  int32_t evaluations;  // in, out: added to
  int32_t status;  // out
} sw_task;

// Kinds of a call: which parameters some order has; some row has a gap (leading ones count).
enum { SW_HAS_AR = 1, SW_HAS_MA = 2, SW_HAS_SAR = 4, SW_HAS_SMA = 8, SW_MEANS = 16, SW_KINDS = 32, SW_GAPS = 32 };

typedef struct {
  int32_t season, kind, iterations;
  double root_limit;
  double tolerance;  // of the sum of squares: a fit ends when its next step promises less
} sw_plan;

// Runs `count` tasks, lanes at a time. All rows of a call end at the same column. The caller derives the
// kind from each row and order alone, so that a row meets the same code whatever its neighbours are.
typedef int32_t (*sw_run_tasks)(sw_task *tasks, int32_t count, const sw_plan *plan);
// Mean and deviation of a finite row of ordinary size, and the row in them. Returns 0 where the slow path must serve.
typedef int32_t (*sw_standardise_row)(const double *y, int32_t n, sw_row *row, double *out);
// Differences a row without gaps into w; mean, gamma, raw; then psi, and white. centred: scratch, 2 x length;
// null = the points alone.
typedef void (*sw_difference_row)(const sw_row *row, int32_t d, int32_t D, int32_t season, float *w, float *centred, sw_moments *m);

// n log(squares / n) + sum log F of the differenced row w (NaN = missing, then gaps = 1) at `count` points of 7.
typedef int32_t (*sw_exact_points)(const double *w, int32_t n, int32_t gaps, const uint8_t *order, int32_t season,
                                   const double *points, int32_t count, double *out, double *squares, int32_t *known);

#ifdef __cplusplus
extern "C" {
#endif
// Levinson (1947) and Durbin (1960): (a, psi, sigma2) of the long autoregression from gamma.
void sw_long_autoregression(sw_moments *m, double *a);
int32_t sw_exact_avx512(const double *, int32_t, int32_t, const uint8_t *, int32_t, const double *, int32_t, double *, double *, int32_t *);
int32_t sw_run_f32_avx512(sw_task *, int32_t, const sw_plan *);
int32_t sw_run_f64_avx512(sw_task *, int32_t, const sw_plan *);
int32_t sw_standardise_avx512(const double *, int32_t, sw_row *, double *);
void sw_difference_avx512(const sw_row *, int32_t, int32_t, int32_t, float *, float *, sw_moments *);
int32_t sw_exact_avx2(const double *, int32_t, int32_t, const uint8_t *, int32_t, const double *, int32_t, double *, double *, int32_t *);
int32_t sw_run_f32_avx2(sw_task *, int32_t, const sw_plan *);
int32_t sw_run_f64_avx2(sw_task *, int32_t, const sw_plan *);
int32_t sw_standardise_avx2(const double *, int32_t, sw_row *, double *);
void sw_difference_avx2(const sw_row *, int32_t, int32_t, int32_t, float *, float *, sw_moments *);
int32_t sw_exact_baseline(const double *, int32_t, int32_t, const uint8_t *, int32_t, const double *, int32_t, double *, double *, int32_t *);
int32_t sw_run_f32_baseline(sw_task *, int32_t, const sw_plan *);
int32_t sw_run_f64_baseline(sw_task *, int32_t, const sw_plan *);
int32_t sw_standardise_baseline(const double *, int32_t, sw_row *, double *);
void sw_difference_baseline(const sw_row *, int32_t, int32_t, int32_t, float *, float *, sw_moments *);
void sw_fma_avx512(int64_t, float *);
void sw_fma_avx2(int64_t, float *);
void sw_fma_baseline(int64_t, float *);
#ifdef __cplusplus
}
#endif
#endif
