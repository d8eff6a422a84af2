// SPDX-License-Identifier: Apache-2.0
// The encoder thread: takes closed windows from the capture worker, gives each to the sink (which
// encodes, spools, prints), clears the table and gives it back. All that is too slow for the
// capture thread happens here.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "sensor/aggregate/window_buffer.h"
#include "sensor/uplink/encode.h"

namespace teiten {

// On the encoder thread; both are valid during the call only.
using WindowSink = std::function<void(const SummaryContext& context, const WindowContents& window)>;

class Encoder {
 public:
  // `context` holds what does not change; per window are N4, P6, key ids. `health` is asked once
  // a window. The exchange outlives the encoder.
  Encoder(WindowExchange* exchange, SummaryContext context, std::function<v1::Health()> health,
          WindowSink sink);
  ~Encoder() { Join(); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void Start();
  // After the worker has finished: returns when the last window went to the sink.
  void Join();

 private:
  void Run();
  void Encode(WindowBuffer& window);

  WindowExchange* exchange_;
  SummaryContext context_;
  std::function<v1::Health()> health_;
  WindowSink sink_;
  std::thread thread_;
};

}  // namespace teiten
