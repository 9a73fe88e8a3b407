// Texts from patterns: numbers as JavaScript prints them, without its objects.

#include "text.h"

#include <cmath>
#include <cstring>

namespace {

constexpr double kPowers[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kDigitsMax = 1e15;  // up to here a decimal is the shortest spelling of its double

uint8_t *copy(uint8_t *to, const uint8_t *from, uint32_t count) {
  std::memcpy(to, from, count);
  return to + count;
}

uint8_t *copyText(uint8_t *to, const sw_texts &texts, int32_t at) {
  return copy(to, texts.bytes + texts.offsets[at], texts.offsets[at + 1] - texts.offsets[at]);
}

uint8_t *decimal(uint8_t *to, uint64_t value) {
  uint8_t digits[20];
  int count = 0;
  do digits[count++] = static_cast<uint8_t>('0' + value % 10); while ((value /= 10) != 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

// core's roundTo, then String; null where it is beyond.
uint8_t *number(uint8_t *to, double value, int digits) {
  const double scaled = std::fabs(value) * kPowers[digits], low = std::floor(scaled);
  const double size = scaled - low >= 0.5 ? low + 1 : low;
  if (!(size < kDigitsMax)) return nullptr;
  const uint64_t all = static_cast<uint64_t>(size), scale = static_cast<uint64_t>(kPowers[digits]);
  if (value < 0 && all != 0) *to++ = '-';
  to = decimal(to, all / scale);
  uint64_t rest = all % scale;
  if (rest == 0) return to;
  *to++ = '.';
  for (uint64_t unit = scale / 10; rest != 0; unit /= 10) {
    *to++ = static_cast<uint8_t>('0' + rest / unit);
    rest %= unit;
  }
  return to;
}

}  // namespace

extern "C" int32_t sw_text_fill(const sw_text_job *job) {
  uint8_t *to = job->bytes;
  job->offsets[0] = 0;
  for (int32_t row = 0; row < job->rows; row++) {
    const int32_t pattern = job->pattern_of[row];
    const int32_t first = pattern > 0 ? job->pattern_ends[pattern - 1] : 0;
    const int32_t end = pattern < 0 ? 0 : job->pattern_ends[pattern];
    const double *figures = job->figures + static_cast<int64_t>(row) * job->width;
    for (int32_t at = first; at < end; at++) {
      const double *part = job->parts + static_cast<int64_t>(at) * SW_PART_WIDTH;
      const int a = static_cast<int>(part[1]), b = static_cast<int>(part[2]);
      switch (static_cast<int>(part[0])) {
        case SW_PART_LITERAL: to = copyText(to, job->literals, a); break;
        case SW_PART_TEXT: to = copyText(to, job->texts[a], row); break;
        case SW_PART_WORD: to = copyText(to, job->words[a], job->codes[b][row]); break;
        default: to = number(to, (figures[a] * part[3]) / part[4], b);
      }
      if (to == nullptr) return SW_TEXT_BEYOND;
    }
    job->offsets[row + 1] = static_cast<uint32_t>(to - job->bytes);
  }
  return 0;
}
