// SPDX-License-Identifier: Apache-2.0
// Keys, config, locks, and the repository that restic made.
#include "tocsin/vault/key_file.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tocsin/base/user.h"
#include "tocsin/vault/base64.h"
#include "tocsin/vault/go_text.h"
#include "tocsin/vault/lock.h"
#include "tocsin/vault/tree.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

TEST(Cipher, OpensWhatItSealed)
{
    Cipher const cipher(KeyMaterial::random());
    auto const plain = test::noise(1, 1000);

    auto const sealed = cipher.seal(plain);

    EXPECT_EQ(plain.size() + seal_overhead, sealed.size());
    EXPECT_EQ(plain, cipher.open(sealed).take());
    EXPECT_NE(sealed, cipher.seal(plain)) << "the nonce was used twice";
}

TEST(Cipher, RefusesEveryFlippedByte)
{
    Cipher const cipher(KeyMaterial::random());
    auto sealed = cipher.seal(test::noise(1, 50));

    for (auto& byte : sealed) {
        byte ^= std::byte{0x10};
        EXPECT_ERRC(Errc::corrupt, cipher.open(sealed));
        byte ^= std::byte{0x10};
    }
    EXPECT_ERRC(Errc::corrupt, cipher.open(ByteView(sealed).first(31)));
    EXPECT_ERRC(Errc::corrupt, cipher.open({}));
}

TEST(Scrypt, DerivesWhatTheStandardSays)
{
    // RFC 7914, section 12: "password", "NaCl", N 1024, r 8, p 16.
    auto const key = derive_key("password", as_bytes("NaCl"), ScryptCost{1024, 8, 16}).take();

    EXPECT_EQ("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162", to_hex(key.encrypt));
    EXPECT_EQ("2eaf30d92e22a3886ff109279d9830da", to_hex(key.mac_k));
    EXPECT_EQ("c727afb94a83ee6d8360cbdfa2cc0640", to_hex(key.mac_r));
}

TEST(Scrypt, RefusesParametersOutOfBounds)
{
    for (ScryptCost bad :
        {ScryptCost{0, 8, 1}, ScryptCost{3, 8, 1}, ScryptCost{1 << 24, 8, 1}, ScryptCost{1024, 0, 1},
            ScryptCost{1024, 8, 0}, ScryptCost{1 << 20, 8, 1000}, ScryptCost{1ULL << 63, 1, 1}})
        EXPECT_ERRC(Errc::corrupt, derive_key("x", as_bytes("salt"), bad));
}

TEST(KeyFile, GivesTheMasterKeyToTheRightPasswordOnly)
{
    auto const master = KeyMaterial::random();
    auto const file = wrap_master_key(master, "right", ScryptCost::minimal()).take();

    auto const back = decode_key_file(as_bytes(encode_key_file(file))).take();

    EXPECT_EQ(master.encrypt, unwrap_master_key(back, "right").take().encrypt);
    EXPECT_EQ(master.mac_r, unwrap_master_key(back, "right").take().mac_r);
    EXPECT_ERRC(Errc::denied, unwrap_master_key(back, "wrong"));
}

TEST(KeyFile, RefusesWhatIsNone)
{
    EXPECT_ERRC(Errc::corrupt, decode_key_file(as_bytes("{}")));
    EXPECT_ERRC(Errc::corrupt, decode_key_file(Bytes(100'000)));
    EXPECT_ERRC(
        Errc::unsupported, decode_key_file(as_bytes(R"({"created":"2020-01-01T00:00:00Z","kdf":"argon2"})")));
}

TEST(Config, ComesBackAsItWas)
{
    auto const config = Config::random().take();

    auto const back = decode_config(as_bytes(encode_config(config))).take();

    EXPECT_EQ(config.id, back.id);
    EXPECT_EQ(config.polynomial, back.polynomial);
    EXPECT_ERRC(Errc::unsupported,
        decode_config(as_bytes(R"({"version":1,"id":"x","chunker_polynomial":"3da3358b4dc173"})")));
}

TEST(Base64, IsThatOfTheStandard)
{
    EXPECT_EQ("", to_base64({}));
    EXPECT_EQ("Zg==", to_base64(as_bytes("f")));
    EXPECT_EQ("Zm9vYg==", to_base64(as_bytes("foob")));
    EXPECT_EQ("Zm9vYmE=", to_base64(as_bytes("fooba")));
    auto const bytes = test::noise(1, 1001);
    EXPECT_EQ(bytes, from_base64(to_base64(bytes)).take());
    for (std::string_view bad : {"Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9*", "===="})
        EXPECT_ERRC(Errc::corrupt, from_base64(bad));
}

class LockTest : public testing::Test {
protected:
    LockInfo lock(std::int64_t pid)
    {
        LockInfo out;
        out.time = wall_now();
        out.hostname = host_name();
        out.pid = pid;
        return out;
    }
    void put(LockInfo const& lock) { ASSERT_OK(files_.put(FileKind::lock, encode_lock(lock))); }
    std::size_t count() { return store_.list(FileKind::lock).take().size(); }

    MemoryStore store_{std::make_shared<MemoryDisk>()};
    Cipher cipher_{KeyMaterial::random()};
    Compression compression_{1};
    SealedFiles files_{store_, cipher_, compression_};
};

TEST_F(LockTest, StandsBesideThatOfAnotherWriter)
{
    put(lock(::getpid()));

    auto taken = Lock::take(store_, files_).take();

    EXPECT_EQ(2U, count());
    ASSERT_OK(taken.release());
    EXPECT_EQ(1U, count());
    EXPECT_OK(taken.release()); // once more does no harm
}

TEST_F(LockTest, WaitsForOneWhoHoldsTheRepositoryExclusively)
{
    auto exclusive = lock(::getpid());
    exclusive.exclusive = true;
    put(exclusive);

    EXPECT_ERRC(Errc::again, Lock::take(store_, files_));
    EXPECT_EQ(1U, count());
}

TEST_F(LockTest, RemovesLocksOfTheDeadAndTheForgotten)
{
    auto dead = lock(0x7ffffff0); // above any pid_max
    dead.exclusive = true;
    put(dead);
    auto old = lock(1);
    old.hostname = "elsewhere";
    old.time = wall_now() - std::chrono::minutes(31);
    put(old);
    auto elsewhere = lock(0x7ffffff0);
    elsewhere.hostname = "elsewhere";
    put(elsewhere);

    ASSERT_OK(Lock::take(store_, files_));

    EXPECT_EQ(2U, count()); // ours, and the one we cannot know to be dead
}

TEST_F(LockTest, WithAFlippedByteHoldsNobodyUp)
{
    auto exclusive = lock(::getpid());
    exclusive.exclusive = true;
    put(exclusive);
    auto const name = store_.list(FileKind::lock).take().at(0).name;
    auto bytes = store_.get(FileKind::lock, name).take();
    bytes[bytes.size() / 2] ^= std::byte{1};
    ASSERT_OK(store_.remove(FileKind::lock, name));
    ASSERT_OK(store_.put(FileKind::lock, name, bytes));

    EXPECT_OK(Lock::take(store_, files_));
}

TEST_F(LockTest, OfTheFarPastIsStale)
{
    auto ancient = lock(1);
    ancient.hostname = "elsewhere";
    ancient.time = parse_go_time("1013-11-24T08:45:25Z").take();

    EXPECT_TRUE(is_stale(ancient, wall_now()));
}

TEST_F(LockTest, ComesBackAsItWas)
{
    auto one = lock(77);
    one.exclusive = true;

    auto const back = decode_lock(as_bytes(encode_lock(one))).take();

    EXPECT_EQ(one.time, back.time);
    EXPECT_EQ(one.pid, back.pid);
    EXPECT_TRUE(back.exclusive);
}

// testdata/restic-0.14 was made by restic 0.14: init, and a backup of three files.
TEST(Golden, OpensARepositoryThatResticMade)
{
    auto store = LocalStore::open(std::string(TESTDATA) + "/restic-0.14").take();
    auto const repository = Repository::open(std::move(store), "golden", test::read_only()).take();

    EXPECT_THAT(repository->check(CheckDepth::read_data, {}).take().problems, testing::IsEmpty());
    auto const snapshots = repository->list_snapshots().take();
    ASSERT_EQ(1U, snapshots.size());
    auto const snapshot = repository->load_snapshot(snapshots[0]).take();
    EXPECT_EQ("golden", snapshot.hostname);
    auto const root = repository->load_blob(BlobType::tree, snapshot.tree).take();
    auto const nodes = decode_tree(root, TreeBounds{}).take();
    ASSERT_EQ(3U, nodes.size());
    EXPECT_EQ("bell.txt", nodes[0].name);
    EXPECT_EQ("link", nodes[1].name);
    EXPECT_EQ("bell.txt", nodes[1].linktarget);
    EXPECT_EQ("odd\xff\n", nodes[2].name);
    auto const content = repository->load_blob(BlobType::data, nodes[0].content.at(0)).take();
    EXPECT_EQ("the alarm bell rings\n", as_text(content));
    EXPECT_EQ(as_text(root), as_text(encode_tree(nodes).take()));
}

} // namespace
} // namespace tocsin::vault
