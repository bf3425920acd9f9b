// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/births.h"

namespace tocsin::sensor {

void Births::born(event::ProcessKey child, event::ProcessKey parent)
{
    by_pid_.insert_or_assign(child.pid, Birth{child, parent});
}

void Births::ended(event::ProcessKey process)
{
    auto found = by_pid_.find(process.pid);
    if (found != by_pid_.end() && found->second.child == process)
        by_pid_.erase(found);
}

event::ProcessKey Births::parent_of(event::ProcessKey child, event::ProcessKey otherwise) const
{
    auto found = by_pid_.find(child.pid);
    return found != by_pid_.end() && found->second.child == child ? found->second.parent : otherwise;
}

} // namespace tocsin::sensor
