// What copying costs through its C ABI: every instruction set beside scalar instructions, bit for bit.

#include <cmath>
#include <cstring>
#include <vector>

#include "../cpu/cpu.h"
#include "../windows/windows.h"
#include "check.h"

namespace {

sw_copy_settings settings() {
  sw_copy_settings s{};
  s.bandwidth = 134217728; s.link = 1.25e9; s.downtime_limit_ms = 300; s.fixed_downtime_ms = 20; s.max_rounds = 30;
  s.memory_default = 8589934592.0; s.vcpus_default = 2; s.scan_ms_per_gib = 300; s.idle_bytes = 3e5; s.busy_bytes = 4e7;
  s.dirty_max = 1e9; s.working_set_share = 0.7;
  for (int i = 0; i < SW_COPY_POINTS; i++) {
    s.dirty_factor[i] = std::exp(0.06 * (i - 31.5));
    s.used_share[i] = 0.3 + 0.7 * ((i * 37) % 64) / 64.0;
  }
  return s;
}

void costs() {
  const int rows = 17, starts = 13;
  std::vector<double> loads(rows * starts), vcpus(rows, 4), memory(rows), used(rows, NAN), corrections(rows * SW_CORRECTION_WIDTH, 1);
  std::vector<int32_t> modes(rows);
  for (int i = 0; i < rows * starts; i++) loads[i] = i % 19 == 7 ? NAN : i % 23 == 5 ? 1e6 : (i * 29) % 613 / 5.0;
  for (int row = 0; row < rows; row++) {
    modes[row] = row % 4;
    memory[row] = row % 5 == 4 ? NAN : (1 + row) * 1.5e9;
    if (row % 3 == 2) used[row] = row * 4e8;
  }
  std::vector<double> figures(rows * starts * SW_COPY_FIGURES), scalar(figures.size());
  sw_cost_job job{};
  job.rows = rows; job.starts = starts; job.loads = loads.data(); job.vcpus = vcpus.data(); job.memory = memory.data();
  job.used_memory = used.data(); job.modes = modes.data(); job.copy = settings(); job.threads = 2;
  for (int at = 0; at <= 2 * sw_best_isa() + 1; at++) {
    job.corrections = at % 2 == 0 ? nullptr : corrections.data();
    job.isa = at / 2;
    job.copy.setup_ms = at;  // nothing is remembered of what was computed before
    job.one_by_one = 1;
    job.figures = scalar.data();
    check(sw_windows_cost(&job) == 0, "costs run one by one");
    job.one_by_one = 0;
    job.figures = figures.data();
    check(sw_windows_cost(&job) == 0, "costs run");
    int apart = 0;
    for (size_t i = 0; i < figures.size(); i++) apart += !(figures[i] == scalar[i] || (std::isnan(figures[i]) && std::isnan(scalar[i])));
    check(apart == 0, "costs have the same bits on every instruction set");
  }
}

void cases() {
  const int count = 11;
  std::vector<double> used(count), bandwidth(count, 1e8), dirty(count), fixed(count, 20), limit(count, 300), rounds(count, 30), time(count, INFINITY);
  std::vector<uint8_t> throttled(count), converges(count);
  for (int i = 0; i < count; i++) used[i] = 1e9, dirty[i] = i * 1.3e7, throttled[i] = i == 10;
  std::vector<double> first, ends(4 * count);
  for (int isa = SW_BASELINE; isa <= sw_best_isa(); isa++) {
    sw_copy_cases job{};
    job.count = count; job.used = job.working_set = used.data(); job.bandwidth = job.link = bandwidth.data(); job.dirty = dirty.data();
    job.downtime_limit_ms = limit.data(); job.fixed_downtime_ms = fixed.data(); job.max_rounds = rounds.data(); job.time_limit_ms = time.data();
    job.throttled = throttled.data(); job.isa = isa; job.threads = 1; job.converges = converges.data();
    job.rounds = ends.data(); job.total_ms = job.rounds + count; job.downtime_ms = job.total_ms + count; job.bytes_sent = job.downtime_ms + count;
    check(sw_copy_run_cases(&job) == 0, "migrations run");
    check(ends[0] == 2 && ends[9] == 30 && converges[0] == 1 && converges[9] == 0, "a guest that never writes takes two rounds, a wild one all");
    if (first.empty()) first = ends;
    check(std::memcmp(first.data(), ends.data(), ends.size() * sizeof(double)) == 0, "migrations have the same bits on every instruction set");
  }
}

}  // namespace

void sw_test_copy() {
  costs();
  cases();
}
