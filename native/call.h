// One call from JavaScript as the operations see it: numbers and typed arrays by name.
//
// src/kernels/native checks sizes before it calls; an operation trusts them. Arrays stay alive and in place
// until the operation returns; it writes its results into them.
#ifndef SLACKWATER_CALL_H
#define SLACKWATER_CALL_H

#include <cstdint>

struct sw_call;

// Absent or of another type: 0 / null.
double sw_number(const sw_call *call, const char *name);
double *sw_f64(const sw_call *call, const char *name);
float *sw_f32(const sw_call *call, const char *name);
int32_t *sw_i32(const sw_call *call, const char *name);
uint32_t *sw_u32(const sw_call *call, const char *name);
int16_t *sw_i16(const sw_call *call, const char *name);
uint16_t *sw_u16(const sw_call *call, const char *name);
int8_t *sw_i8(const sw_call *call, const char *name);
uint8_t *sw_u8(const sw_call *call, const char *name);
// Elements of the array of that name, whatever its type; 0 when absent.
int64_t sw_length(const sw_call *call, const char *name);

inline int32_t sw_int(const sw_call *call, const char *name) { return static_cast<int32_t>(sw_number(call, name)); }

// Runs off the event loop. Returns 0, -1 when memory is short, or a code that its TypeScript face knows.
typedef int32_t (*sw_operation)(const sw_call *call);

struct sw_named_operation {
  const char *name;
  sw_operation run;
};

// Operations of one family, ended by a null name; all families are listed in operations.h.
extern const sw_named_operation sw_arima_operations[], sw_boosted_operations[], sw_combine_operations[], sw_features_operations[],
    sw_history_operations[], sw_lstm_operations[], sw_rules_operations[], sw_text_operations[], sw_windows_operations[];

#endif
