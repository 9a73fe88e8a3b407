// Rules of thumb, instruction set baseline: the body of rules_lanes.h with 16-byte registers.
#define SW_BYTES 16
#define SW_NS sw_rules_ns_baseline
#define SW_RULES sw_rules_baseline
#include "rules_lanes.h"
