// SPDX-License-Identifier: Apache-2.0
#include "sensor/encoder.h"

#include <utility>
#include <vector>

namespace teiten {

Encoder::Encoder(WindowExchange* exchange, SummaryContext context,
                 std::function<v1::Health()> health, WindowSink sink)
    : exchange_(exchange),
      context_(std::move(context)),
      health_(std::move(health)),
      sink_(std::move(sink)) {}

void Encoder::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Encoder::Join() {
  if (thread_.joinable()) thread_.join();
}

void Encoder::Run() {
  while (WindowBuffer* window = exchange_->WaitClosed()) {
    Encode(*window);
    window->view.reset();
    window->table.Clear();
    exchange_->GiveBack(window);
  }
}

void Encoder::Encode(WindowBuffer& window) {
  const AddressView& view = *window.view;
  context_.direction_unknown = view.everything();
  context_.n4 = view.n4();
  context_.p6 = view.p6();
  context_.bitmap_exact_ipv4 = view.bitmap_exact(Family::kIpv4);
  context_.bitmap_exact_ipv6 = view.bitmap_exact(Family::kIpv6);
  context_.bitmap_key_id = window.bitmap_key_id;
  context_.sketch_key_id = window.sketch_key_id;

  const std::vector<FoldedRow> folded = window.table.folded().Rows();
  const std::vector<KindSources> sources = window.table.folded().Sketches();
  std::vector<FoldedSketch> sketches;
  for (const KindSources& of_kind : sources) {
    sketches.push_back({of_kind.kind_flags, &of_kind.sources});
  }
  v1::Health health = health_ ? health_() : v1::Health();
  health.set_table_capacity_rows(window.table.capacity());
  health.set_table_starved(window.table_starved);

  WindowContents contents;
  contents.times = window.times;
  contents.counts = window.counts;
  contents.rows = window.table.rows();
  contents.folded = folded;
  contents.folded_sources = sketches;
  contents.health = health_ ? &health : nullptr;
  sink_(context_, contents);
}

}  // namespace teiten
