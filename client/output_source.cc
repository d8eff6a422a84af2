// SPDX-License-Identifier: Apache-2.0
#include "client/output.h"
#include "client/output_head.h"
#include "common/port_name.h"
#include "common/service_name.h"
#include "common/time_format.h"
#include "common/tool_mark.h"
#include "fmt/format.h"

namespace teiten {
namespace {

v1::Selection SelectionOf(const v1::SourceRequest& request) {
  v1::Selection selection;
  *selection.mutable_time() = request.time();
  selection.add_source_prefixes(request.source());
  *selection.mutable_sensors() = request.sensors();
  *selection.mutable_groups() = request.groups();
  return selection;
}

std::string Marks(const v1::SourceActivity& activity, const char* between) {
  std::string out;
  for (const v1::MarkCount& mark : activity.marks()) {
    if (!out.empty()) out += between;
    out += fmt::format("{} {}", ToolMarkName(mark.mark()), mark.packets());
  }
  return out;
}

}  // namespace

std::string SourceTable(const v1::SourceRequest& request, const v1::SourceReply& reply,
                        const Style& style) {
  std::string out = SelectionHead(SelectionOf(request), style);
  if (reply.activities_size() == 0) return out + CoverageText(reply.coverage(), style);
  out += Bold(Printable(reply.source()), style);
  if (!reply.region().empty()) out += "  region " + Printable(reply.region());
  out += "  " + Plural(reply.total().packets(), "packet");
  if (reply.total().sources() > 1) {
    out += fmt::format(", {} sources", SourcesText(reply.total(), style));
  }
  out += "\n";
  TextTable table({{"source"},
                   {"kind"},
                   {"port", Align::kRight},
                   {"service"},
                   {"packets", Align::kRight},
                   {"first"},
                   {"last"},
                   {"days", Align::kRight},
                   {"sensors", Align::kRight},
                   {"tool"}});
  for (const v1::SourceActivity& a : reply.activities()) {
    table.AddRow({Printable(a.source()), KindText(a.kind()), FormatPort(a.protocol(), a.port()),
                  std::string(ServiceName(a.protocol(), a.port())),
                  GroupDigits(a.counts().packets()), FullTime(a.first_unix_ms(), style),
                  FullTime(a.last_unix_ms(), style), std::to_string(a.days()),
                  std::to_string(a.sensors()), Printable(a.tool())});
  }
  out += table.Format(style);
  if (reply.truncated()) out += "There is more: --limit shows it.\n";
  return out + CoverageText(reply.coverage(), style);
}

std::string SourceCsv(const v1::SourceReply& reply) {
  std::string out =
      "source,kind,protocol,port,packets,bytes,tuples,first,last,days,sensors,tool,marks\n";
  for (const v1::SourceActivity& a : reply.activities()) {
    const std::string cells[] = {Printable(a.source()),
                                 KindText(a.kind()),
                                 std::to_string(a.protocol()),
                                 std::to_string(a.port()),
                                 std::to_string(a.counts().packets()),
                                 std::to_string(a.counts().bytes()),
                                 std::to_string(a.counts().tuples()),
                                 FormatUtcMs(a.first_unix_ms()),
                                 FormatUtcMs(a.last_unix_ms()),
                                 std::to_string(a.days()),
                                 std::to_string(a.sensors()),
                                 Printable(a.tool()),
                                 Marks(a, ";")};
    out += CsvLine(cells);
  }
  return out;
}

}  // namespace teiten
