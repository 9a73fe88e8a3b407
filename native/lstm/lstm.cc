// The LSTM above the instruction sets: who computes which windows, bytes of the weights, and the updates.

#include "lstm.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

#include "../parallel.h"
#include "lstm_rows.h"

namespace {

constexpr int64_t H = SW_LSTM_HIDDEN, G = SW_LSTM_GATES, S = SW_LSTM_STRIDE;

// Zeroed numbers that begin at a cache line.
template <typename T> class Aligned {
 public:
  explicit Aligned(int64_t length) : at_(static_cast<T *>(::operator new(sizeof(T) * static_cast<size_t>(length), kLine))) {
    std::fill_n(at_, length, T{});
  }
  ~Aligned() { ::operator delete(at_, kLine); }
  Aligned(Aligned &&other) noexcept : at_(other.at_) { other.at_ = nullptr; }
  Aligned(const Aligned &) = delete;
  Aligned &operator=(const Aligned &) = delete;
  T *data() const { return at_; }

 private:
  static constexpr std::align_val_t kLine{64};
  T *at_;
};
typedef Aligned<float> Floats;

// Weights as the products read them.
class Matrices {
 public:
  explicit Matrices(const sw_lstm_shape &shape) : shape_(shape), head_((H + 1) * sw_lstm_columns(&shape)) {
    for (int32_t layer = 0; layer < shape.layers; layer++) {
      layers_.emplace_back(sw_lstm_width(&shape, layer) * S);
      view.layers[layer] = layers_.back().data();
    }
    view.head = head_.data();
  }

  void read(const float *weights) {
    for (int32_t layer = 0; layer < shape_.layers; layer++) {
      const float *from = weights + sw_lstm_offset(&shape_, layer);
      for (int64_t row = 0; row < sw_lstm_width(&shape_, layer); row++) {
        std::copy_n(from + row * G, G, layers_[static_cast<size_t>(layer)].data() + row * S);
      }
    }
    std::copy_n(weights + sw_lstm_offset(&shape_, shape_.layers), (H + 1) * sw_lstm_columns(&shape_), head_.data());
  }

  sw_lstm_matrices view{};

 private:
  const sw_lstm_shape shape_;
  std::vector<Floats> layers_;
  Floats head_;
};

const sw_lstm_lanes &lanesOf(int32_t isa) {
  return isa >= SW_AVX512 ? sw_lstm_avx512 : isa == SW_AVX2 ? sw_lstm_avx2 : sw_lstm_baseline;
}

// The weights of a prediction as bytes: a column's largest weight is 127.
class Bytes {
 public:
  explicit Bytes(const sw_lstm_prediction &job) {
    for (int32_t layer = 0; layer < job.shape.layers; layer++) {
      pack(job.weights + sw_lstm_offset(&job.shape, layer), sw_lstm_width(&job.shape, layer) - 1, layer);
    }
  }

  sw_lstm_bytes view{};

 private:
  std::vector<Aligned<int8_t>> weights_;
  std::vector<Floats> scale_, bias_;

  void pack(const float *matrix, int64_t rows, int32_t layer) {
    int8_t *weights = weights_.emplace_back(rows * G).data();
    float *scale = scale_.emplace_back(G).data(), *bias = bias_.emplace_back(G).data();
    view.weights[layer] = weights;
    view.scale[layer] = scale;
    view.bias[layer] = bias;
    const int64_t inputs = rows - H;
    for (int64_t column = 0; column < G; column++) {
      float most = 1e-30f;
      for (int64_t k = 0; k < rows; k++) most = std::max(most, std::fabs(matrix[k * G + column]));
      const float unit = most / 127;
      int64_t sum = 0;
      for (int64_t k = 0; k < rows; k++) {
        const auto whole = static_cast<int64_t>(std::nearbyint(matrix[k * G + column] / unit));
        const int64_t place = k < inputs ? k + H : k - inputs;  // hidden units first
        weights[(place / 4 * G + column) * 4 + place % 4] = static_cast<int8_t>(whole);
        sum += whole;
      }
      // The table wants tanh's argument times 4; a sigmoid is half a tanh of half its argument.
      const float factor = column / H == 2 ? 4 : 2;
      scale[column] = factor * unit / 127;
      bias[column] = factor * (matrix[rows * G + column] - 128.0f * static_cast<float>(sum) * unit / 127);
    }
  }
};

sw_lstm_walk walkOf(int32_t unit) {
  if ((unit == SW_UNIT_AUTO || unit == SW_UNIT_AMX) && sw_has_vnni() && sw_has_amx_int8()) return sw_lstm_walk_amx;
  if (unit != SW_UNIT_PLAIN && sw_has_vnni()) return sw_lstm_walk_vnni;
  return sw_lstm_walk_plain;
}

// Calls work(matrices, first, count) for each piece of the windows.
template <typename Work> void overPieces(const sw_lstm_prediction &job, Work work) {
  Matrices matrices(job.shape);
  matrices.read(job.weights);
  const int64_t pieces = (job.count + SW_LSTM_PIECE - 1) / SW_LSTM_PIECE;
  sw_parallel(job.threads, pieces, [&](int64_t piece) {
    const int64_t first = piece * SW_LSTM_PIECE;
    work(&matrices.view, first, std::min<int64_t>(SW_LSTM_PIECE, job.count - first));
  });
}

void predictBytes(const sw_lstm_prediction &job) {
  const Bytes bytes(job);
  const sw_lstm_walk walk = walkOf(job.unit);
  const sw_lstm_lanes &lanes = lanesOf(job.isa);
  overPieces(job, [&](const sw_lstm_matrices *matrices, int64_t first, int64_t count) {
    const Floats last(count * (H + 1)), outputs(count * sw_lstm_columns(&job.shape));
    for (int64_t tile = 0; tile < count; tile += SW_LSTM_TILE) {
      walk(&job, &bytes.view, first + tile, std::min<int64_t>(SW_LSTM_TILE, count - tile), last.data() + tile * (H + 1));
    }
    lanes.head(&job, matrices, first, count, last.data(), outputs.data());
  });
}

void predictFloats(const sw_lstm_prediction &job) {
  const sw_lstm_lanes &lanes = lanesOf(job.isa);
  overPieces(job, [&](const sw_lstm_matrices *matrices, int64_t first, int64_t count) {
    const Floats scratch(sw_lstm_scratch(&job.shape));
    lanes.predict(&job, matrices, first, count, scratch.data());
  });
}

// Buffers of one piece, kept from batch to batch.
struct Piece {
  std::vector<Floats> buffers;
  sw_lstm_piece view{};

  Piece(const sw_lstm_lesson &job, const sw_lstm_matrices *matrices, const float *transposed) {
    const auto sized = [this](int64_t length) { return buffers.emplace_back(length).data(); };
    const int64_t most = SW_LSTM_PIECE;
    view.job = &job;
    view.matrices = matrices;
    view.transposed = transposed;
    for (int32_t layer = 0; layer < job.shape.layers; layer++) {
      view.rows[layer] = sized((job.steps + 1) * most * sw_lstm_width(&job.shape, layer));
      view.gates[layer] = sized(job.steps * most * S);
      view.cells[layer] = sized((job.steps + 1) * most * H);
    }
    view.last = sized(most * (H + 1));
    view.outputs = sized(most * sw_lstm_columns(&job.shape));
    view.slopes = sized(job.shape.layers * most * 3 * H);
    view.gradient = sized(sw_lstm_weights(&job.shape));
  }
};

class Trainer {
 public:
  explicit Trainer(const sw_lstm_lesson &job) : job_(job), lanes_(lanesOf(job.isa)), weights_(sw_lstm_weights(&job.shape)), matrices_(job.shape), transposed_(weights_) {
    const int64_t pieces = (std::min(job.batch, job.count) + SW_LSTM_PIECE - 1) / SW_LSTM_PIECE;
    pieces_.reserve(static_cast<size_t>(pieces));
    for (int64_t piece = 0; piece < pieces; piece++) pieces_.emplace_back(job, &matrices_.view, transposed_.data());
  }

  void run() {
    int64_t update = 0;
    for (int64_t first = 0; first < job_.count; first += job_.batch, update++) {
      const int64_t count = std::min(job_.batch, job_.count - first);
      const int64_t pieces = (count + SW_LSTM_PIECE - 1) / SW_LSTM_PIECE;
      matrices_.read(job_.weights);
      transpose();
      sw_parallel(job_.threads, pieces, [&](int64_t piece) {
        sw_lstm_piece &view = pieces_[static_cast<size_t>(piece)].view;
        view.first = first + piece * SW_LSTM_PIECE;
        view.count = std::min<int64_t>(SW_LSTM_PIECE, first + count - view.first);
        lanes_.learn(&view);
      });
      step(pieces, update);
    }
  }

 private:
  const sw_lstm_lesson &job_;
  const sw_lstm_lanes &lanes_;
  const int64_t weights_;
  Matrices matrices_;
  Floats transposed_;
  std::vector<Piece> pieces_;

  // For each layer (4 H, H + D), hidden units first; then the head (P, H).
  void transpose() {
    float *to = transposed_.data();
    for (int32_t layer = 0; layer < job_.shape.layers; layer++) {
      const float *matrix = job_.weights + sw_lstm_offset(&job_.shape, layer);
      const int64_t rows = sw_lstm_width(&job_.shape, layer) - 1, inputs = rows - H;
      for (int64_t k = 0; k < rows; k++) {
        const int64_t place = k < inputs ? k + H : k - inputs;
        for (int64_t column = 0; column < G; column++) to[column * rows + place] = matrix[k * G + column];
      }
      to += rows * G;
    }
    const float *head = job_.weights + sw_lstm_offset(&job_.shape, job_.shape.layers);
    const int64_t columns = sw_lstm_columns(&job_.shape);
    for (int64_t column = 0; column < columns; column++) {
      for (int64_t k = 0; k < H; k++) to[column * H + k] = head[k * columns + column];
    }
  }

  // Pieces are added in their order: the sum does not depend on who computed them.
  void step(int64_t pieces, int64_t update) {
    float *gradient = pieces_[0].view.gradient;
    double loss = pieces_[0].view.loss, terms = static_cast<double>(pieces_[0].view.terms);
    for (int64_t piece = 1; piece < pieces; piece++) {
      const sw_lstm_piece &other = pieces_[static_cast<size_t>(piece)].view;
      for (int64_t at = 0; at < weights_; at++) gradient[at] += other.gradient[at];
      loss += other.loss;
      terms += static_cast<double>(other.terms);
    }
    const double scale = 1 / std::max(1.0, terms);
    double squares = 0;
    for (int64_t at = 0; at < weights_; at++) squares += static_cast<double>(gradient[at]) * gradient[at];
    const double norm = std::sqrt(squares) * scale;
    const double factor = scale * std::min(1.0, job_.clip_norm / std::max(norm, 1e-30));
    const double updates = static_cast<double>(job_.updates + update + 1);
    const double rate = job_.learning_rate * std::sqrt(1 - std::pow(0.999, updates)) / (1 - std::pow(0.9, updates));
    lanes_.adam(job_.weights, job_.first, job_.second, gradient, weights_, static_cast<float>(factor), static_cast<float>(rate));
    job_.losses[update] = loss * scale;
  }
};

}  // namespace

extern "C" int32_t sw_lstm_predict(const sw_lstm_prediction *job) {
  try {
    if (job->arithmetic == SW_LSTM_INT8 && job->isa >= SW_AVX512) {
      predictBytes(*job);
    } else {
      predictFloats(*job);
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

extern "C" int32_t sw_lstm_train(const sw_lstm_lesson *job) {
  try {
    if (job->count > 0) Trainer(*job).run();
    return 0;
  } catch (const std::bad_alloc &) {
    return -1;
  }
}
