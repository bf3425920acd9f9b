// SPDX-License-Identifier: Apache-2.0
// Against the real restic: it reads what we write, and we read what it writes.
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tocsin/base/sys.h"
#include "tocsin/vault/chunker.h"
#include "tocsin/vault/tree.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

namespace fs = std::filesystem;
using test::noise;
using test::prose;
using test::restic;

Node describe(std::string const& path, std::string const& name)
{
    struct stat info{};
    EXPECT_EQ(0, ::lstat(path.c_str(), &info)) << path;
    Node node;
    node.name = name;
    node.type = node_type_of(info.st_mode);
    node.mode = info.st_mode;
    node.mtime = from_nanoseconds(to_nanoseconds(info.st_mtim));
    node.atime = from_nanoseconds(to_nanoseconds(info.st_atim));
    node.ctime = from_nanoseconds(to_nanoseconds(info.st_ctim));
    node.uid = info.st_uid;
    node.gid = info.st_gid;
    node.inode = info.st_ino;
    node.device_id = info.st_dev;
    node.links = node.type == NodeType::dir ? 0 : info.st_nlink;
    if (node.type == NodeType::file) {
        node.size = static_cast<std::uint64_t>(info.st_size);
        auto const fd = sys::open(path, O_RDONLY).take();
        for (auto const& [key, value] : sys::xattrs_of(fd.get()).take())
            node.extended_attributes.push_back({key, value});
    }
    if (node.type == NodeType::symlink)
        node.linktarget = sys::read_link_at(AT_FDCWD, path).take();
    return node;
}

// What the capture of a whole tree will do, in its simplest form.
BlobId save_tree(Repository& repository, std::string const& path)
{
    std::vector<Node> nodes;
    for (auto const& entry : fs::directory_iterator(path)) {
        auto node = describe(entry.path().string(), entry.path().filename().string());
        if (node.type == NodeType::dir)
            node.subtree = save_tree(repository, entry.path().string());
        if (node.type == NodeType::file) {
            auto const bytes = sys::read_file_at(AT_FDCWD, entry.path().string(), 1 << 28).take();
            Chunker chunker(repository.config().polynomial);
            ByteView rest(bytes);
            while (!rest.empty()) {
                auto const cut = chunker.next_cut(rest);
                auto const chunk = rest.first(cut == 0 ? rest.size() : cut);
                node.content.push_back(repository.save_blob(BlobType::data, chunk).take().id);
                rest = rest.subspan(chunk.size());
            }
        }
        nodes.push_back(std::move(node));
    }
    auto const blob = encode_tree(nodes).take();
    return repository.save_blob(BlobType::tree, blob).take().id;
}

void write_file(std::string const& path, ByteView bytes)
{
    std::ofstream(path, std::ios::binary).write(as_text(bytes).data(), static_cast<long>(bytes.size()));
}

// Odd names, links of both kinds, attributes, holes, modes.
void make_odd_tree(std::string const& dir)
{
    fs::create_directories(dir + "/sub/deeper");
    fs::create_directories(dir + "/empty dir");
    write_file(dir + "/text", prose(1, 3'000'000));
    write_file(dir + "/noise", noise(1, 3'000'000));
    write_file(dir + "/empty", {});
    write_file(dir + "/sub/quote\"back\\slash\ttab\nline", as_bytes("odd"));
    write_file(dir + "/sub/latin1-\xe9-\xff", as_bytes("not UTF-8"));
    write_file(dir + "/sub/\xf0\x9f\x94\x94 \xe2\x80\xa8 <&> \xc2\xa0", as_bytes("unicode"));
    write_file(dir + "/sub/deeper/mode", as_bytes("x"));
    ASSERT_EQ(0, ::chmod((dir + "/sub/deeper/mode").c_str(), 04751));
    ASSERT_EQ(0, ::chmod((dir + "/empty dir").c_str(), 01777));
    fs::create_symlink("../text", dir + "/sub/link");
    fs::create_symlink("dangling target \"q\"", dir + "/sub/dangling");
    fs::create_hard_link(dir + "/text", dir + "/sub/hard");
    ASSERT_EQ(0, ::mkfifo((dir + "/fifo").c_str(), 0600));
    write_file(dir + "/sparse", as_bytes("begin"));
    fs::resize_file(dir + "/sparse", 20'000'000);
    if (::setxattr((dir + "/text").c_str(), "user.note", "a\0b", 3, 0) != 0) {
        ASSERT_EQ(ENOTSUP, errno);
    }
}

class ResticTest : public testing::Test {
protected:
    void SetUp() override
    {
        SKIP_WITHOUT_RESTIC();
        make_odd_tree(source_);
    }
    std::unique_ptr<Repository> create()
    {
        return Repository::create(LocalStore::create(path_).take(), test::password, test::read_write())
            .take();
    }
    std::unique_ptr<Repository> open(RepositoryOptions const& options)
    {
        return Repository::open(LocalStore::open(path_).take(), test::password, options).take();
    }
    void expect_check_passes()
    {
        auto const checked = restic(path_, "check --read-data");
        EXPECT_EQ(0, checked.status) << checked.output;
        EXPECT_THAT(checked.output, testing::HasSubstr("no errors were found"));
    }

    test::TempDir dir_;
    std::string path_ = dir_ / "repository";
    std::string source_ = dir_ / "source";
};

TEST_F(ResticTest, ResticRestoresWhatWeWrote)
{
    auto repository = create();
    Snapshot snapshot;
    snapshot.time = wall_now();
    snapshot.tree = save_tree(*repository, source_);
    snapshot.paths = {"/"};
    snapshot.hostname = "ark";
    ASSERT_OK(repository->save_snapshot(snapshot));
    ASSERT_OK(repository->close());

    expect_check_passes();
    auto const restored = restic(path_, "restore latest --target '" + (dir_ / "out") + "'");
    ASSERT_EQ(0, restored.status) << restored.output;
    auto const compared = test::run("diff -r --no-dereference '" + source_ + "' '" + (dir_ / "out") + "'");
    EXPECT_THAT(compared.output, testing::Not(testing::HasSubstr("Only in"))) << compared.output;
    EXPECT_THAT(compared.output, testing::Not(testing::HasSubstr("differ"))) << compared.output;
    auto const list = [](std::string const& dir) {
        return test::run("cd '" + dir
            + "' && find . -mindepth 1 ! -type d -printf '%P|%m|%y|%T@|%l|%n\\n' -o "
              "-mindepth 1 -type d -printf '%P|%m|%y|%T@\\n' | sort");
    };
    // The sizes of directories and the number of their links belong to the file system.
    EXPECT_EQ(list(source_).output, list(dir_ / "out").output);
    auto const attributes =
        test::run("getfattr -n user.note --only-values '" + (dir_ / "out/text") + "' | od -c");
    EXPECT_THAT(attributes.output, testing::HasSubstr("a  \\0   b"));
}

TEST_F(ResticTest, WeReadEveryBlobThatResticWrote)
{
    ASSERT_OK(create()->close());
    auto const backup = restic(path_, "backup --compression max '" + source_ + "'");
    ASSERT_EQ(0, backup.status) << backup.output;

    auto repository = open(test::read_write());

    auto const report = repository->check(CheckDepth::read_data, {}).take();
    EXPECT_THAT(report.problems, testing::IsEmpty());
    EXPECT_EQ(1U, report.snapshots);
    EXPECT_GE(report.trees, 5U);
    EXPECT_GT(report.blobs, 10U);
}

TEST_F(ResticTest, WeWriteTheTreesAndChunksThatResticWrites)
{
    ASSERT_OK(create()->close());
    auto const backup = restic(path_, "backup '" + source_ + "'");
    ASSERT_EQ(0, backup.status) << backup.output;
    auto repository = open(test::read_write());
    auto const before = repository->statistics().blobs;

    // Times of access may have moved, and restic knows names of users: take those from it.
    auto const snapshot = repository->load_snapshot(repository->list_snapshots().take().at(0)).take();
    std::vector<BlobId> trees{snapshot.tree};
    std::size_t chunks = 0;
    while (!trees.empty()) {
        auto const blob = repository->load_blob(BlobType::tree, trees.back()).take();
        trees.pop_back();
        auto const nodes = decode_tree(blob, TreeBounds{}).take();
        auto const again = encode_tree(nodes).take();
        EXPECT_EQ(as_text(blob), as_text(again));
        for (auto const& node : nodes) {
            chunks += node.content.size();
            if (node.subtree)
                trees.push_back(*node.subtree);
        }
    }
    EXPECT_GT(chunks, 8U);

    save_tree(*repository, source_);
    std::size_t data_added = 0;
    data_added = repository->statistics().blobs - before;
    EXPECT_LE(data_added, 4U); // the trees, of which ours have no names of users; no data
}

TEST_F(ResticTest, WeOpenWhatResticInitialised)
{
    auto const made = restic(path_, "init --repository-version 2");
    ASSERT_EQ(0, made.status) << made.output;
    ASSERT_EQ(0, restic(path_, "backup '" + source_ + "'").status);

    auto repository = open(test::read_write());

    EXPECT_THAT(repository->check(CheckDepth::read_data, {}).take().problems, testing::IsEmpty());
    ASSERT_OK(repository->save_blob(BlobType::data, noise(99, 5000)));
    ASSERT_OK(repository->close());
    expect_check_passes();
}

TEST_F(ResticTest, ResticRespectsOurLockAndWeItsOwn)
{
    auto repository = create();
    ASSERT_OK(repository->take_lock());
    EXPECT_NE(0, restic(path_, "prune").status);
    ASSERT_OK(repository->close());
    EXPECT_EQ(0, restic(path_, "prune").status);
}

TEST_F(ResticTest, ResticFindsNothingWrongWhilePacksAreOpen)
{
    auto repository = create();
    ASSERT_OK(repository->save_blob(BlobType::data, noise(1, 50'000)));

    expect_check_passes();
    repository.reset();
    expect_check_passes();
    repository = open(test::read_write());
    expect_check_passes();
    EXPECT_EQ(1U, repository->recovery().staged_packs);
}

} // namespace
} // namespace tocsin::vault
