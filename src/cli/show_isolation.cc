// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {
namespace {

std::string asked_from_text(Fields const& outcome)
{
    if (outcome.has("asked_from"))
        return fmt::format(
            "you are logged in from {}: that is allowed\n", printable(outcome.text("asked_from"), 64));
    return "from where you are logged in is not known: over a network you reach this host only from what is "
           "allowed\n";
}

} // namespace

std::string show_isolation(json::value const& outcome)
{
    Fields fields(outcome);
    if (!fields.yes("isolated"))
        return fields.yes("was_isolated") ? "this host is no longer isolated\n"
                                          : "this host was not isolated\n";
    auto text = fmt::format("isolated until {}\nallowed: {}\n", short_time(fields.text("until")),
        comma_list(fields.list("allowed"), "nobody"));
    text += asked_from_text(fields);
    if (!fields.list("no_way_to").empty())
        text +=
            fmt::format("allowed, but there is no way there: {}\n", comma_list(fields.list("no_way_to"), ""));
    text += fmt::format(
        "{}: {}\n", fields.yes("proved") ? "proved" : "NOT PROVED", printable(fields.text("reason"), 4096));
    return text + "`tocsin isolate --end` ends it before its time\n";
}

} // namespace tocsin::cli
