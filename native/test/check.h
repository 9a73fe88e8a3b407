// What the test files share: one counter, and a function for each family that main.cc calls.
#ifndef SLACKWATER_CHECK_H
#define SLACKWATER_CHECK_H

// Counts; prints `what` when it does not hold.
void check(bool fine, const char *what);

void sw_test_arima();
void sw_test_copy();
void sw_test_night();
void sw_test_boosted();
void sw_test_lstm();

#endif
