// C ABI of texts from patterns, and of ids that are hashes. The oracle is src/kernels/reference/text.
#ifndef SLACKWATER_TEXT_H
#define SLACKWATER_TEXT_H

#include <stdint.h>

enum { SW_PART_LITERAL, SW_PART_NUMBER, SW_PART_TEXT, SW_PART_WORD };
enum { SW_PART_WIDTH = 5, SW_COLUMNS_MAX = 16 };
enum { SW_TEXT_BEYOND = -2 }; // a number that is not finite, or of more than 15 digits

typedef struct {
  const uint8_t *bytes;
  const uint32_t *offsets;
} sw_texts;

typedef struct {
  int32_t rows, width;
  const double *figures;       // (rows, width)
  const int32_t *pattern_of;   // (rows), -1 = empty
  const double *parts;         // (parts, SW_PART_WIDTH): kind, then literal | column digits times over | text | words code
  const int32_t *pattern_ends; // (patterns): end of each pattern's parts
  sw_texts literals, texts[SW_COLUMNS_MAX], words[SW_COLUMNS_MAX];
  const int32_t *codes[SW_COLUMNS_MAX]; // (rows) each
  uint8_t *bytes;    // room for all; checked by the caller
  uint32_t *offsets; // (rows + 1)
} sw_text_job;

#ifdef __cplusplus
extern "C" {
#endif
int32_t sw_text_fill(const sw_text_job *job);
// (rows, 32) hex digits of the first half of SHA-256 over prefix, text, 0x1f, number in decimal, 0x1f.
void sw_text_hash_ids(const uint8_t *prefix, int32_t prefix_length, sw_texts texts, const int32_t *numbers,
                      int32_t rows, uint8_t *hex);
#ifdef __cplusplus
}
#endif
#endif
