// Registers of doubles as the copy kernels use them.

#ifndef SLACKWATER_COPY_VECTOR_H
#define SLACKWATER_COPY_VECTOR_H

#include <immintrin.h>

#include "copy.h"

namespace SW_NS {

typedef double vd __attribute__((vector_size(SW_BYTES)));
typedef int64_t vl __attribute__((vector_size(SW_BYTES)));
// Doubles that need not be aligned.
typedef double vu __attribute__((vector_size(SW_BYTES), aligned(8), may_alias));
enum { LANES = SW_BYTES / 8 };

static inline vd read(const double *from) { return *(const vu *)from; }
static inline void write(double *to, vd x) { *(vu *)to = x; }

static inline vd all(double x) { return x - (vd){}; }
#if SW_BYTES == 16
static inline vd pick(vl mask, vd a, vd b) { return (vd)((mask & (vl)a) | (~mask & (vl)b)); }
#else
static inline vd pick(vl mask, vd a, vd b) { return mask ? a : b; }
#endif
static inline vd keep(vl mask, vd x) { return (vd)(mask & (vl)x); } // x or +0

#if SW_BYTES == 64
static inline vd least(vd a, vd b) { return (vd)_mm512_min_pd((__m512d)a, (__m512d)b); }
static inline vd most(vd a, vd b) { return (vd)_mm512_max_pd((__m512d)a, (__m512d)b); }
static inline bool any(vl mask) { return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0; }
static inline bool any_bit(vl x) { return any(x); }
#elif SW_BYTES == 32
static inline vd least(vd a, vd b) { return (vd)_mm256_min_pd((__m256d)a, (__m256d)b); }
static inline vd most(vd a, vd b) { return (vd)_mm256_max_pd((__m256d)a, (__m256d)b); }
static inline bool any(vl mask) { return _mm256_movemask_pd((__m256d)mask) != 0; }
static inline bool any_bit(vl x) { return !_mm256_testz_si256((__m256i)x, (__m256i)x); }
#else
static inline vd least(vd a, vd b) { return (vd)_mm_min_pd((__m128d)a, (__m128d)b); }
static inline vd most(vd a, vd b) { return (vd)_mm_max_pd((__m128d)a, (__m128d)b); }
static inline bool any(vl mask) { return _mm_movemask_pd((__m128d)mask) != 0; }
static inline bool any_bit(vl x) { return (x[0] | x[1]) != 0; }
#endif

// x / 1000, correctly rounded: x y for y = RN(1 / 1000) is off by less than a unit in the last place, then one exact
// remainder mends it (Markstein 1990). Not for x below 1e-290 other than 0, or above 1e300.
static inline vd thousandth(vd x) {
#if defined(__FMA__)
  const vd inverse = all(1.0 / 1000), rough = x * inverse;
#if SW_BYTES == 64
  const vd rest = (vd)_mm512_fnmadd_pd((__m512d)rough, (__m512d)all(1000), (__m512d)x);
  return (vd)_mm512_fmadd_pd((__m512d)rest, (__m512d)inverse, (__m512d)rough);
#else
  const vd rest = (vd)_mm256_fnmadd_pd((__m256d)rough, (__m256d)all(1000), (__m256d)x);
  return (vd)_mm256_fmadd_pd((__m256d)rest, (__m256d)inverse, (__m256d)rough);
#endif
#else
  return x / 1000;
#endif
}

// QEMU's auto-converge; pre-copy.ts.
static inline double throttle_of(int64_t round) {
  const double share = 0.2 + 0.1 * (double)(round - 2 - 1);
  return round <= 2 ? 0 : share < 0.99 ? share : 0.99;
}

}  // namespace SW_NS

#endif
