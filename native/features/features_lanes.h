// The loops over series, rows, and cuts that are compiled once for each instruction set.
//
// Fast because: as many series as a register has doubles are worked on together, from their running sums to their
// features; a byte is found by eight comparisons that pick a row of eight cuts, and seven with that row's, which lie
// column by column in registers (one permute for eight values).

#include <string.h>

#include "features_row.h"

namespace SW_NS {

#ifdef SW_PERMUTE
typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));

static void bin(const float *cuts, const float *values, int64_t count, uint8_t *bytes) {
  vf column[8], coarse[8];
  for (int j = 0; j < 8; j++) for (int r = 0; r < 8; r++) column[j][r] = cuts[8 * r + j];
  for (int r = 0; r < 8; r++) coarse[r] = cuts[8 * r + 7] - (vf){};
  for (int64_t i = 0; i < count; i += 8) {
    vf x = {};
    const int64_t left = count - i;
    if (left >= 8) memcpy(&x, values + i, 32);
    else memcpy(&x, values + i, 4 * (size_t)left);
    vi row = {}; // at most 7: no value is above the last cut, infinity
    for (int r = 0; r < 8; r++) row -= coarse[r] < x;
    vi below = 8 * row;
    for (int j = 0; j < 7; j++) below -= __builtin_shuffle(column[j], row) < x;
    for (int64_t l = 0; l < (left < 8 ? left : 8); l++) bytes[i + l] = (uint8_t)below[l];
  }
}
#else
static void bin(const float *cuts, const float *values, int64_t count, uint8_t *bytes) {
  for (int64_t i = 0; i < count; i++) {
    int32_t below = 0;
    for (int32_t step = SW_CUTS / 2; step > 0; step /= 2) below += cuts[below + step - 1] < values[i] ? step : 0;
    bytes[i] = (uint8_t)below;
  }
}
#endif

// Leads [lead, lead + n) of `count` series: to bytes.
static void night_chunk(const sw_feature_night &job, Row<vd> &row, int32_t first, int32_t count, int32_t lead, int32_t n, float *buffer) {
  const sw_feature_series &series = job.series;
  const int32_t t = row.p.columns, horizon = series.horizon;
  for (int32_t at = 0; at < n; at++) {
    row.place(t, lead + at);
    for (int l = 0; l < count; l++) {
      const int64_t to = (int64_t)(first - job.first + l) * horizon + lead + at;
      job.centre[to] = row.centre[l];
      job.scale[to] = row.scale[l];
    }
    if (job.cuts == nullptr) continue;
    row.write(t, lead + at, [&](int feature, vd value) {
      for (int l = 0; l < LANES; l++) buffer[(feature * LANES + l) * CHUNK + at] = (float)value[l];
    });
    const float own[4] = {(float)((double)(lead + at) / row.p.hour), series.calendar[3 * (t + lead + at)], series.calendar[3 * (t + lead + at) + 1],
                          series.calendar[3 * (t + lead + at) + 2]};
    for (int k = 0; k < 4; k++) for (int l = 0; l < LANES; l++) buffer[((SW_FEATURES - 4 + k) * LANES + l) * CHUNK + at] = own[k];
  }
  if (job.cuts == nullptr) return;
  const int64_t rows = (int64_t)job.count * horizon;
  for (int feature = 0; feature < SW_FEATURES; feature++) {
    for (int l = 0; l < count; l++) {
      uint8_t *to = job.bins + feature * rows + (int64_t)(first - job.first + l) * horizon + lead;
      bin(job.cuts + feature * SW_CUTS, buffer + (feature * LANES + l) * CHUNK, n, to);
    }
  }
}

// A series that is too short has no rows: its last value, scale 0.
static void no_rows(const sw_feature_night &job, int32_t one, double last) {
  const int64_t horizon = job.series.horizon, rows = job.count * horizon;
  for (int64_t at = one * horizon; at < (one + 1) * horizon; at++) {
    job.centre[at] = last;
    job.scale[at] = 0;
  }
  if (job.cuts == nullptr) return;
  for (int64_t feature = 0; feature < SW_FEATURES; feature++) memset(job.bins + feature * rows + one * horizon, 0, (size_t)horizon);
}

static void night(const sw_feature_night *job, int32_t first, int32_t count, void *work) {
  const sw_feature_series &series = job->series;
  const int32_t columns = series.end - series.from;
  vd *place = (vd *)work;
  const Profile<vd> p = open_profile<vd>(series, 0, place);
  int32_t worth = 0;
  for (int l = 0; l < LANES; l++) {
    const int32_t one = first + (l < count ? l : 0);
    const double *values = series.values + one * series.stride + series.from;
    const int32_t known = columns - fill_forward(values, columns, LANES, (double *)place + l);
    if (l >= count) continue;
    job->known[one - job->first] = known;
    worth |= known > 0 && known >= job->known_min;
  }
  if (worth) {
    finish_profile(p);
    float *buffer = (float *)(place + 3 * (int64_t)columns + 2 + 3 * SW_SUMS);
    Row<vd> row(p, series);
    for (int32_t lead = 0; lead < series.horizon; lead += CHUNK) {
      night_chunk(*job, row, first, count, lead, series.horizon - lead < CHUNK ? series.horizon - lead : CHUNK, buffer);
    }
  }
  for (int l = 0; l < count; l++) {
    const int32_t one = first - job->first + l, known = job->known[one];
    if (known == 0 || known < job->known_min) no_rows(*job, one, columns > 0 ? p.filled[columns - 1][l] : 0);
  }
}

static void picks(const sw_feature_picks *job, int64_t from, int64_t to, void *work) {
  const sw_feature_series &series = job->series;
  const int32_t columns = series.end - series.from;
  double *place = (double *)work;
  const Profile<double> p = open_profile<double>(series, 1, place);
  fill_forward(series.values + job->picks[3 * from] * series.stride + series.from, columns, 1, place);
  finish_profile(p);
  Row<double> row(p, series);
  for (int64_t at = from; at < to; at++) {
    const int32_t t = job->picks[3 * at + 1], lead = job->picks[3 * at + 2];
    float *out = job->features + at * SW_FEATURES;
    row.place(t, lead);
    row.write(t, lead, [&](int feature, double value) { out[feature] = (float)value; });
    out[SW_FEATURES - 4] = (float)((double)lead / p.hour);
    memcpy(out + SW_FEATURES - 3, series.calendar + 3 * (t + lead), SW_CALENDAR * sizeof(float));
    job->centre[at] = row.centre;
    job->scale[at] = row.scale;
  }
}

// Insertion by exchanges: as many rows as a register has doubles, nine levels or so.
static void place(const sw_feature_scores *job, int64_t from, int64_t to) {
  enum { LEVELS_MAX = 16 };
  const int64_t rows = job->rows;
  for (int64_t i = from; i < to; i += LANES) {
    const int32_t n = to - i < LANES ? (int32_t)(to - i) : LANES;
    vd centre = {}, scale = {}, own[LEVELS_MAX];
    for (int l = 0; l < n; l++) centre[l] = job->centre[i + l], scale[l] = job->scale[i + l];
    for (int32_t level = 0; level < job->levels; level++) {
      vd score = {};
      for (int l = 0; l < n; l++) score[l] = job->scores[level * rows + i + l];
      const vd value = centre + score * scale;
      const vd high = value > job->lower ? value : all<vd>(job->lower);
      own[level] = high < job->upper ? high : all<vd>(job->upper);
    }
    for (int32_t end = job->levels - 1; end > 0; end--) {
      for (int32_t at = 0; at < end; at++) {
        const vd a = own[at], b = own[at + 1];
        own[at] = least(a, b);
        own[at + 1] = most(a, b);
      }
    }
    const auto read = [&](int32_t k) {
      const vd low = own[job->at[k]], high = own[job->at[k] + 1 < job->levels ? job->at[k] + 1 : job->at[k]];
      return job->share[k] == 0 ? low : job->share[k] == 1 ? high : low + job->share[k] * (high - low);
    };
    const vd point = read(0);
    vd mean = all<vd>(0);
    for (int32_t k = 0; k < job->mean_count; k++) mean += job->weight[k] * read(1 + k);
    const int64_t horizon = job->horizon;
    for (int l = 0; l < n; l++) {
      job->point[job->first * horizon + i + l] = point[l];
      job->mean[job->first * horizon + i + l] = mean[l];
    }
    for (int32_t k = 0; k < job->wanted_count; k++) {
      const vd value = read(1 + job->mean_count + k);
      for (int l = 0; l < n; l++) {
        const int64_t series = job->first + (i + l) / horizon, lead = (i + l) % horizon;
        job->quantiles[(series * job->wanted_count + k) * horizon + lead] = value[l];
      }
    }
  }
}

}  // namespace SW_NS

extern "C" const sw_feature_loops SW_FEATURE_LOOPS = {SW_NS::LANES, SW_NS::night, SW_NS::picks, SW_NS::bin, SW_NS::place};
