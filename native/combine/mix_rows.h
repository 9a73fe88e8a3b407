// The mix of one row; compiled once for each instruction set, without fused operations: the same bits.

#include "combine.h"

extern "C" void SW_MIX(const sw_combine_job *job, int64_t row) {
  const int64_t levels = job->levels, horizon = job->horizon, members = job->members, blocks = job->block_count;
  double *quantiles = job->quantiles + row * levels * horizon;
  double *mean = job->mean + row * horizon, *point = job->point + row * horizon;
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t from = job->blocks[2 * block] - 1, to = job->blocks[2 * block + 1] < horizon ? job->blocks[2 * block + 1] : horizon;
    for (int64_t level = 0; level < levels; level++) {
      const double *weights = job->weights + ((row * blocks + block) * job->judged_count + job->judged_of[level]) * members;
      double *sum = quantiles + level * horizon;
      for (int64_t lead = from; lead < to; lead++) sum[lead] = 0;
      for (int64_t member = 0; member < members; member++) {
        if (weights[member] == 0) continue;
        const double weight = weights[member], *values = job->forecasts[member] + (row * levels + level) * horizon;
        for (int64_t lead = from; lead < to; lead++) sum[lead] += weight * values[lead];
      }
    }
  }
  // Insertion along levels: they are nearly sorted; minima and maxima of whole rows need no branch.
  for (int64_t level = 1; level < levels; level++) {
    for (int64_t below = level; below > 0; below--) {
      double *low = quantiles + (below - 1) * horizon, *high = quantiles + below * horizon;
      for (int64_t lead = 0; lead < horizon; lead++) {
        const double a = low[lead], b = high[lead];
        low[lead] = b < a ? b : a;
        high[lead] = b < a ? a : b;
      }
    }
  }
  for (int32_t place = 0; place < job->place_count; place++) {
    const double *at = job->places + 4 * place, share = at[2], weight = at[3];
    const double *left = quantiles + (int64_t)at[0] * horizon, *right = quantiles + (int64_t)at[1] * horizon;
    for (int64_t lead = 0; lead < horizon; lead++) {
      const double value = left[lead] + share * (right[lead] - left[lead]);
      if (place == 0) point[lead] = value;
      else mean[lead] = (place == 1 ? 0 : mean[lead]) + weight * value;
    }
  }
}
