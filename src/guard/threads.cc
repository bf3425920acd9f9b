// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/threads.h"

#include <pthread.h>
#include <sched.h>

namespace tocsin::guard {

bool take_precedence(char const* name, Precedence precedence)
{
    ::pthread_setname_np(::pthread_self(), name);
    return set_precedence(precedence);
}

bool set_precedence(Precedence precedence)
{
    sched_param param{};
    param.sched_priority = static_cast<int>(precedence);
    return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0;
}

} // namespace tocsin::guard
