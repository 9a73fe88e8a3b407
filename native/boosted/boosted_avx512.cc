// Boosted trees, instruction set avx512: the body of boosted_lanes.h. Flags: by suffix, see build.mjs.
#define SW_ROWS sw_boosted_avx512
#define SW_WIDE
#include "boosted_lanes.h"
