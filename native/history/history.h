// C ABI of stored means on their way to series. The oracle is src/kernels/reference/history; same bits.
#ifndef SLACKWATER_HISTORY_H
#define SLACKWATER_HISTORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
// Steps [from, to) of source row r to target row row_of[r], nowhere when negative.
void sw_history_gather(uint16_t *target, const uint16_t *source, const int32_t *row_of, int64_t rows, int64_t source_steps,
                       int64_t from, int64_t to, int64_t target_steps, int64_t column);
// Hundredths to percent; 65535 becomes NaN.
void sw_history_percent(const uint16_t *centi, double *values, int64_t count);
// CRC-32C (Castagnoli).
uint32_t sw_history_crc32c(const uint8_t *bytes, int64_t count);
#ifdef __cplusplus
}
#endif
#endif
