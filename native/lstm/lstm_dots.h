// Sums of bytes by a dot product of four in each lane (dotFour), 8 rows and 32 columns at a time.

namespace {

void begin(const sw_lstm_shape *) {}
void end() {}

void sumRows(const uint8_t *rows, int32_t, int32_t inputs, const int8_t *weights, int32_t *sums) {
  constexpr int R = 8;
  const int32_t quads = (H + inputs) / 4;
  for (int32_t column = 0; column < G; column += 32) {
    for (int32_t row = 0; row < TILE; row += R) {
      __m512i sum[R][2];
      for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = _mm512_setzero_si512();
      const int8_t *w = weights + column * 4;
      const uint8_t *a = rows + row * ROW_BYTES;
      for (int32_t quad = 0; quad < quads; quad++) {
        const __m512i low = _mm512_loadu_si512(w), high = _mm512_loadu_si512(w + 64);
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
          int32_t four;
          memcpy(&four, a + r * ROW_BYTES + quad * 4, 4);
          const __m512i value = _mm512_set1_epi32(four);
          sum[r][0] = dotFour(sum[r][0], value, low);
          sum[r][1] = dotFour(sum[r][1], value, high);
        }
        w += G * 4;
      }
      for (int r = 0; r < R; r++) {
        _mm512_storeu_si512(sums + (row + r) * G + column, sum[r][0]);
        _mm512_storeu_si512(sums + (row + r) * G + column + 16, sum[r][1]);
      }
    }
  }
}

}  // namespace
