// C ABI of the ranked windows of a day. The oracle is src/kernels/reference/windows; the arithmetic is its very
// own, in float64 and in its order, so the bits are equal.
#ifndef SLACKWATER_WINDOWS_H
#define SLACKWATER_WINDOWS_H

#include <stdint.h>

#include "copy.h"

enum { SW_DAY_WIDTH = 13, SW_WINDOW_WIDTH = 16, SW_SPAN_LEVELS = 3 };
enum { SW_MODE_CORRECTION_WIDTH = 7, SW_CORRECTION_WIDTH = 3 * SW_MODE_CORRECTION_WIDTH };

typedef struct {
  int32_t rows, horizon, finer, levels;
  double step_ms, start_ms;
  const double *mean;      // (rows, horizon)
  const double *quantiles; // (rows, levels, horizon)
  int32_t left[SW_SPAN_LEVELS], right[SW_SPAN_LEVELS];
  double share[SW_SPAN_LEVELS];
  const double *vcpus, *memory, *used_memory; // (rows), NaN = unknown
  const uint8_t *skip;                        // (rows)
  const uint8_t *barred;                      // (rows, horizon finer), 1 = in no window; null = none
  const double *corrections;                  // (rows, SW_CORRECTION_WIDTH); null = none
  int32_t first_step, windows_max;
  double length_ms_min, slack_ms;
  sw_copy_settings copy;
  int32_t isa, threads;
  double *figures; // (rows, SW_DAY_WIDTH + windows_max SW_WINDOW_WIDTH)
  int32_t *counts, *modes;
} sw_rank_job;

// The cost of each row at each of its starts.
typedef struct {
  int32_t rows, starts;
  const double *loads;                        // (rows, starts) percent, NaN = unknown
  const double *vcpus, *memory, *used_memory; // (rows), NaN = unknown
  const int32_t *modes;                       // (rows), SW_NO_MODE = nothing is computed
  const double *corrections;                  // (rows, SW_CORRECTION_WIDTH); null = none
  sw_copy_settings copy;
  int32_t isa, threads;
  int32_t one_by_one; // 1: scalar instructions, nothing remembered
  double *figures;    // (rows, starts, SW_COPY_FIGURES), NaN where nothing is known
} sw_cost_job;

#ifdef __cplusplus
extern "C" {
#endif
int32_t sw_windows_rank(const sw_rank_job *job); // -1: no memory
int32_t sw_windows_cost(const sw_cost_job *job);
#ifdef __cplusplus
}
#endif
#endif
