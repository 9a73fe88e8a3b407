// The recursion of many migrations, one lane = one migration.

#include "copy_vector.h"

namespace SW_NS {

// Bytes dirtied in `ms` by a measured curve; piece-wise linear, as curveAt in pre-copy.ts.
static inline vd on_curve(const sw_copy_cases *job, vd ms) {
  const double *curve = job->curve;
  const int32_t last = job->curve_points - 1;
  const vd begin = (curve[1] / curve[0]) * ms;
  if (last == 0) return begin;
  vd left_ms = all(curve[0]), left_bytes = all(curve[1]);
  vd slope = all((curve[3] - curve[1]) / (curve[2] - curve[0]));
  vl onward = all(0) == all(0);
  for (int32_t right = 2; right <= last; right++) {
    const double *a = curve + 2 * (right - 1), *b = a + 2;
    onward &= a[0] < ms;
    left_ms = pick(onward, all(a[0]), left_ms);
    left_bytes = pick(onward, all(a[1]), left_bytes);
    slope = pick(onward, all((b[1] - a[1]) / (b[0] - a[0])), slope);
  }
  const vd bytes = left_bytes + slope * (ms - left_ms);
  return pick(ms <= curve[0], begin, pick(bytes < 0, all(0), bytes));
}

static inline vd gather(const double *from, int64_t first, int64_t count) {
  vd x;
  for (int l = 0; l < LANES; l++) x[l] = from[first + (l < count ? l : 0)];
  return x;
}

// Math.min where either may be NaN.
static inline vd least_known(vd a, vd b) {
  return pick(b != b, b, pick(b < a, b, a));
}

static void run_group(const sw_copy_cases *job, int64_t first, int64_t count) {
  enum { ROUNDS_LAST = 100000 };
  const vd per_ms = gather(job->bandwidth, first, count) / 1000;
  const vd stop = per_ms * gather(job->downtime_limit_ms, first, count);
  const vd dirty = gather(job->dirty, first, count), working_set = gather(job->working_set, first, count);
  const vd limit = gather(job->max_rounds, first, count), time_limit = gather(job->time_limit_ms, first, count);
  const vd max_rounds = pick(limit < (double)ROUNDS_LAST, limit, all(ROUNDS_LAST));
  const vl unlimited = (limit == __builtin_inf()) & (time_limit == __builtin_inf());
  vl throttled;
  for (int l = 0; l < LANES; l++) throttled[l] = job->throttled[first + (l < count ? l : 0)] != 0 ? -1 : 0;
  vd bytes = gather(job->used, first, count), copy_ms = {}, sent = {}, rounds = {};
  vl alive = all(0) == all(0), converged = {};
  for (int64_t round = 1; any(alive); round++) {
    const double throttle = throttle_of(round);
    sent = pick(alive, sent + bytes, sent);
    rounds = pick(alive, all((double)round), rounds);
    const vd round_ms = bytes / per_ms;
    const vd window_ms = round_ms * (1 - keep(throttled, all(throttle)));
    const vd dirtied = job->curve_points > 0 ? on_curve(job, window_ms) : (dirty * window_ms) / 1000;
    const vd next = least_known(dirtied, working_set);
    const vl steady = throttle == 0.99 ? all(0) == all(0) : ~throttled;
    const vl fits = bytes <= stop;
    const vl ends = fits | ((double)round >= max_rounds) | (copy_ms >= time_limit) | ((next == bytes) & steady & unlimited);
    converged |= alive & fits;
    alive &= ~ends;
    copy_ms = pick(alive, copy_ms + round_ms, copy_ms);
    bytes = pick(alive, next, bytes);
  }
  const vd pause = (bytes / gather(job->link, first, count)) * 1000 + gather(job->fixed_downtime_ms, first, count);
  const vd total = copy_ms + pause;
  for (int l = 0; l < count; l++) {
    job->rounds[first + l] = rounds[l];
    job->total_ms[first + l] = total[l];
    job->downtime_ms[first + l] = pause[l];
    job->bytes_sent[first + l] = sent[l];
    job->converges[first + l] = converged[l] != 0;
  }
}

}  // namespace SW_NS

extern "C" void SW_COPY_CASES(const sw_copy_cases *job, int64_t from, int64_t to) {
  for (int64_t first = from; first < to; first += SW_NS::LANES) {
    SW_NS::run_group(job, first, to - first < SW_NS::LANES ? to - first : (int64_t)SW_NS::LANES);
  }
}
