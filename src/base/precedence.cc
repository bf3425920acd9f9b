// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/precedence.h"

#include <algorithm>
#include <sched.h>

namespace tocsin {
namespace {

int policy_of(Precedence precedence)
{
    switch (precedence) {
    case Precedence::idle:
        return SCHED_IDLE;
    case Precedence::none:
        return SCHED_OTHER;
    case Precedence::capture:
        return SCHED_RR;
    default:
        return SCHED_FIFO;
    }
}

} // namespace

bool set_precedence(Precedence precedence)
{
    return set_precedence(::pthread_self(), precedence);
}

bool set_precedence(pthread_t thread, Precedence precedence)
{
    sched_param param{};
    param.sched_priority = std::max(static_cast<int>(precedence), 0);
    return ::pthread_setschedparam(thread, policy_of(precedence) | SCHED_RESET_ON_FORK, &param) == 0;
}

bool take_precedence(char const* name, Precedence precedence)
{
    ::pthread_setname_np(::pthread_self(), name);
    return set_precedence(precedence);
}

} // namespace tocsin
