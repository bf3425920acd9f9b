// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

class ContentTest : public ::testing::Test {
protected:
    Content content(Stuff const& stuff)
    {
        return content_of(scene.version({}, "/srv/x", {5}, stuff, event::Occasion::close));
    }
    // Most of its passages are still there.
    Content no_text_any_more(Stuff stuff)
    {
        stuff.changed = 0.1;
        auto out = content(stuff);
        out.facts.type = event::FileType::unknown;
        return out;
    }
    Became became(Stuff const& before, Content const& after)
    {
        return judge_change(content(before), after, Settings{}).became;
    }
    Became became(Stuff const& before, Stuff const& after) { return became(before, content(after)); }
    Scene scene;
};

TEST_F(ContentTest, TellsEncryptionByWhatWasThereBefore)
{
    EXPECT_EQ(Became::encrypted, became(text(1), ciphertext(1)));
    EXPECT_EQ(Became::encrypted, became(jpeg(1), ciphertext(1)));
    EXPECT_EQ(Became::encrypted, became(office(1), openpgp(1)));
    EXPECT_EQ(Became::resealed, became(ciphertext(1), ciphertext(2)));
}

TEST_F(ContentTest, ExpectsLessEntropyOfShortContents)
{
    auto short_secret = ciphertext(1);
    short_secret.size = 200;
    short_secret.entropy = 6.8;
    EXPECT_EQ(Became::encrypted, became(text(1), short_secret));
}

TEST_F(ContentTest, LetsContainersOfTheSameSizePass)
{
    EXPECT_EQ(Became::same, became(text(1), gzip_of(text(1))));
    EXPECT_EQ(Became::same, became(gzip_of(text(1)), text(1)));
}

TEST_F(ContentTest, LetsPackersPassThatDoNotTellTheSize)
{
    Stuff const packed{.type = FileType::bzip2, .entropy = 7.9, .size = 5'000, .seed = 1};
    EXPECT_EQ(Became::same, became(text(1), packed));
    EXPECT_EQ(Became::same, became(packed, text(1)));
    auto cut = packed;
    cut.ends_well = false;
    EXPECT_NE(Became::same, became(text(1), cut));
    EXPECT_NE(Became::same, became(packed, ciphertext(1)));
}

TEST_F(ContentTest, LetsBzip2MakeWhatIsPackedAlreadyALittleLarger)
{
    Stuff picture{.type = FileType::png, .entropy = 7.9F, .size = 855, .seed = 1};
    Stuff packed{.type = FileType::bzip2, .entropy = 7.7F, .size = 1'130, .seed = 2};
    EXPECT_EQ(Became::same, became(picture, packed));
    EXPECT_EQ(Became::same, became(packed, picture));
    packed.size = 2'855;
    EXPECT_NE(Became::same, became(picture, packed));
    packed.size = 600;
    picture.size = 64;
    EXPECT_NE(Became::same, became(packed, picture));
}

TEST_F(ContentTest, LetsReencodedPicturesPass)
{
    auto smaller = jpeg(2);
    smaller.size = 100'000;
    EXPECT_EQ(Became::edited, became(jpeg(1), smaller));
}

TEST_F(ContentTest, SeesAPictureThatLostItsEnding)
{
    auto cut = jpeg(1);
    cut.changed = 0.5;
    cut.ends_well = false;
    EXPECT_EQ(Became::type_damaged, became(jpeg(1), cut));
    EXPECT_DOUBLE_EQ(
        Settings{}.broken_in_place, judge_change(content(jpeg(1)), content(cut), Settings{}).points);
    --cut.size;
    EXPECT_DOUBLE_EQ(
        Settings{}.type_damaged, judge_change(content(jpeg(1)), content(cut), Settings{}).points);
}

TEST_F(ContentTest, SeesAFewBytesThatBreakADocument)
{
    auto broken = content(office(1));
    broken.digest = Sha256::of(as_bytes("a few other bytes"));
    broken.facts.ends_well = false;
    EXPECT_EQ(Became::type_damaged, became(office(1), broken));
    ++broken.size;
    EXPECT_EQ(Became::edited, became(office(1), broken));
}

TEST_F(ContentTest, SeesBytesSwappedInsideAPackedFormat)
{
    auto patched = office(1);
    patched.changed = 0.3;
    EXPECT_EQ(Became::patched, became(office(1), patched));
    auto tagged = office(1);
    tagged.changed = 0.05;
    EXPECT_EQ(Became::edited, became(office(1), tagged));
}

TEST_F(ContentTest, SeesATextWithoutWholeBlocksOfIt)
{
    auto shorter = text(1);
    shorter.changed = 0.2;
    shorter.size -= 8192;
    EXPECT_EQ(Became::lost_blocks, became(text(1), shorter));
    --shorter.size;
    EXPECT_EQ(Became::edited, became(text(1), shorter));
}

TEST_F(ContentTest, SeesATextThatWasEncryptedInPart)
{
    auto in_part = no_text_any_more(text(1));
    in_part.facts.entropy += 0.5F;
    EXPECT_EQ(Became::encrypted_in_part, became(text(1), in_part));
    ++in_part.size;
    EXPECT_EQ(Became::type_damaged, became(text(1), in_part));
}

TEST_F(ContentTest, TakesAFewBytesForATextByChance)
{
    Stuff const state{.entropy = 2.5, .size = 8, .seed = 1};
    auto next = no_text_any_more(state);
    next.facts.entropy = 3;
    EXPECT_EQ(Became::type_damaged, became(state, next));
}

TEST_F(ContentTest, SeesThatAPackedHeadIsBorrowed)
{
    auto packed = gzip_of(text(1));
    packed.ends_well = false;
    EXPECT_EQ(Became::type_lost, became(text(1), packed));
}

TEST_F(ContentTest, LetsATextBeWrittenMoreCompactly)
{
    auto compact = text(2);
    compact.size -= 8192;
    EXPECT_EQ(Became::rewritten, became(text(1), compact));
}

TEST_F(ContentTest, SeesABrokenHeadByTheSize)
{
    auto broken = no_text_any_more(text(1));
    EXPECT_EQ(Became::type_lost, became(text(1), broken));
    broken.size += 16;
    EXPECT_EQ(Became::type_damaged, became(text(1), broken));
}

TEST_F(ContentTest, SeesATextWithBlocksPutIn)
{
    auto longer = no_text_any_more(text(1));
    longer.size += 4096;
    EXPECT_EQ(Became::gained_blocks, became(text(1), longer));
    ++longer.size;
    EXPECT_EQ(Became::type_damaged, became(text(1), longer));
}

TEST_F(ContentTest, TakesTextInPlaceOfACiphertextForTheDecryptedOne)
{
    EXPECT_EQ(Became::edited, became(openpgp(1), text(2)));
    auto const filled = Stuff{.entropy = 0, .seed = 3};
    EXPECT_EQ(Became::filled, became(openpgp(1), filled));
}

TEST_F(ContentTest, TakesNothingFromAnEmptyFile)
{
    EXPECT_EQ(Became::same, became(empty(), ciphertext(1)));
}

} // namespace
} // namespace tocsin::verdict
