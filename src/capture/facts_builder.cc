// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/facts_builder.h"

#include <algorithm>
#include <cmath>

#include "tocsin/capture/file_type.h"

namespace tocsin::capture {
namespace {

constexpr std::uint64_t examined_bytes = 8 * 1024 * 1024;
constexpr std::size_t end_bytes = 4096;
constexpr std::uint32_t unused = 0xffffffff;

// Random constants of the gear hash (Xia et al., FastCDC 2016): any will do that never change,
// since sketches are kept in journals. Made by splitmix64 from its printed seed.
constexpr std::array<std::uint32_t, 256> make_gear()
{
    std::array<std::uint32_t, 256> out{};
    std::uint64_t state = 0x746f6373696e3031; // "tocsin01"
    for (auto& value : out) {
        state += 0x9e3779b97f4a7c15;
        auto z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        value = static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
    }
    return out;
}
constexpr auto gear = make_gear();

void insert_value(event::Sketch& sketch, std::uint32_t value)
{
    auto at = std::ranges::lower_bound(sketch, value);
    if (at == sketch.end() || *at == value)
        return;
    std::move_backward(at, sketch.end() - 1, sketch.end());
    *at = value;
}

} // namespace

FactsBuilder::FactsBuilder()
{
    sketch_.fill(unused);
}

void FactsBuilder::add(ByteView piece)
{
    if (size_ < examined_bytes) {
        auto examined = piece.first(std::min<std::uint64_t>(piece.size(), examined_bytes - size_));
        count_bytes(examined);
        sketch_bytes(examined);
    }
    keep_ends(piece);
    integrity_.add(piece);
    size_ += piece.size();
}

void FactsBuilder::count_bytes(ByteView piece)
{
    // Four tables, so that runs of one byte do not wait for their own counter.
    std::array<std::array<std::uint32_t, 256>, 4> lanes{};
    std::size_t i = 0;
    for (; i + 4 <= piece.size(); i += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane)
            ++lanes[lane][std::to_integer<std::size_t>(piece[i + lane])];
    }
    for (; i < piece.size(); ++i)
        ++lanes[0][std::to_integer<std::size_t>(piece[i])];
    for (std::size_t b = 0; b < 256; ++b)
        histogram_[b] += std::uint64_t{lanes[0][b]} + lanes[1][b] + lanes[2][b] + lanes[3][b];
}

void FactsBuilder::sketch_bytes(ByteView piece)
{
    // Contents of few distinct values (zeros above all) never fill the sketch, so that each of their values is
    // below its largest: what was just inserted is not looked for again.
    std::array<std::uint32_t, 64> inserted;
    inserted.fill(unused);
    auto rolling = rolling_;
    auto largest = sketch_.back();
    for (std::size_t i = 0; i < piece.size(); ++i) {
        // A shift by one a byte forgets a byte after 32: the value depends on the last 32 bytes.
        rolling = (rolling << 1) + gear[std::to_integer<std::size_t>(piece[i])];
        auto value = rolling * 0x9e3779b1U;
        if (value >= largest) [[likely]]
            continue;
        auto& last = inserted[value % inserted.size()];
        if (value == last || size_ + i < 31)
            continue;
        last = value;
        insert_value(sketch_, value);
        largest = sketch_.back();
    }
    rolling_ = rolling;
}

void FactsBuilder::keep_ends(ByteView piece)
{
    if (head_.size() < end_bytes) {
        auto part = piece.first(std::min(piece.size(), end_bytes - head_.size()));
        head_.insert(head_.end(), part.begin(), part.end());
    }
    if (piece.size() >= end_bytes) {
        tail_ = to_bytes(piece.last(end_bytes));
        return;
    }
    tail_.insert(tail_.end(), piece.begin(), piece.end());
    if (tail_.size() > end_bytes)
        tail_.erase(tail_.begin(), tail_.end() - end_bytes);
}

double FactsBuilder::entropy() const
{
    double total = 0;
    for (auto count : histogram_)
        total += static_cast<double>(count);
    if (total == 0)
        return 0;
    double bits = 0;
    for (auto count : histogram_) {
        if (count != 0) {
            auto share = static_cast<double>(count) / total;
            bits -= share * std::log2(share);
        }
    }
    return bits;
}

event::ContentFacts FactsBuilder::finish() const
{
    event::ContentFacts out;
    auto told = tell_type({head_, tail_, size_, histogram_, integrity_.soundness()});
    out.type = told.type;
    out.ends_well = told.ends_well;
    out.unpacked_size = told.unpacked_size;
    out.entropy = static_cast<float>(entropy());
    out.sketch = sketch_;
    return out;
}

} // namespace tocsin::capture
