// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace tocsin::guard {
namespace {

constexpr std::size_t messages_at_most = 8192;

} // namespace

Result<std::unique_ptr<Inbox>> Inbox::create()
{
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error::from_errno(errno, "eventfd");
    return std::unique_ptr<Inbox>(new Inbox(std::move(wake)));
}

Inbox::Inbox(UniqueFd wake) : wake_(std::move(wake)), box_(messages_at_most) { }

void Inbox::put(Message message)
{
    if (box_.put_waiting(std::move(message)) != Put::accepted)
        return; // the guard ends: what the message owned is let go
    ring();
}

// Who finds it rung need not ring again: it is looked at before the box is.
void Inbox::ring()
{
    if (!is_rung_.exchange(true))
        ::eventfd_write(wake_.get(), 1);
}

std::vector<Message> Inbox::take(std::size_t limit)
{
    owed_ += is_rung_.exchange(false) ? 1 : 0;
    if (owed_ == 0)
        return {};
    eventfd_t count = 0; // none, where it is rung a moment later: then next time
    if (::eventfd_read(wake_.get(), &count) == 0)
        owed_ -= count;
    for (auto& message : box_.take_all())
        taken_.push_back(std::move(message));
    std::vector<Message> out;
    for (; !taken_.empty() && out.size() < limit; taken_.pop_front())
        out.push_back(std::move(taken_.front()));
    if (!taken_.empty())
        ring();
    return out;
}

void Inbox::close()
{
    box_.close();
}

} // namespace tocsin::guard
