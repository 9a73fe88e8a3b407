// Boosted trees through their C ABI, at odd sizes and on every instruction set.

#include <cmath>
#include <cstring>
#include <vector>

#include "../boosted/boosted.h"
#include "check.h"

namespace {

constexpr int kFeatures = 5, kBins = 9, kTrees = 3, kDepth = 6, kOutputs = 3;
const double kLevels[kOutputs] = {0.1, 0.5, 0.9};

struct Fit {
  std::vector<uint16_t> features = std::vector<uint16_t>(kTrees * kDepth);
  std::vector<uint8_t> bins = std::vector<uint8_t>(kTrees * kDepth);
  std::vector<float> gains = std::vector<float>(kTrees * kDepth);
  std::vector<float> leaves = std::vector<float>(kTrees * kOutputs << kDepth);
  std::vector<float> base = std::vector<float>(kOutputs);
};

uint32_t noise(uint32_t x) {
  x ^= x >> 16; x *= 0x85ebca6bu; x ^= x >> 13; x *= 0xc2b2ae35u; x ^= x >> 16;
  return x;
}

std::vector<uint8_t> columnsOf(int64_t rows) {
  std::vector<uint8_t> bins(static_cast<size_t>(kFeatures * rows));
  for (size_t i = 0; i < bins.size(); i++) bins[i] = static_cast<uint8_t>(noise(static_cast<uint32_t>(i)) % kBins);
  return bins;
}

Fit train(const std::vector<uint8_t> &bins, int64_t rows, int32_t isa, int32_t threads, int32_t loss) {
  Fit fit;
  std::vector<float> target(static_cast<size_t>(rows)), score(static_cast<size_t>(rows * kOutputs));
  for (int64_t i = 0; i < rows; i++) target[static_cast<size_t>(i)] = loss == SW_LOGISTIC ? bins[static_cast<size_t>(i)] > 4 : bins[static_cast<size_t>(i)] * 0.5f;
  sw_boosted_training job{};
  job.bins = bins.data();
  job.target = target.data();
  job.rows = rows;
  job.features = kFeatures;
  job.bin_count = kBins;
  job.loss = loss;
  job.levels = kLevels;
  job.outputs = loss == SW_PINBALL ? kOutputs : 1;
  job.trees = kTrees;
  job.depth = kDepth;
  job.learning_rate = 0.3;
  job.l2 = 1;
  job.row_share = 0.8;
  job.feature_share = 0.7;
  job.seed = 5;
  job.isa = isa;
  job.threads = threads;
  job.split_features = fit.features.data();
  job.split_bins = fit.bins.data();
  job.split_gains = fit.gains.data();
  job.leaves = fit.leaves.data();
  job.base = fit.base.data();
  job.score = score.data();
  check(sw_boosted_train(&job) == 0, "a training ends");
  for (const float leaf : fit.leaves) check(std::isfinite(leaf), "a leaf is a number");
  return fit;
}

std::vector<float> predict(const Fit &fit, const std::vector<uint8_t> &bins, int64_t rows, int32_t isa) {
  std::vector<float> out(static_cast<size_t>(rows * kOutputs));
  sw_boosted_prediction job{};
  job.bins = bins.data();
  job.rows = rows;
  job.stride = rows;
  job.trees = kTrees;
  job.depth = kDepth;
  job.outputs = kOutputs;
  job.split_features = fit.features.data();
  job.split_bins = fit.bins.data();
  job.leaves = fit.leaves.data();
  job.base = fit.base.data();
  job.isa = isa;
  job.threads = 2;
  job.out = out.data();
  check(sw_boosted_predict(&job) == 0, "a prediction ends");
  return out;
}

}  // namespace

void sw_test_boosted() {
  for (int isa = SW_BASELINE; isa <= sw_best_isa(); isa++) {
    for (const int64_t rows : {0, 1, 15, 16, 17, 63, 64, 65, 700}) {
      const std::vector<uint8_t> bins = columnsOf(rows);
      for (const int32_t loss : {SW_SQUARED, SW_PINBALL, SW_LOGISTIC}) {
        const Fit one = train(bins, rows, isa, 1, loss), three = train(bins, rows, SW_BASELINE, 3, loss);
        check(one.leaves == three.leaves && one.bins == three.bins, "threads and instruction sets do not change a tree");
        if (loss == SW_PINBALL) check(predict(one, bins, rows, isa) == predict(one, bins, rows, SW_BASELINE), "nor a forecast");
      }
    }
  }
}
