// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/errands.h -- deletions that somebody plainly asked for, as long as they are few.
//
// A person removes one project, empties the trash, moves a folder to another disk, has a mail program expunge what is
// old: such work leaves no gap either. Two things tell it from a destroyer's. It says beforehand how far it goes, or
// stays where things wait to be deleted; and that is a small share of what is protected. What it says is a promise:
// what goes beyond counts, and so does whatever comes when the share is used up. Whose promises they are does not
// matter: the share is of a protected tree as it was an hour ago, for all together, within an hour.
//   named    a folder that the deleting program's arguments name; with all that they name counted at once, and no more
//            files than that
//   thrown   what lay in a trash folder; more of it where it has lain there, and the folder was one, for an hour
//   expunged mails of a Maildir, by a program that writes down there what it takes; more of the oldest (mails.h)
//   pruned   packs of a repository of backups, of which some stay (prunings.h); files of a series that goes on
//            (series.h)
//
// Bounds: 1,024 processes with 64 folders each, 4,096 promises, 16,384 things moved to a trash folder.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "tocsin/verdict/allowances/mails.h"
#include "tocsin/verdict/allowances/prunings.h"
#include "tocsin/verdict/allowances/series.h"

namespace tocsin::verdict {

class Errands {
public:
    Errands();

    // Whether this loss is part of one; it is counted if it is.
    bool allow(Case const& at, Loss const& loss);
    void note_moved(Case const& at, event::Activity const& renamed);

private:
    struct Spent {
        event::RootId root;
        WallTime time{};
        std::uint64_t files = 0;
    };
    struct Thrown {
        event::ObjectId object; // a folder, too
        WallTime time{};
    };

    bool afford(Case const& at, event::RootId root, std::uint64_t files, double share);
    bool is_within_what_it_named(Case const& at, Loss const& loss, event::RootId root);
    bool was_just_thrown_away(Case const& at, Loss const& loss, catalog::Entry const& trash) const;

    struct Named {
        std::vector<event::ObjectId> folders; // none: it named none
        std::uint64_t files = 0; // in them when they were named, of which it has not deleted so many yet
    };
    std::unordered_map<event::ProcessKey, Named> named_;
    Prunings prunings_;
    OldMails old_mails_;
    Series series_;
    std::deque<Spent> spent_; // oldest first
    std::vector<Thrown> thrown_; // by hash of the object; a newer one takes an older one's slot
};

} // namespace tocsin::verdict
