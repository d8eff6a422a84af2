// SPDX-License-Identifier: Apache-2.0
#include "collector/store/accounting.h"

namespace teiten {

void AddAccounting(const v1::Accounting& term, v1::Accounting& sum) {
  sum.set_captured(sum.captured() + term.captured());
  sum.set_undecodable_link(sum.undecodable_link() + term.undecodable_link());
  sum.set_not_ip(sum.not_ip() + term.not_ip());
  sum.set_truncated(sum.truncated() + term.truncated());
  sum.set_malformed(sum.malformed() + term.malformed());
  sum.set_link_local(sum.link_local() + term.link_local());
  sum.set_outbound(sum.outbound() + term.outbound());
  sum.set_unobserved(sum.unobserved() + term.unobserved());
  sum.set_service(sum.service() + term.service());
  sum.set_solicited(sum.solicited() + term.solicited());
  sum.set_observed(sum.observed() + term.observed());
  sum.set_self_addressed(sum.self_addressed() + term.self_addressed());
  sum.set_quote_mismatch(sum.quote_mismatch() + term.quote_mismatch());
  sum.set_late(sum.late() + term.late());
  sum.set_time_bad(sum.time_bad() + term.time_bad());
  sum.set_folded(sum.folded() + term.folded());
  sum.set_offload_merged(sum.offload_merged() + term.offload_merged());
  sum.set_solicited_evicted(sum.solicited_evicted() + term.solicited_evicted());
  sum.set_observed_bytes(sum.observed_bytes() + term.observed_bytes());
  if (term.has_kernel_dropped()) {
    sum.set_kernel_dropped(sum.kernel_dropped() + term.kernel_dropped());
  }
  if (term.has_interface_dropped()) {
    sum.set_interface_dropped(sum.interface_dropped() + term.interface_dropped());
  }
}

}  // namespace teiten
