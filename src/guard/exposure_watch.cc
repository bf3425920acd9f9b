// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/exposure_watch.h"

#include "tocsin/base/precedence.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::seconds read_every{1};
constexpr std::size_t seconds_that_wait = 16;

std::string reason_of(Result<std::unique_ptr<sensor::SentBytes>> const& sent)
{
    return sent.ok() ? std::string() : sent.error().message();
}

} // namespace

ExposureWatch::ExposureWatch(Result<std::unique_ptr<sensor::SentBytes>> sent, Ask ask, Report report)
    : sent_(sent.ok() ? sent.take() : nullptr)
    , why_not_(reason_of(sent))
    , ask_(std::move(ask))
    , report_(std::move(report))
    , box_(seconds_that_wait)
{
    if (sent_)
        thread_ = std::jthread([this] { run(); });
}

ExposureWatch::~ExposureWatch()
{
    {
        std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    stop_.notify_all();
}

void ExposureWatch::run()
{
    take_precedence("exposure", Precedence::none);
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            if (stop_.wait_for(lock, read_every, [this] { return is_stopping_; }))
                return;
        }
        read();
        judge();
    }
}

void ExposureWatch::read()
{
    auto taken = sent_->take();
    {
        std::lock_guard lock(mutex_);
        failure_ = taken.ok() ? std::string() : taken.error().message();
    }
    auto sent = taken.ok() ? taken.take() : std::vector<sensor::Sent>();
    std::erase_if(sent, [](sensor::Sent const& one) { return one.opened != sensor::Opened::by_sender; });
    ask_(std::move(sent));
}

// The answer to this second's question may come with the next.
void ExposureWatch::judge()
{
    for (auto& traffic : box_.take_all()) {
        auto const now = wall_now();
        for (auto const& read : traffic.reads.reads)
            exposure_.read(traffic.reads.jobs[read.job], read.object, read.bytes, now);
        for (auto& [job, sender, sent] : traffic.sent) {
            verdict::Peer peer{std::move(sent.address), sent.port, sent.transport == sensor::Transport::udp};
            exposure_.sent(job, sender, std::move(peer), sent.bytes, now);
        }
        for (auto& exposed : exposure_.take_exposed(traffic.files_protected, now))
            report_(std::move(exposed));
    }
}

answers::InvariantStatus ExposureWatch::what_holds() const
{
    answers::InvariantStatus out{"what_is_sent_is_counted", false, {}};
    if (!sent_) {
        out.reason = "the kernel counts nothing for us: " + why_not_;
        return out;
    }
    std::lock_guard lock(mutex_);
    out.holds = failure_.empty();
    out.reason = out.holds ? "TCP and UDP to other hosts, by process" : failure_;
    return out;
}

} // namespace tocsin::guard
