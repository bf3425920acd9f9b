// SPDX-License-Identifier: Apache-2.0
#include "tocsin/catalog/directory.h"

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

namespace {

template <typename Container, typename Within>
unsigned count_around(Container const& links, Link const& here, Within within, unsigned limit)
{
    unsigned count = 0;
    auto const at = links.iterator_to(here);
    for (auto i = std::next(at); i != links.end() && count < limit && within(*i); ++i)
        ++count;
    for (auto i = at; i != links.begin() && count < limit;) {
        if (!within(*--i))
            break;
        ++count;
    }
    return count;
}

} // namespace

unsigned survivors_between(Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit)
{
    if (here.parent == nullptr)
        return 0;
    auto const& directory = *here.parent->directory;
    switch (order) {
    case Order::name:
        return count_around(
            directory.by_name, here, [&](Link const& l) { return l.name >= low.name && l.name <= high.name; },
            limit);
    case Order::inode:
        return count_around(
            directory.by_inode, here,
            [&](Link const& l) { return l.object->inode >= low.inode && l.object->inode <= high.inode; },
            limit);
    case Order::walk:
        return count_around(
            directory.by_walk, here, [&](Link const& l) { return l.walk >= low.walk && l.walk <= high.walk; },
            limit);
    }
    return limit;
}

} // namespace tocsin::catalog
