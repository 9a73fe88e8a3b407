// Registers of floats and doubles, fused operations spelled out, and the transposition of rows into lanes.
//
// Included by each instruction-set file inside its own namespace; no STL.
#pragma once
#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arima_rows.h"

namespace SW_NS {


typedef float vf __attribute__((vector_size(SW_BYTES)));
typedef int32_t vi __attribute__((vector_size(SW_BYTES)));
typedef double vd __attribute__((vector_size(SW_BYTES)));
typedef int64_t vl __attribute__((vector_size(SW_BYTES)));

template <class T> struct Of;
template <> struct Of<float> { typedef vf V; typedef vi M; typedef int32_t I; };
template <> struct Of<double> { typedef vd V; typedef vl M; typedef int64_t I; };

enum { K = 7, PAIRS = K * (K + 1) / 2 };

template <class V> static inline V root_of(V x) {
  V r;
  for (unsigned l = 0; l < sizeof(V) / sizeof(x[0]); l++) r[l] = (sizeof(x[0]) == 4) ? __builtin_sqrtf((float)x[l]) : __builtin_sqrt((double)x[l]);
  return r;
}
template <class V> static inline V abs_of(V x) { return x < 0 ? -x : x; }
template <class V> static inline V max_of(V a, V b) { return a > b ? a : b; }

// mad = a b + c, nmad = c - a b. Spelled out, and compiled without contraction, so that a lane has the same
// bits in every branch: one of them is only taken when no lane of the register has a gap.
#if SW_BYTES == 64
static inline vf mad(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
static inline vd mad(vd a, vd b, vd c) { return (vd)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
static inline vf nmad(vf a, vf b, vf c) { return (vf)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c); }
static inline vd nmad(vd a, vd b, vd c) { return (vd)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
#elif SW_BYTES == 32
static inline vf mad(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
static inline vd mad(vd a, vd b, vd c) { return (vd)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
static inline vf nmad(vf a, vf b, vf c) { return (vf)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c); }
static inline vd nmad(vd a, vd b, vd c) { return (vd)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
#else
template <class V> static inline V mad(V a, V b, V c) { return c + a * b; }
template <class V> static inline V nmad(V a, V b, V c) { return c - a * b; }
#endif

template <class M> static inline int any(M mask) {
  const __m128i *part = (const __m128i *)&mask;
  __m128i sum = part[0];
  for (unsigned i = 1; i < sizeof(M) / 16; i++) sum = _mm_or_si128(sum, part[i]);
  return _mm_movemask_epi8(sum);
}
template <class V> static inline double sum_of(V x) {
  for (int half = sizeof(V) / sizeof(x[0]) / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; l++) x[l] += x[l + half];
  }
  return x[0];
}
template <class V, class S> static inline V load(const S *from) {
  V x;
  memcpy(&x, from, sizeof x);
  return x;
}

// One stage of the square transposition by swapped blocks of S x S.
template <int S> static inline void swap_blocks(vf *x) {
  const int lanes = SW_BYTES / 4;
  vi low, high;
  for (int l = 0; l < lanes; l++) {
    low[l] = l & S ? lanes + l - S : l;
    high[l] = l & S ? lanes + l : l + S;
  }
  for (int i = 0; i < lanes; i++) {
    if (i & S) continue;
    const vf a = x[i], b = x[i | S];
    x[i] = __builtin_shuffle(a, b, low);
    x[i | S] = __builtin_shuffle(a, b, high);
  }
}

// out[t] holds point t of every lane; a lane without a row holds 0.
static void interleave(const float *const *rows, int length, vf *out) {
  const int lanes = SW_BYTES / 4;
  int t = 0;
  for (; t + lanes <= length; t += lanes) {
    vf x[SW_BYTES / 4];
    for (int l = 0; l < lanes; l++) x[l] = rows[l] ? load<vf>(rows[l] + t) : vf{};
    swap_blocks<1>(x);
    swap_blocks<2>(x);
    if (lanes > 4) swap_blocks<4 % (SW_BYTES / 4)>(x);
    if (lanes > 8) swap_blocks<8 % (SW_BYTES / 4)>(x);
    for (int l = 0; l < lanes; l++) out[t + l] = x[l];
  }
  for (; t < length; t++) {
    for (int l = 0; l < lanes; l++) out[t][l] = rows[l] ? rows[l][t] : 0;
  }
}

}  // namespace SW_NS
