// What each instruction set offers the LSTM, and how big the scratch of a piece is. No STL.
#ifndef SLACKWATER_LSTM_ROWS_H
#define SLACKWATER_LSTM_ROWS_H

#include "lstm.h"

enum { SW_LSTM_PIECE = 32, SW_LSTM_TILE = 16 };  // windows of one piece of work, and of one tile of bytes
// Floats from row to row of gates: 17 cache lines, so that rows of one column do not fall into the same few sets
// of L1, as with 16 (98 us a window became 60).
enum { SW_LSTM_STRIDE = SW_LSTM_GATES + 16 };

// Weights as the products read them, rows at whole cache lines.
typedef struct {
  const float *layers[SW_LSTM_LAYERS_MAX];  // (width, SW_LSTM_STRIDE)
  const float *head;                        // (H + 1, P)
} sw_lstm_matrices;

static inline int64_t sw_lstm_columns(const sw_lstm_shape *shape) { return (shape->outputs + 31) / 32 * 32; }
static inline int64_t sw_lstm_width(const sw_lstm_shape *shape, int32_t layer) {
  return (layer == 0 ? shape->inputs : SW_LSTM_HIDDEN) + SW_LSTM_HIDDEN + 1;
}
// Where the matrix of a layer begins; the head is layer `layers`.
static inline int64_t sw_lstm_offset(const sw_lstm_shape *shape, int32_t layer) {
  int64_t at = 0;
  for (int32_t below = 0; below < layer; below++) at += sw_lstm_width(shape, below) * SW_LSTM_GATES;
  return at;
}
static inline int64_t sw_lstm_weights(const sw_lstm_shape *shape) {
  return sw_lstm_offset(shape, shape->layers) + (SW_LSTM_HIDDEN + 1) * sw_lstm_columns(shape);
}

// One piece of a batch on its way forward and back. Buffers belong to the piece, matrices to all.
typedef struct {
  const sw_lstm_lesson *job;
  int64_t first, count;
  const sw_lstm_matrices *matrices;
  const float *transposed;  // for each layer (4 H, H + D): hidden units, inputs; then the head (P, H)
  float *rows[SW_LSTM_LAYERS_MAX];   // (T + 1, count, width)
  float *gates[SW_LSTM_LAYERS_MAX];  // (T, count, SW_LSTM_STRIDE); slopes on the way back
  float *cells[SW_LSTM_LAYERS_MAX];  // (T + 1, count, H)
  float *last;      // (count, H + 1)
  float *outputs;   // (count, P); slopes on the way back
  float *slopes;    // for each layer (count, 2 H): of hidden units and of inputs; (count, H): of cells
  float *gradient;  // as the weights: a sum over the piece's windows
  double loss;
  int64_t terms;
} sw_lstm_piece;

typedef struct {
  void (*learn)(sw_lstm_piece *piece);
  // At most SW_LSTM_PIECE windows; scratch: sw_lstm_scratch floats.
  void (*predict)(const sw_lstm_prediction *job, const sw_lstm_matrices *matrices, int64_t first, int64_t count, float *scratch);
  // Outputs of windows [first, first + count) from last (count, H + 1); scratch: count P floats.
  void (*head)(const sw_lstm_prediction *job, const sw_lstm_matrices *matrices, int64_t first, int64_t count, const float *last, float *scratch);
  void (*adam)(float *weights, float *first, float *second, const float *gradient, int64_t count, float factor, float rate);
} sw_lstm_lanes;

// Matrices of bytes, made once for a prediction.
typedef struct {
  const int8_t *weights[SW_LSTM_LAYERS_MAX];  // (quads of rows, 4 H, 4): hidden units first, then inputs
  const float *scale[SW_LSTM_LAYERS_MAX];     // (4 H): of a sum, with the factor of its table
  const float *bias[SW_LSTM_LAYERS_MAX];
} sw_lstm_bytes;

// At most SW_LSTM_TILE windows through all layers; last: (count, H + 1).
typedef void (*sw_lstm_walk)(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last);

#ifdef __cplusplus
extern "C" {
#endif
extern const sw_lstm_lanes sw_lstm_baseline, sw_lstm_avx2, sw_lstm_avx512;
void sw_lstm_walk_plain(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last);
void sw_lstm_walk_vnni(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last);
void sw_lstm_walk_amx(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last);
#ifdef __cplusplus
}
#endif

static inline int64_t sw_lstm_scratch(const sw_lstm_shape *shape) {
  const int64_t wide = SW_LSTM_INPUTS_MAX + SW_LSTM_HIDDEN + 1 + SW_LSTM_STRIDE + SW_LSTM_HIDDEN;
  return SW_LSTM_PIECE * (shape->layers * wide + SW_LSTM_HIDDEN + 1 + sw_lstm_columns(shape));
}
#endif
