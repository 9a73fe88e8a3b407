// Stored means as JavaScript calls for them.

#include "../call.h"
#include "history.h"

namespace {

int32_t gather(const sw_call *call) {
  sw_history_gather(sw_u16(call, "target"), sw_u16(call, "source"), sw_i32(call, "rowOf"), sw_length(call, "rowOf"),
                    sw_int(call, "sourceSteps"), sw_int(call, "from"), sw_int(call, "to"), sw_int(call, "targetSteps"),
                    sw_int(call, "column"));
  return 0;
}

int32_t percent(const sw_call *call) {
  sw_history_percent(sw_u16(call, "centi"), sw_f64(call, "values"), sw_length(call, "centi"));
  return 0;
}

int32_t crc32c(const sw_call *call) {
  *sw_u32(call, "crc") = sw_history_crc32c(sw_u8(call, "bytes"), sw_length(call, "bytes"));
  return 0;
}

}  // namespace

const sw_named_operation sw_history_operations[] = {
    {"history.gather", gather}, {"history.percent", percent}, {"history.crc32c", crc32c}, {nullptr, nullptr}};
