// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/content.h"

#include <algorithm>
#include <cmath>

#include "tocsin/verdict/kinds.h"

namespace tocsin::verdict {
namespace {

using event::FileType;

bool has_sketch(Content const& content)
{
    return content.facts.sketch[0] != 0xffffffff && content.facts.sketch[1] != 0;
}

// What random bytes of this size show, less what chance and headers may take.
double random_entropy(std::uint64_t size)
{
    struct Point {
        double size, entropy;
    };
    static constexpr Point expected[] = {{16, 3.9}, {32, 4.8}, {64, 5.7}, {128, 6.4}, {256, 7.0}, {512, 7.45},
        {1024, 7.7}, {4096, 7.9}, {65536, 7.95}};
    auto const n = static_cast<double>(std::max<std::uint64_t>(size, 1));
    auto const* above = std::ranges::find_if(expected, [&](Point const& p) { return p.size >= n; });
    if (above == std::end(expected))
        return expected[std::size(expected) - 1].entropy;
    if (above == std::begin(expected))
        return 8; // shorter than that nothing can be told
    auto const* below = above - 1;
    auto const share = std::log2(n / below->size) / std::log2(above->size / below->size);
    return below->entropy + share * (above->entropy - below->entropy);
}

constexpr double entropy_margin = 0.15;
constexpr double fill_entropy = 1.0; // bits a byte; real content has more
constexpr double some_entropy = 2.5;
constexpr double base64_entropy = 5.7; // base64 of random bytes has 6.0; prose and code 4 to 5.3
constexpr double prose_entropy = 5.3;
constexpr double entropy_of_a_part = 0.3; // what random bytes in a thirtieth of a text add
constexpr std::uint64_t least_telling_size = 64;
constexpr std::uint64_t most_header_bytes = 512; // salt, key, padding
constexpr std::uint64_t block_bytes = 4096; // of nearly every file system
constexpr double patched_share = 0.85; // two passages of sixteen differ; a tag edited in place changes one

// Whatever a head says: a packer takes at least what one byte alone tells of the next, and makes nothing
// small of random bytes. zstd may be told to be fast, and lz4 is nothing else.
bool can_be_packed_as(Content const& plain, Content const& packed)
{
    auto const n = static_cast<double>(plain.size);
    auto const size = static_cast<double>(packed.size);
    bool const is_thorough = packed.facts.type == FileType::gzip || packed.facts.type == FileType::xz;
    if (is_thorough && size > n * plain.facts.entropy / 8 * 1.15 + 256)
        return false;
    return !is_opaque(plain) || size >= n * 0.9;
}

// So short that a capture told by its check sums whether it is whole.
bool was_checked(Content const& content)
{
    return content.facts.type == FileType::gzip && content.size <= event::most_packed_checked
        && content.facts.unpacked_size < event::most_unpacked_checked;
}

// Of bzip2: of 1 byte 36 more, of 256 random ones 164, of 4 KiB 533, of 64 KiB 655, then a hundredth.
std::uint64_t most_bytes_of_tables(Content const& plain, Content const& packed)
{
    if (packed.facts.type != FileType::bzip2)
        return least_telling_size;
    return std::min<std::uint64_t>(600, least_telling_size + plain.size * 7 / 10);
}

// bzip2 and lz4 do not tell how much they hold; they cannot encrypt it either. They make nothing smaller of what is
// packed already, and little larger.
bool was_packed_untold(Content const& plain, Content const& packed)
{
    bool const is_packed = (packed.facts.type == FileType::bzip2 || packed.facts.type == FileType::lz4)
        && packed.facts.ends_well;
    return is_packed && !looks_encrypted(plain)
        && plain.size + most_bytes_of_tables(plain, packed) >= packed.size * 9 / 10;
}

bool was_packed_or_unpacked(Content const& before, Content const& after)
{
    auto const& a = after.facts;
    auto const& b = before.facts;
    if (is_compressed(a.type) && a.unpacked_size != 0 && a.unpacked_size == before.size)
        return can_be_packed_as(before, after) && (a.ends_well || !was_checked(after));
    if (is_compressed(b.type) && b.unpacked_size != 0 && b.unpacked_size == after.size)
        return can_be_packed_as(after, before);
    return was_packed_untold(before, after) || was_packed_untold(after, before);
}

// By fallocate(FALLOC_FL_COLLAPSE_RANGE), which takes whole blocks, and leaves the passages between them. An edited
// text is shorter by just so much once in four thousand times; who writes ten thousand texts anew, more compactly,
// gets there, but keeps no passage.
bool lost_blocks(Content const& before, Content const& after, double shared)
{
    return after.size < before.size && (before.size - after.size) % block_bytes == 0
        && (shared > 0 || !has_sketch(before) || !has_sketch(after));
}

// By fallocate(FALLOC_FL_INSERT_RANGE), which puts whole blocks of zeros in between.
bool gained_blocks(Content const& before, Content const& after)
{
    return after.size > before.size && (after.size - before.size) % block_bytes == 0;
}

// A text of exactly its old size, which holds what no text does: parts of it were overwritten. Who writes it in
// another alphabet changes its size, or adds nothing to what is in it. A few bytes are a text by chance, and room
// filled with blanks is none.
bool is_encrypted_in_part(Content const& before, Content const& after)
{
    return before.facts.type == FileType::text && before.size == after.size
        && before.size >= least_telling_size && before.facts.entropy >= fill_entropy
        && after.facts.entropy > before.facts.entropy + entropy_of_a_part;
}

// A format of much structure, and random to the eye: nothing is of it but the head. Programs that are packed
// themselves look so too, but none takes the place of a text.
bool has_a_borrowed_head(Content const& content)
{
    return (event::is_derived(content.facts.type) || is_structured(content.facts.type))
        && content.facts.entropy >= random_entropy(content.size) - entropy_margin;
}

// The end is missing, or says what cannot be (deflate makes a thousandth of a content at best, RFC 1951), or its check
// sums say otherwise.
bool is_broken(Content const& content)
{
    return lacks_its_ending(content.facts) || (was_checked(content) && !content.facts.ends_well)
        || (content.facts.type == FileType::gzip
            && content.facts.unpacked_size > content.size * 1'040 + 1'024);
}

// A short text in place of a large file, or the other way round: what git-lfs does with its pointers.
constexpr std::uint64_t most_pointer_bytes = 1024;

bool was_pointer(Content const& before)
{
    return before.facts.type == FileType::text && before.size <= most_pointer_bytes;
}

// Known formats both, of which one cannot come from the other by honest work.
Change judge_kinds(Content const& before, Content const& after, double shared, Settings const& s)
{
    auto const was = before.facts.type;
    auto const is = after.facts.type;
    bool const is_head_alone = (has_a_borrowed_head(after) && !has_a_borrowed_head(before))
        || (is == FileType::gzip && is_broken(after) && !is_broken(before));
    if (is_head_alone && was != FileType::unknown && shared < 0.1 && !looks_encrypted(before))
        return {Became::type_lost, s.type_lost, Weight::hard};
    if (!is_of_another_kind(was, is) || was_pointer(before))
        return {Became::edited};
    if (is_broken(after))
        return {Became::type_lost, s.type_lost, Weight::hard};
    return {Became::another_kind, s.another_kind, Weight::hard};
}

// A tail was cut off: most passages are the same, and nothing was put in the place of those that went. A
// packed stream has lost its end so; a text ends within a line. Editors and formatters that leave the end of
// the last line away change a byte or two by that.
constexpr double share_of_a_cut = 0.4;
constexpr std::uint64_t end_of_line_bytes = 2;

bool was_cut(Content const& before, Content const& after, double shared)
{
    if (before.facts.type != after.facts.type || after.size + end_of_line_bytes >= before.size
        || shared < share_of_a_cut)
        return false;
    if (after.facts.type == FileType::text)
        return before.facts.ends_well && !after.facts.ends_well;
    bool const has_lost_its_ending = !is_broken(before) && is_broken(after);
    return has_lost_its_ending || (is_compressed(after.facts.type) && !after.facts.ends_well)
        || after.facts.type == FileType::seven_zip;
}

Change judge_text(Content const& before, Content const& after, double shared, Settings const& s)
{
    if (was_cut(before, after, shared))
        return {Became::cut, s.cut_text, Weight::hard};
    if (after.facts.entropy < fill_entropy && before.facts.entropy > some_entropy && after.size >= 64)
        return {Became::filled, s.filled, Weight::hard};
    if (after.facts.entropy > base64_entropy && before.facts.entropy < prose_entropy && shared < 0.1
        && after.size >= 256)
        return {Became::encrypted, s.encrypted, Weight::hard};
    if (event::is_ciphertext(before.facts.type))
        return {Became::edited}; // it was decrypted
    if (before.facts.type == FileType::text && lost_blocks(before, after, shared))
        return {Became::lost_blocks, s.lost_blocks, Weight::hard};
    if (auto const change = judge_kinds(before, after, shared, s); change.weight == Weight::hard)
        return change;
    if (shared == 0 && has_sketch(before) && has_sketch(after))
        return {Became::rewritten, s.unrelated_rewrite, Weight::soft};
    return {Became::edited};
}

// `after` is in no known format.
Change judge_unknown(Content const& before, Content const& after, double shared, Settings const& s)
{
    bool const was_known = before.facts.type != FileType::unknown;
    bool const was_random = !was_known && looks_encrypted(before);
    // What could not be read before can't be read now, at the same size or with a header more: for
    // one file a save of its owner's, for file after file somebody else's key.
    if (was_random && shared == 0 && has_sketch(before) && looks_encrypted(after) && after.size >= before.size
        && after.size - before.size <= most_header_bytes)
        return {Became::resealed, s.resealed, Weight::hard};
    if (was_random) // an opaque format of somebody's, or ciphertext already
        return before.size == after.size && shared < patched_share && shared > 0
            ? Change{Became::patched, s.patched, Weight::hard}
            : Change{Became::edited};
    if (looks_encrypted(after))
        return {Became::encrypted, s.encrypted, Weight::hard};
    if (after.facts.entropy < fill_entropy && before.facts.entropy > some_entropy && after.size >= 64)
        return {Became::filled, s.filled, Weight::hard};
    if (is_encrypted_in_part(before, after))
        return {Became::encrypted_in_part, s.encrypted_in_part, Weight::hard};
    if (before.facts.type == FileType::text && shared >= share_of_a_cut && gained_blocks(before, after))
        return {Became::gained_blocks, s.gained_blocks, Weight::hard};
    bool const little_is_left = shared < 0.5 && has_sketch(before);
    // Bytes that no text holds, in place of just as many.
    bool const was_overwritten = before.size == after.size && before.size >= least_telling_size;
    if (was_known && (before.facts.type != FileType::text || little_is_left || was_overwritten))
        return {Became::type_lost, s.type_lost, Weight::hard};
    if (was_known)
        return {Became::type_damaged, s.type_damaged, Weight::hard};
    if (after.facts.entropy > before.facts.entropy + 0.3 && before.size == after.size && shared < 0.95)
        return {Became::type_damaged, s.type_damaged, Weight::hard};
    return {Became::edited};
}

} // namespace

std::string_view name_of(Became became)
{
    switch (became) {
    case Became::same:
        return "kept";
    case Became::edited:
        return "edited";
    case Became::rewritten:
        return "rewritten with unrelated text";
    case Became::encrypted:
        return "turned into what looks encrypted";
    case Became::filled:
        return "overwritten with one value";
    case Became::type_lost:
        return "turned into data of no known format";
    case Became::type_damaged:
        return "damaged so that the format is broken";
    case Became::patched:
        return "changed inside at exactly the same size";
    case Became::encrypted_in_part:
        return "turned in part into what no text holds, at exactly the same size";
    case Became::gained_blocks:
        return "left with whole blocks of nothing in their text";
    case Became::lost_blocks:
        return "left without whole blocks of their text";
    case Became::another_kind:
        return "replaced by files of another kind";
    case Became::cut:
        return "cut off at the end";
    case Became::resealed:
        return "unreadable before, and replaced by other unreadable bytes";
    case Became::packed:
        return "put into an archive that can be locked";
    case Became::emptied:
        return "emptied";
    case Became::replaced_by_link:
        return "replaced by symbolic links";
    }
    return "changed";
}

Content content_of(catalog::Entry const& entry)
{
    return {entry.facts, entry.digest, entry.size};
}

Content content_of(event::Version const& version)
{
    return {version.facts, version.digest, version.metadata.size};
}

bool looks_encrypted(Content const& content)
{
    auto const type = content.facts.type;
    return event::is_ciphertext(type)
        || (type == FileType::unknown
            && content.facts.entropy >= random_entropy(content.size) - entropy_margin);
}

bool is_opaque(Content const& content)
{
    return content.facts.type == FileType::unknown && looks_encrypted(content);
}

bool is_too_short_to_tell(Content const& content)
{
    return content.facts.type == FileType::unknown && content.size < least_telling_size;
}

bool says_its_purpose(Content const& content)
{
    return content.facts.type == FileType::ansible_vault;
}

bool is_sealed(Content const& content)
{
    return looks_encrypted(content) || is_archive(content.facts.type);
}

bool holds_the_same(Content const& before, Content const& after)
{
    if (before.digest == after.digest || before.size == 0)
        return true;
    if (looks_encrypted(after) && !looks_encrypted(before))
        return false;
    if (was_packed_or_unpacked(before, after))
        return true;
    auto const was = before.facts.type;
    auto const is = after.facts.type;
    if (is_media(was) && is_media(is) && after.facts.ends_well)
        return true;
    if (was == is && event::is_dense(was) && after.facts.ends_well)
        return true;
    return event::similarity(before.facts.sketch, after.facts.sketch) >= 0.3;
}

Change judge_change(Content const& before, Content const& after, Settings const& s)
{
    if (before.size == 0 || before.digest == after.digest)
        return {Became::same};
    if (after.size == 0)
        return {Became::emptied};
    if (was_packed_or_unpacked(before, after))
        return {Became::same};
    auto const was = before.facts.type;
    auto const is = after.facts.type;
    if (event::is_ciphertext(is)) {
        if (looks_encrypted(before))
            return {Became::edited};
        auto const points = says_its_purpose(after) ? s.encrypted_in_place_by_purpose : s.encrypted;
        return {Became::encrypted, points, Weight::hard};
    }
    auto const shared = event::similarity(before.facts.sketch, after.facts.sketch);
    if (is == FileType::unknown)
        return judge_unknown(before, after, shared, s);
    if (is == FileType::text)
        return judge_text(before, after, shared, s);
    bool const is_broken_now =
        was == is && event::is_dense(is) && before.facts.ends_well && !after.facts.ends_well;
    if (is_broken_now && before.size == after.size)
        return {Became::type_damaged, s.broken_in_place, Weight::hard};
    if (is_broken_now && shared < 0.95)
        return {Became::type_damaged, s.type_damaged, Weight::hard};
    if (was == is && event::is_dense(is) && before.size == after.size && shared < patched_share
        && has_sketch(before))
        return {Became::patched, s.patched, Weight::hard};
    if (was_cut(before, after, shared))
        return {Became::cut, s.type_damaged, Weight::hard};
    if (is_archive(is) && was != is && !event::is_derived(was))
        return {Became::packed, s.packed_away, Weight::hard};
    return judge_kinds(before, after, shared, s);
}

} // namespace tocsin::verdict
