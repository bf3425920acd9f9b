// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/ebpf/root_cgroup.h"

#include <fcntl.h>
#include <sys/mount.h>

namespace tocsin::sensor {

Result<UniqueFd> root_cgroup()
{
    UniqueFd context(::fsopen("cgroup2", FSOPEN_CLOEXEC));
    if (!context)
        return Error::from_errno(errno, "fsopen cgroup2");
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return Error::from_errno(errno, "fsconfig cgroup2");
    UniqueFd root(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    if (!root)
        return Error::from_errno(errno, "fsmount cgroup2");
    return root;
}

} // namespace tocsin::sensor
