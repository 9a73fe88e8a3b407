// Registers of floats for the LSTM: fused multiply-add, sigmoid, tanh. Included inside a namespace; no STL.
//
// Wide registers read tanh from tables held in registers (lstm_tanh.h); narrow ones take exp by Cody and Waite's
// reduction with a polynomial of degree 6 (within 2 units in the last place).
#pragma once
#include <immintrin.h>
#include <stdint.h>

#include "lstm_tanh.h"

namespace {

typedef float vf __attribute__((vector_size(SW_BYTES)));
typedef int32_t vi __attribute__((vector_size(SW_BYTES)));

enum { LANES = SW_BYTES / 4 };

inline vf load(const float *from) {
  vf x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
inline void store(float *to, vf x) { __builtin_memcpy(to, &x, sizeof x); }
inline vf splat(float x) { return vf{} + x; }

// One number of memory in every lane: by the load port, not by the one that multiplies.
#if SW_BYTES == 64
inline vf spread(const float *from) { return (vf)_mm512_set1_ps(*from); }
#elif SW_BYTES == 32
inline vf spread(const float *from) { return (vf)_mm256_broadcast_ss(from); }
#else
inline vf spread(const float *from) { return splat(*from); }
#endif

#if SW_BYTES == 64
inline vf mad(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }

// Powers of r for 32 whole u, each in two registers.
template <int DEGREE> struct TanhTable {
  __m512 low[DEGREE + 1], high[DEGREE + 1];
  explicit TanhTable(const float (*rows)[32]) {
    for (int power = 0; power <= DEGREE; power++) {
      low[power] = _mm512_loadu_ps(rows[power]);
      high[power] = _mm512_loadu_ps(rows[power] + 16);
    }
  }
  // tanh(u / 4); of NaN: that of the largest u.
  inline __attribute__((always_inline)) __m512 operator()(__m512 u) const {
    const __m512 whole = _mm512_set1_ps(8388608.0f);  // 2^23: adding it rounds u into the last bits
    const __m512 size = _mm512_min_ps(_mm512_abs_ps(u), _mm512_set1_ps(31.49f));
    const __m512 index = _mm512_add_ps(size, whole);
    const __m512 r = _mm512_sub_ps(size, _mm512_sub_ps(index, whole));
    const __m512i at = _mm512_castps_si512(index);
    __m512 value = _mm512_permutex2var_ps(low[DEGREE], at, high[DEGREE]);
    for (int power = DEGREE - 1; power >= 0; power--) {
      value = _mm512_fmadd_ps(value, r, _mm512_permutex2var_ps(low[power], at, high[power]));
    }
    // The sign of u: a | (b & 0x80000000), b from u.
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(value), _mm512_castps_si512(u), _mm512_set1_epi32(INT32_MIN), 0xf8));
  }
};

struct Functions {
  TanhTable<4> table{kTanhFine};
  inline vf tanh_of(vf x) const { return (vf)table((__m512)(x * 4.0f)); }
  inline vf sigmoid_of(vf x) const { return mad((vf)table((__m512)(x * 2.0f)), splat(0.5f), splat(0.5f)); }
};
#else
#if SW_BYTES == 32
inline vf mad(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#else
inline vf mad(vf a, vf b, vf c) { return c + a * b; }
#endif

inline vf exp_of(vf x) {
  const vf magic = splat(12582912.0f);  // 1.5 * 2^23
  x = x > 87.0f ? splat(87.0f) : x;
  x = x < -87.0f ? splat(-87.0f) : x;
  const vf t = mad(x, splat(1.44269504f), magic);
  const vf n = t - magic;
  vf r = mad(n, splat(-0.693359375f), x);
  r = mad(n, splat(2.12194440e-4f), r);
  vf p = splat(1.0f / 720);
  p = mad(p, r, splat(1.0f / 120));
  p = mad(p, r, splat(1.0f / 24));
  p = mad(p, r, splat(1.0f / 6));
  p = mad(p, r, splat(0.5f));
  p = mad(p, r, splat(1.0f));
  p = mad(p, r, splat(1.0f));
  return (vf)((vi)p + ((vi)t << 23));
}

struct Functions {
  inline vf sigmoid_of(vf x) const { return 1.0f / (1.0f + exp_of(-x)); }
  inline vf tanh_of(vf x) const { return mad(splat(2.0f), sigmoid_of(2.0f * x), splat(-1.0f)); }
};
#endif

}  // namespace
