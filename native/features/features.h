// C ABI of the features of boosters: rows of (series, origin, lead) from float64 series to numbers or bytes.
//
// Symbols: T = end - from known columns, F features, H leads, t an origin (first unknown column), k = t + lead.
// The oracle is src/kernels/reference/features; the arithmetic is its very own, in float64, so the bits are equal.
#ifndef SLACKWATER_FEATURES_H
#define SLACKWATER_FEATURES_H

#include <stdint.h>

enum { SW_FEATURES = 67, SW_CUTS = 64, SW_CALENDAR = 3, SW_SUMS = 11 };
enum { SW_CENTRE_LAST, SW_CENTRE_BLEND };

typedef struct {
  const double *values; // (series, stride), not finite or beyond 1e100 = missing
  int64_t stride;
  int32_t from, end, steps_per_day, horizon, centring;
  const float *calendar; // (T + H, SW_CALENDAR): hour of day, day of week, minute of hour of a column
  const double *decay;   // (H): what is left of the last level
  int32_t isa, threads;
} sw_feature_series;

// All leads after the last known column, as bytes.
typedef struct {
  sw_feature_series series;
  int32_t first, count, known_min;
  const float *cuts; // (F, SW_CUTS) ascending, padded with infinity; null: no bytes
  uint8_t *bins;     // (F, count x H); 0 on entry
  double *centre, *scale; // (count, H)
  int32_t *known;         // (count): columns since the first known value
} sw_feature_night;

// Any origins and leads, as numbers.
typedef struct {
  sw_feature_series series;
  const int32_t *picks; // (pick_count, 3): series, origin, lead; series ascending
  int64_t pick_count;
  float *features;        // (pick_count, F)
  double *centre, *scale; // (pick_count)
} sw_feature_picks;

// Numbers to bytes: how many cuts lie below.
typedef struct {
  const float *rows; // (row_count, F)
  int64_t row_count;
  int32_t features;
  const float *cuts; // (F, SW_CUTS)
  uint8_t *bins;     // (F, row_count)
  int32_t isa, threads;
} sw_feature_bytes;

// Scores to quantiles that do not cross.
typedef struct {
  const float *scores;         // (levels, rows)
  const double *centre, *scale; // (rows)
  int64_t rows;
  int32_t levels, horizon;
  double lower, upper;
  // Wanted k: value[at] + share x (value[at + 1] - value[at]), value[at + 1] where share is 1. First the point, then
  // `mean_count` levels that make the mean, then `wanted_count`.
  const int32_t *at;
  const double *share, *weight; // weight: (mean_count)
  int32_t mean_count, wanted_count;
  int64_t first;
  double *point, *mean, *quantiles; // (series, H), (series, wanted_count, H)
  int32_t isa, threads;
} sw_feature_scores;

// What is compiled once for each instruction set. `work`: bytes of sw_night_bytes, aligned to 64.
typedef struct {
  int32_t lanes;
  // Series [first, first + count) of the night, count <= lanes.
  void (*night)(const sw_feature_night *job, int32_t first, int32_t count, void *work);
  // Picks [from, to), all of one series.
  void (*picks)(const sw_feature_picks *job, int64_t from, int64_t to, void *work);
  // bytes[i] = cuts below values[i].
  void (*bin)(const float *cuts, const float *values, int64_t count, uint8_t *bytes);
  void (*place)(const sw_feature_scores *job, int64_t from, int64_t to);
} sw_feature_loops;

#ifdef __cplusplus
extern "C" {
#endif
extern const sw_feature_loops sw_features_baseline, sw_features_avx2, sw_features_avx512;
int64_t sw_night_bytes(const sw_feature_series *series, int32_t lanes);
int64_t sw_picks_bytes(const sw_feature_series *series);
// Each returns 0, or -1 when memory is short.
int32_t sw_features_night(const sw_feature_night *job);
int32_t sw_features_rows(const sw_feature_picks *job);
int32_t sw_features_bin(const sw_feature_bytes *job);
int32_t sw_features_place(const sw_feature_scores *job);
#ifdef __cplusplus
}
#endif
#endif
