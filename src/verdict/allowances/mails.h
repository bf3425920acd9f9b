// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/mails.h -- old mails that a mail program expunges from a Maildir.
//
// Expunging by age takes the oldest mails of a folder, in the order in which they came. So does who goes through the
// folder by name; these tell them apart, and bound what they can't:
//   the mails     are named by the second of their delivery, as Maildirs have it, and are older than a month
//   the program   acts as their owner, not as root, is no shell and no interpreter, and writes down what it takes
//   the folder    has none left that came before, and keeps three quarters of the mails that had stood there for an
//                 hour, until none of them has gone for an hour
//
// Bounds: 1,024 folders; with one more all of them are forgotten.
#pragma once

#include <unordered_map>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

bool is_of_a_maildir(catalog::Entry const& folder);

class OldMails {
public:
    // Whether this is one of them, and few went from its folder so far; it is counted if so.
    bool allow(Case const& at, Loss const& loss, catalog::Entry const& folder);

private:
    struct Taken {
        WallTime newest{};
        std::size_t mails = 0; // with no hour between two
        std::size_t all = 0; // that stood there at the first
    };
    std::unordered_map<event::ObjectId, Taken> folders_;
};

} // namespace tocsin::verdict
