// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/report.h"

#include "tocsin/base/log.h"

namespace tocsin::undo {

json::value to_json(Report const& report)
{
    static constexpr std::size_t shown_bytes = 4096;
    json::array notes;
    for (auto const& note : report.notes)
        notes.push_back(json::object{
            {"path", printable(note.path, shown_bytes)}, {"what", note.what}, {"why", note.why}});
    auto const& c = report.counts;
    return json::object{{"incident", report.incident.value}, {"restored", c.restored},
        {"recreated", c.recreated}, {"renamed_back", c.renamed_back}, {"set_aside", c.set_aside},
        {"kept_both", c.kept_both}, {"failed", c.failed}, {"verified", report.verified},
        {"seconds", report.seconds}, {"notes", std::move(notes)}};
}

} // namespace tocsin::undo
