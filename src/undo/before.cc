// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/before.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::Occasion;
using event::Version;

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

bool is_whole(Occasion occasion)
{
    return occasion != Occasion::open && occasion != Occasion::interval;
}

bool same_content(Version const& a, Version const& b)
{
    return a.kind() == b.kind()
        && (a.kind() != event::ObjectKind::regular
            || (a.digest == b.digest && a.metadata.size == b.metadata.size))
        && a.metadata.link_target == b.metadata.link_target;
}

bool is_earlier(std::optional<WallTime> limit, WallTime time)
{
    return !limit || time < *limit;
}

void keep_first(std::optional<WallTime>& first, WallTime time)
{
    if (!first || time < *first)
        first = time;
}

// Judges one object's versions; lives only for one call of wanted_state().
class Judge {
public:
    Judge(Track const& track, Authorship const& actor)
        : versions_(track.versions), track_(track), actor_(actor)
    {
        mark_authors();
        find_first_changes();
    }
    Wanted decide();

private:
    void mark_authors();
    void mark_looks_at(std::size_t work);
    void find_first_changes();
    WallTime possible_since(WallTime closed) const;
    enum class Of { content, metadata };
    std::size_t pick(Of what, std::size_t end, std::optional<WallTime> limit, std::string& doubt) const;
    std::string doubt_about(std::size_t i) const;
    std::size_t newest_of_others() const;
    template <typename Same>
    std::size_t put_back_by(std::size_t undo, std::size_t before, Same same) const;
    void replay_content(std::size_t before, Wanted& out);
    void replay_metadata(std::size_t before);
    bool has_doubtful_time(std::size_t i) const;
    std::size_t dated_before(std::size_t i) const;
    bool others_wrote_uncaptured() const;
    bool actor_after_newest(Touch kinds) const;
    bool counts(Of what, std::size_t i) const;
    bool is_told_of_others(Of what, std::size_t i) const;
    bool has_actors_time(std::size_t i) const;
    bool wrote_untold() const;

    std::vector<Version> const& versions_;
    Track const& track_;
    Authorship const& actor_;
    std::vector<bool> by_actor_;
    std::size_t first_version_ = none; // the actor's first
    std::size_t first_content_ = none; // the actor's first that has another content
    std::optional<WallTime> content_since_; // the actor may have changed the content from here on
    std::optional<WallTime> metadata_since_;
    Touch touch_;
    std::size_t content_ = none; // wanted
    event::Metadata metadata_; // wanted
};

// An undo's version is the work of whoever made that content first: undoing a later incident
// may have put back what this one's actor wrote.
void Judge::mark_authors()
{
    by_actor_.resize(versions_.size());
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        by_actor_[i] = actor_.wrote(versions_[i]);
        if (versions_[i].occasion != Occasion::undo)
            continue;
        auto same_as = [&](std::size_t j) {
            return same_content(versions_[i], versions_[j])
                && event::same_rights(versions_[i].metadata, versions_[j].metadata);
        };
        bool others = false, actors = false;
        for (std::size_t j = 0; j < i; ++j)
            if (same_as(j))
                (by_actor_[j] ? actors : others) = true;
        by_actor_[i] = actors && !others;
    }
    for (std::size_t i = 0; i < versions_.size(); ++i)
        if (by_actor_[i] && versions_[i].occasion != Occasion::undo)
            mark_looks_at(i);
}

// What others looked at while the actor was still at it, through a mapping, of which nobody tells before its end.
void Judge::mark_looks_at(std::size_t work)
{
    for (auto i = work; i-- > 0;) {
        bool const is_look = !is_whole(versions_[i].occasion) && !versions_[i].writer;
        if (!is_look || !same_content(versions_[i], versions_[work]) || is_told_of_others(Of::content, i))
            return;
        by_actor_[i] = true;
    }
}

// A close says that the actor may have written from the moment it opened the object.
WallTime Judge::possible_since(WallTime closed) const
{
    auto out = closed;
    for (auto const& a : track_.activities)
        if (a.kind == ActivityKind::opened && actor_.did(a) && a.time <= closed)
            out = a.time;
    return out;
}

void Judge::find_first_changes()
{
    for (auto const& a : track_.activities) {
        if (!actor_.did(a))
            continue;
        if (a.kind == ActivityKind::changed) {
            keep_first(content_since_, a.time);
            touch_.content = touch_.metadata = true; // writing sets the times
        } else if (a.kind == ActivityKind::attributes)
            touch_.metadata = true;
        if (a.kind == ActivityKind::changed || a.kind == ActivityKind::attributes)
            keep_first(metadata_since_, a.time);
    }
    for (std::size_t i = 0; i < versions_.size(); ++i) {
        if (!by_actor_[i] || versions_[i].occasion == Occasion::undo)
            continue;
        auto since =
            versions_[i].occasion == Occasion::close ? possible_since(versions_[i].time) : versions_[i].time;
        touch_.metadata = true;
        first_version_ = std::min(first_version_, i);
        if (!content_since_ || !metadata_since_)
            keep_first(metadata_since_, since);
        if (i > 0 && same_content(versions_[i], versions_[i - 1]))
            continue;
        first_content_ = std::min(first_content_, i);
        touch_.content = true;
        if (!content_since_)
            content_since_ = since;
    }
}

// Whether others left it so. A version that was captured while a writer may have been at work is theirs where
// that is proven: metadata by whoever wrote nothing and set a time, else by what the journal tells.
bool Judge::counts(Of what, std::size_t i) const
{
    if (by_actor_[i])
        return false;
    bool const is_set = what == Of::metadata && versions_[i].writer && i > 0
        && same_content(versions_[i], versions_[i - 1]) && !has_actors_time(i);
    return is_whole(versions_[i].occasion) || is_set || is_told_of_others(what, i);
}

// Whether its time is one that the actor set since the version before.
bool Judge::has_actors_time(std::size_t i) const
{
    return std::ranges::any_of(track_.activities, [&](Activity const& a) {
        bool const is_that = a.kind == ActivityKind::attributes && actor_.did(a) && a.metadata
            && a.metadata->mtime_ns == versions_[i].metadata.mtime_ns;
        return is_that && a.id.value > versions_[i - 1].id.value && a.id.value < versions_[i].id.value;
    });
}

// Ids are the journal's sequence, and the guard tells of each change before it tells of a capture that may hold it:
// by times alone the actor's content, captured for whoever opened the file, could pass for others'.
bool Judge::is_told_of_others(Of what, std::size_t i) const
{
    if (first_version_ < i || wrote_untold())
        return false;
    auto whole = i;
    while (whole > 0 && !is_whole(versions_[whole].occasion))
        --whole;
    auto const begin = whole < i ? versions_[whole].id.value : 0;
    bool is_others = false;
    for (auto const& a : track_.activities) {
        bool const is_change = a.kind == ActivityKind::changed || a.kind == ActivityKind::attributes;
        if (!is_change || a.id.value >= versions_[i].id.value)
            continue;
        bool const is_since = a.id.value > begin;
        if (actor_.did(a) || (is_since && actor_.is_its(a.process)))
            return false;
        bool const is_known = a.process && a.process != event::undo_process;
        bool const is_of_that = what == Of::metadata || a.kind == ActivityKind::changed;
        is_others = is_others || (is_known && is_of_that && is_since);
    }
    return is_others;
}

// The actor changed the content, through a mapping, and nothing tells since when.
bool Judge::wrote_untold() const
{
    if (first_content_ == none)
        return false;
    return std::ranges::none_of(track_.activities, [&](Activity const& a) {
        return a.kind == ActivityKind::changed && actor_.did(a)
            && a.id.value < versions_[first_content_].id.value;
    });
}

// The last version before version `end` and before `limit`, also one that others had not finished: what a program
// keeps open, a log or a database, is not closed for days. One of which nobody can say whose it is only if there is
// no other.
std::size_t Judge::pick(Of what, std::size_t end, std::optional<WallTime> limit, std::string& doubt) const
{
    end = std::min(end, versions_.size());
    for (std::size_t i = end; i-- > 0;)
        if (counts(what, i) && is_earlier(limit, versions_[i].time)) {
            doubt = doubt_about(i);
            return i;
        }
    for (std::size_t i = end; i-- > 0;)
        if (!by_actor_[i] && is_earlier(limit, versions_[i].time)) {
            doubt = doubt_about(i);
            return i;
        }
    for (std::size_t i = 0; i < end; ++i)
        if (!by_actor_[i]) {
            doubt = "the only version kept was taken when the change may have begun";
            return i;
        }
    return none;
}

std::string Judge::doubt_about(std::size_t i) const
{
    auto whole = i;
    auto is_sure_of = [&](std::size_t j) { return !by_actor_[j] && is_whole(versions_[j].occasion); };
    while (whole > 0 && !is_sure_of(whole))
        --whole;
    bool const is_sure = is_sure_of(whole);
    if (is_sure && same_content(versions_[i], versions_[whole]))
        return {};
    auto out = std::string("this version was taken while a program may have been writing to it");
    if (is_sure)
        out += fmt::format("; the last that was closed is version {}", versions_[whole].id.value);
    return out;
}

// Where the actor changed no content, every version is as good as its writer left it.
std::size_t Judge::newest_of_others() const
{
    for (std::size_t i = versions_.size(); i-- > 0;)
        if (!by_actor_[i])
            return i;
    return none;
}

// The state that an undo put back: the last one before it that is the same. `none` where no state before is the
// same: then it took back more than this actor's changes (the undo of another incident, or a restore), and as
// the later word it counts.
template <typename Same>
std::size_t Judge::put_back_by(std::size_t undo, std::size_t before, Same same) const
{
    for (std::size_t i = undo; i-- > before;)
        if (same(versions_[i], versions_[undo]))
            return i;
    return none;
}

void Judge::replay_content(std::size_t before, Wanted& out)
{
    struct Then {
        std::size_t content;
        bool others; // they changed it after the actor
    };
    std::vector<Then> after(versions_.size(), {before, false}); // by version
    for (std::size_t i = before + 1; i < versions_.size(); ++i) {
        auto const& version = versions_[i];
        after[i] = after[i - 1];
        if (version.occasion == Occasion::undo) {
            auto origin = put_back_by(i, before, same_content);
            after[i] = origin != none ? after[origin] : Then{i, false};
        } else if (counts(Of::content, i) && version.occasion != Occasion::metadata
            && version.occasion != Occasion::walk && !same_content(version, versions_[i - 1]))
            after[i] = {i, !same_content(version, versions_[before])};
    }
    content_ = after.back().content;
    out.keep_content = others_wrote_uncaptured();
    if (touch_.content && (after.back().others || out.keep_content))
        out.beside = std::make_shared<Version const>(versions_[before]);
}

// What `now` changed against `old`, on top of `onto`.
void take_changes(event::Metadata const& old, event::Metadata const& now, event::Metadata& onto)
{
    auto take = [&](auto event::Metadata::* field) {
        if (old.*field != now.*field)
            onto.*field = now.*field;
    };
    take(&event::Metadata::mode);
    take(&event::Metadata::uid);
    take(&event::Metadata::gid);
    take(&event::Metadata::inode_flags);
    take(&event::Metadata::mtime_ns);
    take(&event::Metadata::atime_ns);
    std::map<std::string, Bytes> merged(onto.xattrs.begin(), onto.xattrs.end());
    std::map<std::string, Bytes> had(old.xattrs.begin(), old.xattrs.end());
    std::map<std::string, Bytes> has(now.xattrs.begin(), now.xattrs.end());
    for (auto const& [name, value] : has)
        if (!had.contains(name) || had[name] != value)
            merged[name] = value;
    for (auto const& [name, value] : had)
        if (!has.contains(name))
            merged.erase(name);
    onto.xattrs.assign(merged.begin(), merged.end());
}

// Every field that others changed since stays as they left it.
void Judge::replay_metadata(std::size_t before)
{
    auto same_metadata = [](Version const& a, Version const& b) {
        return event::same_rights(a.metadata, b.metadata) && a.metadata.mtime_ns == b.metadata.mtime_ns;
    };
    std::vector<event::Metadata> after(versions_.size(), versions_[before].metadata);
    if (has_doubtful_time(before))
        after[before].mtime_ns = versions_[dated_before(before)].metadata.mtime_ns;
    for (std::size_t i = before + 1; i < versions_.size(); ++i) {
        after[i] = after[i - 1];
        if (versions_[i].occasion == Occasion::undo) {
            auto origin = put_back_by(i, before, same_metadata);
            if (origin != none)
                after[i] = after[origin];
            else
                take_changes(versions_[i - 1].metadata, versions_[i].metadata, after[i]);
        } else if (counts(Of::metadata, i)) {
            auto const mtime_ns = after[i].mtime_ns;
            take_changes(versions_[i - 1].metadata, versions_[i].metadata, after[i]);
            bool const is_actors_time = same_content(versions_[i], versions_[i - 1]) && has_actors_time(i);
            if (has_doubtful_time(i) || is_actors_time)
                after[i].mtime_ns = mtime_ns;
        }
    }
    metadata_ = after.back();
}

// A directory that a walk found: its time is of the last name given or taken, which may be the actor's doing.
bool Judge::has_doubtful_time(std::size_t i) const
{
    return versions_[i].kind() == event::ObjectKind::directory && !versions_[i].writer
        && actor_.in_time(versions_[i].time);
}

// The newest version of others whose time can be relied on; none: the oldest that there is.
std::size_t Judge::dated_before(std::size_t i) const
{
    auto at = i;
    while (at > 0 && (has_doubtful_time(at) || by_actor_[at]))
        --at;
    return by_actor_[at] ? i : at;
}

// Others changed the content after the actor did, and no version has it yet.
bool Judge::others_wrote_uncaptured() const
{
    if (track_.kind != event::ObjectKind::regular)
        return false;
    event::ActivityId actors_first;
    for (auto const& a : track_.activities) {
        if (a.kind != ActivityKind::changed)
            continue;
        if (actor_.did(a)) {
            if (!actors_first)
                actors_first = a.id;
        } else if (actors_first && (versions_.empty() || a.time > versions_.back().time))
            return true;
    }
    return false;
}

bool Judge::actor_after_newest(Touch kinds) const
{
    return std::ranges::any_of(track_.activities, [&](Activity const& a) {
        return actor_.did(a) && a.time > versions_.back().time
            && ((kinds.content && a.kind == ActivityKind::changed)
                || (kinds.metadata && a.kind == ActivityKind::attributes));
    });
}

Wanted Judge::decide()
{
    Wanted out;
    out.touch = touch_;
    if (versions_.empty())
        return out;
    out.newest = std::make_shared<Version const>(versions_.back());
    std::string rights_doubt;
    auto content =
        touch_.content ? pick(Of::content, first_content_, content_since_, out.doubt) : newest_of_others();
    auto rights =
        touch_.metadata ? pick(Of::metadata, first_version_, metadata_since_, rights_doubt) : content;
    if (content == none)
        return out;
    if (rights == none)
        rights = content;
    replay_content(content, out);
    replay_metadata(rights);

    auto goal = versions_[content_];
    auto size = goal.metadata.size;
    auto blocks = goal.metadata.blocks;
    auto target = goal.metadata.link_target;
    auto device = goal.metadata.device;
    goal.metadata = metadata_;
    goal.metadata.size = size;
    goal.metadata.blocks = blocks;
    goal.metadata.link_target = target;
    goal.metadata.device = device;
    auto const& dated = versions_[dated_before(rights)];
    if (has_doubtful_time(rights) && goal.metadata.mtime_ns == dated.metadata.mtime_ns)
        goal.time = dated.time; // names given and taken since then count
    out.content_differs = touch_.content && !out.keep_content
        && (!same_content(goal, *out.newest) || actor_after_newest({.content = true}));
    out.metadata_differs = touch_.metadata && !out.keep_content
        && (!event::same_rights(goal.metadata, out.newest->metadata)
            || goal.metadata.mtime_ns != out.newest->metadata.mtime_ns
            || actor_after_newest({.metadata = true}));
    out.goal = std::make_shared<Version const>(std::move(goal));
    return out;
}

} // namespace

Wanted wanted_state(Track const& track, Authorship const& actor)
{
    return Judge(track, actor).decide();
}

} // namespace tocsin::undo
