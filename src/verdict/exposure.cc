// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/exposure.h"

#include <algorithm>
#include <fmt/format.h>

namespace tocsin::verdict {
namespace {

// A tenth of all files is much, and so are a thousand; a person's folder of a few is not.
constexpr std::uint64_t fewest_files = 20;
constexpr std::uint64_t share_of_files = 10;
constexpr std::uint64_t many_files = 1000;
// Text packs to a tenth, logs to less. Below the least are handshakes and keystrokes.
constexpr std::uint64_t share_of_bytes = 20;
constexpr std::uint64_t least_bytes = 16 * 1024;

constexpr std::chrono::hours remembered{24};
constexpr std::chrono::minutes forget_every{10};
constexpr std::size_t most_processes = 65'536;
constexpr std::size_t most_objects = 524'288;
constexpr std::size_t most_peers = 1'024; // of one sender; the others are counted as one
constexpr std::size_t most_in_job = 16;
constexpr std::size_t objects_named = 64;
constexpr std::size_t processes_named = 4096;
constexpr std::uint64_t growth = 8;

bool is_of(Job const& job, event::ProcessKey top)
{
    return std::ranges::find(job, top) != job.end();
}

std::string size_in_words(std::uint64_t bytes)
{
    if (bytes < 10'000)
        return fmt::format("{} bytes", bytes);
    return bytes < 10'000'000 ? fmt::format("{} kB", bytes / 1000) : fmt::format("{} MB", bytes / 1'000'000);
}

std::string end_in_words(Peer const& peer)
{
    bool const is_v6 = peer.address.contains(':');
    return fmt::format("{}{}{}:{} over {}", is_v6 ? "[" : "", peer.address, is_v6 ? "]" : "", peer.port,
        peer.is_udp ? "UDP" : "TCP");
}

} // namespace

Job job_of(ProcessTree& tree, event::ProcessKey process)
{
    Job job{process};
    auto const* node = tree.find(process);
    if (node == nullptr)
        return job;
    auto const session = node->process.session;
    for (auto const* above = tree.above(*node); above != nullptr && job.size() < most_in_job;
        above = tree.above(*above)) {
        auto const& executable = above->process.executable;
        bool const is_script = is_stand_in(executable) && !has_a_child_for_each_client(executable);
        if (above->process.session == session || is_script)
            job.push_back(above->process.key);
    }
    return job;
}

std::string reason_of(Exposed const& exposed)
{
    auto const others = exposed.peers > 1 ? fmt::format(" and {} other addresses or ports", exposed.peers - 1)
                                          : std::string();
    return fmt::format("read {} of {} protected files ({}) and sent {} to {}{}, by {}", exposed.files,
        std::max(exposed.files, exposed.files_protected), size_in_words(exposed.bytes_read),
        size_in_words(exposed.bytes_sent), end_in_words(exposed.peer), others, exposed.executable);
}

void Exposure::read(Job const& job, event::ObjectId object, std::uint64_t bytes, WallTime now)
{
    if (readers_.size() >= most_processes && !readers_.contains(job.front()))
        forget_quietest_reader();
    auto& reader = readers_[job.front()];
    if (reader.job.empty())
        reader.job = job;
    reader.last = now;
    if (reader.bytes_of.emplace(object, bytes).second && ++objects_ > most_objects)
        forget_quietest_reader();
}

void Exposure::sent(
    Job const& job, event::Process const& sender, Peer peer, std::uint64_t bytes, WallTime now)
{
    if (senders_.size() >= most_processes)
        senders_.clear(); // whoever goes on is soon back
    auto& known = senders_[job.front()];
    if (known.job.empty())
        known.job = job;
    known.executable = sender.executable;
    known.unit = sender.cgroup;
    known.last = now;
    auto const name = end_in_words(peer);
    bool const has_room = known.bytes_to.size() < most_peers || known.bytes_to.contains(name);
    auto& [to, sum] = known.bytes_to[has_room ? name : std::string()];
    to = std::move(peer);
    sum += bytes;
    active_.insert(job.front());
}

Exposed Exposure::below(event::ProcessKey top) const
{
    Exposed out;
    out.top = top;
    std::unordered_set<std::string> peers;
    std::uint64_t most = 0;
    for (auto const& [key, sender] : senders_) {
        if (!is_of(sender.job, top))
            continue;
        if (out.processes.size() < processes_named)
            out.processes.push_back(key);
        for (auto const& [name, to] : sender.bytes_to) {
            peers.insert(name);
            out.bytes_sent += to.second;
            if (to.second <= most)
                continue;
            most = to.second;
            out.peer = to.first;
            out.executable = sender.executable;
            out.unit = sender.unit;
        }
    }
    out.peers = peers.size();
    if (out.bytes_sent < least_bytes)
        return out;
    std::unordered_set<event::ObjectId> seen;
    for (auto const& [key, reader] : readers_) {
        if (!is_of(reader.job, top))
            continue;
        if (!senders_.contains(key) && out.processes.size() < processes_named) // which are named
            out.processes.push_back(key);
        for (auto const& [object, bytes] : reader.bytes_of) {
            if (!seen.insert(object).second)
                continue;
            out.bytes_read += bytes;
            if (out.objects.size() < objects_named)
                out.objects.push_back(object);
        }
    }
    out.files = seen.size();
    return out;
}

// Also remembers what was seen, for the next time.
bool Exposure::is_grown(Exposed const& exposed)
{
    auto& told = told_[exposed.top];
    auto const amount = exposed.bytes_read + exposed.bytes_sent;
    bool const is_at_rest = amount == told.amount_seen;
    told.amount_seen = amount;
    if (amount <= told.amount || (!is_at_rest && amount < told.amount + told.amount / growth))
        return false;
    told.amount = amount;
    return true;
}

std::vector<Exposed> Exposure::take_exposed(std::uint64_t files_protected, WallTime now)
{
    forget(now);
    std::unordered_map<event::ProcessKey, Exposed> looked_at;
    std::unordered_set<event::ProcessKey> at_work; // tops
    auto const enough = std::max(fewest_files, std::min(files_protected / share_of_files, many_files));
    for (auto const& key : active_) {
        auto const sender = senders_.find(key);
        if (sender == senders_.end())
            continue;
        for (auto const& top : sender->second.job) {
            auto const [at, is_new] = looked_at.try_emplace(top);
            if (is_new)
                at->second = below(top);
            auto const& found = at->second;
            if (found.files < enough || found.bytes_sent * share_of_bytes < found.bytes_read
                || found.bytes_sent < least_bytes)
                continue;
            at_work.insert(top);
            break; // the lowest
        }
    }
    for (auto const& [top, told] : told_)
        if (told.amount_seen > told.amount) // something is left to tell of it
            at_work.insert(top);
    active_.clear();
    std::vector<Exposed> out;
    for (auto const& top : at_work) {
        auto const at = looked_at.find(top);
        auto found = at != looked_at.end() ? std::move(at->second) : below(top);
        found.files_protected = files_protected;
        if (is_grown(found))
            out.push_back(std::move(found));
    }
    return out;
}

void Exposure::forget(WallTime now)
{
    if (now < next_forgetting_)
        return;
    next_forgetting_ = now + forget_every;
    auto const is_old = [&](auto const& item) { return item.second.last + remembered < now; };
    for (auto const& [key, reader] : readers_)
        objects_ -= reader.last + remembered < now ? reader.bytes_of.size() : 0;
    std::erase_if(readers_, is_old);
    std::erase_if(senders_, is_old);
    std::erase_if(told_, [this](auto const& item) {
        return std::ranges::none_of(
            senders_, [&](auto const& sender) { return is_of(sender.second.job, item.first); });
    });
}

void Exposure::forget_quietest_reader()
{
    auto const quietest =
        std::ranges::min_element(readers_, {}, [](auto const& item) { return item.second.last; });
    if (quietest == readers_.end())
        return;
    objects_ -= quietest->second.bytes_of.size();
    readers_.erase(quietest);
}

} // namespace tocsin::verdict
