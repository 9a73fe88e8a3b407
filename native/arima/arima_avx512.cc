// Batched ARIMA, instruction set avx512: the body of arima_lanes.h with 64-byte registers.
// Flags: see FLAGS in build.mjs. No STL here, or its templates would leak wide instructions.
#define SW_BYTES 64
#define SW_NS sw_avx512
#define SW_RUN_F32 sw_run_f32_avx512
#define SW_RUN_F64 sw_run_f64_avx512
#define SW_STANDARDISE sw_standardise_avx512
#define SW_DIFFERENCE sw_difference_avx512
#define SW_EXACT sw_exact_avx512
#define SW_FMA sw_fma_avx512
#include "arima_lanes.h"
