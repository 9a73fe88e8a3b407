// C ABI of gradient-boosted symmetric trees on byte columns.
//
// Symbols: N rows, F features, T trees, D depth, L = 2^D leaves, O outputs, B bins of a byte (at most 256).
// All leaves of a level share one split, "bin > threshold" sets the level's bit of the leaf's number.
// Sources: Friedman (2001); Ke et al. (2017), histograms; Shi et al. (2022), quantised gradients with stochastic
// rounding; Koenker and Bassett (1978), pinball.
// The oracle is src/kernels/reference/boosted.
#ifndef SLACKWATER_BOOSTED_H
#define SLACKWATER_BOOSTED_H

#include <stdint.h>

#include "../cpu/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SW_SQUARED = 0, SW_PINBALL = 1, SW_LOGISTIC = 2 };
enum { SW_DEPTH_MAX = 8, SW_OUTPUTS_MAX = 16, SW_CHUNK_ROWS = 64 };

typedef struct {
  const uint8_t *bins;   // (F, N), feature-major
  const float *target;   // (N), finite
  const float *weight;   // (N), > 0; null = 1
  int64_t rows;
  int32_t features, bin_count;
  int32_t loss;
  const double *levels;  // (O) of pinball, ascending; else null
  int32_t outputs;       // O; 1 unless pinball
  int32_t trees, depth;
  double learning_rate, l2;
  double row_share, feature_share;  // in (0, 1]; drawn anew for each tree, rows in chunks of SW_CHUNK_ROWS
  uint32_t seed;
  int32_t isa, threads;
  // Out.
  uint16_t *split_features;  // (T, D)
  uint8_t *split_bins;       // (T, D)
  float *split_gains;        // (T, D)
  float *leaves;             // (T, O, L)
  float *base;               // (O)
  float *score;              // (O, N): the fit of the last tree; scratch for the caller
} sw_boosted_training;

// Returns 0, or -1 when memory is short. O(T N (F + O)). Equal bits for any number of threads.
int32_t sw_boosted_train(const sw_boosted_training *job);

typedef struct {
  const uint8_t *bins;  // (F, N), feature-major, `stride` bytes from column to column
  int64_t rows, stride;
  int32_t trees, depth, outputs;
  const uint16_t *split_features;
  const uint8_t *split_bins;
  const float *leaves;
  const float *base;
  int32_t isa, threads;
  float *out;  // (O, N)
} sw_boosted_prediction;

// Trees are added in their order in float32: a row has equal bits on every instruction set. Returns 0.
int32_t sw_boosted_predict(const sw_boosted_prediction *job);

#ifdef __cplusplus
}
#endif
#endif
