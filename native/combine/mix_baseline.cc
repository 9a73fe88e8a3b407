// The mix of one row, instruction set baseline; flags: see FLAGS in build.mjs.
#define SW_MIX sw_mix_baseline
#include "mix_rows.h"
