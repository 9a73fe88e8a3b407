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

using Cost = sw_copy_cost;

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

// Linear between the points at (i + 0.5) / n; NaN last, as JavaScript sorts.
inline void quantiles(double *values, double &p50, double &p95) {
  std::sort(values, values + SW_COPY_POINTS, [](double a, double b) { return b != b ? a == a : a < b; });
  const auto at = [&](double level) {
    const double place = level * SW_COPY_POINTS - 0.5;
    const int left = static_cast<int>(place);
    return roundHalfUp(values[left] + (place - left) * (values[left + 1] - values[left]));
  };
  p50 = at(0.5);
  p95 = at(0.95);
}

// Point by point in scalar instructions: for what is not finite, and what the lanes are measured against.
inline Cost computeCost(const sw_copy_settings &s, double vcpus, double memory, double used, double load, int mode) {
  const double cpus = vcpus > 0 ? vcpus : s.vcpus_default;
  double size = memory > 0 ? memory : s.memory_default;
  if (used > size) size = used;
  const double dirtyMedian = s.idle_bytes + s.busy_bytes * ((load / 100) * cpus), dirtyMax = s.dirty_max * cpus;
  double totals[SW_COPY_POINTS], pauses[SW_COPY_POINTS], sent[SW_COPY_POINTS];
  int successes = 0;
  for (int i = 0; i < SW_COPY_POINTS; i++) {
    const double dirty = std::min(dirtyMedian * s.dirty_factor[i], dirtyMax);
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

// What is known of a row, and what its points have in common as far as that was asked for.
struct Size {
  double vcpus, memory, used;
  bool ready = false;
  sw_copy_size points;
  Size(double vcpusKnown, double memoryKnown, double usedKnown) : vcpus(vcpusKnown), memory(memoryKnown), used(usedKnown) {}

  void prepare(const sw_copy_settings &s, double size) {
    const double bytesPerMs = s.bandwidth / 1000;
    for (int i = 0; i < SW_COPY_POINTS; i++) {
      const double inUse = used == used ? used : s.used_share[i] * size, workingSet = s.working_set_share * inUse;
      points.used[i] = inUse;
      points.working_set[i] = workingSet;
      points.base_ms[i] = s.setup_ms + ((size - inUse) / 1073741824.0) * s.scan_ms_per_gib;
      points.first_ms[i] = inUse / bytesPerMs;
      points.working_ms[i] = workingSet / bytesPerMs;
    }
    points.same_used = used == used;
    prepareStuck(s);
    ready = true;
  }

  // The recursion where every round after the first sends the working set.
  void prepareStuck(const sw_copy_settings &s) {
    const double stop = (s.bandwidth / 1000) * s.downtime_limit_ms;
    double *copyMs = points.stuck_copy_ms, *sent = points.stuck_sent;
    double more[SW_COPY_POINTS];  // 1 while the point goes on
    for (int i = 0; i < SW_COPY_POINTS; i++) {
      copyMs[i] = points.first_ms[i];
      sent[i] = points.used[i] + points.working_set[i];
      more[i] = points.working_set[i] > stop ? 1 : 0;
    }
    for (int round = 2; round < s.max_rounds; round++) {
      for (int i = 0; i < SW_COPY_POINTS; i++) {
        copyMs[i] += more[i] * points.working_ms[i];
        sent[i] += more[i] * points.working_set[i];
      }
    }
  }
};

inline double roundedLoad(double cpuPct) {
  const double rounded = roundHalfUp(cpuPct * 10) / 10;
  return rounded > 0 ? rounded : 0;
}

class Costs {
 public:
  // Forgets what was computed with other settings.
  void use(const sw_copy_settings &settings, int32_t isa) {
    const sw_copy_point_costs bodies[] = {sw_copy_cost_baseline, sw_copy_cost_avx2, sw_copy_cost_avx512};
    body_ = bodies[isa];
    if (entries_.empty()) entries_.resize(kEntries);
    else if (std::memcmp(&settings, &settings_, sizeof settings) == 0) return;
    for (Entry &entry : entries_) entry.mode = -1;
    std::memcpy(&settings_, &settings, sizeof settings);
  }

  // `load` is rounded already.
  Cost at(Size &size, double load, int mode) {
    Entry &entry = entryOf(size, load, mode);
    if (entry.mode != mode) compute(size, &load, 1, mode, &entry.cost);
    entry.mode = mode;
    return entry.cost;
  }

  // `loads` are rounded already, and alike beside each other; nothing is remembered.
  void compute(Size &size, const double *loads, int count, int mode, Cost *costs) const {
    const double cpus = size.vcpus > 0 ? size.vcpus : settings_.vcpus_default;
    double memory = size.memory > 0 ? size.memory : settings_.memory_default;
    if (size.used > memory) memory = size.used;
    if (!isPlain(size, memory, cpus, loads, count)) {
      for (int i = 0; i < count; i++) costs[i] = computeCost(settings_, size.vcpus, size.memory, size.used, loads[i], mode);
      return;
    }
    if (!size.ready) size.prepare(settings_, memory);
    body_(&settings_, &size.points, cpus, loads, count, mode, costs);
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
  sw_copy_point_costs body_ = nullptr;

  // Where the cost belongs; of another key: emptied first.
  Entry &entryOf(const Size &size, double load, int mode) {
    const double key[4] = {size.vcpus, size.memory, size.used, load};
    uint64_t words[4], hash = static_cast<uint64_t>(mode) + 1;
    std::memcpy(words, key, sizeof words);
    for (uint64_t word : words) hash = (hash ^ (word >> 32) ^ word) * 0x9e3779b97f4a7c15u;
    Entry &entry = entries_[hash >> (64 - kBits)];
    if (entry.mode != mode || std::memcmp(entry.words, words, sizeof words) != 0) {
      entry.mode = -1;
      std::memcpy(entry.words, words, sizeof words);
    }
    return entry;
  }

  // Neither so small nor so large that a division by way of a remainder would not be exact; known and finite.
  bool isPlain(const Size &size, double memory, double cpus, const double *loads, int count) const {
    constexpr double kLeast = 1e-100, kMost = 1e100;
    const sw_copy_settings &s = settings_;
    const auto plain = [&](double x) { return x == 0 || (x >= kLeast && x <= kMost); };
    bool is = s.downtime_limit_ms > 0 && plain((s.bandwidth / 1000) * s.downtime_limit_ms) && plain(s.bandwidth);
    is = is && plain(s.dirty_max * cpus) && plain(s.working_set_share) && plain(memory) && plain(s.used_share[0] * memory);
    is = is && (size.used != size.used || plain(size.used));
    for (int i = 0; i < count; i++) {
      const double median = s.idle_bytes + s.busy_bytes * ((loads[i] / 100) * cpus);
      is = is && plain(median * s.dirty_factor[0]) && plain(median * s.dirty_factor[SW_COPY_POINTS - 1]);
    }
    return is;
  }
};

}  // namespace sw_windows

#endif
