// The one N-API file: an operation's name, numbers, and typed arrays in, a promise out; work runs off the event loop.
// It knows nothing of their meaning; sizes were checked by src/kernels/native.

#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "call.h"
#include "cpu/cpu.h"
#include "operations.h"

// One argument: a number, or an array where `data` is set (or `length` is 0 and `array` true).
struct sw_argument {
  std::string name;
  double number = 0;
  bool array = false;
  napi_typedarray_type type = napi_uint8_array;
  void *data = nullptr;
  size_t length = 0;
};

// One call in flight. The argument object is kept referenced, so that no buffer moves or dies.
struct sw_call {
  sw_operation run;
  std::vector<sw_argument> arguments;
  int32_t result;
  napi_ref object;
  napi_deferred deferred;
  napi_async_work work;
};

namespace {

const sw_argument *find(const sw_call *call, const char *name) {
  for (const sw_argument &one : call->arguments) if (one.name == name) return &one;
  return nullptr;
}

void *arrayOf(const sw_call *call, const char *name, napi_typedarray_type type) {
  const sw_argument *one = find(call, name);
  return one != nullptr && one->array && one->type == type ? one->data : nullptr;
}

}  // namespace

double sw_number(const sw_call *call, const char *name) {
  const sw_argument *one = find(call, name);
  return one == nullptr ? 0 : one->number;
}
int64_t sw_length(const sw_call *call, const char *name) {
  const sw_argument *one = find(call, name);
  return one == nullptr ? 0 : static_cast<int64_t>(one->length);
}
double *sw_f64(const sw_call *call, const char *name) { return static_cast<double *>(arrayOf(call, name, napi_float64_array)); }
float *sw_f32(const sw_call *call, const char *name) { return static_cast<float *>(arrayOf(call, name, napi_float32_array)); }
int32_t *sw_i32(const sw_call *call, const char *name) { return static_cast<int32_t *>(arrayOf(call, name, napi_int32_array)); }
uint32_t *sw_u32(const sw_call *call, const char *name) { return static_cast<uint32_t *>(arrayOf(call, name, napi_uint32_array)); }
int16_t *sw_i16(const sw_call *call, const char *name) { return static_cast<int16_t *>(arrayOf(call, name, napi_int16_array)); }
uint16_t *sw_u16(const sw_call *call, const char *name) { return static_cast<uint16_t *>(arrayOf(call, name, napi_uint16_array)); }
int8_t *sw_i8(const sw_call *call, const char *name) { return static_cast<int8_t *>(arrayOf(call, name, napi_int8_array)); }
uint8_t *sw_u8(const sw_call *call, const char *name) { return static_cast<uint8_t *>(arrayOf(call, name, napi_uint8_array)); }

namespace {

std::string textOf(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return {};
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, &text[0], length + 1, &length);
  return text;
}

sw_argument argumentOf(napi_env env, napi_value object, napi_value key) {
  sw_argument one;
  one.name = textOf(env, key);
  napi_value value;
  if (napi_get_property(env, object, key, &value) != napi_ok) return one;
  napi_is_typedarray(env, value, &one.array);
  if (one.array) napi_get_typedarray_info(env, value, &one.type, &one.length, &one.data, nullptr, nullptr);
  else napi_get_value_double(env, value, &one.number);
  return one;
}

sw_operation operationOf(const std::string &name) {
  for (const sw_named_operation *family : kFamilies) {
    for (; family->name != nullptr; family++) if (name == family->name) return family->run;
  }
  return nullptr;
}

void execute(napi_env, void *data) {
  sw_call *call = static_cast<sw_call *>(data);
  call->result = call->run(call);
}

void complete(napi_env env, napi_status status, void *data) {
  sw_call *call = static_cast<sw_call *>(data);
  napi_value answer;
  napi_create_int32(env, status == napi_ok ? call->result : -1, &answer);
  napi_resolve_deferred(env, call->deferred, answer);
  napi_delete_reference(env, call->object);
  napi_delete_async_work(env, call->work);
  delete call;
}

// call(operation: string, arguments: object) -> Promise<number>
napi_value begin(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], promise, name, keys;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  const std::string operation = count == 2 ? textOf(env, arguments[0]) : std::string();
  const sw_operation run = operationOf(operation);
  if (run == nullptr) {
    napi_throw_range_error(env, nullptr, ("the addon has no operation '" + operation + "'").c_str());
    return nullptr;
  }
  sw_call *call = new sw_call();
  call->run = run;
  uint32_t keyCount = 0;
  napi_get_property_names(env, arguments[1], &keys);
  napi_get_array_length(env, keys, &keyCount);
  for (uint32_t at = 0; at < keyCount; at++) {
    napi_value key;
    napi_get_element(env, keys, at, &key);
    call->arguments.push_back(argumentOf(env, arguments[1], key));
  }
  napi_create_promise(env, &call->deferred, &promise);
  napi_create_reference(env, arguments[1], 1, &call->object);
  napi_create_string_utf8(env, "slackwater", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, nullptr, name, execute, complete, call, &call->work);
  napi_queue_async_work(env, call->work);
  return promise;
}

napi_value asInt(napi_env env, int32_t value) {
  napi_value answer;
  napi_create_int32(env, value, &answer);
  return answer;
}

napi_value bestIsa(napi_env env, napi_callback_info) { return asInt(env, sw_best_isa()); }
napi_value hasVnni(napi_env env, napi_callback_info) { return asInt(env, sw_has_vnni()); }
napi_value hasAmxInt8(napi_env env, napi_callback_info) { return asInt(env, sw_has_amx_int8()); }

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
  } functions[] = {{"call", begin}, {"bestIsa", bestIsa}, {"hasVnni", hasVnni}, {"hasAmxInt8", hasAmxInt8}, {"peakFmaPerSec", peak}};
  for (const auto &entry : functions) {
    napi_value function;
    napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.body, nullptr, &function);
    napi_set_named_property(env, exports, entry.name, function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(slackwater, initialise)
