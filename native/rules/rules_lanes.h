// Rules of thumb, one lane = one row.
//
// Fast because: eight rows lie column by column, so a rule at a lead is one load; and their residuals are
// sorted together by a network of minima and maxima (543 for 64 values), which needs no branch.

#include "rules.h"

namespace SW_NS {

typedef double vd __attribute__((vector_size(SW_BYTES)));
typedef int64_t vl __attribute__((vector_size(SW_BYTES)));
enum { LANES = SW_BYTES / 8 };

static inline vd all(double x) { return x - (vd){}; }
static inline vd least(vd a, vd b) { return a < b ? a : b; }
static inline vd most(vd a, vd b) { return a > b ? a : b; }
static inline vl known(vd x) { return x == x; }
static inline int none(vl mask) {
  int64_t sum = 0;
  for (int l = 0; l < LANES; l++) sum |= mask[l];
  return sum == 0;
}

// Math.min(upper, Math.max(lower, x)) for x that is a number: of two zeros the bound's stays, as there.
static inline vd inside(vd x, double lower, double upper) {
  const vd high = x > lower ? x : all(lower);
  return high < upper ? high : all(upper);
}

struct Rows {
  const vd *values, *filled; // (end)
  const double *decay;
  int32_t season, rule;
};

static inline vd last_value(const Rows &rows, int32_t end) {
  return end > 0 ? rows.filled[end - 1] : all(__builtin_nan(""));
}

static inline vd same_time(const Rows &rows, int32_t end, int32_t lead, int32_t back) {
  vd found = all(__builtin_nan(""));
  for (int32_t tries = 1; tries <= 7; tries++) { // a week
    const int32_t at = end + lead - 1 - tries * back;
    if (at < 0) break;
    if (at >= end) continue;
    const vl open = ~known(found);
    if (none(open)) return found;
    found = open ? rows.values[at] : found;
  }
  const vd last = last_value(rows, end);
  return known(found) ? found : last;
}

static inline vd level_decay(const Rows &rows, int32_t end, int32_t lead) {
  const vd last = last_value(rows, end);
  const int32_t days = (lead + rows.season - 1) / rows.season;
  vd sum = {}, count = {};
  for (int32_t day = days; day < days + 3; day++) {
    const int32_t at = end + lead - 1 - day * rows.season;
    if (at < 0) continue;
    const vd value = rows.filled[at];
    const vl is = known(value);
    sum += is ? value : all(0);
    count += is ? all(1) : all(0);
  }
  const vl any = count > 0;
  const vd mean = sum / (any ? count : all(1));
  const vd value = mean + rows.decay[lead] * (last - mean);
  return any ? value : last;
}

static inline vd rule_at(const Rows &rows, int32_t end, int32_t lead) {
  switch (rows.rule) {
    case SW_RULE_LAST: return last_value(rows, end);
    case SW_RULE_DAY: return same_time(rows, end, lead, rows.season);
    case SW_RULE_WEEK: return same_time(rows, end, lead, 7 * rows.season);
    default: return level_decay(rows, end, lead);
  }
}

static inline void order(vd &low, vd &high) {
  const vd a = low, b = high;
  low = least(a, b);
  high = most(a, b);
}

// The 543 comparators of Batcher's odd-even merge sort (1968) of 64 places.
struct Network {
  uint8_t low[543], high[543];
  int count;
  constexpr Network() : low(), high(), count(0) {
    for (int p = 1; p < SW_RESIDUALS_MAX; p *= 2) {
      for (int k = p; k >= 1; k /= 2) {
        for (int j = k % p; j + k < SW_RESIDUALS_MAX; j += 2 * k) {
          for (int i = 0; i < k && i + j + k < SW_RESIDUALS_MAX; i++) {
            if ((i + j) / (2 * p) != (i + j + k) / (2 * p)) continue;
            low[count] = (uint8_t)(i + j);
            high[count++] = (uint8_t)(i + j + k);
          }
        }
      }
    }
  }
};
static constexpr Network kNetwork;
static_assert(kNetwork.count == 543, "the network of 64 places has 543 comparators");

static inline void sort(vd *x) {
  for (int i = 0; i < kNetwork.count; i++) order(x[kNetwork.low[i]], x[kNetwork.high[i]]);
}

// Linear between order statistics (Hyndman and Fan 1996, type 7), per lane.
static inline vd quantile(const vd *sorted, vd count, double level) {
  vd value = {};
  for (int l = 0; l < LANES; l++) {
    if (!(count[l] > 0)) continue;
    const double at = level * (count[l] - 1);
    const int low = (int)at;
    const double share = at - low;
    const double *lane = (const double *)sorted + l;
    value[l] = share == 0 ? lane[low * LANES] : lane[low * LANES] + share * (lane[(low + 1) * LANES] - lane[low * LANES]);
  }
  return value;
}

static inline vd residuals(const sw_rules_job *job, const Rows &rows, int32_t lead, vd *sorted) {
  vd count = {};
  const vd none = all(__builtin_inf());
  int32_t used = 0;
  for (int32_t i = 0; i < job->target_count; i++) {
    const int32_t target = job->targets[i], end = target - lead + 1;
    if (end <= 0) continue;
    const vd residual = rows.values[target] - rule_at(rows, end, lead);
    const vl is = known(residual);
    count += is ? all(1) : all(0);
    sorted[used++] = is ? residual : none;
  }
  while (used < SW_RESIDUALS_MAX) sorted[used++] = none;
  sort(sorted);
  return count;
}

static void transpose(const sw_rules_job *job, int32_t first, int32_t count, vd *values, vd *filled) {
  const double *row[LANES];
  for (int l = 0; l < LANES; l++) row[l] = job->values + (int64_t)(first + (l < count ? l : 0)) * job->stride;
  vd last = all(__builtin_nan(""));
  for (int32_t t = 0; t < job->end; t++) {
    vd x;
    for (int l = 0; l < LANES; l++) x[l] = row[l][t];
    values[t] = x;
    last = known(x) ? x : last;
    filled[t] = last;
  }
}

// The leads of one block; `offsets`: (level_count).
static void write_block(const sw_rules_job *job, const Rows &rows, const int32_t *block, int32_t first,
                        int32_t count, vd bias, const vd *offsets) {
  const vd last = last_value(rows, job->end);
  const int64_t horizon = job->horizon, levels = job->level_count;
  for (int32_t lead = block[0]; lead <= block[1]; lead++) {
    const vd rule = rule_at(rows, job->end, lead);
    const vd point = inside(known(rule) ? rule : last, job->lower, job->upper);
    const vd mean = inside(point + bias, job->lower, job->upper);
    for (int l = 0; l < count; l++) {
      job->point[(first + l) * horizon + lead - 1] = point[l];
      job->mean[(first + l) * horizon + lead - 1] = mean[l];
    }
    for (int32_t level = 0; level < levels; level++) {
      const vd value = inside(point + offsets[level], job->lower, job->upper);
      double *to = job->quantiles + (first * levels + level) * horizon + lead - 1;
      for (int l = 0; l < count; l++) to[l * levels * horizon] = value[l];
    }
  }
}

static void silence(const sw_rules_job *job, int64_t row) {
  const int64_t horizon = job->horizon;
  job->status[row] = SW_RULE_SILENT;
  for (int64_t i = 0; i < horizon; i++) job->point[row * horizon + i] = job->mean[row * horizon + i] = 0;
  double *quantiles = job->quantiles + row * job->level_count * horizon;
  for (int64_t i = 0; i < job->level_count * horizon; i++) quantiles[i] = 0;
}

static void group(const sw_rules_job *job, int32_t first, int32_t count, double *work) {
  enum { LEVELS_MAX = 64 };
  vd *values = (vd *)work, *filled = values + job->end;
  transpose(job, first, count, values, filled);
  const Rows rows = {values, filled, job->decay, job->season, job->rule};
  vl judged = all(0) == all(0);
  vd sorted[SW_RESIDUALS_MAX], offsets[LEVELS_MAX];
  for (int32_t b = 0; b < job->block_count; b++) {
    const int32_t *block = job->blocks + 3 * b;
    const vd known_count = residuals(job, rows, block[2], sorted);
    judged &= known_count > 0;
    vd sum = {};
    for (int i = 0; i < SW_RESIDUALS_MAX; i++) sum += (double)i < known_count ? sorted[i] : all(0);
    const vd bias = known_count > 0 ? sum / (known_count > 0 ? known_count : all(1)) : all(0);
    for (int32_t level = 0; level < job->level_count; level++) {
      offsets[level] = quantile(sorted, known_count, job->levels[level]);
    }
    write_block(job, rows, block, first, count, bias, offsets);
  }
  for (int l = 0; l < count; l++) {
    const double last = job->end > 0 ? filled[job->end - 1][l] : __builtin_nan("");
    if (last != last) silence(job, first + l);
    else job->status[first + l] = judged[l] ? SW_RULE_JUDGED : SW_RULE_UNJUDGED;
  }
}

}  // namespace SW_NS

extern "C" void SW_RULES(const sw_rules_job *job, int32_t first, int32_t count, double *work) {
  SW_NS::group(job, first, count, work);
}
