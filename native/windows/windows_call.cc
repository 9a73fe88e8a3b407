// The windows' operation as JavaScript calls it.

#include "../call.h"
#include "windows.h"

namespace {

sw_copy_settings settingsOf(const sw_call *call) {
  sw_copy_settings copy{};
  copy.bandwidth = sw_number(call, "bandwidthBytesPerSec");
  copy.link = sw_number(call, "linkBytesPerSec");
  copy.downtime_limit_ms = sw_number(call, "downtimeLimitMs");
  copy.fixed_downtime_ms = sw_number(call, "fixedDowntimeMs");
  copy.setup_ms = sw_number(call, "setupMs");
  copy.max_rounds = sw_number(call, "maxRounds");
  copy.memory_default = sw_number(call, "memoryBytesDefault");
  copy.vcpus_default = sw_number(call, "vcpusDefault");
  copy.scan_ms_per_gib = sw_number(call, "scanMsPerGib");
  copy.idle_bytes = sw_number(call, "idleBytesPerSec");
  copy.busy_bytes = sw_number(call, "bytesPerSecPerBusyVcpu");
  copy.dirty_max = sw_number(call, "bytesPerSecPerVcpuMax");
  copy.working_set_share = sw_number(call, "workingSetShare");
  const double *factor = sw_f64(call, "dirtyFactor"), *share = sw_f64(call, "usedShare");
  for (int i = 0; i < SW_COPY_POINTS; i++) {
    copy.dirty_factor[i] = factor[i];
    copy.used_share[i] = share[i];
  }
  return copy;
}

int32_t rank(const sw_call *call) {
  sw_rank_job job{};
  job.rows = sw_int(call, "rows");
  job.horizon = sw_int(call, "horizon");
  job.finer = sw_int(call, "finer");
  job.levels = sw_int(call, "levels");
  job.step_ms = sw_number(call, "stepMs");
  job.start_ms = sw_number(call, "startMs");
  job.mean = sw_f64(call, "mean");
  job.quantiles = sw_f64(call, "quantiles");
  const double *places = sw_f64(call, "places");  // (3, 3): left, right, share
  for (int i = 0; i < SW_SPAN_LEVELS; i++) {
    job.left[i] = static_cast<int32_t>(places[3 * i]);
    job.right[i] = static_cast<int32_t>(places[3 * i + 1]);
    job.share[i] = places[3 * i + 2];
  }
  job.vcpus = sw_f64(call, "vcpus");
  job.memory = sw_f64(call, "memoryBytes");
  job.used_memory = sw_f64(call, "usedMemoryBytes");
  job.skip = sw_u8(call, "skip");
  job.barred = sw_int(call, "isBarred") != 0 ? sw_u8(call, "barred") : nullptr;
  job.corrections = sw_int(call, "isCorrected") != 0 ? sw_f64(call, "corrections") : nullptr;
  job.first_step = sw_int(call, "firstStep");
  job.windows_max = sw_int(call, "windowsMax");
  job.length_ms_min = sw_number(call, "lengthMsMin");
  job.slack_ms = sw_number(call, "slackMs");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.figures = sw_f64(call, "figures");
  job.counts = sw_i32(call, "counts");
  job.modes = sw_i32(call, "modes");
  job.copy = settingsOf(call);
  return sw_windows_rank(&job);
}

int32_t cost(const sw_call *call) {
  sw_cost_job job{};
  job.rows = sw_int(call, "rows");
  job.starts = sw_int(call, "starts");
  job.loads = sw_f64(call, "cpuPct");
  job.vcpus = sw_f64(call, "vcpus");
  job.memory = sw_f64(call, "memoryBytes");
  job.used_memory = sw_f64(call, "usedMemoryBytes");
  job.modes = sw_i32(call, "modes");
  job.corrections = sw_int(call, "isCorrected") != 0 ? sw_f64(call, "corrections") : nullptr;
  job.copy = settingsOf(call);
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.one_by_one = sw_int(call, "oneByOne");
  job.figures = sw_f64(call, "figures");
  return sw_windows_cost(&job);
}

int32_t cases(const sw_call *call) {
  sw_copy_cases job{};
  job.count = sw_length(call, "usedMemoryBytes");
  job.used = sw_f64(call, "usedMemoryBytes");
  job.bandwidth = sw_f64(call, "bandwidthBytesPerSec");
  job.link = sw_f64(call, "linkBytesPerSec");
  job.dirty = sw_f64(call, "dirtyRateBytesPerSec");
  job.working_set = sw_f64(call, "writableWorkingSetBytes");
  job.downtime_limit_ms = sw_f64(call, "downtimeLimitMs");
  job.fixed_downtime_ms = sw_f64(call, "fixedDowntimeMs");
  job.max_rounds = sw_f64(call, "maxRounds");
  job.time_limit_ms = sw_f64(call, "timeLimitMs");
  job.throttled = sw_u8(call, "throttled");
  job.curve = sw_f64(call, "curve");
  job.curve_points = static_cast<int32_t>(sw_length(call, "curve") / 2);
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.rounds = sw_f64(call, "rounds");
  job.total_ms = sw_f64(call, "totalTimeMs");
  job.downtime_ms = sw_f64(call, "downtimeMs");
  job.bytes_sent = sw_f64(call, "bytesSent");
  job.converges = sw_u8(call, "converges");
  return sw_copy_run_cases(&job);
}

}  // namespace

const sw_named_operation sw_windows_operations[] = {
    {"windows.rank", rank}, {"windows.cost", cost}, {"windows.preCopy", cases}, {nullptr, nullptr}};
