// The LSTM, instruction set avx2: the body of lstm_lanes.h. Flags: by suffix, see build.mjs.
#define SW_LANES sw_lstm_avx2
#define SW_BYTES 32
#define SW_TILE_ROWS 4
#include "lstm_lanes.h"
