// The body of the LSTM in float32. Rows are windows, lanes are columns of a matrix: forward, back, and gradient are
// the same product with other strides, and no transposition stands between them.
//
// A row's sums run over k in order, in one lane each: its bits depend neither on its neighbours nor on the tile.

#include <math.h>
#include <string.h>

#include "lstm_rows.h"
#include "lstm_vector.h"

namespace {

enum { H = SW_LSTM_HIDDEN, G = SW_LSTM_GATES, S = SW_LSTM_STRIDE, PAIR = 2 * LANES };

// A(m, k) at a[m * am + k * ak], W(k, n) at w[k * wk + n], C(m, n) at c[m * cm + n].
struct Product {
  int64_t m, n, k;
  const float *a;
  int64_t am, ak;
  const float *w;
  int64_t wk;
  float *c;
  int64_t cm;
  bool add;  // to what C holds
};

template <int R> inline void tileOf(const Product &p, int64_t row, int64_t column) {
  vf sum[R][2];
  float *c = p.c + row * p.cm + column;
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    sum[r][0] = p.add ? load(c + r * p.cm) : vf{};
    sum[r][1] = p.add ? load(c + r * p.cm + LANES) : vf{};
  }
  const float *a = p.a + row * p.am;
  const float *w = p.w + column;
  for (int64_t k = 0; k < p.k; k++) {
    const vf low = load(w), high = load(w + LANES);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const vf value = spread(a + r * p.am);
      sum[r][0] = mad(value, low, sum[r][0]);
      sum[r][1] = mad(value, high, sum[r][1]);
    }
    a += p.ak;
    w += p.wk;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    store(c + r * p.cm, sum[r][0]);
    store(c + r * p.cm + LANES, sum[r][1]);
  }
}

// n: a multiple of 32. O(m n k).
void multiply(const Product &p) {
  for (int64_t column = 0; column < p.n; column += PAIR) {
    int64_t row = 0;
    for (; row + SW_TILE_ROWS <= p.m; row += SW_TILE_ROWS) tileOf<SW_TILE_ROWS>(p, row, column);
    for (; row + 2 <= p.m; row += 2) tileOf<2>(p, row, column);
    for (; row < p.m; row++) tileOf<1>(p, row, column);
  }
}

// Gates (count, S) become i f g o; new cells, and hidden units with stride `to` (twice, when `above` is given).
void activate(int64_t count, float *gates, const float *before, float *cells, float *hidden, int64_t stride, float *above, int64_t aboveStride) {
  const Functions of;
  for (int64_t b = 0; b < count; b++) {
    float *gate = gates + b * S;
    for (int64_t unit = 0; unit < H; unit += LANES) {
      const vf i = of.sigmoid_of(load(gate + unit));
      const vf f = of.sigmoid_of(load(gate + H + unit));
      const vf g = of.tanh_of(load(gate + 2 * H + unit));
      const vf o = of.sigmoid_of(load(gate + 3 * H + unit));
      const vf cell = mad(f, load(before + b * H + unit), i * g);
      const vf value = o * of.tanh_of(cell);
      store(gate + unit, i);
      store(gate + H + unit, f);
      store(gate + 2 * H + unit, g);
      store(gate + 3 * H + unit, o);
      store(cells + b * H + unit, cell);
      store(hidden + b * stride + unit, value);
      if (above != nullptr) store(above + b * aboveStride + unit, value);
    }
  }
}

void head(const sw_lstm_prediction *job, const sw_lstm_matrices *matrices, int64_t first, int64_t count, const float *last, float *scratch) {
  const int64_t columns = sw_lstm_columns(&job->shape), outputs = job->shape.outputs;
  float *to = columns == outputs ? job->out + first * outputs : scratch;
  multiply({count, columns, H + 1, last, H + 1, 1, matrices->head, columns, to, columns, false});
  if (to != scratch) return;
  for (int64_t b = 0; b < count; b++) {
    memcpy(job->out + (first + b) * outputs, scratch + b * columns, sizeof(float) * static_cast<size_t>(outputs));
  }
}

void predict(const sw_lstm_prediction *job, const sw_lstm_matrices *matrices, int64_t first, int64_t count, float *scratch) {
  const sw_lstm_shape *shape = &job->shape;
  float *rows[SW_LSTM_LAYERS_MAX] = {}, *gates[SW_LSTM_LAYERS_MAX] = {}, *cells[SW_LSTM_LAYERS_MAX] = {};
  float *next = scratch;
  for (int32_t layer = 0; layer < shape->layers; layer++) {
    const int64_t width = sw_lstm_width(shape, layer);
    gates[layer] = next;
    cells[layer] = gates[layer] + count * S;
    rows[layer] = cells[layer] + count * H;
    next = rows[layer] + count * width;
    memset(cells[layer], 0, sizeof(float) * static_cast<size_t>(count * (H + width)));
    for (int64_t b = 0; b < count; b++) rows[layer][b * width + width - 1] = 1;
  }
  float *last = next, *outputs = last + count * (H + 1);
  const int64_t width0 = sw_lstm_width(shape, 0);
  for (int32_t t = 0; t < job->steps; t++) {
    for (int64_t b = 0; b < count; b++) {
      const float *window = job->windows + ((first + b) * job->steps + t) * shape->inputs;
      memcpy(rows[0] + b * width0, window, sizeof(float) * static_cast<size_t>(shape->inputs));
    }
    for (int32_t layer = 0; layer < shape->layers; layer++) {
      const int64_t width = sw_lstm_width(shape, layer);
      multiply({count, G, width, rows[layer], width, 1, matrices->layers[layer], S, gates[layer], S, false});
      const bool top = layer == shape->layers - 1;
      activate(count, gates[layer], cells[layer], cells[layer], rows[layer] + width - H - 1, width, top ? last : rows[layer + 1], top ? H + 1 : 2 * H + 1);
    }
  }
  for (int64_t b = 0; b < count; b++) last[b * (H + 1) + H] = 1;
  head(job, matrices, first, count, last, outputs);
}

void forward(sw_lstm_piece *piece) {
  const sw_lstm_lesson *job = piece->job;
  const sw_lstm_shape *shape = &job->shape;
  const int64_t count = piece->count;
  for (int32_t layer = 0; layer < shape->layers; layer++) {
    const int64_t width = sw_lstm_width(shape, layer);
    memset(piece->cells[layer], 0, sizeof(float) * static_cast<size_t>(count * H));
    memset(piece->rows[layer], 0, sizeof(float) * static_cast<size_t>(count * width));
  }
  for (int32_t t = 0; t < job->steps; t++) {
    for (int32_t layer = 0; layer < shape->layers; layer++) {
      const int64_t width = sw_lstm_width(shape, layer);
      float *rows = piece->rows[layer] + t * count * width;
      for (int64_t b = 0; b < count; b++) rows[b * width + width - 1] = 1;
      if (layer == 0) {
        for (int64_t b = 0; b < count; b++) {
          const float *window = job->windows + ((piece->first + b) * job->steps + t) * shape->inputs;
          memcpy(rows + b * width, window, sizeof(float) * static_cast<size_t>(shape->inputs));
        }
      }
      float *gates = piece->gates[layer] + t * count * S;
      multiply({count, G, width, rows, width, 1, piece->matrices->layers[layer], S, gates, S, false});
      const bool top = layer == shape->layers - 1;
      float *above = top ? (t == job->steps - 1 ? piece->last : nullptr) : piece->rows[layer + 1] + t * count * (2 * H + 1);
      activate(count, gates, piece->cells[layer] + t * count * H, piece->cells[layer] + (t + 1) * count * H,
               rows + count * width + width - H - 1, width, above, top ? H + 1 : 2 * H + 1);
    }
  }
  for (int64_t b = 0; b < count; b++) piece->last[b * (H + 1) + H] = 1;
  const int64_t columns = sw_lstm_columns(shape);
  multiply({count, columns, H + 1, piece->last, H + 1, 1, piece->matrices->head, columns, piece->outputs, columns, false});
}

// Outputs become the slopes of the pinball loss.
void lossOf(sw_lstm_piece *piece) {
  const sw_lstm_lesson *job = piece->job;
  const int64_t columns = sw_lstm_columns(&job->shape);
  const int64_t leads = job->shape.outputs / job->level_count;
  piece->loss = 0;
  piece->terms = 0;
  for (int64_t b = 0; b < piece->count; b++) {
    float *out = piece->outputs + b * columns;
    const float *target = job->targets + (piece->first + b) * leads;
    for (int32_t level = 0; level < job->level_count; level++) {
      const float tau = static_cast<float>(job->levels[level]);
      float *own = out + level * leads;
      double sum = 0;
      for (int64_t lead = 0; lead < leads; lead++) {
        const bool known = target[lead] == target[lead];
        const float error = known ? target[lead] - own[lead] : 0;
        const float slope = error >= 0 ? -tau : 1 - tau;
        sum -= static_cast<double>(slope * error);
        own[lead] = known ? slope : 0;
        piece->terms += known;
      }
      piece->loss += sum;
    }
    for (int64_t at = job->shape.outputs; at < columns; at++) out[at] = 0;
  }
}

// Gates of one step become slopes before their functions; `cell` becomes the slope of the cell a step earlier.
void gateSlopes(int64_t count, float *gates, const float *before, const float *cells, const float *hidden, int64_t stride, float *cell) {
  const Functions of;
  for (int64_t b = 0; b < count; b++) {
    float *gate = gates + b * S;
    for (int64_t unit = 0; unit < H; unit += LANES) {
      const vf i = load(gate + unit), f = load(gate + H + unit), g = load(gate + 2 * H + unit), o = load(gate + 3 * H + unit);
      const vf bent = of.tanh_of(load(cells + b * H + unit));
      const vf up = load(hidden + b * stride + unit);
      const vf slope = mad(up * o, 1.0f - bent * bent, load(cell + b * H + unit));
      store(gate + unit, slope * g * i * (1.0f - i));
      store(gate + H + unit, slope * load(before + b * H + unit) * f * (1.0f - f));
      store(gate + 2 * H + unit, slope * i * (1.0f - g * g));
      store(gate + 3 * H + unit, up * bent * o * (1.0f - o));
      store(cell + b * H + unit, slope * f);
    }
  }
}

enum { STEPS_PER_SUM = 4 };  // steps whose rows and slopes still lie in L2 when the gradient takes them up

void learn(sw_lstm_piece *piece) {
  const sw_lstm_lesson *job = piece->job;
  const sw_lstm_shape *shape = &job->shape;
  const int64_t count = piece->count, columns = sw_lstm_columns(shape);
  const int32_t top = shape->layers - 1;
  forward(piece);
  lossOf(piece);
  memset(piece->gradient, 0, sizeof(float) * static_cast<size_t>(sw_lstm_weights(shape)));
  multiply({H + 1, columns, count, piece->last, 1, H + 1, piece->outputs, columns, piece->gradient + sw_lstm_offset(shape, shape->layers), columns, false});
  const float *transposed[SW_LSTM_LAYERS_MAX + 1];
  transposed[0] = piece->transposed;
  for (int32_t layer = 0; layer <= top; layer++) transposed[layer + 1] = transposed[layer] + G * (sw_lstm_width(shape, layer) - 1);
  // Slopes of the hidden units, and of the inputs where a layer lies below: (count, 2 H), hidden units in [0, H).
  float *hidden[SW_LSTM_LAYERS_MAX] = {}, *cell[SW_LSTM_LAYERS_MAX] = {};
  for (int32_t layer = 0; layer <= top; layer++) {
    hidden[layer] = piece->slopes + layer * count * 3 * H;
    cell[layer] = hidden[layer] + count * 2 * H;
  }
  memset(piece->slopes, 0, sizeof(float) * static_cast<size_t>(shape->layers * count * 3 * H));
  multiply({count, H, columns, piece->outputs, columns, 1, transposed[shape->layers], H, hidden[top], 2 * H, false});
  for (int32_t t = job->steps - 1; t >= 0; t--) {
    for (int32_t layer = top; layer >= 0; layer--) {
      const int64_t width = sw_lstm_width(shape, layer);
      float *gates = piece->gates[layer] + t * count * S;
      if (layer < top) {
        for (int64_t b = 0; b < count; b++) {
          for (int64_t unit = 0; unit < H; unit++) hidden[layer][b * 2 * H + unit] += hidden[layer + 1][b * 2 * H + H + unit];
        }
      }
      gateSlopes(count, gates, piece->cells[layer] + t * count * H, piece->cells[layer] + (t + 1) * count * H, hidden[layer], 2 * H, cell[layer]);
      // Columns of the transposed matrix: hidden units first, then the inputs.
      multiply({count, layer == 0 ? H : 2 * H, G, gates, S, 1, transposed[layer], width - 1, hidden[layer], 2 * H, false});
      if (t % STEPS_PER_SUM == 0) {
        const int64_t steps = t + STEPS_PER_SUM <= job->steps ? STEPS_PER_SUM : job->steps - t;
        multiply({width, G, steps * count, piece->rows[layer] + t * count * width, 1, width, gates, S, piece->gradient + sw_lstm_offset(shape, layer), G, true});
      }
    }
  }
}

void adam(float *weights, float *first, float *second, const float *gradient, int64_t count, float factor, float rate) {
  for (int64_t at = 0; at < count; at++) {
    const float slope = gradient[at] * factor;
    first[at] = 0.9f * first[at] + 0.1f * slope;
    second[at] = 0.999f * second[at] + 0.001f * slope * slope;
    weights[at] -= rate * first[at] / (sqrtf(second[at]) + 1e-8f);
  }
}

}  // namespace

extern "C" const sw_lstm_lanes SW_LANES = {learn, predict, head, adam};
