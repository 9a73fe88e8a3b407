// Forecasts kept in hundredths, and losses brought up to date by what came.

#include "combine.h"

#include <algorithm>
#include <cmath>

#include "../parallel.h"

namespace {

constexpr int kRowsPerPart = 256;

template <class Work> void overRows(const sw_combine_job *job, Work work) {
  sw_parallel(job->threads, (job->rows + kRowsPerPart - 1) / kRowsPerPart, [&](int64_t piece) {
    const int part = static_cast<int>(piece);
    const int end = std::min(job->rows, (part + 1) * kRowsPerPart);
    for (int64_t row = part * kRowsPerPart; row < end; row++) work(row);
  });
}

// floor(percent * 100 + .5) inside 0 and 65534; the conversion cuts, which is the floor of what is not negative.
inline uint16_t centiOf(double percent) {
  const double x = percent * 100 + 0.5, high = x < 65534 ? x : 65534;
  return static_cast<uint16_t>(static_cast<int32_t>(high > 0 ? high : 0));
}

constexpr double kRelativeMax = 5;  // RELATIVE_MAX

// The mean of fourth roots, to the fourth: square roots are exact everywhere, logarithms are not.
inline double commonLoss(const double *losses, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += std::sqrt(std::sqrt(losses[i]));
  const double root = sum / count;
  return root * root * (root * root);
}

}  // namespace

extern "C" void sw_combine_pack(const sw_combine_job *job) {
  const int64_t levels = job->levels, leads = job->leads;
  overRows(job, [&](int64_t row) {
    uint16_t *to = job->centi + row * job->members * levels * leads;
    for (int member = 0; member < job->members; member++) {
      const double *from = job->forecasts[member] + row * levels * job->horizon;
      for (int64_t level = 0; level < levels; level++, from += job->horizon, to += leads) {
        for (int64_t lead = 0; lead < leads; lead++) to[lead] = centiOf(from[lead]);
      }
    }
  });
}

extern "C" void sw_combine_judge(const sw_combine_job *job) {
  const int64_t levels = job->levels, leads = job->leads, blocks = job->block_count;
  overRows(job, [&](int64_t row) {
    const double *came = job->actual + row * leads, weight = job->nights[row] * job->kept;
    bool judged = false;
    for (int64_t block = 0; block < blocks; block++) {
      const int64_t from = job->blocks[2 * block], to = std::min<int64_t>(job->blocks[2 * block + 1], leads);
      int count = 0;
      for (int64_t lead = from; lead <= to; lead++) count += came[lead - 1] == came[lead - 1];
      if (count == 0) continue;
      judged = true;
      for (int64_t level = 0; level < levels; level++) {
        const double up = job->level[level], down = up - 1;
        double tonight[SW_MEMBERS_MAX];
        for (int64_t member = 0; member < job->members; member++) {
          const uint16_t *day = job->centi + ((row * job->members + member) * levels + level) * leads;
          double sum = 0;
          for (int64_t lead = from; lead <= to; lead++) {
            const double error = came[lead - 1] - day[lead - 1] / 100.0;
            sum += error >= 0 ? up * error : error < 0 ? down * error : 0;
          }
          tonight[member] = sum / count;
        }
        const double common = commonLoss(tonight, job->members);
        for (int64_t member = 0; member < job->members; member++) {
          const int64_t at = ((row * job->members + member) * blocks + block) * levels + level;
          const double old = job->losses[at], known = old == old ? weight : 0, loss = tonight[member];
          const double over = common > 0 ? std::min(kRelativeMax, loss / common) : 1, before = job->relative[at];
          job->losses[at] = static_cast<float>(known > 0 ? (known * old + loss) / (known + 1) : loss);
          job->relative[at] = static_cast<float>(known > 0 ? (known * before + over) / (known + 1) : over);
        }
      }
    }
    job->nights[row] = judged ? weight + 1 : weight;
  });
}

extern "C" int32_t sw_combine_mix(const sw_combine_job *job) {
  void (*const rows[])(const sw_combine_job *, int64_t) = {sw_mix_baseline, sw_mix_avx2, sw_mix_avx512};
  overRows(job, [&](int64_t row) { rows[job->isa](job, row); });
  return 0;
}
