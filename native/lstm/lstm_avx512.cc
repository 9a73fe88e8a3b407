// The LSTM, instruction set avx512: the body of lstm_lanes.h. Flags: by suffix, see build.mjs.
#define SW_LANES sw_lstm_avx512
#define SW_BYTES 64
#define SW_TILE_ROWS 8
#include "lstm_lanes.h"
