// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/pid_ref.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tocsin {

Result<PidRef> PidRef::open(pid_t pid)
{
    auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0)
        return Error::from_errno(errno, "pidfd_open");
    return PidRef(pid, UniqueFd(fd));
}

Result<void> PidRef::signal(int number) const
{
    if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) != 0)
        return Error::from_errno(errno, "pidfd_send_signal");
    return {};
}

// A pidfd of a thread is of Linux 6.9. The kernel looks for the thread among those of the process alone, whose number
// stays its own until it has ended and was waited for.
void PidRef::signal_thread(pid_t thread, int number) const
{
    if (!ended())
        (void)::syscall(SYS_tgkill, pid_, thread, number);
}

Result<UniqueFd> PidRef::descriptor(int number) const
{
    auto fd = static_cast<int>(::syscall(SYS_pidfd_getfd, fd_.get(), number, 0));
    if (fd < 0)
        return Error::from_errno(errno, "pidfd_getfd");
    return UniqueFd(fd);
}

bool PidRef::ended() const
{
    return ends_within({});
}

bool PidRef::ends_within(std::chrono::milliseconds limit) const
{
    pollfd p{fd_.get(), POLLIN, 0};
    return ::poll(&p, 1, static_cast<int>(limit.count())) == 1;
}

} // namespace tocsin
