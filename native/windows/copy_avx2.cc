// What copying memory costs, instruction set avx2: the bodies of copy_points.h and copy_cases.h with 32-byte registers.
#define SW_BYTES 32
#define SW_NS sw_copy_ns_avx2
#define SW_COPY_COST sw_copy_cost_avx2
#define SW_COPY_CASES sw_copy_cases_avx2
#include "copy_points.h"
#include "copy_cases.h"
