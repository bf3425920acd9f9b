// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/show.h"
#include "tocsin/cli/table.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

std::string trees_text(json::array const& trees)
{
    Table table({{"tree"}, {"objects", Align::right}, {"bytes", Align::right}, {"captured", Align::right},
        {"pending", Align::right}, {"at risk", Align::right}});
    for (auto const& item : trees) {
        Fields tree(item);
        table.add({tree.text("path"), grouped(tree.number("objects")), size_words(tree.number("bytes")),
            grouped(tree.number("captured")), grouped(tree.number("pending")),
            grouped(tree.number("at_risk"))});
    }
    return table.text(2);
}

std::string gate_text(Fields const& gate)
{
    return fmt::format(
        "gate: {} opens, {} held, {} allowed at the time limit; half answered within {}, 99 % within {}\n",
        grouped(gate.number("opens")), grouped(gate.number("held")), grouped(gate.number("timeouts")),
        microsecond_words(gate.number("p50_us")), microsecond_words(gate.number("p99_us")));
}

std::string vault_text(Fields const& vault)
{
    auto text = fmt::format("vault: {} versions of {} in {} at {}", grouped(vault.number("versions")),
        size_words(vault.number("bytes")), size_words(vault.number("stored_bytes")),
        printable(vault.text("repository"), 4096));
    if (vault.has("off_host_lag_s"))
        text +=
            fmt::format("; the copy off this host is {} s behind", grouped(vault.number("off_host_lag_s")));
    return text + "\n";
}

std::string growth_text(Fields const& growth)
{
    auto const a_day = growth.number("bytes_a_day");
    if (a_day == 0)
        return {};
    Table table({{"most is kept of"}, {"all its versions", Align::right}});
    for (auto const& item : growth.list("largest"))
        table.add({printable(Fields(item).text("path"), 200), size_words(Fields(item).number("bytes"))});
    return fmt::format("grows by {} of versions a day, before packing\n", size_words(a_day)) + table.text(2);
}

std::string invariant_words(Fields const& invariant)
{
    std::string words = invariant.yes("holds") ? "holds" : "does not hold";
    return invariant.text("reason").empty() ? words : words + ": " + invariant.text("reason");
}

std::string invariants_text(json::object const& invariants)
{
    Table table({{"invariant"}, {"on this host"}});
    for (auto const& entry : invariants) {
        std::string name(entry.key());
        for (auto& c : name)
            c = c == '_' ? ' ' : c;
        table.add({std::move(name), invariant_words(Fields(entry.value()))});
    }
    return table.empty() ? std::string() : "\n" + table.text(2);
}

std::string isolation_text(Fields const& isolation)
{
    auto const dropped = isolation.object("dropped");
    return fmt::format("isolated until {}; packets dropped: {} in, {} out, {} forwarded; allowed: {}\n",
        short_time(isolation.text("until")), grouped(dropped.number("in")), grouped(dropped.number("out")),
        grouped(dropped.number("forwarded")), comma_list(isolation.list("allowed"), "nobody"));
}

} // namespace

std::string show_status(json::value const& status)
{
    Fields fields(status);
    auto text = fields.text("state");
    if (fields.text("respond") == "observe")
        text += ", observing only";
    if (fields.has("guard_pid"))
        text += fmt::format(" (process {})", fields.number("guard_pid"));
    if (!fields.text("reason").empty())
        text += ": " + printable(fields.text("reason"), 4096);
    text += "\n";
    if (fields.has("isolation"))
        text += isolation_text(fields.object("isolation"));
    if (!fields.list("protected").empty())
        text += "\n" + trees_text(fields.list("protected")) + "\n";
    if (fields.has("gate"))
        text += gate_text(fields.object("gate"));
    if (fields.has("vault"))
        text += vault_text(fields.object("vault")) + growth_text(fields.object("vault").object("growth"));
    text += fmt::format("open incidents: {}\n", grouped(fields.number("incidents_open")));
    return text + invariants_text(fields.object("invariants").all());
}

} // namespace tocsin::cli
