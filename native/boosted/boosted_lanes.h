// The body of the loops over rows. Plain C that the compiler makes wide, and AVX-512 where it cannot see the trick:
// a leaf's value is fetched from registers by byte permutes, not from memory.
// Every float operation is one row's own, so all instruction sets give the same bits.

#include <string.h>

#include "boosted.h"
#include "boosted_rows.h"

#if defined(SW_WIDE) || defined(SW_EIGHT)
#include <immintrin.h>
#endif

namespace {

// Four columns at a time share the loads of row, slot, and gradient; two partial histograms would cost more L1 than
// they save, since slots differ between neighbouring rows at all levels but the first.
void accumulate(const uint8_t *const *columns, int32_t count, const uint32_t *rows, const uint16_t *slot,
                const int64_t *packed, int64_t n, int64_t *histograms, int64_t span) {
  int32_t at = 0;
  for (; at + 4 <= count; at += 4) {
    const uint8_t *a = columns[at], *b = columns[at + 1], *c = columns[at + 2], *d = columns[at + 3];
    int64_t *ha = histograms + at * span, *hb = ha + span, *hc = hb + span, *hd = hc + span;
    for (int64_t i = 0; i < n; i++) {
      const uint32_t row = rows[i];
      const uint32_t from = slot[i];
      const int64_t value = packed[i];
      ha[from + a[row]] += value;
      hb[from + b[row]] += value;
      hc[from + c[row]] += value;
      hd[from + d[row]] += value;
    }
  }
  for (; at < count; at++) {
    const uint8_t *a = columns[at];
    int64_t *ha = histograms + at * span;
    for (int64_t i = 0; i < n; i++) ha[slot[i] + a[rows[i]]] += packed[i];
  }
}

#ifdef SW_EIGHT
// The leaves of 32 rows in one register.
inline __m256i leavesOf(const uint8_t *const *columns, const uint8_t *bins, int32_t depth, int64_t at) {
  __m256i leaf = _mm256_setzero_si256();
  for (int32_t d = 0; d < depth; d++) {
    const __m256i column = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(columns[d] + at));
    const __m256i above = _mm256_subs_epu8(column, _mm256_set1_epi8(static_cast<char>(bins[d])));
    const __m256i left = _mm256_cmpeq_epi8(above, _mm256_setzero_si256());
    leaf = _mm256_or_si256(leaf, _mm256_andnot_si256(left, _mm256_set1_epi8(static_cast<char>(1 << d))));
  }
  return leaf;
}
#endif

void leafOf(const uint8_t *const *columns, const uint8_t *bins, int32_t depth, int64_t from, int64_t to, uint8_t *leaf) {
  int64_t begin = from;
#ifdef SW_EIGHT
  for (; begin + 32 <= to; begin += 32) _mm256_storeu_si256(reinterpret_cast<__m256i *>(leaf + begin), leavesOf(columns, bins, depth, begin));
#endif
  memset(leaf + begin, 0, static_cast<size_t>(to - begin));
  for (int32_t d = 0; d < depth; d++) {
    const uint8_t *__restrict column = columns[d];
    uint8_t *__restrict own = leaf;
    const uint8_t bin = bins[d];
    for (int64_t i = begin; i < to; i++) own[i] = static_cast<uint8_t>(own[i] | (column[i] > bin) << d); // no branch: it would be missed
  }
}

#ifdef SW_WIDE
// 16 values of a table of 16, 32, or 64 floats held in registers.
inline __m512 fetch(const __m512 *table, int32_t registers, __m512i index) {
  if (registers == 1) return _mm512_permutexvar_ps(index, table[0]);
  const __m512 low = _mm512_permutex2var_ps(table[0], index, table[1]);
  if (registers == 2) return low;
  const __m512 high = _mm512_permutex2var_ps(table[2], index, table[3]);
  return _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)), low, high);
}

inline int32_t loadTable(const float *values, int32_t leaves, __m512 *table) {
  float padded[64] = {0};
  memcpy(padded, values, static_cast<size_t>(leaves) * sizeof(float));
  const int32_t registers = leaves <= 16 ? 1 : leaves <= 32 ? 2 : 4;
  for (int32_t r = 0; r < registers; r++) table[r] = _mm512_loadu_ps(padded + 16 * r);
  return registers;
}
#endif

#ifdef SW_EIGHT
// A table of 64 floats in eight registers: the low three bits of an index permute each, the others choose among them.
struct Table {
  __m256 rows[8];
  Table(const float *values, int32_t leaves) {
    float padded[64] = {0};
    if (leaves < 64) values = static_cast<float *>(memcpy(padded, values, static_cast<size_t>(leaves) * sizeof(float)));
    for (int32_t r = 0; r < 8; r++) rows[r] = _mm256_loadu_ps(values + 8 * r);
  }
  inline __m256 at(__m256i index) const {
    const __m256 bit3 = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)), bit4 = _mm256_castsi256_ps(_mm256_slli_epi32(index, 27));
    __m256 pair[4];
    for (int32_t p = 0; p < 4; p++) {
      pair[p] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(rows[2 * p], index), _mm256_permutevar8x32_ps(rows[2 * p + 1], index), bit3);
    }
    const __m256 low = _mm256_blendv_ps(pair[0], pair[1], bit4), high = _mm256_blendv_ps(pair[2], pair[3], bit4);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 26)));
  }
};
#endif

void add(const float *values, int32_t leaves, const uint8_t *leaf, int64_t from, int64_t to, float *score) {
  int64_t i = from;
#ifdef SW_EIGHT
  if (leaves <= 64) {
    const Table table(values, leaves);
    for (; i + 8 <= to; i += 8) {
      const __m256i index = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(leaf + i)));
      _mm256_storeu_ps(score + i, _mm256_add_ps(_mm256_loadu_ps(score + i), table.at(index)));
    }
  }
#endif
#ifdef SW_WIDE
  if (leaves <= 64) {
    __m512 table[4];
    const int32_t registers = loadTable(values, leaves, table);
    for (; i + 16 <= to; i += 16) {
      const __m512i index = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(leaf + i)));
      _mm512_storeu_ps(score + i, _mm512_add_ps(_mm512_loadu_ps(score + i), fetch(table, registers, index)));
    }
  }
#else
  (void)leaves;
#endif
  for (; i < to; i++) score[i] += values[leaf[i]];
}

// Blocks of 64 rows: their bins and scores stay in L1 while all trees pass.
enum { kPredictRows = 64 };

#ifdef SW_WIDE
// The leaves of 64 rows in one register. `kept`: rows of the block; bytes of others are not read.
inline __m512i leavesOf(const sw_boosted_prediction &job, const uint16_t *features, const uint8_t *bins, int64_t block, __mmask64 kept) {
  __m512i leaf = _mm512_setzero_si512();
  for (int32_t d = 0; d < job.depth; d++) {
    const __m512i column = _mm512_maskz_loadu_epi8(kept, job.bins + features[d] * job.stride + block);
    const __mmask64 right = _mm512_cmpgt_epu8_mask(column, _mm512_set1_epi8(static_cast<char>(bins[d])));
    leaf = _mm512_or_si512(leaf, _mm512_maskz_set1_epi8(right, static_cast<char>(1 << d)));
  }
  return leaf;
}

void predictBlock(const sw_boosted_prediction &job, int64_t block, int64_t count, float (*score)[kPredictRows]) {
  const __mmask64 kept = count == kPredictRows ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
  const int32_t leaves = 1 << job.depth;
  for (int32_t tree = 0; tree < job.trees; tree++) {
    const int64_t at = static_cast<int64_t>(tree) * job.depth;
    const __m512i leaf = leavesOf(job, job.split_features + at, job.split_bins + at, block, kept);
    const __m512i index[4] = {_mm512_cvtepu8_epi32(_mm512_castsi512_si128(leaf)), _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 1)),
                              _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 2)), _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(leaf, 3))};
    const float *values = job.leaves + static_cast<int64_t>(tree) * job.outputs * leaves;
    for (int32_t o = 0; o < job.outputs; o++, values += leaves) {
      __m512 table[4];
      int32_t registers = 4;
      if (leaves == 64) for (int32_t r = 0; r < 4; r++) table[r] = _mm512_loadu_ps(values + 16 * r);
      else registers = loadTable(values, leaves, table);
      for (int32_t q = 0; q < 4; q++) {
        _mm512_storeu_ps(score[o] + 16 * q, _mm512_add_ps(_mm512_loadu_ps(score[o] + 16 * q), fetch(table, registers, index[q])));
      }
    }
  }
}
#endif

#ifdef SW_EIGHT
void predictBlock(const sw_boosted_prediction &job, int64_t block, int64_t count, float (*score)[kPredictRows]) {
  const int32_t leaves = 1 << job.depth;
  uint8_t padded[SW_DEPTH_MAX][kPredictRows] = {{0}};
  for (int32_t tree = 0; tree < job.trees; tree++) {
    const int64_t at = static_cast<int64_t>(tree) * job.depth;
    const uint8_t *columns[SW_DEPTH_MAX];
    for (int32_t d = 0; d < job.depth; d++) {
      columns[d] = job.bins + job.split_features[at + d] * job.stride + block;
      if (count == kPredictRows) continue;
      memcpy(padded[d], columns[d], static_cast<size_t>(count)); // bytes behind the rows are not read
      columns[d] = padded[d];
    }
    __m256i index[8];
    for (int32_t half = 0; half < 2; half++) {
      const __m256i leaf = leavesOf(columns, job.split_bins + at, job.depth, 32 * half);
      const __m128i low = _mm256_castsi256_si128(leaf), high = _mm256_extracti128_si256(leaf, 1);
      index[4 * half] = _mm256_cvtepu8_epi32(low);
      index[4 * half + 1] = _mm256_cvtepu8_epi32(_mm_srli_si128(low, 8));
      index[4 * half + 2] = _mm256_cvtepu8_epi32(high);
      index[4 * half + 3] = _mm256_cvtepu8_epi32(_mm_srli_si128(high, 8));
    }
    const float *values = job.leaves + static_cast<int64_t>(tree) * job.outputs * leaves;
    for (int32_t o = 0; o < job.outputs; o++, values += leaves) {
      const Table table(values, leaves);
      for (int32_t e = 0; e < 8; e++) {
        _mm256_storeu_ps(score[o] + 8 * e, _mm256_add_ps(_mm256_loadu_ps(score[o] + 8 * e), table.at(index[e])));
      }
    }
  }
}
#endif

void predictPlain(const sw_boosted_prediction &job, int64_t block, int64_t count, float (*score)[kPredictRows]) {
  const int32_t leaves = 1 << job.depth;
  uint8_t leaf[kPredictRows];
  for (int32_t tree = 0; tree < job.trees; tree++) {
    const uint16_t *features = job.split_features + static_cast<int64_t>(tree) * job.depth;
    const uint8_t *columns[SW_DEPTH_MAX];
    for (int32_t d = 0; d < job.depth; d++) columns[d] = job.bins + features[d] * job.stride + block;
    leafOf(columns, job.split_bins + static_cast<int64_t>(tree) * job.depth, job.depth, 0, count, leaf);
    const float *values = job.leaves + static_cast<int64_t>(tree) * job.outputs * leaves;
    for (int32_t o = 0; o < job.outputs; o++) add(values + o * leaves, leaves, leaf, 0, count, score[o]);
  }
}

void predict(const void *opaque, int64_t from, int64_t to) {
  const sw_boosted_prediction &job = *static_cast<const sw_boosted_prediction *>(opaque);
  float score[SW_OUTPUTS_MAX][kPredictRows];
  for (int64_t block = from; block < to; block += kPredictRows) {
    const int64_t left = to - block, count = left < kPredictRows ? left : static_cast<int64_t>(kPredictRows);
    for (int32_t o = 0; o < job.outputs; o++) for (int64_t i = 0; i < kPredictRows; i++) score[o][i] = job.base[o];
#if defined(SW_WIDE) || defined(SW_EIGHT)
    if (job.depth <= 6) predictBlock(job, block, count, score);
    else predictPlain(job, block, count, score);
#else
    predictPlain(job, block, count, score);
#endif
    for (int32_t o = 0; o < job.outputs; o++) memcpy(job.out + o * job.rows + block, score[o], static_cast<size_t>(count) * sizeof(float));
  }
}

}  // namespace

extern "C" const sw_boosted_rows SW_ROWS = {accumulate, leafOf, add, predict};
