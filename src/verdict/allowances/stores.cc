// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/stores.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tocsin::verdict {
namespace {

constexpr unsigned newest_looked_at = 512;
constexpr std::size_t most_answers = 16'384;
constexpr std::size_t most_originals = 8; // of one answer
constexpr std::chrono::hours remembered{24};
constexpr std::size_t most_emptied = 16'384;
constexpr std::size_t most_servers = 1'024;
constexpr double share_that_tells = 0.3; // of the passages of both
constexpr double most_answered = 1.5; // sizes of its own: dead rows are left out
constexpr float richer_by = 0.5F; // bits a byte: where a part was encrypted instead of kept, it is more
constexpr std::uint64_t page_bytes = 4'096;
constexpr std::uint64_t most_blank_bytes = 64 * 1'024;
constexpr double told_by_a_blank = 512; // bytes

// Where it works as one of several that one program forked: the first of these.
Node const* server_of(Case const& at, Node const& worker)
{
    Node const* server = &worker;
    for (auto const* above = at.tree.above(worker); above != nullptr && above->program == worker.program;
        above = at.tree.above(*above))
        server = above;
    bool const is_one = server != &worker && acts_for_itself(worker) && server->ended_at == WallTime{};
    return is_one ? server : nullptr;
}

bool is_in_no_format(Content const& content)
{
    return content.facts.type == event::FileType::unknown;
}

bool is_nearly_blank(Content const& content)
{
    return content.size >= page_bytes && content.size <= most_blank_bytes
        && static_cast<double>(content.size) * static_cast<double>(content.facts.entropy) / 8
        < told_by_a_blank;
}

// Whether what `lost` held still stands in `now`, as far as it can be told.
bool holds_a_part_of(Content const& now, Content const& lost)
{
    return is_in_no_format(now) && event::similarity(now.facts.sketch, lost.facts.sketch) >= share_that_tells
        && now.facts.entropy <= lost.facts.entropy + richer_by;
}

// Built from the same in another order, by its looks: no larger, no richer, and not much smaller.
bool is_of_its_kind(Content const& now, Content const& lost)
{
    return is_in_no_format(now) && !looks_encrypted(now) && now.size <= lost.size + lost.size / 8
        && now.size >= lost.size / 2 && std::abs(now.facts.entropy - lost.facts.entropy) <= richer_by;
}

// Whether `takes` one of the newest files of the folder, which the server has made lately.
template <typename Takes>
bool any_new_of(
    Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server, Takes const& takes)
{
    unsigned steps = newest_looked_at;
    auto const& links = folder.directory->by_walk;
    for (auto link = links.rbegin(); link != links.rend() && steps > 0; ++link, --steps) {
        auto const& file = *link->object;
        if (file.origin.existed || !file.has_version || file.id == loss.object
            || file.origin.time + at.settings.rewritten_within <= at.now)
            continue;
        auto const* maker = at.tree.find(file.origin.creator);
        if (maker != nullptr && server_of(at, *maker) == &server && takes(file))
            return true;
    }
    return false;
}

} // namespace

// The server, where the worker is one of its own and the file of its store.
Node const* Stores::server_over(Case const& at, catalog::Entry const* file, Node const* worker) const
{
    bool const is_its_store =
        file != nullptr && worker != nullptr && at.private_files.is_of(*file, *worker, at.now);
    return is_its_store ? server_of(at, *worker) : nullptr;
}

// What has to stand on when this goes: it, and what it answers for.
std::vector<Stores::Original> Stores::originals_of(Case const& at, Loss const& loss) const
{
    std::vector<Original> out{{loss.before, at.now}};
    if (auto const answer = answers_for_.find(loss.object); answer != answers_for_.end())
        std::ranges::copy_if(answer->second.originals, std::back_inserter(out),
            [&](auto const& original) { return original.time + remembered > at.now; });
    return out;
}

bool Stores::is_answered(Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server)
{
    auto const originals = originals_of(at, loss);
    auto may_answer = [&](catalog::Entry const& file) {
        auto const now = content_of(file);
        return std::ranges::all_of(
            originals, [&](auto const& original) { return holds_a_part_of(now, original.content); });
    };
    return any_new_of(at, loss, folder, server, [&](catalog::Entry const& file) {
        if (!may_answer(file) || built_anew_.contains(file.id))
            return false;
        auto const known = answers_for_.find(file.id);
        auto answer = known == answers_for_.end() ? Answer{} : known->second;
        if (answer.originals.size() + originals.size() > most_originals
            || static_cast<double>(answer.bytes + loss.before.size)
                > static_cast<double>(file.size) * most_answered)
            return false;
        answer.bytes += loss.before.size;
        std::ranges::copy(originals, std::back_inserter(answer.originals));
        if (answers_for_.size() >= most_answers)
            answers_for_.clear();
        answers_for_[file.id] = std::move(answer);
        at.provenance.inherit_content(file.id);
        return true;
    });
}

// Each new one stands for one old one, whatever it holds.
bool Stores::was_built_anew(
    Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server)
{
    return any_new_of(at, loss, folder, server, [&](catalog::Entry const& file) {
        if (!is_of_its_kind(content_of(file), loss.before) || built_anew_.contains(file.id)
            || answers_for_.contains(file.id))
            return false;
        if (built_anew_.size() >= most_answers)
            built_anew_.clear();
        built_anew_.insert(file.id);
        at.provenance.inherit_content(file.id);
        return true;
    });
}

bool Stores::allow(Case const& at, Loss& loss)
{
    if (loss.how != How::emptied && loss.how != How::deleted)
        return false;
    auto const* file = at.catalog.find(loss.object);
    auto const* folder = at.catalog.find(loss.place.parent);
    auto const* server = server_over(at, file, at.tree.find(loss.who));
    if (server == nullptr || folder == nullptr || folder->directory == nullptr)
        return false;
    if (loss.how == How::deleted && file->has_version && file->size == 0)
        return emptied_.erase(loss.object) > 0;
    if (!loss.has_content || !is_in_no_format(loss.before))
        return false;
    if (servers_.size() >= most_servers && !servers_.contains(server->process.key))
        servers_.clear();
    auto& [answered, unanswered] = servers_[server->process.key];
    bool const is_blank = is_nearly_blank(loss.before);
    if (is_blank || is_answered(at, loss, *folder, *server)) {
        answered += is_blank ? 0 : 1;
        if (emptied_.size() >= most_emptied)
            emptied_.clear();
        if (loss.how == How::emptied)
            emptied_.insert(loss.object);
        return true;
    }
    if (unanswered < at.settings.unanswered_at_least + answered / at.settings.answered_for_one_more) {
        ++unanswered;
        loss.worth *= at.settings.share_of_unanswered;
    } else if (was_built_anew(at, loss, *folder, *server)) {
        loss.worth *= at.settings.share_of_built_anew;
    }
    return false;
}

void Stores::ease(Case const& at, Loss& loss, Content const& after) const
{
    if (is_in_no_format(loss.before) && is_in_no_format(after) && !looks_encrypted(after)
        && after.facts.entropy > loss.before.facts.entropy
        && server_over(at, at.catalog.find(loss.object), at.tree.find(loss.who)) != nullptr)
        loss.worth *= at.settings.share_of_filled_in_place;
}

} // namespace tocsin::verdict
