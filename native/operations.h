// Every family that JavaScript can call; a new family adds its line here and its array to call.h.
#ifndef SLACKWATER_OPERATIONS_H
#define SLACKWATER_OPERATIONS_H

#include "call.h"

static const sw_named_operation *const kFamilies[] = {
    sw_arima_operations,
    sw_boosted_operations,
    sw_combine_operations,
    sw_features_operations,
    sw_history_operations,
    sw_lstm_operations,
    sw_rules_operations,
    sw_text_operations,
    sw_windows_operations,
};

#endif
