// Hannan and Rissanen's regression on autocovariances: one pass over the series for all orders of a (d, D).

#include "arima_start.h"

#include <cmath>
#include <cstring>

namespace {

constexpr double kRootLimit = 0.95;  // a start on the boundary would stay there

// E of regressor i times regressor j, i <= j; 1..p are w[t - i], the rest e[t - (i - p)].
double covariance(int i, int j, int p, const double *gamma, const double *psi, double sigma2) {
  if (j <= p) return gamma[j - i];
  if (i > p) return i == j ? sigma2 : 0;
  const int lag = j - p - i;
  return lag >= 0 ? sigma2 * psi[lag] : 0;
}

void solve(double rows[4][5], int size, double *x) {
  for (int k = 0; k < size; k++) {
    for (int i = k + 1; i < size; i++) {
      const double factor = rows[k][k] == 0 ? 0 : rows[i][k] / rows[k][k];
      for (int j = k; j <= size; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  for (int i = size - 1; i >= 0; i--) {
    double sum = rows[i][size];
    for (int j = i + 1; j < size; j++) sum -= rows[i][j] * x[j];
    const double value = sum / rows[i][i];
    x[i] = std::isfinite(value) ? value : 0;
  }
}

void pullInside(double *b, double sign) {
  const double c1 = sign * b[0], c2 = sign * b[1];
  const double discriminant = c1 * c1 + 4 * c2;
  const double modulus = discriminant >= 0 ? (std::fabs(c1) + std::sqrt(discriminant)) / 2 : std::sqrt(-c2);
  const double factor = modulus > kRootLimit ? kRootLimit / modulus : 1;
  b[0] *= factor;
  b[1] *= factor * factor;
}

// 1 + Theta B of an MA(1) at the seasonal lag whose autocorrelation there is `rho`.
double seasonalMa(double rho) {
  const double r = std::fmin(std::fmax(rho, -0.49), 0.49);
  return std::fabs(r) < 1e-6 ? r : (1 - std::sqrt(1 - 4 * r * r)) / (2 * r);
}

// Phi and Theta from autocorrelations at one and two seasons of what the other parameters leave.
void seasonalStart(const uint8_t *o, const double *gamma, double *b) {
  if (!(gamma[0] > 0)) return;
  const double r1 = gamma[1] / gamma[0], r2 = gamma[2] / gamma[0];
  double phi = 0;
  if (o[SW_P]) {
    phi = !o[SW_Q] ? r1 : std::fabs(r1) > 0.1 ? r2 / r1 : 0;
    phi = std::fmin(std::fmax(phi, -0.9), 0.97);
    b[SW_SPHI] = phi;
  }
  if (!o[SW_Q]) return;
  const double c0 = 1 + phi * phi - 2 * phi * r1, c1 = r1 * (1 + phi * phi) - phi - phi * r2;
  b[SW_STHETA] = seasonalMa(c0 > 0 ? c1 / c0 : 0);
}

}  // namespace

// Levinson (1947) and Durbin (1960), then psi weights of the long autoregression.
void sw_long_autoregression(sw_moments *m, double *a) {
  const double *gamma = m->gamma;
  double old[SW_LONG_LAGS + 1];
  double sigma2 = gamma[0];
  for (int k = 0; k <= SW_LONG_LAGS; k++) a[k] = 0;
  for (int k = 1; k <= SW_LONG_LAGS && gamma[0] > 0; k++) {
    double sum = gamma[k];
    for (int j = 1; j < k; j++) sum -= a[j] * gamma[k - j];
    const double reflection = sum / sigma2;
    std::memcpy(old, a, sizeof old);
    for (int j = 1; j < k; j++) a[j] = old[j] - reflection * old[k - j];
    a[k] = reflection;
    sigma2 *= 1 - reflection * reflection;
    if (!(sigma2 > 1e-9 * gamma[0])) break;
  }
  m->sigma2 = sigma2;
  m->psi[0] = 1;
  for (int k = 1; k <= SW_LONG_LAGS; k++) {
    m->psi[k] = 0;
    for (int j = 1; j <= k; j++) m->psi[k] += a[j] * m->psi[k - j];
  }
}

sw_moments sw_moments_of(const sw_row *row, int32_t d, int32_t D, int32_t season, double *buffer) {
  sw_moments out = {};
  const double *y = row->values;
  const int lost = d + D * season, n = row->length;
  int known = 0;
  double sum = 0;
  for (int t = lost; t < n; t++) {
    double w = y[t];
    if (d) w -= y[t - 1];
    if (D) w -= d ? y[t - season] - y[t - season - 1] : y[t - season];
    buffer[t - lost] = w;
    if (w != w) continue;
    known++;
    sum += w;
  }
  if (known == 0) return out;
  out.mean = sum / known;
  const int length = n - lost;
  for (int t = 0; t < length; t++) buffer[t] = buffer[t] == buffer[t] ? buffer[t] - out.mean : 0;
  for (int t = 0; t < length; t++) {
    if (t >= SW_LONG_LAGS) {
      for (int k = 0; k <= SW_LONG_LAGS; k++) out.gamma[k] += buffer[t] * buffer[t - k];
    } else {
      for (int k = 0; k <= t; k++) out.gamma[k] += buffer[t] * buffer[t - k];
    }
  }
  for (int k = 0; k <= SW_LONG_LAGS; k++) out.gamma[k] /= known;
  double a[SW_LONG_LAGS + 1], *white = buffer + n;
  sw_long_autoregression(&out, a);
  for (int t = 0; t < length; t++) {
    white[t] = t < SW_LONG_LAGS ? 0 : buffer[t];
    for (int k = 1; k <= SW_LONG_LAGS && t >= SW_LONG_LAGS; k++) white[t] -= a[k] * buffer[t - k];
  }
  for (int k = 0; k < 3; k++) {
    for (int t = k * season; t < length; t++) {
      out.raw[k] += buffer[t] * buffer[t - k * season] / known;
      out.white[k] += white[t] * white[t - k * season] / known;
    }
  }
  return out;
}

void sw_start(const uint8_t *o, const sw_moments *moments, double *b) {
  const double *gamma = moments->gamma;
  const int p = o[SW_p], q = o[SW_q], size = p + q;
  std::memset(b, 0, 7 * sizeof(double));
  seasonalStart(o, size ? moments->white : moments->raw, b);
  if (o[SW_HAS_MEAN]) b[SW_MEAN] = moments->mean;
  if (size == 0 || !(gamma[0] > 0)) return;
  const double *psi = moments->psi, sigma2 = moments->sigma2;
  double rows[4][5], x[4];
  for (int i = 1; i <= size; i++) {
    for (int j = 1; j <= size; j++) {
      rows[i - 1][j - 1] = covariance(i < j ? i : j, i < j ? j : i, p, gamma, psi, sigma2);
    }
    rows[i - 1][size] = i <= p ? gamma[i] : sigma2 * psi[i - p];
  }
  solve(rows, size, x);
  for (int j = 0; j < p; j++) b[SW_PHI1 + j] = x[j];
  for (int j = 0; j < q; j++) b[SW_THETA1 + j] = x[p + j];
  pullInside(b + SW_PHI1, 1);
  pullInside(b + SW_THETA1, -1);
}
