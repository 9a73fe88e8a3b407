// The operations of boosted trees as JavaScript calls them.

#include "../call.h"
#include "boosted.h"

namespace {

int32_t train(const sw_call *call) {
  sw_boosted_training job{};
  job.bins = sw_u8(call, "bins");
  job.target = sw_f32(call, "target");
  job.weight = sw_f32(call, "weight");
  job.rows = static_cast<int64_t>(sw_number(call, "rows"));
  job.features = sw_int(call, "features");
  job.bin_count = sw_int(call, "binCount");
  job.loss = sw_int(call, "loss");
  job.levels = sw_f64(call, "levels");
  job.outputs = sw_int(call, "outputs");
  job.trees = sw_int(call, "trees");
  job.depth = sw_int(call, "depth");
  job.learning_rate = sw_number(call, "learningRate");
  job.l2 = sw_number(call, "l2");
  job.row_share = sw_number(call, "rowShare");
  job.feature_share = sw_number(call, "featureShare");
  job.seed = static_cast<uint32_t>(sw_number(call, "seed"));
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.split_features = sw_u16(call, "splitFeatures");
  job.split_bins = sw_u8(call, "splitBins");
  job.split_gains = sw_f32(call, "splitGains");
  job.leaves = sw_f32(call, "leaves");
  job.base = sw_f32(call, "base");
  job.score = sw_f32(call, "score");
  return sw_boosted_train(&job);
}

int32_t predict(const sw_call *call) {
  sw_boosted_prediction job{};
  job.bins = sw_u8(call, "bins");
  job.rows = static_cast<int64_t>(sw_number(call, "rows"));
  job.stride = job.rows;
  job.trees = sw_int(call, "trees");
  job.depth = sw_int(call, "depth");
  job.outputs = sw_int(call, "outputs");
  job.split_features = sw_u16(call, "splitFeatures");
  job.split_bins = sw_u8(call, "splitBins");
  job.leaves = sw_f32(call, "leaves");
  job.base = sw_f32(call, "base");
  job.isa = sw_int(call, "isa");
  job.threads = sw_int(call, "threads");
  job.out = sw_f32(call, "out");
  return sw_boosted_predict(&job);
}

}  // namespace

const sw_named_operation sw_boosted_operations[] = {{"boosted.train", train}, {"boosted.predict", predict}, {nullptr, nullptr}};
