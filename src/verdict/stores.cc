// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/stores.h"

namespace tocsin::verdict {
namespace {

constexpr unsigned newest_looked_at = 512;
constexpr std::size_t most_answers = 65'536;
constexpr std::size_t most_emptied = 16'384;
constexpr std::size_t most_servers = 1'024;
constexpr std::uint32_t rights_of_others = 077;
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
    bool const is_one = server != &worker && worker.program != 0 && server->ended_at == WallTime{};
    return is_one ? server : nullptr;
}

bool is_of_a_store(catalog::Entry const& file, Node const& worker)
{
    return file.kind == event::ObjectKind::regular && file.uid != 0 && file.uid == worker.process.uid
        && (file.mode & rights_of_others) == 0;
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

// The server, where the worker is one of its own and the file of its store.
Node const* server_over(Case const& at, catalog::Entry const* file, Node const* worker)
{
    bool const is_its_store = file != nullptr && worker != nullptr && is_of_a_store(*file, *worker);
    return is_its_store ? server_of(at, *worker) : nullptr;
}

} // namespace

bool Stores::is_answered(Case const& at, Loss const& loss, catalog::Entry const& folder, Node const& server)
{
    auto is_of_the_server = [&](event::ProcessKey creator) {
        auto const* maker = at.tree.find(creator);
        return maker != nullptr && server_of(at, *maker) == &server;
    };
    unsigned steps = newest_looked_at;
    auto const& links = folder.directory->by_walk;
    for (auto link = links.rbegin(); link != links.rend() && steps > 0; ++link, --steps) {
        auto const& file = *link->object;
        bool const is_new = !file.origin.existed && file.has_version && file.id != loss.object
            && file.origin.time + at.settings.rewritten_within > at.now;
        if (!is_new || !holds_a_part_of(content_of(file), loss.before)
            || !is_of_the_server(file.origin.creator))
            continue;
        if (answers_for_.size() >= most_answers)
            answers_for_.clear();
        auto& bytes = answers_for_[file.id];
        if (static_cast<double>(bytes + loss.before.size) > static_cast<double>(file.size) * most_answered)
            continue;
        bytes += loss.before.size;
        at.provenance.inherit_content(file.id);
        return true;
    }
    return false;
}

bool Stores::cover(Case const& at, Loss& loss)
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
    }
    return false;
}

void Stores::ease(Case const& at, Loss& loss, Content const& after)
{
    if (is_in_no_format(loss.before) && is_in_no_format(after) && !looks_encrypted(after)
        && server_over(at, at.catalog.find(loss.object), at.tree.find(loss.who)) != nullptr)
        loss.worth *= at.settings.share_of_filled_in_place;
}

} // namespace tocsin::verdict
