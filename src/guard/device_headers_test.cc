// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/device_headers.h"

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/vault/backend/memory.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t mib = 1 << 20;

// A device is any file here.
class DeviceHeadersTest : public testing::Test {
protected:
    DeviceHeadersTest()
    {
        vault::RepositoryOptions options;
        options.scrypt = vault::ScryptCost::minimal();
        auto store = std::make_unique<vault::MemoryStore>(std::make_shared<vault::MemoryDisk>());
        repository_ = vault::Repository::create(std::move(store), "password", options).take();
    }
    std::vector<vault::Node> saved(Bytes const& content, std::string const& name)
    {
        auto const fd = sys::open(dir_ / "device", O_RDWR | O_CREAT | O_TRUNC, 0600).take();
        EXPECT_OK(sys::write_all(fd.get(), content));
        return save_ends(*repository_, fd.get(), content.size(), name).take();
    }
    Bytes content_of(vault::Node const& node)
    {
        Bytes out;
        for (auto const& id : node.content) {
            auto const chunk = repository_->load_blob(vault::BlobType::data, id).take();
            out.insert(out.end(), chunk.begin(), chunk.end());
        }
        EXPECT_EQ(node.size, out.size());
        return out;
    }
    static Bytes noise(std::size_t size)
    {
        Bytes out(size);
        for (std::size_t i = 0; i < size; ++i)
            out[i] = static_cast<std::byte>((i * 2654435761U) >> 13);
        return out;
    }

    test::TempDir dir_;
    std::unique_ptr<vault::Repository> repository_;
};

TEST_F(DeviceHeadersTest, KeepsTheFirstAndTheLastMebibyte)
{
    auto const device = noise(5 * mib + 4096);
    auto const files = saved(device, "sda1");
    ASSERT_EQ(2U, files.size());
    EXPECT_EQ("sda1.at-0", files[0].name);
    EXPECT_EQ(Bytes(device.begin(), device.begin() + mib), content_of(files[0]));
    EXPECT_EQ("sda1.at-4198400", files[1].name);
    EXPECT_EQ(Bytes(device.end() - mib, device.end()), content_of(files[1]));
}

TEST_F(DeviceHeadersTest, KeepsAllKeySlotsOfLuks)
{
    auto device = noise(20 * mib);
    for (std::size_t i = 0; auto c : std::string_view("LUKS\xba\xbe"))
        device[i++] = static_cast<std::byte>(c);
    auto const files = saved(device, "sda2");
    EXPECT_EQ(16 * mib, files[0].size);
    EXPECT_EQ(Bytes(device.begin(), device.begin() + 16 * mib), content_of(files[0]));
}

TEST_F(DeviceHeadersTest, KeepsNoByteOfASmallDeviceTwice)
{
    auto const device = noise(mib + 512);
    auto const files = saved(device, "loop0");
    ASSERT_EQ(2U, files.size());
    EXPECT_EQ("loop0.at-1048576", files[1].name);
    EXPECT_EQ(512U, files[1].size);
    EXPECT_EQ(1U, saved(noise(4096), "loop1").size());
    EXPECT_TRUE(saved({}, "loop2").empty());
}

TEST_F(DeviceHeadersTest, NamesFilesByOneComponent)
{
    EXPECT_EQ("cciss!c0d0.at-0", saved(noise(512), "cciss/c0d0").at(0).name);
}

TEST_F(DeviceHeadersTest, RefusesANodeThatIsNotTheDevice)
{
    EXPECT_ERRC(Errc::not_found, save_headers(*repository_, {7, 0}, "null"));
}

} // namespace
} // namespace tocsin::guard
