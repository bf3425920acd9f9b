// SPDX-License-Identifier: Apache-2.0
// Packs, indexes, the staged log and the blob codec.
#include "tocsin/vault/pack.h"

#include <gmock/gmock.h>

#include "tocsin/vault/blob_codec.h"
#include "tocsin/vault/index.h"
#include "tocsin/vault/index_file.h"
#include "tocsin/vault/staged_log.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

using test::noise;
using test::prose;

std::vector<PackedBlob> some_blobs()
{
    return {PackedBlob{.id = Sha256::of(noise(1, 5)), .type = BlobType::data, .offset = 0, .length = 40},
        PackedBlob{.id = Sha256::of(noise(2, 5)),
            .type = BlobType::tree,
            .offset = 40,
            .length = 60,
            .plain_length = 500}};
}

class PackTest : public testing::Test {
protected:
    // A pack with `body` bytes before the header.
    std::string put_pack(std::size_t body, ByteView header)
    {
        Bytes bytes(body);
        bytes.insert(bytes.end(), header.begin(), header.end());
        std::string const name = Sha256::of(bytes).hex();
        EXPECT_OK(store_.put(FileKind::pack, name, bytes));
        size_ = bytes.size();
        return name;
    }
    Result<PackHeader> read(std::string const& name)
    {
        return read_pack_header(store_, cipher_, name, size_);
    }

    Cipher cipher_{KeyMaterial::random()};
    MemoryStore store_{std::make_shared<MemoryDisk>()};
    std::uint64_t size_ = 0;
};

TEST_F(PackTest, GivesBackItsHeader)
{
    auto const name = put_pack(100, encode_pack_header(cipher_, some_blobs()).take());

    auto const header = read(name).take();

    EXPECT_EQ(some_blobs(), header.blobs);
    EXPECT_EQ(100U, header.body_bytes);
}

TEST_F(PackTest, GivesBackAHeaderLongerThanTheFirstRead)
{
    std::vector<PackedBlob> many(5000);
    for (std::uint32_t i = 0; i < many.size(); ++i)
        many[i] = PackedBlob{.id = Sha256::of(noise(i, 5)), .offset = i * 32, .length = 32};
    auto const name = put_pack(5000 * 32, encode_pack_header(cipher_, many).take());

    EXPECT_EQ(many, read(name).take().blobs);
}

TEST_F(PackTest, RefusesAHeaderThatListsMoreThanThePackHolds)
{
    auto const name = put_pack(99, encode_pack_header(cipher_, some_blobs()).take());

    EXPECT_ERRC(Errc::corrupt, read(name));
}

TEST_F(PackTest, RefusesAHeaderLongerThanTheFile)
{
    ByteWriter end;
    end.raw(Bytes(40));
    end.fixed(std::uint32_t{5000});

    EXPECT_ERRC(Errc::corrupt, read(put_pack(0, end.bytes())));
}

TEST_F(PackTest, RefusesAFileShorterThanAHeader)
{
    EXPECT_ERRC(Errc::corrupt, read(put_pack(10, {})));
}

TEST_F(PackTest, RefusesAHeaderOfAnotherKey)
{
    Cipher const other(KeyMaterial::random());

    EXPECT_ERRC(Errc::corrupt, read(put_pack(100, encode_pack_header(other, some_blobs()).take())));
}

TEST_F(PackTest, RefusesEntriesThatAreNone)
{
    for (std::string_view bad : {"\x04", "\x01\x20", "\x02"})
        EXPECT_ERRC(Errc::corrupt, parse_pack_entries(as_bytes(bad), 1000));
    Bytes short_blob(37);
    short_blob[1] = std::byte{31}; // one byte less than anything sealed
    EXPECT_ERRC(Errc::corrupt, parse_pack_entries(short_blob, 1000));
}

TEST_F(PackTest, TheLogOfAnOpenPackComesBackUpToWhatIsTorn)
{
    auto log = encode_log_header();
    for (auto const& blob : some_blobs()) {
        auto const record = encode_log_record(cipher_, blob);
        EXPECT_EQ(log_record_bytes, record.size());
        log.insert(log.end(), record.begin(), record.end());
    }

    EXPECT_EQ(some_blobs(), decode_log(cipher_, log).take());
    EXPECT_EQ(1U, decode_log(cipher_, ByteView(log).first(log.size() - 1)).take().size());
    EXPECT_EQ(0U, decode_log(cipher_, ByteView(log).first(7)).take().size());
    log[log_header_bytes + 50] ^= std::byte{1};
    EXPECT_EQ(0U, decode_log(cipher_, log).take().size());
}

TEST_F(PackTest, RefusesALogOfALaterVersion)
{
    auto log = encode_log_header();
    log[8] = std::byte{2};
    EXPECT_ERRC(Errc::unsupported, decode_log(cipher_, log));
    log[0] = std::byte{'x'};
    EXPECT_ERRC(Errc::corrupt, decode_log(cipher_, log));
}

// The example of docs/formats/repository.md.
TEST(StagedLog, ReadsTheWorkedExampleOfTheFormat)
{
    KeyMaterial key;
    for (std::size_t i = 0; i < 32; ++i)
        key.encrypt[i] = static_cast<std::byte>(i);
    for (std::size_t i = 0; i < 16; ++i) {
        key.mac_k[i] = static_cast<std::byte>(0x20 + i);
        key.mac_r[i] = static_cast<std::byte>(0x30 + i);
    }
    Cipher const cipher(key);
    auto const pack = from_hex("194f5ef84f23ced3083a1e1f167b29145528ff168a655b91fb916a7ba572ad41"
                               "97e474d611236f674372cb5d1b7992ae2ebd8e4626")
                          .take();
    auto const log = from_hex("7463736e7061636b0100000000000000"
                              "9e00edd35e19d35e7fc69e90a3de7dcd8852a45ea6349e9fcd303b6518854498"
                              "783c92396b298e09809e0ff23c40f98f10dd51162bfd9d0620a33c1b97a7fd7d"
                              "167a988a917145aa0601e1e35b42ef19")
                         .take();
    auto const content = as_bytes("the alarm bell rings\n");

    auto const records = decode_log(cipher, log).take();

    ASSERT_EQ(1U, records.size());
    EXPECT_EQ((PackedBlob{.id = BlobId::of(content), .length = 53}), records[0]);
    EXPECT_EQ(to_bytes(content), cipher.open(pack).take());
}

TEST(IndexFile, GivesBackWhatItNames)
{
    std::vector<IndexedPack> const packs{
        {Sha256::of(noise(1, 1)), some_blobs()}, {Sha256::of(noise(2, 1)), {}}};

    auto const back = decode_index(as_bytes(encode_index(packs))).take();

    ASSERT_EQ(2U, back.size());
    EXPECT_EQ(packs[0].id, back[0].id);
    EXPECT_EQ(packs[0].blobs, back[0].blobs);
    EXPECT_EQ(packs[1].id, back[1].id);
}

TEST(IndexFile, RefusesWhatIsNoIndex)
{
    for (std::string_view bad :
        {"", "[]", R"({"packs":5})", R"({"packs":[{}]})", R"({"packs":[{"id":"00","blobs":[]}]})"})
        EXPECT_ERRC(Errc::corrupt, decode_index(as_bytes(bad)));
}

TEST(BlobIndex, FindsWhatWasAddedAndNothingElse)
{
    BlobIndex index;
    constexpr std::uint32_t count = 20'000;
    for (std::uint32_t i = 0; i < count; ++i) {
        PackedBlob const blob{
            .id = Sha256::of(noise(i, 8)), .offset = i, .length = 32 + i, .plain_length = i % 2 * 7};
        ASSERT_TRUE(index.add(i % 100, blob));
        ASSERT_FALSE(index.add(5, blob));
    }

    EXPECT_EQ(count, index.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        auto const found = index.find(BlobType::data, Sha256::of(noise(i, 8)));
        ASSERT_TRUE(found);
        ASSERT_EQ(i, found->offset);
        ASSERT_EQ(i % 100, found->pack);
    }
    EXPECT_FALSE(index.find(BlobType::tree, Sha256::of(noise(1, 8))));
    EXPECT_FALSE(index.find(BlobType::data, Sha256::of(noise(count, 8))));
}

class BlobCodecTest : public testing::Test {
protected:
    Bytes round_trip(BlobType type, ByteView plain)
    {
        auto const stored = codec_.encode(type, plain).take();
        plain_length_ = stored.plain_length();
        stored_bytes_ = stored.bytes().size();
        return codec_.decode(stored.bytes(), plain_length_, BlobId::of(plain)).take();
    }

    Cipher cipher_{KeyMaterial::random()};
    Compression compression_{1};
    BlobCodec codec_{cipher_, compression_};
    std::uint32_t plain_length_ = 0;
    std::size_t stored_bytes_ = 0;
};

TEST_F(BlobCodecTest, CompressesTextAndGivesItBack)
{
    auto const plain = prose(1, 100'000);

    EXPECT_EQ(plain, round_trip(BlobType::data, plain));
    EXPECT_EQ(plain.size(), plain_length_);
    EXPECT_LT(stored_bytes_, plain.size() / 2);
}

TEST_F(BlobCodecTest, StoresNoiseAsItIs)
{
    auto const plain = noise(1, 100'000);

    EXPECT_EQ(plain, round_trip(BlobType::data, plain));
    EXPECT_EQ(0U, plain_length_);
    EXPECT_EQ(plain.size() + seal_overhead, stored_bytes_);
}

TEST_F(BlobCodecTest, StoresAsItIsWhatCompressionMakesLonger)
{
    auto const plain = noise(1, 100);

    EXPECT_EQ(plain, round_trip(BlobType::data, plain));
    EXPECT_EQ(0U, plain_length_);
}

TEST_F(BlobCodecTest, CompressesTreesAlways)
{
    auto const plain = noise(1, 100);

    EXPECT_EQ(plain, round_trip(BlobType::tree, plain));
    EXPECT_EQ(100U, plain_length_);
}

TEST_F(BlobCodecTest, RefusesContentOfAnotherHash)
{
    auto const plain = prose(1, 1000);
    auto const stored = codec_.encode(BlobType::data, plain).take();

    EXPECT_ERRC(Errc::corrupt, codec_.decode(stored.bytes(), stored.plain_length(), BlobId::of(noise(1, 1))));
    EXPECT_ERRC(Errc::corrupt, codec_.decode(stored.bytes(), stored.plain_length() + 1, BlobId::of(plain)));
    EXPECT_ERRC(Errc::corrupt, codec_.decode(stored.bytes(), UINT32_MAX, BlobId::of(plain)));
}

TEST(Compression, TellsNoiseFromWhatItCanPack)
{
    EXPECT_FALSE(looks_compressible(noise(1, 1 << 20)));
    EXPECT_FALSE(looks_compressible(noise(1, 10'000)));
    EXPECT_TRUE(looks_compressible(prose(1, 1 << 20)));
    EXPECT_TRUE(looks_compressible(Bytes(1 << 20)));
    EXPECT_TRUE(looks_compressible(noise(1, 100))); // too little to tell
    EXPECT_DOUBLE_EQ(0, entropy_of(Bytes(100)));
    EXPECT_NEAR(8, entropy_of(noise(1, 1 << 20)), 0.001);
}

TEST(Compression, RefusesMoreThanTheBound)
{
    Compression compression(1);
    Bytes bomb;
    compression.compress(Bytes(50 << 20), bomb);

    EXPECT_ERRC(Errc::corrupt, compression.decompress(bomb, 1 << 20));
    EXPECT_EQ(std::size_t{50 << 20}, compression.decompress(bomb, 64 << 20).take().size());
    EXPECT_ERRC(Errc::corrupt, compression.decompress(ByteView(bomb).first(bomb.size() - 1), 64 << 20));
    EXPECT_ERRC(Errc::corrupt, compression.decompress(noise(1, 100), 64 << 20));
}

} // namespace
} // namespace tocsin::vault
