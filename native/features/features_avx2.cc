// Features of boosters, instruction set avx2: the body of features_lanes.h with 32-byte registers.
#define SW_BYTES 32
#define SW_PERMUTE
#define SW_NS sw_features_ns_avx2
#define SW_FEATURE_LOOPS sw_features_avx2
#include "features_lanes.h"
