// SPDX-License-Identifier: Apache-2.0
// catalog/directory.h -- the children of a directory in the three orders in which tools go
// through one: by name, by inode, and as readdir lists them.
//
// Links are owned by the catalog; a directory only strings them together (Boost.Intrusive), so
// that a removal costs no search and a neighbour is one step away in each order.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tocsin/catalog/entry.h"

namespace tocsin::catalog {

namespace intrusive = boost::intrusive;

struct ByName;
struct ByInode;
struct ByWalk;
template <typename Tag>
using SetHook = intrusive::set_base_hook<intrusive::tag<Tag>, intrusive::link_mode<intrusive::normal_link>,
    intrusive::optimize_size<true>>;
using WalkHook =
    intrusive::list_base_hook<intrusive::tag<ByWalk>, intrusive::link_mode<intrusive::normal_link>>;

// One name of an object: what event::Place says, tied into the directory's orders.
struct Link : SetHook<ByName>, SetHook<ByInode>, WalkHook {
    Entry* object = nullptr;
    Entry* parent = nullptr; // none: the root of a protected tree
    std::string name;
    Link* next_name = nullptr; // the object's next name
    std::uint32_t walk = 0; // position in the directory's list; wraps after 4 billion names
};

struct NameOf {
    using type = std::string;
    type const& operator()(Link const& link) const { return link.name; }
};
struct InodeOf {
    using type = std::uint64_t;
    type operator()(Link const& link) const { return link.object->inode; }
};

struct Directory {
    intrusive::set<Link, intrusive::base_hook<SetHook<ByName>>, intrusive::key_of_value<NameOf>> by_name;
    intrusive::multiset<Link, intrusive::base_hook<SetHook<ByInode>>, intrusive::key_of_value<InodeOf>>
        by_inode;
    intrusive::list<Link, intrusive::base_hook<WalkHook>> by_walk;
    std::uint32_t next_walk = 1;

    // A position in by_walk; good until what follows it is removed.
    struct Spot {
        std::uint32_t walk = 0; // zero: none
        Link* next = nullptr; // borrowed; none: at the end
    };
    Spot spot_of(Link& link);

    void add(Link& link);
    void remove(Link& link);
    void list_last(Link& link); // readdir named it just now, after the others
    void list_as(Link& link, Spot spot); // where another stood
    Link* find(std::string_view name);
};

enum class Order { name, inode, walk };

// Where a link stood; outlives it.
struct Mark {
    std::string name;
    std::uint64_t inode = 0; // zero: not known
    std::uint32_t walk = 0;
};
Mark mark_of(Link const& link);
bool before(Order order, Mark const& a, Mark const& b);

// What a sweep would have taken with it: any object but a directory, unless it is empty.
bool is_survivor(Link const& link);

// How many survivors other than `here` stand from `low` to `high` in its directory. `here` must
// stand between them. Stops counting at `limit`, and after a bounded number of other links.
unsigned survivors_between(Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit);

// Shows them, from `low` to `high`, up to `limit`.
void for_each_between(Link const& here, Order order, Mark const& low, Mark const& high, unsigned limit,
    std::function<void(Link const&)> const& visit);

// The same count from a directory alone; of Order::walk it can't be told (`limit`).
unsigned survivors_between(
    Directory const& directory, Order order, Mark const& low, Mark const& high, unsigned limit);

} // namespace tocsin::catalog
