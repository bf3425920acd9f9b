// SPDX-License-Identifier: Apache-2.0
// event/boundary.h -- where one actor ends and another begins, among processes that started each other.
#pragma once

#include "tocsin/event/process.h"

namespace tocsin::event {

// A child in another session and another cgroup than its parent's is another actor: a server's child for
// a user, a login, a service.
inline bool is_apart(Process const& child, Process const& parent)
{
    return parent.cgroup_id != 0 && child.cgroup_id != 0 && parent.cgroup_id != child.cgroup_id
        && parent.session != child.session;
}

} // namespace tocsin::event
