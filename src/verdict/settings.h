// SPDX-License-Identifier: Apache-2.0
// verdict/settings.h -- every weight and threshold of the verdict, each with its reason.
//
// Scores count in thresholds: at 1.0 the guard acts. Hard points can reach it alone; soft ones
// (things that honest work does too) are worth something only in company: they fade within
// minutes and never count for more than `soft_at_most`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tocsin::verdict {

struct Settings {
    // Where the guard acts on one subtree of processes.
    // A little below three points of 0.34, or four of 0.25: they fade a trifle between the first and the last.
    double act = 0.98;
    // From here on nobody is to work on while what was done is being judged: one point of 0.25, or two
    // weaker ones.
    double suspect = 0.25;
    // Losses whose successors are not read yet: more than the closes that may wait to be captured, so that
    // only what is never closed gets here. Above it the oldest counts.
    std::size_t losses_waiting = 131'072;
    // A child with this share of its starter's hard points is the actor, not the starter.
    double share_that_dominates = 0.8;
    // Who did this much beside the actor, under the same starter, belongs to it.
    double hard_of_an_accomplice = 0.45;
    // Somebody who seals files of their own in one folder and removes the originals is asked about, not stopped:
    // so few of them, in a folder of so many at most, or of a share as of errands.
    std::size_t held_files = 4;
    std::size_t held_folder = 64;
    // Files that who is held asks for and does not get, before it is stopped.
    std::size_t held_refusals = 3;
    // Over the whole file set, where no one subtree explains it: above two subtrees that each
    // just missed `act`, so that two honest programs with a bad day are not taken for one attack.
    double act_on_set = 2.5;
    // Who gave at least this share of the set's points is named with the others.
    double share_to_be_named = 0.04;
    double soft_at_most = 0.4;

    // Slow attacks touch a file each minute: three or four hard points must meet within the memory.
    std::chrono::nanoseconds hard_half_life = std::chrono::minutes(20);
    std::chrono::nanoseconds soft_half_life = std::chrono::minutes(1);
    // This many condemned subtrees below one process condemn the process itself.
    // So many that it can't be a person's shell in which two things went wrong.
    unsigned condemned_below_to_climb = 20;
    // Likewise, of whom nobody was left to stop: one program a few files, each over within a millisecond.
    unsigned condemned_too_late_to_climb = 2;
    std::chrono::nanoseconds too_late_within = std::chrono::seconds(10); // one after the other

    // Content that was there before became what only its destroyer can read. Stops at the 3rd.
    double encrypted = 0.34;
    // The format says who made it and why (ansible-vault): a few such files are somebody's work.
    double encrypted_in_place_by_purpose = 0.08;
    // Every byte the same, over what was something.
    double filled = 0.34;
    // No longer what it was, and not ciphertext-like either (partial encryption, garbage).
    double type_lost = 0.2;
    // Its head or a small part was broken: the rest is still there.
    double type_damaged = 0.13;
    // A packed format is broken at exactly its old size: what re-encodes or cuts it changes that.
    double broken_in_place = 0.25;
    // A text of exactly its old size is none any more, and is richer than it was: as good as encrypted.
    double encrypted_in_part = 0.34;
    // A text is shorter by whole blocks of the file system: a range was taken out of it, which no editor does.
    double lost_blocks = 0.25;
    double gained_blocks = 0.25; // likewise, with blocks of zeros put in
    // A picture where a packed log stood, a text where a song was: the 8th such name.
    double another_kind = 0.13;
    // Texts that end within a line since: a formatter may leave the last end of line away, but no more.
    double cut_text = 0.08;
    // A packed format of exactly the old size with other bytes inside: intermittent encryption
    // that keeps the magic; honest re-encoding never keeps the size.
    double patched = 0.13;
    // Random bytes for others of about the same size. In place nobody does that to many files; by a
    // file under the same name a mirror of an encrypted store does: the 17th such name reaches it.
    double resealed = 0.2;
    double resealed_by_name = 0.06;
    double replaced_by_link = 0.25;
    // One archive in place of what it holds: reading it may need a password.
    double packed_away = 0.12;
    double unrelated_rewrite = 0.03; // soft: text for other text

    // Different contents became one and the same: three times are somebody's template. Stops at the 7th.
    double different_that_may_become_one = 3;
    double same_content = 0.25;
    // The content of one file now stands in another, and its own is gone from there: the 4th pair of files
    // that changed theirs, or the 8th that got its neighbour's.
    double exchanged = 0.25;
    double passed_on = 0.13;

    // Nothing is left of a document but its name. Stops at the 4th.
    double emptied = 0.25;
    // A deletion in a run that leaves nothing between: the 6th reaches the threshold.
    double swept = 0.18;
    // A run in no order that we know: the 10th reaches it. We cannot see whether it skips.
    double swept_unordered = 0.11;
    // Of these for a file that nobody could read but the program that made it: repositories of backups are
    // pruned. All of one is told by the 11th.
    double share_of_opaque = 0.5;
    double deleted_selectively = 0.02; // soft: what mirrors and cleaners do
    double deleted_cheap = 0.01; // soft: caches, build products, empty files
    std::size_t run_that_counts = 4; // three deletions side by side are somebody tidying up
    // By who leaves one file in eight or more standing elsewhere: gaps must be missing for so
    // long that chance does not explain it.
    std::size_t run_of_a_skipper = 24;
    // Where this share of what stays is newer than all that went, age may be what was chosen by;
    // a run as long as this says no.
    double share_left_newer = 0.15;
    std::size_t run_against_age = 24;
    // Files made within this time of each other, and within the hour, are not cleaned by age: any order in which they
    // go would look like it. Opaque ones are excepted: backups are pruned so soon.
    std::chrono::nanoseconds made_in_one_go = std::chrono::minutes(1);
    // Jobs that clean up are set to days, months or a year or two. Where nearly all that stays is older than that as
    // well, a shorter run says no.
    std::chrono::nanoseconds age_to_clean_by = std::chrono::hours(24 * 365 * 2);
    std::size_t run_against_great_age = 8;
    unsigned returns_that_count = 6; // to folders that it had left
    std::size_t run_with_jitter = 8; // from here on one in four may be left, for parallel work
    std::size_t run_unordered = 8; // fewer say nothing about an order
    std::chrono::nanoseconds sweep_memory = std::chrono::hours(1);

    // Of the files of a tree, what may go within an hour by deletions that somebody plainly asked for (errands.h); in a
    // small tree this many. with_chance() varies both: who knew them could stay below.
    double share_of_errands = 0.1;
    double share_of_trash = 0.25; // where it waited for that
    double share_of_prunings = 0.25; // of what only its program can read, and of series
    double share_of_old_mails = 0.25; // of the tree and of their folder, for the program that keeps them
    std::chrono::nanoseconds mail_is_old = std::chrono::hours(24 * 30);
    std::size_t prunings_for_a_new_file = 12; // that is made beside them
    double errand_at_least = 32;

    // Of what a server writes anew (stores.h), some that nothing answers for; in PostgreSQL one in five, of those that
    // hold something. The 72nd of these would reach the threshold, were so many allowed for.
    double share_of_unanswered = 0.125;
    double share_of_filled_in_place = 0.15; // by such a server, without looking encrypted
    double share_of_built_anew = 0.3; // beyond that, where a new file of its kind stands there: an index
    std::uint64_t unanswered_at_least = 8;
    std::uint64_t answered_for_one_more = 4;

    // Deleted after the same program had read it and written something sealed.
    double read_sealed_deleted = 0.2;

    double rights_emptied = 0.15; // nobody can read it any more, or it was made immutable
    double attributes_lost = 0.2; // ACL or extended attributes gone: the 5th. Nothing else tells of it.
    double owner_changed = 0.13; // an administrator does that too, but rarely in a share
    double rights_changed = 0.02; // soft
    double times_set = 0.02; // soft
    // One time for file after file, which is not the time when it is set: the 8th.
    double same_time_set = 0.16;
    std::size_t same_time_that_counts = 2;
    std::chrono::nanoseconds set_to_now = std::chrono::seconds(2);

    double renamed_to_new_kind = 0.15; // the same strange ending on files of several kinds
    double renamed_at_random = 0.13;
    double renamed = 0.01; // soft: a photographer does that to thousands

    double note = 0.15; // the same new small text in one more folder
    double notes_at_most = 0.45;
    std::size_t note_bytes = 64 * 1024;

    // What the same subtree made and took away within this time was a temporary file.
    std::chrono::nanoseconds temporary = std::chrono::seconds(3);
    // What was made while no guard ran, so short a time before it was found, may for as long again be
    // its own of whoever ran then: a program's temporary files are gone by the end of it, and nobody's
    // work is free for anybody for long.
    std::chrono::nanoseconds made_unseen = std::chrono::hours(1);
    // How long a lost name waits for its return.
    std::chrono::nanoseconds return_within = std::chrono::seconds(60);
    // How long a copy beside the original counts as its successor.
    std::chrono::nanoseconds successor_within = std::chrono::hours(1);
    // How long a new file may answer for what it holds of old ones (stores.h). A database deletes those at its next
    // checkpoint.
    std::chrono::nanoseconds rewritten_within = std::chrono::minutes(10);
    std::chrono::nanoseconds read_within = std::chrono::hours(1);

    // A charge bears the time of its evidence, which follows the first change by as long as a
    // capture takes; and what prepared it was done a little earlier still.
    std::chrono::nanoseconds before_first_charge = std::chrono::seconds(10);

    std::size_t folder_that_counts = 100; // files below a renamed folder that make it worth a note
};

// A guard's own: what is a share of the tree differs from the defaults by up to a fifth.
Settings with_chance(std::uint64_t seed);

} // namespace tocsin::verdict
