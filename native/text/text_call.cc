// The texts' operations as JavaScript calls them.

#include <cstdio>

#include "../call.h"
#include "text.h"

namespace {

sw_texts textsOf(const sw_call *call, const char *name, int at) {
  char bytes[32], offsets[32];
  std::snprintf(bytes, sizeof bytes, "%s%d", name, at);
  std::snprintf(offsets, sizeof offsets, "%sOffsets%d", name, at);
  return {sw_u8(call, bytes), sw_u32(call, offsets)};
}

int32_t fill(const sw_call *call) {
  sw_text_job job{};
  job.rows = sw_int(call, "rows");
  job.width = sw_int(call, "width");
  job.figures = sw_f64(call, "figures");
  job.pattern_of = sw_i32(call, "patternOf");
  job.parts = sw_f64(call, "parts");
  job.pattern_ends = sw_i32(call, "patternEnds");
  job.literals = textsOf(call, "literals", 0);
  for (int i = 0; i < SW_COLUMNS_MAX; i++) {
    char codes[32];
    std::snprintf(codes, sizeof codes, "codes%d", i);
    job.texts[i] = textsOf(call, "texts", i);
    job.words[i] = textsOf(call, "words", i);
    job.codes[i] = sw_i32(call, codes);
  }
  job.bytes = sw_u8(call, "bytes");
  job.offsets = sw_u32(call, "offsets");
  return sw_text_fill(&job);
}

int32_t hashIds(const sw_call *call) {
  const int32_t length = static_cast<int32_t>(sw_length(call, "prefix"));
  sw_text_hash_ids(sw_u8(call, "prefix"), length, textsOf(call, "texts", 0), sw_i32(call, "numbers"),
                   sw_int(call, "rows"), sw_u8(call, "hex"));
  return 0;
}

}  // namespace

const sw_named_operation sw_text_operations[] = {{"text.fill", fill}, {"text.hashIds", hashIds}, {nullptr, nullptr}};
