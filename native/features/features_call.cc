// The features' operations as JavaScript calls them.

#include "../call.h"
#include "features.h"

namespace {

sw_feature_series seriesOf(const sw_call *call) {
  sw_feature_series series{};
  series.values = sw_f64(call, "values");
  series.stride = sw_int(call, "stride");
  series.from = sw_int(call, "from");
  series.end = sw_int(call, "end");
  series.steps_per_day = sw_int(call, "stepsPerDay");
  series.horizon = sw_int(call, "horizon");
  series.centring = sw_int(call, "centring");
  series.calendar = sw_f32(call, "calendar");
  series.decay = sw_f64(call, "decay");
  series.isa = sw_int(call, "isa");
  series.threads = sw_int(call, "threads");
  return series;
}

int32_t night(const sw_call *call) {
  sw_feature_night job{};
  job.series = seriesOf(call);
  job.first = sw_int(call, "first");
  job.count = sw_int(call, "count");
  job.known_min = sw_int(call, "knownMin");
  job.cuts = sw_f32(call, "cuts");
  job.bins = sw_u8(call, "bins");
  job.centre = sw_f64(call, "centre");
  job.scale = sw_f64(call, "scale");
  job.known = sw_i32(call, "known");
  return sw_features_night(&job);
}

int32_t rows(const sw_call *call) {
  sw_feature_picks job{};
  job.series = seriesOf(call);
  job.picks = sw_i32(call, "picks");
  job.pick_count = sw_length(call, "picks") / 3;
  job.features = sw_f32(call, "features");
  job.centre = sw_f64(call, "centre");
  job.scale = sw_f64(call, "scale");
  return sw_features_rows(&job);
}

int32_t bin(const sw_call *call) {
  sw_feature_bytes job{};
  job.rows = sw_f32(call, "rows");
  job.row_count = static_cast<int64_t>(sw_number(call, "rowCount"));
  job.features = sw_int(call, "features");
  job.cuts = sw_f32(call, "cuts");
  job.bins = sw_u8(call, "bins");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  return sw_features_bin(&job);
}

int32_t place(const sw_call *call) {
  sw_feature_scores job{};
  job.scores = sw_f32(call, "scores");
  job.centre = sw_f64(call, "centre");
  job.scale = sw_f64(call, "scale");
  job.rows = sw_length(call, "centre");
  job.levels = sw_int(call, "levels");
  job.horizon = sw_int(call, "horizon");
  job.lower = sw_number(call, "lower");
  job.upper = sw_number(call, "upper");
  job.at = sw_i32(call, "at");
  job.share = sw_f64(call, "share");
  job.weight = sw_f64(call, "weight");
  job.mean_count = static_cast<int32_t>(sw_length(call, "weight"));
  job.wanted_count = static_cast<int32_t>(sw_length(call, "at")) - 1 - job.mean_count;
  job.first = static_cast<int64_t>(sw_number(call, "first"));
  job.point = sw_f64(call, "point");
  job.mean = sw_f64(call, "mean");
  job.quantiles = sw_f64(call, "quantiles");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  return sw_features_place(&job);
}

}  // namespace

const sw_named_operation sw_features_operations[] = {
    {"features.night", night}, {"features.rows", rows}, {"features.bin", bin}, {"features.place", place}, {nullptr, nullptr}};
