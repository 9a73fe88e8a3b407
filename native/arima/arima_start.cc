// Hannan and Rissanen's regression on autocovariances: one pass over the series for all orders of a (d, D).

#include "arima_start.h"

#include <cmath>
#include <cstring>

namespace {

constexpr double kRootLimit = 0.95;  // a start on the boundary would stay there

// Levinson (1947) and Durbin (1960), then psi weights of the long autoregression.
double longAutoregression(const double *gamma, double *psi) {
  double a[SW_LONG_LAGS + 1] = {}, old[SW_LONG_LAGS + 1];
  double sigma2 = gamma[0];
  for (int k = 1; k <= SW_LONG_LAGS; k++) {
    double sum = gamma[k];
    for (int j = 1; j < k; j++) sum -= a[j] * gamma[k - j];
    const double reflection = sum / sigma2;
    std::memcpy(old, a, sizeof a);
    for (int j = 1; j < k; j++) a[j] = old[j] - reflection * old[k - j];
    a[k] = reflection;
    sigma2 *= 1 - reflection * reflection;
    if (!(sigma2 > 1e-9 * gamma[0])) break;
  }
  psi[0] = 1;
  for (int k = 1; k <= SW_LONG_LAGS; k++) {
    psi[k] = 0;
    for (int j = 1; j <= k; j++) psi[k] += a[j] * psi[k - j];
  }
  return sigma2;
}

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

}  // namespace

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
  return out;
}

void sw_start(const uint8_t *o, const sw_moments *moments, double *b) {
  const double *gamma = moments->gamma;
  const int p = o[SW_p], q = o[SW_q], size = p + q;
  std::memset(b, 0, 7 * sizeof(double));
  if (o[SW_P]) b[SW_SPHI] = o[SW_D] ? 0.1 : 0.4;
  if (o[SW_Q]) b[SW_STHETA] = o[SW_D] ? -0.6 : -0.1;
  if (o[SW_HAS_MEAN]) b[SW_MEAN] = moments->mean;
  if (size == 0 || !(gamma[0] > 0)) return;
  double psi[SW_LONG_LAGS + 1], rows[4][5], x[4];
  const double sigma2 = longAutoregression(gamma, psi);
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
