// SPDX-License-Identifier: Apache-2.0
#include "client/tuples_command.h"

#include "client/commands.h"
#include "client/output.h"
#include "client/output_head.h"
#include "common/tuple_csv.h"
#include "fmt/format.h"

namespace teiten {
namespace {

class TuplesRun {
 public:
  TuplesRun(const ClientOptions& options, const Terminal& terminal)
      : o_(options), terminal_(terminal), token_(options.resume_token) {}

  [[nodiscard]] v1::TuplesRequest Request() const {
    v1::TuplesRequest request;
    *request.mutable_selection() = o_.selection;
    request.set_limit(o_.limit);
    request.set_resume_token(o_.resume_token);
    request.set_include_empty_windows(o_.empty_windows);
    return request;
  }

  void Take(const v1::TuplesReply& reply) {
    PrintHead(reply);
    PrintRows(reply);
    if (!reply.resume_token().empty()) token_ = reply.resume_token();
    if (!reply.has_coverage()) return;
    whole_ = true;
    Finish(reply);
  }

  [[nodiscard]] bool whole() const { return whole_; }
  // Where to go on: after what was printed, or where this run was to begin.
  [[nodiscard]] const std::string& token() const { return token_; }

 private:
  // The columns of a table only once there is a row.
  void PrintHead(const v1::TuplesReply& reply) {
    const bool table = o_.output == OutputFormat::kTable;
    if (!begun_ && table) terminal_.out(SelectionHead(o_.selection, terminal_.style));
    if (!begun_ && o_.output == OutputFormat::kCsv) {
      terminal_.out(fmt::format("sensor,{}\n", TupleCsvHeader()));
    }
    begun_ = true;
    if (!table || any_ || reply.tuples_size() == 0) return;
    any_ = true;
    terminal_.out(TuplesTableHeader(terminal_.style));
  }

  void PrintRows(const v1::TuplesReply& reply) {
    std::string text;
    for (const v1::Tuple& tuple : reply.tuples()) {
      switch (o_.output) {
        case OutputFormat::kTable:
          text += TupleTableLine(reply, tuple, terminal_.style);
          break;
        case OutputFormat::kCsv:
          text += Printable(reply.identity().sensor()) + ",";
          AppendTupleCsv(reply.window_start_unix_ms(), tuple, text);
          break;
        case OutputFormat::kJson:
          text += TupleJson(reply, tuple);
          break;
      }
    }
    if (reply.tuples_size() == 0 && o_.empty_windows && o_.output == OutputFormat::kJson &&
        reply.has_accounting()) {
      text += MessageJson(reply);
    }
    if (!text.empty()) terminal_.out(text);
  }

  void Finish(const v1::TuplesReply& last) const {
    std::string text;
    if (last.truncated()) {
      text += fmt::format("There is more: --limit shows it, or go on with --resume {}\n",
                          Printable(last.resume_token()));
    }
    Style style = terminal_.style;
    const bool table = o_.output == OutputFormat::kTable;
    style.colour = style.colour && table;
    (table ? terminal_.out : terminal_.err)(text + CoverageText(last.coverage(), style));
  }

  const ClientOptions& o_;
  const Terminal& terminal_;
  std::string token_;
  bool begun_ = false;
  bool any_ = false;
  bool whole_ = false;
};

}  // namespace

ExitCode RunTuples(const ClientOptions& options, CollectorLink& link, const Terminal& terminal,
                   const std::function<ExitCode(const absl::Status&)>& failed) {
  TuplesRun run(options, terminal);
  const absl::Status status = link.Tuples(run.Request(), [&](const v1::TuplesReply& reply) {
    run.Take(reply);
    return true;
  });
  if (status.ok() && run.whole()) return ExitCode::kDone;
  const ExitCode exit =
      failed(status.ok() ? absl::DataLossError("the answer ended early") : status);
  // What was wrong with the question is wrong with its token as well.
  if (!run.token().empty() && !absl::IsInvalidArgument(status)) {
    terminal.err(fmt::format("To go on: --resume {}\n", Printable(run.token())));
  }
  return exit;
}

}  // namespace teiten
