// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/file_type.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "tocsin/capture/header_check.h"

namespace tocsin::capture {
namespace {

using event::FileType;
using namespace std::string_view_literals;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    FileType type;
};

// Sources: file(1)'s magic, and each format's specification. First match wins.
constexpr Magic magics[] = {
    {0, "\xff\xd8\xff"sv, FileType::jpeg},
    {0, "\x89PNG\r\n\x1a\n"sv, FileType::png},
    {0, "GIF87a"sv, FileType::gif},
    {0, "GIF89a"sv, FileType::gif},
    {0, "II*\0"sv, FileType::tiff},
    {0, "MM\0*"sv, FileType::tiff},
    {8, "WEBP"sv, FileType::webp},
    {0, "%PDF-"sv, FileType::pdf},
    {0, "PK\x03\x04"sv, FileType::zip},
    {0, "PK\x05\x06"sv, FileType::zip},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, FileType::ole},
    {0, "{\\rtf"sv, FileType::rtf},
    {0, "\x1f\x8b\x08"sv, FileType::gzip},
    {0,
        "\xfd"
        "7zXZ\0"sv,
        FileType::xz},
    {0, "\x28\xb5\x2f\xfd"sv, FileType::zstd},
    {0, "BZh"sv, FileType::bzip2},
    {0, "\x04\x22\x4d\x18"sv, FileType::lz4},
    {0, "7z\xbc\xaf\x27\x1c"sv, FileType::seven_zip},
    {0, "Rar!\x1a\x07"sv, FileType::rar},
    {257, "ustar"sv, FileType::tar},
    {0,
        "\x7f"
        "ELF"sv,
        FileType::elf},
    {0, "!<arch>\n"sv, FileType::object_archive},
    {0, "\xca\xfe\xba\xbe"sv, FileType::java_class},
    {2, "\r\n"sv, FileType::python_bytecode},
    {0, "SQLite format 3\0"sv, FileType::sqlite},
    {0, "PACK\0\0\0\x02"sv, FileType::git_pack},
    {0, "ID3"sv, FileType::mp3},
    {4, "ftyp"sv, FileType::mp4},
    {0, "OggS"sv, FileType::ogg},
    {0, "fLaC"sv, FileType::flac},
    {0, "RIFF"sv, FileType::riff},
    {0, "\x1a\x45\xdf\xa3"sv, FileType::matroska},
    {0, "age-encryption.org/"sv, FileType::age},
    {0, "-----BEGIN AGE ENCRYPTED FILE-----"sv, FileType::age},
    {0, "-----BEGIN PGP MESSAGE-----"sv, FileType::openpgp},
    {0, "Salted__"sv, FileType::openssl_salted},
    {0, "U2FsdGVkX1"sv, FileType::openssl_salted}, // the same in base64
    {0, "LUKS\xba\xbe"sv, FileType::luks},
    {0, "$ANSIBLE_VAULT;"sv, FileType::ansible_vault},
};

// Formats whose last bytes are known.
struct Ending {
    FileType type;
    std::string_view bytes;
    std::size_t within; // of the last so many bytes
};
constexpr Ending endings[] = {
    {FileType::jpeg, "\xff\xd9"sv, 64}, {FileType::png, "IEND\xae\x42\x60\x82"sv, 64},
    {FileType::gif, "\x3b"sv, 1}, {FileType::pdf, "%%EOF"sv, 1024}, {FileType::zip, "PK\x05\x06"sv, 4096},
    {FileType::xz, "YZ"sv, 2}, {FileType::lz4, "\0\0\0\0"sv, 8}, // and perhaps the content's check sum
};

std::uint8_t byte_at(ByteView bytes, std::size_t at)
{
    return at < bytes.size() ? std::to_integer<std::uint8_t>(bytes[at]) : 0;
}

std::uint64_t little_endian(ByteView bytes, std::size_t at, std::size_t width)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value |= std::uint64_t{byte_at(bytes, at + i)} << (8 * i);
    return value;
}

FileType by_magic(ByteView head)
{
    auto text = as_text(head);
    for (auto const& magic : magics) {
        if (text.size() >= magic.offset + magic.bytes.size()
            && text.substr(magic.offset, magic.bytes.size()) == magic.bytes)
            return magic.type;
    }
    return FileType::unknown;
}

// RFC 9580: an encrypted message begins with a session key packet (tag 1 or 3) of a version in use.
bool is_openpgp(ByteView head)
{
    auto tag = byte_at(head, 0);
    bool new_format = (tag & 0xc0) == 0xc0 && ((tag & 0x3f) == 1 || (tag & 0x3f) == 3);
    bool old_format = (tag & 0xc0) == 0x80 && (((tag >> 2) & 15) == 1 || ((tag >> 2) & 15) == 3);
    if (!new_format && !old_format)
        return false;
    std::size_t body = new_format ? 2U : 1U + (std::size_t{1} << (tag & 3));
    auto version = byte_at(head, body);
    auto cipher_or_key = byte_at(head, body + 1);
    bool session_key = new_format ? (tag & 0x3f) == 1 : ((tag >> 2) & 15) == 1;
    // A symmetric packet has version 4 to 6, then a cipher's number; a public one version 3 or 6.
    return session_key ? version == 3 || version == 6
                       : version >= 4 && version <= 6 && cipher_or_key >= 1 && cipher_or_key <= 13;
}

// RFC 1950: deflate with a window of at most 32 KiB, and a header that is a multiple of 31.
bool is_zlib(ByteView head)
{
    auto cmf = byte_at(head, 0);
    auto flags = byte_at(head, 1);
    return head.size() > 8 && cmf == 0x78 && (flags & 0x20) == 0 && (cmf * 256 + flags) % 31 == 0;
}

bool is_text(Ends const& ends)
{
    for (std::size_t b = 0; b < 32; ++b) {
        bool allowed = b == '\t' || b == '\n' || b == '\r' || b == '\f' || b == 0x1b;
        if (!allowed && ends.histogram[b] != 0)
            return false;
    }
    // Bytes that no UTF-8 text has; Latin-1 text has few of them. In an alphabet of one byte a letter (windows-1251,
    // KOI8-R) they are letters, with blanks between the words.
    bool const has_words = (ends.histogram[' '] + ends.histogram['\n']) * 20 >= ends.size;
    std::uint64_t foreign = ends.histogram[0xc0] + ends.histogram[0xc1];
    for (std::size_t b = 0xf5; b < 256; ++b)
        foreign += ends.histogram[b];
    return ends.histogram[0x7f] == 0 && (has_words || foreign * 20 <= ends.size);
}

// RFC 8878, section 3.1.1.1: the frame's content size, 0 where the header has none.
std::uint64_t zstd_unpacked_size(ByteView head)
{
    auto descriptor = byte_at(head, 4);
    auto size_code = static_cast<unsigned>(descriptor >> 6);
    bool single_segment = (descriptor & 0x20) != 0;
    static constexpr std::size_t dictionary_bytes[] = {0, 1, 2, 4};
    std::size_t at = 5 + (single_segment ? 0U : 1U) + dictionary_bytes[descriptor & 3];
    if (size_code == 0)
        return single_segment ? little_endian(head, at, 1) : 0;
    auto value = little_endian(head, at, std::size_t{1} << size_code);
    return size_code == 1 ? value + 256 : value;
}

// The .xz format, sections 2.1.2 and 4: footer, then the index before it.
std::uint64_t xz_unpacked_size(ByteView tail)
{
    if (tail.size() < 24)
        return 0;
    auto index_bytes = (little_endian(tail, tail.size() - 8, 4) + 1) * 4;
    if (index_bytes + 12 > tail.size())
        return 0;
    ByteReader index(tail.subspan(tail.size() - 12 - index_bytes, index_bytes));
    auto indicator = index.fixed<std::uint8_t>();
    auto records = index.count(2);
    if (!indicator.ok() || indicator.take() != 0 || !records.ok())
        return 0;
    std::uint64_t total = 0;
    for (auto left = records.take(); left > 0; --left) {
        auto unpadded = index.varint();
        auto uncompressed = index.varint();
        if (!unpadded.ok() || !uncompressed.ok())
            return 0;
        total += uncompressed.take();
    }
    return total;
}

// The last block's mark, at any bit, then a check sum of 32 bits, and up to seven bits of nothing.
bool has_bzip2_ending(ByteView tail)
{
    if (tail.size() < 14)
        return false;
    std::uint64_t const bits = std::byteswap(little_endian(tail, tail.size() - 11, 8));
    for (unsigned rest = 8; rest < 16; ++rest)
        if ((bits >> rest & 0xffff'ffff'ffff) == 0x1772'4538'5090)
            return true;
    return false;
}

bool ends_well(FileType type, ByteView tail)
{
    if (type == FileType::bzip2)
        return has_bzip2_ending(tail);
    if (type == FileType::text)
        return as_text(tail).ends_with('\n');
    for (auto const& ending : endings) {
        if (ending.type == type) {
            auto text = as_text(tail);
            auto within = text.substr(text.size() - std::min(text.size(), ending.within));
            return within.find(ending.bytes) != std::string_view::npos;
        }
    }
    return false;
}

} // namespace

ToldType tell_type(Ends const& ends)
{
    ToldType out;
    if (ends.size == 0) {
        out.type = FileType::empty;
        return out;
    }
    out.type = by_magic(ends.head);
    if (!has_sound_header(out.type, ends.head))
        out.type = FileType::unknown;
    if (out.type == FileType::unknown && is_text(ends))
        out.type = FileType::text;
    if (out.type == FileType::unknown && is_openpgp(ends.head))
        out.type = FileType::openpgp;
    if (out.type == FileType::unknown && is_zlib(ends.head))
        out.type = FileType::zlib;
    out.ends_well = out.type == FileType::gzip
        ? ends.soundness == Soundness::sound
        : ends_well(out.type, ends.tail) && ends.soundness != Soundness::broken;
    if (out.type == FileType::gzip && ends.tail.size() >= 18)
        out.unpacked_size = little_endian(ends.tail, ends.tail.size() - 4, 4);
    if (out.type == FileType::zstd)
        out.unpacked_size = zstd_unpacked_size(ends.head);
    if (out.type == FileType::xz)
        out.unpacked_size = xz_unpacked_size(ends.tail);
    return out;
}

} // namespace tocsin::capture
