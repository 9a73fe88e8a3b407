// Features of rows, one lane = one series at the same origin and lead.
// As src/kernels/reference/features/row-features.ts, line by line: its order of operations is its bits.
#include "features_profile.h"

namespace SW_NS {

enum { RULES = 7, DAYS = 7, MINUTES_MAX = 60 };
static const int32_t kMeanHours[8] = {1, 2, 3, 6, 12, 24, 72, 168}, kDeviationHours[3] = {6, 24, 168};
static const int32_t kLags[4] = {2, 3, 4, 6}, kDaysCompared[3] = {0, 1, 6};

template <typename V> struct Row {
  const Profile<V> p;
  const sw_feature_series &series;
  int32_t origin;
  V centre, scale;
  V last, level, lastScale, floor, least, most_;
  V minutes[2 * MINUTES_MAX];
  V errors[RULES], lastErrors[5];
  V days[DAYS], rules[RULES];

  Row(const Profile<V> &profile, const sw_feature_series &of) : p(profile), series(of), origin(-1) {}

  // What the leads of an origin share.
  void begin(int32_t t) {
    const int32_t day = p.day, week = 7 * p.day;
    origin = t;
    last = p.filled[t - 1];
    level = mean_of(p.sum, t, day);
    floor = 0.02 * size(mean_of(p.sum, t, week)) + 1e-30;
    const V deviation = deviation_of(p, t, week);
    const V large = most(size(level), 0.5 * size(last));
    lastScale = large + 0.25 * deviation + floor;
    minutes_of(t, day, minutes);
    minutes_of(t, week, minutes + p.hour);
    least = most_ = p.filled[t - 1];
    for (int32_t at = later(0, t - day); at < t; at++) {
      least = p.filled[at] < least ? p.filled[at] : least;
      most_ = p.filled[at] > most_ ? p.filled[at] : most_;
    }
    for (int k = 0; k < 5; k++) lastErrors[k] = error_mean(p, LAST + k, t, week);
    errors[1] = error_mean(p, DAY_BEFORE, t, week);
    errors[2] = error_mean(p, WEEK_BEFORE, t, week);
    errors[3] = error_mean(p, MEAN3, t, week);
    errors[4] = error_mean(p, MEAN7, t, week);
    errors[5] = error_mean(p, LEVEL, t, week);
  }

  void minutes_of(int32_t t, int32_t span, V *to) {
    const int32_t hour = p.hour;
    for (int32_t bin = 0; bin < hour; bin++) to[bin] = all<V>(0);
    if (hour == 1) return;
    const V mean = mean_of(p.sum, t, span);
    for (int32_t bin = 0; bin < hour; bin++) {
      const int32_t at = t + bin;
      V total = all<V>(0);
      int32_t count = 0;
      for (int32_t steps = hour; steps <= span && at - steps >= 0; steps += hour, count++) total += p.filled[at - steps];
      if (count > 0) to[at % hour] = total / (double)count - mean;
    }
  }

  // Mean of the bins around a column, none of them at or after t.
  V around(int32_t column, int32_t half, int32_t t) const {
    const int32_t from = later(0, column - half), end = later(1, column + half + 1), to = t < end ? t : end;
    return to > from ? (p.sum[to] - p.sum[from]) / (double)(to - from) : last;
  }

  void place(int32_t t, int32_t lead) {
    if (t != origin) begin(t);
    const int32_t day = p.day, hour = p.hour, firstBack = (lead / day + 1) * day;
    for (int one = 0; one < DAYS; one++) {
      const int32_t column = t + lead - firstBack - one * day;
      days[one] = hour == 1 ? p.filled[later(0, column)] : around(column, hour / 2, t);
    }
    const int32_t weekBack = 7 * day * ((firstBack + 7 * day - 1) / (7 * day));
    rules[0] = last;
    rules[1] = p.filled[later(0, t + lead - firstBack)];
    rules[2] = p.filled[later(0, t + lead - weekBack)];
    rules[3] = (days[0] + days[1] + days[2]) / 3.0;
    rules[4] = (days[0] + days[1] + days[2] + days[3] + days[4] + days[5] + days[6]) / 7.0;
    rules[5] = level;
    rules[6] = rules[3] + series.decay[lead] * (last - rules[3]);
    int nearest = 0;
    const double leadHours = (double)(lead + 1) / hour;
    while (nearest + 1 < 5 && leadHours > (kErrorHours[nearest] + kErrorHours[nearest + 1]) / 2.0) nearest++;
    errors[0] = lastErrors[nearest];
    errors[6] = ::SW_NS::least(errors[0], errors[3]);
    if (series.centring == SW_CENTRE_LAST) {
      centre = last;
      scale = lastScale;
    } else {
      blend();
    }
  }

  void blend() {
    V mean = all<V>(0), weights = all<V>(0), sum = all<V>(0);
    for (const V &error : errors) mean += error / 7.0;
    mean += 1e-30;
    for (int rule = 0; rule < RULES; rule++) {
      const V ratio = errors[rule] / mean + 0.05;
      const V weight = 1.0 / (ratio * ratio);
      weights += weight;
      sum += weight * rules[rule];
    }
    centre = sum / weights;
    const V large = most(size(level), 0.5 * size(last)) + floor;
    scale = root(large) * root(errors[1] + floor);
  }

  // put(feature, value) for all but the calendar's, in their order.
  template <typename Put> void write(int32_t t, int32_t lead, Put put) {
    int next = 0;
    const auto ratio = [&](V value) { put(next++, value / scale); };
    days_of(t, lead, ratio);
    origins_of(t, ratio);
    const int32_t minute = (t + lead) % p.hour;
    ratio(minutes[minute]);
    ratio(minutes[p.hour + minute]);
    for (const V &rule : rules) ratio(rule - centre);
    for (const V &error : errors) ratio(error);
  }

  template <typename Ratio> void days_of(int32_t t, int32_t lead, Ratio ratio) {
    const int32_t day = p.day, firstBack = (lead / day + 1) * day, column = t + lead - firstBack;
    V total = all<V>(0), squares = all<V>(0), sorted[DAYS];
    for (int one = 0; one < DAYS; one++) {
      ratio(days[one] - centre);
      total += days[one];
      squares += days[one] * days[one];
      sorted[one] = days[one];
    }
    for (int one = 0; one < 3; one++) ratio(p.filled[later(0, column - one * day)] - centre);
    const int32_t aside = p.hour == 1 ? 1 : 2 * p.hour;
    const int32_t sides[2] = {column - aside, column + aside};
    for (const int32_t at : sides) ratio(p.filled[later(0, at < t - 1 ? at : t - 1)] - centre);
    sort(sorted);
    ratio((days[0] + days[1] + days[2]) / 3.0 - centre);
    ratio(total / 7.0 - centre);
    ratio(sorted[3] - centre);
    const V mean = total / 7.0;
    ratio(root(most(all<V>(0), squares / 7.0 - mean * mean)));
    ratio(sorted[0] - centre);
    ratio(sorted[DAYS - 1] - centre);
    for (const int32_t one : kDaysCompared) {
      const int32_t began = later(1, t - firstBack + day - (one + 1) * day);
      ratio(days[one] - mean_of(p.sum, began + day > t ? t : began + day, day));
      ratio(days[one] - p.filled[began - 1]);
    }
  }

  // Sixteen comparisons (Knuth, The Art of Computer Programming 3, 5.3.4).
  static void sort(V *x) {
    static const int8_t pairs[16][2] = {{0, 6}, {2, 3}, {4, 5}, {0, 2}, {1, 4}, {3, 6}, {0, 1}, {2, 5},
                                        {3, 4}, {1, 2}, {4, 6}, {2, 3}, {4, 5}, {1, 2}, {3, 4}, {5, 6}};
    for (const auto &pair : pairs) {
      const V a = x[pair[0]], b = x[pair[1]];
      x[pair[0]] = ::SW_NS::least(a, b);
      x[pair[1]] = ::SW_NS::most(a, b);
    }
  }

  template <typename Ratio> void origins_of(int32_t t, Ratio ratio) {
    const int32_t day = p.day, week = 7 * p.day, hour = p.hour;
    for (const int32_t lag : kLags) ratio(p.filled[later(0, t - lag)] - centre);
    for (const int32_t hours : kMeanHours) ratio(mean_of(p.sum, t, hours * hour) - centre);
    for (const int32_t hours : kDeviationHours) ratio(deviation_of(p, t, hours * hour));
    ratio(error_mean(p, STEP, t, day));
    ratio(error_mean(p, STEP, t, week));
    ratio(error_mean(p, DAY_BEFORE, t, day));
    ratio(error_mean(p, DAY_BEFORE, t, week));
    ratio(least - centre);
    ratio(most_ - centre);
    ratio(last - (series.centring == SW_CENTRE_LAST ? all<V>(0) : centre));
    ratio(p.filled[later(0, t - day - 1)] - last);
  }
};

}  // namespace SW_NS
