// The windows' operation as JavaScript calls it.

#include "../call.h"
#include "windows.h"

namespace {

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
  job.threads = sw_int(call, "threads");
  job.figures = sw_f64(call, "figures");
  job.counts = sw_i32(call, "counts");
  job.modes = sw_i32(call, "modes");
  sw_copy_settings &copy = job.copy;
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
  return sw_windows_rank(&job);
}

}  // namespace

const sw_named_operation sw_windows_operations[] = {{"windows.rank", rank}, {nullptr, nullptr}};
