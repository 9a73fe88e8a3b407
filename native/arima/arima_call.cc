// ARIMA's operations as JavaScript calls them.

#include "../call.h"
#include "arima.h"

namespace {

sw_arima_job jobOf(const sw_call *call) {
  sw_arima_job job{};
  job.values = sw_f64(call, "values");
  job.rows = sw_int(call, "rows");
  job.stride = sw_int(call, "stride");
  job.end = sw_int(call, "end");
  job.season = sw_int(call, "season");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.max_iterations = sw_int(call, "maxIterations");
  job.double_precision = sw_int(call, "doublePrecision");
  job.root_limit = sw_number(call, "rootLimit");
  job.candidates = sw_u8(call, "candidates");
  job.candidate_count = sw_int(call, "candidateCount");
  job.warm = sw_int(call, "warm");
  job.orders = sw_u8(call, "orders");
  job.fits = sw_f64(call, "fits");
  return job;
}

int32_t fit(const sw_call *call) {
  const sw_arima_job job = jobOf(call);
  return sw_arima_fit(&job);
}

int32_t search(const sw_call *call) {
  const sw_arima_job job = jobOf(call);
  return sw_arima_search(&job);
}

int32_t forecast(const sw_call *call) {
  const sw_arima_job job = jobOf(call);
  return sw_arima_forecast(&job, sw_int(call, "horizon"), sw_f64(call, "mean"), sw_f64(call, "variance"));
}

int32_t compress(const sw_call *call) {
  const sw_arima_job job = jobOf(call);
  sw_arima_compress(&job, sw_int(call, "fresh"), sw_f64(call, "compressed"), sw_f64(call, "centre"), sw_f64(call, "unit"),
                    sw_f64(call, "low"), sw_f64(call, "high"), sw_u8(call, "seasonal"));
  return 0;
}

int32_t exact(const sw_call *call) {
  const sw_arima_job job = jobOf(call);
  sw_arima_exact(&job, sw_f64(call, "logLikelihood"));
  return 0;
}

}  // namespace

const sw_named_operation sw_arima_operations[] = {
    {"arima.fit", fit}, {"arima.search", search}, {"arima.forecast", forecast}, {"arima.compress", compress}, {"arima.exact", exact}, {nullptr, nullptr}};
