// SPDX-License-Identifier: Apache-2.0
// base/user.h -- the name of a user.
//
// Asks the name service, which opens files and may talk over the network: never called where
// somebody waits for the guard's answer.
#pragma once

#include <cstdint>
#include <string>

namespace tocsin {

std::string user_name(std::uint32_t uid); // "#uid" where there is none

} // namespace tocsin
