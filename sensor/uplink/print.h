// SPDX-License-Identifier: Apache-2.0
// What would be sent, as text: --print csv, --print json and the accounting on stderr. All from
// the message, so that what is seen is what is sent.
//
// csv: common/tuple_csv.h, the header once, then every tuple of every window.
//
// json: one WindowSummary a line in proto3 JSON with the field names of the .proto, zeros
// printed, absent fields left out. Instead of the columns ipv4 and ipv6 it has "tuples", second
// rows of one key added, in the order of csv; folded rows are in "folded", as in the message:
//
//   {"software":"teiten-sensor 0.1.0",…,"window_start_unix_ms":"1795341600000",…,
//    "tuples":[{"source":"192.0.2.7","kind":"tcp_syn","protocol":6,"port":23,"packets":3,
//      "bytes":120,"first":"2026-11-22T10:00:00.123Z","last":"2026-11-22T10:00:07.000Z",
//      "destinations":2,"zmap":0,"masscan":0,"mirai":3,"nmap":0,"ttl":48,"ip_length":40,
//      "tcp_window":5840,"tcp_options_length":0,"source_port":40000,"flags":[]},…]}
//
// A tuple names only the marks its kind has; kinds of class backscatter have "slots":[n,n,n,n,n,n].
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

// Gets text in pieces of about 64 KiB: a full window would be 60 MB at once.
using TextSink = absl::FunctionRef<void(std::string_view)>;

// The CSV header line, then for each window PrintCsv.
[[nodiscard]] std::string CsvHeaderLine();

// Errors: InvalidArgument if the columns do not decode; nothing is written then.
[[nodiscard]] absl::Status PrintCsv(const v1::WindowSummary& summary, TextSink sink);
[[nodiscard]] absl::Status PrintJson(const v1::WindowSummary& summary, TextSink sink);

// One line of JSON with its line feed: the window, its fates and every counter of loss. Unknown
// drops are null.
[[nodiscard]] std::string FormatAccounting(const v1::WindowSummary& summary);

}  // namespace teiten
