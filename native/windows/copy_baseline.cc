// What copying memory costs, instruction set baseline: the bodies of copy_points.h and copy_cases.h with 16-byte registers.
#define SW_BYTES 16
#define SW_NS sw_copy_ns_baseline
#define SW_COPY_COST sw_copy_cost_baseline
#define SW_COPY_CASES sw_copy_cases_baseline
#include "copy_points.h"
#include "copy_cases.h"
