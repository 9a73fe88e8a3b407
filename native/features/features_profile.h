// What rows of some series ask of their past, one lane = one series: running sums, so that a mean costs a subtraction.
// As src/kernels/reference/features/series-profile.ts; V is a double or a register of them.
#include "features.h"

namespace SW_NS {

typedef double vd __attribute__((vector_size(SW_BYTES)));
enum { LANES = SW_BYTES / 8, CHUNK = 32 };
// Running sums of errors: the step, the last value 1, 3, 6, 12, 18 h ago, day, week, means of 3 and 7 days, level.
enum { STEP, LAST, DAY_BEFORE = LAST + 5, WEEK_BEFORE, MEAN3, MEAN7, LEVEL };
static_assert(LEVEL + 1 == SW_SUMS, "a sum for each error");
static const int32_t kErrorHours[5] = {1, 3, 6, 12, 18};

template <typename V> static inline V all(double x) { return x - V{}; }
template <> inline double all<double>(double x) { return x; }
template <typename V> static inline V most(V a, V b) { return a > b ? a : b; }
template <typename V> static inline V least(V a, V b) { return a < b ? a : b; }
template <typename V> static inline V size(V x) { return most(x, -x); }
static inline double root(double x) { return __builtin_sqrt(x); }
static inline vd root(vd x) {
  for (int l = 0; l < LANES; l++) x[l] = __builtin_sqrt(x[l]);
  return x;
}
static inline int32_t later(int32_t a, int32_t b) { return a > b ? a : b; }

// Column t of a sum belongs to bins before t.
template <typename V> struct Profile {
  int32_t columns, day, hour;
  const V *filled;         // (T) last known value carried on; before the first, the first
  const V *sum, *squares;  // (T + 1)
  const V *errors;         // (T + 1, SW_SUMS), or of three columns alone: a week and a day before T, and T
  int32_t dense;
};

template <typename V> static inline V mean_of(const V *sums, int32_t to, int32_t span) {
  const int32_t from = later(0, to - span);
  return (sums[to] - sums[from]) / (double)later(1, to - from);
}

template <typename V> static inline V deviation_of(const Profile<V> &p, int32_t to, int32_t span) {
  const V mean = mean_of(p.sum, to, span);
  return root(most(all<V>(0), mean_of(p.squares, to, span) - mean * mean));
}

template <typename V> static inline V error_mean(const Profile<V> &p, int32_t which, int32_t to, int32_t span) {
  const int32_t from = later(0, to - span);
  const V *above = p.errors + SW_SUMS * (p.dense ? to : 2), *below = p.errors + SW_SUMS * (p.dense ? from : span == p.day ? 1 : 0);
  return (above[which] - below[which]) / (double)later(1, to - from);
}

template <typename V> static inline V back(const Profile<V> &p, int32_t t, int32_t steps) { return p.filled[later(0, t - steps)]; }

template <typename V> static inline void add_errors(const Profile<V> &p, int32_t t, V *own) {
  const V y = p.filled[t];
  own[STEP] += size(y - back(p, t, 1));
  for (int k = 0; k < 5; k++) own[LAST + k] += size(y - back(p, t, kErrorHours[k] * p.hour));
  const V yesterday = back(p, t, p.day), lastWeek = back(p, t, 7 * p.day);
  own[DAY_BEFORE] += size(y - yesterday);
  own[WEEK_BEFORE] += size(y - lastWeek);
  V total = all<V>(0) + yesterday;
  for (int days = 2; days <= 3; days++) total += back(p, t, days * p.day);
  own[MEAN3] += size(y - total / 3.0);
  for (int days = 4; days <= 6; days++) total += back(p, t, days * p.day);
  total += lastWeek;
  own[MEAN7] += size(y - total / 7.0);
  own[LEVEL] += size(y - mean_of(p.sum, later(1, t - p.day / 2), p.day));
}

// The rest of a profile whose `filled` is there; `sum`, `squares`, `errors` are its own arrays.
template <typename V> static void sum_up(const Profile<V> &p, V *sum, V *squares, V *errors) {
  V total = all<V>(0), square = all<V>(0);
  sum[0] = squares[0] = total;
  for (int32_t t = 0; t < p.columns; t++) {
    sum[t + 1] = total += p.filled[t];
    squares[t + 1] = square += p.filled[t] * p.filled[t];
  }
  V own[SW_SUMS];
  for (V &one : own) one = all<V>(0);
  const int32_t kept[3] = {later(0, p.columns - 7 * p.day), later(0, p.columns - p.day), p.columns};
  int32_t t = 0;
  const int32_t stops = p.dense ? p.columns + 1 : 3;
  for (int32_t stop = 0; stop < stops; stop++) {
    for (const int32_t to = p.dense ? stop : kept[stop]; t < to; t++) add_errors(p, t, own);
    for (int k = 0; k < SW_SUMS; k++) errors[SW_SUMS * stop + k] = own[k];
  }
}

static inline int usable(double x) { return x <= 1e100 && x >= -1e100; }

// Writes every `lanes`-th place; returns the first known column, or T.
static inline int32_t fill_forward(const double *values, int32_t columns, int32_t lanes, double *filled) {
  int32_t first = 0;
  while (first < columns && !usable(values[first])) first++;
  double last = first < columns ? values[first] : 0;
  for (int32_t t = 0; t < columns; t++) {
    last = usable(values[t]) ? values[t] : last;
    filled[(int64_t)t * lanes] = last;
  }
  return first;
}

// Places of a profile in memory that holds V.
template <typename V> static Profile<V> open_profile(const sw_feature_series &series, int32_t dense, V *work) {
  const int32_t columns = series.end - series.from;
  V *sum = work + columns, *squares = sum + columns + 1, *errors = squares + columns + 1;
  return {columns, series.steps_per_day, series.steps_per_day / 24, work, sum, squares, errors, dense};
}

template <typename V> static void finish_profile(const Profile<V> &p) { sum_up(p, (V *)p.sum, (V *)p.squares, (V *)p.errors); }

}  // namespace SW_NS
