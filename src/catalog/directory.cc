// SPDX-License-Identifier: Apache-2.0
#include "tocsin/catalog/directory.h"

#include <iterator>

namespace tocsin::catalog {

void Directory::add(Link& link)
{
    link.walk = next_walk++;
    by_name.insert(link);
    by_inode.insert(link);
    by_walk.push_back(link);
}

void Directory::remove(Link& link)
{
    by_name.erase(by_name.iterator_to(link));
    by_inode.erase(by_inode.iterator_to(link));
    by_walk.erase(by_walk.iterator_to(link));
}

void Directory::list_last(Link& link)
{
    by_walk.erase(by_walk.iterator_to(link));
    by_walk.push_back(link);
    link.walk = next_walk++;
}

Directory::Spot Directory::spot_of(Link& link)
{
    auto next = std::next(by_walk.iterator_to(link));
    return {link.walk, next == by_walk.end() ? nullptr : &*next};
}

void Directory::list_as(Link& link, Spot spot)
{
    by_walk.erase(by_walk.iterator_to(link));
    by_walk.insert(spot.next == nullptr ? by_walk.end() : by_walk.iterator_to(*spot.next), link);
    link.walk = spot.walk;
}

Link* Directory::find(std::string_view name)
{
    auto found = by_name.find(name, [](std::string_view a, std::string_view b) { return a < b; });
    return found == by_name.end() ? nullptr : &*found;
}

Mark mark_of(Link const& link)
{
    return {link.name, link.object->inode, link.walk};
}

bool before(Order order, Mark const& a, Mark const& b)
{
    switch (order) {
    case Order::name:
        return a.name < b.name;
    case Order::inode:
        return a.inode < b.inode;
    case Order::walk:
        return a.walk < b.walk;
    }
    return false;
}

bool is_survivor(Link const& link)
{
    auto const& object = *link.object;
    if (object.kind == event::ObjectKind::directory)
        return false;
    return object.kind != event::ObjectKind::regular || object.size > 0 || !object.has_metadata;
}

namespace {

// Links that count for nothing but still have to be passed.
constexpr unsigned most_steps(unsigned limit)
{
    return 64 + 4 * limit;
}

// Shows survivors from `at` on while `within`; at most `limit`. How many.
template <typename Iterator, typename Within, typename Visit>
unsigned go(Iterator at, Iterator end, Within within, unsigned limit, Visit visit)
{
    unsigned count = 0;
    for (auto steps = most_steps(limit); at != end && count < limit && steps > 0 && within(*at);
        ++at, --steps) {
        if (!is_survivor(*at))
            continue;
        ++count;
        visit(*at);
    }
    return count;
}

template <typename Container, typename Within, typename Visit>
unsigned go_around(Container const& links, Link const& here, Within within, unsigned limit, Visit visit)
{
    auto const at = links.iterator_to(here);
    auto const count = go(std::next(at), links.end(), within, limit, visit);
    if (count >= limit)
        return limit;
    auto const back = std::make_reverse_iterator(at);
    return count + go(back, std::make_reverse_iterator(links.begin()), within, limit - count, visit);
}

template <typename Visit>
unsigned go_between(
    Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit, Visit visit)
{
    if (here.parent == nullptr)
        return 0;
    auto by_name = [&](Link const& l) { return l.name >= low.name && l.name <= high.name; };
    auto by_inode = [&](Link const& l) {
        return l.object->inode >= low.inode && l.object->inode <= high.inode;
    };
    auto by_walk = [&](Link const& l) { return l.walk >= low.walk && l.walk <= high.walk; };
    auto const& directory = *here.parent->directory;
    switch (order) {
    case Order::name:
        return go_around(directory.by_name, here, by_name, limit, visit);
    case Order::inode:
        return go_around(directory.by_inode, here, by_inode, limit, visit);
    case Order::walk:
        return go_around(directory.by_walk, here, by_walk, limit, visit);
    }
    return limit;
}

void ignore(Link const&) { }

} // namespace

unsigned survivors_between(Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit)
{
    return go_between(here, order, low, high, limit, ignore);
}

void for_each_between(Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit,
    std::function<void(Link const&)> const& visit)
{
    go_between(here, order, low, high, limit, visit);
}

unsigned survivors_between(
    Directory const& directory, Order order, Mark const& low, Mark const& high, unsigned limit)
{
    auto to_name = [&](Link const& l) { return l.name <= high.name; };
    auto to_inode = [&](Link const& l) { return l.object->inode <= high.inode; };
    if (order == Order::name)
        return go(directory.by_name.lower_bound(low.name), directory.by_name.end(), to_name, limit, ignore);
    if (order == Order::inode)
        return go(
            directory.by_inode.lower_bound(low.inode), directory.by_inode.end(), to_inode, limit, ignore);
    return limit;
}

} // namespace tocsin::catalog
