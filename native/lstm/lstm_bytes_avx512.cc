// The LSTM in bytes where the CPU has no 8-bit dot product: even and odd bytes as words. Flags: by suffix, see build.mjs.
#define SW_UNIT sw_lstm_walk_plain
#include "lstm_bytes.h"

namespace {
inline __m512i dotFour(__m512i sum, __m512i bytes, __m512i weights) {
  const __m512i even = _mm512_madd_epi16(_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), _mm512_srai_epi16(_mm512_slli_epi16(weights, 8), 8));
  const __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(bytes, 8), _mm512_srai_epi16(weights, 8));
  return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
}
}  // namespace
#include "lstm_dots.h"
