// Batched ARIMA, instruction set avx2: the body of arima_lanes.h with 32-byte registers.
// Flags: see FLAGS in build.mjs. No STL here, or its templates would leak wide instructions.
#define SW_BYTES 32
#define SW_NS sw_avx2
#define SW_RUN_F32 sw_run_f32_avx2
#define SW_RUN_F64 sw_run_f64_avx2
#define SW_STANDARDISE sw_standardise_avx2
#define SW_DIFFERENCE sw_difference_avx2
#define SW_EXACT sw_exact_avx2
#define SW_FMA sw_fma_avx2
#include "arima_lanes.h"
