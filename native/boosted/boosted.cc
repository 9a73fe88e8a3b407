// Trains symmetric trees level by level, and shares the work of a tree over threads.
//
// Histograms are sums of integers (gradient in the high half of 64 bits, weight in the low one), so neither threads
// nor the order of rows change a bit. At each level only the smaller child of a node is counted; its sibling is the
// parent less it. Leaf values of pinball are quantiles of the leaf's residuals, read off a histogram with buckets
// that grow with the residual (8 for each power of two).

#include "boosted.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "../parallel.h"
#include "boosted_buckets.h"
#include "boosted_rows.h"

namespace {

constexpr int64_t kRowsPerPiece = 1 << 14;
constexpr int32_t kColumnsPerPiece = 4;
constexpr int64_t kRowsWorthThreads = 20000;  // below, a tree's twenty calls of threads cost more than they save
constexpr double kGradientSteps = 127;      // of stochastic rounding, fewer where 32 bits would overflow
constexpr double kWeightSteps = 16;         // of the mean weight
constexpr double kWeightStepsMax = 4095;

uint32_t mix(uint32_t h) {
  h ^= h >> 16; h *= 0x85ebca6bu; h ^= h >> 13; h *= 0xc2b2ae35u; h ^= h >> 16;
  return h;
}

// As core/random.ts.
uint32_t hash32(uint32_t seed, uint32_t a, uint32_t b, uint32_t c) {
  uint32_t h = mix(seed ^ (a * 0x9e3779b1u));
  h = mix(h ^ (b * 0x85ebca77u));
  return mix(h ^ (c * 0xc2b2ae3du));
}
double uniform(uint32_t seed, uint32_t a, uint32_t b, uint32_t c) { return hash32(seed, a, b, c) / 4294967296.0; }

enum Stream { kRowStream = 1, kFeatureStream = 2, kRoundStream = 3 };

const sw_boosted_rows &loopsOf(int32_t isa) {
  return isa >= SW_AVX512 ? sw_boosted_avx512 : isa == SW_AVX2 ? sw_boosted_avx2 : sw_boosted_baseline;
}

class Trainer {
 public:
  explicit Trainer(const sw_boosted_training &job)
      : job_(job), loops_(loopsOf(job.isa)), leaves_(1 << job.depth), span_(static_cast<int64_t>(1 << (job.depth - 1)) * job.bin_count),
        threads_(job.rows < kRowsWorthThreads ? 1 : job.threads) {}

  void run() {
    prepare();
    for (int32_t tree = 0; tree < job_.trees; tree++) {
      drawRows(tree);
      drawFeatures(tree);
      gradients(tree);
      grow(tree);
      setLeaves(tree);
      addTree(tree);
    }
  }

 private:
  const sw_boosted_training &job_;
  const sw_boosted_rows &loops_;
  const int32_t leaves_;
  const int64_t span_;  // cells of one feature's histogram
  const int32_t threads_;
  double unit_ = 1;     // mean absolute residual at the start: residuals are bucketed in it
  double steps_ = kGradientSteps;
  std::vector<uint16_t> weights_;           // empty = all 1
  std::vector<uint32_t> drawn_, list_;      // rows of the tree; rows of the smaller children
  std::vector<int64_t> packed_, listPacked_;
  std::vector<uint16_t> slot_;
  std::vector<uint8_t> leaf_, node_;        // of all rows; of drawn rows while the tree grows
  std::vector<int32_t> features_;
  std::vector<int64_t> histograms_;         // (features drawn, nodes, bins)
  std::vector<float> gradient_;

  template <typename Work>
  void overRows(int64_t count, Work work) {
    sw_parallel(threads_, (count + kRowsPerPiece - 1) / kRowsPerPiece, [&](int64_t piece) {
      work(piece * kRowsPerPiece, std::min(count, (piece + 1) * kRowsPerPiece));
    });
  }

  int32_t weightOf(int64_t row) const { return weights_.empty() ? 1 : weights_[row]; }

  void prepare() {
    const int64_t n = job_.rows;
    leaf_.resize(n);
    if (job_.weight != nullptr) {
      double mean = 0;
      for (int64_t i = 0; i < n; i++) mean += job_.weight[i];
      mean /= static_cast<double>(std::max<int64_t>(n, 1));
      weights_.resize(n);
      for (int64_t i = 0; i < n; i++) {
        weights_[i] = static_cast<uint16_t>(std::min(std::max(std::nearbyint(job_.weight[i] / mean * kWeightSteps), 1.0), kWeightStepsMax));
      }
    }
    startValues();
    const double cells = static_cast<double>(n) * (weights_.empty() ? 1 : kWeightSteps);
    steps_ = std::min(kGradientSteps, std::floor(2147483647.0 / std::max(cells, 1.0)));
    steps_ = std::max(steps_, 7.0);
    for (int32_t o = 0; o < job_.outputs; o++) std::fill(job_.score + o * n, job_.score + (o + 1) * n, job_.base[o]);
  }

  // Quantiles, the mean, or the log-odds of the target: what no tree has to learn.
  void startValues() {
    const int64_t n = job_.rows;
    if (n == 0) {
      std::fill(job_.base, job_.base + job_.outputs, 0.0f);
      return;
    }
    std::vector<std::pair<float, int64_t>> sorted;
    double sum = 0, total = 0;
    for (int64_t i = 0; i < n; i++) {
      sum += static_cast<double>(job_.target[i]) * weightOf(i);
      total += weightOf(i);
    }
    if (job_.loss == SW_PINBALL) {
      sorted.reserve(n);
      for (int64_t i = 0; i < n; i++) sorted.emplace_back(job_.target[i], i);
      std::sort(sorted.begin(), sorted.end());
      for (int32_t o = 0; o < job_.outputs; o++) {
        double seen = 0;
        int64_t at = 0;
        while (at + 1 < n && seen + weightOf(sorted[at].second) < job_.levels[o] * total) seen += weightOf(sorted[at++].second);
        job_.base[o] = sorted[at].first;
      }
    } else if (job_.loss == SW_LOGISTIC) {
      const double share = std::min(std::max(sum / total, 1e-6), 1 - 1e-6);
      job_.base[0] = static_cast<float>(std::log(share / (1 - share)));
    } else {
      job_.base[0] = static_cast<float>(sum / total);
    }
    const float centre = job_.base[job_.outputs / 2];
    double spread = 0;
    for (int64_t i = 0; i < n; i++) spread += std::fabs(job_.target[i] - centre);
    unit_ = spread > 0 ? spread / static_cast<double>(n) : 1;
  }

  void drawRows(int32_t tree) {
    drawn_.clear();
    for (int64_t chunk = 0; chunk * SW_CHUNK_ROWS < job_.rows; chunk++) {
      if (uniform(job_.seed, kRowStream, tree, static_cast<uint32_t>(chunk)) >= job_.row_share) continue;
      const int64_t to = std::min(job_.rows, (chunk + 1) * SW_CHUNK_ROWS);
      for (int64_t row = chunk * SW_CHUNK_ROWS; row < to; row++) drawn_.push_back(static_cast<uint32_t>(row));
    }
    const size_t n = drawn_.size();
    packed_.resize(n);
    list_.resize(n);
    listPacked_.resize(n);
    slot_.resize(n);
    node_.assign(n, 0);
    gradient_.resize(n);
  }

  void drawFeatures(int32_t tree) {
    features_.clear();
    for (int32_t f = 0; f < job_.features; f++) {
      if (uniform(job_.seed, kFeatureStream, tree, f) < job_.feature_share) features_.push_back(f);
    }
    if (features_.empty() && job_.features > 0) features_.push_back(hash32(job_.seed, kFeatureStream, tree, job_.features) % job_.features);
    histograms_.resize(static_cast<size_t>(features_.size()) * span_);
  }

  // The gradient that shapes the tree: each level of pinball in its turn (outputs share the structure). Turns beat
  // sums over levels by 2 % of pinball on real VM load, and cost nothing.
  double gradientOf(int32_t tree, int64_t row) const {
    const float y = job_.target[row];
    if (job_.loss == SW_SQUARED) return static_cast<double>(y) - job_.score[row];
    if (job_.loss == SW_LOGISTIC) return y - 1 / (1 + std::exp(-static_cast<double>(job_.score[row])));
    const int32_t output = tree % job_.outputs;
    return job_.levels[output] - (y < job_.score[output * job_.rows + row] ? 1 : 0);
  }

  void gradients(int32_t tree) {
    const int64_t n = static_cast<int64_t>(drawn_.size());
    overRows(n, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) gradient_[i] = static_cast<float>(gradientOf(tree, drawn_[i]) * weightOf(drawn_[i]));
    });
    float most = 0;
    for (int64_t i = 0; i < n; i++) most = std::max(most, std::fabs(gradient_[i]));
    const double scale = most > 0 ? steps_ / most : 0;
    overRows(n, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const double up = uniform(job_.seed, kRoundStream, tree, drawn_[i]);
        const int64_t rounded = static_cast<int64_t>(std::floor(gradient_[i] * scale + up));
        packed_[i] = rounded * (int64_t{1} << 32) + weightOf(drawn_[i]);
      }
    });
  }

  void grow(int32_t tree) {
    uint16_t *splits = job_.split_features + static_cast<int64_t>(tree) * job_.depth;
    uint8_t *bins = job_.split_bins + static_cast<int64_t>(tree) * job_.depth;
    std::vector<uint8_t> smallIsRight(leaves_);
    for (int32_t level = 0; level < job_.depth; level++) {
      histogramsOf(level, smallIsRight);
      float gain = 0;
      choose(level, splits[level], bins[level], gain);
      job_.split_gains[static_cast<int64_t>(tree) * job_.depth + level] = gain;
      if (level + 1 < job_.depth) divide(level, splits[level], bins[level], smallIsRight);
    }
  }

  // Level 0: all drawn rows. Deeper: the smaller children by counting, their siblings by subtraction.
  void histogramsOf(int32_t level, const std::vector<uint8_t> &smallIsRight) {
    const int32_t nodes = 1 << level, parents = nodes / 2, bins = job_.bin_count;
    const int64_t pieces = (static_cast<int64_t>(features_.size()) + kColumnsPerPiece - 1) / kColumnsPerPiece;
    const int64_t n = static_cast<int64_t>(level == 0 ? drawn_.size() : list_.size());
    const uint32_t *rows = level == 0 ? drawn_.data() : list_.data();
    const int64_t *packed = level == 0 ? packed_.data() : listPacked_.data();
    if (level == 0) std::fill(slot_.begin(), slot_.end(), 0);
    sw_parallel(threads_, pieces, [&](int64_t piece) {
      const int32_t first = static_cast<int32_t>(piece) * kColumnsPerPiece;
      const int32_t count = std::min(kColumnsPerPiece, static_cast<int32_t>(features_.size()) - first);
      const uint8_t *columns[kColumnsPerPiece];
      for (int32_t c = 0; c < count; c++) columns[c] = job_.bins + features_[first + c] * job_.rows;
      int64_t *own = histograms_.data() + first * span_;
      if (level == 0) {
        for (int32_t c = 0; c < count; c++) std::fill(own + c * span_, own + c * span_ + bins, 0);
        loops_.accumulate(columns, count, rows, slot_.data(), packed, n, own, span_);
        return;
      }
      std::vector<int64_t> small(static_cast<size_t>(count) * parents * bins, 0);
      loops_.accumulate(columns, count, rows, slot_.data(), packed, n, small.data(), static_cast<int64_t>(parents) * bins);
      for (int32_t c = 0; c < count; c++) split(own + c * span_, small.data() + static_cast<int64_t>(c) * parents * bins, parents, smallIsRight);
    });
  }

  // Parent p becomes nodes p (left) and p + parents (right).
  void split(int64_t *own, const int64_t *small, int32_t parents, const std::vector<uint8_t> &smallIsRight) const {
    const int32_t bins = job_.bin_count;
    for (int32_t p = 0; p < parents; p++) {
      int64_t *left = own + p * bins, *right = own + (p + parents) * bins;
      const int64_t *counted = small + p * bins;
      for (int32_t b = 0; b < bins; b++) {
        const int64_t rest = left[b] - counted[b];
        left[b] = smallIsRight[p] ? rest : counted[b];
        right[b] = smallIsRight[p] ? counted[b] : rest;
      }
    }
  }

  // The split with the largest sum over nodes of G^2 / (H + l2); the first of equals.
  void choose(int32_t level, uint16_t &feature, uint8_t &bin, float &gain) {
    const int32_t nodes = 1 << level, bins = job_.bin_count;
    const double l2 = job_.l2 * (weights_.empty() ? 1 : kWeightSteps);
    std::vector<double> best(features_.size(), -1);
    std::vector<int32_t> at(features_.size(), 0);
    sw_parallel(threads_, static_cast<int64_t>(features_.size()), [&](int64_t f) {
      double gains[256] = {0};
      for (int32_t node = 0; node < nodes; node++) {
        const int64_t *cells = histograms_.data() + f * span_ + node * bins;
        int64_t total = 0, seen = 0;
        for (int32_t b = 0; b < bins; b++) total += cells[b];
        if (total == 0) continue;  // no row came here
        const double weight = static_cast<double>(total & 0xffffffff), sum = static_cast<double>(total >> 32);
        const double whole = sum * sum / (weight + l2);
        for (int32_t b = 0; b + 1 < bins; b++) {
          seen += cells[b];
          const double left = static_cast<double>(seen >> 32), leftWeight = static_cast<double>(seen & 0xffffffff);
          const double right = sum - left, rightWeight = weight - leftWeight;
          gains[b] += left * left / (leftWeight + l2) + right * right / (rightWeight + l2) - whole;
        }
      }
      for (int32_t b = 0; b + 1 < bins; b++) if (gains[b] > best[f]) { best[f] = gains[b]; at[f] = b; }
    });
    size_t winner = 0;
    for (size_t f = 1; f < features_.size(); f++) if (best[f] > best[winner]) winner = f;
    feature = static_cast<uint16_t>(features_.empty() ? 0 : features_[winner]);
    bin = static_cast<uint8_t>(features_.empty() ? 0 : at[winner]);
    gain = static_cast<float>(features_.empty() ? 0 : std::max(best[winner], 0.0));
  }

  // Moves drawn rows to their child, and lists those of the smaller children.
  void divide(int32_t level, uint16_t feature, uint8_t bin, std::vector<uint8_t> &smallIsRight) {
    const int32_t nodes = 1 << level;
    const uint8_t *column = job_.bins + static_cast<int64_t>(feature) * job_.rows;
    const int64_t n = static_cast<int64_t>(drawn_.size());
    std::vector<int64_t> counts(2 * nodes, 0);
    for (int64_t i = 0; i < n; i++) {
      node_[i] = static_cast<uint8_t>(node_[i] + (column[drawn_[i]] > bin ? nodes : 0));
      counts[node_[i]]++;
    }
    for (int32_t p = 0; p < nodes; p++) smallIsRight[p] = counts[p + nodes] < counts[p];
    list_.resize(n);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
      const int32_t p = node_[i] & (nodes - 1);
      const bool right = node_[i] >= nodes;
      list_[kept] = drawn_[i];
      listPacked_[kept] = packed_[i];
      slot_[kept] = static_cast<uint16_t>(p * job_.bin_count);
      kept += right == (smallIsRight[p] != 0);
    }
    list_.resize(kept);
  }

  void setLeaves(int32_t tree) {
    const uint16_t *splits = job_.split_features + static_cast<int64_t>(tree) * job_.depth;
    const uint8_t *bins = job_.split_bins + static_cast<int64_t>(tree) * job_.depth;
    const uint8_t *columns[SW_DEPTH_MAX];
    for (int32_t d = 0; d < job_.depth; d++) columns[d] = job_.bins + static_cast<int64_t>(splits[d]) * job_.rows;
    overRows(job_.rows, [&](int64_t from, int64_t to) { loops_.leaf_of(columns, bins, job_.depth, from, to, leaf_.data()); });
    float *leaves = job_.leaves + static_cast<int64_t>(tree) * job_.outputs * leaves_;
    if (job_.loss == SW_PINBALL) {
      sw_parallel(threads_, job_.outputs, [&](int64_t o) { quantileLeaves(static_cast<int32_t>(o), leaves + o * leaves_); });
    } else {
      meanLeaves(leaves);
    }
  }

  void quantileLeaves(int32_t output, float *leaves) {
    const float *score = job_.score + output * job_.rows;
    const float inverse = static_cast<float>(1 / unit_);
    std::vector<uint32_t> counts(static_cast<size_t>(leaves_) * SW_RESIDUAL_BUCKETS, 0);
    for (const uint32_t row : drawn_) {
      counts[leaf_[row] * SW_RESIDUAL_BUCKETS + sw_bucket_of((job_.target[row] - score[row]) * inverse)] += weightOf(row);
    }
    const double l2 = job_.l2 * (weights_.empty() ? 1 : kWeightSteps);
    for (int32_t leaf = 0; leaf < leaves_; leaf++) {
      const uint32_t *own = counts.data() + leaf * SW_RESIDUAL_BUCKETS;
      double total = 0;
      for (int32_t b = 0; b < SW_RESIDUAL_BUCKETS; b++) total += own[b];
      const double step = total > 0 ? sw_bucket_quantile(own, total, job_.levels[output]) * total / (total + l2) : 0;
      leaves[leaf] = static_cast<float>(step * unit_ * job_.learning_rate);
    }
  }

  // Sums in fixed point: any order gives the same bits.
  void meanLeaves(float *leaves) {
    const bool logistic = job_.loss == SW_LOGISTIC;
    double most = 1e-300;
    for (const uint32_t row : drawn_) most = std::max(most, std::fabs(gradientOf(0, row)));
    const double fixed = std::ldexp(1.0, 30) / most;
    std::vector<int64_t> sums(leaves_, 0), curvatures(leaves_, 0);
    for (const uint32_t row : drawn_) {
      const double gradient = gradientOf(0, row);
      sums[leaf_[row]] += static_cast<int64_t>(std::nearbyint(gradient * fixed)) * weightOf(row);
      const double p = job_.target[row] - gradient;
      curvatures[leaf_[row]] += static_cast<int64_t>(std::nearbyint((logistic ? std::max(p * (1 - p), 1e-6) : 1.0) * 1048576.0)) * weightOf(row);
    }
    const double l2 = job_.l2 * (weights_.empty() ? 1 : kWeightSteps);
    for (int32_t leaf = 0; leaf < leaves_; leaf++) {
      const double below = static_cast<double>(curvatures[leaf]) / 1048576.0 + l2;
      leaves[leaf] = static_cast<float>(below > 0 ? static_cast<double>(sums[leaf]) / fixed / below * job_.learning_rate : 0);
    }
  }

  void addTree(int32_t tree) {
    const float *leaves = job_.leaves + static_cast<int64_t>(tree) * job_.outputs * leaves_;
    overRows(job_.rows, [&](int64_t from, int64_t to) {
      for (int32_t o = 0; o < job_.outputs; o++) loops_.add(leaves + o * leaves_, leaves_, leaf_.data(), from, to, job_.score + o * job_.rows);
    });
  }
};

}  // namespace

extern "C" int32_t sw_boosted_train(const sw_boosted_training *job) {
  try {
    Trainer(*job).run();
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

extern "C" int32_t sw_boosted_predict(const sw_boosted_prediction *job) {
  const sw_boosted_rows &loops = loopsOf(job->isa);
  const int64_t pieces = (job->rows + kRowsPerPiece - 1) / kRowsPerPiece;
  sw_parallel(job->threads, pieces, [&](int64_t piece) {
    loops.predict(job, piece * kRowsPerPiece, std::min(job->rows, (piece + 1) * kRowsPerPiece));
  });
  return 0;
}
