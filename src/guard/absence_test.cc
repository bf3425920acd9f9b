// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/absence.h"

#include <gtest/gtest.h>

namespace tocsin::guard {
namespace {

using std::chrono::minutes;

TEST(UnseenMaker, HadStartedByTheBirthOfAYoungFile)
{
    auto const found = wall_now();
    auto const born = found - minutes(1);
    auto const maker = unseen_maker(to_nanoseconds(born), found);
    EXPECT_FALSE(maker) << "nobody known";
    EXPECT_NEAR(static_cast<double>(ticks_since_boot(born)), static_cast<double>(maker.start_ticks), 1.0);
}

TEST(UnseenMaker, IsNotKnownOfAnOldFile)
{
    auto const found = wall_now();
    EXPECT_EQ(event::ProcessKey{}, unseen_maker(to_nanoseconds(found - minutes(90)), found));
}

TEST(UnseenMaker, IsNotKnownWhereTheBirthIsNotRecordedOrToCome)
{
    auto const found = wall_now();
    EXPECT_EQ(event::ProcessKey{}, unseen_maker(0, found));
    EXPECT_EQ(event::ProcessKey{}, unseen_maker(to_nanoseconds(found + minutes(1)), found));
}

TEST(Absence, TellsWhatWasExpectedAndDidNotComeAgain)
{
    Absence absence;
    EXPECT_TRUE(absence.is_empty());
    absence.expect({1});
    absence.expect({2});
    absence.found({1});
    EXPECT_FALSE(absence.is_expected({1}));
    EXPECT_EQ(std::vector<event::ObjectId>{{2}}, absence.take_missing());
    EXPECT_TRUE(absence.take_missing().empty());
    absence.deleted();
    EXPECT_FALSE(absence.is_empty());
    EXPECT_EQ(1U, absence.incident().objects_deleted);
    EXPECT_EQ(event::IncidentState::observed, absence.incident().state);
}

} // namespace
} // namespace tocsin::guard
