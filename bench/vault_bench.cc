// SPDX-License-Identifier: Apache-2.0
// How fast the vault cuts, packs, seals and saves. Run it from a release build.
#include <benchmark/benchmark.h>
#include <filesystem>
#include <random>
#include <unistd.h>

#include "tocsin/vault/backend/local.h"
#include "tocsin/vault/blob_codec.h"
#include "tocsin/vault/chunker.h"
#include "tocsin/vault/repository.h"

namespace {

using namespace tocsin;
using namespace tocsin::vault;

enum class Content { noise, text };

Bytes make_content(Content content, std::uint64_t seed, std::size_t size)
{
    constexpr std::string_view words[] = {"GET ", "/index.html ", "200 ", "404 ", "10.0.0.", "Mozilla/5.0 ",
        "2026-11-24T08:04:41Z ", "error: ", "user=", "connection reset\n", "ok\n"};
    std::mt19937_64 random(seed);
    Bytes out;
    out.reserve(size + 64);
    while (out.size() < size) {
        auto const value = random();
        auto const piece = content == Content::noise ? std::as_bytes(std::span(&value, 1))
                                                     : as_bytes(words[value % std::size(words)]);
        out.insert(out.end(), piece.begin(), piece.end());
        if (content == Content::text && value % 7 == 0) {
            auto const number = std::to_string(value >> 40);
            out.insert(out.end(), as_bytes(number).begin(), as_bytes(number).end());
        }
    }
    out.resize(size);
    return out;
}

void set_bytes(benchmark::State& state, std::size_t bytes)
{
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void cut_chunks(benchmark::State& state)
{
    auto const bytes = make_content(Content::noise, 1, 64 << 20);
    Chunker chunker(Polynomial{0x3DA3358B4DC173});
    for (auto _ : state) {
        ByteView rest(bytes);
        while (auto const cut = chunker.next_cut(rest))
            rest = rest.subspan(cut);
        chunker.restart();
    }
    set_bytes(state, bytes.size());
}
BENCHMARK(cut_chunks)->Unit(benchmark::kMillisecond);

void seal(benchmark::State& state)
{
    Cipher const cipher(KeyMaterial::random());
    auto const plain = make_content(Content::noise, 1, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(cipher.seal(plain));
    set_bytes(state, plain.size());
}
BENCHMARK(seal)->Arg(1024)->Arg(1 << 20);

void open_sealed(benchmark::State& state)
{
    Cipher const cipher(KeyMaterial::random());
    auto const sealed =
        cipher.seal(make_content(Content::noise, 1, static_cast<std::size_t>(state.range(0))));
    for (auto _ : state)
        benchmark::DoNotOptimize(cipher.open(sealed));
    set_bytes(state, sealed.size());
}
BENCHMARK(open_sealed)->Arg(1024)->Arg(1 << 20);

void encode_blob(benchmark::State& state)
{
    Cipher const cipher(KeyMaterial::random());
    Compression compression(1);
    BlobCodec const codec(cipher, compression);
    auto const plain = make_content(static_cast<Content>(state.range(0)), 1, 1 << 20);
    for (auto _ : state)
        benchmark::DoNotOptimize(codec.encode(BlobType::data, plain));
    set_bytes(state, plain.size());
}
BENCHMARK(encode_blob)->ArgNames({"text"})->Arg(0)->Arg(1);

// A repository in a directory that goes away.
class Place {
public:
    Place() : path_(std::filesystem::temp_directory_path() / ("tocsin-bench-" + std::to_string(::getpid())))
    {
        RepositoryOptions options;
        options.scrypt = ScryptCost::minimal();
        repository_ = Repository::create(LocalStore::create(path_).take(), "bench", options).take();
    }
    ~Place()
    {
        repository_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Repository& repository() { return *repository_; }

private:
    std::filesystem::path path_;
    std::unique_ptr<Repository> repository_;
};

void save_blobs(benchmark::State& state)
{
    auto const content = static_cast<Content>(state.range(0));
    auto const size = static_cast<std::size_t>(state.range(1));
    auto const count = (256UL << 20) / size;
    auto const plain = make_content(content, 1, (256UL << 20) + 4096);
    for (auto _ : state) {
        state.PauseTiming();
        auto place = std::make_unique<Place>();
        state.ResumeTiming();
        for (std::size_t i = 0; i < std::min(count, 20'000UL); ++i) {
            if (!place->repository().save_blob(BlobType::data, ByteView(plain).subspan(i * size, size)).ok())
                state.SkipWithError("save_blob failed");
        }
        if (!place->repository().flush().ok())
            state.SkipWithError("flush failed");
        state.PauseTiming();
        place.reset();
        state.ResumeTiming();
    }
    set_bytes(state, std::min(count, 20'000UL) * size);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(std::min(count, 20'000UL)));
}
BENCHMARK(save_blobs)
    ->ArgNames({"text", "size"})
    ->Args({0, 1 << 20})
    ->Args({1, 1 << 20})
    ->Args({0, 4096})
    ->Args({1, 4096})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void load_blobs(benchmark::State& state)
{
    auto const content = static_cast<Content>(state.range(0));
    Place place;
    std::vector<BlobId> ids;
    for (std::uint64_t i = 0; i < 64; ++i)
        ids.push_back(
            place.repository().save_blob(BlobType::data, make_content(content, i, 1 << 20)).take().id);
    (void)place.repository().flush().ok();
    for (auto _ : state) {
        for (auto const& id : ids)
            benchmark::DoNotOptimize(place.repository().load_blob(BlobType::data, id));
    }
    set_bytes(state, ids.size() << 20);
}
BENCHMARK(load_blobs)->ArgNames({"text"})->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

} // namespace
