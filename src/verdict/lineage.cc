// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/lineage.h"

#include <algorithm>
#include <utility>

#include "tocsin/event/boundary.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_processes = 100'000;
constexpr std::size_t most_programs = 65'536;
constexpr std::size_t most_makers = 65'536;
constexpr std::chrono::minutes ended_memory{10};
constexpr std::uint64_t step_before_within_ticks = 300; // three seconds, from start to start
constexpr int deepest = 64; // ancestors that are looked at
constexpr int maker_levels = 5; // rm, sh, make, sh, make: further up nothing says who acts

// Without directory and version: "/usr/bin/python3.11" is "python".
std::string_view bare_name(std::string_view executable)
{
    auto const slash = executable.rfind('/');
    auto name = slash == std::string_view::npos ? executable : executable.substr(slash + 1);
    while (!name.empty()
        && ((name.back() >= '0' && name.back() <= '9') || name.back() == '.' || name.back() == '-'))
        name.remove_suffix(1);
    return name;
}

} // namespace

bool is_stand_in(std::string_view executable)
{
    static constexpr auto names = std::to_array<std::string_view>(
        {"ash", "bash", "busybox", "chroot", "coreutils", "dash", "doas", "docker", "env", "find", "fish",
            "flock", "ionice", "java", "ksh", "lua", "nice", "node", "nodejs", "nohup", "nsenter", "osh",
            "parallel", "perl", "php", "pkexec", "python", "ruby", "runuser", "screen", "script", "setpriv",
            "setsid", "sh", "ssh", "sshd", "stdbuf", "strace", "su", "sudo", "systemd", "systemd-run",
            "tclsh", "time", "timeout", "tini", "tmux", "toybox", "unshare", "watch", "xargs", "zsh"});
    static_assert(std::ranges::is_sorted(names));
    return std::ranges::binary_search(names, bare_name(executable));
}

bool has_a_child_for_each_client(std::string_view executable)
{
    static constexpr auto places = std::to_array<std::string_view>({"/bin/", "/opt/", "/sbin/", "/usr/"});
    auto const name = bare_name(executable);
    return (name == "smbd" || name == "sshd")
        && std::ranges::any_of(places, [&](auto place) { return executable.starts_with(place); });
}

ProcessTree::ProcessTree(event::ProcessKey guard) : guard_(guard), makers_(1) { }

std::uint32_t ProcessTree::program_number(std::string const& executable)
{
    if (executable.empty() || is_stand_in(executable))
        return 0;
    if (auto at = program_numbers_.find(executable); at != program_numbers_.end())
        return at->second;
    if (program_numbers_.size() >= most_programs)
        return 0;
    auto const number = static_cast<std::uint32_t>(program_numbers_.size() + 1);
    program_numbers_.emplace(executable, number);
    return number;
}

Node& ProcessTree::ensure(event::ProcessKey key)
{
    auto [at, is_new] = nodes_.try_emplace(key);
    if (is_new) {
        at->second = std::make_unique<Node>();
        at->second->process.key = key;
        at->second->serial = next_serial_++;
        births_.push_back(key);
    }
    return *at->second;
}

Node* ProcessTree::find(event::ProcessKey key)
{
    auto at = nodes_.find(key);
    return at == nodes_.end() ? nullptr : at->second.get();
}

Node& ProcessTree::apply(event::Process const& process)
{
    hold_bound();
    auto& node = ensure(process.key);
    auto const parent_key = node.parent != nullptr ? node.process.parent : process.parent;
    if (node.parent == nullptr && process.parent && process.parent != process.key) {
        auto& parent = ensure(process.parent);
        if (!descends(parent, node)) { // broken input must not make a ring
            node.parent = &parent;
            parent.children.push_back(&node);
            if (node.account.hard > 0)
                note_charged(node);
            node.pardoned |= parent.pardoned;
            if (!node.incident)
                node.incident = parent.incident;
        }
    }
    node.process = process;
    node.process.parent = parent_key;
    node.ended_at = {};
    node.program = program_number(process.executable);
    node.maker = {};
    return node;
}

void ProcessTree::note_charged(Node& node)
{
    if (node.parent != nullptr && !std::exchange(node.is_charged, true))
        node.parent->charged.push_back(&node);
}

bool ProcessTree::is_boundary(Node const& child, Node const& parent) const
{
    auto const& p = parent.process;
    if (p.key.pid <= 1 || p.is_kernel_thread || p.key == guard_)
        return true;
    return event::is_apart(child.process, p);
}

Node* ProcessTree::above(Node const& node) const
{
    if (node.parent == nullptr || is_boundary(node, *node.parent))
        return nullptr;
    return node.parent;
}

Node* ProcessTree::common(Node& a, Node& b)
{
    if (&a == &b)
        return &a;
    auto const mark = next_mark_++;
    int depth = 0;
    for (Node* n = &a; n != nullptr && depth < deepest; n = above(*n), ++depth)
        n->mark = mark;
    depth = 0;
    for (Node* n = &b; n != nullptr && depth < deepest; n = above(*n), ++depth)
        if (n->mark == mark)
            return n;
    return nullptr;
}

std::vector<Node*> ProcessTree::steps_before(Node const& node) const
{
    std::vector<Node*> out;
    auto const* starter = above(node);
    if (starter == nullptr || !is_stand_in(starter->process.executable))
        return out; // a server starts a child for each of its users
    for (auto* step : starter->children) {
        auto const& process = step->process;
        auto const& account = step->account;
        bool const has_changed = account.created + account.changed + account.deleted > 0;
        bool const just_before = step->ended_at != WallTime{} && step->next_serial_at_end <= node.serial
            && process.key.start_ticks <= node.process.key.start_ticks
            && process.key.start_ticks + step_before_within_ticks >= node.process.key.start_ticks;
        bool const same_session = process.session == node.process.session && process.uid == node.process.uid;
        if (has_changed && just_before && same_session)
            out.push_back(step);
    }
    return out;
}

bool ProcessTree::descends(Node const& node, Node const& from) const
{
    int depth = 0;
    for (auto const* n = &node; n != nullptr && depth < deepest; n = n->parent, ++depth)
        if (n == &from)
            return true;
    return false;
}

bool ProcessTree::was_born_after(event::ProcessKey later, event::ProcessKey earlier)
{
    auto const* second = find(later);
    auto const* first = find(earlier);
    if (second == nullptr || second == first)
        return false;
    return first == nullptr
        || (first->next_serial_at_end != 0 && second->serial >= first->next_serial_at_end);
}

std::vector<event::ProcessKey> ProcessTree::ancestors(event::ProcessKey key)
{
    std::vector<event::ProcessKey> out;
    auto* node = find(key);
    for (node = node == nullptr ? nullptr : above(*node); node != nullptr && out.size() < deepest;
        node = above(*node))
        out.push_back(node->process.key);
    return out;
}

std::vector<event::ProcessKey> ProcessTree::subtree(event::ProcessKey key)
{
    std::vector<event::ProcessKey> out;
    std::vector<Node*> open;
    if (auto* node = find(key); node != nullptr)
        open.push_back(node);
    while (!open.empty()) {
        auto* node = open.back();
        open.pop_back();
        out.push_back(node->process.key);
        open.insert(open.end(), node->children.begin(), node->children.end());
    }
    return out;
}

catalog::MakerId ProcessTree::maker_of(event::ProcessKey key)
{
    auto* node = find(key);
    return node == nullptr ? catalog::MakerId{} : maker_of(*node);
}

catalog::MakerId ProcessTree::maker_of(Node& node)
{
    if (node.maker)
        return node.maker;
    Programs programs{};
    std::size_t count = 0;
    int level = 0;
    for (auto const* n = &node; n != nullptr && level < maker_levels && count < programs.size();
        n = above(*n), ++level)
        if (n->program != 0 && std::ranges::find(programs, n->program) == programs.end())
            programs[count++] = n->program;
    if (count == 0)
        return {};
    auto [at, is_new] = maker_numbers_.try_emplace(programs, static_cast<std::uint32_t>(makers_.size()));
    if (is_new && makers_.size() >= most_makers) {
        maker_numbers_.erase(at);
        return {};
    }
    if (is_new)
        makers_.push_back(programs);
    node.maker = {at->second};
    return node.maker;
}

bool ProcessTree::same_program(catalog::MakerId maker, event::ProcessKey creator, Node const& node)
{
    if (!maker || maker.value >= makers_.size())
        return false;
    auto const& programs = makers_[maker.value];
    auto* creator_node = find(creator);
    int level = 0;
    for (auto const* n = &node; n != nullptr && level < maker_levels; n = above(*n), ++level) {
        if (n->program == 0 || std::ranges::find(programs, n->program) == programs.end())
            continue;
        if (level == 0 || creator_node == nullptr || !descends(*creator_node, *n))
            return true;
    }
    return false;
}

void ProcessTree::exited(event::ProcessKey key, WallTime now)
{
    if (auto* node = find(key); node != nullptr) {
        node->ended_at = now;
        node->next_serial_at_end = next_serial_;
        ended_.push_back(key);
    }
    trim(now);
}

void ProcessTree::trim(WallTime now)
{
    while (!ended_.empty()) {
        auto* node = find(ended_.front());
        if (node != nullptr && node->ended_at + ended_memory > now && nodes_.size() <= most_processes)
            break;
        ended_.pop_front();
        if (node != nullptr)
            remove_if_done(*node, now);
    }
}

// Processes whose end nobody told us; a few at a time.
void ProcessTree::hold_bound()
{
    for (int tries = 16; nodes_.size() > most_processes && tries > 0 && !births_.empty(); --tries) {
        auto const key = births_.front();
        births_.pop_front();
        auto* node = find(key);
        if (node != nullptr && node->children.empty())
            remove(*node);
        else if (node != nullptr)
            births_.push_back(key);
    }
    if (births_.size() > 4 * most_processes)
        std::erase_if(births_, [&](event::ProcessKey key) { return !nodes_.contains(key); });
}

// Removes it, and then each ancestor that only waited for it.
void ProcessTree::remove_if_done(Node& node, WallTime now)
{
    Node* at = &node;
    while (at != nullptr && at->children.empty() && at->ended_at != WallTime{}
        && (at->ended_at + ended_memory <= now || nodes_.size() > most_processes)) {
        auto* parent = at->parent;
        remove(*at);
        at = parent;
    }
}

void ProcessTree::remove(Node& node)
{
    if (node.parent != nullptr) {
        std::erase(node.parent->children, &node);
        std::erase(node.parent->charged, &node);
    }
    auto const key = node.process.key;
    nodes_.erase(key);
}

} // namespace tocsin::verdict
