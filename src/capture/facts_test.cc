// SPDX-License-Identifier: Apache-2.0
// What one reading tells of a content, what it is remembered by, and what an open is for.
#include "tocsin/capture/facts_builder.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <zstd.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/capture/facts_cache.h"
#include "tocsin/capture/open_intent.h"

namespace tocsin::capture {
namespace {

using event::FileType;
using namespace std::string_literals;

event::ContentFacts facts_of(ByteView content)
{
    FactsBuilder builder;
    builder.add(content);
    return builder.finish();
}
event::ContentFacts facts_of(std::string_view content)
{
    return facts_of(as_bytes(content));
}

Bytes random_bytes(std::size_t size, unsigned seed)
{
    std::mt19937 generator(seed);
    Bytes out(size);
    for (auto& b : out)
        b = static_cast<std::byte>(generator());
    return out;
}

std::string prose(std::size_t size)
{
    std::string out;
    for (unsigned i = 0; out.size() < size; ++i)
        out += "Paragraph " + std::to_string(i * 7919 % 10007) + " of the yearly report.\n";
    return out;
}

TEST(Facts, TellTextFromCiphertext)
{
    auto text = facts_of(prose(20'000));
    EXPECT_EQ(FileType::text, text.type);
    EXPECT_LT(text.entropy, 5.5);
    auto noise = facts_of(random_bytes(20'000, 1));
    EXPECT_EQ(FileType::unknown, noise.type);
    EXPECT_GT(noise.entropy, 7.9);
}

TEST(Facts, OfFewDistinctValuesAreTheSameByteByByte)
{
    for (auto const& pattern : {std::string(1, '\0'), std::string("ab"), std::string("0123456789")}) {
        std::string content;
        while (content.size() < 5'000)
            content += pattern;
        FactsBuilder builder;
        for (auto byte : content)
            builder.add(as_bytes(std::string_view(&byte, 1)));
        EXPECT_EQ(facts_of(content), builder.finish()) << pattern;
        auto const used =
            std::ranges::count_if(facts_of(content).sketch, [](auto value) { return value != 0xffffffff; });
        EXPECT_EQ(static_cast<long>(pattern.size()), used);
    }
}

TEST(Facts, AreTheSameHoweverTheContentIsCut)
{
    auto content = random_bytes(100'000, 2);
    FactsBuilder builder;
    for (std::size_t at = 0; at < content.size(); at += 997)
        builder.add(ByteView(content).subspan(at, std::min<std::size_t>(997, content.size() - at)));
    EXPECT_EQ(facts_of(content), builder.finish());
}

TEST(Facts, FindAnEditSimilarAndARewriteNot)
{
    auto before = prose(50'000);
    auto after = before;
    after.insert(1000, "A sentence that was added.\n");
    EXPECT_GT(event::similarity(facts_of(before).sketch, facts_of(after).sketch), 0.7);
    EXPECT_LT(event::similarity(facts_of(before).sketch, facts_of(random_bytes(50'000, 3)).sketch), 0.1);
}

TEST(FileType, KnowsTextsInAlphabetsOfOneByteALetter)
{
    std::string windows_1251;
    std::string koi8_r;
    for (int i = 0; i < 2'000; ++i) {
        windows_1251 += i % 7 == 6 ? ' ' : static_cast<char>(0xe0 + i * 13 % 32);
        koi8_r += i % 7 == 6 ? ' ' : static_cast<char>(0xc0 + i * 13 % 32);
    }
    EXPECT_EQ(FileType::text, facts_of(windows_1251).type);
    EXPECT_EQ(FileType::text, facts_of(koi8_r).type);
    std::ranges::replace(windows_1251, ' ', '\xe0');
    EXPECT_EQ(FileType::unknown, facts_of(windows_1251).type);
}

TEST(FileType, KnowsCiphertextsThatSayWhatTheyAre)
{
    EXPECT_EQ(FileType::openssl_salted, facts_of("Salted__12345678abcdefgh").type);
    EXPECT_EQ(FileType::age, facts_of("age-encryption.org/v1\n-> scrypt").type);
    // gpg --symmetric: packet 3, old and new format
    EXPECT_EQ(FileType::openpgp, facts_of(std::string_view("\x8c\x0d\x04\x09\x03\x02\x11\x22", 8)).type);
    EXPECT_EQ(FileType::openpgp, facts_of(std::string_view("\xc3\x0d\x04\x09\x03\x08\x11\x22", 8)).type);
}

TEST(FileType, ReadsWhatAZstdFileUnpacksTo)
{
    auto plain = prose(70'000);
    Bytes packed(ZSTD_compressBound(plain.size()));
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    auto facts = facts_of(packed);
    EXPECT_EQ(FileType::zstd, facts.type);
    EXPECT_EQ(plain.size(), facts.unpacked_size);
}

struct PackCase {
    char const* name;
    char const* command;
    FileType type;
};
class Packed : public testing::TestWithParam<PackCase> { };

TEST_P(Packed, SaysWhatItUnpacksTo)
{
    test::TempDir dir;
    auto path = dir / "file";
    auto plain = prose(300'000);
    auto fd = sys::open(path, O_WRONLY | O_CREAT, 0600).take();
    ASSERT_OK(sys::write_all(fd.get(), as_bytes(plain)));
    auto command = std::string(GetParam().command) + " < " + path + " > " + path + ".packed 2>/dev/null";
    if (std::system(command.c_str()) != 0)
        GTEST_SKIP() << "needs " << GetParam().command;
    auto facts = facts_of(sys::read_text(path + ".packed", 1 << 20).take());
    EXPECT_EQ(GetParam().type, facts.type);
    EXPECT_EQ(plain.size(), facts.unpacked_size);
}

TEST(FileType, KnowsTheEndOfBzip2AndOfLz4)
{
    test::TempDir dir;
    for (auto const* tool : {"bzip2", "lz4"})
        for (auto const* text :
            {"a", "some words\n", "much more than these few words, and all of it at once\n"}) {
            auto const out = dir / "packed";
            if (std::system(
                    ("printf '" + std::string(text) + "' | " + tool + " > " + out + " 2>/dev/null").c_str())
                != 0)
                continue;
            auto content = sys::read_text(out, 1 << 16).take();
            EXPECT_TRUE(facts_of(content).ends_well) << tool << ": " << text;
            content.resize(content.size() - 5);
            EXPECT_FALSE(facts_of(content).ends_well) << tool << ": " << text;
        }
}

INSTANTIATE_TEST_SUITE_P(Tools, Packed,
    testing::Values(PackCase{"gzip", "gzip -c", FileType::gzip}, PackCase{"xz", "xz -c -0", FileType::xz}),
    [](auto const& tool) { return std::string(tool.param.name); });

TEST(FileType, KnowsWhetherAnImageEndsWell)
{
    std::string jpeg("\xff\xd8\xff\xe0");
    jpeg.append(5000, 'x');
    EXPECT_FALSE(facts_of(jpeg).ends_well);
    jpeg += "\xff\xd9";
    EXPECT_EQ(FileType::jpeg, facts_of(jpeg).type);
    EXPECT_TRUE(facts_of(jpeg).ends_well);
}

std::string tar_header(std::string const& name)
{
    std::string header = name + std::string(148 - name.size(), '\0') + "        0";
    header.resize(257, '\0');
    header += "ustar";
    header.resize(512, '\0');
    unsigned sum = 0;
    for (char const c : header)
        sum += static_cast<unsigned char>(c);
    header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
    return header;
}

struct Header {
    char const* name;
    FileType type;
    std::string bytes;
};

class Headers : public testing::TestWithParam<Header> { };

TEST_P(Headers, BrokenBehindTheMagicNumberSayNothing)
{
    auto content = GetParam().bytes + prose(5000);
    EXPECT_EQ(GetParam().type, facts_of(content).type);
    auto const noise = random_bytes(16, 7);
    content.replace(16, noise.size(), as_text(noise));
    EXPECT_EQ(FileType::unknown, facts_of(content).type);
}

INSTANTIATE_TEST_SUITE_P(Formats, Headers,
    testing::Values(Header{"elf", FileType::elf,
                        "\x7f"
                        "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0"s},
        Header{"elf_for_s390", FileType::elf,
            "\x7f"
            "ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\3\0\x16\0\0\0\1"s},
        Header{"png", FileType::png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\b\6\0\0\0"s},
        Header{"jpeg", FileType::jpeg, "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xdb"s},
        Header{"sqlite", FileType::sqlite, "SQLite format 3\0\x10\0\1\1\0\x40\x20\x20"s},
        Header{"tar", FileType::tar, tar_header("report/of/the/year/2014.txt")}),
    [](auto const& header) { return std::string(header.param.name); });

TEST(OpenIntent, ReadsTheFlagsOfOpenat)
{
    EXPECT_EQ(
        OpenIntent::read_only, intent_of_syscall("257 0xffffff9c 0x7f00 0x80000 0x0 0x0 0x0 0x7ff 0x7f"));
    EXPECT_EQ(
        OpenIntent::may_write, intent_of_syscall("257 0xffffff9c 0x7f00 0x80001 0x0 0x0 0x0 0x7ff 0x7f"));
    EXPECT_EQ(OpenIntent::may_write, intent_of_syscall("257 0xffffff9c 0x7f00 0x200 0x0 0x0 0x0 0x7ff 0x7f"))
        << "O_RDONLY|O_TRUNC truncates";
    EXPECT_EQ(OpenIntent::read_only, intent_of_syscall("59 0x1 0x2 0x3 0x0 0x0 0x0 0x7ff 0x7f"));
}

TEST(OpenIntent, TakesAWriteWhenInDoubt)
{
    EXPECT_EQ(OpenIntent::may_write, intent_of_syscall(""));
    EXPECT_EQ(OpenIntent::may_write, intent_of_syscall("running\n"));
    EXPECT_EQ(OpenIntent::may_write, intent_of_syscall("437 0xffffff9c 0x1 0x2 0x18 0x0 0x0 0x1 0x2"));
    EXPECT_EQ(OpenIntent::may_write, intent_of_syscall("426 0x1 0x1 0x1"));
}

TEST(FactsCache, GivesWhatIsWorkedOutAnewAlsoOnceItHasForgotten)
{
    FactsCache cache;
    for (unsigned round = 0; round < 2; ++round)
        for (unsigned seed = 0; seed < 600; ++seed) { // more than it keeps
            auto const content = random_bytes(500 + seed, seed);
            std::array const blobs{Sha256::of(content)};
            ASSERT_EQ(facts_of(content), cache.look_at(blobs, content).facts);
            ASSERT_EQ(facts_of(content), cache.look_at(blobs, content).facts);
        }
}

TEST(FactsCache, TellsContentsOfSeveralBlobsByAllOfThem)
{
    FactsCache cache;
    std::array const a{Sha256::of(as_bytes("begun alike")), Sha256::of(as_bytes("a"))};
    std::array const b{Sha256::of(as_bytes("begun alike")), Sha256::of(as_bytes("b"))};
    EXPECT_EQ(Sha256::of(as_bytes("begun alikea")), cache.look_at(a, as_bytes("begun alikea")).digest);
    EXPECT_EQ(Sha256::of(as_bytes("begun alikeb")), cache.look_at(b, as_bytes("begun alikeb")).digest);
    EXPECT_EQ(Sha256::of(as_bytes("begun alikea")), cache.look_at(a, as_bytes("begun alikea")).digest);
}

TEST(FactsCache, TellsAContentOfIdsFromTheContentThatIsCutIntoThem)
{
    FactsCache cache;
    std::array const ids{Sha256::of(as_bytes("a")), Sha256::of(as_bytes("b"))};
    auto const forged = std::as_bytes(std::span(ids));
    EXPECT_EQ(Sha256::of(as_bytes("ab")), cache.look_at(ids, as_bytes("ab")).digest);
    EXPECT_EQ(Sha256::of(forged), cache.look_at(std::array{Sha256::of(forged)}, forged).digest);
}

TEST(FactsCache, KnowsTheEmptyContent)
{
    auto const known = FactsCache().look_at({}, {});
    EXPECT_EQ(event::FileType::empty, known.facts.type);
    EXPECT_EQ(Sha256::of({}), known.digest);
}

} // namespace
} // namespace tocsin::capture
