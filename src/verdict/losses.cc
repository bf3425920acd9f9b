// SPDX-License-Identifier: Apache-2.0
// Sorting what happened: what is lost, what took its place, what only moved.
#include <algorithm>

#include "tocsin/verdict/kinds.h"
#include "tocsin/verdict/verdict.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_heirs = 65'536;
constexpr std::size_t most_filling = 16'384;
constexpr int neighbours = 3; // names looked at on each side for a copy

// name.ext, name~, name_copy of name; name.pdf of name.doc; and the other way round.
bool names_belong_together(std::string_view lost, std::string_view other)
{
    auto continues = [](std::string_view a, std::string_view b) { // b is a and something more
        return b.size() > a.size() && b.starts_with(a) && std::string_view(".~_-").contains(b[a.size()]);
    };
    if (continues(lost, other) || continues(other, lost))
        return true;
    auto const dot = lost.rfind('.');
    if (dot == std::string_view::npos || dot < 2)
        return false;
    auto const stem = lost.substr(0, dot);
    return other.size() > dot && other.starts_with(stem) && other[dot] == '.';
}

} // namespace

bool Verdict::related(event::ProcessKey a, event::ProcessKey b) const
{
    if (a == b)
        return true;
    auto* first = tree_.find(a);
    auto* second = tree_.find(b);
    return first != nullptr && second != nullptr && tree_.common(*first, *second) != nullptr;
}

Loss Verdict::loss_of(catalog::Link const& link, event::ProcessKey who, WallTime now, How how)
{
    auto const& entry = *link.object;
    Loss loss;
    loss.object = entry.id;
    loss.place = {link.parent == nullptr ? event::ObjectId{} : link.parent->id, link.name};
    loss.who = who;
    loss.time = now;
    loss.how = how;
    loss.kind = entry.kind;
    loss.worth = provenance_.worth(entry, tree_.ensure(who), now);
    if (loss.worth <= 0)
        return loss;
    loss.is_cheap = provenance_.is_cheap(link);
    loss.has_content = entry.has_version;
    loss.before = content_of(entry);
    loss.mtime_ns = entry.mtime_ns;
    loss.mark = mark_of(link);
    if (auto const* moved = moved_by(entry.id, who, now); moved != nullptr) {
        loss.place = moved->from; // shred renames a file sixteen times before it goes
        loss.mark = moved->mark;
    }
    return loss;
}

// Under the name by which it was known, whatever it was called when it went.
std::string Verdict::path_of(Loss const& loss, event::Place const& last, std::string const& path) const
{
    return loss.place == last && !path.empty() ? path : catalog_.path_of(loss.place);
}

Verdict::Moved* Verdict::moved_by(event::ObjectId object, event::ProcessKey who, WallTime now)
{
    auto& moved = moved_[object.value % moved_.size()];
    bool const is_it =
        moved.object == object && moved.time + settings_.return_within > now && related(moved.who, who);
    return is_it ? &moved : nullptr;
}

void Verdict::note_moved(Case const& at, event::Activity const& renamed, catalog::Link const& from)
{
    auto const& origin = from.object->origin;
    bool const is_its_own = !origin.existed && origin.creator == renamed.process; // named when it was ready
    if (is_its_own || renamed.target.parent != renamed.place.parent
        || moved_by(renamed.object, renamed.process, at.now) != nullptr)
        return;
    moved_[renamed.object.value % moved_.size()] = {
        renamed.object, renamed.process, renamed.place, mark_of(from), at.now};
}

// A young object of the same people beside it, under a name that goes with the one it had.
event::ObjectId Verdict::copy_beside(
    Case const& at, catalog::Link const& link, std::string const& name, Node& who) const
{
    if (link.parent == nullptr)
        return {};
    auto is_copy = [&](catalog::Link const& other) {
        auto const& object = *other.object;
        return !object.origin.existed && object.kind == event::ObjectKind::regular
            && object.origin.time > link.object->origin.time
            && object.origin.time + settings_.successor_within > at.now
            && (other.name == name || names_belong_together(name, other.name))
            && related(object.origin.creator, who.process.key);
    };
    auto const& names = link.parent->directory->by_name;
    auto const here = names.lower_bound(name);
    auto up = here != names.end() && &*here == &link ? std::next(here) : here;
    for (int i = 0; i < neighbours && up != names.end(); ++i, ++up)
        if (is_copy(*up))
            return up->object->id;
    auto down = here;
    for (int i = 0; i < neighbours && down != names.begin(); ++i)
        if (is_copy(*--down))
            return down->object->id;
    return {};
}

void Verdict::lose(Case const& at, Loss const& loss)
{
    if (generations_.allow(at, loss))
        return past_errands_.note(loss.who, at.now);
    for (auto& signal : signals_)
        if (signal->on_loss(at, loss) == Claim::taken)
            return;
}

// A picture or a song beside it that bears its whole name: converters replace the ending.
bool Verdict::is_disguise(Loss const& loss, event::ObjectId copy, Content const& after) const
{
    auto const* entry = catalog_.find(copy);
    return is_media(after.facts.type) && entry != nullptr && entry->names != nullptr
        && entry->names->name.starts_with(loss.place.name + ".");
}

// What was packed and is unpacked again is what it was, whatever that looks like.
bool Verdict::is_back(event::ObjectId packed, Content const& after) const
{
    auto const original = stands_for_.find(packed);
    return original != stands_for_.end() && original->second == after.digest;
}

void Verdict::note_stands_for(event::ObjectId copy, Content const& original)
{
    if (stands_for_.size() >= most_heirs)
        stands_for_.clear();
    stands_for_[copy] = original.digest;
}

void Verdict::succeed(Case const& at, Waiting const& waiting, event::ObjectId successor, Content const& after)
{
    auto const& loss = waiting.loss;
    if (!loss.has_content) // nothing to compare with: it never had a version
        return;
    auto change = judge_change(loss.before, after, settings_);
    bool const beside = waiting.relation == Relation::copied;
    bool const holds_it = holds_the_same(loss.before, after) || (beside && is_back(loss.object, after));
    if (beside)
        note_stands_for(successor, loss.before);
    if (beside && change.became == Became::another_kind && !is_disguise(loss, successor, after))
        change = {Became::edited}; // converted, or packed when it had grown
    if (change.became == Became::emptied && waiting.relation == Relation::displaced)
        lost_.put(loss.place, loss); // it may be filled yet
    if (change.became == Became::emptied || (beside && change.weight == Weight::soft && !holds_it))
        return lose(at, loss);
    if (beside && holds_it)
        change = {};
    if (holds_it)
        provenance_.inherit_content(successor);
    else
        provenance_.inherit(successor);
    Succession const succession{
        loss, waiting.relation, successor, waiting.since, change, after, waiting.refilled_by};
    for (auto& signal : signals_)
        if (signal->on_succession(at, succession) == Claim::taken)
            return;
}

void Verdict::succeed_or_wait(Case const& at, Waiting waiting, event::ObjectId successor)
{
    auto const* entry = catalog_.find(successor);
    if (entry != nullptr && entry->has_version && !is_being_filled(*entry))
        return succeed(at, waiting, successor, content_of(*entry));
    waiting_[successor].push_back(std::move(waiting));
    arrivals_.push_back(successor);
    if (arrivals_.size() <= settings_.losses_waiting)
        return;
    auto const oldest_successor = arrivals_.front();
    arrivals_.pop_front();
    auto const dropped = take_waiting(oldest_successor);
    for (auto const& oldest : dropped)
        judge_by_what_is_known(at, oldest, oldest_successor);
}

// Nothing more will be known of who took its place: what it held when it was last looked at counts, if anything did.
void Verdict::judge_by_what_is_known(Case const& at, Waiting const& waiting, event::ObjectId successor)
{
    auto const* entry = catalog_.find(successor);
    if (entry != nullptr && entry->has_version && entry->size > 0)
        succeed(at, waiting, successor, content_of(*entry));
    else
        lose_for_now(at, waiting.loss);
}

// Its name may come back, if nothing else has it.
void Verdict::lose_for_now(Case const& at, Loss const& loss)
{
    lost_.put(loss.place, loss);
    lose(at, loss);
}

std::vector<Verdict::Waiting> Verdict::take_waiting(event::ObjectId successor)
{
    auto found = waiting_.extract(successor);
    return found ? std::move(found.mapped()) : std::vector<Waiting>();
}

void Verdict::lose_unless_copied(Case const& at, catalog::Link const& link, Loss loss)
{
    if (stores_.allow(at, loss))
        return past_errands_.note(loss.who, at.now);
    event::ObjectId successor;
    // Kept, for what was written to it before it went may be read only now.
    if (auto heir = heir_of_.find(loss.object); heir != heir_of_.end() && is_here(heir->second))
        successor = heir->second; // who is gone stands for nothing, whatever it held
    if (!successor && !loss.is_cheap)
        successor = copy_beside(at, link, loss.place.name, tree_.ensure(loss.who));
    if (!successor)
        return lose(at, loss);
    auto const* entry = catalog_.find(successor);
    auto const since = entry == nullptr || entry->origin.existed ? at.now : entry->origin.time;
    succeed_or_wait(at, {std::move(loss), Relation::copied, since, {}}, successor);
}

void Verdict::on_deleted(Case const& at, event::Activity const& activity)
{
    auto const* link = catalog_.link_at(activity.place);
    if (link == nullptr || link->object->id != activity.object
        || link->object->kind == event::ObjectKind::directory)
        return;
    if (link->object->names->next_name != nullptr) { // it lives on under another name
        left_.put(activity.place, {activity.object, activity.process, at.now});
        return;
    }
    // It took the place of something and is gone as well, before anybody knew what it held.
    for (auto& waiting : take_waiting(activity.object)) {
        auto const heir = heir_of_.find(activity.object);
        if (heir != heir_of_.end() && is_here(heir->second))
            succeed_or_wait(at, std::move(waiting), heir->second);
        else if (!waiting.loss.is_cheap)
            judge_by_what_is_known(at, waiting, activity.object);
    }
    auto loss = loss_of(*link, activity.process, at.now, How::deleted);
    if (loss.worth <= 0)
        return;
    loss.path = path_of(loss, activity.place, activity.path);
    lost_.put(loss.place, loss);
    lose_unless_copied(at, *link, std::move(loss));
}

void Verdict::replaced_by_link(Case const& at, Loss const& loss)
{
    if (loss.kind != event::ObjectKind::regular)
        return; // a symlink for a symlink: what unpacking does
    ledger_.charge({.who = loss.who,
        .time = at.now,
        .since = loss.time,
        .signal = SignalId::displacement,
        .weight = Weight::hard,
        .kind = static_cast<std::uint8_t>(Became::replaced_by_link),
        .points = settings_.replaced_by_link * loss.worth,
        .object = loss.object,
        .folder = loss.place.parent,
        .path = loss.path});
}

// An object got the name `place`.
void Verdict::on_named(Case const& at, event::Activity const& activity, event::Place const& place)
{
    if (auto* loss = lost_.find(place); loss != nullptr && loss->time + settings_.return_within > at.now
        && related(loss->who, activity.process)) {
        for (auto& signal : signals_)
            signal->on_return(at, *loss);
        Waiting waiting{*loss, Relation::displaced, at.now, {}};
        lost_.erase(place);
        if (activity.object_kind == event::ObjectKind::regular)
            succeed_or_wait(at, std::move(waiting), activity.object);
        else if (activity.object_kind == event::ObjectKind::symlink)
            replaced_by_link(at, waiting.loss);
    }
    if (auto* left = left_.find(place); left != nullptr && left->object != activity.object
        && left->time + settings_.successor_within > at.now && related(left->who, activity.process)) {
        note_heir(left->object, activity);
        for (auto& signal : signals_)
            signal->on_refill(at, left->object);
        left_.erase(place);
    }
}

bool Verdict::is_here(event::ObjectId object) const
{
    auto const* entry = catalog_.find(object);
    return entry != nullptr && entry->is_here();
}

// What is shredded here stands elsewhere: a program keeps its old file under a second name, puts the new one in its
// place, and shreds the old one for the secrets in it.
bool Verdict::stands_in_its_heir(Loss const& loss)
{
    auto const heir = heir_of_.find(loss.object);
    auto const* entry = heir == heir_of_.end() ? nullptr : catalog_.find(heir->second);
    if (entry == nullptr || !entry->is_here() || !entry->has_version || !loss.has_content
        || !holds_the_same(loss.before, content_of(*entry)))
        return false;
    provenance_.inherit_content(entry->id);
    return true;
}

// A regular file alone: nothing else has content that would ever be compared.
void Verdict::note_heir(event::ObjectId of, event::Activity const& named)
{
    if (named.object_kind != event::ObjectKind::regular)
        return;
    if (heir_of_.size() >= most_heirs)
        heir_of_.clear();
    heir_of_[of] = named.object;
}

void Verdict::on_renamed(Case const& at, event::Activity const& activity)
{
    if (activity.object_kind == event::ObjectKind::directory)
        return;
    auto const* from = catalog_.link_at(activity.place);
    if (!activity.target.parent) { // moved out of the protected trees
        if (from == nullptr || from->object->id != activity.object)
            return;
        auto loss = loss_of(*from, activity.process, at.now, How::moved_out);
        loss.path = activity.path;
        // It leaves with what it took the place of.
        for (auto const& waiting : take_waiting(activity.object))
            lose(at, waiting.loss);
        if (loss.worth > 0)
            lose(at, loss);
        return;
    }
    left_.put(activity.place, {activity.object, activity.process, at.now});
    if (from != nullptr && from->object->id == activity.object)
        note_moved(at, activity, *from);
    auto const* over = catalog_.link_at(activity.target);
    if (over == nullptr || over->object->id == activity.object || over->object->id != activity.displaced) {
        on_named(at, activity, activity.target);
        return;
    }
    if (over->object->names->next_name != nullptr) {
        note_heir(activity.displaced, activity);
        return;
    }
    // What was replaced stood for something itself, and nobody knew yet what it held: the newcomer stands
    // for both.
    for (auto& waiting : take_waiting(activity.displaced)) {
        if (activity.object_kind == event::ObjectKind::symlink)
            replaced_by_link(at, waiting.loss);
        else
            succeed_or_wait(at, std::move(waiting), activity.object);
    }
    auto loss = loss_of(*over, activity.process, at.now, How::displaced);
    if (loss.worth <= 0 || loss.is_cheap)
        return;
    loss.path = activity.target_path;
    if (activity.object_kind == event::ObjectKind::symlink)
        return replaced_by_link(at, loss);
    auto const* mover = from == nullptr ? nullptr : from->object;
    auto const since = mover == nullptr || mover->origin.existed ? at.now : mover->origin.time;
    succeed_or_wait(at, {std::move(loss), Relation::displaced, since, {}}, activity.object);
}

// Emptied, or put empty in the place of another, then filled: what was there before is what counts.
void Verdict::on_filled(Case const& at, event::Version const& version, Content const& after)
{
    auto const& name = *catalog_.find(version.object)->names;
    event::Place const place{name.parent == nullptr ? event::ObjectId{} : name.parent->id, name.name};
    auto const* found = lost_.find(place);
    if (found == nullptr)
        return;
    auto const loss = *found;
    bool const is_same = loss.object == version.object;
    if (!is_same && (loss.time + settings_.return_within <= at.now || !related(loss.who, version.writer)))
        return;
    for (auto& signal : signals_)
        signal->on_return(at, loss);
    auto const relation = is_same ? Relation::overwritten : Relation::displaced;
    succeed(at, {loss, relation, loss.time, version.writer}, version.object, after);
    lost_.erase(place);
}

// A program makes a file, closes it, and fills it by another open before it puts it in the place of another: until it
// is captured once more, all that is known of it is what it was in between, empty or of zeros. That it was written to
// since is told; who leaves it so gains nothing.
void Verdict::note_filling(event::Activity const& changed)
{
    auto const* entry = catalog_.find(changed.object);
    if (entry == nullptr || !may_be_filled(*entry) || (changed.metadata && changed.metadata->size == 0))
        return;
    if (filling_.size() >= most_filling)
        filling_.clear();
    filling_[changed.object] = changed.time;
}

bool Verdict::may_be_filled(catalog::Entry const& entry)
{
    return !entry.has_version || entry.size == 0 || !entry.origin.existed;
}

bool Verdict::is_being_filled(catalog::Entry const& entry) const
{
    return may_be_filled(entry) && filling_.contains(entry.id);
}

void Verdict::on_content(Case const& at, event::Version const& version)
{
    auto const after = content_of(version);
    if (auto const filled = filling_.find(version.object); filled != filling_.end()) {
        bool const is_older = version.time < filled->second;
        if (is_older && (after.size == 0 || waiting_.contains(version.object)))
            return; // read before it was filled
        if (!is_older)
            filling_.erase(filled);
    }
    for (auto const& waiting : take_waiting(version.object))
        succeed(at, waiting, version.object, after);
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version || entry->kind != event::ObjectKind::regular
        || entry->digest == version.digest)
        return;
    if (entry->size == 0 && entry->names != nullptr) {
        if (after.size > 0)
            on_filled(at, version, after);
        return;
    }
    Loss loss;
    event::Place last;
    if (entry->names != nullptr) {
        auto const& link = *entry->names;
        last = {link.parent == nullptr ? event::ObjectId{} : link.parent->id, link.name};
        loss = loss_of(link, version.writer, at.now, How::emptied);
    } else { // gone by now; its last content still counts
        loss.object = entry->id;
        loss.who = version.writer;
        loss.time = at.now;
        loss.worth = provenance_.worth(*entry, tree_.ensure(version.writer), at.now);
        loss.has_content = true;
        loss.before = content_of(*entry);
        if (auto const* moved = moved_by(entry->id, version.writer, at.now); moved != nullptr)
            loss.place = moved->from;
    }
    if (loss.worth <= 0 || loss.is_cheap)
        return;
    loss.path = path_of(loss, last, version.path);
    if (stands_in_its_heir(loss))
        return;
    if (after.size > 0)
        stores_.ease(at, loss, after);
    if (after.size > 0 || entry->names == nullptr)
        return succeed(at, {std::move(loss), Relation::overwritten, at.now, {}}, entry->id, after);
    lost_.put(loss.place, loss);
    lose_unless_copied(at, *entry->names, std::move(loss));
}

} // namespace tocsin::verdict
