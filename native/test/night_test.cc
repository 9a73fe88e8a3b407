// The families of the night through their C ABIs, at sizes that are no multiple of a register.

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../combine/combine.h"
#include "../history/history.h"
#include "../rules/rules.h"
#include "../text/text.h"
#include "check.h"

namespace {

void rules() {
  const int rows = 11, length = 100, horizon = 30, levels = 3;
  std::vector<double> values(rows * length), decay(horizon + 1, 0.9), level{0.05, 0.5, 0.95};
  for (int i = 0; i < rows * length; i++) values[i] = i % 7 == 3 ? NAN : 10 + i % 13;
  for (int t = 0; t < length; t++) values[4 * length + t] = NAN;
  const std::vector<int32_t> blocks{1, 6, 3, 7, 30, 18};
  std::vector<int32_t> targets;
  for (int i = 0; i < 40; i++) targets.push_back(length - 1 - 2 * i);
  std::vector<double> first;
  for (int isa = 0; isa <= 2; isa++) {
    if (isa == 1 && !__builtin_cpu_supports("avx2")) break;
    if (isa == 2 && !__builtin_cpu_supports("avx512dq")) break;
    std::vector<double> point(rows * horizon), mean(rows * horizon), quantiles(rows * levels * horizon);
    std::vector<uint8_t> status(rows);
    for (int rule = 0; rule < 4; rule++) {
      sw_rules_job job{};
      job.values = values.data(); job.rows = rows; job.stride = job.end = length; job.season = 24; job.rule = rule;
      job.horizon = horizon; job.levels = level.data(); job.level_count = levels; job.lower = 0; job.upper = 400;
      job.blocks = blocks.data(); job.block_count = 2; job.targets = targets.data(); job.target_count = 40;
      job.decay = decay.data(); job.isa = isa; job.threads = 2;
      job.point = point.data(); job.mean = mean.data(); job.quantiles = quantiles.data(); job.status = status.data();
      check(sw_rules_forecast(&job) == 0, "rules run");
      check(status[4] == SW_RULE_SILENT && point[4 * horizon] == 0, "a silent row forecasts zero");
    }
    if (first.empty()) first = quantiles;
    check(std::memcmp(first.data(), quantiles.data(), first.size() * sizeof(double)) == 0, "rules have the same bits on every instruction set");
  }
}

void texts() {
  const std::string literal = "{\"a\":";
  const uint32_t offsets[] = {0, static_cast<uint32_t>(literal.size())};
  const double parts[] = {SW_PART_LITERAL, 0, 0, 0, 0, SW_PART_NUMBER, 0, 2, 1, 1}, figures[] = {-0.125, 12.5, 1e15};
  const int32_t ends[] = {2}, pattern[] = {0, 0, 0};
  uint8_t bytes[128];
  uint32_t ranges[4];
  sw_text_job job{};
  job.rows = 2; job.width = 1; job.figures = figures; job.pattern_of = pattern; job.parts = parts; job.pattern_ends = ends;
  job.literals = {reinterpret_cast<const uint8_t *>(literal.data()), offsets};
  job.bytes = bytes; job.offsets = ranges;
  check(sw_text_fill(&job) == 0, "texts are written");
  check(std::string(reinterpret_cast<char *>(bytes), ranges[2]) == "{\"a\":-0.13{\"a\":12.5", "numbers are printed as JavaScript does");
  job.rows = 3;
  check(sw_text_fill(&job) == SW_TEXT_BEYOND, "a number of more than 15 digits is left to the reference");
  uint8_t hex[32];
  const uint8_t prefix[] = {'a', 0x1f};
  const uint32_t one[] = {0, 1};
  const int32_t number[] = {7};
  sw_text_hash_ids(prefix, 2, {reinterpret_cast<const uint8_t *>("b"), one}, number, 1, hex);
  check(std::memchr(hex, 0, 32) == nullptr, "an id has 32 digits");
}

void kept() {
  const int rows = 3, members = 2, levels = 1, leads = 5;
  std::vector<double> forecasts(rows * leads, 12.345), level{0.5}, actual(rows * leads, 10), nights(rows, 2.0);
  actual[0] = NAN;
  std::vector<uint16_t> centi(rows * members * leads);
  std::vector<float> losses(rows * members * 2, 1.0f), relative = losses;
  const int32_t blocks[] = {1, 1, 2, 9};
  sw_combine_job job{};
  job.rows = rows; job.members = members; job.levels = levels; job.leads = job.horizon = leads; job.threads = 1;
  job.forecasts[0] = job.forecasts[1] = forecasts.data(); job.centi = centi.data();
  sw_combine_pack(&job);
  check(centi[0] == 1235, "forecasts are kept in hundredths, rounded half up");
  job.level = level.data(); job.actual = actual.data(); job.blocks = blocks; job.block_count = 2; job.kept = 0.5;
  job.losses = losses.data(); job.relative = relative.data(); job.nights = nights.data();
  sw_combine_judge(&job);
  check(losses[0] == 1.0f && nights[0] == 2.0, "a block without actuals keeps its loss");
}

void histories() {
  const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  check(sw_history_crc32c(digits, 9) == 0xe3069283u, "CRC-32C of 123456789, RFC 3720");
  const uint16_t centi[] = {0, 1, 0xffff, 18200};
  double percent[4];
  sw_history_percent(centi, percent, 4);
  check(percent[1] == 0.01 && std::isnan(percent[2]) && percent[3] == 182, "hundredths become percent");
}

}  // namespace

void sw_test_night() {
  rules();
  texts();
  kept();
  histories();
}
