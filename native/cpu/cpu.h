// Which instructions this CPU and this kernel grant, asked at run time, and how fast they are.
#ifndef SLACKWATER_CPU_H
#define SLACKWATER_CPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SW_BASELINE = 0, SW_AVX2 = 1, SW_AVX512 = 2 };

// The best instruction set of this CPU.
int32_t sw_best_isa(void);

// 8-bit dot products (AVX-512 VNNI). They give the same integers as plain loops: no result depends on them.
int32_t sw_has_vnni(void);

// AMX int8 tiles, granted by the CPU and by the kernel (arch_prctl). Asks once for the whole process; each
// thread that uses tiles configures and releases them itself. The same integers as plain loops.
int32_t sw_has_amx_int8(void);

// Fused multiply-adds of float32 per second that one core reaches with this instruction set.
double sw_peak_fma_per_sec(int32_t isa);

#ifdef __cplusplus
}
#endif
#endif
