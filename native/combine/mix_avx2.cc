// The mix of one row, instruction set avx2; flags: see FLAGS in build.mjs.
#define SW_MIX sw_mix_avx2
#include "mix_rows.h"
