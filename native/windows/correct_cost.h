// A row's cost by what was learned of it; CORRECTION in src/kernels/windows-kernels.ts.
#ifndef SLACKWATER_CORRECT_COST_H
#define SLACKWATER_CORRECT_COST_H

#include "copy_cost.h"

namespace sw_windows {

inline void correct(double &p50, double &p95, const double *learned) {
  const double factor = learned[0], spread = learned[1];
  p50 = roundHalfUp(p50 * factor);
  p95 = std::max(p50, roundHalfUp(spread == spread ? p50 * spread : p95 * factor));
}

// `learned`: of the row in this mode.
inline Cost corrected(Cost cost, const double *learned) {
  correct(cost.total50, cost.total95, learned);
  correct(cost.pause50, cost.pause95, learned + 2);
  correct(cost.sent50, cost.sent95, learned + 4);
  const double success = roundHalfUp((cost.success + learned[6]) * 1000) / 1000;
  cost.success = std::min(1.0, std::max(0.0, success));
  return cost;
}

}  // namespace sw_windows

#endif
