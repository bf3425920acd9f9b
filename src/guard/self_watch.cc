// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/self_watch.h"

#include <condition_variable>
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/base/precedence.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::milliseconds look_every{100};
constexpr std::chrono::seconds stopped_at_most{
    10}; // long after the supervisor, and the service manager's watchdog

std::unique_ptr<supervise::StopLimit> limit_stops()
{
    auto limit = supervise::StopLimit::create(stopped_at_most);
    if (limit.ok())
        return limit.take();
    log_line(Severity::warning,
        "a guard that is stopped together with its supervisor is not ended: " + limit.error().message());
    return nullptr;
}

} // namespace

SelfWatch::SelfWatch(supervise::SupervisorProcess& supervisor, supervise::ServiceManager const& manager,
    SelfDefence& defence, SelfFindings& findings)
    : supervisor_(supervisor)
    , defence_(defence)
    , watchdog_(supervisor.pulse(), manager)
    , stop_limit_(limit_stops())
    , findings_(findings)
    , thread_([this](std::stop_token const& stop) { run(stop); })
{
}

void SelfWatch::run(std::stop_token const& stop)
{
    take_precedence("self-watch", Precedence::gate);
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock waiting(mutex);
    while (!wake.wait_for(waiting, stop, look_every, [&] { return stop.stop_requested(); }))
        look();
}

void SelfWatch::look()
{
    watchdog_.look(steady_now());
    auto found = supervisor_.look_after();
    defend();
    {
        std::lock_guard lock(mutex_);
        found_ = found;
    }
    if (!found.empty() && findings_.record(found, found))
        log_line(Severity::warning, found);
    auto now = supervisor_.pulse().interruptions();
    if (now.count == interruptions_told_)
        return;
    interruptions_told_ = now.count; // the supervisor has written it to the log
    (void)findings_.record("stopped",
        fmt::format("the guard was stopped by a signal, and continued by its supervisor after {} ms at most",
            now.lasted.count()));
}

// Who watches us must be able to end us, before it has any reason to.
void SelfWatch::defend()
{
    auto supervisor = supervisor_.process();
    if (!supervisor.ok())
        return defence_.look({});
    auto const found = supervisor.take();
    defence_.look({found.pid, found.start_ticks});
}

std::string SelfWatch::what_is_wrong() const
{
    std::lock_guard lock(mutex_);
    return supervisor_.runs() ? std::string() : found_;
}

} // namespace tocsin::guard
