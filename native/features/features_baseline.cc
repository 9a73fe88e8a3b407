// Features of boosters, instruction set baseline: the body of features_lanes.h with 16-byte registers.
#define SW_BYTES 16
#define SW_NS sw_features_ns_baseline
#define SW_FEATURE_LOOPS sw_features_baseline
#include "features_lanes.h"
