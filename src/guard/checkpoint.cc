// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/checkpoint.h"

#include <algorithm>
#include <grp.h>
#include <map>
#include <span>
#include <unordered_map>

#include "tocsin/base/sys.h"
#include "tocsin/base/user.h"
#include "tocsin/base/version.h"
#include "tocsin/guard/save_range.h"
#include "tocsin/vault/chunker.h"
#include "tocsin/vault/tree.h"

namespace tocsin::guard {
namespace {

using event::ObjectId;
using event::ObjectKind;
using vault::Node;

// Names of users and groups, each asked once.
class Names {
public:
    std::string const& user(std::uint32_t uid)
    {
        auto [at, is_new] = users_.try_emplace(uid);
        if (is_new) {
            auto name = user_name(uid);
            at->second = name.starts_with('#') ? std::string() : name; // restic leaves it out
        }
        return at->second;
    }
    std::string const& group(std::uint32_t gid)
    {
        auto [at, is_new] = groups_.try_emplace(gid);
        if (is_new) {
            std::vector<char> buffer(4096);
            struct group entry;
            struct group* found = nullptr;
            if (::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
                at->second = found->gr_name;
        }
        return at->second;
    }

private:
    std::map<std::uint32_t, std::string> users_;
    std::map<std::uint32_t, std::string> groups_;
};

constexpr std::string_view copy_name = "journal-copy";

struct Child {
    std::string name;
    ObjectId object;
};

class Builder {
public:
    explicit Builder(vault::Repository& repository) : repository_(repository) { }

    void add(journal::CurrentObject const& object)
    {
        for (auto const& place : object.places) {
            if (place.parent)
                children_[place.parent].push_back({place.name, object.object});
        }
        if (object.version)
            versions_[object.object] = *object.version;
    }

    // The tree blob of a directory's content. Children before parents, without recursion: a user
    // makes directories as deep as he likes.
    Result<vault::BlobId> tree_of(ObjectId top)
    {
        std::vector<Level> way; // from `top` down to the directory that is being written
        way.push_back(level_of(top, {}));
        for (;;) {
            auto& here = way.back();
            if (here.next == here.children.size()) {
                auto tree = TRY(save(here.nodes));
                auto node = std::move(here.node);
                way.pop_back();
                if (way.empty())
                    return tree;
                node.subtree = tree;
                way.back().nodes.push_back(std::move(node));
                continue;
            }
            auto const& child = here.children[here.next++];
            auto version = versions_.find(child.object);
            if (version == versions_.end())
                continue; // named, but its capture is still to come
            auto node = node_of(child.name, version->second);
            if (node.type != vault::NodeType::dir)
                here.nodes.push_back(std::move(node));
            else if (way.size() > children_.size())
                return Error(Errc::corrupt, "a directory lies below itself");
            else
                way.push_back(level_of(child.object, std::move(node)));
        }
    }

    Node node_of(std::string name, event::Version const& version)
    {
        auto const& m = version.metadata;
        Node node;
        node.name = std::move(name);
        node.type = vault::node_type_of(m.mode);
        node.mode = m.mode;
        node.mtime = from_nanoseconds(m.mtime_ns);
        node.atime = from_nanoseconds(m.atime_ns);
        node.ctime = from_nanoseconds(m.ctime_ns);
        node.uid = m.uid;
        node.gid = m.gid;
        node.user = names_.user(m.uid);
        node.group = names_.group(m.gid);
        node.inode = m.inode;
        node.device_id = m.links > 1 ? version.key.filesystem : 0;
        node.links = m.links;
        node.size = version.kind() == ObjectKind::regular ? m.size : 0;
        node.linktarget = m.link_target;
        node.device = m.device;
        node.content = version.content;
        for (auto const& [key, value] : m.xattrs)
            node.extended_attributes.push_back({key, value});
        return node;
    }

    Result<vault::BlobId> save(std::vector<Node> const& nodes)
    {
        auto blob = TRY(vault::encode_tree(nodes));
        auto saved = TRY(repository_.save_blob(vault::BlobType::tree, blob));
        return saved.id;
    }

private:
    struct Level {
        Node node; // of the directory itself, in its parent
        std::span<Child const> children;
        std::size_t next = 0;
        std::vector<Node> nodes; // of the children so far
    };
    Level level_of(ObjectId directory, Node node) const
    {
        auto at = children_.find(directory);
        Level out;
        out.node = std::move(node);
        if (at != children_.end())
            out.children = at->second;
        return out;
    }

    vault::Repository& repository_;
    Names names_;
    std::unordered_map<ObjectId, std::vector<Child>> children_;
    std::unordered_map<ObjectId, event::Version> versions_;
};

// The directories on the way from "/" to the protected trees, as nodes of what lies below.
class Way {
public:
    void add(std::string const& path, Node node)
    {
        auto* here = this;
        for (std::size_t begin = 1; begin < path.size();) {
            auto end = std::min(path.find('/', begin), path.size());
            here = &here->below_[path.substr(begin, end - begin)];
            begin = end + 1;
        }
        here->node_ = std::move(node);
    }

    Result<std::vector<Node>> nodes(Builder& builder, std::string const& path) const
    {
        std::vector<Node> out;
        for (auto const& [name, way] : below_) {
            auto here = path + "/" + name;
            if (way.node_) {
                out.push_back(*way.node_);
                out.back().name = name;
                continue;
            }
            auto inner = TRY(way.nodes(builder, here));
            auto node = directory_node(here);
            node.name = name;
            node.subtree = TRY(builder.save(inner));
            out.push_back(std::move(node));
        }
        return out;
    }

private:
    static Node directory_node(std::string const& path)
    {
        Node node;
        node.type = vault::NodeType::dir;
        node.mode = S_IFDIR | 0755;
        node.links = 1;
        if (auto status = sys::stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW); status.ok()) {
            auto m = event::metadata_of(status.take());
            node.mode = m.mode;
            node.uid = m.uid;
            node.gid = m.gid;
            node.mtime = from_nanoseconds(m.mtime_ns);
            node.inode = m.inode;
        }
        return node;
    }

    std::map<std::string, Way> below_;
    std::optional<Node> node_;
};

// Reads a file of ours into blobs.
Result<Node> save_file(vault::Repository& repository, std::string const& path, std::string name)
{
    auto fd = TRY(sys::open(path, O_RDONLY));
    auto status = TRY(sys::stat_fd(fd.get()));
    Node node;
    node.name = std::move(name);
    node.mode = S_IFREG | 0600;
    node.links = 1;
    node.size = status.stx_size;
    node.mtime = from_nanoseconds(sys::to_nanoseconds(status.stx_mtime));
    constexpr std::size_t chunk_bytes = 4 * 1024 * 1024;
    node.content = TRY(save_range(repository, fd.get(), {0, node.size}, chunk_bytes));
    return node;
}

Node own_directory_node(std::string name, vault::BlobId const& subtree)
{
    Node directory;
    directory.name = std::move(name);
    directory.type = vault::NodeType::dir;
    directory.mode = S_IFDIR | 0700;
    directory.links = 1;
    directory.mtime = wall_now();
    directory.subtree = subtree;
    return directory;
}

// What is not of the trees: the journal, and headers of devices.
Result<Node> own_directory(CheckpointParts const& parts, Builder& builder)
{
    auto path = parts.scratch_dir + "/" + std::string(copy_name) + ".sqlite";
    remove_journal_copies(parts.scratch_dir); // a guard that was killed leaves one
    TRY(parts.journal.copy_to(path).context("copy the journal"));
    auto file = save_file(parts.repository, path, "journal.sqlite");
    (void)sys::remove_at(AT_FDCWD, path, 0);
    std::vector<Node> inner;
    auto copy = TRY(std::move(file));
    inner.push_back(std::move(copy));
    if (!parts.device_headers.empty()) {
        auto const devices = TRY(builder.save(parts.device_headers));
        inner.push_back(own_directory_node("devices", devices));
    }
    auto const subtree = TRY(builder.save(inner));
    return own_directory_node(".tocsin", subtree);
}

} // namespace

void remove_journal_copies(std::string const& scratch_dir)
{
    auto dir = sys::open(scratch_dir, O_RDONLY | O_DIRECTORY);
    if (!dir.ok())
        return; // the copy will tell
    auto dir_fd = dir.take();
    auto entries = sys::list_dir(dir_fd.get());
    if (!entries.ok())
        return;
    for (auto const& entry : entries.take()) {
        if (entry.name.starts_with(copy_name))
            (void)sys::remove_at(dir_fd.get(), entry.name, 0);
    }
}

Result<vault::SnapshotId> make_checkpoint(CheckpointParts const& parts, WallTime now)
{
    Builder builder(parts.repository);
    Way way;
    vault::Snapshot snapshot;
    auto roots = TRY(parts.journal.roots());
    for (auto const& root : roots) {
        if (!root.is_protected)
            continue;
        TRY(parts.journal.for_each_current(
            root.root, [&](journal::CurrentObject const& object) -> Result<void> {
                builder.add(object);
                return {};
            }));
        auto top = TRY(parts.journal.current(root.object));
        if (!top || !top->version)
            continue;
        auto node = builder.node_of("", *top->version);
        node.subtree = TRY(builder.tree_of(root.object));
        way.add(root.path, std::move(node));
        snapshot.paths.push_back(root.path);
    }
    if (snapshot.paths.empty())
        return Error(Errc::not_found, "nothing is protected yet");
    auto nodes = TRY(way.nodes(builder, ""));
    auto journal = TRY(own_directory(parts, builder));
    nodes.push_back(std::move(journal));
    snapshot.tree = TRY(builder.save(nodes));
    snapshot.time = now;
    snapshot.hostname = TRY(sys::read_text("/proc/sys/kernel/hostname", 256));
    snapshot.hostname.erase(snapshot.hostname.find_last_not_of('\n') + 1);
    snapshot.username = "root";
    snapshot.tags = {"tocsin", "checkpoint"};
    snapshot.program_version = "tocsin " + std::string(version());
    std::ranges::sort(snapshot.paths);
    return parts.repository.save_snapshot(snapshot);
}

} // namespace tocsin::guard
