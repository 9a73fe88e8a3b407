// Passes of the CSS recursions: residual, derivatives, and the sums of the normal equations.
//
// Without gaps every derivative is one short recursion of e itself (d e / d phi_j = -(e / phi(B))[t - j], and
// so on): residual and five derivatives take 12 multiply-adds a point, the sums 28. A pass is compiled for
// each set of parameters, so that a smaller order pays for its own alone. A block of one season is filtered
// first and then summed, 15 sums at a time: all at once do not fit the 32 registers (0.56 us against 0.34 us a
// series of 648 points, float32). Each recursion waits 4 cycles of a point's 20, so no latency is left to hide.
#pragma once
#include "arima_vector.h"

namespace SW_NS {

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
// Adds the products of a point; `on` is a constant, so sums of absent parameters cost nothing.
#define SW_ROW(K, ON, ...) if (ON) { G##K = mad(a##K, e, G##K); __VA_ARGS__ }
#define SW_PAIR(I, J, ON) if (ON) H##I##J = mad(a##I, a##J, H##I##J);
#define SW_ADD(AR, MA, SAR, SMA, MEAN) \
  S = mad(e, e, S); \
  SW_ROW(0, AR, SW_PAIR(0, 0, 1)) \
  SW_ROW(1, AR, SW_PAIR(1, 0, 1) SW_PAIR(1, 1, 1)) \
  SW_ROW(2, MA, SW_PAIR(2, 0, AR) SW_PAIR(2, 1, AR) SW_PAIR(2, 2, 1)) \
  SW_ROW(3, MA, SW_PAIR(3, 0, AR) SW_PAIR(3, 1, AR) SW_PAIR(3, 2, 1) SW_PAIR(3, 3, 1)) \
  SW_ROW(4, SAR, SW_PAIR(4, 0, AR) SW_PAIR(4, 1, AR) SW_PAIR(4, 2, MA) SW_PAIR(4, 3, MA) \
         SW_PAIR(4, 4, 1)) \
  SW_ROW(5, SMA, SW_PAIR(5, 0, AR) SW_PAIR(5, 1, AR) SW_PAIR(5, 2, MA) SW_PAIR(5, 3, MA) \
         SW_PAIR(5, 4, SAR) SW_PAIR(5, 5, 1)) \
  SW_ROW(6, MEAN, SW_PAIR(6, 0, AR) SW_PAIR(6, 1, AR) SW_PAIR(6, 2, MA) SW_PAIR(6, 3, MA) \
         SW_PAIR(6, 4, SAR) SW_PAIR(6, 5, SMA) SW_PAIR(6, 6, 1))
#define SW_STORE \
  out.S = S; out.G[0] = G0; out.G[1] = G1; out.G[2] = G2; out.G[3] = G3; out.G[4] = G4; \
  out.G[5] = G5; out.G[6] = G6; out.H[0] = H00; out.H[1] = H10; out.H[2] = H11; out.H[3] = H20; \
  out.H[4] = H21; out.H[5] = H22; out.H[6] = H30; out.H[7] = H31; out.H[8] = H32; \
  out.H[9] = H33; out.H[10] = H40; out.H[11] = H41; out.H[12] = H42; out.H[13] = H43; \
  out.H[14] = H44; out.H[15] = H50; out.H[16] = H51; out.H[17] = H52; out.H[18] = H53; \
  out.H[19] = H54; out.H[20] = H55; out.H[21] = H60; out.H[22] = H61; out.H[23] = H62; \
  out.H[24] = H63; out.H[25] = H64; out.H[26] = H65; out.H[27] = H66;
// No gaps. By blocks of a season: residuals and short derivatives first, then the sums, few enough at a time for the registers.
template <class T, int KIND>
static void evaluate(const Group<T> &g, const typename Of<T>::V *b, Normal<typename Of<T>::V> &out) {
  typedef typename Of<T>::V V;
  const bool AR = KIND & SW_HAS_AR, MA = KIND & SW_HAS_MA, SAR = KIND & SW_HAS_SAR, SMA = KIND & SW_HAS_SMA;
  const bool MEAN = KIND & SW_MEANS;
  const V zero = {}, unit = zero + 1;
  const V f1 = b[0], f2 = b[1], t1 = b[2], t2 = b[3], F = b[4], Q = b[5], mu = b[6], first = g.first;
  const int size = SAR || SMA ? g.season : SW_SEASON_MAX;
  // Points of the block; p, c, d with the two before it. fr, qr, er, d hold the season before until they are passed.
  V er[SW_SEASON_MAX], p[SW_SEASON_MAX + 2], c[SW_SEASON_MAX + 2], fr[SW_SEASON_MAX], qr[SW_SEASON_MAX], d[SW_SEASON_MAX];
  for (int i = 0; i < size; i++) er[i] = fr[i] = qr[i] = d[i] = zero;
  p[0] = p[1] = c[0] = c[1] = zero;
  memset(&out, 0, sizeof out);
  V u1 = zero, u2 = zero, g1 = zero, g2 = zero;
  V mu1 = zero, mu2 = zero, mg1 = zero, mg2 = zero;
  for (int t0 = 0; t0 < g.length; t0 += size) {
    const int count = g.length - t0 < size ? g.length - t0 : size;
    const V *w = g.w + t0;
    V p1 = p[1], p2 = p[0], c1 = c[1], c2 = c[0];
    for (int i = 0; i < count; i++) {
      const V now = MEAN ? zero + (T)(t0 + i) : zero;
      const V z = MEAN ? (now >= first ? w[i] - mu : zero) : w[i];
      V u = z;
      if (SAR && t0 > 0) u = nmad(F, MEAN ? (now - (T)size >= first ? w[i - size] - mu : zero) : w[i - size], z);
      const V v = AR ? nmad(f1, u1, nmad(f2, u2, u)) : u;
      const V gg = MA ? nmad(t1, g1, nmad(t2, g2, v)) : v;
      const V e = SMA ? nmad(Q, er[i], gg) : gg;
      er[i] = e;
      if (MEAN) {
        const V one = now >= first ? unit : zero;
        const V mu0 = SAR ? nmad(F, now - (T)size >= first ? unit : zero, one) : one;
        const V mv = AR ? nmad(f1, mu1, nmad(f2, mu2, mu0)) : mu0;
        const V mg = MA ? nmad(t1, mg1, nmad(t2, mg2, mv)) : mv;
        d[i] = SMA ? nmad(Q, d[i], mg) : mg;
        mu2 = mu1; mu1 = mu0; mg2 = mg1; mg1 = mg;
      }
      if (AR) {
        const V pn = mad(f1, p1, mad(f2, p2, e));
        p[i + 2] = pn; p2 = p1; p1 = pn; u2 = u1; u1 = u;
      }
      if (MA) {
        const V cn = nmad(t1, c1, nmad(t2, c2, e));
        c[i + 2] = cn; c2 = c1; c1 = cn; g2 = g1; g1 = gg;
      }
    }
    const int from = g.score_min > t0 ? (g.score_min - t0 < count ? g.score_min - t0 : count) : 0;
    V *const G = out.G, *const H = out.H;
    {
      V S = out.S, G0 = G[0], G1 = G[1], G2 = G[2], G3 = G[3];
      V H00 = H[0], H10 = H[1], H11 = H[2], H20 = H[3], H21 = H[4], H22 = H[5], H30 = H[6], H31 = H[7], H32 = H[8], H33 = H[9];
      for (int i = from; i < count; i++) {
        const V e = er[i];
        S = mad(e, e, S);
        const V a0 = AR ? p[i + 1] : zero, a1 = AR ? p[i] : zero, a2 = MA ? c[i + 1] : zero, a3 = MA ? c[i] : zero;
        if (AR) { G0 = mad(a0, e, G0); G1 = mad(a1, e, G1); H00 = mad(a0, a0, H00); H10 = mad(a1, a0, H10); H11 = mad(a1, a1, H11); }
        if (MA) { G2 = mad(a2, e, G2); G3 = mad(a3, e, G3); H22 = mad(a2, a2, H22); H32 = mad(a3, a2, H32); H33 = mad(a3, a3, H33); }
        if (AR && MA) { H20 = mad(a2, a0, H20); H21 = mad(a2, a1, H21); H30 = mad(a3, a0, H30); H31 = mad(a3, a1, H31); }
      }
      out.S = S; G[0] = G0; G[1] = G1; G[2] = G2; G[3] = G3;
      H[0] = H00; H[1] = H10; H[2] = H11; H[3] = H20; H[4] = H21; H[5] = H22; H[6] = H30; H[7] = H31; H[8] = H32; H[9] = H33;
    }
    if (SAR || SMA) {
      V G4 = G[4], G5 = G[5], H40 = H[10], H41 = H[11], H42 = H[12], H43 = H[13], H44 = H[14];
      V H50 = H[15], H51 = H[16], H52 = H[17], H53 = H[18], H54 = H[19], H55 = H[20];
      for (int i = 0; i < count; i++) {
        const V e = er[i], a4 = SAR ? fr[i] : zero, a5 = SMA ? qr[i] : zero;
        if (SAR) fr[i] = mad(F, a4, e);
        if (SMA) qr[i] = nmad(Q, a5, e);
        if (i < from) continue;
        if (SAR) { G4 = mad(a4, e, G4); H44 = mad(a4, a4, H44); }
        if (SMA) { G5 = mad(a5, e, G5); H55 = mad(a5, a5, H55); }
        if (SAR && SMA) H54 = mad(a5, a4, H54);
        if (AR) {
          const V a0 = p[i + 1], a1 = p[i];
          if (SAR) { H40 = mad(a4, a0, H40); H41 = mad(a4, a1, H41); }
          if (SMA) { H50 = mad(a5, a0, H50); H51 = mad(a5, a1, H51); }
        }
        if (MA) {
          const V a2 = c[i + 1], a3 = c[i];
          if (SAR) { H42 = mad(a4, a2, H42); H43 = mad(a4, a3, H43); }
          if (SMA) { H52 = mad(a5, a2, H52); H53 = mad(a5, a3, H53); }
        }
        if (MEAN) {
          const V a6 = d[i];
          if (SAR) H[25] = mad(a6, a4, H[25]);
          if (SMA) H[26] = mad(a6, a5, H[26]);
        }
      }
      G[4] = G4; G[5] = G5; H[10] = H40; H[11] = H41; H[12] = H42; H[13] = H43; H[14] = H44;
      H[15] = H50; H[16] = H51; H[17] = H52; H[18] = H53; H[19] = H54; H[20] = H55;
    }
    if (MEAN) {
      V G6 = G[6], H60 = H[21], H61 = H[22], H62 = H[23], H63 = H[24], H66 = H[27];
      for (int i = from; i < count; i++) {
        const V a6 = d[i];
        G6 = mad(a6, er[i], G6); H66 = mad(a6, a6, H66);
        if (AR) { H60 = mad(a6, p[i + 1], H60); H61 = mad(a6, p[i], H61); }
        if (MA) { H62 = mad(a6, c[i + 1], H62); H63 = mad(a6, c[i], H63); }
      }
      G[6] = G6; H[21] = H60; H[22] = H61; H[23] = H62; H[24] = H63; H[27] = H66;
    }
    if (AR) { p[0] = p[count]; p[1] = p[count + 1]; }
    if (MA) { c[0] = c[count]; c[1] = c[count + 1]; }
  }
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
      const V a6 = N > 6 ? (scored ? a[N - 1] : zero) : zero;
      SW_ADD(1, 1, 1, 1, N > 6)
    }
    zr[r] = z; er[r] = e;
    u2 = u1; u1 = u; g2 = g1; g1 = gg;
    r = r + 1 == g.season ? 0 : r + 1;
  }
  SW_STORE
}
template <class T, int FROM> struct Passes {
  typedef typename Of<T>::V V;
  static void run(int kind, const Group<T> &g, const V *b, Normal<V> &n) {
    if (kind == FROM) evaluate<T, FROM>(g, b, n);
    else Passes<T, FROM + 1>::run(kind, g, b, n);
  }
};
template <class T> struct Passes<T, SW_KINDS> {
  typedef typename Of<T>::V V;
  static void run(int, const Group<T> &, const V *, Normal<V> &) {}
};

// Float64 lanes finish few rows: one pass with and one without a mean serves them.
template <class T>
static void measure(const Group<T> &g, int kind, const typename Of<T>::V *b, Normal<typename Of<T>::V> &n) {
  if (kind & SW_GAPS) {
    if (kind & SW_MEANS) evaluate_gaps<T, 7>(g, b, n);
    else evaluate_gaps<T, 6>(g, b, n);
  } else if (sizeof(T) == 4) {
    Passes<T, 0>::run(kind, g, b, n);
  } else if (kind & SW_MEANS) {
    evaluate<T, SW_KINDS - 1>(g, b, n);
  } else {
    evaluate<T, (SW_KINDS - 1) & ~SW_MEANS>(g, b, n);
  }
}

}  // namespace SW_NS
