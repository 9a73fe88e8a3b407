// C ABI of what copying memory costs: 64 points of one VM at a load, and the plain recursion of many migrations.
//
// The oracle is src/kernels/reference/windows; the arithmetic is its very own, in float64 and in its order, so the
// bits are equal. Each body is compiled once for each instruction set.
#ifndef SLACKWATER_COPY_H
#define SLACKWATER_COPY_H

#include <stdint.h>

enum { SW_COPY_POINTS = 64, SW_COPY_FIGURES = 7 };
enum { SW_PRE_COPY, SW_AUTO_CONVERGE, SW_POST_COPY, SW_NO_MODE };

typedef struct {
  double bandwidth, link, downtime_limit_ms, fixed_downtime_ms, setup_ms, max_rounds, memory_default, vcpus_default;
  double scan_ms_per_gib, idle_bytes, busy_bytes, dirty_max, working_set_share;
  double dirty_factor[SW_COPY_POINTS], used_share[SW_COPY_POINTS];
} sw_copy_settings;

// Whole ms and bytes, P50 and P95; success in [0, 1].
typedef struct {
  double total50, total95, pause50, pause95, sent50, sent95, success;
} sw_copy_cost;

// What the points of one VM have in common at every load; prepared once, 64-byte aligned.
typedef struct {
  double used[SW_COPY_POINTS], working_set[SW_COPY_POINTS], base_ms[SW_COPY_POINTS];
  double first_ms[SW_COPY_POINTS], working_ms[SW_COPY_POINTS];
  // A point whose working set is dirtied anew in each round ends alike at every load.
  double stuck_copy_ms[SW_COPY_POINTS], stuck_sent[SW_COPY_POINTS];
  int32_t same_used;
} sw_copy_size;

// Migrations one by one; inf = no limit.
typedef struct {
  int64_t count;
  const double *used, *bandwidth, *link, *dirty, *working_set, *downtime_limit_ms, *fixed_downtime_ms; // (count)
  const double *max_rounds, *time_limit_ms;                                                            // (count)
  const uint8_t *throttled;                                                                            // (count)
  const double *curve; // (curve_points, 2): window ms ascending, bytes; replaces the dirty rates
  int32_t curve_points;
  int32_t isa, threads;
  double *rounds, *total_ms, *downtime_ms, *bytes_sent; // (count)
  uint8_t *converges;                                   // (count)
} sw_copy_cases;

typedef void (*sw_copy_point_costs)(const sw_copy_settings *, const sw_copy_size *, double cpus, const double *loads,
                                    int32_t count, int32_t mode, sw_copy_cost *);

#ifdef __cplusplus
extern "C" {
#endif
int32_t sw_copy_run_cases(const sw_copy_cases *job);
// (count) costs of one VM at `loads`. Finite inputs only: copy_cost.h keeps the others away.
void sw_copy_cost_avx512(const sw_copy_settings *, const sw_copy_size *, double, const double *, int32_t, int32_t, sw_copy_cost *);
void sw_copy_cost_avx2(const sw_copy_settings *, const sw_copy_size *, double, const double *, int32_t, int32_t, sw_copy_cost *);
void sw_copy_cost_baseline(const sw_copy_settings *, const sw_copy_size *, double, const double *, int32_t, int32_t, sw_copy_cost *);
// Cases [from, to).
void sw_copy_cases_avx512(const sw_copy_cases *, int64_t, int64_t);
void sw_copy_cases_avx2(const sw_copy_cases *, int64_t, int64_t);
void sw_copy_cases_baseline(const sw_copy_cases *, int64_t, int64_t);
#ifdef __cplusplus
}
#endif
#endif
