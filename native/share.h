// Work on parts [0, count) shared over threads, each part once; the order never matters to a result.
#ifndef SLACKWATER_SHARE_H
#define SLACKWATER_SHARE_H

#include <atomic>
#include <thread>
#include <vector>

// `work(part)`; exceptions must not leave it.
template <class Work> void sw_share(int threads, int count, Work work) {
  std::atomic<int> next{0};
  auto loop = [&] { for (int part = next++; part < count; part = next++) work(part); };
  const int extra = (threads < count ? threads : count) - 1;
  std::vector<std::thread> others;
  for (int i = 0; i < extra; i++) others.emplace_back(loop);
  loop();
  for (std::thread &thread : others) thread.join();
}

#endif
