// Along one row, many points a register: standardising, differencing, and autocovariances.
#pragma once
#include "arima_vector.h"

namespace SW_NS {

// Two-pass mean and deviation of a finite row. Returns 0 for gaps and extreme sizes: the slow path serves them.
static int standardise(const double *y, int n, sw_row *row, double *out) {
  const int lanes = SW_BYTES / 8;
  vd sum = {}, peak = {};
  int t = 0;
  for (; t + lanes <= n; t += lanes) {
    const vd x = load<vd>(y + t);
    sum += x;
    const vd size = abs_of(x);
    peak = size < peak ? peak : size;  // a NaN stays only until the next point; the sum keeps it
  }
  double total = sum_of(sum), top = 0;
  for (int l = 0; l < lanes; l++) top = top < peak[l] ? peak[l] : top;
  for (; t < n; t++) {
    total += y[t];
    top = top < fabs(y[t]) ? fabs(y[t]) : top;
  }
  if (!(fabs(total) < 1e150) || !(top < 1e150) || !(top > 1e-150)) return 0;
  const double mean = total / n;
  vd squares = {};
  for (t = 0; t + lanes <= n; t += lanes) {
    const vd x = load<vd>(y + t) - mean;
    squares += x * x;
  }
  double spread = sum_of(squares);
  for (; t < n; t++) spread += (y[t] - mean) * (y[t] - mean);
  const double scale = sqrt(spread / n);
  row->shift = mean;
  if (!(scale > top * 1e-12)) return 1;
  row->scale = scale;
  const double inverse = 1 / scale;
  for (t = 0; t < n; t++) out[t] = (y[t] - mean) * inverse;
  return 1;
}

static double lag_product(const float *x, int n, int lag) {
  const int lanes = SW_BYTES / 4;
  vf s0 = {}, s1 = {};
  int t = lag;
  for (; t + 2 * lanes <= n; t += 2 * lanes) {
    s0 = mad(load<vf>(x + t), load<vf>(x + t - lag), s0);
    s1 = mad(load<vf>(x + t + lanes), load<vf>(x + t + lanes - lag), s1);
  }
  double sum = sum_of(s0 + s1);
  for (; t < n; t++) sum += (double)(x[t] * x[t - lag]);
  return sum;
}

static void difference(const sw_row *row, int d, int D, int m, float *w, float *centred, sw_moments *out) {
  const double *y = row->values;
  const int n = row->length, lost = d + D * m, count = n - lost;
  if (centred) memset(out, 0, sizeof *out);
  for (int t = 0; t < lost && t < n; t++) w[t] = 0;
  if (count <= 0) return;
  if (d && D) for (int t = lost; t < n; t++) w[t] = (float)((y[t] - y[t - 1]) - (y[t - m] - y[t - m - 1]));
  else if (d) for (int t = lost; t < n; t++) w[t] = (float)(y[t] - y[t - 1]);
  else if (D) for (int t = lost; t < n; t++) w[t] = (float)(y[t] - y[t - m]);
  else for (int t = lost; t < n; t++) w[t] = (float)y[t];
  if (!centred) return;
  const int lanes = SW_BYTES / 4;
  const float *x = w + lost;
  vf sum = {};
  int t = 0;
  for (; t + lanes <= count; t += lanes) sum += load<vf>(x + t);
  double total = sum_of(sum);
  for (; t < count; t++) total += x[t];
  out->mean = total / count;
  const float mean = (float)out->mean;
  for (t = 0; t < count; t++) centred[t] = x[t] - mean;
  for (int k = 0; k <= SW_LONG_LAGS; k++) out->gamma[k] = lag_product(centred, count, k) / count;
  double a[SW_LONG_LAGS + 1] = {};
  sw_long_autoregression(out, a);
  float *white = centred + n;
  float c[SW_LONG_LAGS + 1];
  for (int k = 0; k <= SW_LONG_LAGS; k++) c[k] = (float)a[k];
  for (t = 0; t < SW_LONG_LAGS && t < count; t++) white[t] = 0;
  for (; t < count; t++) {
    white[t] = centred[t] - ((c[1] * centred[t - 1] + c[2] * centred[t - 2]) + (c[3] * centred[t - 3] + c[4] * centred[t - 4])) -
               ((c[5] * centred[t - 5] + c[6] * centred[t - 6]) + (c[7] * centred[t - 7] + c[8] * centred[t - 8]));
  }
  for (int k = 0; k < 3; k++) {
    out->raw[k] = k * m < count ? lag_product(centred, count, k * m) / count : 0;
    out->white[k] = k * m < count ? lag_product(white, count, k * m) / count : 0;
  }
}

}  // namespace SW_NS
