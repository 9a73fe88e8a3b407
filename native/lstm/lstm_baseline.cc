// The LSTM, instruction set baseline: the body of lstm_lanes.h. Flags: by suffix, see build.mjs.
#define SW_LANES sw_lstm_baseline
#define SW_BYTES 16
#define SW_TILE_ROWS 4
#include "lstm_lanes.h"
