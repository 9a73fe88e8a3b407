// What copying a row's memory costs: P50 and P95 over 64 points of what nobody measured.
//
// Costs of equal size, load, and mode are remembered: a fleet has few sizes, and loads are rounded to .1 %. A
// remembered cost is what would be computed again, so remembering never changes a bit.
#ifndef SLACKWATER_COPY_COST_H
#define SLACKWATER_COPY_COST_H

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "windows.h"

namespace sw_windows {

struct Cost {
  double total50, total95, pause50, pause95, sent50, sent95, success;
};

inline double roundHalfUp(double x) {  // Math.round
  const double low = std::floor(x);
  return x - low >= 0.5 ? low + 1 : low;
}

struct Round {
  double total, pause, sent;
  bool converges;
};

// The recursion of one migration; src/kernels/reference/windows/pre-copy.ts.
inline Round copyRounds(const sw_copy_settings &s, double used, double dirty, bool throttled) {
  const double bytesPerMs = s.bandwidth / 1000, stop = bytesPerMs * s.downtime_limit_ms;
  const double workingSet = s.working_set_share * used;
  double copyMs = 0, sent = 0, bytes = used;
  for (int rounds = 1;; rounds++) {
    sent += bytes;
    const double roundMs = bytes / bytesPerMs;
    const double throttle = throttled && rounds > 2 ? std::min(0.99, 0.2 + 0.1 * (rounds - 2 - 1)) : 0;
    const bool converges = bytes <= stop;
    if (converges || rounds >= s.max_rounds) {
      const double pause = (bytes / s.link) * 1000 + s.fixed_downtime_ms;
      return {copyMs + pause, pause, sent, converges};
    }
    const double next = std::min((dirty * (roundMs * (1 - throttle))) / 1000, workingSet);
    copyMs += roundMs;
    bytes = next;
  }
}

// Linear between the points at (i + 0.5) / n; only the four order statistics that are read are put in place.
inline void quantiles(double *values, double &p50, double &p95) {
  double *end = values + SW_COPY_POINTS;
  const auto at = [&](double level) {
    const double place = level * SW_COPY_POINTS - 0.5;
    const int left = static_cast<int>(place);
    std::nth_element(values, values + left, end);
    const double low = values[left], high = *std::min_element(values + left + 1, end);
    end = values + left;  // the next level is lower
    return roundHalfUp(low + (place - left) * (high - low));
  };
  p95 = at(0.95);
  end = values + 60;  // p95 lies between the points 60 and 61
  p50 = at(0.5);
}
static_assert(SW_COPY_POINTS == 64, "p95 is read between the points 60 and 61");

inline Cost computeCost(const sw_copy_settings &s, double vcpus, double memory, double used, double load, int mode) {
  const double cpus = vcpus > 0 ? vcpus : s.vcpus_default;
  double size = memory > 0 ? memory : s.memory_default;
  if (used > size) size = used;
  const double dirtyMedian = s.idle_bytes + s.busy_bytes * ((load / 100) * cpus), dirtyMax = s.dirty_max * cpus;
  double totals[SW_COPY_POINTS], pauses[SW_COPY_POINTS], sent[SW_COPY_POINTS];
  int successes = 0;
  for (int i = 0; i < SW_COPY_POINTS; i++) {
    const double dirty = std::min(dirtyMax, dirtyMedian * s.dirty_factor[i]);
    const double inUse = used == used ? used : s.used_share[i] * size;
    Round one;
    if (mode == SW_POST_COPY) one = {(inUse / s.bandwidth) * 1000 + s.fixed_downtime_ms, s.fixed_downtime_ms, inUse, true};
    else one = copyRounds(s, inUse, dirty, mode == SW_AUTO_CONVERGE);
    totals[i] = s.setup_ms + ((size - inUse) / 1073741824.0) * s.scan_ms_per_gib + one.total;
    pauses[i] = one.pause;
    sent[i] = one.sent;
    successes += one.converges;
  }
  Cost cost;
  cost.success = roundHalfUp((successes / static_cast<double>(SW_COPY_POINTS)) * 1000) / 1000;
  quantiles(totals, cost.total50, cost.total95);
  quantiles(pauses, cost.pause50, cost.pause95);
  quantiles(sent, cost.sent50, cost.sent95);
  return cost;
}

class Costs {
 public:
  // Forgets what was computed with other settings.
  void use(const sw_copy_settings &settings) {
    if (entries_.empty()) entries_.resize(kEntries);
    else if (std::memcmp(&settings, &settings_, sizeof settings) == 0) return;
    for (Entry &entry : entries_) entry.mode = -1;
    std::memcpy(&settings_, &settings, sizeof settings);
  }

  Cost at(double vcpus, double memory, double used, double cpuPct, int mode) {
    const double rounded = roundHalfUp(cpuPct * 10) / 10, load = rounded > 0 ? rounded : 0;
    const double key[4] = {vcpus, memory, used, load};
    uint64_t words[4], hash = static_cast<uint64_t>(mode) + 1;
    std::memcpy(words, key, sizeof words);
    for (uint64_t word : words) hash = (hash ^ (word >> 32) ^ word) * 0x9e3779b97f4a7c15u;
    Entry &entry = entries_[hash >> (64 - kBits)];
    if (entry.mode != mode || std::memcmp(entry.words, words, sizeof words) != 0) {
      entry.cost = computeCost(settings_, vcpus, memory, used, load, mode);
      std::memcpy(entry.words, words, sizeof words);
      entry.mode = mode;
    }
    return entry.cost;
  }

 private:
  enum { kBits = 15, kEntries = 1 << kBits };
  struct Entry {
    uint64_t words[4];
    Cost cost;
    int32_t mode = -1;
  };
  std::vector<Entry> entries_;
  sw_copy_settings settings_;
};

}  // namespace sw_windows

#endif
