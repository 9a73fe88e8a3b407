// What one night hands to the next, as JavaScript calls it.

#include <cstdio>

#include "../call.h"
#include "combine.h"

namespace {

sw_combine_job jobOf(const sw_call *call) {
  sw_combine_job job{};
  job.rows = sw_int(call, "rows");
  job.members = sw_int(call, "members");
  job.levels = static_cast<int32_t>(sw_length(call, "levels"));
  job.leads = sw_int(call, "leads");
  job.horizon = sw_int(call, "horizon");
  job.threads = sw_int(call, "threads");
  job.isa = sw_int(call, "isa");
  for (int i = 0; i < job.members && i < SW_MEMBERS_MAX; i++) {
    char name[32];
    std::snprintf(name, sizeof name, "forecasts%d", i);
    job.forecasts[i] = sw_f64(call, name);
  }
  job.centi = sw_u16(call, "centi");
  job.level = sw_f64(call, "levels");
  job.actual = sw_f64(call, "actual");
  job.blocks = sw_i32(call, "blocks");
  job.block_count = static_cast<int32_t>(sw_length(call, "blocks") / 2);
  job.kept = sw_number(call, "kept");
  job.losses = sw_f32(call, "losses");
  job.relative = sw_f32(call, "relative");
  job.nights = sw_f64(call, "nights");
  return job;
}

int32_t pack(const sw_call *call) {
  const sw_combine_job job = jobOf(call);
  sw_combine_pack(&job);
  return 0;
}

int32_t mix(const sw_call *call) {
  sw_combine_job job = jobOf(call);
  job.levels = sw_int(call, "levelCount");
  job.judged_count = sw_int(call, "judgedCount");
  job.weights = sw_f64(call, "weights");
  job.judged_of = sw_i32(call, "judgedOf");
  job.places = sw_f64(call, "places");
  job.place_count = static_cast<int32_t>(sw_length(call, "places") / 4);
  job.point = sw_f64(call, "point");
  job.mean = sw_f64(call, "mean");
  job.quantiles = sw_f64(call, "quantiles");
  return sw_combine_mix(&job);
}

int32_t judge(const sw_call *call) {
  const sw_combine_job job = jobOf(call);
  sw_combine_judge(&job);
  return 0;
}

}  // namespace

const sw_named_operation sw_combine_operations[] = {{"combine.pack", pack}, {"combine.mix", mix}, {"combine.judge", judge}, {nullptr, nullptr}};
