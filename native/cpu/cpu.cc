// Asks the CPU (cpuid) and the kernel (arch_prctl) what may be used.

#include "cpu.h"

#include <chrono>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "../arima/arima_rows.h"

namespace {

constexpr long kRequestTilePermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, linux/Documentation/arch/x86/xstate.rst
constexpr long kTileData = 18;                   // XFEATURE_XTILEDATA

bool askForTiles() {
#if defined(__x86_64__) && defined(__linux__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const bool tiles = (d >> 24) & 1, bytes = (d >> 25) & 1;
  return tiles && bytes && syscall(SYS_arch_prctl, kRequestTilePermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

extern "C" int32_t sw_best_isa(void) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    return SW_AVX512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SW_AVX2;
  return SW_BASELINE;
}

extern "C" int32_t sw_has_vnni(void) { return sw_best_isa() == SW_AVX512 && __builtin_cpu_supports("avx512vnni"); }

extern "C" int32_t sw_has_amx_int8(void) {
  static const bool granted = askForTiles();
  return granted;
}

extern "C" double sw_peak_fma_per_sec(int32_t isa) {
  void (*const chains)(int64_t, float *) = isa >= SW_AVX512 ? sw_fma_avx512 : isa == SW_AVX2 ? sw_fma_avx2 : sw_fma_baseline;
  const int lanes = isa >= SW_AVX512 ? 16 : isa == SW_AVX2 ? 8 : 4;
  const int64_t rounds = 2000000;
  float sink = 0;
  double best = 0;
  for (int repeat = 0; repeat < 5; repeat++) {
    const auto begin = std::chrono::steady_clock::now();
    chains(rounds, &sink);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    const double rate = rounds * 10.0 * lanes / seconds.count();
    if (rate > best) best = rate;
  }
  return sink == sink ? best : 0;
}
