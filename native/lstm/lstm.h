// C ABI of the LSTM with a linear head: forecasts of many windows, and lessons by back-propagation through time.
//
// Symbols: N windows, T steps, I inputs (a multiple of 4), H = 64 hidden units, gates i f g o, O outputs,
// P = O rounded up to 32, D = inputs of a layer. Weights lie one after the other, row-major: for each layer
// (D + H + 1, 4 H) with rows inputs, hidden units, bias; then the head (H + 1, P), bias last.
// Sources: Hochreiter and Schmidhuber (1997); Gers et al. (2000); Kingma and Ba (2015); Jacob et al. (2018) for bytes.
// The oracle is src/kernels/reference/lstm.
#ifndef SLACKWATER_LSTM_H
#define SLACKWATER_LSTM_H

#include <stdint.h>

#include "../cpu/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SW_LSTM_HIDDEN = 64, SW_LSTM_GATES = 256, SW_LSTM_LAYERS_MAX = 2, SW_LSTM_INPUTS_MAX = 64 };
enum { SW_LSTM_FLOAT32 = 0, SW_LSTM_INT8 = 1 };
// What multiplies bytes; every unit gives the same bits. AUTO: the fastest that CPU and kernel grant.
enum { SW_UNIT_AUTO = 0, SW_UNIT_PLAIN = 1, SW_UNIT_VNNI = 2, SW_UNIT_AMX = 3 };

typedef struct {
  int32_t inputs, layers, outputs;
} sw_lstm_shape;

typedef struct {
  sw_lstm_shape shape;
  const float *weights;
  const float *windows;  // (N, T, I)
  int64_t count;         // N
  int32_t steps;         // T
  int32_t arithmetic;    // int8 needs AVX-512; elsewhere float32 serves
  int32_t unit;          // one that is not granted: the next best
  int32_t isa, threads;
  float *out;            // (N, O)
} sw_lstm_prediction;

// Returns 0, or -1 when memory is short. A window's outputs do not depend on other windows, bit for bit.
int32_t sw_lstm_predict(const sw_lstm_prediction *job);

typedef struct {
  sw_lstm_shape shape;
  float *weights, *first, *second;  // changed in place, with Adam's moments
  int64_t updates;                  // before this lesson
  const float *windows;             // (N, T, I)
  const float *targets;             // (N, leads); NaN = not known
  int64_t count;                    // N
  int32_t steps;                    // T
  const double *levels;
  int32_t level_count;              // outputs are (levels, leads)
  int64_t batch;                    // windows of one update
  double learning_rate, clip_norm;
  int32_t isa, threads;
  double *losses;                   // (updates of this lesson): mean pinball of each before it
} sw_lstm_lesson;

// Returns 0, or -1 when memory is short. Equal bits for any number of threads.
int32_t sw_lstm_train(const sw_lstm_lesson *job);

#ifdef __cplusplus
}
#endif
#endif
