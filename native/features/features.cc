// Features of boosters: groups of series over threads, by instruction set.

#include "features.h"

#include <atomic>
#include <cstdlib>
#include <vector>

#include "../parallel.h"

namespace {

constexpr int64_t kChunk = 32;          // leads that are turned into bytes together
constexpr int64_t kRowsPerPiece = 1 << 12;
constexpr int32_t kGroupsPerPiece = 8;

const sw_feature_loops &loopsOf(int32_t isa) {
  return isa >= 2 ? sw_features_avx512 : isa == 1 ? sw_features_avx2 : sw_features_baseline;
}

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Calls work(piece, memory) with memory of `bytes` for each piece.
template <typename Work>
int32_t withMemory(int32_t threads, int64_t pieces, int64_t bytes, Work work) {
  std::atomic<int32_t> failed{0};
  sw_parallel(threads, pieces, [&](int64_t piece) {
    void *memory = std::aligned_alloc(64, static_cast<size_t>(rounded(bytes)));
    if (memory == nullptr) {
      failed = -1;
      return;
    }
    work(piece, memory);
    std::free(memory);
  });
  return failed;
}

}  // namespace

extern "C" int64_t sw_night_bytes(const sw_feature_series *series, int32_t lanes) {
  const int64_t columns = series->end - series->from;
  return lanes * 8 * (3 * columns + 2 + 3 * SW_SUMS) + SW_FEATURES * lanes * kChunk * 4;
}

extern "C" int64_t sw_picks_bytes(const sw_feature_series *series) {
  const int64_t columns = series->end - series->from;
  return 8 * (3 * columns + 2 + (columns + 1) * SW_SUMS);
}

extern "C" int32_t sw_features_night(const sw_feature_night *job) {
  const sw_feature_loops &loops = loopsOf(job->series.isa);
  const int32_t perPiece = kGroupsPerPiece * loops.lanes;
  const int64_t pieces = (job->count + perPiece - 1) / perPiece;
  return withMemory(job->series.threads, pieces, sw_night_bytes(&job->series, loops.lanes), [&](int64_t piece, void *work) {
    const int32_t begin = static_cast<int32_t>(piece) * perPiece, end = begin + perPiece < job->count ? begin + perPiece : job->count;
    for (int32_t at = begin; at < end; at += loops.lanes) {
      loops.night(job, job->first + at, end - at < loops.lanes ? end - at : loops.lanes, work);
    }
  });
}

extern "C" int32_t sw_features_rows(const sw_feature_picks *job) {
  std::vector<int64_t> begins;
  for (int64_t at = 0; at < job->pick_count; at++) {
    if (at == 0 || job->picks[3 * at] != job->picks[3 * at - 3]) begins.push_back(at);
  }
  begins.push_back(job->pick_count);
  const int64_t pieces = static_cast<int64_t>(begins.size()) - 1;
  return withMemory(job->series.threads, pieces, sw_picks_bytes(&job->series), [&](int64_t piece, void *work) {
    loopsOf(job->series.isa).picks(job, begins[piece], begins[piece + 1], work);
  });
}

extern "C" int32_t sw_features_bin(const sw_feature_bytes *job) {
  const int64_t pieces = (job->row_count + kRowsPerPiece - 1) / kRowsPerPiece;
  return withMemory(job->threads, pieces, kRowsPerPiece * 4, [&](int64_t piece, void *work) {
    const int64_t from = piece * kRowsPerPiece, left = job->row_count - from, n = left < kRowsPerPiece ? left : kRowsPerPiece;
    float *column = static_cast<float *>(work);
    for (int32_t f = 0; f < job->features; f++) {
      for (int64_t i = 0; i < n; i++) column[i] = job->rows[(from + i) * job->features + f];
      loopsOf(job->isa).bin(job->cuts + static_cast<int64_t>(f) * SW_CUTS, column, n, job->bins + f * job->row_count + from);
    }
  });
}

extern "C" int32_t sw_features_place(const sw_feature_scores *job) {
  const int64_t pieces = (job->rows + kRowsPerPiece - 1) / kRowsPerPiece;
  sw_parallel(job->threads, pieces, [&](int64_t piece) {
    const int64_t from = piece * kRowsPerPiece;
    loopsOf(job->isa).place(job, from, from + kRowsPerPiece < job->rows ? from + kRowsPerPiece : job->rows);
  });
  return 0;
}
