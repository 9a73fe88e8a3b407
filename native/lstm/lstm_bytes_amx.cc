// The LSTM in bytes by AMX tiles: 16 windows x 64 bytes x 16 columns at once. Flags: by suffix, see build.mjs.
#define SW_UNIT sw_lstm_walk_amx
#include "lstm_bytes.h"

namespace {

// Tiles: sums 0 and 1; rows' hidden units 2, inputs of the first layer 3; weights of hidden units 4, of those inputs 5.
enum { TILES = 6 };

void begin(const sw_lstm_shape *shape) {
  alignas(64) struct {
    uint8_t palette, startRow, unused[14];
    uint16_t rowBytes[16];
    uint8_t rows[16];
  } config;
  memset(&config, 0, sizeof config);
  config.palette = 1;
  for (int tile = 0; tile < TILES; tile++) {
    config.rowBytes[tile] = 64;
    config.rows[tile] = TILE;
  }
  config.rowBytes[3] = static_cast<uint16_t>(shape->inputs);
  config.rows[5] = static_cast<uint8_t>(shape->inputs / 4);
  _tile_loadconfig(&config);
}

void end() { _tile_release(); }

void sumRows(const uint8_t *rows, int32_t layer, int32_t, const int8_t *weights, int32_t *sums) {
  const int8_t *inputs = weights + H * G;
  _tile_loadd(2, rows, ROW_BYTES);
  if (layer == 0) {
    _tile_loadd(3, rows + H, ROW_BYTES);
    for (int column = 0; column < G; column += 16) {
      _tile_zero(0);
      _tile_loadd(4, weights + column * 4, G * 4);
      _tile_dpbusd(0, 2, 4);
      _tile_loadd(5, inputs + column * 4, G * 4);
      _tile_dpbusd(0, 3, 5);
      _tile_stored(0, sums + column, G * 4);
    }
    return;
  }
  for (int column = 0; column < G; column += 16) {
    _tile_zero(0);
    _tile_loadd(4, weights + column * 4, G * 4);
    _tile_dpbusd(0, 2, 4);
    _tile_loadd(1, rows + H, ROW_BYTES);
    _tile_loadd(4, inputs + column * 4, G * 4);
    _tile_dpbusd(0, 1, 4);
    _tile_stored(0, sums + column, G * 4);
  }
}

}  // namespace
