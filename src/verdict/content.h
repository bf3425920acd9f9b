// SPDX-License-Identifier: Apache-2.0
// verdict/content.h -- what became of a content, told from two sets of facts alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "tocsin/base/digest.h"
#include "tocsin/catalog/entry.h"
#include "tocsin/event/version.h"
#include "tocsin/verdict/account.h"

namespace tocsin::verdict {

// A content as far as the verdict knows it.
struct Content {
    event::ContentFacts facts;
    Sha256 digest;
    std::uint64_t size = 0;
};
Content content_of(catalog::Entry const& entry);
Content content_of(event::Version const& version);

enum class Became : std::uint8_t {
    same, // to the byte, or only packed or unpacked
    edited, // what honest programs leave behind
    rewritten, // text for unrelated text: nothing can be told
    encrypted,
    filled, // one byte all over
    type_lost,
    type_damaged,
    another_kind, // a known format that does not follow from what was there
    cut, // a part of the end is missing
    patched, // a packed format, the same size, other bytes
    packed, // an archive that may need a password
    emptied,
    replaced_by_link,
    resealed, // random bytes for random bytes
    encrypted_in_part, // a text that holds what no text does
    gained_blocks, // a text with blocks of zeros in between
    lost_blocks, // a text without some blocks of it
};
std::string_view name_of(Became became); // completes "3 files were …"

struct Change {
    Became became = Became::same;
    double points = 0;
    Weight weight = Weight::soft;
};

// Pure. `before` in an object that was there, `after` what stands in its place or beside it.
Change judge_change(Content const& before, Content const& after, Settings const& settings);

// Random to the eye: entropy near what random bytes of this size have, in no known format.
bool looks_encrypted(Content const& content);
// The same without a name of the cipher: a pack of a repository of backups, for one.
bool is_opaque(Content const& content);
// In no known format, and so short that neither entropy nor passages say anything.
bool is_too_short_to_tell(Content const& content);
// The format says who made it and why.
bool says_its_purpose(Content const& content);
// Encrypted, or an archive that can be: what an attacker seals files into.
bool is_sealed(Content const& content);
// Plain evidence that `after` holds what `before` held: the same, similar, packed, re-encoded.
bool holds_the_same(Content const& before, Content const& after);

} // namespace tocsin::verdict
