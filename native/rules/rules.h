// C ABI of the rules of thumb: last value, same time before, decaying level; with their own errors' quantiles.
//
// The oracle is src/kernels/reference/rules; the arithmetic is its very own, in float64, so the bits are equal.
#ifndef SLACKWATER_RULES_H
#define SLACKWATER_RULES_H

#include <stdint.h>

enum { SW_RULE_LAST, SW_RULE_DAY, SW_RULE_WEEK, SW_RULE_DECAY };
enum { SW_RULE_JUDGED, SW_RULE_UNJUDGED, SW_RULE_SILENT };
enum { SW_RESIDUALS_MAX = 64 };

typedef struct {
  const double *values; // (rows, stride), NaN = missing
  int32_t rows, stride, end, season, rule, horizon;
  const double *levels; // (level_count)
  int32_t level_count;
  double lower, upper;
  const int32_t *blocks; // (block_count, 3): from, to, judged lead; 1-based
  int32_t block_count;
  const int32_t *targets; // (target_count), at most SW_RESIDUALS_MAX
  int32_t target_count;
  const double *decay; // (horizon + 1)
  int32_t isa, threads;
  double *point, *mean; // (rows, horizon)
  double *quantiles;    // (rows, level_count, horizon)
  uint8_t *status;      // (rows)
} sw_rules_job;

// Rows [first, first + count), count <= lanes; `work`: 2 x end x lanes doubles, aligned to 64 bytes.
typedef void (*sw_rules_group)(const sw_rules_job *job, int32_t first, int32_t count, double *work);

#ifdef __cplusplus
extern "C" {
#endif
int32_t sw_rules_forecast(const sw_rules_job *job); // -1: no memory
void sw_rules_avx512(const sw_rules_job *, int32_t, int32_t, double *);
void sw_rules_avx2(const sw_rules_job *, int32_t, int32_t, double *);
void sw_rules_baseline(const sw_rules_job *, int32_t, int32_t, double *);
#ifdef __cplusplus
}
#endif
#endif
