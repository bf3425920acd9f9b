// SPDX-License-Identifier: Apache-2.0
// guard/self_findings.h -- what was done to the guard itself, or keeps it from its work, as incidents of nobody known.
//
// Threads: any.
#pragma once

#include <functional>
#include <string>

#include "tocsin/event/incident.h"
#include "tocsin/guard/seldom.h"

namespace tocsin::guard {

class SelfFindings {
public:
    using Report = std::function<void(event::Incident)>; // from any thread
    explicit SelfFindings(Report report) : report_(std::move(report)) { }

    // Of one cause once in ten minutes; false where it was too soon.
    bool record(std::string const& cause, std::string const& reason)
    {
        if (!recorded_.is_due(cause, steady_now()))
            return false;
        event::Incident incident;
        incident.opened = incident.first_activity = incident.last_activity = wall_now();
        incident.actor.kind = event::ActorKind::unknown;
        incident.actor.command = "unknown: the guard itself";
        incident.reasons = {reason};
        report_(std::move(incident));
        return true;
    }

private:
    Report report_;
    Seldom recorded_;
};

} // namespace tocsin::guard
