// SPDX-License-Identifier: Apache-2.0
// Random work of an attacker and of others, against a model that knows both worlds.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>

#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

constexpr int no_node = -1;
constexpr int tree_node = 0;

struct Named {
    int parent = no_node; // no_node: it is nowhere in this world
    std::string name;
    bool there() const { return parent != no_node; }
};

struct Node {
    bool is_directory = false;
    bool by_attacker = false;
    Named real; // on disk
    Named wanted; // without the attacker
    std::string wanted_content;
    std::string content_before; // the attacker's first damage
    bool damaged = false;
    bool both = false; // others wrote after the damage
};

// Where two worlds can disagree about what is right, the operation is left out.
class Model {
public:
    Model(unsigned seed, JournalIn where) : scene(where), random_(seed)
    {
        nodes_.push_back({.is_directory = true, .real = {0, ""}, .wanted = {0, ""}});
        for (int i = 0; i < 4; ++i)
            given(true);
        for (int i = 0; i < 8; ++i)
            given(false);
        scene.protect();
        scene.open_incident(event::ActorKind::process_tree, {attacker});
    }

    void step()
    {
        bool attackers = one_in(3) == 0 || one_in(3) == 0;
        auto who = attackers ? attacker : alice;
        switch (one_in(6)) {
        case 0:
            return write(who, any(false));
        case 1:
            return create(who);
        case 2:
            return remove(who, any(one_in(4) == 0));
        case 3:
            return rename(who, any(one_in(3) == 0));
        case 4:
            return attackers ? exchange() : rename_over(who);
        default:
            return attackers ? rename_over(who) : write(who, any(false));
        }
    }

    // Path to content; of a directory "/".
    std::map<std::string, std::string> expected() const
    {
        std::map<std::string, std::string> out;
        for (std::size_t i = 1; i < nodes_.size(); ++i) {
            auto const& node = nodes_[i];
            if (!node.wanted.there())
                continue;
            out[path(i, &Node::wanted)] = node.is_directory ? "/" : node.wanted_content;
            if (!node.both || node.content_before == node.wanted_content)
                continue;
            auto parent = path(static_cast<std::size_t>(node.wanted.parent), &Node::wanted);
            out[join(parent, name_beside(node.wanted.name, the_incident, 1))] = node.content_before;
        }
        return out;
    }

    std::map<std::string, std::string> actual() const
    {
        std::map<std::string, std::string> out;
        for (auto const& [path, seen] : scene.snapshot())
            if (!path.empty())
                out[path] = S_ISDIR(seen.mode) ? "/" : seen.kind_and_content.substr(5);
        return out;
    }

    std::string const& story() const { return story_; }
    Scene scene;

private:
    int one_in(int n) { return std::uniform_int_distribution(0, n - 1)(random_); }
    std::string fresh_name() { return fmt::format("n{}.txt", ++names_); }
    std::string fresh_content()
    {
        return fmt::format("content {}", ++names_) + std::string(static_cast<std::size_t>(one_in(3000)), 'c');
    }
    static std::string join(std::string const& parent, std::string const& name)
    {
        return parent.empty() ? name : parent + "/" + name;
    }

    std::string path(std::size_t node, Named Node::* world) const
    {
        if (node == tree_node)
            return "";
        auto const& named = nodes_[node].*world;
        return join(path(static_cast<std::size_t>(named.parent), world), named.name);
    }
    std::string real_path(int node) const { return path(static_cast<std::size_t>(node), &Node::real); }
    Node& at(int node) { return nodes_[static_cast<std::size_t>(node)]; }

    int any(bool directory)
    {
        for (int attempt = 0; attempt < 20; ++attempt) {
            int node = one_in(static_cast<int>(nodes_.size()));
            if (node != tree_node && at(node).real.there() && at(node).is_directory == directory)
                return node;
        }
        return no_node;
    }
    // A directory that others may put things into: it is in both worlds.
    int any_directory(bool in_both)
    {
        for (int attempt = 0; attempt < 20; ++attempt) {
            int node = one_in(static_cast<int>(nodes_.size()));
            auto const& n = at(node);
            if (n.is_directory && n.real.there() && (!in_both || (n.wanted.there() && !n.by_attacker)))
                return node;
        }
        return tree_node;
    }
    bool holds_anything(int directory, Named Node::* world) const
    {
        return std::ranges::any_of(
            nodes_, [&](Node const& n) { return (n.*world).parent == directory && &n != nodes_.data(); });
    }
    bool is_below(int node, int ancestor, Named Node::* world)
    {
        for (; node != tree_node && node != no_node; node = (at(node).*world).parent)
            if (node == ancestor)
                return true;
        return false;
    }

    void given(bool directory)
    {
        int parent = any_directory(true);
        Node node{.is_directory = directory, .real = {parent, fresh_name()}};
        node.wanted = node.real;
        auto where = join(real_path(parent), node.real.name);
        if (directory)
            scene.given_directory(where);
        else
            scene.given(where, node.wanted_content = fresh_content());
        nodes_.push_back(std::move(node));
    }
    void tell(event::ProcessKey who, std::string const& what)
    {
        story_ += fmt::format("{} {}\n", who == attacker ? "attacker" : "alice", what);
    }

    void write(event::ProcessKey who, int node)
    {
        if (node == no_node)
            return;
        auto& n = at(node);
        bool attackers = who == attacker;
        if (!attackers && n.by_attacker)
            return;
        auto content = fresh_content();
        tell(who, "writes " + real_path(node));
        scene.write(who, real_path(node), content);
        if (!attackers) {
            n.wanted_content = content;
            n.both = n.damaged;
        } else if (!n.damaged) {
            n.content_before = n.wanted_content;
            n.damaged = true;
        }
    }

    void create(event::ProcessKey who)
    {
        bool attackers = who == attacker;
        bool directory = one_in(4) == 0;
        int parent = any_directory(!attackers);
        Node node{.is_directory = directory, .by_attacker = attackers, .real = {parent, fresh_name()}};
        auto where = join(real_path(parent), node.real.name);
        auto content = fresh_content();
        tell(who, "creates " + where);
        if (directory)
            scene.make_directory(who, where);
        else
            scene.create(who, where, content);
        if (!attackers) {
            node.wanted = node.real;
            node.wanted_content = content;
        }
        nodes_.push_back(std::move(node));
    }

    void remove(event::ProcessKey who, int node)
    {
        if (node == no_node || holds_anything(node, &Node::real))
            return;
        bool attackers = who == attacker;
        if (!attackers && (at(node).by_attacker || holds_anything(node, &Node::wanted)))
            return;
        tell(who, "removes " + real_path(node));
        scene.remove(who, real_path(node));
        at(node).real = {};
        if (!attackers)
            at(node).wanted = {};
    }

    void rename(event::ProcessKey who, int node)
    {
        bool attackers = who == attacker;
        int parent = any_directory(!attackers);
        if (node == no_node || is_below(parent, node, &Node::real))
            return;
        if (!attackers && (at(node).by_attacker || is_below(parent, node, &Node::wanted)))
            return;
        Named target{parent, fresh_name()};
        tell(who, "renames " + real_path(node) + " to " + join(real_path(parent), target.name));
        scene.rename(who, real_path(node), join(real_path(parent), target.name));
        at(node).real = target;
        if (!attackers)
            at(node).wanted = target;
        // What others moved can put a directory below itself in the world without the attacker.
    }

    void rename_over(event::ProcessKey who)
    {
        int from = any(false);
        int onto = any(false);
        if (from == no_node || onto == no_node || from == onto)
            return;
        bool attackers = who == attacker;
        if (!attackers
            && (at(from).by_attacker || at(onto).by_attacker || at(onto).damaged
                || !(at(onto).real.parent == at(onto).wanted.parent
                    && at(onto).real.name == at(onto).wanted.name)))
            return;
        tell(who, "renames " + real_path(from) + " over " + real_path(onto));
        scene.rename(who, real_path(from), real_path(onto));
        at(from).real = at(onto).real;
        at(onto).real = {};
        if (!attackers) {
            at(from).wanted = at(from).real;
            at(onto).wanted = {};
        }
    }

    void exchange()
    {
        int a = any(one_in(2) == 0);
        int b = any(one_in(2) == 0);
        if (a == no_node || b == no_node || a == b || is_below(a, b, &Node::real)
            || is_below(b, a, &Node::real))
            return;
        tell(attacker, "exchanges " + real_path(a) + " and " + real_path(b));
        scene.exchange(attacker, real_path(a), real_path(b));
        std::swap(at(a).real, at(b).real);
    }

    std::mt19937 random_;
    std::vector<Node> nodes_;
    int names_ = 0;
    std::string story_;
};

void play(unsigned seed, JournalIn where)
{
    Model model(seed, where);
    for (int i = 0; i < 30; ++i)
        model.step();
    auto report = model.scene.undo();
    EXPECT_EQ(0U, report.counts.failed);
    EXPECT_EQ(model.expected(), model.actual()) << "seed " << seed << "\n" << model.story();
    auto again = model.scene.plan();
    EXPECT_EQ(Counts{}, again.counts) << "a second undo finds work; seed " << seed << "\n" << model.story();
}

TEST(RandomUndo, GivesTheWorldWithoutTheAttacker)
{
    auto first = std::random_device{}();
    std::cout << "seeds from " << first << "\n";
    for (unsigned round = 0; round < 300 && !testing::Test::HasFailure(); ++round)
        play(first + round, round % 2 == 0 ? JournalIn::memory : JournalIn::echoed);
}

TEST(RandomUndo, GivesTheSameWithTheRealJournal)
{
    auto first = std::random_device{}();
    std::cout << "seeds from " << first << "\n";
    for (unsigned round = 0; round < 3 && !testing::Test::HasFailure(); ++round)
        play(first + round, JournalIn::file);
}

} // namespace
} // namespace tocsin::undo
