// Rules of thumb, instruction set avx2: the body of rules_lanes.h with 32-byte registers.
#define SW_BYTES 32
#define SW_NS sw_rules_ns_avx2
#define SW_RULES sw_rules_avx2
#include "rules_lanes.h"
