// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "client/output.h"
#include "client/output_head.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

struct Watched {
  uint64_t packets = 0;
  uint64_t live_ms = 0;

  void Add(const v1::SeriesPoint& point) {
    packets += point.counts().packets();
    live_ms += point.live_ms();
  }
  // Packets per hour of live time, summed over sensors: a step that was watched for half of its
  // length is no dip. No value where nobody watched.
  [[nodiscard]] std::optional<double> Rate() const {
    if (live_ms == 0) return std::nullopt;
    return static_cast<double>(packets) * 3'600'000.0 / static_cast<double>(live_ms);
  }
};

Watched Of(const v1::SeriesPoint& point) {
  return {.packets = point.counts().packets(), .live_ms = point.live_ms()};
}

// Rates of neighbours taken together, so that at most `width` are left.
std::vector<std::optional<double>> Rates(const v1::SeriesLine& line, std::size_t width) {
  const auto points = static_cast<std::size_t>(line.points_size());
  const std::size_t merged = std::max<std::size_t>((points + width - 1) / width, 1);
  std::vector<std::optional<double>> out;
  for (std::size_t i = 0; i < points; i += merged) {
    Watched sum;
    for (std::size_t j = i; j < std::min(i + merged, points); ++j) {
      sum.Add(line.points(static_cast<int>(j)));
    }
    out.push_back(sum.Rate());
  }
  return out;
}

std::string StepText(uint64_t step_ms) {
  constexpr std::pair<uint64_t, const char*> kUnits[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}};
  for (const auto& [unit, name] : kUnits) {
    if (step_ms % unit == 0) return fmt::format("{}{}", step_ms / unit, name);
  }
  return fmt::format("{}ms", step_ms);
}

std::string LineTitle(const v1::SeriesRequest& request, const v1::SeriesLine& line) {
  if (request.split_by() == v1::RANK_BY_UNSPECIFIED) return "all";
  return Printable(line.key());
}

void AddLine(const v1::SeriesRequest& request, const v1::SeriesLine& line, const SeriesView& view,
             const Style& style, TextTable& table) {
  Watched sum;
  const v1::SeriesPoint* peak = nullptr;
  for (const v1::SeriesPoint& point : line.points()) {
    sum.Add(point);
    const std::optional<double> rate = Of(point).Rate();
    if (rate && (peak == nullptr || *rate > *Of(*peak).Rate())) peak = &point;
  }
  const bool any = peak != nullptr && sum.packets > 0;
  table.AddRow({LineTitle(request, line), Sparkline(Rates(line, view.width), style),
                GroupDigits(sum.packets), sum.live_ms > 0 ? FormatFigure(*sum.Rate()) : "-",
                any ? FormatFigure(*Of(*peak).Rate()) : "-",
                any ? ShortTime(peak->start_unix_ms(), style) : "-"});
}

std::string PointsTable(const v1::SeriesRequest& request, const v1::SeriesReply& reply,
                        const Style& style) {
  TextTable table({{"begin"},
                   {"line"},
                   {"packets", Align::kRight},
                   {"per live hour", Align::kRight},
                   {"sources", Align::kRight},
                   {"live", Align::kRight}});
  for (const v1::SeriesLine& line : reply.lines()) {
    for (const v1::SeriesPoint& p : line.points()) {
      const std::optional<double> rate = Of(p).Rate();
      if (!rate) {
        table.AddRow(
            {ShortTime(p.start_unix_ms(), style), LineTitle(request, line), "gap", "", "", "-"});
        continue;
      }
      table.AddRow({ShortTime(p.start_unix_ms(), style), LineTitle(request, line),
                    GroupDigits(p.counts().packets()), FormatFigure(*rate),
                    SourcesText(p.counts(), style),
                    FormatDuration(static_cast<int64_t>(p.live_ms()))});
    }
  }
  return table.Format(style);
}

bool HasGap(const v1::SeriesReply& reply) {
  return reply.lines_size() > 0 &&
         std::any_of(reply.lines(0).points().begin(), reply.lines(0).points().end(),
                     [](const v1::SeriesPoint& p) { return p.live_ms() == 0; });
}

}  // namespace

std::string SeriesTable(const v1::SeriesRequest& request, const v1::SeriesReply& reply,
                        const SeriesView& view, const Style& style) {
  std::string out = SelectionHead(request.selection(), style);
  if (reply.lines_size() > 0) {
    TextTable table(
        {{"line"},
         {fmt::format("packets per sensor and live hour, step {}", StepText(reply.step_ms()))},
         {"packets", Align::kRight},
         {"mean/h", Align::kRight},
         {"peak/h", Align::kRight},
         {"peak at"}});
    for (const v1::SeriesLine& line : reply.lines()) AddLine(request, line, view, style, table);
    out += table.Format(style);
    if (reply.keys() > static_cast<uint32_t>(reply.lines_size())) {
      out += Dim(fmt::format("{} of {} lines; --limit shows more", reply.lines_size(),
                             GroupDigits(reply.keys())),
                 style) +
             "\n";
    }
    if (HasGap(reply)) {
      out +=
          Dim(fmt::format("{} is a gap: no sensor watched", style.utf8 ? "·" : "A blank"), style) +
          "\n";
    }
    if (view.points) out += "\n" + PointsTable(request, reply, style);
  }
  return out + CoverageText(reply.coverage(), style);
}

// A gap has empty counts: spreadsheets would draw a zero.
std::string SeriesCsv(const v1::SeriesReply& reply) {
  std::string out =
      "line,begin,step_seconds,packets,bytes,tuples,sources,sources_standard_error,"
      "live_seconds\n";
  for (const v1::SeriesLine& line : reply.lines()) {
    for (const v1::SeriesPoint& p : line.points()) {
      const bool gap = p.live_ms() == 0;
      const auto count = [gap](uint64_t n) { return gap ? std::string() : std::to_string(n); };
      const std::string cells[] = {
          Printable(line.key()),
          FormatUtcMs(p.start_unix_ms()),
          fmt::format("{}", static_cast<double>(reply.step_ms()) / 1000),
          count(p.counts().packets()),
          count(p.counts().bytes()),
          count(p.counts().tuples()),
          gap ? "" : fmt::format("{:.0f}", p.counts().sources()),
          gap ? "" : fmt::format("{:.4f}", p.counts().sources_standard_error()),
          fmt::format("{}", static_cast<double>(p.live_ms()) / 1000)};
      out += CsvLine(cells);
    }
  }
  return out;
}

}  // namespace teiten
