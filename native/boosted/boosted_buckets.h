// Residuals in buckets that grow with them: eight for each power of two, the innermost is zero.
// As src/kernels/reference/boosted/residual-buckets.ts.
#ifndef SLACKWATER_BOOSTED_BUCKETS_H
#define SLACKWATER_BOOSTED_BUCKETS_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "boosted_rows.h"

constexpr int32_t kBucketsPerSide = SW_RESIDUAL_BUCKETS / 2;
constexpr int32_t kOctaveMin = -24;  // of the mean residual: below it, one bucket
constexpr int32_t kBucketOrigin = (127 + kOctaveMin) * 8;

inline int32_t sw_bucket_of(float residual) {
  uint32_t bits;
  std::memcpy(&bits, &residual, 4);
  const int32_t size = std::min(std::max(static_cast<int32_t>((bits & 0x7fffffffu) >> 20) - kBucketOrigin, 0), kBucketsPerSide - 1);
  return bits >> 31 ? kBucketsPerSide - 1 - size : kBucketsPerSide + size;
}

// Lower edge of the bucket of `size` > 0; the innermost stands for zero itself.
inline double edgeOf(int32_t size) {
  return std::ldexp(1 + (size % 8) / 8.0, size / 8 + kOctaveMin);
}

// Linear inside the bucket that the level falls into.
inline double sw_bucket_quantile(const uint32_t *counts, double total, double level) {
  double left = level * total;
  int32_t bucket = 0;
  while (bucket + 1 < SW_RESIDUAL_BUCKETS && (counts[bucket] == 0 || left > counts[bucket])) left -= counts[bucket++];
  const double share = counts[bucket] > 0 ? std::min(std::max(left / counts[bucket], 0.0), 1.0) : 0.5;
  if (bucket >= kBucketsPerSide) {
    const int32_t size = bucket - kBucketsPerSide;
    if (size == 0) return 0;
    return edgeOf(size) + share * (edgeOf(size + 1) - edgeOf(size));
  }
  const int32_t size = kBucketsPerSide - 1 - bucket;
  if (size == 0) return 0;
  return -edgeOf(size + 1) + share * (edgeOf(size + 1) - edgeOf(size));
}

#endif
