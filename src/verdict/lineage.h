// SPDX-License-Identifier: Apache-2.0
// verdict/lineage.h -- who was born from whom, also after the parents have ended.
//
// The parent is the one at birth: a process whose parent ends and which init adopts stays where
// it was, so that a double fork hides nothing. Each node also carries the verdict's account.
//
// A chain of ancestors ends below its boundary: pid 1, kernel threads, the guard itself, a
// parent that is not known, and a parent in another session and another cgroup at once (what
// starts logins, services and containers). No actor ever reaches above its boundary.
//
// Threads: one owner. Bounds: 100,000 processes, ended ones 10 minutes or while descendants
// are known; above it the oldest without descendants go first.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tocsin/catalog/entry.h"
#include "tocsin/event/incident.h"
#include "tocsin/event/process.h"
#include "tocsin/verdict/account.h"

namespace tocsin::verdict {

struct Node {
    event::Process process;
    Node* parent = nullptr; // at birth
    std::vector<Node*> children;
    std::vector<Node*> charged; // of the children, those that ever had hard points: few of thousands
    bool is_charged = false; // stands in its parent's
    std::uint64_t serial = 0; // in the order in which we heard of them
    WallTime ended_at{}; // zero: runs
    std::uint64_t next_serial_at_end = 0; // zero: runs; who has it or a later one was born after its end
    catalog::MakerId maker; // see ProcessTree::maker_of
    std::uint32_t program = 0; // number of its executable; zero: says nothing about who acts
    std::uint32_t pardoned = 0; // bits of signals that a person has released it from
    std::uint32_t mark = 0; // of the search that came by last
    event::IncidentId incident; // condemned in it, or born from who was
    Account account;
};

// Programs that do what others tell them (interpreters, shells) or only start others: that two
// acts came from the same one of them says nothing.
bool is_stand_in(std::string_view executable);
// Of whom it is known which program it is, and whose program does not do what others tell it.
inline bool acts_for_itself(Node const& who)
{
    return who.program != 0;
}
// A server that forks a process for each of its clients, by its name, and where programs are installed.
bool has_a_child_for_each_client(std::string_view executable);

class ProcessTree {
public:
    explicit ProcessTree(event::ProcessKey guard);

    // A fork, or an exec by a process that is known already.
    Node& apply(event::Process const& process);
    void exited(event::ProcessKey key, WallTime now);

    Node* find(event::ProcessKey key);
    Node& ensure(event::ProcessKey key); // a node without parent where it is not known

    void note_charged(Node& node); // it has hard points

    Node* above(Node const& node) const; // none at the boundary
    Node* common(Node& a, Node& b); // the lowest that both come from, below the boundary
    // What one script does is one command after another: what the node's starter ran just before it, if it changed
    // anything, and had ended when the node began. Never what ran beside it.
    std::vector<Node*> steps_before(Node const& node) const;
    bool descends(Node const& node, Node const& from) const; // also when they are the same
    // Whether `later` is known and was born after `earlier` had ended or was forgotten.
    bool was_born_after(event::ProcessKey later, event::ProcessKey earlier);

    std::vector<event::ProcessKey> ancestors(event::ProcessKey key); // nearest first, below the boundary
    std::vector<event::ProcessKey> subtree(event::ProcessKey key); // with itself, first

    // The programs behind what this process makes: its executable and those above, nearest
    // first, without stand-ins. To be given to Catalog::apply() with the process's activities.
    catalog::MakerId maker_of(event::ProcessKey key);
    // Whether a program of `maker` also stands behind `node`, in another instance than one
    // from which `creator` came: what make built, a later make may clean.
    bool same_program(catalog::MakerId maker, event::ProcessKey creator, Node const& node);

    std::size_t size() const { return nodes_.size(); }

private:
    using Programs = std::array<std::uint32_t, 4>;

    bool is_boundary(Node const& child, Node const& parent) const;
    std::uint32_t program_number(std::string const& executable);
    catalog::MakerId maker_of(Node& node);
    void remove_if_done(Node& node, WallTime now);
    void trim(WallTime now);
    void hold_bound();
    void remove(Node& node);

    event::ProcessKey guard_;
    std::unordered_map<event::ProcessKey, std::unique_ptr<Node>> nodes_;
    std::deque<event::ProcessKey> births_; // oldest first, for the bound
    std::deque<event::ProcessKey> ended_; // oldest first
    std::unordered_map<std::string, std::uint32_t> program_numbers_;
    std::map<Programs, std::uint32_t> maker_numbers_;
    std::vector<Programs> makers_;
    std::uint64_t next_serial_ = 1;
    std::uint32_t next_mark_ = 1;
};

} // namespace tocsin::verdict
