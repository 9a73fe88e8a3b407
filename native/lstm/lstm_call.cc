// The operations of the LSTM as JavaScript calls them.

#include "../call.h"
#include "lstm.h"

namespace {

sw_lstm_shape shapeOf(const sw_call *call) { return {sw_int(call, "inputs"), sw_int(call, "layers"), sw_int(call, "outputs")}; }

int32_t predict(const sw_call *call) {
  sw_lstm_prediction job{};
  job.shape = shapeOf(call);
  job.weights = sw_f32(call, "weights");
  job.windows = sw_f32(call, "windows");
  job.count = static_cast<int64_t>(sw_number(call, "count"));
  job.steps = sw_int(call, "steps");
  job.arithmetic = sw_int(call, "arithmetic");
  job.unit = sw_int(call, "unit");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.out = sw_f32(call, "out");
  return sw_lstm_predict(&job);
}

int32_t train(const sw_call *call) {
  sw_lstm_lesson job{};
  job.shape = shapeOf(call);
  job.weights = sw_f32(call, "weights");
  job.first = sw_f32(call, "firstMoments");
  job.second = sw_f32(call, "secondMoments");
  job.updates = static_cast<int64_t>(sw_number(call, "updates"));
  job.windows = sw_f32(call, "windows");
  job.targets = sw_f32(call, "targets");
  job.count = static_cast<int64_t>(sw_number(call, "count"));
  job.steps = sw_int(call, "steps");
  job.levels = sw_f64(call, "levels");
  job.level_count = static_cast<int32_t>(sw_length(call, "levels"));
  job.batch = static_cast<int64_t>(sw_number(call, "batch"));
  job.learning_rate = sw_number(call, "learningRate");
  job.clip_norm = sw_number(call, "clipNorm");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.losses = sw_f64(call, "losses");
  return sw_lstm_train(&job);
}

}  // namespace

const sw_named_operation sw_lstm_operations[] = {{"lstm.predict", predict}, {"lstm.train", train}, {nullptr, nullptr}};
