// Rules of thumb, instruction set avx512: the body of rules_lanes.h with 64-byte registers.
#define SW_BYTES 64
#define SW_NS sw_rules_ns_avx512
#define SW_RULES sw_rules_avx512
#include "rules_lanes.h"
