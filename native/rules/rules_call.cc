// The rules' operation as JavaScript calls it.

#include "../call.h"
#include "rules.h"

namespace {

int32_t forecast(const sw_call *call) {
  sw_rules_job job{};
  job.values = sw_f64(call, "values");
  job.rows = sw_int(call, "rows");
  job.stride = sw_int(call, "stride");
  job.end = sw_int(call, "end");
  job.season = sw_int(call, "season");
  job.rule = sw_int(call, "rule");
  job.horizon = sw_int(call, "horizon");
  job.levels = sw_f64(call, "levels");
  job.level_count = static_cast<int32_t>(sw_length(call, "levels"));
  job.lower = sw_number(call, "lower");
  job.upper = sw_number(call, "upper");
  job.blocks = sw_i32(call, "blocks");
  job.block_count = static_cast<int32_t>(sw_length(call, "blocks") / 3);
  job.targets = sw_i32(call, "targets");
  job.target_count = static_cast<int32_t>(sw_length(call, "targets"));
  job.decay = sw_f64(call, "decay");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.point = sw_f64(call, "point");
  job.mean = sw_f64(call, "mean");
  job.quantiles = sw_f64(call, "quantiles");
  job.status = sw_u8(call, "status");
  return sw_rules_forecast(&job);
}

}  // namespace

const sw_named_operation sw_rules_operations[] = {{"rules.forecast", forecast}, {nullptr, nullptr}};
