// Levenberg-Marquardt fits of seasonal ARIMA by CSS, one lane = one series under one order.
//
// Fast because: a register holds the same point of 16 (AVX-512, float32) series, so recursions need no
// shuffles; the polynomials stay factored; a fit ends as soon as its own quadratic model promises less than
// the tolerance; and a fit can pause with its normal equations and go on in another lane, so that full
// registers run. All control is by masks: no lane looks at another one.
#include "arima_exact.h"
#include "arima_passes.h"
#include "arima_rowwise.h"

namespace SW_NS {

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
  V L[PAIRS], inverse[K];
  for (int i = 0; i < K; i++) {
    for (int j = 0; j <= i; j++) {
      const int at = i * (i + 1) / 2 + j;
      V s = n.H[at] * active[i] * active[j];
      if (i == j) s = active[i] > zero ? s * (one + lambda) + tiny * n.S + tiny * tiny : one;
      const V whole = s;
      for (int k = 0; k < j; k++) s -= L[i * (i + 1) / 2 + k] * L[j * (j + 1) / 2 + k];
      L[at] = i == j ? root_of(max_of(s, whole * tiny)) : s * inverse[j];
    }
    inverse[i] = one / L[i * (i + 3) / 2];
  }
  for (int i = 0; i < K; i++) {
    V s = n.G[i] * active[i];
    for (int k = 0; k < i; k++) s -= L[i * (i + 1) / 2 + k] * x[k];
    x[i] = s * inverse[i];
  }
  for (int i = K - 1; i >= 0; i--) {
    V s = x[i];
    for (int k = i + 1; k < K; k++) s -= L[k * (k + 1) / 2 + i] * x[k];
    x[i] = s * inverse[i];
  }
}

template <class V, class M> static inline void take(Normal<V> &into, const Normal<V> &from, M mask) {
  into.S = mask ? from.S : into.S;
  for (int k = 0; k < K; k++) into.G[k] = mask ? from.G[k] : into.G[k];
  for (int k = 0; k < PAIRS; k++) into.H[k] = mask ? from.H[k] : into.H[k];
}

// Marquardt (1963), each lane with its own damping. Returns the mask of lanes that converged.
template <class T>
static typename Of<T>::M minimise(const Group<T> &g, const sw_plan &plan, typename Of<T>::V *beta,
                                  typename Of<T>::M measured, Normal<typename Of<T>::V> &best,
                                  typename Of<T>::V &lambda, typename Of<T>::V &evaluations) {
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  const V zero = {}, limit = zero + (T)plan.root_limit;
  const T tolerance = (T)plan.tolerance;
  const V tiny = zero + (sizeof(T) == 4 ? (T)1e-6 : (T)1e-13);
  evaluations = zero;
  Normal<V> next;
  if (any(~measured)) {
    repair(beta, limit);
    measure<T>(g, plan.kind, beta, next);
    take(best, next, ~measured);
    evaluations = measured ? zero : zero + 1;
  }
  M done = best.S != best.S;
  for (int it = 0; it < plan.iterations; it++) {
    V step[K], trial[K];
    solve(best, g.active, lambda, tiny, step);
    V gain = zero;
    for (int k = 0; k < K; k++) {
      gain += step[k] * best.G[k] * g.active[k];
      trial[k] = beta[k] + step[k] * g.active[k];
    }
    done |= gain <= tolerance * best.S;
    if (!any(~done)) break;
    repair(trial, limit);
    measure<T>(g, plan.kind, trial, next);
    evaluations += done ? zero : zero + 1;
    const M better = (next.S < best.S) & ~done;
    const M small = better & (best.S - next.S <= tolerance * best.S);
    const M stuck = ~better & (lambda > 1e5f);
    lambda = done ? lambda : better ? max_of(lambda * (T)0.1, zero + (T)1e-8) : lambda * 10;
    for (int k = 0; k < K; k++) beta[k] = better ? trial[k] : beta[k];
    take(best, next, better);
    done |= small | stuck;
  }
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

// Points into g.w, unless the lanes hold these rows already: a search asks for many orders of the same rows.
template <class T> static void load_points(const Group<T> &g, const sw_task *tasks, int used, int gaps, const double **held) {
  const int lanes = SW_BYTES / (int)sizeof(T);
  int same = 1;
  for (int l = 0; l < used; l++) {
    const sw_task *task = tasks + l;
    const double *key = task->row->values + task->order[SW_d] + 2 * task->order[SW_D];  // an address per (row, d, D)
    if (held[l] != key) same = 0;
    held[l] = key;
  }
  for (int l = used; l < lanes; l++) held[l] = nullptr;
  if (same) return;
  if (gaps || sizeof(T) == 8) {
    memset(g.w, 0, (size_t)g.length * 2 * SW_BYTES);
    for (int l = 0; l < used; l++) load_lane<T>(g, tasks + l, l, gaps);
    return;
  }
  const float *rows[SW_BYTES / 4] = {};
  for (int l = 0; l < used; l++) rows[l] = tasks[l].row->w[tasks[l].order[SW_d] + 2 * tasks[l].order[SW_D]];
  interleave(rows, g.length, (vf *)g.w);
}

template <class T> static int32_t run(sw_task *tasks, int32_t count, const sw_plan *plan) {
  typedef typename Of<T>::V V;
  typedef typename Of<T>::M M;
  typedef typename Of<T>::I I;
  const int lanes = sizeof(V) / sizeof(T), gaps = plan->kind & SW_GAPS;
  int longest = 0;
  for (int i = 0; i < count; i++) if (tasks[i].row->length > longest) longest = tasks[i].row->length;
  Group<T> g;
  g.season = plan->season;
  g.length = longest;
  g.w = (V *)aligned_alloc(64, ((size_t)longest * 2 * SW_BYTES + 63) / 64 * 64 + 64);
  g.scored = g.w + longest;
  if (!g.w) return -1;
  const unsigned control = _mm_getcsr();
  _mm_setcsr(control | 0x8040);  // denormals are zero: they cost 100 cycles and mean nothing here
  const double *held[SW_BYTES / 4] = {};
  for (int from = 0; from < count; from += lanes) {
    const int used = count - from < lanes ? count - from : lanes;
    V beta[K], lambda = {}, evaluations;
    Normal<V> best;
    M measured = ~M{};
    memset(beta, 0, sizeof beta);
    memset(&best, 0, sizeof best);
    memset(g.active, 0, sizeof g.active);
    g.first = V{};
    load_points<T>(g, tasks + from, used, gaps, held);
    for (int l = 0; l < used; l++) {
      const sw_task *task = tasks + from + l;
      const uint8_t *o = task->order;
      const int has[K] = {o[SW_p] > 0, o[SW_p] > 1, o[SW_q] > 0, o[SW_q] > 1, o[SW_P], o[SW_Q], o[SW_HAS_MEAN]};
      lambda[l] = (T)task->lambda;
      measured[l] = task->measured ? (I)-1 : (I)0;
      for (int k = 0; k < K; k++) {
        g.active[k][l] = (T)(has[k] != 0);
        beta[k][l] = has[k] ? (T)task->beta[k] : (T)0;
      }
      if (task->measured) {
        for (int k = 0; k < SW_NORMAL; k++) ((V *)&best)[k][l] = (T)task->normal[k];
      }
      g.first[l] = (T)(longest - task->row->length + o[SW_d] + o[SW_D] * plan->season);
    }
    g.score_min = tasks[from].row->score_start;  // without gaps all rows are equally long
    const M done = minimise<T>(g, *plan, beta, measured, best, lambda, evaluations);
    for (int l = 0; l < used; l++) {
      sw_task *task = tasks + from + l;
      for (int k = 0; k < K; k++) task->beta[k] = beta[k][l];
      for (int k = 0; k < SW_NORMAL; k++) task->normal[k] = ((V *)&best)[k][l];
      task->measured = 1;
      task->css = best.S[l];
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

extern "C" int32_t SW_RUN_F32(sw_task *t, int32_t n, const sw_plan *plan) { return SW_NS::run<float>(t, n, plan); }
extern "C" int32_t SW_RUN_F64(sw_task *t, int32_t n, const sw_plan *plan) { return SW_NS::run<double>(t, n, plan); }
extern "C" int32_t SW_EXACT(const double *w, int32_t n, int32_t gaps, const uint8_t *o, int32_t m, const double *points,
                            int32_t count, double *out, double *squares, int32_t *known) {
  return SW_NS::exact(w, n, gaps, o, m, points, count, out, squares, known);
}
extern "C" int32_t SW_STANDARDISE(const double *y, int32_t n, sw_row *row, double *out) {
  return SW_NS::standardise(y, n, row, out);
}
extern "C" void SW_DIFFERENCE(const sw_row *row, int32_t d, int32_t D, int32_t season, float *w, float *centred, sw_moments *m) {
  SW_NS::difference(row, d, D, season, w, centred, m);
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
