// SHA-256 (FIPS 180-4) of short texts: ids of documents.

#include <cstdio>
#include <cstring>
#include <vector>

#include "text.h"

namespace {

const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

inline uint32_t turn(uint32_t x, int by) { return x >> by | x << (32 - by); }

void block(uint32_t *state, const uint8_t *bytes) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++) {
    w[i] = static_cast<uint32_t>(bytes[4 * i]) << 24 | static_cast<uint32_t>(bytes[4 * i + 1]) << 16 |
           static_cast<uint32_t>(bytes[4 * i + 2]) << 8 | bytes[4 * i + 3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
  }
  std::memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    const uint32_t e = s[4], a = s[0];
    const uint32_t t1 = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + kRound[i] + w[i];
    const uint32_t t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6]; s[6] = s[5]; s[5] = e; s[4] = s[3] + t1;
    s[3] = s[2]; s[2] = s[1]; s[1] = a; s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

void sha256(std::vector<uint8_t> &message, uint32_t *state) {
  const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::memcpy(state, start, sizeof start);
  const uint64_t bits = static_cast<uint64_t>(message.size()) * 8;
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  for (int i = 7; i >= 0; i--) message.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  for (size_t at = 0; at < message.size(); at += 64) block(state, message.data() + at);
}

}  // namespace

extern "C" void sw_text_hash_ids(const uint8_t *prefix, int32_t prefix_length, sw_texts texts, const int32_t *numbers,
                                 int32_t rows, uint8_t *hex) {
  std::vector<uint8_t> message;
  for (int32_t row = 0; row < rows; row++) {
    message.assign(prefix, prefix + prefix_length);
    message.insert(message.end(), texts.bytes + texts.offsets[row], texts.bytes + texts.offsets[row + 1]);
    message.push_back(0x1f);
    char digits[16];
    const int count = std::snprintf(digits, sizeof digits, "%d", numbers[row]);
    message.insert(message.end(), digits, digits + count);
    message.push_back(0x1f);
    uint32_t state[8];
    sha256(message, state);
    uint8_t *to = hex + 32 * static_cast<int64_t>(row);
    for (int i = 0; i < 32; i++) to[i] = static_cast<uint8_t>("0123456789abcdef"[state[i / 8] >> (28 - 4 * (i % 8)) & 15]);
  }
}
