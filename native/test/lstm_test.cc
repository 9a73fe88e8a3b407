// The LSTM through its C ABI, at odd sizes and on every instruction set.

#include <cmath>
#include <vector>

#include "../lstm/lstm.h"
#include "../lstm/lstm_rows.h"
#include "check.h"

namespace {

constexpr int32_t kSteps = 5, kLeads = 3, kLevelCount = 3;
const double kLevels[kLevelCount] = {0.1, 0.5, 0.9};

float noise(size_t at) { return static_cast<float>(std::sin(static_cast<double>(at * 12.9898)) * 0.3); }

std::vector<float> numbers(int64_t length) {
  std::vector<float> values(static_cast<size_t>(length));
  for (size_t at = 0; at < values.size(); at++) values[at] = noise(at);
  return values;
}

std::vector<float> predict(const sw_lstm_shape &shape, int64_t count, int32_t isa, int32_t arithmetic, int32_t unit) {
  const std::vector<float> weights = numbers(sw_lstm_weights(&shape)), windows = numbers(count * kSteps * shape.inputs);
  std::vector<float> out(static_cast<size_t>(count * shape.outputs));
  sw_lstm_prediction job{};
  job.shape = shape;
  job.weights = weights.data();
  job.windows = windows.data();
  job.count = count;
  job.steps = kSteps;
  job.arithmetic = arithmetic;
  job.unit = unit;
  job.isa = isa;
  job.threads = 2;
  job.out = out.data();
  check(sw_lstm_predict(&job) == 0, "a forecast ends");
  for (const float value : out) check(std::isfinite(value), "a forecast is a number");
  return out;
}

std::vector<float> train(const sw_lstm_shape &shape, int64_t count, int32_t isa, int32_t threads) {
  std::vector<float> weights = numbers(sw_lstm_weights(&shape));
  std::vector<float> first(weights.size()), second(weights.size());
  const std::vector<float> windows = numbers(count * kSteps * shape.inputs);
  std::vector<float> targets = numbers(count * kLeads);
  if (count > 0) targets[0] = std::nanf("");
  std::vector<double> losses(static_cast<size_t>(count / 40 + 1));
  sw_lstm_lesson job{};
  job.shape = shape;
  job.weights = weights.data();
  job.first = first.data();
  job.second = second.data();
  job.windows = windows.data();
  job.targets = targets.data();
  job.count = count;
  job.steps = kSteps;
  job.levels = kLevels;
  job.level_count = kLevelCount;
  job.batch = 40;
  job.learning_rate = 0.01;
  job.clip_norm = 1;
  job.isa = isa;
  job.threads = threads;
  job.losses = losses.data();
  check(sw_lstm_train(&job) == 0, "a lesson ends");
  for (const float weight : weights) check(std::isfinite(weight), "a weight is a number");
  return weights;
}

}  // namespace

void sw_test_lstm() {
  for (int32_t layers = 1; layers <= 2; layers++) {
    for (const int32_t inputs : {4, 12, 64}) {
      const sw_lstm_shape shape{inputs, layers, kLeads * kLevelCount};
      for (const int64_t count : {0, 1, 15, 16, 17, 33}) {
        for (int isa = SW_BASELINE; isa <= sw_best_isa(); isa++) predict(shape, count, isa, SW_LSTM_FLOAT32, SW_UNIT_AUTO);
        if (sw_best_isa() < SW_AVX512) continue;
        const std::vector<float> plain = predict(shape, count, SW_AVX512, SW_LSTM_INT8, SW_UNIT_PLAIN);
        for (const int32_t unit : {SW_UNIT_VNNI, SW_UNIT_AMX, SW_UNIT_AUTO}) {
          check(predict(shape, count, SW_AVX512, SW_LSTM_INT8, unit) == plain, "no unit changes a bit");
        }
      }
    }
    const sw_lstm_shape shape{8, layers, kLeads * kLevelCount};
    for (int isa = SW_BASELINE; isa <= sw_best_isa(); isa++) {
      for (const int64_t count : {0, 1, 33, 81}) check(train(shape, count, isa, 1) == train(shape, count, isa, 3), "threads do not change a lesson");
    }
  }
}
