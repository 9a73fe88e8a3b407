// Levenberg-Marquardt fits of seasonal ARIMA by CSS, one lane = one series under one order.
//
// Fast because: a register holds the same point of 16 (AVX-512, float32) series, so recursions need no
// shuffles; the polynomials stay factored; and without gaps every derivative is one short recursion of e
// itself (d e / d phi_j = -(e / phi(B))[t - j], and so on), so residual and six derivatives take 12
// multiply-adds a point and the normal equations 28. Seasonal lags live in rings of m registers (L1).
// The 28 sums have names, so that most stay in registers (6 of 52 multiply-adds still touch the stack; the
// time did not change measurably against arrays). All control is by masks: no lane looks at another
// one, and fused operations are spelled out, so AVX2 and AVX-512 give the same bits.
// Measured on one core of an AMD EPYC (family 26, 2.6 GHz nominal), 672 points, (2,0,1)(1,1,1)24: one pass
// 0.3 us a series, a cold fit 12.8 us of which 4.7 us are standardising, moments, and transposing; 23 % of
// the measured multiply-add peak (`slackwater bench arima-css`); AVX2 16.9 us, baseline 29.3 us.
// Float32 sums of 640 terms carry about 1e-6 relative; the search therefore ends with float64 lanes.

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <immintrin.h>

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

// Sum of squares S, normal matrix H (packed lower triangle) and gradient G of A = -de/dbeta.
template <class V> struct Normal { V S, G[K], H[PAIRS]; };

template <class T> struct Group {
  typedef typename Of<T>::V V;
  V *w;      // (length): differenced values, NaN = missing
  V *scored; // (length), gaps only: 1 where every order of the search knows the point
  V first;   // per lane: first point of the model
  V active[K];    // 1 where the lane's order has the parameter
  int length, season, score_min;
};

// The sums of a point by name, not in arrays: GCC 12 keeps arrays of vectors in memory.
#define SW_SUMS \
  V S = zero; V G0 = zero; V G1 = zero; V G2 = zero; V G3 = zero; V G4 = zero; V G5 = zero; \
  V G6 = zero; V H00 = zero; V H10 = zero; V H11 = zero; V H20 = zero; V H21 = zero; \
  V H22 = zero; V H30 = zero; V H31 = zero; V H32 = zero; V H33 = zero; V H40 = zero; \
  V H41 = zero; V H42 = zero; V H43 = zero; V H44 = zero; V H50 = zero; V H51 = zero; \
  V H52 = zero; V H53 = zero; V H54 = zero; V H55 = zero; V H60 = zero; V H61 = zero; \
  V H62 = zero; V H63 = zero; V H64 = zero; V H65 = zero; V H66 = zero;
#define SW_ADD_6 \
  S = mad(e, e, S); G0 = mad(a0, e, G0); H00 = mad(a0, a0, H00); G1 = mad(a1, e, G1); \
  H10 = mad(a1, a0, H10); H11 = mad(a1, a1, H11); G2 = mad(a2, e, G2); H20 = mad(a2, a0, H20); \
  H21 = mad(a2, a1, H21); H22 = mad(a2, a2, H22); G3 = mad(a3, e, G3); H30 = mad(a3, a0, H30); \
  H31 = mad(a3, a1, H31); H32 = mad(a3, a2, H32); H33 = mad(a3, a3, H33); G4 = mad(a4, e, G4); \
  H40 = mad(a4, a0, H40); H41 = mad(a4, a1, H41); H42 = mad(a4, a2, H42); \
  H43 = mad(a4, a3, H43); H44 = mad(a4, a4, H44); G5 = mad(a5, e, G5); H50 = mad(a5, a0, H50); \
  H51 = mad(a5, a1, H51); H52 = mad(a5, a2, H52); H53 = mad(a5, a3, H53); \
  H54 = mad(a5, a4, H54); H55 = mad(a5, a5, H55);
#define SW_ADD_MEAN \
  G6 = mad(a6, e, G6); H60 = mad(a6, a0, H60); H61 = mad(a6, a1, H61); H62 = mad(a6, a2, H62); \
  H63 = mad(a6, a3, H63); H64 = mad(a6, a4, H64); H65 = mad(a6, a5, H65); \
  H66 = mad(a6, a6, H66);
#define SW_STORE \
  out.S = S; out.G[0] = G0; out.G[1] = G1; out.G[2] = G2; out.G[3] = G3; out.G[4] = G4; \
  out.G[5] = G5; out.G[6] = G6; out.H[0] = H00; out.H[1] = H10; out.H[2] = H11; out.H[3] = H20; \
  out.H[4] = H21; out.H[5] = H22; out.H[6] = H30; out.H[7] = H31; out.H[8] = H32; \
  out.H[9] = H33; out.H[10] = H40; out.H[11] = H41; out.H[12] = H42; out.H[13] = H43; \
  out.H[14] = H44; out.H[15] = H50; out.H[16] = H51; out.H[17] = H52; out.H[18] = H53; \
  out.H[19] = H54; out.H[20] = H55; out.H[21] = H60; out.H[22] = H61; out.H[23] = H62; \
  out.H[24] = H63; out.H[25] = H64; out.H[26] = H65; out.H[27] = H66;

// No gaps: every lane is known from its first point on.
template <class T, int N>
static void evaluate(const Group<T> &g, const typename Of<T>::V *b, Normal<typename Of<T>::V> &out) {
  typedef typename Of<T>::V V;
  const V zero = {};
  const V f1 = b[0], f2 = b[1], t1 = b[2], t2 = b[3], F = b[4], Q = b[5], mu = b[6];
  V zr[SW_SEASON_MAX] = {}, er[SW_SEASON_MAX] = {}, fr[SW_SEASON_MAX] = {}, qr[SW_SEASON_MAX] = {};
  V mz[SW_SEASON_MAX] = {}, me[SW_SEASON_MAX] = {};
  V u1 = zero, u2 = zero, g1 = zero, g2 = zero, p1 = zero, p2 = zero, c1 = zero, c2 = zero;
  V mu1 = zero, mu2 = zero, mg1 = zero, mg2 = zero;
  SW_SUMS
  int r = 0;
  V now = zero;
  for (int t = 0; t < g.length; t++) {
    const V z = now >= g.first ? g.w[t] - mu : zero;
    const V u = nmad(F, zr[r], z);
    const V v = nmad(f1, u1, nmad(f2, u2, u));
    const V gg = nmad(t1, g1, nmad(t2, g2, v));
    const V e = nmad(Q, er[r], gg);
    const V a0 = p1, a1 = p2, a2 = c1, a3 = c2, a4 = fr[r], a5 = qr[r];
    V a6 = zero;
    if (N > 6) {
      const V one = now >= g.first ? zero + 1 : zero;
      const V mu0 = nmad(F, mz[r], one);
      const V mv = nmad(f1, mu1, nmad(f2, mu2, mu0));
      const V mg = nmad(t1, mg1, nmad(t2, mg2, mv));
      a6 = nmad(Q, me[r], mg);
      mz[r] = one; me[r] = a6;
      mu2 = mu1; mu1 = mu0; mg2 = mg1; mg1 = mg;
    }
    if (t >= g.score_min) {
      SW_ADD_6
      if (N > 6) { SW_ADD_MEAN }
    }
    const V pn = mad(f1, p1, mad(f2, p2, e));
    const V cn = nmad(t1, c1, nmad(t2, c2, e));
    fr[r] = mad(F, fr[r], e);
    qr[r] = nmad(Q, qr[r], e);
    zr[r] = z; er[r] = e;
    p2 = p1; p1 = pn; c2 = c1; c1 = cn;
    u2 = u1; u1 = u; g2 = g1; g1 = gg;
    now += 1;
    r = r + 1 == g.season ? 0 : r + 1;
  }
  SW_STORE
}

// Gaps: a missing point takes its prediction, which depends on every parameter, so each derivative is
// carried through all stages (forward mode). Exact, and about three times the work.
template <class T, int N>
static void evaluate_gaps(const Group<T> &g, const typename Of<T>::V *b, Normal<typename Of<T>::V> &out) {
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  const V zero = {};
  const V f1 = b[0], f2 = b[1], t1 = b[2], t2 = b[3], F = b[4], Q = b[5], mu = b[6];
  V zr[SW_SEASON_MAX] = {}, er[SW_SEASON_MAX] = {};
  V dz[N][SW_SEASON_MAX] = {}, de[N][SW_SEASON_MAX] = {};
  V u1 = zero, u2 = zero, g1 = zero, g2 = zero;
  V du1[K] = {}, du2[K] = {}, dg1[K] = {}, dg2[K] = {};
  SW_SUMS
  int r = 0;
  for (int t = 0; t < g.length; t++) {
    const V w = g.w[t];
    const M known = w == w;
    const V zm = zr[r], em = er[r];
    V z = w - mu, u = nmad(F, zm, z);
    V v = nmad(f1, u1, nmad(f2, u2, u)), gg = nmad(t1, g1, nmad(t2, g2, v)), e = nmad(Q, em, gg);
    V a[K];
    const int whole = !any(~known);
    if (!whole) {
      const V gp = Q * em, vp = mad(t1, g1, mad(t2, g2, gp)), up = mad(f1, u1, mad(f2, u2, vp));
      z = known ? z : mad(F, zm, up);
      u = known ? u : up;
      gg = known ? gg : gp;
      e = known ? e : zero;
    }
    // Signs are those of A = -d/dbeta, so that each own term enters with plus where it was subtracted.
    for (int k = 0; k < N; k++) {
      const V ou = k == 0 ? u1 : k == 1 ? u2 : zero;
      const V og = k == 2 ? g1 : k == 3 ? g2 : zero;
      const V oz = k == 4 ? zm : zero, oe = k == 5 ? em : zero;
      const V dzm = dz[k][r], dem = de[k][r];
      V dzt = k == 6 ? zero + 1 : zero;
      V dut = nmad(F, dzm, dzt) + oz;
      V dgt = nmad(t1, dg1[k], nmad(t2, dg2[k], nmad(f1, du1[k], nmad(f2, du2[k], dut)) + ou)) + og;
      V det = nmad(Q, dem, dgt) + oe;
      if (!whole) {
        const V dgp = Q * dem - oe;
        const V dvp = mad(t1, dg1[k], mad(t2, dg2[k], dgp)) - og;
        const V dup = mad(f1, du1[k], mad(f2, du2[k], dvp)) - ou;
        dzt = known ? dzt : mad(F, dzm, dup) - oz;
        dut = known ? dut : dup;
        dgt = known ? dgt : dgp;
        det = known ? det : zero;
      }
      a[k] = det;
      dz[k][r] = dzt; de[k][r] = det;
      du2[k] = du1[k]; du1[k] = dut; dg2[k] = dg1[k]; dg1[k] = dgt;
    }
    const M scored = g.scored[t] > zero;
    const V own = e;
    if (any(scored)) {
      const V e = scored ? own : zero;
      const V a0 = scored ? a[0] : zero, a1 = scored ? a[1] : zero, a2 = scored ? a[2] : zero;
      const V a3 = scored ? a[3] : zero, a4 = scored ? a[4] : zero, a5 = scored ? a[5] : zero;
      SW_ADD_6
      if (N > 6) {
        const V a6 = scored ? a[N - 1] : zero;
        SW_ADD_MEAN
      }
    }
    zr[r] = z; er[r] = e;
    u2 = u1; u1 = u; g2 = g1; g1 = gg;
    r = r + 1 == g.season ? 0 : r + 1;
  }
  SW_STORE
}

// Pulls the inverse roots of 1 - c1 B - c2 B^2 inside `limit`, keeping their angle: c_j s^j.
template <class V> static inline void repair_pair(V &c1, V &c2, V limit) {
  const V zero = {};
  const V disc = c1 * c1 + 4 * c2;
  const V real = (abs_of(c1) + root_of(max_of(disc, zero))) / 2;
  const V complex_ = root_of(max_of(-c2, zero));
  const V rho = disc >= zero ? real : complex_;
  const V s = rho > limit ? limit / rho : zero + 1;
  c1 *= s;
  c2 *= s * s;
}

template <class V> static inline void repair(V *b, V limit) {
  repair_pair(b[0], b[1], limit);
  V n1 = -b[2], n2 = -b[3];
  repair_pair(n1, n2, limit);
  b[2] = -n1;
  b[3] = -n2;
  for (int k = 4; k < 6; k++) b[k] = b[k] > limit ? limit : b[k] < -limit ? -limit : b[k];
}

// Solves (H + lambda diag H) x = G by Cholesky; parameters that a lane lacks stay 0.
template <class V>
static inline void solve(const Normal<V> &n, const V *active, V lambda, V tiny, V *x) {
  const V zero = {}, one = zero + 1;
  V L[PAIRS];
  for (int i = 0; i < K; i++) {
    for (int j = 0; j <= i; j++) {
      const int at = i * (i + 1) / 2 + j;
      V s = n.H[at] * active[i] * active[j];
      if (i == j) s = active[i] > zero ? s * (one + lambda) + tiny * n.S + tiny * tiny : one;
      const V whole = s;
      for (int k = 0; k < j; k++) s -= L[i * (i + 1) / 2 + k] * L[j * (j + 1) / 2 + k];
      L[at] = i == j ? root_of(max_of(s, whole * tiny)) : s / L[j * (j + 1) / 2 + j];
    }
  }
  for (int i = 0; i < K; i++) {
    V s = n.G[i] * active[i];
    for (int k = 0; k < i; k++) s -= L[i * (i + 1) / 2 + k] * x[k];
    x[i] = s / L[i * (i + 1) / 2 + i];
  }
  for (int i = K - 1; i >= 0; i--) {
    V s = x[i];
    for (int k = i + 1; k < K; k++) s -= L[k * (k + 1) / 2 + i] * x[k];
    x[i] = s / L[i * (i + 1) / 2 + i];
  }
}

template <class T>
static void measure(const Group<T> &g, int gaps, int means, const typename Of<T>::V *b,
                    Normal<typename Of<T>::V> &n) {
  if (gaps && means) evaluate_gaps<T, 7>(g, b, n);
  else if (gaps) evaluate_gaps<T, 6>(g, b, n);
  else if (means) evaluate<T, 7>(g, b, n);
  else evaluate<T, 6>(g, b, n);
}

// Marquardt (1963), each lane with its own damping. Returns the mask of lanes that converged.
template <class T>
static typename Of<T>::M minimise(const Group<T> &g, int gaps, int means, int iterations, T limit,
                                  typename Of<T>::V *beta, typename Of<T>::V &css, typename Of<T>::V &lambda,
                                  typename Of<T>::V &evaluations) {
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  const int lanes = sizeof(V) / sizeof(T);
  const V zero = {};
  const T tolerance = sizeof(T) == 4 ? (T)1e-6 : (T)1e-10;
  const V tiny = zero + (sizeof(T) == 4 ? (T)1e-6 : (T)1e-13);
  repair(beta, zero + limit);
  Normal<V> best, next;
  measure<T>(g, gaps, means, beta, best);
  M done = best.S != best.S;
  evaluations = zero + 1;
  for (int it = 0; it < iterations; it++) {
    V step[K], trial[K];
    solve(best, g.active, lambda, tiny, step);
    V gain = zero;
    for (int k = 0; k < K; k++) {
      gain += step[k] * best.G[k] * g.active[k];
      trial[k] = beta[k] + step[k] * g.active[k];
    }
    repair(trial, zero + limit);
    measure<T>(g, gaps, means, trial, next);
    evaluations += done ? zero : zero + 1;
    const M better = (next.S < best.S) & ~done;
    const M small = better & (best.S - next.S <= tolerance * best.S);
    const M stuck = ~better & ((gain <= tolerance * best.S) | (lambda > 1e5f));
    lambda = better ? max_of(lambda * (T)0.1, zero + (T)1e-8) : lambda * 10;
    for (int k = 0; k < K; k++) beta[k] = better ? trial[k] : beta[k];
    best.S = better ? next.S : best.S;
    for (int k = 0; k < K; k++) best.G[k] = better ? next.G[k] : best.G[k];
    for (int k = 0; k < PAIRS; k++) best.H[k] = better ? next.H[k] : best.H[k];
    done |= small | stuck;
    int open = 0;
    for (int l = 0; l < lanes; l++) open += done[l] == 0;
    if (open == 0) break;
  }
  css = best.S;
  return done;
}

// Writes (1 - B)^d (1 - B^m)^D of a row into lane `l`; NaN (gaps) or 0 before its first point.
template <class T>
static void load_lane(const Group<T> &g, const sw_task *task, int l, int gaps) {
  const double *y = task->row->values;
  const int n = task->row->length, d = task->order[SW_d], D = task->order[SW_D], m = g.season;
  const int lost = d + D * m, offset = g.length - n;
  T *out = (T *)g.w + l;
  const int lanes = SW_BYTES / (int)sizeof(T);
  const T before = gaps ? (T)NAN : (T)0;
  for (int t = 0; t < offset + lost && t < g.length; t++) out[t * lanes] = before;
  for (int t = lost; t < n; t++) {
    double w = y[t];
    if (d) w -= y[t - 1];
    if (D) w -= d ? y[t - m] - y[t - m - 1] : y[t - m];
    out[(offset + t) * lanes] = (T)w;
  }
  if (!gaps) return;
  T *scored = (T *)g.scored + l;
  for (int t = 0; t < g.length; t++) scored[t * lanes] = 0;
  for (int t = task->row->score_start; t < n; t++) {
    scored[(offset + t) * lanes] = (T)sw_scored(y, t, m);
  }
}

template <class T>
static int32_t run(sw_task *tasks, int32_t count, int32_t season, int32_t kind, int32_t iterations,
                   double limit) {
  const int gaps = kind & SW_GAPS, means = kind & SW_MEANS;
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  const int lanes = sizeof(V) / sizeof(T);
  int longest = 0;
  for (int i = 0; i < count; i++) if (tasks[i].row->length > longest) longest = tasks[i].row->length;
  Group<T> g;
  g.season = season;
  g.length = longest;
  g.w = (V *)aligned_alloc(64, ((size_t)longest * 2 * SW_BYTES + 63) / 64 * 64 + 64);
  g.scored = g.w + longest;
  if (!g.w) return -1;
  const unsigned control = _mm_getcsr();
  _mm_setcsr(control | 0x8040);  // denormals are zero: they cost 100 cycles and mean nothing here
  for (int from = 0; from < count; from += lanes) {
    const int used = count - from < lanes ? count - from : lanes;
    V beta[K], css, lambda = {}, evaluations;
    memset(g.w, 0, (size_t)longest * 2 * SW_BYTES);
    memset(beta, 0, sizeof beta);
    memset(g.active, 0, sizeof g.active);
    g.first = V{};
    for (int l = 0; l < used; l++) {
      const sw_task *task = tasks + from + l;
      const uint8_t *o = task->order;
      const int has[K] = {o[SW_p] > 0, o[SW_p] > 1, o[SW_q] > 0, o[SW_q] > 1, o[SW_P], o[SW_Q], o[SW_HAS_MEAN]};
      load_lane<T>(g, task, l, gaps);
      lambda[l] = (T)task->lambda;
      for (int k = 0; k < K; k++) {
        g.active[k][l] = (T)(has[k] != 0);
        beta[k][l] = has[k] ? (T)task->beta[k] : (T)0;
      }
      g.first[l] = (T)(longest - task->row->length + o[SW_d] + o[SW_D] * season);
    }
    g.score_min = tasks[from].row->score_start;  // without gaps all rows are equally long
    const M done = minimise<T>(g, gaps, means, iterations, (T)limit, beta, css, lambda, evaluations);
    for (int l = 0; l < used; l++) {
      sw_task *task = tasks + from + l;
      for (int k = 0; k < K; k++) task->beta[k] = beta[k][l];
      task->css = css[l];
      task->lambda = lambda[l];
      task->evaluations += (int32_t)evaluations[l];
      task->status = done[l] ? SW_CONVERGED : SW_MAX_ITERATIONS;
    }
  }
  _mm_setcsr(control);
  free(g.w);
  return 0;
}

}  // namespace SW_NS

extern "C" int32_t SW_RUN_F32(sw_task *t, int32_t n, int32_t m, int32_t kind, int32_t it, double limit) {
  return SW_NS::run<float>(t, n, m, kind, it, limit);
}
extern "C" int32_t SW_RUN_F64(sw_task *t, int32_t n, int32_t m, int32_t kind, int32_t it, double limit) {
  return SW_NS::run<double>(t, n, m, kind, it, limit);
}

// Ten independent chains of a * b + c, two in flight for each of the five cycles of latency.
extern "C" void SW_FMA(int64_t rounds, float *sink) {
  using SW_NS::vf;
  const vf a = vf{} + 0.999f, b = vf{} + 1e-3f;
  vf c0 = b, c1 = b + 1, c2 = b + 2, c3 = b + 3, c4 = b + 4, c5 = b + 5, c6 = b + 6, c7 = b + 7, c8 = b + 8, c9 = b + 9;
  for (int64_t r = 0; r < rounds; r++) {
    c0 = SW_NS::mad(c0, a, b); c1 = SW_NS::mad(c1, a, b); c2 = SW_NS::mad(c2, a, b);
    c3 = SW_NS::mad(c3, a, b); c4 = SW_NS::mad(c4, a, b); c5 = SW_NS::mad(c5, a, b);
    c6 = SW_NS::mad(c6, a, b); c7 = SW_NS::mad(c7, a, b); c8 = SW_NS::mad(c8, a, b);
    c9 = SW_NS::mad(c9, a, b);
  }
  vf s = {};
  s += c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9;
  float total = 0;
  for (unsigned i = 0; i < SW_BYTES / 4; i++) total += s[i];
  *sink = total;
}
