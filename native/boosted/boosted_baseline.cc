// Boosted trees, instruction set baseline: the body of boosted_lanes.h. Flags: by suffix, see build.mjs.
#define SW_ROWS sw_boosted_baseline
#include "boosted_lanes.h"
