// Levenberg-Marquardt fits of seasonal ARIMA by CSS, one lane = one series under one order.
//
// Fast because: a register holds the same point of 16 (AVX-512, float32) series, so recursions need no
// shuffles; the polynomials stay factored; and without gaps every derivative is one short recursion of e
// itself (d e / d phi_j = -(e / phi(B))[t - j], and so on), so residual and six derivatives take 12
// multiply-adds a point and the normal equations 28. Seasonal lags live in rings of m registers (L1).
// All control is by masks: no lane ever looks at another one. Measured: docs/decisions/0005.
// Float32 sums of 640 terms carry about 1e-6 relative; the search ends with float64 lanes.

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

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

template <class V> static inline void add_point(Normal<V> &n, V e, const V *a, int k) {
  n.S += e * e;
  for (int i = 0; i < k; i++) {
    n.G[i] += a[i] * e;
    for (int j = 0; j <= i; j++) n.H[i * (i + 1) / 2 + j] += a[i] * a[j];
  }
}

// No gaps: every lane is known from its first point on.
template <class T, int N>
static void evaluate(const Group<T> &g, const typename Of<T>::V *b, Normal<typename Of<T>::V> &out) {
  typedef typename Of<T>::V V;
  const V zero = {};
  const V f1 = b[0], f2 = b[1], t1 = b[2], t2 = b[3], F = b[4], Q = b[5], mu = b[6];
  V zr[SW_SEASON_MAX] = {}, er[SW_SEASON_MAX] = {}, fr[SW_SEASON_MAX] = {}, qr[SW_SEASON_MAX] = {};
  V mz[SW_SEASON_MAX] = {}, me[SW_SEASON_MAX] = {};
  V u1 = zero, u2 = zero, g1 = zero, g2 = zero, a1 = zero, a2 = zero, c1 = zero, c2 = zero;
  V mu1 = zero, mu2 = zero, mg1 = zero, mg2 = zero;
  Normal<V> n;
  memset(&n, 0, sizeof n);
  int r = 0;
  V now = zero;
  for (int t = 0; t < g.length; t++) {
    const V z = now >= g.first ? g.w[t] - mu : zero;
    const V u = z - F * zr[r];
    const V v = u - f1 * u1 - f2 * u2;
    const V gg = v - t1 * g1 - t2 * g2;
    const V e = gg - Q * er[r];
    V a[K];
    a[0] = a1; a[1] = a2; a[2] = c1; a[3] = c2; a[4] = fr[r]; a[5] = qr[r];
    a[6] = zero;
    if (N > 6) {
      const V one = now >= g.first ? zero + 1 : zero;
      const V mu0 = one - F * mz[r];
      const V mv = mu0 - f1 * mu1 - f2 * mu2;
      const V mg = mv - t1 * mg1 - t2 * mg2;
      a[6] = mg - Q * me[r];
      mz[r] = one; me[r] = a[6];
      mu2 = mu1; mu1 = mu0; mg2 = mg1; mg1 = mg;
    }
    if (t >= g.score_min) add_point(n, e, a, N);
    const V an = e + f1 * a1 + f2 * a2;
    const V cn = e - t1 * c1 - t2 * c2;
    fr[r] = e + F * fr[r];
    qr[r] = e - Q * qr[r];
    zr[r] = z; er[r] = e;
    a2 = a1; a1 = an; c2 = c1; c1 = cn;
    u2 = u1; u1 = u; g2 = g1; g1 = gg;
    now += 1;
    r = r + 1 == g.season ? 0 : r + 1;
  }
  out = n;
}

// Gaps: a missing point takes its prediction, which depends on every parameter, so each derivative is
// carried through all stages (forward mode). Exact, and about three times the work.
template <class T>
static void evaluate_gaps(const Group<T> &g, const typename Of<T>::V *b, Normal<typename Of<T>::V> &out) {
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  const V zero = {};
  const V f1 = b[0], f2 = b[1], t1 = b[2], t2 = b[3], F = b[4], Q = b[5], mu = b[6];
  V zr[SW_SEASON_MAX] = {}, er[SW_SEASON_MAX] = {};
  V dz[K][SW_SEASON_MAX] = {}, de[K][SW_SEASON_MAX] = {};
  V u1 = zero, u2 = zero, g1 = zero, g2 = zero;
  V du1[K] = {}, du2[K] = {}, dg1[K] = {}, dg2[K] = {};
  Normal<V> n;
  memset(&n, 0, sizeof n);
  int r = 0;
  for (int t = 0; t < g.length; t++) {
    const V w = g.w[t];
    const M known = w == w;
    const V zm = zr[r], em = er[r];
    const V gp = Q * em, vp = gp + t1 * g1 + t2 * g2, up = vp + f1 * u1 + f2 * u2, zp = up + F * zm;
    const V z = known ? w - mu : zp;
    const V u = known ? z - F * zm : up;
    const V v = u - f1 * u1 - f2 * u2;
    const V gg = known ? v - t1 * g1 - t2 * g2 : gp;
    const V e = known ? gg - Q * em : zero;
    const M scored = g.scored[t] > zero;
    V a[K];
    for (int k = 0; k < K; k++) {
      // Signs are those of A = -d/dbeta, so that each own term enters with plus where it was subtracted.
      const V ou = k == 0 ? u1 : k == 1 ? u2 : zero;
      const V og = k == 2 ? g1 : k == 3 ? g2 : zero;
      const V oz = k == 4 ? zm : zero, oe = k == 5 ? em : zero;
      const V dgp = Q * de[k][r] - oe;
      const V dvp = dgp + t1 * dg1[k] + t2 * dg2[k] - og;
      const V dup = dvp + f1 * du1[k] + f2 * du2[k] - ou;
      const V dzp = dup + F * dz[k][r] - oz;
      const V dzt = known ? (k == 6 ? zero + 1 : zero) : dzp;
      const V dut = known ? dzt - F * dz[k][r] + oz : dup;
      const V dvt = dut - f1 * du1[k] - f2 * du2[k] + ou;
      const V dgt = known ? dvt - t1 * dg1[k] - t2 * dg2[k] + og : dgp;
      const V det = known ? dgt - Q * de[k][r] + oe : zero;
      a[k] = scored ? det : zero;
      dz[k][r] = dzt; de[k][r] = det;
      du2[k] = du1[k]; du1[k] = dut; dg2[k] = dg1[k]; dg1[k] = dgt;
    }
    add_point(n, scored ? e : zero, a, K);
    zr[r] = z; er[r] = e;
    u2 = u1; u1 = u; g2 = g1; g1 = gg;
    r = r + 1 == g.season ? 0 : r + 1;
  }
  out = n;
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
  if (gaps) evaluate_gaps<T>(g, b, n);
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
  vf c[10] = {};
  const vf a = vf{} + 0.999f, b = vf{} + 1e-3f;
  for (int i = 0; i < 10; i++) c[i] += (float)i;
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < 10; i++) c[i] = c[i] * a + b;
    __asm__ volatile("" ::: "memory");
  }
  vf s = {};
  for (int i = 0; i < 10; i++) s += c[i];
  float total = 0;
  for (unsigned i = 0; i < SW_BYTES / 4; i++) total += s[i];
  *sink = total;
}
