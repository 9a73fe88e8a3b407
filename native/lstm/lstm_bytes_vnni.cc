// The LSTM in bytes by 8-bit dot products (AVX-512 VNNI). Flags: by suffix, see build.mjs.
#define SW_UNIT sw_lstm_walk_vnni
#include "lstm_bytes.h"

namespace {
inline __m512i dotFour(__m512i sum, __m512i bytes, __m512i weights) { return _mm512_dpbusd_epi32(sum, bytes, weights); }
}  // namespace
#include "lstm_dots.h"
