// Rules of thumb: groups of rows over threads, by instruction set.

#include "rules.h"

#include <atomic>
#include <cstdlib>

#include "../parallel.h"

extern "C" int32_t sw_rules_forecast(const sw_rules_job *job) {
  const sw_rules_group groups[] = {sw_rules_baseline, sw_rules_avx2, sw_rules_avx512};
  const int lanes = 2 << job->isa; // baseline 2, avx2 4, avx512 8
  const int per_part = 32 * lanes;
  const int parts = (job->rows + per_part - 1) / per_part;
  const size_t bytes = (2 * static_cast<size_t>(job->end > 0 ? job->end : 1) * lanes * sizeof(double) + 63) / 64 * 64;
  std::atomic<int32_t> failed{0};
  sw_parallel(job->threads, parts, [&](int64_t piece) {
    const int part = static_cast<int>(piece);
    double *work = static_cast<double *>(std::aligned_alloc(64, bytes));
    if (work == nullptr) {
      failed = -1;
      return;
    }
    const int end = (part + 1) * per_part < job->rows ? (part + 1) * per_part : job->rows;
    for (int first = part * per_part; first < end; first += lanes) {
      groups[job->isa](job, first, end - first < lanes ? end - first : lanes, work);
    }
    std::free(work);
  });
  return failed;
}
