// What copying costs at every start of many rows, and the plain recursion of many migrations: over threads.

#include "copy_cost.h"

#include <limits>

#include "../parallel.h"
#include "correct_cost.h"

namespace {

using sw_windows::Cost;
using sw_windows::Costs;
using sw_windows::roundedLoad;
using sw_windows::roundHalfUp;
using sw_windows::Size;

constexpr int kLoads = 4096;  // tenths of a percent that are remembered by place
constexpr int kWords = kLoads / 64;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr Cost kNothing = {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};

// What one size and mode costs by load. A row computes what no row like it has computed before; remembered or
// computed again, the bits are the same.
struct Table {
  uint64_t key[4] = {};
  uint64_t known[kWords] = {};
  std::vector<Cost> costs;
};

class Tables {
 public:
  // Forgets what was computed with other settings.
  void use(const sw_copy_settings &settings) {
    if (tables_.empty()) tables_.resize(kTables);
    else if (std::memcmp(&settings, &settings_, sizeof settings) == 0) return;
    for (Table &table : tables_) forget(table);
    std::memcpy(&settings_, &settings, sizeof settings);
  }

  Table &of(const Size &size, int mode) {
    const double figures[3] = {size.vcpus, size.memory, size.used};
    uint64_t key[4] = {0, 0, 0, static_cast<uint64_t>(mode) + 1}, hash = key[3];
    std::memcpy(key, figures, sizeof figures);
    for (uint64_t word : key) hash = (hash ^ (word >> 32) ^ word) * 0x9e3779b97f4a7c15u;
    // Memory in use that is known is hardly ever known of two rows: those share one table.
    Table &table = tables_[size.used == size.used ? 0 : hash >> (64 - kBits)];
    if (table.costs.empty()) table.costs.resize(kLoads);
    if (std::memcmp(table.key, key, sizeof key) != 0) {
      forget(table);
      std::memcpy(table.key, key, sizeof key);
    }
    return table;
  }

 private:
  enum { kBits = 8, kTables = 1 << kBits };
  std::vector<Table> tables_;
  sw_copy_settings settings_;

  static void forget(Table &table) {
    std::memset(table.key, 0, sizeof table.key);
    std::memset(table.known, 0, sizeof table.known);
  }
};

class CostRows {
 public:
  CostRows(const sw_cost_job &job, Costs &costs, Tables &tables)
      : job_(job), costs_(costs), tables_(tables), places_(job.starts) {}

  void cost(int64_t row) {
    static_assert(sizeof(Cost) == SW_COPY_FIGURES * sizeof(double), "a cost is its figures");
    Cost *to = reinterpret_cast<Cost *>(job_.figures) + row * job_.starts;
    const double *cpuPct = job_.loads + row * job_.starts;
    const int mode = job_.modes[row];
    Size size(job_.vcpus[row], job_.memory[row], job_.used_memory[row]);
    Table &table = tables_.of(size, mode);
    for (int32_t start = 0; start < job_.starts; start++) places_[start] = placeOf(cpuPct[start], mode);
    computeMissing(table, size, mode);
    for (int32_t start = 0; start < job_.starts; start++) {
      const int32_t place = places_[start];
      if (place >= 0) to[start] = table.costs[place];
      else to[start] = place == kUnknown ? kNothing : one(size, roundedLoad(cpuPct[start]), mode);
    }
    if (job_.corrections != nullptr && mode != SW_NO_MODE) correctRow(row, mode, to);
  }

 private:
  enum { kUnknown = -1, kFar = -2 };
  const sw_cost_job &job_;
  Costs &costs_;
  Tables &tables_;
  std::vector<int32_t> places_, missing_;
  std::vector<double> loads_;
  std::vector<Cost> computed_;

  // Where the table holds the load; kFar: nowhere.
  int32_t placeOf(double cpuPct, int mode) const {
    if (mode == SW_NO_MODE || cpuPct != cpuPct) return kUnknown;
    if (job_.one_by_one) return kFar;
    if (mode == SW_POST_COPY) return 0;  // its cost is the same at any load
    const double tenths = cpuPct * 10;
    if (!(tenths < kLoads - 1)) return kFar;
    const int32_t whole = tenths > 0 ? static_cast<int32_t>(tenths) : 0;
    return whole + (tenths - whole >= 0.5);
  }

  // Loads that rise: likes beside each other.
  void computeMissing(Table &table, Size &size, int mode) {
    uint64_t wanted[kWords] = {};
    for (int32_t place : places_) if (place >= 0) wanted[place >> 6] |= uint64_t{1} << (place & 63);
    missing_.clear();
    loads_.clear();
    for (int word = 0; word < kWords; word++) {
      uint64_t open = wanted[word] & ~table.known[word];
      for (table.known[word] |= open; open != 0; open &= open - 1) {
        missing_.push_back(64 * word + __builtin_ctzll(open));
        loads_.push_back(missing_.back() / 10.0);
      }
    }
    if (missing_.empty()) return;
    computed_.resize(missing_.size());
    costs_.compute(size, loads_.data(), static_cast<int>(loads_.size()), mode, computed_.data());
    for (size_t i = 0; i < missing_.size(); i++) table.costs[missing_[i]] = computed_[i];
  }

  Cost one(Size &size, double load, int mode) {
    if (!job_.one_by_one) return costs_.at(size, load, mode);
    return sw_windows::computeCost(job_.copy, size.vcpus, size.memory, size.used, load, mode);
  }

  void correctRow(int64_t row, int mode, Cost *to) const {
    const double *learned = job_.corrections + row * SW_CORRECTION_WIDTH + mode * SW_MODE_CORRECTION_WIDTH;
    for (int32_t start = 0; start < job_.starts; start++) {
      if (places_[start] != kUnknown) to[start] = sw_windows::corrected(to[start], learned);
    }
  }
};

}  // namespace

extern "C" int32_t sw_windows_cost(const sw_cost_job *job) {
  constexpr int kRowsPerPart = 64;
  sw_parallel(job->threads, (job->rows + kRowsPerPart - 1) / kRowsPerPart, [&](int64_t part) {
    thread_local Costs costs;
    thread_local Tables tables;
    costs.use(job->copy, job->isa);
    tables.use(job->copy);
    CostRows rows(*job, costs, tables);
    const int64_t end = std::min<int64_t>(job->rows, (part + 1) * kRowsPerPart);
    for (int64_t row = part * kRowsPerPart; row < end; row++) rows.cost(row);
  });
  return 0;
}

extern "C" int32_t sw_copy_run_cases(const sw_copy_cases *job) {
  void (*const bodies[])(const sw_copy_cases *, int64_t, int64_t) = {sw_copy_cases_baseline, sw_copy_cases_avx2, sw_copy_cases_avx512};
  constexpr int64_t kCasesPerPart = 4096;
  sw_parallel(job->threads, (job->count + kCasesPerPart - 1) / kCasesPerPart, [&](int64_t part) {
    bodies[job->isa](job, part * kCasesPerPart, std::min(job->count, (part + 1) * kCasesPerPart));
  });
  return 0;
}
