// P50 and P95 of one VM's copy at one load, one lane = one of its 64 points.
//
// Fast because: points lie by rising dirty rate, so the lanes of a register end in the same rounds, and the same
// points at four like loads go side by side; a point that dirties its whole working set in each round is read from a
// table; and order statistics need no full sort: columns
// are sorted by a network without branches, merged, and the last merge is only a split.

#include "copy_vector.h"

namespace SW_NS {

enum { COLUMN = SW_COPY_POINTS / LANES };

// Batcher's odd-even merge sort (1968) of one column.
struct Network {
  uint8_t low[200], high[200];
  int count;
  constexpr Network() : low(), high(), count(0) {
    for (int p = 1; p < COLUMN; p *= 2) {
      for (int k = p; k >= 1; k /= 2) {
        for (int j = k % p; j + k < COLUMN; j += 2 * k) {
          for (int i = 0; i < k && i + j + k < COLUMN; i++) {
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

static inline __attribute__((always_inline)) void order(vd &low, vd &high) {
  const vd a = low, b = high;
  low = least(a, b);
  high = most(a, b);
}

// Indices are constants, so that the column stays in registers.
template <int At>
static inline __attribute__((always_inline)) void sort_columns(vd *x) {
  if constexpr (At < kNetwork.count) {
    order(x[kNetwork.low[At]], x[kNetwork.high[At]]);
    sort_columns<At + 1>(x);
  }
}

// Columns that rise and fall, or fall and rise, sorted.
static inline void merge_columns(vd *x) {
#pragma GCC unroll 8
  for (int k = COLUMN / 2; k >= 1; k /= 2) {
#pragma GCC unroll 64
    for (int j = 0; j < COLUMN; j++) {
      if ((j & k) == 0) order(x[j], x[j + k]);
    }
  }
}

template <int Bits>
static inline vd crossed(vd x) {  // lane l of the result is lane l ^ Bits
  vl at;
  for (int l = 0; l < LANES; l++) at[l] = l ^ Bits;
  return __builtin_shuffle(x, at);
}

template <int Bit>
static inline vl lower_lanes() {
  vl mask;
  for (int l = 0; l < LANES; l++) mask[l] = (l & Bit) == 0 ? -1 : 0;
  return mask;
}

// Neighbouring groups of Group / 2 sorted columns become one sorted group, column after column.
template <int Group>
static inline void merge_groups(vd *x) {
  const vl lower = lower_lanes<Group / 2>();
  vd y[COLUMN];
#pragma GCC unroll 64
  for (int j = 0; j < COLUMN; j++) {
    const vd other = crossed<Group - 1>(x[COLUMN - 1 - j]);
    y[j] = pick(lower, least(x[j], other), most(x[j], other));
  }
  if constexpr (Group == 4) {
    const vl first = lower_lanes<1>();
#pragma GCC unroll 64
    for (int j = 0; j < COLUMN; j++) {
      const vd other = crossed<1>(y[j]);
      y[j] = pick(first, least(y[j], other), most(y[j], other));
    }
  }
  merge_columns(y);
#pragma GCC unroll 64
  for (int j = 0; j < COLUMN; j++) x[j] = y[j];
}

static inline double round_half_up(double x) {  // Math.round
  const double low = __builtin_floor(x);
  return x - low >= 0.5 ? low + 1 : low;
}

static inline double between(double left, double right, double share) { return round_half_up(left + share * (right - left)); }

// Order statistics 31, 32, 60, 61 of 64 points.
static inline void quantiles(const vd *points, double &p50, double &p95) {
  vd x[COLUMN];
#pragma GCC unroll 64
  for (int j = 0; j < COLUMN; j++) x[j] = points[j];
  sort_columns<0>(x);
  if constexpr (LANES >= 4) merge_groups<2>(x);
  if constexpr (LANES >= 8) merge_groups<4>(x);
  // Two sorted halves: the lower 32 points are the lesser of each and its mirror in the other half.
  vd low = all(-__builtin_inf()), high = all(__builtin_inf());
#pragma GCC unroll 64
  for (int j = 0; j < COLUMN; j++) {
    const vd other = crossed<LANES - 1>(x[COLUMN - 1 - j]);
    low = most(low, least(x[j], other));
    high = least(high, most(x[j], other));
  }
  double below = low[0], above = high[0];
  for (int l = 1; l < LANES / 2; l++) {
    below = low[l] > below ? low[l] : below;
    above = high[l] < above ? high[l] : above;
  }
  p50 = between(below, above, 0.5 * SW_COPY_POINTS - 0.5 - 31);
  // The same of the highest four of both halves: the least two of them are the points 60 and 61.
  double least1 = __builtin_inf(), least2 = least1;
  for (int k = 0; k < 4; k++) {
    const double a = x[COLUMN - 4 + k][LANES / 2 - 1], b = x[COLUMN - 1 - k][LANES - 1], top = a > b ? a : b;
    const double rest = top > least1 ? top : least1;
    least1 = top < least1 ? top : least1;
    least2 = rest < least2 ? rest : least2;
  }
  p95 = between(least1, least2, 0.95 * SW_COPY_POINTS - 0.5 - 60);
}

// Points that rise already are read in place.
static inline bool read_sorted(const vd *points, double &p50, double &p95) {
  double x[SW_COPY_POINTS + LANES];
  for (int j = 0; j < COLUMN; j++) write(x + j * LANES, points[j]);
  write(x + SW_COPY_POINTS, all(__builtin_inf()));
  vl falls = {};
  for (int j = 0; j < COLUMN; j++) falls |= points[j] > read(x + j * LANES + 1);
  if (any(falls)) return false;
  p50 = between(x[31], x[32], 0.5 * SW_COPY_POINTS - 0.5 - 31);
  p95 = between(x[60], x[61], 0.95 * SW_COPY_POINTS - 0.5 - 60);
  return true;
}

struct Points {
  vd total[COLUMN], pause[COLUMN], sent[COLUMN];
  vl fits;
};

enum { CHAINS = 4, CHAINS_MAX = 6 };  // registers side by side hide the latency of divisions

// One register of points at one load.
struct Chain {
  int column;
  double median;
  Points *out;
};

// A lane that has ended goes on with no bytes: nothing that it adds changes a sum, and no mask is needed.
template <bool Throttled, int Chains>
static inline void copy_chains(const sw_copy_settings *s, const sw_copy_size *size, double most_dirty, const Chain *chains) {
  const double per_ms = s->bandwidth / 1000, stop = per_ms * s->downtime_limit_ms;
  const bool once = !(s->max_rounds > 1);
  vd bytes[Chains], copy_ms[Chains], sent[Chains], dirty[Chains], limit[Chains], end[Chains];
  vl stuck[Chains], some_stuck = {};
  for (int u = 0; u < Chains; u++) {
    const int at = chains[u].column * LANES;
    const vd used = read(size->used + at), first_ms = read(size->first_ms + at);
    limit[u] = read(size->working_set + at);
    dirty[u] = least(chains[u].median * read(s->dirty_factor + at), all(most_dirty));
    const vl goes_on = once ? (vl){} : used > stop;
    sent[u] = used;
    copy_ms[u] = keep(goes_on, first_ms);
    end[u] = keep(~goes_on, used);
    bytes[u] = keep(goes_on, least(thousandth(dirty[u] * first_ms), limit[u]));
    if constexpr (!Throttled) {
      // Surely stuck, whatever the rounding; the others are computed round by round.
      stuck[u] = (bytes[u] == limit[u]) & goes_on & (dirty[u] * read(size->working_ms + at) > limit[u] * (1000 * (1 + 1e-9)));
      some_stuck |= stuck[u];
    }
  }
  if constexpr (!Throttled) {
    if (any(some_stuck)) {
      for (int u = 0; u < Chains; u++) {
        const int at = chains[u].column * LANES;
        copy_ms[u] = pick(stuck[u], read(size->stuck_copy_ms + at), copy_ms[u]);
        sent[u] = pick(stuck[u], read(size->stuck_sent + at), sent[u]);
        end[u] = pick(stuck[u], limit[u], end[u]);
        bytes[u] = keep(~stuck[u], bytes[u]);
      }
    }
  }
  for (int64_t round = 2;; round++) {
    vl going = {};
    for (int u = 0; u < Chains; u++) {
      sent[u] += bytes[u];
      const vd last = keep(bytes[u] <= stop, bytes[u]);
      end[u] = (vd)((vl)end[u] | (vl)last);
      bytes[u] = (vd)((vl)bytes[u] ^ (vl)last);
      going |= (vl)bytes[u];
    }
    if (!any_bit(going) || (double)round >= s->max_rounds) break;
    const double rest = 1 - (Throttled ? throttle_of(round) : 0);
    for (int u = 0; u < Chains; u++) {
      const vd round_ms = bytes[u] / per_ms;
      copy_ms[u] += round_ms;
      bytes[u] = least(thousandth(dirty[u] * (Throttled ? round_ms * rest : round_ms)), limit[u]);
    }
  }
  for (int u = 0; u < Chains; u++) {
    const int column = chains[u].column;
    Points *out = chains[u].out;
    const vd last = (vd)((vl)end[u] | (vl)bytes[u]);
    const vd pause = (last / s->link) * 1000 + s->fixed_downtime_ms;
    out->pause[column] = pause;
    out->total[column] = read(size->base_ms + column * LANES) + (copy_ms[u] + pause);
    out->sent[column] = sent[u];
    out->fits -= last <= stop;
  }
}

static inline void post_copy(const sw_copy_settings *s, const sw_copy_size *size, Points &out) {
  for (int j = 0; j < COLUMN; j++) {
    const vd used = read(size->used + j * LANES);
    out.total[j] = read(size->base_ms + j * LANES) + ((used / s->bandwidth) * 1000 + s->fixed_downtime_ms);
    out.pause[j] = all(s->fixed_downtime_ms);
    out.sent[j] = used;
  }
  out.fits = (vl){} + (int64_t)COLUMN;
}

static inline void summarise(const sw_copy_size *size, const Points &points, sw_copy_cost *cost) {
  int64_t fits = 0;
  for (int l = 0; l < LANES; l++) fits += points.fits[l];
  cost->success = round_half_up(((double)fits / SW_COPY_POINTS) * 1000) / 1000;
  // With one size in use, time and bytes rise with the dirty rate, and so do the points.
  const bool rising = size->same_used != 0;
  if (!rising || !read_sorted(points.total, cost->total50, cost->total95)) {
    quantiles(points.total, cost->total50, cost->total95);
  }
  if (!rising || !read_sorted(points.sent, cost->sent50, cost->sent95)) {
    quantiles(points.sent, cost->sent50, cost->sent95);
  }
  quantiles(points.pause, cost->pause50, cost->pause95);
}

// `Chains` columns of one load side by side.
template <bool Throttled>
static inline void copy_load(const sw_copy_settings *s, const sw_copy_size *size, double median, double most_dirty, Points *out) {
  Chain chains[CHAINS];
  out->fits = (vl){};
  for (int column = 0; column < COLUMN; column += CHAINS) {
    for (int u = 0; u < CHAINS; u++) chains[u] = {column + u, median, out};
    copy_chains<Throttled, CHAINS>(s, size, most_dirty, chains);
  }
}

// The same column of at most `Chains` loads side by side.
template <bool Throttled, int Chains>
static inline void copy_loads(const sw_copy_settings *s, const sw_copy_size *size, const double *medians, int count,
                              double most_dirty, Points *out) {
  Chain chains[Chains];
  for (int u = 0; u < Chains; u++) {
    chains[u] = {0, medians[u < count ? u : 0], out + u};
    out[u].fits = (vl){};
  }
  for (int column = 0; column < COLUMN; column++) {
    for (int u = 0; u < Chains; u++) chains[u].column = column;
    copy_chains<Throttled, Chains>(s, size, most_dirty, chains);
  }
}

template <bool Throttled>
static inline void copy_some(const sw_copy_settings *s, const sw_copy_size *size, double cpus, const double *loads, int count,
                             Points *out) {
  const double most_dirty = s->dirty_max * cpus;
  double medians[CHAINS_MAX];
  for (int u = 0; u < count; u++) medians[u] = s->idle_bytes + s->busy_bytes * ((loads[u] / 100) * cpus);
  if (count == 1) copy_load<Throttled>(s, size, medians[0], most_dirty, out);
  else if (count <= CHAINS) copy_loads<Throttled, CHAINS>(s, size, medians, count, most_dirty, out);
  else copy_loads<Throttled, CHAINS_MAX>(s, size, medians, count, most_dirty, out);
}

}  // namespace SW_NS

extern "C" void SW_COPY_COST(const sw_copy_settings *s, const sw_copy_size *size, double cpus, const double *loads, int32_t count,
                             int32_t mode, sw_copy_cost *costs) {
  using namespace SW_NS;
  Points points[CHAINS_MAX];
  for (int32_t first = 0; first < count; first += CHAINS_MAX) {
    const int some = count - first < CHAINS_MAX ? count - first : (int)CHAINS_MAX;
    if (mode == SW_PRE_COPY) copy_some<false>(s, size, cpus, loads + first, some, points);
    else if (mode == SW_AUTO_CONVERGE) copy_some<true>(s, size, cpus, loads + first, some, points);
    else for (int u = 0; u < some; u++) post_copy(s, size, points[u]);
    for (int u = 0; u < some; u++) summarise(size, points[u], costs + first + u);
  }
}
