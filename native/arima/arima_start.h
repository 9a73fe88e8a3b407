// Where a fit begins; the operations of src/kernels/reference/start-values.ts.
#ifndef SLACKWATER_ARIMA_START_H
#define SLACKWATER_ARIMA_START_H

#include "arima_rows.h"

enum { SW_LONG_LAGS = 8 };

// Mean and autocovariances of a differenced series; a missing pair adds nothing to its lag.
typedef struct {
  double mean, gamma[SW_LONG_LAGS + 1];
} sw_moments;

// buffer: at least row->length values.
sw_moments sw_moments_of(const sw_row *row, int32_t d, int32_t D, int32_t season, double *buffer);
void sw_start(const uint8_t *order, const sw_moments *moments, double *beta);

#endif
