// Stored means: copied row by row, divided, and checked by the CPU's own CRC-32C where it has one.

#include "history.h"

#include <cmath>
#include <cstring>
#include <nmmintrin.h>

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reversed; RFC 3720, appendix B.4

uint32_t plain(uint32_t crc, const uint8_t *bytes, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
  }
  return crc;
}

__attribute__((target("sse4.2"))) uint32_t fast(uint32_t crc, const uint8_t *bytes, int64_t count) {
  uint64_t state = crc;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    state = _mm_crc32_u64(state, word);
  }
  uint32_t rest = static_cast<uint32_t>(state);
  for (; i < count; i++) rest = _mm_crc32_u8(rest, bytes[i]);
  return rest;
}

}  // namespace

extern "C" void sw_history_gather(uint16_t *target, const uint16_t *source, const int32_t *row_of, int64_t rows,
                                  int64_t source_steps, int64_t from, int64_t to, int64_t target_steps, int64_t column) {
  const size_t bytes = static_cast<size_t>(to - from) * sizeof(uint16_t);
  for (int64_t r = 0; r < rows; r++) {
    if (row_of[r] < 0) continue;
    std::memcpy(target + row_of[r] * target_steps + column, source + r * source_steps + from, bytes);
  }
}

extern "C" void sw_history_percent(const uint16_t *centi, double *values, int64_t count) {
  for (int64_t i = 0; i < count; i++) values[i] = centi[i] == 0xffff ? std::nan("") : centi[i] / 100.0;
}

extern "C" uint32_t sw_history_crc32c(const uint8_t *bytes, int64_t count) {
  return ~(__builtin_cpu_supports("sse4.2") ? fast(~0u, bytes, count) : plain(~0u, bytes, count));
}
