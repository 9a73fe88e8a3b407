// C ABI of the batched seasonal ARIMA by conditional sum of squares (CSS).
//
// Model of one row, after y = (value - shift) / scale:
//   w = (1 - B)^d (1 - B^m)^D y
//   (1 - phi1 B - phi2 B^2)(1 - Phi B^m)(w - mean) = (1 + theta1 B + theta2 B^2)(1 + Theta B^m) e
// States before the first known w are zero. A missing w takes its own prediction: e = 0, nothing is added.
// Source: Box & Jenkins (1976), 7.1 and 9.2. The oracle is src/kernels/reference.
#ifndef SLACKWATER_ARIMA_H
#define SLACKWATER_ARIMA_H

#include <stdint.h>

#include "../cpu/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

// One fit is SW_FIT_WIDTH doubles and one order is SW_ORDER_WIDTH bytes.
enum {
  SW_PHI1 = 0, SW_PHI2, SW_THETA1, SW_THETA2, SW_SPHI, SW_STHETA, SW_MEAN,
  SW_SIGMA2,  // css / scored, in standardised units squared
  SW_SHIFT, SW_SCALE,
  SW_SCORED,  // number of points that were summed
  SW_AICC,
  SW_EVALUATIONS,  // residual and derivative passes spent on the row, all orders together
  SW_FIT_WIDTH
};
enum { SW_p = 0, SW_d, SW_q, SW_P, SW_D, SW_Q, SW_HAS_MEAN, SW_STATUS, SW_ORDER_WIDTH };
enum { SW_CONVERGED = 0, SW_MAX_ITERATIONS = 1, SW_DEGENERATE = 2 };
enum { SW_SEASON_MAX = 48 };

typedef struct {
  const double *values;  // (rows, stride); not finite = missing; only columns [0, end) are read
  int32_t rows, stride, end, season;
  int32_t isa, threads;
  int32_t max_iterations;
  int32_t double_precision;   // fit only: 0 float32 lanes, 1 float64 lanes
  double root_limit;          // largest inverse root that a repair leaves
  const uint8_t *candidates;  // search: (candidate_count, SW_ORDER_WIDTH)
  int32_t candidate_count;
  int32_t warm;               // 1: orders and fits hold the start (fit) or last night's answer (search)
  uint8_t *orders;            // (rows, SW_ORDER_WIDTH): fit reads the order; both write the status
  double *fits;               // (rows, SW_FIT_WIDTH)
} sw_arima_job;

// First point of the common score, counted from the first known value of a row.
int32_t sw_score_start(int32_t length, int32_t season);
// Fits row r with its own order. Returns 0, or -1 when memory is short.
int32_t sw_arima_fit(const sw_arima_job *job);
// Chooses among the candidates by AICc, then fits the best three in float64.
int32_t sw_arima_search(const sw_arima_job *job);

// Filters each row up to `end` and forecasts; mean and variance: (rows, horizon), in the unit of the values.
// Plain float64, the same operations in the same order as the reference: equal bits on every machine.
int32_t sw_arima_forecast(const sw_arima_job *job, int32_t horizon, double *mean, double *variance);

// z = sign(x) (sqrt(1 + 2 |x|) - 1), x = (value - centre) / unit; unit 0 leaves a row as it is. out: (rows, end).
// fresh: centre and unit are made, else given. low, high: range of the known values.
void sw_arima_compress(const sw_arima_job *job, int32_t fresh, double *out, double *centre, double *unit, double *low, double *high, uint8_t *seasonal);

// Exact likelihood at the fits, after at most max_iterations steps of refinement (0: none). Writes parameters, sigma2,
// scored (points of the likelihood), aicc (in standardised units), status; log_likelihood: (rows), in the unit of the values.
void sw_arima_exact(const sw_arima_job *job, double *log_likelihood);

#ifdef __cplusplus
}
#endif
#endif
