// SPDX-License-Identifier: Apache-2.0
// base/user.h -- names of users and of this host.
//
// Users are asked of the name service, which opens files and may talk over the network: never called where
// somebody waits for the guard's answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin {

std::string user_name(std::uint32_t uid); // "#uid" where there is none
std::optional<std::string> find_user_name(std::uint32_t uid);

std::string host_name(); // empty where the kernel has none

} // namespace tocsin
