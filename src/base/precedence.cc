// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/precedence.h"

#include <pthread.h>
#include <sched.h>

namespace tocsin {
namespace {

int policy_of(Precedence precedence)
{
    switch (precedence) {
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
    sched_param param{};
    param.sched_priority = static_cast<int>(precedence);
    return ::pthread_setschedparam(::pthread_self(), policy_of(precedence) | SCHED_RESET_ON_FORK, &param)
        == 0;
}

bool take_precedence(char const* name, Precedence precedence)
{
    ::pthread_setname_np(::pthread_self(), name);
    return set_precedence(precedence);
}

} // namespace tocsin
