// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/integrity.h"

#include <gtest/gtest.h>
#include <random>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::capture {
namespace {

Soundness soundness_of(ByteView content, std::size_t cut = SIZE_MAX)
{
    Integrity integrity;
    for (std::size_t at = 0; at < content.size(); at += std::min(cut, content.size()))
        integrity.add(content.subspan(at, std::min(cut, content.size() - at)));
    return integrity.soundness();
}

struct Made {
    char const* name;
    char const* command; // writes $OUT, from $IN
};

void PrintTo(Made const& made, std::ostream* out)
{
    *out << made.name;
}

// What programs make of 60,000 bytes that pack to a third.
class IntegrityTest : public testing::TestWithParam<Made> {
protected:
    void SetUp() override
    {
        std::mt19937 rng(3);
        std::string plain;
        while (plain.size() < 60'000)
            plain += "line " + std::to_string(rng()) + "\n";
        ASSERT_OK(
            sys::write_all(sys::open(dir / "in", O_WRONLY | O_CREAT, 0600).take().get(), as_bytes(plain)));
        auto const command = "cd '" + dir.path() + "' && IN=in OUT=out; " + GetParam().command;
        if (std::system(("(" + command + ") >/dev/null 2>&1").c_str()) != 0)
            GTEST_SKIP() << "not here: " << GetParam().command;
        content = to_bytes(as_bytes(sys::read_text(dir / "out", 4 << 20).take()));
    }
    void overwrite(std::size_t at, std::size_t size)
    {
        std::mt19937 rng(7);
        for (std::size_t i = at; i < at + size; ++i)
            content[i] = static_cast<std::byte>(rng());
    }
    test::TempDir dir;
    Bytes content;
};

TEST_P(IntegrityTest, IsSoundAsItWasMade)
{
    EXPECT_EQ(Soundness::sound, soundness_of(content));
}

TEST_P(IntegrityTest, IsTheSameHoweverItIsCut)
{
    EXPECT_EQ(Soundness::sound, soundness_of(content, 1));
    EXPECT_EQ(Soundness::sound, soundness_of(content, 997));
}

TEST_P(IntegrityTest, IsBrokenByAFewBytesInTheMiddle)
{
    overwrite(content.size() / 3, 16);
    EXPECT_EQ(Soundness::broken, soundness_of(content));
    EXPECT_EQ(Soundness::broken, soundness_of(content, 100));
}

TEST_P(IntegrityTest, IsUntoldWithoutItsEnd)
{
    content.resize(content.size() / 3);
    EXPECT_EQ(Soundness::untold, soundness_of(content));
}

INSTANTIATE_TEST_SUITE_P(Programs, IntegrityTest,
    testing::Values(Made{"gzip", "gzip -c $IN > $OUT"},
        Made{"two_members", "gzip -c $IN > $OUT && gzip -c $IN >> $OUT"},
        Made{"zip", "zip -q o.zip $IN && mv o.zip $OUT"},
        Made{"zip_stored", "zip -q -0 o.zip $IN && mv o.zip $OUT"},
        Made{"zip_into_a_pipe",
            "python3 -c \"import sys, zipfile; zipfile.ZipFile(sys.stdout.buffer, 'w', 8).write('in')\" | "
            "cat > $OUT"},
        Made{"zip_of_python", "python3 -m zipfile -c $OUT $IN $IN"},
        Made{"png",
            "python3 -c \"import struct,sys,zlib,random; r=random.Random(1)\n"
            "chunk=lambda t,d: struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d))\n"
            "sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n'+chunk(b'IHDR',struct.pack('>IIBBBBB',80,80,8,"
            "2,0,0,0))"
            "+chunk(b'IDAT',zlib.compress(b''.join(b'\\0'+r.randbytes(240) for _ in range(80))))"
            "+chunk(b'IEND',b''))\" > $OUT"}),
    [](auto const& made) { return std::string(made.param.name); });

TEST(Integrity, TellsNothingOfOtherFormats)
{
    EXPECT_EQ(Soundness::untold, soundness_of(as_bytes("plain text of some length")));
    EXPECT_EQ(Soundness::untold, soundness_of({}));
}

TEST(Integrity, StopsAtWhatUnpacksToTooMuch)
{
    test::TempDir dir;
    auto const out = dir / "bomb.gz";
    if (std::system(("head -c 20000000 /dev/zero | gzip -9 > " + out).c_str()) != 0)
        GTEST_SKIP() << "no gzip here";
    auto const bomb = to_bytes(as_bytes(sys::read_text(out, 1 << 20).take()));
    EXPECT_EQ(Soundness::untold, soundness_of(bomb));
    EXPECT_EQ(Soundness::untold, soundness_of(bomb, 1));
}

} // namespace
} // namespace tocsin::capture
