// What copying memory costs, instruction set avx512: the bodies of copy_points.h and copy_cases.h with 64-byte registers.
#define SW_BYTES 64
#define SW_NS sw_copy_ns_avx512
#define SW_COPY_COST sw_copy_cost_avx512
#define SW_COPY_CASES sw_copy_cases_avx512
#include "copy_points.h"
#include "copy_cases.h"
