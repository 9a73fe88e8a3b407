// The one N-API file: typed arrays in, a promise out; work runs on threads off the event loop.
// It knows nothing of the meaning of the arrays; sizes were checked by src/kernels/native.

#include <node_api.h>

#include <cstdint>
#include <cstring>

#include "arima.h"

namespace {

enum Operation { kFit = 0, kSearch = 1, kForecast = 2 };

// One call in flight. The argument array is kept referenced, so that no buffer moves or dies.
struct Call {
  Operation operation;
  sw_arima_job job;
  int32_t horizon;
  double *mean, *variance;
  int32_t result;
  napi_ref arguments;
  napi_deferred deferred;
  napi_async_work work;
};

double numberOf(napi_env env, napi_value object, const char *name) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number;
}

void *arrayOf(napi_env env, napi_value object, const char *name, napi_typedarray_type wanted) {
  napi_value value;
  bool is = false;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) return nullptr;
  napi_is_typedarray(env, value, &is);
  if (!is) return nullptr;
  napi_typedarray_type type;
  void *data = nullptr;
  napi_get_typedarray_info(env, value, &type, nullptr, &data, nullptr, nullptr);
  return type == wanted ? data : nullptr;
}

void execute(napi_env, void *data) {
  Call *call = static_cast<Call *>(data);
  if (call->operation == kFit) call->result = sw_arima_fit(&call->job);
  else if (call->operation == kSearch) call->result = sw_arima_search(&call->job);
  else call->result = sw_arima_forecast(&call->job, call->horizon, call->mean, call->variance);
}

void complete(napi_env env, napi_status status, void *data) {
  Call *call = static_cast<Call *>(data);
  napi_value answer;
  napi_create_int32(env, status == napi_ok ? call->result : -1, &answer);
  napi_resolve_deferred(env, call->deferred, answer);
  napi_delete_reference(env, call->arguments);
  napi_delete_async_work(env, call->work);
  delete call;
}

napi_value begin(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value object, promise, name;
  napi_get_cb_info(env, info, &count, &object, nullptr, nullptr);
  Call *call = new Call();
  sw_arima_job &job = call->job;
  call->operation = static_cast<Operation>(static_cast<int>(numberOf(env, object, "operation")));
  job.values = static_cast<double *>(arrayOf(env, object, "values", napi_float64_array));
  job.rows = static_cast<int32_t>(numberOf(env, object, "rows"));
  job.stride = static_cast<int32_t>(numberOf(env, object, "stride"));
  job.end = static_cast<int32_t>(numberOf(env, object, "end"));
  job.season = static_cast<int32_t>(numberOf(env, object, "season"));
  job.isa = static_cast<int32_t>(numberOf(env, object, "isa"));
  job.threads = static_cast<int32_t>(numberOf(env, object, "threads"));
  job.max_iterations = static_cast<int32_t>(numberOf(env, object, "maxIterations"));
  job.double_precision = static_cast<int32_t>(numberOf(env, object, "doublePrecision"));
  job.root_limit = numberOf(env, object, "rootLimit");
  job.candidates = static_cast<uint8_t *>(arrayOf(env, object, "candidates", napi_uint8_array));
  job.candidate_count = static_cast<int32_t>(numberOf(env, object, "candidateCount"));
  job.warm = static_cast<int32_t>(numberOf(env, object, "warm"));
  job.orders = static_cast<uint8_t *>(arrayOf(env, object, "orders", napi_uint8_array));
  job.fits = static_cast<double *>(arrayOf(env, object, "fits", napi_float64_array));
  call->horizon = static_cast<int32_t>(numberOf(env, object, "horizon"));
  call->mean = static_cast<double *>(arrayOf(env, object, "mean", napi_float64_array));
  call->variance = static_cast<double *>(arrayOf(env, object, "variance", napi_float64_array));
  napi_create_promise(env, &call->deferred, &promise);
  napi_create_reference(env, object, 1, &call->arguments);
  napi_create_string_utf8(env, "slackwater-arima", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, nullptr, name, execute, complete, call, &call->work);
  napi_queue_async_work(env, call->work);
  return promise;
}

napi_value bestIsa(napi_env env, napi_callback_info) {
  napi_value answer;
  napi_create_int32(env, sw_best_isa(), &answer);
  return answer;
}

napi_value peak(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, answer;
  int32_t isa = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &isa);
  napi_create_double(env, sw_peak_fma_per_sec(isa), &answer);
  return answer;
}

napi_value initialise(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_callback body;
  } functions[] = {{"arima", begin}, {"bestIsa", bestIsa}, {"peakFmaPerSec", peak}};
  for (const auto &entry : functions) {
    napi_value function;
    napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.body, nullptr, &function);
    napi_set_named_property(env, exports, entry.name, function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(slackwater, initialise)
