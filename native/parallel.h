// Shares numbered pieces of work over threads. What a piece computes must not depend on who computes it.
#ifndef SLACKWATER_PARALLEL_H
#define SLACKWATER_PARALLEL_H

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

// Calls work(piece) for each piece in [0, count) on at most `threads` threads, this one included.
template <typename Work>
void sw_parallel(int32_t threads, int64_t count, Work work) {
  std::atomic<int64_t> next{0};
  const auto loop = [&] {
    for (int64_t piece = next++; piece < count; piece = next++) work(piece);
  };
  const int64_t extra = (threads < count ? threads : count) - 1;
  std::vector<std::thread> others;
  for (int64_t at = 0; at < extra; at++) others.emplace_back(loop);
  loop();
  for (std::thread &other : others) other.join();
}

#endif
