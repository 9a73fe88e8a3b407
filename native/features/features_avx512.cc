// Features of boosters, instruction set avx512: the body of features_lanes.h with 64-byte registers.
#define SW_BYTES 64
#define SW_PERMUTE
#define SW_NS sw_features_ns_avx512
#define SW_FEATURE_LOOPS sw_features_avx512
#include "features_lanes.h"
