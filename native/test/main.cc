// Tests of the C ABI without Node; build.mjs --test runs them under ASan and UBSan.

#include <cstdio>

#include "check.h"

static int passed = 0, failed = 0;

void check(bool fine, const char *what) {
  if (fine) {
    passed++;
    return;
  }
  failed++;
  std::printf("failed: %s\n", what);
}

int main() {
  sw_test_arima();
  sw_test_copy();
  sw_test_night();
  sw_test_boosted();
  sw_test_lstm();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
