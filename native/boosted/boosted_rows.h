// The loops over rows that are compiled once for each instruction set. No STL.
#ifndef SLACKWATER_BOOSTED_ROWS_H
#define SLACKWATER_BOOSTED_ROWS_H

#include <stdint.h>

enum { SW_RESIDUAL_BUCKETS = 512 };

typedef struct {
  // Adds `packed[i]` to histogram[slot[i] + column[rows[i]]] for `count` columns of `stride` bytes.
  // histograms: one for each column, `span` cells apart.
  void (*accumulate)(const uint8_t *const *columns, int32_t count, const uint32_t *rows, const uint16_t *slot,
                     const int64_t *packed, int64_t n, int64_t *histograms, int64_t span);
  // leaf[i] of rows [from, to): bit d is column_d[i] > bins[d].
  void (*leaf_of)(const uint8_t *const *columns, const uint8_t *bins, int32_t depth, int64_t from, int64_t to, uint8_t *leaf);
  // score[i] += values[leaf[i]] for rows [from, to).
  void (*add)(const float *values, int32_t leaves, const uint8_t *leaf, int64_t from, int64_t to, float *score);
  // out (O, N) of rows [from, to): base, then every tree.
  void (*predict)(const void *job, int64_t from, int64_t to);
} sw_boosted_rows;

#ifdef __cplusplus
extern "C" {
#endif
extern const sw_boosted_rows sw_boosted_baseline, sw_boosted_avx2, sw_boosted_avx512;
#ifdef __cplusplus
}
#endif
#endif
