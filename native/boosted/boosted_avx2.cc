// Boosted trees, instruction set avx2: the body of boosted_lanes.h. Flags: by suffix, see build.mjs.
#define SW_EIGHT
#define SW_ROWS sw_boosted_avx2
#include "boosted_lanes.h"
