// Batched ARIMA, instruction set baseline: the body of arima_lanes.h with 16-byte registers.
// Flags: see FLAGS in build.mjs. No STL here, or its templates would leak wide instructions.
#define SW_BYTES 16
#define SW_NS sw_baseline
#define SW_RUN_F32 sw_run_f32_baseline
#define SW_RUN_F64 sw_run_f64_baseline
#define SW_STANDARDISE sw_standardise_baseline
#define SW_DIFFERENCE sw_difference_baseline
#define SW_EXACT sw_exact_baseline
#define SW_FMA sw_fma_baseline
#include "arima_lanes.h"
