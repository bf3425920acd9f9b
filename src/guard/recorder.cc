// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/recorder.h"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <pthread.h>
#include <unordered_map>

#include "tocsin/base/log.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t batches_at_most = 100'000;
constexpr std::size_t records_at_once = 4'096; // written within a tenth of a second or two
constexpr std::size_t unwritten_at_most = 200'000;
constexpr std::chrono::seconds try_again_every{1};

event::IncidentId newest_incident_of(journal::Journal& journal)
{
    auto known = journal.incidents();
    event::IncidentId newest;
    if (known.ok())
        for (auto const& incident : known.take())
            newest = std::max(newest, incident.id);
    return newest;
}

} // namespace

Recorder::Recorder(std::unique_ptr<journal::Journal> journal)
    : journal_(std::move(journal))
    , newest_incident_(newest_incident_of(*journal_))
    , box_(batches_at_most)
    , thread_([this] { run(); })
{
}

Recorder::~Recorder()
{
    box_.close();
}

void Recorder::put(RecordBatch batch)
{
    auto count = batch.records.size();
    auto committed = batch.committed;
    if (box_.put(std::move(batch)) == Put::accepted)
        return;
    refused_.fetch_add(count);
    for (auto const& tell : committed) // whoever waits must go on
        tell(Kept::not_yet);
}

void Recorder::flush()
{
    std::promise<void> done;
    RecordBatch marker;
    marker.committed.emplace_back([&](Kept) { done.set_value(); });
    if (box_.put_waiting(std::move(marker)) == Put::accepted)
        done.get_future().wait();
}

std::string Recorder::failure() const
{
    if (auto refused = refused_.load() + left_out_.load(); refused != 0)
        return fmt::format("{} records were lost", refused);
    std::lock_guard lock(failure_mutex_);
    return failure_;
}

void Recorder::run()
{
    ::pthread_setname_np(::pthread_self(), "recorder");
    while (!box_.drained()) {
        auto batches = box_.take_all_within(try_again_every);
        if (!batches.empty() || !unwritten_.empty())
            write(std::move(batches));
    }
}

// Once each, whatever becomes of it later.
void Recorder::log_opened(std::span<event::Record const> records)
{
    for (auto const& record : records) {
        auto const* incident = std::get_if<event::Incident>(&record);
        if (incident == nullptr || incident->id <= newest_incident_)
            continue;
        newest_incident_ = incident->id;
        log_line(Severity::warning,
            fmt::format("incident {} is opened, {}: {}", incident->id.value, name_of(incident->state),
                incident->reasons.empty() ? "no reason is known"
                                          : printable(incident->reasons.front(), 1000)));
    }
}

// In parts of whole batches, between which others may write. Once the journal takes nothing, the rest is
// tried as one: each try may wait for seconds.
void Recorder::write(std::vector<RecordBatch> batches)
{
    std::vector<Committed> waiting;
    bool is_taking = true;
    for (auto& batch : batches) {
        log_opened(batch.records);
        std::ranges::move(batch.records, std::back_inserter(unwritten_));
        std::ranges::move(batch.committed, std::back_inserter(waiting));
        if (is_taking && unwritten_.size() >= records_at_once)
            is_taking = write_gathered(std::exchange(waiting, {})) == Kept::yes;
    }
    (void)write_gathered(std::move(waiting));
}

Kept Recorder::write_gathered(std::vector<Committed> waiting)
{
    complete_metadata_versions(unwritten_);
    auto written = unwritten_.empty() ? Result<void>() : journal_->append(unwritten_);
    left_out_.store(journal_->left_out());
    {
        std::lock_guard lock(failure_mutex_);
        if (!written.ok() && failure_.empty())
            log_line(
                Severity::warning, "the journal takes nothing, trying again: " + written.error().message());
        failure_ = written.ok() ? std::string() : written.error().message();
    }
    auto const kept = written.ok() ? Kept::yes : Kept::not_yet;
    bool const is_refused = kept == Kept::not_yet && unwritten_.size() > unwritten_at_most;
    if (is_refused)
        refused_.fetch_add(unwritten_.size());
    if (kept == Kept::yes || is_refused)
        unwritten_.clear();
    // Also after a failure: whoever waits must go on.
    for (auto const& committed : waiting)
        committed(kept);
    return kept;
}

// A version of metadata alone comes without its content, or a symlink's target: that of the newest version before
// stands.
void Recorder::complete_metadata_versions(std::vector<event::Record>& records)
{
    std::unordered_map<event::ObjectId, event::Version const*> newest;
    for (auto& record : records) {
        auto* version = std::get_if<event::Version>(&record);
        if (version == nullptr)
            continue;
        auto const kind = version->kind();
        bool const has_content = kind == event::ObjectKind::regular || kind == event::ObjectKind::symlink;
        if (version->occasion == event::Occasion::metadata && has_content) {
            std::optional<event::Version> before;
            if (auto at = newest.find(version->object); at != newest.end()) {
                before = *at->second;
            } else if (auto current = journal_->current(version->object); current.ok()) {
                if (auto object = current.take())
                    before = std::move(object->version);
            }
            if (before) {
                version->content = std::move(before->content);
                version->digest = before->digest;
                version->extents = std::move(before->extents);
                version->facts = before->facts;
                version->metadata.link_target = std::move(before->metadata.link_target);
            }
        }
        newest[version->object] = version;
    }
}

} // namespace tocsin::guard
