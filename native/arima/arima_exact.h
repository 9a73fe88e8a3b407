// Exact Gaussian likelihood of a differenced row; the lanes are points of parameter space (one and its neighbours).
//
// Harvey's state of r = max(p, q + 1) with stationary start. Without gaps by Chandrasekhar's recursions (Morf,
// Sidhu & Kailath 1974): gain and a rank-one change of the covariance, O(r) a point, no r x r matrix. With
// gaps the covariance itself is carried, O(r^2) a point. Autocovariances come from the reflection coefficients
// of the AR part (Levinson backwards), stable and O(p^2).
#pragma once
#include "arima_vector.h"

namespace SW_NS {

enum { R = SW_EXACT_STATES, GAMMAS = 2 * R + 2 };

struct ExactModel {
  vd phi[R + 2], theta[R + 2], psi[R + 2], gamma[GAMMAS], column[R + 2];
  int p, q, r;
};

// (1 - c1 B - c2 B^2)(1 - C B^m) as 1 - sum of out[k] B^k; sign -1 for MA polynomials.
static int expand(vd c1, vd c2, vd C, int m, int two, int seasonal, vd *out, double sign) {
  const int degree = two + (seasonal ? m : 0);
  for (int k = 0; k <= R + 1; k++) out[k] = vd{};
  out[1] += c1;
  out[2] += c2;
  if (seasonal) {
    out[m] += C;
    out[m + 1] -= sign * C * c1;
    out[m + 2] -= sign * C * c2;
  }
  return degree;
}

// Autocovariances of the AR part for unit innovations, into g[0, count). levels: R x R scratch.
static void ar_autocovariances(const vd *phi, int p, vd *g, int count, vd *levels) {
  const vd one = vd{} + 1;
  vd *top = levels + (size_t)p * R;
  for (int j = 1; j <= p; j++) top[j - 1] = phi[j];
  vd shrink = one;
  for (int i = p; i >= 1; i--) {
    vd *a = levels + (size_t)i * R, *b = levels + (size_t)(i - 1) * R;
    const vd k = a[i - 1], inverse = one / (one - k * k);
    shrink *= inverse;
    for (int j = 1; j < i; j++) b[j - 1] = (a[j - 1] + k * a[i - 1 - j]) * inverse;
  }
  g[0] = shrink;
  vd error = shrink;
  for (int i = 1; i < count; i++) {
    vd sum = {};
    if (i <= p) {
      const vd *b = levels + (size_t)(i - 1) * R;
      const vd k = levels[(size_t)i * R + i - 1];
      for (int j = 1; j < i; j++) sum += b[j - 1] * g[i - j];
      sum += k * error;
      error *= one - k * k;
    } else {
      for (int j = 1; j <= p; j++) sum += phi[j] * g[i - j];
    }
    g[i] = sum;
  }
}

// Polynomials, autocovariances, and the first column of the state's covariance.
static void prepare_exact(ExactModel &x, const vd *b, const uint8_t *o, int m, vd *levels) {
  x.p = expand(b[0], b[1], b[4], m, o[SW_p], o[SW_P], x.phi, 1);
  x.q = expand(b[2], b[3], b[5], m, o[SW_q], o[SW_Q], x.theta, -1);
  x.theta[0] = vd{} + 1;
  x.r = x.p > x.q + 1 ? x.p : x.q + 1;
  const int r = x.r;
  vd ar[GAMMAS], ma[R + 2];
  ar_autocovariances(x.phi, x.p, ar, r + x.q + 1, levels);
  for (int k = 0; k <= x.q; k++) {
    ma[k] = vd{};
    for (int j = 0; j + k <= x.q; j++) ma[k] += x.theta[j] * x.theta[j + k];
  }
  for (int k = 0; k <= r; k++) {
    vd sum = ma[0] * ar[k];
    for (int j = 1; j <= x.q; j++) sum += ma[j] * (ar[k + j] + ar[k > j ? k - j : j - k]);
    x.gamma[k] = sum;
    x.psi[k] = k <= x.q ? x.theta[k] : vd{};
    for (int j = 1; j <= k && j <= x.p; j++) x.psi[k] += x.phi[j] * x.psi[k - j];
  }
  x.column[0] = x.gamma[0];
  for (int i = 2; i <= r; i++) {
    vd sum = {};
    for (int j = i; j <= r; j++) sum += x.phi[j] * x.gamma[j + 1 - i] + x.theta[j - 1] * x.psi[j - i];
    x.column[i - 1] = sum;
  }
  x.column[r] = vd{};
}

// Sum of squares over F, and the sum of log F, of points that are all known.
struct ExactSums { vd squares, logs; int count; };

static void add_logs(ExactSums &sums, vd &product) {
  for (unsigned l = 0; l < SW_BYTES / 8; l++) sums.logs[l] += log(product[l]);
  product = vd{} + 1;
}

static ExactSums chandrasekhar(const ExactModel &x, const double *w, int n, vd mean) {
  const int r = x.r;
  const vd zero = {}, one = zero + 1;
  vd a[R + 2], gain[R + 2], W[R + 2];
  int at[R], count = 0;  // lags of the AR polynomial that some lane has
  for (int k = 1; k <= x.p; k++) {
    vl any_of = x.phi[k] != zero;
    if (any(any_of)) at[count++] = k;
  }
  vd F = x.gamma[0], M = -one / F, product = one;
  for (int i = 0; i <= r + 1; i++) a[i] = gain[i] = W[i] = zero;
  for (int i = 0; i < r; i++) {
    W[i] = x.phi[i + 1] * x.gamma[0] + x.column[i + 1];
    gain[i] = W[i] / F;
  }
  ExactSums sums = {zero, zero, n};
  vd inverse = one / F;
  for (int t = 0; t < n; t++) {
    const vd v = (w[t] - mean) - a[0];
    sums.squares += v * v * inverse;
    product *= F;
    if (t % (t < 64 ? 8 : 64) == 7) add_logs(sums, product);  // F falls to 1 soon
    const vd a0 = a[0], w0 = W[0], Mw = M * w0;
    const vd next = F + Mw * w0;
    const vd share = one / next, keep = F * share, add = Mw * share;
    for (int k = 0; k < count; k++) {
      a[at[k]] = mad(x.phi[at[k]], a0, a[at[k]]);
      W[at[k]] = mad(x.phi[at[k]], w0, W[at[k]]);
    }
    for (int i = 0; i < r; i++) {
      const vd K = gain[i], TW = W[i + 1];
      a[i] = mad(K, v, a[i + 1]);
      const vd after = mad(K, keep, TW * add);
      gain[i] = after;
      W[i] = nmad(after, w0, TW);
    }
    a[r] = W[r] = zero;
    M += Mw * Mw * inverse;
    F = next;
    inverse = share;
  }
  add_logs(sums, product);
  return sums;
}

// With gaps: a missing point is predicted and not corrected. P: (r + 1) x (r + 1) scratch.
static ExactSums kalman(const ExactModel &x, const double *w, int n, vd mean, vd *P) {
  const int r = x.r, s = r + 1;
  const vd zero = {}, one = zero + 1;
  vd a[R + 2];
  for (int i = 0; i <= r; i++) a[i] = zero;
  for (int i = 0; i < s * s; i++) P[i] = zero;
  for (int i = 0; i < r; i++) P[i * s] = P[i] = x.column[i];
  for (int i = 0; i < r - 1; i++) {  // P = T P T' + R R', solved from the first row and column on
    for (int j = 0; j <= i; j++) {
      const vd own = x.phi[i + 1] * x.phi[j + 1] * P[0] + x.phi[i + 1] * P[j + 1] + x.phi[j + 1] * P[(i + 1) * s];
      const vd value = P[i * s + j] - own - x.theta[i] * x.theta[j];
      P[(i + 1) * s + j + 1] = P[(j + 1) * s + i + 1] = value;
    }
  }
  ExactSums sums = {zero, zero, 0};
  vd product = one, p0[R + 2], q0[R + 2];
  for (int t = 0; t < n; t++) {
    const int known = w[t] == w[t];
    const vd inverse = known ? one / P[0] : zero;
    const vd v = known ? (w[t] - mean) - a[0] : zero;
    if (known) {
      sums.squares += v * v * inverse;
      product *= P[0];
      if (++sums.count % 16 == 0) add_logs(sums, product);
    }
    for (int i = 0; i <= r; i++) p0[i] = P[i * s];
    const vd f = v * inverse;
    for (int i = 0; i < r; i++) a[i] += p0[i] * f;
    const vd a0 = a[0];
    for (int i = 0; i < r; i++) a[i] = x.phi[i + 1] * a0 + a[i + 1];
    for (int i = 0; i <= r; i++) q0[i] = p0[i] - p0[i] * p0[0] * inverse;  // first column after the correction
    for (int i = 0; i < r; i++) {
      for (int j = 0; j <= i; j++) {
        const vd moved = nmad(p0[i + 1] * inverse, p0[j + 1], P[(i + 1) * s + j + 1]);
        P[i * s + j] = moved + x.phi[i + 1] * (x.phi[j + 1] * q0[0] + q0[j + 1]) + x.phi[j + 1] * q0[i + 1] + x.theta[i] * x.theta[j];
      }
    }
    for (int i = 0; i < r; i++) for (int j = 0; j < i; j++) P[j * s + i] = P[i * s + j];
  }
  add_logs(sums, product);
  return sums;
}

// n log(squares / n) + sum log F at `points` parameter vectors, SW_BYTES / 8 at a time.
static int exact(const double *w, int n, int gaps, const uint8_t *o, int m, const double *points, int count, double *out,
                 double *squares, int *known) {
  const int lanes = SW_BYTES / 8;
  const size_t scratch = (size_t)(R + 2) * (R + 2) * sizeof(vd);
  vd *levels = (vd *)aligned_alloc(64, (scratch + 63) / 64 * 64);
  if (!levels) return -1;
  for (int from = 0; from < count; from += lanes) {
    double by_lane[K][SW_BYTES / 8];
    for (int k = 0; k < K; k++) {
      for (int l = 0; l < lanes; l++) by_lane[k][l] = points[(from + l < count ? from + l : from) * K + k];
    }
    vd b[K];
    for (int k = 0; k < K; k++) b[k] = load<vd>(by_lane[k]);
    ExactModel model;
    prepare_exact(model, b, o, m, levels);
    const ExactSums sums = gaps ? kalman(model, w, n, b[6], levels) : chandrasekhar(model, w, n, b[6]);
    for (int l = 0; l < lanes && from + l < count; l++) {
      out[from + l] = sums.count * log(sums.squares[l] / sums.count) + sums.logs[l];
      squares[from + l] = sums.squares[l];
    }
    *known = sums.count;
  }
  free(levels);
  return 0;
}

}  // namespace SW_NS
