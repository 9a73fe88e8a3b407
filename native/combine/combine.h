// C ABI of what one night hands to the next. The oracle is src/kernels/reference/combine; same bits.
#ifndef SLACKWATER_COMBINE_H
#define SLACKWATER_COMBINE_H

#include <stdint.h>

enum { SW_MEMBERS_MAX = 32 };

typedef struct {
  int32_t rows, members, levels, leads, horizon, threads, isa;
  const double *forecasts[SW_MEMBERS_MAX]; // pack: (rows, levels, horizon) each
  uint16_t *centi;                         // (rows, members, levels, leads)
  const double *level;                     // (levels)
  const double *actual;                    // (rows, leads), NaN = missing
  const int32_t *blocks;                   // (block_count, 2): from, to; 1-based
  int32_t block_count;
  double kept;
  float *losses;  // (rows, members, blocks, levels): in, out
  float *relative; // the same, each night over what the members lost in common
  double *nights; // (rows): in, out
  // mix
  int32_t judged_count, place_count;
  const double *weights;    // (rows, blocks, judged_count, members)
  const int32_t *judged_of; // (levels)
  const double *places;     // (place_count, 4): left, right, share, weight; the first is the point's
  double *point, *mean;     // (rows, horizon)
  double *quantiles;        // (rows, levels, horizon)
} sw_combine_job;

#ifdef __cplusplus
extern "C" {
#endif
void sw_combine_pack(const sw_combine_job *job);
void sw_mix_avx512(const sw_combine_job *, int64_t row);
void sw_mix_avx2(const sw_combine_job *, int64_t row);
void sw_mix_baseline(const sw_combine_job *, int64_t row);
int32_t sw_combine_mix(const sw_combine_job *job);
void sw_combine_judge(const sw_combine_job *job);
#ifdef __cplusplus
}
#endif
#endif
