// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/bytes.h"

namespace tocsin {

std::string to_hex(ByteView bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (auto b : bytes) {
        auto value = std::to_integer<unsigned>(b);
        out += digits[value >> 4];
        out += digits[value & 15];
    }
    return out;
}

namespace {

int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

Result<Bytes> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0)
        return Error(Errc::invalid, "a hexadecimal number needs an even number of digits");
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int high = digit_value(text[i]);
        int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return Error(Errc::invalid, "not a hexadecimal number");
        out.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return out;
}

void ByteWriter::varint(std::uint64_t value)
{
    while (value >= 0x80) {
        out_.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
        value >>= 7;
    }
    out_.push_back(static_cast<std::byte>(value));
}

void ByteWriter::signed_varint(std::int64_t value)
{
    auto bits = static_cast<std::uint64_t>(value);
    varint((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void ByteWriter::sized(ByteView bytes)
{
    varint(bytes.size());
    raw(bytes);
}

Result<std::uint64_t> ByteReader::varint()
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (rest_.empty())
            return Error(Errc::corrupt, "input ends inside a number");
        auto b = std::to_integer<std::uint64_t>(rest_.front());
        rest_ = rest_.subspan(1);
        if (shift == 63 && b > 1)
            break;
        value |= (b & 0x7f) << shift;
        if ((b & 0x80) == 0)
            return value;
    }
    return Error(Errc::corrupt, "a number has more than 64 bits");
}

Result<std::int64_t> ByteReader::signed_varint()
{
    auto bits = TRY(varint());
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

Result<ByteView> ByteReader::raw(std::size_t size)
{
    if (size > rest_.size())
        return Error(Errc::corrupt, "input ends inside a byte string");
    auto out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
}

Result<ByteView> ByteReader::sized()
{
    auto size = TRY(varint());
    return raw(size);
}

Result<std::string> ByteReader::text()
{
    auto view = TRY(sized());
    return std::string(as_text(view));
}

Result<std::size_t> ByteReader::count(std::size_t item_bytes)
{
    auto value = TRY(varint());
    if (value > rest_.size() / item_bytes)
        return Error(Errc::corrupt, "a count is larger than what follows");
    return static_cast<std::size_t>(value);
}

} // namespace tocsin
