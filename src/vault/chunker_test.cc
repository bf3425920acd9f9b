// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/chunker.h"

#include <gmock/gmock.h>

#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

using test::noise;

Polynomial const polynomial{0x3DA3358B4DC173}; // the one that restic's own tests use

std::vector<std::size_t> cuts_of(ByteView bytes)
{
    Chunker chunker(polynomial);
    std::vector<std::size_t> out;
    while (auto const cut = chunker.next_cut(bytes)) {
        out.push_back(cut);
        bytes = bytes.subspan(cut);
    }
    out.push_back(bytes.size());
    return out;
}

// The definition, with long division instead of tables of remainders.
std::uint64_t append(std::uint64_t digest, std::uint64_t byte)
{
    return remainder(Polynomial{digest << 8 | byte}, polynomial).bits;
}

class SlowFingerprint {
public:
    SlowFingerprint()
    {
        for (std::uint64_t b = 0; b < 256; ++b) {
            leaving_[b] = append(0, b);
            for (int i = 0; i < 63; ++i)
                leaving_[b] = append(leaving_[b], 0);
        }
    }
    // Of the 64 bytes that end at `end`.
    std::uint64_t at(ByteView bytes, std::size_t end)
    {
        if (end != end_ + 1) {
            digest_ = 0;
            for (auto b : bytes.subspan(end - 64, 64))
                digest_ = append(digest_, std::to_integer<std::uint64_t>(b));
        } else {
            digest_ ^= leaving_[std::to_integer<std::size_t>(bytes[end - 65])];
            digest_ = append(digest_, std::to_integer<std::uint64_t>(bytes[end - 1]));
        }
        end_ = end;
        return digest_;
    }

private:
    std::array<std::uint64_t, 256> leaving_;
    std::uint64_t digest_ = 0;
    std::size_t end_ = 0;
};

TEST(Chunker, CutsWhereTheFingerprintOfTheLast64BytesSaysSo)
{
    auto const bytes = noise(23, 8 << 20);
    SlowFingerprint fingerprint;

    auto const cuts = cuts_of(bytes);

    ASSERT_GE(cuts.size(), 3U);
    std::size_t begin = 0;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        std::size_t expected = chunk_min_bytes;
        while ((fingerprint.at(bytes, begin + expected) & 0xFFFFF) != 0)
            ++expected;
        EXPECT_EQ(expected, cuts[i]);
        begin += cuts[i];
    }
}

TEST(Chunker, KeepsAFileBelowTheMinimumInOneChunk)
{
    EXPECT_THAT(cuts_of(noise(1, chunk_min_bytes - 1)), testing::ElementsAre(chunk_min_bytes - 1));
    EXPECT_THAT(cuts_of({}), testing::ElementsAre(0U));
}

TEST(Chunker, CutsAtTheMaximumWhereNothingElseTellsItTo)
{
    Bytes zeros(chunk_max_bytes * 2 + 5, std::byte{1});

    EXPECT_THAT(cuts_of(zeros), testing::ElementsAre(chunk_max_bytes, chunk_max_bytes, 5U));
}

TEST(Chunker, CutsAtTheMinimumInZerosAsTheirFingerprintIsZero)
{
    Bytes zeros(chunk_min_bytes * 3);

    EXPECT_THAT(cuts_of(zeros), testing::ElementsAre(chunk_min_bytes, chunk_min_bytes, chunk_min_bytes, 0U));
}

TEST(Chunker, CutsTheSameHoweverTheFileIsRead)
{
    auto const bytes = noise(5, 6 << 20);
    auto const whole = cuts_of(bytes);

    for (std::size_t piece : {1000UL, 65536UL, 262147UL, 3000000UL}) {
        Chunker chunker(polynomial);
        std::vector<std::size_t> cuts;
        std::size_t begin = 0;
        std::size_t read = 0;
        while (read < bytes.size()) {
            read = std::min(read + piece, bytes.size());
            while (auto const cut = chunker.next_cut(ByteView(bytes).subspan(begin, read - begin))) {
                cuts.push_back(cut);
                begin += cut;
            }
        }
        cuts.push_back(bytes.size() - begin);
        EXPECT_EQ(whole, cuts) << "read in pieces of " << piece;
    }
}

TEST(Chunker, FindsTheSameChunksAgainAfterAnInsertion)
{
    auto const bytes = noise(9, 12 << 20);
    auto shifted = to_bytes(as_bytes("inserted"));
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());

    auto const before = cuts_of(bytes);
    auto const after = cuts_of(shifted);

    ASSERT_GT(before.size(), 4U);
    std::size_t common = 0;
    while (common < std::min(before.size(), after.size())
        && before[before.size() - 1 - common] == after[after.size() - 1 - common])
        ++common;
    EXPECT_GE(common, before.size() - 2);
}

TEST(Chunker, StartsAnewAfterRestart)
{
    auto const bytes = noise(3, 4 << 20);
    Chunker chunker(polynomial);
    (void)chunker.next_cut(ByteView(bytes).first(700'000));

    chunker.restart();

    EXPECT_EQ(cuts_of(bytes)[0], chunker.next_cut(bytes));
}

TEST(Polynomial, KnowsWhatIsIrreducible)
{
    EXPECT_TRUE(Polynomial{0x3DA3358B4DC173}.irreducible());
    EXPECT_FALSE(Polynomial{0x3DA3358B4DC171}.irreducible());
    EXPECT_TRUE(Polynomial{0b111}.irreducible()); // x^2 + x + 1
    EXPECT_FALSE(Polynomial{0b101}.irreducible()); // (x + 1)^2
    EXPECT_FALSE(Polynomial{0}.irreducible());
    EXPECT_FALSE(Polynomial{1}.irreducible());
}

TEST(Polynomial, IsWrittenAndReadAsInTheConfig)
{
    EXPECT_EQ("3da3358b4dc173", polynomial.hex());
    EXPECT_EQ(polynomial, Polynomial::from_hex("3da3358b4dc173").take());
    EXPECT_ERRC(Errc::corrupt, Polynomial::from_hex("3da3358b4dc171"));
    EXPECT_ERRC(Errc::corrupt, Polynomial::from_hex("7"));
    EXPECT_ERRC(Errc::corrupt, Polynomial::from_hex("no number"));
}

TEST(Polynomial, IsMadeAtRandomIrreducibleAndOfDegree53)
{
    auto const made = Polynomial::random().take();

    EXPECT_EQ(chunker_degree, made.degree());
    EXPECT_TRUE(made.irreducible());
}

} // namespace
} // namespace tocsin::vault
