// ARIMA through its C ABI.

#include <cmath>
#include <cstring>
#include <vector>

#include "../arima/arima.h"
#include "check.h"

namespace {

double noise(uint32_t x) {  // uniform in [-1, 1)
  x ^= x >> 16; x *= 0x85ebca6bu; x ^= x >> 13; x *= 0xc2b2ae35u; x ^= x >> 16;
  return x / 2147483648.0 - 1;
}

std::vector<double> sample(int rows, int length, bool holes) {
  std::vector<double> values(static_cast<size_t>(rows) * length);
  for (int r = 0; r < rows; r++) {
    double level = 0;
    for (int t = 0; t < length; t++) {
      level = 0.8 * level + noise(static_cast<uint32_t>(r * 7919 + t));
      values[static_cast<size_t>(r) * length + t] = 10 + level + 3 * std::sin(t * 0.2618 + r);
      if (holes && r % 3 == 1 && t > 60 && t < 91) values[static_cast<size_t>(r) * length + t] = NAN;
    }
  }
  return values;
}

struct Run {
  std::vector<uint8_t> orders;
  std::vector<double> fits;
};

const uint8_t kOrders[][SW_ORDER_WIDTH] = {{1, 0, 0, 1, 0, 0, 1, 0}, {0, 1, 1, 0, 1, 1, 0, 0}, {2, 0, 2, 1, 0, 1, 1, 0}};

sw_arima_job jobOf(const std::vector<double> &values, int rows, int length, int end, int isa, Run &run) {
  run.orders.assign(static_cast<size_t>(rows) * SW_ORDER_WIDTH, 0);
  run.fits.assign(static_cast<size_t>(rows) * SW_FIT_WIDTH, 0);
  sw_arima_job job{};
  job.values = values.data();
  job.rows = rows;
  job.stride = length;
  job.end = end;
  job.season = 24;
  job.isa = isa;
  job.threads = 2;
  job.max_iterations = 20;
  job.root_limit = 0.995;
  job.candidates = kOrders[0];
  job.candidate_count = 3;
  job.orders = run.orders.data();
  job.fits = run.fits.data();
  return job;
}

bool sameRow(const Run &a, int i, const Run &b, int j) {
  return std::memcmp(&a.fits[static_cast<size_t>(i) * SW_FIT_WIDTH], &b.fits[static_cast<size_t>(j) * SW_FIT_WIDTH], SW_FIT_WIDTH * sizeof(double)) == 0 &&
         std::memcmp(&a.orders[static_cast<size_t>(i) * SW_ORDER_WIDTH], &b.orders[static_cast<size_t>(j) * SW_ORDER_WIDTH], SW_ORDER_WIDTH) == 0;
}

void searchAtOddSizes(int isa) {
  const int lanes = isa == SW_AVX512 ? 16 : isa == SW_AVX2 ? 8 : 4;
  for (const int rows : {0, 1, lanes - 1, lanes, lanes + 1}) {
    const std::vector<double> values = sample(rows, 200, true);
    Run run;
    const sw_arima_job job = jobOf(values, rows, 200, 200, isa, run);
    check(sw_arima_search(&job) == 0, "a search ends");
    for (int r = 0; r < rows; r++) {
      const double *fit = &run.fits[static_cast<size_t>(r) * SW_FIT_WIDTH];
      check(std::isfinite(fit[SW_AICC]) && fit[SW_SIGMA2] > 0 && fit[SW_SIGMA2] < 1, "a fit explains something");
    }
    std::vector<double> mean(static_cast<size_t>(rows) * 30), variance(mean.size());
    check(sw_arima_forecast(&job, 30, mean.data(), variance.data()) == 0, "a forecast ends");
    for (const double value : mean) check(std::isfinite(value), "a forecast is a number");
  }
}

void neighboursDoNotMatter(int isa) {
  const std::vector<double> values = sample(20, 160, true);
  std::vector<double> poisoned = values, single(values.begin() + 160 * 4, values.begin() + 160 * 5);
  for (int r = 1; r < 20; r += 2) for (int t = 0; t < 160; t++) poisoned[static_cast<size_t>(r) * 160 + t] = t % 2 ? NAN : 1e300;
  Run a, b, c;
  const sw_arima_job first = jobOf(values, 20, 160, 160, isa, a), second = jobOf(poisoned, 20, 160, 160, isa, b), third = jobOf(single, 1, 160, 160, isa, c);
  check(sw_arima_search(&first) == 0 && sw_arima_search(&second) == 0 && sw_arima_search(&third) == 0, "searches end");
  for (int r = 0; r < 20; r += 2) check(sameRow(a, r, b, r), "a row's bits survive poisoned neighbours");
  check(sameRow(a, 4, c, 0), "a row's bits do not depend on its place");
}

void shortAndEmpty(int isa) {
  for (const int end : {0, 1, 2, 24, 25, 26, 49, 51, 100, 101}) {
    const std::vector<double> values = sample(5, 101, false);
    Run run;
    sw_arima_job job = jobOf(values, 5, 101, end, isa, run);
    check(sw_arima_search(&job) == 0, "a short search ends");
    std::vector<double> mean(5 * 3), variance(5 * 3);
    check(sw_arima_forecast(&job, 3, mean.data(), variance.data()) == 0, "a short forecast ends");
    for (const double value : mean) check(std::isfinite(value), "a short forecast is a number");
    for (int r = 0; r < 5; r++) std::memcpy(&run.orders[static_cast<size_t>(r) * SW_ORDER_WIDTH], kOrders[1], SW_ORDER_WIDTH);
    for (const int wide : {0, 1}) {
      job.double_precision = wide;
      check(sw_arima_fit(&job) == 0, "a short fit ends");
    }
  }
}

}  // namespace

void sw_test_arima() {
  for (int isa = SW_BASELINE; isa <= sw_best_isa(); isa++) {
    searchAtOddSizes(isa);
    neighboursDoNotMatter(isa);
    shortAndEmpty(isa);
  }
}
