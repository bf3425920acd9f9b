// SPDX-License-Identifier: Apache-2.0
// Incidents of data that was read and sent away.
#include "tocsin/guard/incidents.h"

namespace tocsin::guard {

using event::IncidentState;

void Incidents::recall(event::Exposure const& exposure)
{
    ways_[{exposure.executable, exposure.unit, exposure.address, exposure.port, exposure.is_udp}] = {
        exposure.incident, {}};
}

void Incidents::expose(verdict::Exposed const& exposed)
{
    auto const& peer = exposed.peer;
    auto& told = ways_[{exposed.executable, exposed.unit, peer.address, peer.port, peer.is_udp}];
    auto const at = incidents_.find(told.incident);
    auto const state = at == incidents_.end() ? IncidentState::closed : at->second.state;
    bool const is_open =
        state == IncidentState::observed || state == IncidentState::held || state == IncidentState::contained;
    if (!is_open && state != IncidentState::released) {
        event::Incident incident;
        incident.opened = incident.first_activity = incident.last_activity = wall_now();
        auto const* node = parts_.processes.find(exposed.top);
        incident.actor =
            verdict::actor_of(node == nullptr ? event::Process{.key = exposed.top} : node->process);
        incident.actor.processes = exposed.processes;
        incident.reasons = {reason_of(exposed)};
        incident.bytes_exposed = exposed.bytes_read;
        introduce(incident);
        told = {open_numbered(std::move(incident)), exposed.top};
        write_exposure(told.incident, exposed);
    } else if (is_open && told.top == exposed.top) { // it has gone on
        auto& incident = at->second;
        incident.last_activity = wall_now();
        incident.actor.processes = exposed.processes;
        incident.reasons = {reason_of(exposed)};
        incident.bytes_exposed = exposed.bytes_read;
        introduce(incident);
        parts_.batch.add(incident);
        write_exposure(told.incident, exposed);
    }
}

void Incidents::write_exposure(event::IncidentId id, verdict::Exposed const& exposed)
{
    event::Finding finding;
    finding.incident = id;
    finding.time = wall_now();
    finding.signal = "exposure";
    finding.reason = reason_of(exposed);
    finding.objects = exposed.objects;
    parts_.batch.add(std::move(finding));
    parts_.batch.add(event::Exposure{id, wall_now(), exposed.executable, exposed.unit, exposed.peer.address,
        exposed.peer.port, exposed.peer.is_udp, exposed.files, exposed.bytes_read, exposed.bytes_sent});
}

} // namespace tocsin::guard
