// The body of the LSTM in bytes, for 16 windows: integer sums by whatever multiplies bytes (SW_UNIT), everything
// else in float32. The sums are exact, so that every unit gives the same bits.
//
// A row holds [hidden units (64), inputs (D)] as round(127 x) + 128; the bias takes the 128 away again.

#include <string.h>

#include "lstm_rows.h"
#define SW_BYTES 64
#include "lstm_vector.h"

namespace {

enum { H = SW_LSTM_HIDDEN, G = SW_LSTM_GATES, TILE = SW_LSTM_TILE, ROW_BYTES = 2 * SW_LSTM_HIDDEN };

// Each unit's file gives these. sums (TILE, 4 H) = rows (TILE, ROW_BYTES) x weights.
void begin(const sw_lstm_shape *shape);
void sumRows(const uint8_t *rows, int32_t layer, int32_t inputs, const int8_t *weights, int32_t *sums);
void end();

// Adding it rounds x, |x| < 2^22, into the low byte, moved up by 128.
const float kByteMagic = 12582912.0f + 128.0f;

inline void storeBytes(uint8_t *to, __m512 x) {
  const __m512 moved = _mm512_fmadd_ps(x, _mm512_set1_ps(127.0f), _mm512_set1_ps(kByteMagic));
  _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(_mm512_castps_si512(moved)));
}

inline void storeInputs(uint8_t *to, const float *from, int32_t inputs) {
  for (int32_t at = 0; at < inputs; at += 16) {
    const __mmask16 mask = inputs - at >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << (inputs - at)) - 1);
    const __m512 x = _mm512_min_ps(_mm512_max_ps(_mm512_maskz_loadu_ps(mask, from + at), _mm512_set1_ps(-1)), _mm512_set1_ps(1));
    const __m512 moved = _mm512_fmadd_ps(x, _mm512_set1_ps(127.0f), _mm512_set1_ps(kByteMagic));
    _mm_mask_storeu_epi8(to + at, mask, _mm512_cvtepi32_epi8(_mm512_castps_si512(moved)));
  }
}

// Sums become gates, gates cells and hidden units: bytes to `hidden` and `above`, floats to `last`, where given.
void activateSums(int64_t count, const int32_t *sums, const float *scale, const float *bias, float *cells, uint8_t *hidden, uint8_t *above, float *last) {
  const TanhTable<2> tanhOf(kTanhCoarse);
  const __m512 half = _mm512_set1_ps(0.5f), four = _mm512_set1_ps(4.0f);
  for (int64_t b = 0; b < count; b++) {
    for (int64_t unit = 0; unit < H; unit += 16) {
      const auto argument = [&](int64_t column) {
        const __m512 sum = _mm512_cvtepi32_ps(_mm512_loadu_si512(sums + b * G + column));
        return _mm512_fmadd_ps(sum, _mm512_loadu_ps(scale + column), _mm512_loadu_ps(bias + column));
      };
      const __m512 i = _mm512_fmadd_ps(tanhOf(argument(unit)), half, half);
      const __m512 f = _mm512_fmadd_ps(tanhOf(argument(H + unit)), half, half);
      const __m512 g = tanhOf(argument(2 * H + unit));
      const __m512 o = _mm512_fmadd_ps(tanhOf(argument(3 * H + unit)), half, half);
      const __m512 cell = _mm512_fmadd_ps(f, _mm512_loadu_ps(cells + b * H + unit), _mm512_mul_ps(i, g));
      const __m512 value = _mm512_mul_ps(o, tanhOf(_mm512_mul_ps(cell, four)));
      _mm512_storeu_ps(cells + b * H + unit, cell);
      storeBytes(hidden + b * ROW_BYTES + unit, value);
      if (above != nullptr) storeBytes(above + b * ROW_BYTES + unit, value);
      if (last != nullptr) _mm512_storeu_ps(last + b * (H + 1) + unit, value);
    }
  }
}

void walk(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last) {
  const sw_lstm_shape *shape = &job->shape;
  alignas(64) uint8_t rows[SW_LSTM_LAYERS_MAX][TILE * ROW_BYTES];
  alignas(64) float cells[SW_LSTM_LAYERS_MAX][TILE * H];
  alignas(64) int32_t sums[TILE * G];
  memset(rows, 128, sizeof rows);  // zeros
  memset(cells, 0, sizeof cells);
  begin(shape);
  for (int32_t t = 0; t < job->steps; t++) {
    for (int64_t b = 0; b < count; b++) {
      storeInputs(rows[0] + b * ROW_BYTES + H, job->windows + ((first + b) * job->steps + t) * shape->inputs, shape->inputs);
    }
    for (int32_t layer = 0; layer < shape->layers; layer++) {
      const bool top = layer == shape->layers - 1;
      sumRows(rows[layer], layer, layer == 0 ? shape->inputs : H, bytes->weights[layer], sums);
      activateSums(count, sums, bytes->scale[layer], bytes->bias[layer], cells[layer], rows[layer], top ? nullptr : rows[layer + 1] + H,
                   top && t == job->steps - 1 ? last : nullptr);
    }
  }
  end();
  for (int64_t b = 0; b < count; b++) last[b * (H + 1) + H] = 1;
}

}  // namespace

extern "C" void SW_UNIT(const sw_lstm_prediction *job, const sw_lstm_bytes *bytes, int64_t first, int64_t count, float *last) {
  walk(job, bytes, first, count, last);
}
