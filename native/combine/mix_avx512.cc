// The mix of one row, instruction set avx512; flags: see FLAGS in build.mjs.
#define SW_MIX sw_mix_avx512
#include "mix_rows.h"
