// Where a fit begins: phi and theta as src/kernels/reference/arima/start-values.ts, seasonal parts by moments.
#ifndef SLACKWATER_ARIMA_START_H
#define SLACKWATER_ARIMA_START_H

#include "arima_rows.h"

// Moments of a row with gaps. buffer: at least 2 x row->length values.
sw_moments sw_moments_of(const sw_row *row, int32_t d, int32_t D, int32_t season, double *buffer);
void sw_start(const uint8_t *order, const sw_moments *moments, double *beta);

#endif
